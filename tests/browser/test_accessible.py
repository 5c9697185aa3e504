"""axe on every page, light and wide, dark and narrow. The admin has its own (tests/admin)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visitor, address_on, send
from tests.browser.test_the_main_job import letter_with_everything
from tests.support import Clock, Running

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


def check(page: Page, what: str) -> list[str]:
    found = Axe().run(page, options=RULES).response["violations"]
    return [f"{what}: {rule['id']}: {[node['html'][:120] for node in rule['nodes']]}" for rule in found]


SCHEMES = pytest.mark.parametrize(
    ("scheme", "width"), [("light", 1280), ("dark", 360), ("dark", 1280), ("light", 360)]
)


def tab(visitor: Visitor, width: int) -> Page:
    page = visitor.tab()
    page.set_viewport_size({"width": width, "height": 720})
    return page


@SCHEMES
def test_every_page(site: Running, visit: Visit, scheme: str, width: int) -> None:
    visitor = visit(site, color_scheme=scheme, reduced_motion="reduce")
    page = tab(visitor, width)
    problems = check(page, "empty")
    send(site, address_on(page), letter_with_everything())
    send(site, address_on(page), subject="Plain", text="Your verification code is 482913.\n")
    expect(page.get_by_test_id("message")).to_have_count(2)
    problems += check(page, "list")
    page.get_by_test_id("search").fill("order")
    expect(page.get_by_test_id("message")).to_have_count(1)
    problems += check(page, "search with hits")
    page.get_by_test_id("search").fill("zebra")
    expect(page.get_by_test_id("message")).to_have_count(0)
    problems += check(page, "search without hits")
    page.get_by_test_id("search").press("Escape")
    mailbox = page.locator("main").get_attribute("data-mailbox")
    for path in (
        f"/m/{mailbox}/delete/",
        f"/m/{mailbox}/delete-read/",
        "/gone/",
        "/nowhere/",
        "/privacy/",
        "/admin/",
    ):
        page.goto(path)
        problems += check(page, path)
    assert not problems, "\n".join(problems)


@SCHEMES
def test_every_view_of_a_message(site: Running, visit: Visit, scheme: str, width: int) -> None:
    visitor = visit(site, color_scheme=scheme, reduced_motion="reduce")
    page = tab(visitor, width)
    send(site, address_on(page), letter_with_everything())
    send(site, address_on(page), subject="Plain", text="Your verification code is 482913.\n")
    expect(page.get_by_test_id("message")).to_have_count(2)
    problems = []
    page.get_by_test_id("message").first.locator("a").click()
    expect(page.get_by_test_id("text-body")).to_be_visible()
    problems += check(page, "plain text")
    page.goto(page.locator("main").get_attribute("data-home") or "")
    page.get_by_test_id("message").nth(1).locator("a").click()
    expect(page.get_by_test_id("html-body")).to_be_visible()
    url = page.url
    for view in ("html", "text", "source", "headers", "parts"):
        page.goto(f"{url}?view={view}")
        problems += check(page, view)
        if width == 360:
            page.locator(".more-open").click()
            problems += check(page, f"{view}, details open")
    for view in ("text", "headers"):
        page.goto(f"{url}print/?view={view}")
        problems += check(page, f"{view} on paper")
    assert not problems, "\n".join(problems)


@SCHEMES
def test_every_dialog(site: Running, visit: Visit, scheme: str, width: int) -> None:
    page = tab(visit(site, color_scheme=scheme, reduced_motion="reduce"), width)
    problems = []
    for name, open_it in (
        ("delete", lambda: page.get_by_test_id("delete-mailbox").click()),
        ("keys", lambda: page.keyboard.press("?")),
        ("QR", lambda: page.locator("#qr-open").click()),
        ("alerts", lambda: page.locator("#alerts-open").click()),
    ):
        open_it()
        expect(page.locator("dialog[open]")).to_have_count(1)
        problems += check(page, name)
        page.keyboard.press("Escape")
        expect(page.locator("dialog[open]")).to_have_count(0)
    assert not problems, "\n".join(problems)


@SCHEMES
def test_offline_and_ended(timed: tuple[Running, Clock], visit: Visit, scheme: str, width: int) -> None:
    running, clock = timed
    visitor = visit(running, color_scheme=scheme, reduced_motion="reduce")
    page = tab(visitor, width)
    send(running, address_on(page))
    expect(page.get_by_test_id("message")).to_have_count(1)
    visitor.context.set_offline(True)
    expect(page.get_by_test_id("connection")).to_have_attribute("data-state", "reconnecting")
    problems = check(page, "offline")
    visitor.context.set_offline(False)
    clock.set("+100m")
    page.reload()
    expect(page.get_by_test_id("revive")).to_be_visible()
    problems += check(page, "ended")
    clock.set("+200m")
    page.reload()
    expect(page.get_by_text("Your last address has ended")).to_be_visible()
    problems += check(page, "after the end")
    assert not problems, "\n".join(problems)
