"""Search as you type, in place of the list."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visitor, address_on, send, subjects, wait_for_page, wait_for_subjects
from tests.support import Running

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]

ALL = ("Ihre Rechnung", "Willkommen", "Your order")


@pytest.fixture
def page(site: Running, visit: Visit) -> Page:
    """A mailbox with three messages."""
    page = visit(site).tab()
    expect(page.get_by_test_id("search")).to_be_hidden()
    for subject in reversed(ALL):
        send(site, address_on(page), subject=subject, sender="Jürgen Groß <jg@sender.example>")
    wait_for_subjects(page, *ALL)
    return page


def test_hits_come_as_one_types_and_are_marked(page: Page) -> None:
    page.keyboard.press("/")
    search = page.get_by_test_id("search")
    expect(search).to_be_focused()
    page.keyboard.type("will")
    wait_for_subjects(page, "Willkommen")
    expect(page.locator("mark")).to_have_text("Will")
    expect(page.locator("#found-words")).to_have_text("1 of 3.")
    search.fill("jurgen GROSS")
    wait_for_subjects(page, *ALL)
    search.fill("zebra")
    expect(page.locator("#found-words")).to_have_text("Nothing in 3 messages has that.")
    assert subjects(page) == []
    assert "zebra" not in page.url


def test_escape_brings_the_list_back_and_the_focus_to_where_it_was(page: Page) -> None:
    page.get_by_test_id("message").nth(1).locator("a").focus()
    page.keyboard.press("/")
    page.keyboard.type("order")
    wait_for_subjects(page, "Your order")
    page.keyboard.press("Escape")
    wait_for_subjects(page, *ALL)
    assert page.get_by_test_id("search").input_value() == ""
    expect(page.get_by_test_id("message").nth(1).locator("a")).to_be_focused()
    expect(page.locator("#found-words")).to_be_empty()


def test_an_emptied_field_brings_the_list_back_and_keeps_the_focus(page: Page) -> None:
    search = page.get_by_test_id("search")
    search.fill("order")
    wait_for_subjects(page, "Your order")
    search.fill("")
    wait_for_subjects(page, *ALL)
    expect(search).to_be_focused()


def test_the_list_comes_back_where_it_was_scrolled_to(site: Running, page: Page) -> None:
    for number in range(14):
        send(site, address_on(page), subject=f"Number {number}")
    expect(page.get_by_test_id("message")).to_have_count(17)
    page.locator(".list").evaluate("list => { list.scrollTop = 300 }")
    before = page.locator(".list").evaluate("list => list.scrollTop")
    assert before > 0
    search = page.get_by_test_id("search")
    page.keyboard.press("/")
    page.keyboard.type("order")
    wait_for_subjects(page, "Your order")
    search.press("Escape")
    expect(page.get_by_test_id("message")).to_have_count(17)
    assert page.locator(".list").evaluate("list => list.scrollTop") == before


def test_mail_that_comes_meanwhile_disturbs_no_search(site: Running, page: Page) -> None:
    search = page.get_by_test_id("search")
    search.fill("order")
    wait_for_subjects(page, "Your order")
    send(site, address_on(page), subject="Another order")
    expect(page.locator("#said")).to_contain_text("New message from")
    assert subjects(page) == ["Your order"]
    assert search.input_value() == "order"
    expect(search).to_be_focused()
    search.press("Escape")
    wait_for_subjects(page, "Another order", *ALL)


def test_hits_are_walked_opened_and_deleted_like_rows(site: Running, page: Page) -> None:
    search = page.get_by_test_id("search")
    search.fill("e")
    wait_for_subjects(page, *ALL)
    search.fill("r")
    expect(page.locator("#found-words")).to_have_text("3 of 3.")
    search.press("ArrowDown")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("reader").locator("h2")).to_have_text("Willkommen")
    expect(page.locator(".row a[aria-current]")).to_have_count(1)
    page.get_by_test_id("delete-message").click()
    wait_for_subjects(page, "Ihre Rechnung", "Your order")
    search.fill("")
    wait_for_subjects(page, "Ihre Rechnung", "Your order")
    page.get_by_role("button", name="Undo").click()
    wait_for_subjects(page, *ALL)


def test_what_is_deleted_elsewhere_leaves_the_hits(site: Running, page: Page) -> None:
    other = page.context.new_page()
    other.goto(page.url)
    wait_for_subjects(other, *ALL)
    page.get_by_test_id("search").fill("order")
    wait_for_subjects(page, "Your order")
    other.get_by_test_id("message").nth(2).locator("a").click()
    other.get_by_test_id("delete-message").click()
    wait_for_page(page, lambda: subjects(page) == [], "the hit gone")


def test_a_search_that_fails_says_so_and_keeps_what_was_typed(page: Page) -> None:
    page.route("**/search/", lambda route: route.abort())
    page.get_by_test_id("search").fill("order")
    expect(page.locator("#found-words")).to_contain_text("does not answer")
    assert page.get_by_test_id("search").input_value() == "order"
    assert subjects(page) == list(ALL)


def test_the_query_travels_in_no_url(page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(f"{request.method} {request.url}"))
    page.get_by_test_id("search").fill("order")
    wait_for_subjects(page, "Your order")
    assert any(line.startswith("POST ") and line.endswith("/search/") for line in asked)
    assert not any("order" in line for line in asked)
    assert page.evaluate("JSON.stringify(localStorage) + JSON.stringify(sessionStorage)").count("order") == 0
