"""Group commit: what waits together is written together, and everybody learns their own fate."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Collection, Sequence
from typing import Any, cast

import pytest
from django.db import connection

from inbox import delivery
from inbox.delivery import Fate, Incoming, Outcome, Stored
from inbox.models import Message
from smtpd import batch, counters
from smtpd.batch import BatchWriter, QueueFull
from smtpd.limits import MIB
from tests.smtpd.conftest import Held, Listening, wait_until

Prepare = Callable[[], Incoming]


class Shelf:
    """A store that says what it was given, and can be held up."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.forgotten: list[int] = []
        self.told: list[Stored] = []
        self.open = threading.Event()
        self.open.set()

    def store(self, incoming: Sequence[Incoming], acknowledged: Collection[int]) -> list[Outcome]:
        names = [cast(str, one) for one in incoming]
        self.batches.append(names)
        assert self.open.wait(5)
        if "breaks the batch" in names:
            raise RuntimeError("broken")
        number = len(self.batches)
        return [Outcome(Fate.STORED, (Stored(number, name, number),)) for name in names]

    def forget(self, message_pks: Sequence[int]) -> None:
        self.forgotten.extend(message_pks)

    async def announce(self, stored: Sequence[Stored]) -> None:
        self.told.extend(stored)

    def writer(self, **changed: Any) -> BatchWriter:
        parts: dict[str, Any] = {
            "store": self.store,
            "forget": self.forget,
            "announce": self.announce,
            "leave": lambda: None,
            "rest_seconds": 0,
            "queue_bytes": 64 * MIB,
        }
        writer = BatchWriter(**{**parts, **changed})
        writer.start()
        return writer


def ready(name: str) -> Prepare:
    return lambda: cast(Incoming, name)


async def test_what_queues_up_during_a_commit_is_committed_at_once() -> None:
    shelf = Shelf()
    shelf.open.clear()
    writer = shelf.writer()
    first = asyncio.create_task(writer.deliver(ready("first"), 10))
    await until(lambda: shelf.batches == [["first"]])
    rest = [asyncio.create_task(writer.deliver(ready(str(number)), 10)) for number in range(20)]
    await asyncio.sleep(0)
    shelf.open.set()
    outcomes = await asyncio.gather(first, *rest)
    assert shelf.batches == [["first"], [str(number) for number in range(20)]]
    assert [outcome.stored[0].mailbox_id for outcome in outcomes[1:]] == [str(number) for number in range(20)]
    await writer.close()
    assert len(shelf.told) == 21


async def test_a_batch_ends_at_four_megabytes_or_256_messages_and_what_is_larger_goes_alone() -> None:
    shelf = Shelf()
    shelf.open.clear()
    writer = shelf.writer()
    waiting = [asyncio.create_task(writer.deliver(ready("blocks"), 1))]
    await until(lambda: len(shelf.batches) == 1)
    sizes = [1] * 300 + [3 * MIB, 1 * MIB, 1, 9 * MIB, 1]
    waiting += [asyncio.create_task(writer.deliver(ready(str(size)), size)) for size in sizes]
    await asyncio.sleep(0)
    shelf.open.set()
    await asyncio.gather(*waiting)
    assert [len(names) for names in shelf.batches] == [1, 256, 45, 2, 1, 1]
    assert shelf.batches[4] == [str(9 * MIB)]
    await writer.close()


async def test_a_message_to_many_counts_for_many() -> None:
    shelf = Shelf()
    shelf.open.clear()
    writer = shelf.writer()
    waiting = [asyncio.create_task(writer.deliver(ready("blocks"), 1))]
    await until(lambda: len(shelf.batches) == 1)
    waiting += [
        asyncio.create_task(writer.deliver(ready(str(copies)), 1, copies))
        for copies in (100, 100, 57, 400, 1)
    ]
    await asyncio.sleep(0)
    shelf.open.set()
    await asyncio.gather(*waiting)
    assert shelf.batches == [["blocks"], ["100", "100"], ["57"], ["400"], ["1"]]
    await writer.close()


