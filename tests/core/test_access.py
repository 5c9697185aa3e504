"""A secret opens its mailbox, and nothing else does."""

import threading
import uuid
from collections.abc import Callable

import pytest
from django.db import connection, transaction

from inbox import access, creation, retention, sealing
from inbox.access import State
from inbox.models import Domain, Grant, Mailbox, Message, Policy, Source, Tombstone
from tests.core.conftest import Clock, Held, deliver

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "queue"])


def test_another_secret_opens_nothing(held: Held) -> None:
    assert access.open_all([sealing.new_secret(), b"", b"short", bytes(32)]) == []
    assert access.open_one(sealing.new_secret(), held.row().mailbox_id) is None


def test_a_secret_opens_its_own_mailbox_and_not_another(new_mailbox: Callable[..., Held]) -> None:
    one, two = new_mailbox(), new_mailbox()
    assert access.open_one(one.secret, one.row().mailbox_id) is not None
    assert access.open_one(one.secret, two.row().mailbox_id) is None


def test_several_mailboxes_open_with_one_read(
    new_mailbox: Callable[..., Held], django_assert_num_queries: Callable[..., object]
) -> None:
    held = [new_mailbox() for _ in range(10)]
    with django_assert_num_queries(1):
        opened = access.open_all([mailbox.secret for mailbox in held])
    assert [mailbox.address for mailbox in opened] == [mailbox.address for mailbox in reversed(held)]


def test_a_message_of_another_mailbox_is_not_there(new_mailbox: Callable[..., Held]) -> None:
    mine, other = new_mailbox(), new_mailbox()
    deliver(other.address)
    [row] = other.open().rows()
    assert mine.open().message(row.message_id) is None
    assert mine.open().message(uuid.uuid4().hex) is None


@pytest.mark.parametrize("move", ["mailbox", "message id", "time"])
def test_a_row_that_was_moved_is_shown_as_damaged(new_mailbox: Callable[..., Held], move: str) -> None:
    mine, other = new_mailbox(), new_mailbox()
    deliver(mine.address)
    changes = {
        "mailbox": {"mailbox_id": other.pk},
        "message id": {"public_id": uuid.uuid4()},
        "time": {"received_at": mine.row().created_at},
    }[move]
    Message.objects.update(**changes)
    shown = other if move == "mailbox" else mine
    [row] = shown.open().rows()
    assert row.is_damaged
    message = shown.open().message(row.message_id)
    assert message is not None
    with pytest.raises(sealing.Damaged):
        message.source()


def test_a_source_that_was_swapped_is_damaged(new_mailbox: Callable[..., Held]) -> None:
    mine, other = new_mailbox(), new_mailbox()
    deliver(mine.address)
    deliver(other.address)
    Message.objects.filter(mailbox_id=mine.pk).update(
        source_id=Message.objects.get(mailbox_id=other.pk).source_id
    )
    [row] = mine.open().rows()
    message = mine.open().message(row.message_id)
    assert message is not None and not row.is_damaged
    with pytest.raises(sealing.Damaged):
        message.source()


def test_a_grant_that_was_moved_opens_nothing(new_mailbox: Callable[..., Held]) -> None:
    mine, other = new_mailbox(), new_mailbox()
    Grant.objects.filter(mailbox_id=mine.pk).update(mailbox_id=other.pk)
    assert access.open_all([mine.secret]) == []


def test_nothing_of_an_ended_mailbox_can_be_read_though_no_sweep_ran(held: Held, moving: Clock) -> None:
    deliver(held.address)
    [row] = held.open().rows()
    opened_before = held.open()
    moving.move(minutes=90, seconds=1)
    for mailbox in (held.open(), opened_before):
        assert mailbox.state is State.HIDDEN
        assert mailbox.rows() == [] and mailbox.message(row.message_id) is None
        assert mailbox.unread == 0
        changes = mailbox.changes_since(0)
        assert changes.rows == () and not changes.living
    moving.move(minutes=30)
    assert not held.opens()


