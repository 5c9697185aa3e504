"""Nothing has come yet: what the page says meanwhile, and what it offers."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visitor, address_on, send
from tests.inspector import Inspector
from tests.support import Clock, Running

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]


def test_after_a_minute_and_after_three_the_empty_page_says_something_else(
    site: Running, visit: Visit, inspector: Inspector
) -> None:
    visitor = visit(site)
    visitor.context.clock.install()
    page = visitor.tab()
    first = address_on(page)
    empty = page.locator("#empty")
    early = empty.get_by_text("Nothing yet. Some senders take minutes.")
    late = empty.get_by_text("Still nothing. Is the address right?")
    expect(page.get_by_text("Listening. Mail to this address appears by itself.")).to_be_visible()
    expect(early).to_be_hidden()

    page.clock.fast_forward(61_000)
    expect(early).to_be_visible()
    expect(page.locator("#said")).to_contain_text("Nothing yet.")
    expect(late).to_be_hidden()
    inspector.look(page, "nothing after a minute", (360,))

    page.clock.fast_forward(121_000)
    expect(late).to_be_visible()
    inspector.look(page, "nothing after three", (360,))
    assert page.locator("#said").inner_text() == late.inner_text()
    expect(early).to_be_hidden()
    page.locator(".later").get_by_role("button", name="Try ").click()
    expect(page.get_by_test_id("address")).not_to_have_text(first)
    assert address_on(page).partition("@")[2] != first.partition("@")[2]


def test_mail_that_comes_ends_the_waiting_and_an_emptied_list_waits_anew(site: Running, visit: Visit) -> None:
    visitor = visit(site)
    visitor.context.clock.install()
    page = visitor.tab()
    page.clock.fast_forward(61_000)
    early = page.locator("#empty").get_by_text("Nothing yet.")
    expect(early).to_be_visible()
    send(site, address_on(page))
    expect(page.get_by_test_id("message")).to_have_count(1)
    expect(page.locator("#empty")).to_be_hidden()
    page.get_by_test_id("message").locator("a").click()
    page.get_by_test_id("delete-message").click()
    expect(page.locator("#empty")).to_be_visible()
    page.clock.fast_forward(30_000)
    expect(early).to_be_hidden()
    page.clock.fast_forward(31_000)
    expect(early).to_be_visible()


def test_the_first_visit_after_a_purge_says_so_once(timed: tuple[Running, Clock], visit: Visit) -> None:
    running, clock = timed
    visitor = visit(running)
    page = visitor.tab()
    first = address_on(page)
    page.goto("about:blank")
    clock.set(minutes=130)
    page.goto(running.url)
    expect(
        page.get_by_text("Your last address has ended and is gone for good. This one is new.")
    ).to_be_visible()
    expect(page.get_by_test_id("address")).not_to_have_text(first)
    page.goto(running.url)
    expect(page.get_by_text("Your last address has ended")).to_have_count(0)
