"""Sweeps: what is due is erased, in short transactions, whatever happens to the sweep."""

import os
import signal
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from inbox import access, clock, events, retention, staff
from inbox.models import (
    Grant,
    Installation,
    LooseSource,
    Mailbox,
    Message,
    Policy,
    Source,
    SourceChunk,
    Tombstone,
)
from tests.admin.conftest import command, many_mailboxes, wait_for
from tests.core.conftest import Clock, Held, deliver

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "queue"])

EVERYTHING = (Mailbox, Grant, Message, Source, SourceChunk)


def counts() -> dict[str, int]:
    return {model.__name__: model.objects.count() for model in EVERYTHING}


NOTHING = {model.__name__: 0 for model in EVERYTHING}


def test_a_mailbox_that_is_due_is_erased_and_only_its_tombstone_stays(held: Held, moving: Clock) -> None:
    deliver(held.address, padding=600_000)
    assert SourceChunk.objects.exists() or Source.objects.exists()
    moving.move(minutes=119)
    assert retention.sweep().mailboxes == 0
    moving.move(minutes=2)
    done = retention.sweep()
    assert (done.mailboxes, done.messages, done.finished) == (1, 1, True)
    assert counts() == NOTHING
    assert Tombstone.objects.count() == 1


def test_a_mailbox_that_is_brought_back_in_time_stays(held: Held, moving: Clock) -> None:
    deliver(held.address)
    moving.move(minutes=110)
    held.open().revive()
    moving.move(minutes=15)
    assert retention.sweep().mailboxes == 0
    assert len(held.open().rows()) == 1


def test_a_source_that_somebody_else_still_has_stays(new_mailbox: Callable[..., Held], moving: Clock) -> None:
    one, other = new_mailbox(), new_mailbox()
    deliver(one.address, other.address)
    moving.move(minutes=80)
    other.open().extend()
    moving.move(minutes=45)
    retention.sweep()
    assert not one.opens()
    [row] = other.open().rows()
    message = other.open().message(row.message_id)
    assert message is not None and b"Subject: Hello" in message.source()


def test_a_deleted_message_is_erased_once_it_cannot_be_taken_back(held: Held, moving: Clock) -> None:
    deliver(held.address)
    deliver(held.address)
    box = held.open()
    first = box.message(box.rows()[0].message_id)
    assert first is not None
    first.delete()
    moving.move(seconds=9)
    assert retention.sweep().messages == 0
    moving.move(seconds=2)
    done = retention.sweep()
    assert (done.messages, done.sources + Source.objects.count()) == (1, 1)
    row = held.row()
    assert row.message_count == 1
    assert row.size_bytes == Message.objects.get().size_bytes


