"""An address at once, mail on screen the moment it is on disk, gone when the person says so."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import (
    Visitor,
    address_on,
    mail,
    rcpt,
    send,
    subjects,
    take_cookies_away,
    wait_for_page,
    wait_for_subjects,
)
from tests.support import Running, busy

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]


def letter_with_everything() -> EmailMessage:
    message = mail(subject="Your order", text="See http://shop.example/order?id=1.\n")
    message.add_alternative("<h1>Your order</h1><img src='cid:logo'><p>Thank <b>you</b></p>", subtype="html")
    html = message.get_payload()[1]
    pixel = bytes.fromhex(
        "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060"
        "000000050001a5f645400000000049454e44ae426082"
    )
    html.add_related(pixel, "image", "png", cid="<logo>")
    message.add_attachment(
        b"%PDF-1.4 not really", maintype="application", subtype="pdf", filename="Rechnung Ä.pdf"
    )
    return message


def test_mail_appears_by_itself_and_reads(site: Running, visit: Visit, tmp_path: Path) -> None:
    page = visit(site).tab()
    address = address_on(page)
    assert address.endswith(("@one.example", "@two.example"))

    send(site, address, letter_with_everything())
    row = page.get_by_test_id("message")
    expect(row).to_have_count(1)
    assert subjects(page) == ["Your order"]
    expect(page.get_by_test_id("message-sender")).to_have_text("Ann")
    expect(page).to_have_title("(1) " + address + " – tempmail")

    row.click()
    reader = page.get_by_test_id("reader")
    expect(reader).to_contain_text("ann@sender.example")
    frame = page.frame_locator("[data-testid=html-body]")
    expect(frame.locator("h1")).to_have_text("Your order")
    assert frame.locator("img").evaluate("image => image.complete && image.naturalWidth") == 1
    expect(page).to_have_title("Your order – " + address + " – tempmail")

    with page.expect_download() as attachment:
        page.get_by_test_id("attachment").click()
    assert attachment.value.suggested_filename == "Rechnung Ä.pdf"
    assert Path(attachment.value.path()).read_bytes() == b"%PDF-1.4 not really"
    with page.expect_download() as source:
        page.locator("#source").click()
    raw = Path(source.value.path()).read_bytes()
    assert raw.startswith(b"Return-Path: <ann@sender.example>\r\nReceived: ")
    assert b"\n" not in raw.replace(b"\r\n", b"")


def test_text_comes_with_links_that_tell_nobody(site: Running, visit: Visit) -> None:
    page = visit(site).tab()
    send(
        site,
        address_on(page),
        text="Go to https://shop.example/confirm?a=1&b=2 now.\n<script>alert(1)</script>\n",
    )
    page.get_by_test_id("message").click()
    text = page.get_by_test_id("text-body")
    expect(text).to_contain_text("<script>alert(1)</script>")
    link = text.locator("a")
    expect(link).to_have_attribute("href", "https://shop.example/confirm?a=1&b=2")
    assert "noreferrer" in (link.get_attribute("rel") or "")


def test_the_order_is_that_of_arrival_whatever_the_date_says(site: Running, visit: Visit) -> None:
    page = visit(site).tab()
    for subject, date in (
        ("first", "Fri, 31 Dec 2100 00:00:00 +0000"),
        ("second", "no date"),
        ("third", "1 Jan 1970"),
    ):
        message = mail(subject=subject)
        del message["Date"]
        send(site, address_on(page), b"Date: " + date.encode() + b"\n" + message.as_bytes())
    wait_for_subjects(page, "third", "second", "first")
    page.reload()
    assert subjects(page) == ["third", "second", "first"]


def test_the_row_shows_the_tag_it_was_sent_to(site: Running, visit: Visit) -> None:
    page = visit(site).tab()
    local_part, _, domain = address_on(page).partition("@")
    send(site, f"{local_part.upper()}+Newsletter@{domain.upper()}")
    expect(page.get_by_test_id("message")).to_contain_text("+Newsletter")


# -- two tabs of one browser agree, whatever happens and wherever it was done ----------------------------

#: On a machine that has nothing else to do.
A_SECOND = 1.0


class Tabs:
    """`one` is where things are done; the `other` is to follow."""

    def __init__(self, visitor: Visitor) -> None:
        self.one = visitor.tab()
        self.other = visitor.tab()

    def agree(self, condition: Callable[[Page], object], what: str) -> None:
        """It is so in the one, and within a second in the other."""
        wait_for_page(self.one, lambda: condition(self.one), f"{what} in the one")
        wait_for_page(self.other, lambda: condition(self.other), f"{what} in the other", A_SECOND * busy())


def shows(*wanted: str) -> Callable[[Page], bool]:
    return lambda page: subjects(page) == list(wanted)


def unread(page: Page) -> int:
    return page.locator("[data-testid=message][data-unread]").count()


def end(page: Page) -> str:
    return page.get_by_test_id("countdown").get_attribute("data-expires-at") or ""


def state(page: Page) -> str:
    return page.locator("#main").get_attribute("data-state") or ""


@pytest.fixture
def tabs(site: Running, visit: Visit) -> Tabs:
    return Tabs(visit(site))


def test_two_tabs_agree_within_a_second_on_new_read_deleted_and_undone(site: Running, tabs: Tabs) -> None:
    address = address_on(tabs.one)
    assert address_on(tabs.other) == address
    send(site, address, subject="one")
    send(site, address, subject="two")
    tabs.agree(shows("two", "one"), "new mail")

    tabs.one.get_by_test_id("message").first.click()
    expect(tabs.one.get_by_test_id("reader")).to_be_visible()
    tabs.agree(lambda page: unread(page) == 1, "that one was read")

    tabs.one.get_by_test_id("delete-message").click()
    tabs.agree(shows("one"), "a deletion")
    tabs.one.get_by_role("button", name="Undo").click()
    tabs.agree(shows("two", "one"), "that it was taken back")


def test_two_tabs_agree_within_a_second_on_extended_and_gone(site: Running, tabs: Tabs) -> None:
    before = end(tabs.one)
    assert end(tabs.other) == before
    tabs.one.wait_for_timeout(1100)  # ends are told to the second
    tabs.one.get_by_test_id("extend").click()
    tabs.agree(lambda page: end(page) > before, "a later end")
    assert end(tabs.one) == end(tabs.other)

    tabs.one.get_by_test_id("delete-mailbox").click()
    tabs.one.get_by_test_id("confirm-delete").click()
    tabs.one.wait_for_url("**/gone/")
    wait_for_page(tabs.other, lambda: state(tabs.other) == "ended", "its end in the other", A_SECOND * busy())
    expect(tabs.other.get_by_text("is gone for good").first).to_be_visible()


def test_two_tabs_agree_within_a_second_that_the_timer_has_ended_and_that_it_was_brought_back(
    site: Running, tabs: Tabs
) -> None:
    address = address_on(tabs.one)
    send(site, address, subject="one")
    tabs.agree(shows("one"), "new mail")
    before = end(tabs.one)
    make_it_late(site, tabs.one.locator("#main").get_attribute("data-mailbox") or "")
    for page in (tabs.one, tabs.other):
        wait_for_page(page, lambda page=page: asks_and_is_told(page, before), "word of the new end")  # type: ignore[misc]

    tabs.agree(lambda page: state(page) == "hidden", "the end of its time")
    assert rcpt(site, address) == 550

    tabs.other.get_by_test_id("revive").click()
    tabs.agree(lambda page: state(page) == "living" and shows("one")(page), "that it lives again")


def make_it_late(running: Running, mailbox: str) -> None:
    """Its last seconds."""
    soon, later = (f"strftime('%Y-%m-%d %H:%M:%f', 'now', '{by}')" for by in ("+5 seconds", "+1 hours"))
    times = f"expires_at = {soon}, purge_at = {later}"
    with sqlite3.connect(running.data_dir / "mail.sqlite3", isolation_level=None, timeout=10) as database:
        changed = database.execute(f"UPDATE inbox_mailbox SET {times} WHERE public_id = ?", (mailbox,))
    assert changed.rowcount == 1


def asks_and_is_told(page: Page, before: str) -> bool:
    page.evaluate("dispatchEvent(new Event('focus'))")
    return end(page) != before or state(page) == "hidden"


# -- its end, and others beside it -----------------------------------------------------------------------


def test_delete_ends_in_550_and_other_tabs_say_so(site: Running, visit: Visit) -> None:
    visitor = visit(site)
    page, other = visitor.tab(), visitor.tab()
    address = address_on(page)
    send(site, address)
    expect(page.get_by_test_id("message")).to_have_count(1)
    assert rcpt(site, address) == 250

    page.get_by_test_id("delete-mailbox").click()
    expect(page.get_by_role("dialog")).to_contain_text("1 message goes with it")
    page.get_by_test_id("confirm-delete").click()
    page.wait_for_url("**/gone/")
    assert rcpt(site, address) == 550
    expect(other.get_by_text("is gone for good").first).to_be_visible()
    assert not [cookie for cookie in visitor.context.cookies() if cookie["name"].startswith("tm_")]

    page.get_by_test_id("new-address").click()
    expect(page.get_by_test_id("address")).not_to_have_text(address)
    assert rcpt(site, address_on(page)) == 250


def test_several_addresses_each_with_its_own_list_and_unread_count(site: Running, visit: Visit) -> None:
    visitor = visit(site)
    page = visitor.tab()
    first = address_on(page)
    page.get_by_test_id("new-address").click()
    expect(page.get_by_test_id("address")).not_to_have_text(first)
    expect(page.get_by_test_id("connection")).to_have_attribute("data-state", "live")
    second = address_on(page)
    assert first.partition("@")[2] != second.partition("@")[2], "the same domain twice running"

    send(site, first, subject="for the first")
    expect(page.locator("#switcher [data-others-unread]")).to_have_text("1")
    expect(page.locator("#said")).to_contain_text("New message from Ann")
    assert subjects(page) == []

    page.locator("#others summary").click()
    page.locator("#others a", has_text=first.partition("@")[0].partition(".")[0]).click()
    expect(page.get_by_test_id("address")).to_have_text(first)
    wait_for_subjects(page, "for the first")

    page.locator("#label-fold summary").click()
    page.locator("#label").fill("the shop")
    page.locator("#label-fold button").click()
    expect(page.locator("#label-fold summary")).to_have_text("the shop")
    page.reload()
    expect(page.locator("#label-fold summary")).to_have_text("the shop")


def test_a_double_click_on_new_address_makes_one(site: Running, visit: Visit) -> None:
    page = visit(site).tab()
    first = address_on(page)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    slow = {"offline": False, "latency": 500, "downloadThroughput": -1, "uploadThroughput": -1}
    page.context.new_cdp_session(page).send("Network.emulateNetworkConditions", slow)
    page.evaluate(
        "{ const press = () => document.getElementById('new').click(); press(); setTimeout(press, 100); }"
    )
    expect(page.get_by_test_id("address")).not_to_have_text(first)
    expect(page.locator("#switcher [data-mailbox]")).to_have_count(2)
    assert len(sent) == 1


def test_a_page_that_was_left_and_come_back_to_sends_its_form_again(site: Running, visit: Visit) -> None:
    page = visit(site).tab()
    first = address_on(page)
    page.evaluate("document.querySelector('form.new').dataset.sent = ''")
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    page.get_by_test_id("new-address").click()
    expect(page.get_by_test_id("address")).not_to_have_text(first)


def test_a_name_of_ones_own(site: Running, visit: Visit) -> None:
    page = visit(site).tab()
    page.locator("#choose summary").click()
    page.locator("#new-name").fill("my.own-name")
    page.locator("#choose button").click()
    expect(page.get_by_test_id("address")).to_have_text("my.own-name@one.example")

    for name in ("my.own-name", "postmaster"):  # taken and reserved are answered alike
        if not page.locator("#new-name").is_visible():
            page.locator("#choose summary").click()
        page.locator("#new-name").fill(name)
        page.locator("#choose button").click()
        expect(page.locator("#new-error")).to_be_visible()
        assert page.locator("#new-name").input_value() == name


def test_keys(site: Running, visit: Visit) -> None:
    visitor = visit(site)
    visitor.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = visitor.tab()
    address = address_on(page)
    for subject in ("one", "two", "three"):
        send(site, address, subject=subject)
    wait_for_subjects(page, "three", "two", "one")

    page.keyboard.press("c")
    expect(page.get_by_test_id("copy-address")).to_have_text("Copied.")
    assert page.evaluate("navigator.clipboard.readText()") == address

    page.keyboard.press("j")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("k")
    page.keyboard.press("j")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("reader").locator("h2")).to_have_text("two")
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("reader")).to_have_count(0)

    page.keyboard.press("?")
    expect(page.locator("#help-dialog")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    expect(page.get_by_test_id("address")).not_to_have_text(address)


def test_the_test_message_comes(site: Running, visit: Visit) -> None:
    page = visit(site).tab()
    page.get_by_role("button", name="Send me a test message").click()
    expect(page.get_by_test_id("message")).to_have_count(1)


def test_notification_and_sound_are_off_and_nothing_is_asked_on_load(site: Running, visit: Visit) -> None:
    visitor = visit(site)
    visitor.context.add_init_script(
        "window.asked = 0;"
        "Notification.requestPermission = () => { window.asked += 1; return Promise.resolve('denied') };"
    )
    page = visitor.tab()
    assert page.evaluate("window.asked") == 0
    page.locator("#alerts-open").click()
    assert not page.locator("#notify-on").is_checked()
    assert not page.locator("#sound-on").is_checked()


def test_with_cookies_off_the_page_says_so(site: Running, visit: Visit) -> None:
    visitor = visit(site)
    take_cookies_away(visitor)
    page = visitor.tab(live=False)
    expect(page.locator("#cookies-off")).to_be_visible()
    expect(page.locator("#said")).to_contain_text("Cookies are off")
    assert page.locator("main").aria_snapshot().count("Cookies are off") == 1
