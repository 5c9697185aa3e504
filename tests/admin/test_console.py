"""The console in Chromium, before a whole running instance: no page breaks its own policy, and what is saved
is in force within two seconds, in the listener and in an open page."""

import json
import smtplib
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from inbox import staff
from tests.inspector import Inspector
from tests.support import Running, chromium, copied, wait_for

pytestmark = pytest.mark.browser

PASSWORD = "a long password"
PAGES = (
    "",
    "inbox/",
    "inbox/domain/",
    "inbox/domain/add/",
    "inbox/domain/1/change/",
    "inbox/domain/1/history/",
    "inbox/domain/1/delete/",
    "inbox/policy/",
    "inbox/policy/1/history/",
    "auth/user/",
    "auth/user/add/",
    "auth/user/1/change/",
    "auth/user/1/password/",
    "auth/group/",
    "auth/group/add/",
    "password_change/",
    "mail/",
)


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory, set_up_data_dir: Path) -> Iterator[Running]:
    """A whole instance for all tests of this file."""
    below = tmp_path_factory.mktemp("console")
    with copied(set_up_data_dir, below, TEMPMAIL_LOG_LEVEL="DEBUG") as running:
        running.start_and_wait("runall")
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**chromium())
        yield browser
        browser.close()


@pytest.fixture
def context(browser: Browser, instance: Running) -> Iterator[BrowserContext]:
    context = browser.new_context(base_url=instance.url, reduced_motion="reduce")
    context.set_default_timeout(15_000)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """A page that notes every complaint of the browser, a broken policy among them."""
    page = context.new_page()
    page.complaints = []  # type: ignore[attr-defined]
    page.on(
        "console",
        lambda said: page.complaints.append(said.text) if said.type in ("error", "warning") else None,  # type: ignore[attr-defined]
    )
    page.on("pageerror", lambda error: page.complaints.append(str(error)))  # type: ignore[attr-defined]
    return page


def log_in(page: Page) -> None:
    page.goto("/admin/")
    page.fill("#id_username", "admin")
    page.fill("#id_password", PASSWORD)
    page.click("input[type=submit]")
    expect(page.locator("#health")).to_be_visible()


def deliver(instance: Running, address: str, subject: str, body: str = "<p>Hello <b>you</b></p>") -> None:
    source = (
        f"From: Ann <ann@sender.example>\r\nSubject: {subject}\r\nContent-Type: text/html\r\n\r\n{body}\r\n"
    )
    with smtplib.SMTP("127.0.0.1", instance.smtp_port, timeout=10) as client:
        client.sendmail("ann@sender.example", [address], source.encode())


def test_no_page_of_the_console_breaks_its_policy(page: Page, instance: Running) -> None:
    log_in(page)
    for path in PAGES:
        response = page.goto(f"/admin/{path}")
        assert response is not None and response.status == 200, path
        policy = response.headers["content-security-policy"]
        assert "script-src 'self';" in policy and "style-src 'self';" in policy and "unsafe" not in policy
        assert response.headers["cache-control"].count("no-store") == 1
        assert not page.complaints, (path, page.complaints)  # type: ignore[attr-defined]
    page.goto("/admin/inbox/domain/")
    page.check("#action-toggle")  # the stock scripts work under the policy
    expect(page.locator("tr.selected")).to_have_count(2)
    page.click(".theme-toggle >> nth=0")
    assert page.evaluate("document.documentElement.dataset.theme") in ("light", "dark")
    assert not page.complaints  # type: ignore[attr-defined]


def test_axe_finds_nothing_on_any_page(page: Page, instance: Running) -> None:
    inspector = Inspector(thorough_at=(360,))
    inspector.go_and_look(page, "/admin/")
    log_in(page)
    for path in PAGES:
        inspector.go_and_look(page, f"/admin/{path}")
    assert not inspector.found, "\n".join(inspector.found)