def test_sources_that_a_killed_deletion_left_behind_are_erased(
    held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(held.address, padding=600_000)

    def die(_source_pks: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(retention, "_erase_loose", die)
        held.open().delete()
    assert not Message.objects.exists() and Source.objects.exists()
    assert retention.sweep().sources == 1
    assert not LooseSource.objects.exists()
    assert not Source.objects.exists() and not SourceChunk.objects.exists()


def test_repeat_digests_are_dropped_after_an_hour(held: Held, moving: Clock) -> None:
    deliver(held.address)
    moving.move(minutes=59)
    assert retention.sweep().digests == 0
    moving.move(minutes=2)
    assert retention.sweep().digests == 1
    assert Message.objects.get().repeat_digest is None


def test_two_sweeps_at_once_erase_everything_once(rows: Policy) -> None:
    many_mailboxes(400, purge_at=clock.now() - timedelta(seconds=1), messages=2)
    many_mailboxes(10, purge_at=clock.now() + timedelta(hours=1), name="stays")
    totals: list[retention.Swept] = []
    faults: list[BaseException] = []
    both_ready = threading.Barrier(2)

    def sweep() -> None:
        try:
            both_ready.wait()
            totals.append(retention.sweep())
        except BaseException as error:
            faults.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=sweep) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not faults
    assert sum(done.mailboxes for done in totals) == 400
    assert Mailbox.objects.count() == Message.objects.count() == Source.objects.count() == 10


def test_a_sweep_killed_half_way_is_resumed_by_the_next(rows: Policy) -> None:
    many_mailboxes(800, purge_at=clock.now() - timedelta(seconds=1), messages=2)
    arguments, environment = command("sweep")
    sweeping = subprocess.Popen(arguments, env=environment, stdout=subprocess.DEVNULL)
    try:
        wait_for(lambda: Mailbox.objects.count() < 800, 30)
        os.kill(sweeping.pid, signal.SIGKILL)
    finally:
        sweeping.kill()
        sweeping.wait()
    left = Mailbox.objects.count()
    assert 0 < left < 800, "the sweep was to be killed half way"
    done = retention.sweep()
    assert done.mailboxes == left
    assert counts() == NOTHING


def test_a_day_of_backlog_is_erased_by_one_command(rows: Policy) -> None:
    many_mailboxes(300, purge_at=clock.now() - timedelta(hours=20), messages=3)
    arguments, environment = command("sweep")
    done = subprocess.run(arguments, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "erased: 300 mailboxes, 900 messages" in done.stdout
    assert counts() == NOTHING


def test_transactions_of_a_sweep_are_bounded(rows: Policy, monkeypatch: pytest.MonkeyPatch) -> None:
    """A large mailbox is erased in several, and nothing of it opens after the first."""
    [pk] = many_mailboxes(1, purge_at=clock.now() - timedelta(seconds=1), messages=500)
    erased = []
    while (step := retention._sweep_mailboxes(clock.now())) is not None:
        erased.append(step)
        assert not Grant.objects.filter(mailbox_id=pk).exists()
    assert [messages for _mailboxes, messages in erased] == [200, 200, 100]
    assert [mailboxes for mailboxes, _messages in erased] == [0, 0, 1]


def test_a_sweep_with_nothing_to_do_asks_a_fixed_number_of_questions(rows: Policy) -> None:
    many_mailboxes(100, purge_at=clock.now() + timedelta(hours=1))
    retention.sweep()
    with CaptureQueriesContext(connection) as few:
        retention.sweep()
    many_mailboxes(200, purge_at=clock.now() + timedelta(hours=1), name="more")
    with CaptureQueriesContext(connection) as many:
        retention.sweep()
    assert len(many) == len(few) <= 30


def test_a_sweep_whose_time_is_up_says_so_and_the_next_goes_on(rows: Policy) -> None:
    many_mailboxes(200, purge_at=clock.now() - timedelta(seconds=1))
    done = retention.sweep(seconds=0.0)
    assert not done.finished
    assert done.mailboxes == retention.MAILBOXES_AT_ONCE
    assert retention.sweep().mailboxes == 150


def test_after_a_sweep_the_erased_bytes_are_in_no_file(held: Held, moving: Clock) -> None:
    """Neither in the database nor in its log, which other connections keep from being removed."""
    name = connection.settings_dict["NAME"]
    other = sqlite3.connect(name)
    other.execute("SELECT 1 FROM inbox_policy").fetchall()
    deliver(held.address)
    box = bytes(Message.objects.get().box)
    chunk = bytes(Source.objects.get().first_chunk)
    public_key = bytes(held.row().public_key)

    def on_disk() -> bytes:
        contents = b""
        for path in (name, f"{name}-wal", f"{name}-journal"):
            if os.path.exists(path):
                with open(path, "rb") as file:
                    contents += file.read()
        return contents

    before = on_disk()
    assert box[:64] in before and chunk[:64] in before and held.address.encode() in before
    moving.move(minutes=121)
    done = retention.sweep()
    assert done.truncated
    after = on_disk()
    for secret in (box[:64], chunk[:64], public_key, held.address.encode()):
        assert secret not in after
    assert Installation.row().last_checkpoint_at is not None
    other.close()


def test_a_reader_that_stays_keeps_the_log_from_being_cut_but_not_the_sweep(
    held: Held, moving: Clock
) -> None:
    deliver(held.address)
    begun, leave = threading.Event(), threading.Event()

    def read_on() -> None:
        raw = connections["default"]
        raw.ensure_connection()
        cursor = raw.connection.cursor()
        cursor.execute("BEGIN")
        cursor.execute("SELECT count(*) FROM inbox_mailbox").fetchall()
        begun.set()
        leave.wait(30)
        cursor.execute("COMMIT")
        connections.close_all()

    reader = threading.Thread(target=read_on)
    reader.start()
    begun.wait(10)
    moving.move(minutes=121)
    try:
        begun_at = time.monotonic()
        done = retention.sweep()
        assert done.mailboxes == 1
        assert not done.truncated
        assert time.monotonic() - begun_at < 3, "cutting the log waited for the reader, and held writers up"
    finally:
        leave.set()
        reader.join(10)
    assert retention.sweep().truncated


def test_staff_mail_ends_after_thirty_days_and_the_mailbox_never_does(rows: Policy, moving: Clock) -> None:
    secrets: list[str] = []
    staff.make(secrets.append, beside_others=False)
    deliver("postmaster@one.example")
    for _day in range(29):
        moving.move(days=1)
        Installation.objects.update(last_seen_at=clock.now())
    deliver("abuse@two.example")
    assert retention.sweep().messages == 0
    moving.move(hours=23)
    Installation.objects.update(last_seen_at=clock.now())
    moving.move(hours=2)
    assert retention.sweep().messages == 1
    secret = staff.from_text(secrets[0])
    assert secret is not None
    [mailbox] = access.open_all([secret])
    assert mailbox.is_staff and len(mailbox.rows()) == 1


def test_the_oldest_staff_mail_makes_room(rows: Policy) -> None:
    staff.make(lambda secret: None, beside_others=False)
    Policy.objects.update(quota_messages=3)
    Policy.forget_current()
    for number in range(5):
        deliver("postmaster@one.example", subject=f"Mail {number}")
    assert retention.sweep().messages == 2
    assert list(Message.objects.order_by("number").values_list("number", flat=True)) == [3, 4, 5]
    size = Message.objects.order_by("-number")[0].size_bytes
    Policy.objects.update(quota_bytes=size * 2)
    Policy.forget_current()
    assert retention.sweep().messages == 1
    assert Mailbox.objects.get().message_count == 2


# -- the command -----------------------------------------------------------------------------------


def test_a_dry_run_counts_and_writes_nothing(
    held: Held, moving: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    deliver(held.address)
    moving.move(minutes=121)
    before = counts()
    call_command("sweep", "--dry-run")
    assert "would erase: 1 mailboxes, 1 messages" in capsys.readouterr().out
    assert counts() == before
    assert Installation.row().last_sweep_at is None


def test_the_command_says_that_it_waits_and_how_to_go_on(
    held: Held, moving: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    retention.sweep()
    moving.move(days=3)
    with pytest.raises(CommandError) as refused:
        call_command("sweep")
    assert refused.value.returncode == 3
    assert "Erasing waits: the clock jumped ahead" in capsys.readouterr().out
    assert held.row() is not None
    call_command("sweep", "--trust-clock")
    assert "erased: 1 mailboxes" in capsys.readouterr().out
    assert not Mailbox.objects.exists()


def test_without_a_database_the_command_says_one_line(tmp_path: os.PathLike[str]) -> None:
    arguments, environment = command("sweep")
    environment["DATABASE_URL"] = f"sqlite:///{tmp_path}/nothing.sqlite3"
    done = subprocess.run(arguments, env=environment, capture_output=True, text=True, timeout=30)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1 and "make setup" in done.stderr


def test_a_writer_gets_its_turn_while_a_backlog_is_worked_off(
    rows: Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite's busy handler is not fair: without rests in between a writer waits for most of the backlog."""
    monkeypatch.setattr(events, "announce_from_sync", lambda changes: None)
    many_mailboxes(750, purge_at=clock.now() - timedelta(seconds=1), messages=2)
    turns: list[float] = []
    finished = threading.Event()

    def write() -> None:
        while not finished.is_set():
            with transaction.atomic():
                Policy.objects.filter(id=1).update(quota_messages=500)
            turns.append(time.monotonic())
            finished.wait(0.002)
        connections.close_all()

    writer = threading.Thread(target=write)
    writer.start()
    wait_for(lambda: turns)
    begun = time.monotonic()
    retention.sweep()
    ended = time.monotonic()
    finished.set()
    writer.join()
    during = [turn for turn in turns if begun < turn < ended]
    batches = 750 / retention.MAILBOXES_AT_ONCE
    assert len(during) > 3 * batches, "there were fewer turns than batches had rests"


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_truncation_that_died_of_a_fault_holds_up_no_later_one(
    rows: Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> bool:
        raise RuntimeError("a fault")

    with monkeypatch.context() as faulty:
        faulty.setattr(retention, "truncate_wal", fail)
        retention.truncate_wal_soon()
        wait_for(lambda: not retention.truncating())
    ran = threading.Event()
    monkeypatch.setattr(retention, "truncate_wal", lambda: ran.set() or True)
    retention.truncate_wal_soon()
    assert ran.wait(5)
