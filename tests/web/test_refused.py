"""Mail that did not arrive, as quiet lines in the list: shown, told, dismissed."""

import re
from typing import Any

import pytest

from inbox import clock, live, notices
from inbox.notices import Reason, Refusal
from tests.web.conftest import Browser, Clock, Inbox

LINE = r'<li class="refused".*?</li>'


@pytest.fixture(autouse=True)
def nothing_remembered() -> None:
    notices._remembered._told.clear()


def refuse(
    inbox: Inbox,
    sender: str = "ann@sender.example",
    reason: Reason = Reason.TOO_LARGE,
    size: int | None = None,
) -> None:
    """The listener refused a message for this mailbox."""
    row = inbox.held.row()
    notices.note_refusals(
        [
            Refusal(
                mailbox_pk=row.pk,
                mailbox_id=inbox.id,
                public_key=bytes(row.public_key),
                reverse_path=sender,
                reason=reason,
                size_bytes=size,
                refused_at=clock.now(),
            )
        ]
    )


def lines_of(page: bytes) -> list[str]:
    """What the lines say, from the top."""
    found = re.findall(LINE, page.decode(), re.S)
    return [re.search(r"<bdi>(.*?)</bdi>|<p>(.*?)</p>", line, re.S).group(0) for line in found]  # type: ignore[union-attr]


def words_of(page: bytes) -> list[str]:
    return [re.sub(r"<[^>]*>", "", line).strip() for line in lines_of(page)]


def ids_of(page: bytes) -> list[str]:
    return re.findall(r'data-notice-id="(\w+)"', page.decode())


def page_of(inbox: Inbox) -> bytes:
    content: bytes = inbox.browser.get(inbox.url).content
    return content


@pytest.mark.parametrize(
    ("reason", "size", "sender", "words"),
    [
        (Reason.TOO_LARGE, 31_000_000, "a@b.example", "too large: 31 MB from a@b.example."),
        (Reason.OVER_QUOTA, None, "a@b.example", "mailbox is full: mail from a@b.example."),
        (Reason.BLOCKED, 2_000, "", "blocked here: 2 kB from a delivery report."),
        (Reason.BLOCKED, None, "", "blocked here: a delivery report."),
    ],
)
def test_a_line_says_what_how_large_and_why(
    inbox: Inbox, reason: Reason, size: int | None, sender: str, words: str
) -> None:
    refuse(inbox, sender, reason, size)
    [line] = words_of(page_of(inbox))
    assert line.endswith(words) and line.startswith("now Refused, because")


def test_a_senders_address_is_text_and_hides_nothing(inbox: Inbox) -> None:
    refuse(inbox, '"<b>\u202e"@b.example')
    [line] = lines_of(page_of(inbox))
    assert "&lt;b&gt;" in line and "\u202e" not in line


def test_lines_stand_at_their_place_in_time(inbox: Inbox, moving: Clock) -> None:
    for step in ("first", "refused", "second"):
        moving.move(minutes=1)
        if step == "refused":
            refuse(inbox)
        else:
            inbox.receive(step)
    page = page_of(inbox).decode()
    assert page.index("second") < page.index('class="refused"') < page.index("first")


def test_with_lines_alone_the_page_still_listens(inbox: Inbox) -> None:
    refuse(inbox)
    assert b'id="empty">' in page_of(inbox)


def test_what_was_only_counted_is_a_number(inbox: Inbox) -> None:
    for number in range(notices.MOST_NOTICES + 3):
        refuse(inbox, f"n{number}@sender.example")
    words = words_of(page_of(inbox))
    assert words[0] == "And 3 more were refused." and len(words) == notices.MOST_NOTICES + 1


def test_an_open_page_is_told(inbox: Inbox) -> None:
    inbox.receive()
    revision = inbox.held.row().revision
    refuse(inbox)
    [update] = live.updates([inbox.held.open()], {inbox.id: revision}, inbox.id)
    told: Any = update.to_json()
    assert "too large" in told["refused"][0]["html"] and told["refused"][0]["id"] in ids_of(page_of(inbox))
    assert told["latest"] is None and told["rows"] == []


def test_an_update_of_rows_alone_says_nothing_of_it(inbox: Inbox) -> None:
    inbox.receive()
    revision = inbox.held.row().revision
    inbox.receive()
    [update] = live.updates([inbox.held.open()], {inbox.id: revision}, inbox.id)
    assert update.to_json()["refused"] is None


def test_a_line_is_dismissed_by_script_and_by_form(inbox: Inbox) -> None:
    refuse(inbox, "one@sender.example")
    refuse(inbox, "two@sender.example")
    first, second = ids_of(page_of(inbox))
    revision = inbox.held.row().revision
    assert inbox.browser.script(f"{inbox.url}dismiss/", {"notice": first}).status_code == 204
    assert ids_of(page_of(inbox)) == [second] and inbox.held.row().revision > revision
    response = inbox.browser.submit(f"{inbox.url}dismiss/", {"notice": second}, follow=True)
    assert ids_of(response.content) == []


def test_the_number_is_dismissed_too(inbox: Inbox) -> None:
    for number in range(notices.MOST_NOTICES + 1):
        refuse(inbox, f"n{number}@sender.example")
    inbox.browser.script(f"{inbox.url}dismiss/", {"notice": "more"})
    assert len(ids_of(page_of(inbox))) == notices.MOST_NOTICES


def test_what_is_no_notice_is_dismissed_in_silence(inbox: Inbox) -> None:
    revision = inbox.held.row().revision
    for notice in ("", "x", "0" * 32, "more"):
        assert inbox.browser.script(f"{inbox.url}dismiss/", {"notice": notice}).status_code == 204
    assert inbox.held.row().revision == revision


def test_a_stranger_sees_and_dismisses_nothing(inbox: Inbox, stranger: Browser) -> None:
    refuse(inbox)
    [notice] = ids_of(page_of(inbox))
    assert stranger.script(f"{inbox.url}dismiss/", {"notice": notice}).status_code == 404
    stranger.get("/")
    stranger.script(f"/m/{stranger.current}/dismiss/", {"notice": notice})
    assert ids_of(page_of(inbox)) == [notice]


def test_an_ended_mailbox_shows_none(inbox: Inbox, moving: Clock) -> None:
    refuse(inbox)
    moving.move(minutes=91)
    assert ids_of(page_of(inbox)) == []
