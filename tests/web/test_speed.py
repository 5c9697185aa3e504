"""How many queries a page costs: bounded, whatever is in the mailbox."""

from collections.abc import Callable
from typing import Any

import pytest

from inbox import creation, opened, rotation
from inbox.models import Policy
from tests.web.conftest import Browser, Held, Inbox, incoming


@pytest.fixture
def full(inbox: Inbox) -> Inbox:
    """A hundred messages, and three mailboxes beside it."""
    from inbox import delivery

    delivery.store([incoming(inbox.held.address, subject=f"Number {n}") for n in range(100)])
    inbox.messages = [row.message_id for row in inbox.held.open().rows()]
    for _ in range(3):
        new = creation.create_random(rotation.pick(rotation.offered_domains()), provisional=False)
        inbox.browser.give(Held(new.mailbox.pk, str(new.mailbox.address), new.secret))
    return inbox


@pytest.fixture
def queries(django_assert_num_queries: Callable[..., Any]) -> Callable[[int], Any]:
    """Counts them, with a policy that was read just now: that is one a second, whatever happens."""

    def count(expected: int) -> Any:
        Policy.forget_current()
        Policy.current()
        return django_assert_num_queries(expected)

    return count


def test_the_inbox_of_a_hundred_messages_costs_seven_queries(
    full: Inbox, queries: Callable[[int], Any]
) -> None:
    # grants with mailboxes; the timer's start, the mailbox after it; counts; domains; rows; what was refused
    with queries(7):
        response = full.browser.get(full.url)
    assert response.content.count(b'data-testid="message"') == 100


def test_opening_a_message_costs_one_more_and_for_the_first_time_two(
    full: Inbox, queries: Callable[[int], Any]
) -> None:
    # The message with its source; for the first time also whether the source has a further chunk.
    full.browser.get(full.message_url())
    opened.forget(full.id)
    with queries(9):
        full.browser.get(full.message_url())
    with queries(8):
        full.browser.get(full.message_url())


def test_a_question_for_updates_costs_one_query_when_nothing_changed(
    full: Inbox, queries: Callable[[int], Any]
) -> None:
    revision = full.held.row().revision
    asked = "&".join(f"m={box}:{revision if box == full.id else 0}" for box in full.browser.secrets)
    with queries(1):
        answer = full.browser.get(f"/updates/?current={full.id}&{asked}").json()
    assert answer["updates"] == [] and len(answer["mailboxes"]) == 4


def test_a_stranger_costs_no_query(stranger: Browser, queries: Callable[[int], Any]) -> None:
    stranger.get("/privacy/")
    with queries(0):
        assert stranger.get(f"/m/{'0' * 32}/").status_code == 404
