"""Two tabs of one browser agree within a second, whatever happens and wherever it was done."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visitor, address_on, rcpt, send, subjects, wait_for_page
from tests.support import Clock, Running, busy

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]

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


def knows_that_it_is_late(page: Page) -> bool:
    page.evaluate("dispatchEvent(new Event('focus'))")  # makes the page ask what time it is
    return page.get_by_test_id("countdown").locator("time").inner_text().endswith(" s")


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
    timed: tuple[Running, Clock], visit: Visit
) -> None:
    running, clock = timed
    tabs = Tabs(visit(running))
    address = address_on(tabs.one)
    send(running, address, subject="one")
    tabs.agree(shows("one"), "new mail")
    ends = datetime.fromisoformat(end(tabs.one))
    clock.set(f"+{ends.timestamp() - time.time() - 8:.0f}")  # eight seconds before the end
    for page in (tabs.one, tabs.other):
        wait_for_page(page, lambda page=page: knows_that_it_is_late(page), "word that the clock has moved")  # type: ignore[misc]

    tabs.agree(lambda page: state(page) == "hidden", "the end of its time")
    assert rcpt(running, address) == 550

    tabs.other.get_by_test_id("revive").click()
    tabs.agree(lambda page: state(page) == "living" and shows("one")(page), "that it lives again")
