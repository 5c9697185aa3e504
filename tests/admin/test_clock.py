"""A clock that jumps does not erase everything, and a day of downtime heals by itself."""

import pytest

from inbox import clock, delivery, presence, retention
from inbox.addresses import parse
from inbox.delivery import Verdict
from inbox.models import Installation, Mailbox, Policy, Presence
from tests.core.conftest import Clock, Held

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "queue"])


def beats(moving: Clock, minutes: int) -> None:
    """`minutes` of steady uptime."""
    for _ in range(minutes):
        moving.move(minutes=1)
        presence.beat("tasks")


def verdict(address: str) -> Verdict:
    [lookup] = delivery.find_recipients([parse(address)])
    return lookup.verdict


def test_a_day_of_downtime_heals_after_half_an_hour_of_steady_uptime(held: Held, moving: Clock) -> None:
    presence.beat("tasks")
    moving.move(days=1)
    assert retention.sweep().mailboxes == 0
    beats(moving, 28)
    assert retention.sweep().held is not None
    assert Mailbox.objects.exists()
    beats(moving, 4)
    assert retention.sweep().mailboxes == 1


def test_while_erasing_waits_an_ended_mailbox_is_put_off_not_refused(held: Held, moving: Clock) -> None:
    presence.beat("tasks")
    moving.move(days=1)
    assert verdict(held.address) is Verdict.NOT_NOW  # though nobody has had a look at the clock yet
    presence.beat("tasks")
    assert verdict(held.address) is Verdict.NOT_NOW
    assert verdict("never.was@one.example") is Verdict.UNKNOWN
    assert not held.opens() or not held.open().rows()


def test_five_years_ahead_wait_until_somebody_trusts_the_clock(held: Held, moving: Clock) -> None:
    presence.beat("tasks")
    moving.move(days=5 * 365)
    beats(moving, 120)
    assert retention.sweep().held is not None
    assert Mailbox.objects.exists()
    presence.trust_clock()
    assert retention.sweep().mailboxes == 1


def test_a_clock_that_comes_back_from_the_far_future_ends_the_wait_by_itself(
    held: Held, moving: Clock
) -> None:
    presence.beat("tasks")
    moving.move(days=5 * 365)
    presence.beat("tasks")
    assert presence.current_hold() is not None
    moving.move(days=-5 * 365, minutes=5)
    presence.beat("tasks")
    assert presence.current_hold() is None
    assert verdict(held.address) is Verdict.RECEIVES


def test_a_day_back_erases_nothing_and_the_way_forward_again_waits(held: Held, moving: Clock) -> None:
    presence.beat("tasks")
    moving.move(days=-1)
    beats(moving, 2)
    assert retention.sweep().mailboxes == 0
    moving.move(days=1, hours=3)
    retention.sweep()
    assert Mailbox.objects.exists()
    beats(moving, 32)
    assert retention.sweep().mailboxes == 1


def test_an_hour_of_downtime_is_nothing_special(held: Held, moving: Clock) -> None:
    presence.beat("tasks")
    moving.move(hours=5)
    assert retention.sweep().mailboxes == 1


def test_a_long_greatest_age_makes_a_longer_absence_plausible(
    held: Held, moving: Clock, rows: Policy
) -> None:
    Policy.objects.update(greatest_age=__import__("datetime").timedelta(days=365))
    Policy.forget_current()
    presence.beat("tasks")
    moving.move(days=60)
    presence.beat("tasks")
    hold = presence.current_hold()
    assert hold is not None and not hold.until_trusted


def test_many_processes_looking_at_once_do_not_shorten_the_wait(held: Held, moving: Clock) -> None:
    presence.beat("tasks")
    moving.move(days=1)
    presence.beat("tasks")
    for _ in range(200):
        presence.beat("smtp")
        presence.beat("web")
    hold = presence.current_hold()
    assert hold is not None and hold.seconds_left == 30 * 60


def test_a_process_says_that_it_runs_and_is_forgotten_after_a_day(rows: Policy, moving: Clock) -> None:
    presence.beat("web")
    presence.beat("web")
    assert Presence.objects.get().kind == "web"
    moving.move(hours=5)
    presence.beat("smtp")
    for _ in range(5):
        moving.move(hours=4)
        Installation.objects.update(last_seen_at=clock.now())
    retention.sweep()
    assert list(Presence.objects.values_list("kind", flat=True)) == ["smtp"]
