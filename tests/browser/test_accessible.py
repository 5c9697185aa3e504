"""axe on every page and every state of one, light and dark, narrow and wide (the console: tests/admin)."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import Visitor, address_on, mail, send, wait_for_page
from tests.browser.test_the_main_job import letter_with_everything
from tests.inspector import Inspector
from tests.support import Running, copied

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory, set_up_data_dir: Path) -> Iterator[Running]:
    """A service whose rows are changed behind its back, to see pages that are rare."""
    with copied(set_up_data_dir, tmp_path_factory.mktemp("own")) as running:
        running.start_and_wait("runall")
        yield running


def change(running: Running, statement: str, *arguments: str) -> None:
    with sqlite3.connect(running.data_dir / "mail.sqlite3", isolation_level=None, timeout=10) as database:
        assert database.execute(f"UPDATE {statement}", arguments).rowcount


def test_list_search_folds_and_dialogs(own: Running, visit: Visit, inspector: Inspector) -> None:
    page = visit(own).tab()
    inspector.look(page, "empty")
    send(own, address_on(page), letter_with_everything())
    send(own, address_on(page), subject="Plain", text="Your verification code is 482913.\n")
    expect(page.get_by_test_id("message")).to_have_count(2)
    inspector.look(page, "list")
    for sought, hits in (("order", 1), ("zebra", 0)):
        page.get_by_test_id("search").fill(sought)
        expect(page.get_by_test_id("message")).to_have_count(hits)
        inspector.look(page, f"search with {hits} hits")
    page.get_by_test_id("search").press("Escape")
    for button, dialog in (
        ("#delete", "#delete-dialog"),
        ("#qr-open", "#qr-dialog"),
        ("#help-open", "#help-dialog"),
        ("#alerts-open", "#alerts-dialog"),
    ):
        page.locator(button).click()
        expect(page.locator(dialog)).to_be_visible()
        inspector.look(page, dialog)
        page.keyboard.press("Escape")
        expect(page.locator(dialog)).to_be_hidden()
    for fold in ("#choose", "#label-fold"):
        page.locator(f"{fold} summary").click()
        inspector.look(page, fold)
        page.keyboard.press("Escape")
    page.get_by_test_id("new-address").click()
    page.locator("#others summary").click()
    inspector.look(page, "the switcher, open")


def test_every_view_of_a_message(own: Running, visit: Visit, inspector: Inspector) -> None:
    page = visit(own).tab()
    send(own, address_on(page), letter_with_everything())
    send(own, address_on(page), subject="Plain", text="Your verification code is 482913.\n")
    expect(page.get_by_test_id("message")).to_have_count(2)
    page.get_by_test_id("message").first.locator("a").click()
    expect(page.get_by_test_id("text-body")).to_be_visible()
    inspector.look(page, "plain text")
    page.goto(page.locator("main").get_attribute("data-home") or "")
    page.get_by_test_id("message").nth(1).locator("a").click()
    expect(page.get_by_test_id("html-body")).to_be_visible()
    url = page.url
    for view in ("html", "text", "source", "headers", "parts"):
        inspector.go_and_look(page, f"{url}?view={view}")
    page.set_viewport_size({"width": 360, "height": 720})
    page.locator(".more-open").click()
    inspector.look(page, "details open")
    change(own, "inbox_message SET box = X'00' WHERE public_id = ?", url.rstrip("/").rpartition("/")[2])
    page.goto(url)
    expect(page.get_by_test_id("reader")).to_contain_text("Damaged message")
    inspector.look(page, "damaged", (360,))
    for view in ("text", "headers"):
        inspector.go_and_look(page, f"{url}print/?view={view}")


def test_pictures_asked_for_and_files_looked_at(own: Running, visit: Visit, inspector: Inspector) -> None:
    page = visit(own).tab()
    message = mail(subject="Pictures")
    message.add_alternative("<p>Hi <img src='https://img.example/a.png' width=50>", subtype="html")
    message.add_attachment("name,size\nshoe,42\n", subtype="csv", filename="sizes.csv")
    message.add_attachment("Plain words.\n", filename="words.txt")
    send(own, address_on(page), message)
    page.get_by_test_id("message").locator("a").click()
    expect(page.get_by_test_id("show-images")).to_be_visible()
    inspector.look(page, "pictures not loaded", (360,))
    looks = [link.get_attribute("href") or "" for link in page.get_by_test_id("look").all()]
    assert len(looks) == 2
    page.get_by_test_id("show-images").click()
    expect(page.locator(".blocked")).to_have_count(0)
    inspector.look(page, "pictures loaded", (1280,))
    for path in looks:
        page.goto(path)
        inspector.look(page, path, (360,))


def test_states_of_the_line_and_of_the_mailbox(own: Running, visit: Visit, inspector: Inspector) -> None:
    blocked = visit(own)
    blocked.context.route_web_socket("**/ws/", lambda socket: socket.close())
    page = blocked.tab(live=False)
    connection = page.get_by_test_id("connection")
    expect(connection).to_have_attribute("data-state", "polling", timeout=30_000)
    inspector.look(page, "polling")
    blocked.context.set_offline(True)
    expect(connection).to_have_attribute("data-state", "reconnecting")
    inspector.look(page, "reconnecting")
    blocked.context.set_offline(False)

    visitor = visit(own)
    page = visitor.tab()
    send(own, address_on(page))
    mailbox = page.locator("main").get_attribute("data-mailbox") or ""
    times = "expires_at = datetime('now', '-1 minutes'), purge_at = datetime('now', '+20 minutes')"
    change(own, f"inbox_mailbox SET {times} WHERE public_id = ?", mailbox)
    page.reload()
    expect(page.get_by_test_id("revive")).to_be_visible()
    inspector.look(page, "hidden")
    page.get_by_test_id("revive").click()
    expect(page.locator("main")).to_have_attribute("data-state", "living")

    other = visitor.tab()
    other.get_by_test_id("delete-mailbox").click()
    other.get_by_test_id("confirm-delete").click()
    other.wait_for_url("**/gone/")
    inspector.look(other, "gone")
    expect(page.locator("main")).to_have_attribute("data-state", "ended")
    inspector.look(page, "ended in place")

    other.get_by_test_id("new-address").click()
    other.get_by_test_id("new-address").click()
    other.get_by_test_id("delete-mailbox").click()
    other.get_by_test_id("confirm-delete").click()
    other.wait_for_url("**/gone/")
    inspector.look(other, "gone, with another left", (360,))
    other.goto("/")
    mailbox = other.locator("main").get_attribute("data-mailbox") or ""
    times = "expires_at = '2020-01-01', purge_at = '2020-01-02'"
    change(own, f"inbox_mailbox SET {times} WHERE public_id = ?", mailbox)
    other.goto("/")
    expect(other.get_by_text("Your last address has ended")).to_be_visible()
    inspector.look(other, "after the end")


def test_pages_beside_the_inbox_and_those_that_say_no(
    own: Running, visit: Visit, inspector: Inspector
) -> None:
    visitor = visit(own)
    page = visitor.tab()
    mailbox = page.locator("main").get_attribute("data-mailbox")
    for path in ("/privacy/", "/nowhere/", f"/m/{mailbox}/delete/", f"/m/{mailbox}/delete-read/", "/admin/"):
        inspector.go_and_look(page, path)

    page.goto("/")
    page.evaluate(
        """() => { const form = document.querySelector('form.new');
            form.elements.csrfmiddlewaretoken.value = 'x'; form.submit(); }"""
    )
    expect(page.locator("body")).not_to_have_class("page-inbox")
    assert page.evaluate("performance.getEntriesByType('navigation')[0].responseStatus") == 403
    inspector.look(page, "forged")

    stranger = visit(own)
    page = stranger.context.new_page()
    says(stranger.context, page, 503, **{"Sec-Purpose": "prefetch"})
    inspector.look(page, "503")
    change(own, "inbox_domain SET state = 'resting'")
    says(stranger.context, page, 503)
    inspector.look(page, "no domain")
    change(own, "inbox_domain SET state = 'offered'")
    change(own, "inbox_policy SET new_mailboxes_burst = 1, new_mailboxes_per_hour = 1")
    says(stranger.context, page, 429)
    inspector.look(page, "429")


def says(context: BrowserContext, page: Page, status: int, **headers: str) -> None:
    """Go to the first page, as somebody new, until it answers so: a policy is a second old at most."""
    page.set_extra_http_headers(headers)

    def answers() -> bool:
        context.clear_cookies()
        response = page.goto("/")
        return response is not None and response.status == status

    wait_for_page(page, answers, f"{status}", 10)
