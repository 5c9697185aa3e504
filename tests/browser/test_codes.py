"""The thing people came for: the code, one click or one key away."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visitor, address_on, send, wait_for_page
from tests.support import Running

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]

SIGN_UP = "Welcome to Shop.\n\nYour verification code is 482913. It is good for ten minutes.\n"
CLIPBOARD = ["clipboard-read", "clipboard-write"]


def copied(page: Page) -> str:
    return str(page.evaluate("navigator.clipboard.readText()"))


def forget(page: Page) -> None:
    page.evaluate("navigator.clipboard.writeText('nothing yet')")


@pytest.fixture
def page(site: Running, visit: Visit) -> Page:
    """A mailbox whose newest message has a code."""
    visitor = visit(site)
    visitor.context.grant_permissions(CLIPBOARD)
    page = visitor.tab()
    send(site, address_on(page), subject="Old code", text="Your verification code is 111222.\n")
    send(site, address_on(page), subject="Verify your e-mail", text=SIGN_UP)
    expect(page.get_by_test_id("message")).to_have_count(2)
    return page


def test_a_code_is_in_the_row_and_copied_with_one_click_without_opening(page: Page) -> None:
    code = page.get_by_test_id("message").first.get_by_test_id("code")
    assert code.inner_text().strip() == "482913"
    for press in (code, code.get_by_role("button", name="Copy the code")):
        forget(page)
        press.click()
        wait_for_page(page, lambda: copied(page) == "482913", "the code copied")
        expect(page.locator("#said")).to_contain_text("Copied.")
        # What is opened is read from that moment on.
        assert page.get_by_test_id("message").first.get_attribute("data-unread") is not None
    expect(page.get_by_test_id("reader")).to_have_count(0)


def test_a_press_that_began_on_a_code_copies_that_one_though_a_row_slides_under_it(
    site: Running, page: Page
) -> None:
    forget(page)
    box = page.get_by_test_id("code").first.bounding_box()
    assert box
    page.mouse.move(box["x"] + 5, box["y"] + 5)
    page.mouse.down()
    send(site, address_on(page), subject="Third", text="Your verification code is 777888.\n")
    expect(page.get_by_test_id("message")).to_have_count(3)
    page.mouse.up()
    wait_for_page(page, lambda: copied(page) == "482913", "the code copied")
    expect(page.locator("[data-testid=message][data-unread]")).to_have_count(3)


def test_a_click_beside_the_code_opens_the_message(page: Page) -> None:
    page.get_by_test_id("message").first.get_by_test_id("message-subject").click()
    expect(page.get_by_test_id("reader")).to_be_visible()


def test_the_reader_has_the_code_with_its_button(page: Page) -> None:
    page.get_by_test_id("message").first.locator("a").click()
    reader = page.get_by_test_id("reader")
    expect(reader.get_by_test_id("code")).to_have_text("482913")
    reader.locator("#copy-code").click()
    wait_for_page(page, lambda: copied(page) == "482913", "the code copied")
    expect(reader.locator("#copy-code [data-words]")).to_have_text("Copied.")
    forget(page)
    reader.get_by_test_id("code").click()
    wait_for_page(page, lambda: copied(page) == "482913", "the code copied")


def test_the_key_o_copies_the_open_ones_the_focused_ones_or_the_newest(page: Page) -> None:
    forget(page)
    page.keyboard.press("o")
    wait_for_page(page, lambda: copied(page) == "482913", "the newest code")
    page.get_by_test_id("message").nth(1).locator("a").focus()
    page.keyboard.press("o")
    wait_for_page(page, lambda: copied(page) == "111222", "the code of the row with the focus")
    page.get_by_test_id("message").first.locator("a").click()
    expect(page.get_by_test_id("reader")).to_be_visible()
    page.keyboard.press("o")
    wait_for_page(page, lambda: copied(page) == "482913", "the open one's code")


def test_where_there_is_no_clipboard_the_old_way_copies_or_it_is_selected(
    site: Running, visit: Visit
) -> None:
    visitor = visit(site)
    visitor.context.add_init_script("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    page = visitor.tab()
    send(site, address_on(page), text=SIGN_UP)
    code = page.get_by_test_id("code")
    expect(code).to_have_count(1)
    page.evaluate("document.addEventListener('copy', () => { window.was = getSelection().toString() })")
    code.get_by_role("button").click()
    expect(page.locator("#said")).to_contain_text("Copied.")
    assert page.evaluate("window.was") == "482913"

    page.evaluate("document.execCommand = () => false")
    code.get_by_role("button").click()
    expect(page.locator("#toasts")).to_contain_text("It is selected: press Ctrl C.")
    assert page.evaluate("getSelection().toString()") == "482913"


def test_a_confirmation_link_is_a_button_with_its_real_host(site: Running, visit: Visit) -> None:
    page = visit(site).tab()
    send(site, address_on(page), text="Please confirm your address: https://shop.example/confirm?t=1\n")
    page.get_by_test_id("message").locator("a").click()
    link = page.get_by_test_id("verify-link")
    expect(link).to_have_attribute("href", "https://shop.example/confirm?t=1")
    expect(link).to_have_attribute("rel", "noopener noreferrer nofollow")
    expect(page.locator(".find-where")).to_contain_text("shop.example")


@pytest.mark.parametrize("with_codes", [False, True])
def test_a_notification_has_the_code_only_when_that_is_switched_on(
    site: Running, visit: Visit, with_codes: bool
) -> None:
    visitor = visit(site)
    visitor.context.add_init_script(
        "window.shown = [];"
        "window.Notification = class extends EventTarget {"
        "  static permission = 'granted';"
        "  static requestPermission() { return Promise.resolve('granted') }"
        "  constructor(title, { body }) { super(); shown.push(`${title} ${body}`) }"
        "};"
        "document.hasFocus = () => false;"
    )
    page = visitor.tab()
    page.locator("#alerts-open").click()
    assert not page.locator("#codes-on").is_checked()
    page.locator("#notify-on").check()
    if with_codes:
        page.locator("#codes-on").check()
    page.keyboard.press("Escape")
    send(site, address_on(page), subject="Verify your e-mail", text=SIGN_UP)
    wait_for_page(page, lambda: page.evaluate("shown.length"), "a notification")
    [text] = page.evaluate("shown")
    assert "Verify your e-mail" in text
    assert ("482913" in text) == with_codes
