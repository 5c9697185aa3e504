"""What was timed by a clock that ran ahead is timed anew once the clock has been put back, and stays so."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from inbox import clock, presence, retention
from inbox.models import Installation, Mailbox, Policy
from tests.core.conftest import Clock, Held, deliver

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "queue"])

YEARS = {"days": 5 * 365.0}


def back(by: dict[str, float]) -> dict[str, float]:
    return {name: -value for name, value in by.items()}


def steady(moving: Clock, minutes: int) -> None:
    """So many minutes in which somebody looks at the clock."""
    for _ in range(minutes):
        moving.move(minutes=1)
        presence.beat("tasks")


def left(held: Held) -> timedelta:
    return held.row().expires_at - clock.now()


@pytest.mark.parametrize("ahead", [YEARS, {"days": 2.0}, {"hours": 7.0}], ids=["years", "days", "hours"])
def test_a_mailbox_made_while_the_clock_was_ahead_ends_like_one_made_when_it_is_right_again(
    new_mailbox: Callable[..., Held], rows: Policy, moving: Clock, ahead: dict[str, float]
) -> None:
    presence.beat("tasks")
    moving.move(**ahead)
    presence.beat("tasks")
    held = new_mailbox()
    deliver(held.address)
    moving.move(**back(ahead), minutes=5)
    steady(moving, 32)
    retention.sweep()
    row = held.row()
    assert timedelta(minutes=80) < left(held) <= rows.lifetime
    assert row.last_message_at is not None
    assert max(row.created_at, row.timer_started_at, row.last_message_at) <= clock.now()
    assert row.purge_at == row.expires_at + rows.grace
    assert len(held.open().rows()) == 1

    moving.move(minutes=121)
    presence.beat("tasks")
    retention.sweep()
    assert not Mailbox.objects.exists()


def test_a_mailbox_from_before_keeps_its_time(
    held: Held, new_mailbox: Callable[..., Held], moving: Clock
) -> None:
    presence.beat("tasks")
    before = held.row()
    moving.move(**YEARS)
    presence.beat("tasks")
    moving.move(**back(YEARS), minutes=5)
    steady(moving, 32)
    assert retention.sweep().retimed == 1
    after = held.row()
    assert (after.created_at, after.expires_at, after.purge_at, after.revision) == (
        before.created_at,
        before.expires_at,
        before.purge_at,
        before.revision,
    )


def test_a_machine_that_starts_with_its_clock_behind_ends_no_mailbox(held: Held, moving: Clock) -> None:
    """Its clock is set a minute later. By then nothing has been timed by the wrong one."""
    presence.beat("tasks")
    before = held.row().expires_at
    moving.move(hours=-8)
    steady(moving, 5)
    retention.sweep()
    moving.move(hours=8)
    steady(moving, 40)
    retention.sweep()
    assert held.row().expires_at == before
    assert held.open().state == "living"


def test_who_says_that_the_clock_is_right_need_not_wait(
    new_mailbox: Callable[..., Held], rows: Policy, moving: Clock
) -> None:
    moving.move(days=2)
    presence.beat("tasks")
    held = new_mailbox()
    moving.move(days=-2)
    presence.beat("tasks")
    retention.sweep()
    assert left(held) > timedelta(days=1)
    presence.trust_clock()
    retention.sweep()
    assert left(held) <= rows.lifetime


def test_a_clock_that_goes_back_a_little_is_nothing_special(held: Held, rows: Policy, moving: Clock) -> None:
    presence.beat("tasks")
    moving.move(hours=-1)
    steady(moving, 40)
    assert Installation.row().back_seconds_left == 0
    assert Policy.objects.get(id=1).version == rows.version
