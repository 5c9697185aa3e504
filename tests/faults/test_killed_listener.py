"""kill -9 of the listener, at each point of a message's path and at random: the ledger is right after it."""

from __future__ import annotations

import asyncio
import random

import pytest

from tests.faults import ledger
from tests.faults.deaths import POINTS
from tests.faults.ledger import Entry, Ledger
from tests.faults.place import Box, Place
from tests.support import wait_for

KILLED = -9


@pytest.fixture
def book() -> Ledger:
    return Ledger()


def some_messages(book: Ledger, boxes: list[Box], count: int) -> list[Entry]:
    """Mostly small, some sealed outside of the batch, some in several chunks, some for two mailboxes."""
    entries = []
    for index in range(count):
        size_bytes = 700_000 if index % 16 == 5 else 100_000 if index % 8 == 3 else 2000
        others = [boxes[(index + 1) % len(boxes)]] if index % 4 == 1 else []
        entries.append(book.new(boxes[index % len(boxes)], *others, size_bytes=size_bytes))
    return entries


@pytest.mark.parametrize("point", POINTS)
async def test_killed_on_a_messages_path_it_has_kept_each_promise_and_half_of_nothing(
    point: str, place: Place, book: Ledger
) -> None:
    boxes = place.new_boxes(3)
    for passage in (1,) if point == "forgetting" else (1, 6):
        life = place.listen(death=f"{point}:{passage}")
        await ledger.attempt(place.smtp_port, some_messages(book, boxes, 24))
        assert life.wait() == KILLED, "it did not come to this point"
    book.check(place.read(boxes), boxes, waited=False)


async def test_senders_that_repeat_what_got_no_250_have_each_message_there_once(
    place: Place, book: Ledger
) -> None:
    boxes = place.new_boxes(4)
    sending = []
    for point in ("before the commit", "committing", "committed", "half a reply", "replied"):
        entries = some_messages(book, boxes, 32)
        sending.append(asyncio.create_task(ledger.deliver(place.smtp_port, entries)))
        await asyncio.to_thread(_live_and_die, place, f"{point}:3")
    last = await asyncio.to_thread(place.listen)
    await asyncio.gather(*sending)
    last.kill()
    assert book.unanswered, "no kill fell between a dot and its answer"
    assert book.check(place.read(boxes), boxes) == {"acknowledged": len(book.entries)}


async def test_killed_at_random_under_load_it_loses_nothing(place: Place, book: Ledger) -> None:
    boxes = place.new_boxes(4)
    entries = some_messages(book, boxes, 160)
    sending = asyncio.create_task(ledger.deliver(place.smtp_port, entries, senders=12))
    kills = 0
    while not sending.done() and kills < 4:
        life = await asyncio.to_thread(place.listen)
        await asyncio.sleep(random.uniform(0.01, 0.3))
        await asyncio.to_thread(life.kill)
        kills += 1
    last = await asyncio.to_thread(place.listen)
    await sending
    last.kill()
    assert kills >= 3
    assert book.check(place.read(boxes), boxes) == {"acknowledged": 160}


def _live_and_die(place: Place, death: str) -> None:
    life = place.listen(death=death)
    wait_for(lambda: not life.is_running(), f"death at {death}")
    assert life.wait() == KILLED
