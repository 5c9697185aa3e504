"""While the clock is not believed, no recipient of a message is given up because of it."""

from collections.abc import Callable

import pytest

from inbox import clock, delivery, presence
from inbox.delivery import Fate
from inbox.models import Installation, Message
from tests.core.conftest import Clock, Held, incoming

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "queue"])


def test_one_of_several_that_a_doubted_clock_has_ended_puts_the_whole_message_off(
    new_mailbox: Callable[..., Held], moving: Clock
) -> None:
    presence.look_at_clock(clock.now())
    ended = new_mailbox()
    early = incoming(ended.address)
    moving.move(hours=8)
    lives = new_mailbox()
    message = delivery.Incoming(
        recipients=(*early.recipients, *incoming(lives.address).recipients),
        reverse_path=early.reverse_path,
        source=early.source,
        summary=early.summary,
        received_at=clock.now(),
        body_digest=early.body_digest,
    )
    assert [outcome.fate for outcome in delivery.store([message])] == [Fate.FAILED]
    assert not Message.objects.exists()

    moving.move(hours=-8)
    [outcome] = delivery.store([message])
    assert outcome.fate is Fate.STORED and len(outcome.stored) == 2


def test_one_of_several_that_a_believed_clock_has_ended_costs_the_others_nothing(
    new_mailbox: Callable[..., Held], moving: Clock
) -> None:
    presence.look_at_clock(clock.now())
    ended, lives = new_mailbox(), new_mailbox()
    message = incoming(ended.address, lives.address)
    moving.move(minutes=80)
    lives.open().extend()
    moving.move(minutes=41)
    [outcome] = delivery.store([message])
    assert outcome.fate is Fate.STORED and len(outcome.stored) == 1


def test_one_of_several_that_is_erased_is_no_reason_to_put_the_message_off(
    new_mailbox: Callable[..., Held],
) -> None:
    gone, stays = new_mailbox(), new_mailbox()
    message = incoming(gone.address, stays.address)
    gone.open().delete()
    Installation.objects.update(hold_seconds_left=60)
    [outcome] = delivery.store([message])
    assert outcome.fate is Fate.STORED and len(outcome.stored) == 1
