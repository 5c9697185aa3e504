"""Searching a mailbox: what is found, how it is shown, and that the query stays nowhere."""

import html
import re
from collections.abc import Callable
from typing import Any

import pytest

from inbox import searching
from inbox.mail import searchtext
from inbox.models import Policy
from tests.web.conftest import Browser, Clock, Inbox, subjects_of

FIELDS = {
    "sender_name": "Jürgen Groß",
    "sender_address": "jg@müller.example",
    "subject": "Ihre Bestellung",
    "attachment_names": ("Rechnung-2026.pdf",),
    "search_text": searchtext.fold("Vielen Dank für Ihren Einkauf im Łódź"),
}


def found(inbox: Inbox, query: str) -> Any:
    """The answer to the page's script."""
    return inbox.browser.submit(f"{inbox.url}search/", {"query": query}, headers={"x-partial": "search"})


def found_subjects(inbox: Inbox, query: str) -> list[str]:
    return [re.sub("<[^>]*>", "", subject) for subject in subjects_of(found(inbox, query))]


def says(response: Any) -> str:
    """The sentence above the hits."""
    text = (
        response.content.decode().partition('id="found-words" role="status">')[2] or response.content.decode()
    )
    return " ".join(
        html.unescape(re.sub(r"<ol.*</ol>|<[^>]*>", "", text.partition("</p>")[0], flags=re.S)).split()
    )


@pytest.mark.parametrize(
    "query",
    ["jurgen", "GROSS", "jg@", "bestell", "rechnung-2026", "einkauf lodz", '"dank für"', "  Ihre  pdf "],
)
def test_sender_subject_file_name_and_text_are_searched_without_case_and_accents(
    inbox: Inbox, query: str
) -> None:
    inbox.receive_summed(**FIELDS)
    inbox.receive("Something else")
    assert found_subjects(inbox, query) == ["Ihre Bestellung"]


def test_all_words_of_a_query_must_be_there(inbox: Inbox) -> None:
    inbox.receive_summed(**FIELDS)
    assert found_subjects(inbox, "bestellung fahrrad") == []


def test_hits_are_marked_and_everything_else_is_text(inbox: Inbox) -> None:
    inbox.receive_summed(subject="<b>Order</b> & order", snippet="", search_text="")
    page = found(inbox, "order").content.decode()
    assert "&lt;b&gt;<mark>Order</mark>&lt;/b&gt; &amp; <mark>order</mark>" in page
    assert "<b>Order" not in page


def test_a_hit_is_text_too(inbox: Inbox) -> None:
    inbox.receive_summed(subject="<img src=x>", snippet="", search_text="")
    assert "<mark>&lt;img</mark>" in found(inbox, "<img").content.decode()


def test_a_hit_in_the_text_alone_is_shown_under_the_subject(inbox: Inbox) -> None:
    inbox.receive_summed(
        subject="Hello", snippet="The beginning.", search_text="the beginning. far below: zebra"
    )
    assert "<mark>zebra</mark>" in found(inbox, "zebra").content.decode()


def test_it_says_how_many_of_how_many(inbox: Inbox) -> None:
    for subject in ("One", "Two", "Another one"):
        inbox.receive(subject)
    assert says(found(inbox, "one")) == "2 of 3."
    assert says(found(inbox, "zebra")) == "Nothing in 3 messages has that."


def test_it_says_where_a_message_is_longer_than_what_is_searched(inbox: Inbox) -> None:
    inbox.receive_summed(subject="Long", search_text="the beginning", search_is_cut=True)
    assert says(found(inbox, "long")) == "1 of 1. 1 message is longer than what is searched."


def test_of_very_many_hits_the_newest_are_shown_and_all_are_counted(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "MOST_SHOWN", 2)
    for subject in ("One", "Two", "Three"):
        inbox.receive(f"Mail {subject}")
    assert says(found(inbox, "mail")) == "3 of 3. The newest 2 are shown."
    assert found_subjects(inbox, "mail") == ["Mail Three", "Mail Two"]


def test_the_script_is_given_the_hits_alone_and_a_search_is_no_view(inbox: Inbox, moving: Clock) -> None:
    inbox.receive("Find me")
    moving.move(minutes=10)
    before = inbox.held.row().expires_at
    response = found(inbox, "find")
    assert b"<html" not in response.content and b'data-testid="message"' in response.content
    assert response["Cache-Control"] == "no-store" and inbox.held.row().expires_at == before


def test_without_a_script_the_page_comes_with_the_hits_and_what_was_typed(inbox: Inbox) -> None:
    inbox.receive("Find me")
    inbox.receive("Another")
    response = inbox.browser.submit(f"{inbox.url}search/", {"query": 'find "me"'})
    assert response.status_code == 200 and b"<html" in response.content
    assert [re.sub("<[^>]*>", "", subject) for subject in subjects_of(response)] == ["Find me"]
    assert b'value="find &quot;me&quot;"' in response.content and says(response).startswith("1 of 2.")


def test_without_a_query_it_is_the_list(inbox: Inbox) -> None:
    response = inbox.browser.submit(f"{inbox.url}search/", {"query": " "})
    assert response.status_code == 302 and response["Location"] == inbox.url


def test_a_query_is_never_asked_for_by_url(inbox: Inbox) -> None:
    inbox.receive("Find me")
    assert inbox.browser.get(f"{inbox.url}search/?query=find").status_code == 405
    page = inbox.browser.get(f"{inbox.url}?query=find").content
    assert b'name="query" data-testid="search" value=""' in page


def test_the_query_is_logged_nowhere(
    inbox: Inbox, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(searchtext, "terms", fail)
    inbox.browser.raise_request_exception = False
    assert found(inbox, "confidential").status_code == 500
    assert caplog.text and "confidential" not in caplog.text


def test_what_was_deleted_is_not_found(inbox: Inbox) -> None:
    inbox.receive("Find me")
    inbox.browser.script(f"{inbox.message_url()}delete/")
    assert found_subjects(inbox, "find") == []


def test_an_ended_mailbox_finds_nothing(inbox: Inbox, moving: Clock) -> None:
    inbox.receive("Find me")
    moving.move(minutes=91)
    assert found_subjects(inbox, "find") == []


def test_a_strangers_search_is_like_one_of_a_mailbox_that_never_was(inbox: Inbox, stranger: Browser) -> None:
    inbox.receive("Find me")
    for box in (inbox.id, "0" * 32):
        response = stranger.submit(f"/m/{box}/search/", {"query": "find"}, headers={"x-partial": "search"})
        assert response.status_code == 404 and b"Find" not in response.content


def test_a_search_costs_two_queries(inbox: Inbox, django_assert_num_queries: Callable[[int], Any]) -> None:
    for number in range(20):
        inbox.receive(f"Number {number}")
    Policy.forget_current()
    Policy.current()
    with django_assert_num_queries(2):  # grants with mailboxes; rows
        assert found(inbox, "number").content.count(b'data-testid="message"') == 20