def test_a_lifetime_saved_in_the_console_moves_the_countdown_of_an_open_page(
    browser: Browser, page: Page, instance: Running
) -> None:
    visitor = browser.new_context(base_url=instance.url, reduced_motion="reduce")
    inbox = visitor.new_page()
    log_in(page)
    inbox.goto("/")
    expect(inbox.get_by_test_id("connection")).to_have_attribute("data-state", "live", timeout=15_000)
    before = inbox.get_by_test_id("countdown").get_attribute("data-expires-at")
    page.goto("/admin/inbox/policy/1/change/")
    page.fill("#id_lifetime", "0:20:00")
    begun = time.monotonic()
    page.click("input[name=_save]")
    wait_for(
        lambda: inbox.get_by_test_id("countdown").get_attribute("data-expires-at") != before,
        "the countdown following",
        5,
    )
    assert time.monotonic() - begun < 4  # two seconds, and what a loaded machine takes for the form itself
    assert "was changed successfully" in page.locator(".messagelist").inner_text()
    visitor.close()


def test_staff_mail_is_opened_read_and_locked(page: Page, instance: Running) -> None:
    code, output = instance.run("staffsecret")
    assert code == 0, output
    secret = next(line for line in output.splitlines() if staff.from_text(line))
    deliver(instance, "abuse@one.example", "Stop the spam")
    deliver(instance, "POSTMASTER@two.example", "Your DNS")
    log_in(page)
    page.get_by_role("link", name="Staff mail").click()
    page.get_by_label("Staff secret").fill(secret)
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_test_id("message")).to_have_count(2)
    page.get_by_test_id("message").first.click()
    expect(page.get_by_test_id("reader")).to_contain_text("Your DNS")
    expect(page.frame_locator("[data-testid=html-body]").locator("b")).to_have_text("you")
    page.get_by_test_id("delete-message").click()
    expect(page.get_by_test_id("message")).to_have_count(1)
    page.get_by_test_id("undo").click()
    expect(page.get_by_test_id("message")).to_have_count(2)
    assert not page.complaints  # type: ignore[attr-defined]
    inspector = Inspector(thorough_at=(360,))
    inspector.look(page, "staff mail, open")
    page.get_by_test_id("message").last.click()
    expect(page.get_by_test_id("reader")).to_contain_text("Stop the spam")
    inspector.look(page, "staff mail, read")
    assert not inspector.found, "\n".join(inspector.found)
    page.complaints.clear()  # type: ignore[attr-defined]  axe's, of the letter's frame
    page.get_by_test_id("lock").click()
    expect(page.get_by_label("Staff secret")).to_be_visible()
    assert not page.complaints  # type: ignore[attr-defined]


def test_the_demo_fills_the_newest_mailbox(page: Page, instance: Running) -> None:
    page.goto("/")
    address = page.get_by_test_id("address").inner_text()
    page.goto("/")  # its cookie came back
    code, output = instance.run("demo")
    assert code == 0 and f"Sent to {address}." in output, output
    expect(page.get_by_test_id("message")).to_have_count(12)


def test_a_running_instance_says_that_it_is_well(instance: Running) -> None:
    response = instance.get("healthz")
    said = json.load(response)
    assert (response.status, said["problems"]) == (200, [])


def test_its_logs_at_the_highest_level_name_nobody(page: Page, instance: Running) -> None:
    """After all of the above, and a wrong password, at DEBUG."""
    page.goto("/")
    address = page.get_by_test_id("address").inner_text()
    deliver(instance, address, "A subject to look for")
    page.goto("/admin/")
    page.fill("#id_username", "somebody.special")
    page.fill("#id_password", "wrong one")
    page.click("input[type=submit]")
    page.goto("/admin/mail/")
    output = "".join(command.output() for command in instance.commands if "runall" in command.log.name)
    lines = [line for line in output.splitlines() if line.startswith("20")]  # not what is shown at the start
    assert lines
    for word in (
        address.partition("@")[0],
        "a subject",
        "stop the spam",
        "somebody.special",
        "127.0.0.1",
        "abuse@",
        "postmaster@",
        "ann@",
    ):
        assert not [line for line in lines if word in line.lower()], word