def test_a_label_is_kept_inside_the_grant(held: Held) -> None:
    held.open().set_label("  the shop\x00\n ")
    assert held.open().label == "the shop"
    assert b"the shop" not in bytes(Grant.objects.get(mailbox_id=held.pk).wrapped)


def test_a_label_in_many_letters_is_cut(held: Held) -> None:
    held.open().set_label("ä" * 500)
    assert held.open().label == "ä" * access.MAX_LABEL


def test_a_page_that_is_up_to_date_is_told_of_changes_that_are_no_new_mail(held: Held) -> None:
    deliver(held.address)
    revision = held.open().revision
    [row] = held.open().rows()
    assert held.open().changes_since(revision).rows == ()
    message = held.open().message(row.message_id)
    assert message is not None
    message.mark_read()
    changes = held.open().changes_since(revision)
    assert changes.revision > revision and changes.rows == ()
    assert changes.living == {row.message_id: True}


def test_a_deleted_message_is_gone_from_sight_at_once_and_comes_back_in_its_place(
    held: Held, moving: Clock
) -> None:
    for subject in ("one", "two", "three"):
        deliver(held.address, subject=subject)
    two = held.open().rows()[1]
    message = held.open().message(two.message_id)
    assert message is not None
    message.delete()
    assert held.open().message(two.message_id) is None
    assert two.message_id not in {row.message_id for row in held.open().rows()}
    moving.move(seconds=9)
    held.open().undelete_message(two.message_id)
    assert [row.summary.subject for row in held.open().rows() if row.summary] == ["one", "two", "three"]


def test_a_deletion_cannot_be_taken_back_after_ten_seconds(held: Held, moving: Clock) -> None:
    deliver(held.address)
    [row] = held.open().rows()
    message = held.open().message(row.message_id)
    assert message is not None
    message.delete()
    moving.move(seconds=11)
    with pytest.raises(retention.TooLate):
        held.open().undelete_message(row.message_id)


def test_reading_goes_on_while_somebody_writes(held: Held) -> None:
    """Under IMMEDIATE a transaction is a write lock: a reader that took one would wait for the writer."""
    deliver(held.address)
    holds, may_end = threading.Event(), threading.Event()

    def write() -> None:
        with transaction.atomic():
            holds.set()
            may_end.wait(8)
        connection.close()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert holds.wait(5)
        [row] = held.open().rows()
        message = held.open().message(row.message_id)
        assert message is not None and message.source()
        assert held.open().changes_since(0).rows
        assert writer.is_alive()
    finally:
        may_end.set()
        writer.join()


def test_a_chosen_name_that_was_given_out_before_is_not_free_ever_again(rows: Policy) -> None:
    domain = Domain.objects.get(name="one.example")
    new = creation.create_chosen("My.Name", domain)
    assert new.mailbox.address == "my.name@one.example"
    with pytest.raises(creation.NotFree):
        creation.create_chosen("my.name", domain)
    access.just_made(new.mailbox, new.secret).delete()
    with pytest.raises(creation.NotFree):
        creation.create_chosen("my.name", domain)
    with pytest.raises(creation.NotFree):
        creation.create_chosen("postmaster", domain)


def test_a_name_that_is_not_free_leaves_nothing_behind(rows: Policy) -> None:
    domain = Domain.objects.get(name="one.example")
    creation.create_chosen("my.name", domain)
    with pytest.raises(creation.NotFree):
        creation.create_chosen("my.name", domain)
    assert (Tombstone.objects.count(), Mailbox.objects.count(), Grant.objects.count()) == (1, 1, 1)


def test_a_tombstone_does_not_tell_which_address_it_is_of(held: Held) -> None:
    digest = bytes(Tombstone.objects.get().digest)
    assert held.address.encode() not in digest and len(digest) == 32


def test_deleting_a_mailbox_leaves_only_its_tombstone(held: Held) -> None:
    deliver(held.address)
    held.open().delete()
    assert not held.opens()
    assert not Message.objects.exists() and not Source.objects.exists() and not Grant.objects.exists()
    assert Tombstone.objects.count() == 1
