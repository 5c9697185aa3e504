"""The timer ends a mailbox to the second, in every tab, whether or not a sweep ran; grace brings it back."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visitor, address_on, rcpt, send, subjects, wait_for_page, wait_for_subjects
from tests.support import Clock, Running

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]


def test_it_ends_is_brought_back_and_ends_for_good(timed: tuple[Running, Clock], visit: Visit) -> None:
    running, clock = timed
    page = visit(running).tab()
    address = address_on(page)
    send(running, address, subject="one")
    wait_for_subjects(page, "one")
    page.get_by_test_id("message").click()
    message_url = page.url
    expect(page.get_by_test_id("reader")).to_be_visible()
    page.keyboard.press("Escape")

    clock.set(minutes=92)
    page.reload()
    expect(page.get_by_test_id("revive")).to_be_visible()
    expect(page.get_by_text("Bring it back")).to_contain_text("28 min left")
    assert subjects(page) == []
    assert page.request.get(message_url).status == 404
    assert rcpt(running, address) == 550

    page.get_by_test_id("revive").click()
    wait_for_subjects(page, "one")
    assert rcpt(running, address) == 250

    clock.set(minutes=300)
    page.goto("/")
    expect(page.get_by_text("Your last address has ended and is gone for good.").first).to_be_visible()
    assert address_on(page) != address
    assert rcpt(running, address) == 550


def test_an_open_page_greys_out_at_zero_by_itself(timed: tuple[Running, Clock], visit: Visit) -> None:
    running, clock = timed
    page = visit(running).tab()
    address = address_on(page)

    def shows_seconds() -> bool:
        page.evaluate("dispatchEvent(new Event('focus'))")  # makes the page ask what time it is
        return page.get_by_test_id("countdown").locator("time").inner_text().endswith(" s")

    ends = datetime.fromisoformat(page.get_by_test_id("countdown").get_attribute("data-expires-at") or "")
    clock.set(seconds=ends.timestamp() - time.time() - 12)  # twelve seconds before the end
    wait_for_page(page, shows_seconds, "the last minute")
    assert rcpt(running, address) == 250
    expect(page.get_by_test_id("revive")).to_be_visible(timeout=20_000)  # nobody asks: its own clock tells it
    assert rcpt(running, address) == 550


def test_a_policy_change_in_the_admin_reaches_an_open_page(running: Running, visit: Visit) -> None:
    running.start_and_wait("runall")
    page = visit(running).tab()
    before = page.get_by_test_id("countdown").get_attribute("data-expires-at")

    staff = visit(running).tab("/admin/", live=False)
    staff.locator("#id_username").fill("admin")
    staff.locator("#id_password").fill("a long password")
    staff.locator("[type=submit]").click()
    staff.goto("/admin/inbox/policy/")
    staff.locator("#id_lifetime").fill("0:20:00")
    staff.locator("#id_greatest_age").fill("0:20:00")
    staff.locator("[name=_save]").click()
    expect(staff.locator(".messagelist, .messages").first).to_be_visible()

    def follows() -> bool:
        return page.get_by_test_id("countdown").get_attribute("data-expires-at") != before

    wait_for_page(page, follows, "the page's new countdown", 5)
    expect(page.get_by_test_id("countdown")).to_contain_text("min")
    expect(page.get_by_test_id("countdown")).not_to_contain_text("h ")
    expect(page.get_by_test_id("extend")).to_be_disabled()
    expect(page.get_by_text("It has reached its greatest age.")).to_be_visible()
