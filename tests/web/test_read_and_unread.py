"""Marked unread, and all that was read deleted at once, with a few seconds to regret it."""

import re
from typing import Any

from inbox import opened
from inbox.models import Mailbox, Message
from tests.web.conftest import Browser, Clock, Inbox, subjects_of


def read(inbox: Inbox, *subjects: str) -> None:
    """Receive these and open each."""
    for subject in subjects:
        inbox.receive(subject)
        inbox.browser.get(inbox.message_url())


def undo_of(response: Any) -> dict[str, str]:
    """What the form behind Undo sends."""
    match = re.search(
        r'undelete-read/" role="status">.*?name="moment" value="([^"]+)"', response.content.decode()
    )
    assert match, "the page offers no undo"
    return {"moment": match[1]}


def test_a_message_is_marked_unread_by_script_and_by_form(inbox: Inbox) -> None:
    read(inbox, "One")
    before = inbox.held.row().revision
    assert inbox.browser.script(f"{inbox.message_url()}unread/").status_code == 204
    assert not Message.objects.get().is_read and inbox.held.row().revision == before + 1

    inbox.browser.get(inbox.message_url())
    response = inbox.browser.submit(f"{inbox.message_url()}unread/", follow=True)
    assert response.redirect_chain == [(inbox.url, 302)] and not Message.objects.get().is_read


def test_marking_unread_twice_changes_nothing_the_second_time(inbox: Inbox) -> None:
    inbox.receive()
    before = inbox.held.row().revision
    inbox.browser.script(f"{inbox.message_url()}unread/")
    assert inbox.held.row().revision == before


def test_all_that_was_read_is_deleted_at_once_and_the_rest_stays(inbox: Inbox) -> None:
    read(inbox, "One", "Two")
    inbox.receive("New")
    answer = inbox.browser.script(f"{inbox.url}delete-read/").json()
    assert answer["count"] == 2
    assert subjects_of(inbox.browser.get(inbox.url)) == ["New"]
    assert inbox.held.row().message_count == 1  # the quota has room again
    for url in (inbox.message_url(0), f"{inbox.message_url(0)}source/"):
        assert inbox.browser.get(url).status_code == 404


def test_nothing_of_what_was_deleted_is_kept_in_memory(inbox: Inbox) -> None:
    read(inbox, "One")
    key = (inbox.id, inbox.messages[0], ())
    assert opened._opened.get(key) is not None
    inbox.browser.script(f"{inbox.url}delete-read/")
    assert opened._opened.get(key) is None


def test_the_script_takes_it_back(inbox: Inbox) -> None:
    read(inbox, "One", "Two")
    moment = inbox.browser.script(f"{inbox.url}delete-read/").json()["moment"]
    assert inbox.browser.script(f"{inbox.url}undelete-read/", {"moment": moment}).status_code == 204
    assert subjects_of(inbox.browser.get(inbox.url)) == ["Two", "One"]
    assert inbox.held.row().message_count == 2


def test_without_a_script_it_is_asked_once_more_done_and_taken_back(inbox: Inbox) -> None:
    read(inbox, "One")
    assert b"1 message has been read." in inbox.browser.get(f"{inbox.url}delete-read/").content
    response = inbox.browser.submit(f"{inbox.url}delete-read/", follow=True)
    assert subjects_of(response) == []
    response = inbox.browser.submit(f"{inbox.url}undelete-read/", undo_of(response), follow=True)
    assert subjects_of(response) == ["One"]


def test_after_ten_seconds_it_is_too_late(inbox: Inbox, moving: Clock) -> None:
    read(inbox, "One")
    moment = inbox.browser.script(f"{inbox.url}delete-read/").json()["moment"]
    moving.move(seconds=10)
    answer = inbox.browser.script(f"{inbox.url}undelete-read/", {"moment": moment})
    assert answer.status_code == 409 and answer.json()["error"] == "Too late: the messages are gone."
    page = inbox.browser.get(f"{inbox.url}?deleted_read={moment.replace('+', '%2B')}").content
    assert b'id="undo"' not in page
    response = inbox.browser.submit(f"{inbox.url}undelete-read/", {"moment": moment}, follow=True)
    assert b"Too late" in response.content and subjects_of(response) == []


def test_a_moment_that_is_none_is_too_late(inbox: Inbox) -> None:
    read(inbox, "One")
    inbox.browser.script(f"{inbox.url}delete-read/")
    for moment in ("", "now", "2026-11-25", "9999-12-31T23:59:59", "x" * 4000):
        assert inbox.browser.script(f"{inbox.url}undelete-read/", {"moment": moment}).status_code == 409
        assert inbox.browser.get(f"{inbox.url}?deleted_read={moment}").status_code == 200


def test_what_was_deleted_alone_does_not_come_back_with_the_others(inbox: Inbox) -> None:
    read(inbox, "Alone", "Together")
    inbox.browser.script(f"{inbox.message_url(0)}delete/")
    moment = inbox.browser.script(f"{inbox.url}delete-read/").json()["moment"]
    inbox.browser.script(f"{inbox.url}undelete-read/", {"moment": moment})
    assert subjects_of(inbox.browser.get(inbox.url)) == ["Together"]


def test_with_nothing_read_nothing_happens(inbox: Inbox) -> None:
    inbox.receive("New")
    before = inbox.held.row().revision
    assert inbox.browser.script(f"{inbox.url}delete-read/").json()["count"] == 0
    assert inbox.held.row().revision == before
    assert b'id="undo"' not in inbox.browser.submit(f"{inbox.url}delete-read/", follow=True).content


def test_a_stranger_deletes_and_marks_nothing(inbox: Inbox, stranger: Browser) -> None:
    read(inbox, "One")
    for url in (f"{inbox.url}delete-read/", f"{inbox.message_url()}unread/"):
        assert stranger.script(url).status_code == 404
    message = Message.objects.get()
    assert message.is_read and message.deleted_at is None
    assert Mailbox.objects.get(pk=inbox.held.pk).message_count == 1


def test_where_nothing_was_read_it_is_said_so(inbox: Inbox) -> None:
    inbox.receive("New")
    page = inbox.browser.get(f"{inbox.url}delete-read/").content.decode()
    assert "No message here has been read yet." in page and 'data-testid="confirm-delete"' not in page
