"""Every form of the page, with JavaScript off."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import (
    Visitor,
    address_on,
    rcpt,
    refuse_as_too_large,
    send,
    subjects,
    take_cookies_away,
    wait_for_page,
)
from tests.browser.test_the_main_job import letter_with_everything
from tests.support import Clock, Running

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]


def test_address_list_reading_and_every_form(timed: tuple[Running, Clock], visit: Visit) -> None:
    running, clock = timed
    page = visit(running, java_script_enabled=False).tab(live=False)
    address = address_on(page)

    page.get_by_role("button", name="Send me a test message").click()
    page.get_by_role("button", name="Refresh").click()
    expect(page.get_by_test_id("message")).to_have_count(1)

    send(running, address, subject="Read me", text="Plain words.\n")
    page.get_by_role("button", name="Refresh").click()
    assert subjects(page)[0] == "Read me"
    page.get_by_test_id("message").first.locator("a").click()
    expect(page.get_by_test_id("text-body")).to_contain_text("Plain words.")

    page.get_by_test_id("delete-message").click()
    clock.set(seconds=-20)  # however busy this machine is, the undo comes in time
    assert "Read me" not in subjects(page)
    page.get_by_role("button", name="Undo").click()
    assert "Read me" in subjects(page)

    clock.set(minutes=5)
    page.get_by_test_id("extend").click()
    expect(page.get_by_test_id("countdown")).to_contain_text("1 h 30 min")

    page.locator("#label-fold summary").click()
    page.locator("#label").fill("the shop")
    page.locator("#label-fold button").click()
    expect(page.locator("#label-fold summary")).to_have_text("the shop")

    clock.set(minutes=100)
    page.get_by_role("button", name="Refresh").click()
    page.get_by_test_id("revive").click()
    expect(page.get_by_test_id("message")).to_have_count(2)

    page.get_by_test_id("new-address").click()
    other = address_on(page)
    assert other != address
    page.locator("#choose summary").click()
    page.locator("#new-name").fill("chosen.name")
    page.locator("#choose button").click()
    assert address_on(page).startswith("chosen.name@")

    page.get_by_test_id("delete-mailbox").click()
    page.get_by_test_id("confirm-delete").click()
    expect(page.get_by_role("heading", name="Gone for good.")).to_be_visible()
    assert rcpt(running, "chosen.name@one.example") == 550
    page.get_by_test_id("new-address").click()
    expect(page.get_by_test_id("address")).to_be_visible()


def test_reading_searching_and_the_rest_of_the_list(site: Running, visit: Visit) -> None:
    page = visit(site, java_script_enabled=False).tab(live=False)
    address = address_on(page)
    refuse_as_too_large(site, address)
    send(site, address, letter_with_everything())
    send(site, address, subject="Verify your e-mail", text="Your verification code is 482913.\n")

    def refresh() -> None:
        page.get_by_role("button", name="Refresh").click()

    refresh()
    expect(page.get_by_test_id("message").first.get_by_test_id("code")).to_contain_text("482913")
    wait_for_page(page, lambda: refresh() or page.get_by_test_id("notice").count(), "the notice")
    expect(page.get_by_test_id("notice")).to_contain_text("too large")
    page.get_by_role("button", name="Dismiss").click()
    expect(page.get_by_test_id("notice")).to_have_count(0)

    page.get_by_test_id("search").fill("order")
    page.get_by_role("button", name="Search").click()
    assert subjects(page) == ["Your order"]
    expect(page.locator("#found-words")).to_contain_text("1 of 2.")
    page.get_by_test_id("message").locator("a").click()
    for view in ("text", "source", "headers", "parts", "html"):
        page.locator(f"[data-show={view}]").click()
        expect(page.locator(f".reader[data-view={view}]")).to_be_visible()
    page.get_by_test_id("mark-unread").click()
    expect(page.locator("[data-testid=message][data-unread]")).to_have_count(2)

    page.get_by_test_id("message").nth(1).locator("a").click()
    page.get_by_test_id("delete-read").click()
    page.get_by_test_id("confirm-delete").click()
    assert subjects(page) == ["Verify your e-mail"]
    page.get_by_role("button", name="Undo").click()
    assert subjects(page) == ["Verify your e-mail", "Your order"]


def test_on_a_phone_the_details_open_without_a_script(site: Running, visit: Visit) -> None:
    page = visit(site, java_script_enabled=False).tab(live=False)
    page.set_viewport_size({"width": 360, "height": 640})
    send(site, address_on(page), letter_with_everything())
    page.get_by_role("button", name="Refresh").click()
    page.get_by_test_id("message").locator("a").click()
    expect(page.locator("[data-show=text]")).to_be_hidden()
    page.get_by_role("button", name="Details and other views").click()
    page.locator("[data-show=text]").click()
    expect(page.get_by_test_id("text-body")).to_be_visible()


def test_with_cookies_off_it_is_said_to_ears_too_and_else_it_is_not(site: Running, visit: Visit) -> None:
    page = visit(site, java_script_enabled=False).tab(live=False)
    expect(page.locator(".cookies-off")).to_be_hidden()
    assert "Cookies are off" not in heard(page)

    visitor = visit(site, java_script_enabled=False)
    take_cookies_away(visitor)
    page = visitor.tab(live=False)
    expect(page.locator(".cookies-off")).to_be_visible()
    assert heard(page).count("Cookies are off") == 1


def heard(page: Page) -> str:
    """What Chromium itself tells a screen reader."""
    nodes = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")["nodes"]
    said = [
        node for node in nodes if node["role"]["value"] != "InlineTextBox"
    ]  # the same again, line by line
    return "\n".join(node.get("name", {}).get("value", "") for node in said)