async def test_a_batch_ends_when_making_it_ready_has_taken_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Mail that is made to be slow must not keep what is ready from being committed."""

    def slow(name: str) -> Prepare:
        def prepare() -> Incoming:
            time.sleep(0.03)
            return ready(name)()

        return prepare

    monkeypatch.setattr(batch, "PREPARE_SECONDS", 0.05)
    shelf = Shelf()
    shelf.open.clear()
    writer = shelf.writer()
    waiting = [asyncio.create_task(writer.deliver(ready("blocks"), 1))]
    await until(lambda: len(shelf.batches) == 1)
    names = [str(number) for number in range(7)]
    waiting += [asyncio.create_task(writer.deliver(slow(name), 1)) for name in names]
    await asyncio.sleep(0)
    shelf.open.set()
    outcomes = await asyncio.gather(*waiting)
    assert {outcome.fate for outcome in outcomes} == {Fate.STORED}
    assert max(map(len, shelf.batches)) <= 2
    assert [name for names in shelf.batches for name in names] == ["blocks", *names]
    await writer.close()


async def test_what_has_to_wait_for_the_next_batch_is_queued_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "PREPARE_SECONDS", 0.0)
    shelf = Shelf()
    writer = shelf.writer(queue_bytes=8)
    waiting = [asyncio.create_task(writer.deliver(ready(name), 4)) for name in "ab"]
    assert {outcome.fate for outcome in await asyncio.gather(*waiting)} == {Fate.STORED}
    assert shelf.batches == [["a"], ["b"]]
    assert writer._queue_bytes == 0
    await writer.close()


async def test_a_message_that_cannot_be_prepared_fails_alone() -> None:
    def poisonous() -> Incoming:
        raise ValueError("poison")

    shelf = Shelf()
    writer = shelf.writer()
    outcomes = await asyncio.gather(
        writer.deliver(ready("one"), 1), writer.deliver(poisonous, 1), writer.deliver(ready("two"), 1)
    )
    assert [outcome.fate for outcome in outcomes] == [Fate.STORED, Fate.FAILED, Fate.STORED]
    await writer.close()


async def test_a_store_that_breaks_fails_its_batch_and_the_writer_goes_on() -> None:
    shelf = Shelf()
    writer = shelf.writer()
    assert (await writer.deliver(ready("breaks the batch"), 1)).fate is Fate.FAILED
    assert (await writer.deliver(ready("next"), 1)).fate is Fate.STORED
    await writer.close()


async def test_who_leaves_does_not_take_the_message_along() -> None:
    shelf = Shelf()
    shelf.open.clear()
    writer = shelf.writer()
    leaving = asyncio.create_task(writer.deliver(ready("left behind"), 1))
    staying = asyncio.create_task(writer.deliver(ready("stays"), 1))
    await until(lambda: len(shelf.batches) == 1)
    leaving.cancel()
    shelf.open.set()
    assert (await staying).fate is Fate.STORED
    await writer.close()
    assert {stored.mailbox_id for stored in shelf.told} == {"left behind", "stays"}


async def test_the_queue_is_bounded_in_bytes_and_in_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "LONGEST_QUEUE_MESSAGES", 3)
    shelf = Shelf()
    shelf.open.clear()
    writer = shelf.writer(queue_bytes=10 * MIB)
    taken = [asyncio.create_task(writer.deliver(ready("committing"), 1))]
    await until(lambda: len(shelf.batches) == 1)
    taken.append(asyncio.create_task(writer.deliver(ready("queued"), 9 * MIB)))
    await asyncio.sleep(0)
    with pytest.raises(QueueFull):
        await writer.deliver(ready("too large"), 2 * MIB)
    taken += [asyncio.create_task(writer.deliver(ready("small"), 1)) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(QueueFull):
        await writer.deliver(ready("too many"), 1)
    shelf.open.set()
    assert {outcome.fate for outcome in await asyncio.gather(*taken)} == {Fate.STORED}
    await writer.close()


async def test_repeats_are_forgotten_within_a_second_and_together() -> None:
    shelf = Shelf()
    writer = shelf.writer()
    writer.forget_repeats([1, 2])
    writer.forget_repeats([3])
    assert shelf.forgotten == []
    await until(lambda: shelf.forgotten == [1, 2, 3], 1)
    writer.forget_repeats([4])
    await writer.close()
    assert shelf.forgotten == [1, 2, 3, 4]


async def test_what_could_not_be_forgotten_is_known_until_it_is() -> None:
    shelf = Shelf()
    known: list[set[int]] = []
    locked = threading.Event()
    locked.set()

    def store(incoming: Sequence[Incoming], acknowledged: Collection[int]) -> list[Outcome]:
        known.append(set(acknowledged))
        return shelf.store(incoming, acknowledged)

    def forget(message_pks: Sequence[int]) -> None:
        if locked.is_set():
            raise OSError
        shelf.forget(message_pks)

    failed = counters.counted("forget_failed")
    writer = shelf.writer(store=store, forget=forget)
    writer.forget_repeats([1, 2])
    await until(lambda: counters.counted("forget_failed") > failed, 2)
    await writer.deliver(ready("a"), 1)
    assert known[-1] == {1, 2}
    locked.clear()
    await until(lambda: shelf.forgotten == [1, 2], 2)
    await writer.deliver(ready("b"), 1)
    assert known[-1] == set()
    await writer.close()


async def test_what_cannot_be_forgotten_does_not_hold_up_the_end() -> None:
    def forget(message_pks: Sequence[int]) -> None:
        raise OSError

    writer = Shelf().writer(forget=forget)
    writer.forget_repeats([1])
    await asyncio.wait_for(writer.close(), 5)


async def test_a_slow_channel_layer_holds_up_no_commit() -> None:
    told: list[int] = []
    slow = asyncio.Event()

    async def announce(stored: Sequence[Stored]) -> None:
        told.append(len(stored))
        await slow.wait()

    shelf = Shelf()
    writer = shelf.writer(announce=announce)
    for number in range(5):
        assert (await writer.deliver(ready(str(number)), 1)).fate is Fate.STORED
    slow.set()
    await writer.close()
    assert told[0] == 1
    assert sum(told) == 5


async def until(condition: Callable[[], object], seconds: float = 5) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.001)


# --- with the real store ---


@pytest.mark.django_db(transaction=True, databases=["default", "queue"])
def test_one_poisonous_row_fails_alone_and_the_rest_of_its_batch_is_stored(
    listening: Listening, held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    talks = [listening.talk().greet().begin(held.address) for _ in range(6)]
    together = threading.Barrier(2)
    store = delivery.store
    sizes: list[int] = []

    def gathering(waiting: Sequence[Incoming], acknowledged: Collection[int]) -> list[Outcome]:
        sizes.append(len(waiting))
        if len(sizes) == 1:
            together.wait(5)
            together.wait(5)
        return store(waiting, acknowledged)

    monkeypatch.setattr(delivery, "store", gathering)
    monkeypatch.setattr(batch, "PREPARE_SECONDS", 60.0)  # however busy the machine is
    with connection.cursor() as cursor:
        # A row that the database itself refuses, whatever Python thinks of it.
        cursor.execute(
            "CREATE TRIGGER poison BEFORE INSERT ON inbox_message WHEN NEW.size_bytes > 50000 "
            "BEGIN SELECT RAISE(ABORT, 'poison'); END"
        )
    try:
        talks[0].send(b"first\r\n.\r\n")
        together.wait(5)
        for number, talk in enumerate(talks[1:]):
            talk.send((b"x" * 60_000 if number == 2 else b"text") + b"\r\n.\r\n")
        wait_until(lambda: queued(listening) == 5)
        together.wait(5)
        replies = [talk.reply()[:9] for talk in talks]
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TRIGGER poison")
    assert sizes[:2] == [1, 5]
    assert replies == ["250 2.0.0"] * 3 + ["451 4.3.0"] + ["250 2.0.0"] * 2
    assert held.count() == 5


def queued(listening: Listening) -> int:
    assert listening.listener is not None
    return len(listening.listener._writer._queue)


@pytest.mark.django_db(transaction=True, databases=["default", "queue"])
def test_a_database_that_is_locked_answers_451_and_is_used_again_when_it_is_free(
    listen: Callable[..., Listening], held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "timeout", 0.3)
    talk = listen().talk()
    assert talk.greet().mail(b"before", held.address).startswith("250 ")
    talk.begin(held.address)
    assert connection.connection is not None
    connection.connection.execute("BEGIN IMMEDIATE")
    try:
        assert talk.ask(b"while\r\n.\r\n").startswith("451 4.3.0 ")
    finally:
        connection.connection.execute("ROLLBACK")
    assert talk.mail(b"after", held.address).startswith("250 ")
    assert held.bodies() == [b"before\r\n", b"after\r\n"]
    assert Message.objects.count() == 2
