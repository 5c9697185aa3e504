"""A message that its holder deletes takes no room from that moment on, and gets its place back if asked."""

from collections.abc import Callable

import pytest

from inbox import delivery, retention
from inbox.addresses import parse
from inbox.delivery import Fate, Verdict
from inbox.models import Message, Policy
from tests.core.conftest import Clock, Held, deliver

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "queue"])


@pytest.fixture
def full(held: Held, rows: Policy) -> Held:
    """A mailbox with two messages, which is all that it may have."""
    for number in range(2):
        deliver(held.address, body=b"%d\r\n" % number)
    rows.quota_messages = 2
    rows.save()
    return held


def verdict(held: Held) -> Verdict:
    [lookup] = delivery.find_recipients([parse(held.address)])
    return lookup.verdict


def counted(held: Held) -> tuple[int, int]:
    row = held.row()
    return row.message_count, row.size_bytes


def in_sight(held: Held) -> tuple[int, int]:
    sizes = Message.objects.filter(mailbox_id=held.pk, deleted_at=None).values_list("size_bytes", flat=True)
    return len(sizes), sum(sizes)


def pks(held: Held) -> list[int]:
    return list(Message.objects.filter(mailbox_id=held.pk).order_by("number").values_list("pk", flat=True))


def test_a_full_mailbox_takes_mail_as_soon_as_its_holder_has_made_room(full: Held) -> None:
    assert verdict(full) is Verdict.OVER_QUOTA
    retention.delete_message(full.pk, pks(full)[0])
    assert verdict(full) is Verdict.RECEIVES
    assert counted(full) == in_sight(full)
    assert deliver(full.address, body=b"new\r\n").fate is Fate.STORED
    assert verdict(full) is Verdict.OVER_QUOTA


def test_a_deletion_is_counted_once_however_often_it_is_asked_for_and_swept(
    full: Held, moving: Clock
) -> None:
    first = pks(full)[0]
    retention.delete_message(full.pk, first)
    retention.delete_message(full.pk, first)
    assert counted(full) == in_sight(full)
    moving.move(seconds=11)
    assert retention.sweep().messages == 1
    assert counted(full) == in_sight(full) and counted(full)[0] == 1


def test_a_deletion_can_be_taken_back_though_the_room_is_taken_by_then(full: Held) -> None:
    first = pks(full)[0]
    retention.delete_message(full.pk, first)
    deliver(full.address, body=b"new\r\n")
    retention.undelete_message(full.pk, first)
    assert counted(full) == in_sight(full) and counted(full)[0] == 3
    assert verdict(full) is Verdict.OVER_QUOTA


def test_mail_that_ends_by_age_still_leaves_the_count(
    new_mailbox: Callable[..., Held], moving: Clock
) -> None:
    """What the sweep erases without its holder's having deleted it was counted until then."""
    held = new_mailbox()
    for number in range(3):
        deliver(held.address, body=b"%d\r\n" % number)
    retention.delete_message(held.pk, pks(held)[0])
    moving.move(seconds=11)
    swept = retention._sweep_messages(Message.objects.filter(number__lte=2), float("inf"))
    assert swept == 2
    assert counted(held) == in_sight(held) and counted(held)[0] == 1


def test_read_mail_that_is_deleted_together_makes_room_and_may_come_back(full: Held) -> None:
    for pk in pks(full):
        retention.mark_read(full.pk, pk)
    moment, count = retention.delete_read(full.pk)
    assert (count, counted(full)) == (2, (0, 0))
    assert verdict(full) is Verdict.RECEIVES
    retention.undelete_read(full.pk, moment)
    assert counted(full) == in_sight(full) and counted(full)[0] == 2
