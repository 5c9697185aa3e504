"""Sweeps that run twice at once and that are killed, while mail comes in."""

from __future__ import annotations

import asyncio

from tests.faults import ledger
from tests.faults.ledger import Ledger
from tests.faults.place import Place
from tests.support import wait_for


async def test_two_sweeps_at_once_and_a_killed_one_leave_everything_in_order_under_reception(
    place: Place,
) -> None:
    boxes, book = place.new_boxes(3), Ledger()
    listener = place.listen()
    await ledger.deliver(place.smtp_port, [book.new(boxes[index % 3]) for index in range(60)])
    # Some of the living mailboxes' sources are shared with mailboxes that go.
    before = place.inside("state")
    place.inside("make_due", mailboxes=200, messages=6, shared_with=[box.id for box in boxes])
    entries = [book.new(boxes[index % 3]) for index in range(100)]
    sending = asyncio.create_task(ledger.deliver(place.smtp_port, entries, senders=4))

    killed = place.start("sweep")
    await asyncio.to_thread(
        wait_for, lambda: 0 < place.inside("due_left") < 200 or not killed.is_running(), "half a sweep"
    )
    killed.kill()
    half_way = place.inside("due_left")
    first, second = place.start("sweep"), place.start("sweep")
    codes = [await asyncio.to_thread(life.wait) for life in (first, second)]
    await sending
    listener.kill()

    assert 0 < half_way < 200, "it was killed too late or too early to tell anything"
    assert codes == [0, 0], first.log.read_text() + second.log.read_text()
    assert max(entry.seconds for entry in entries) < 2.0, "a sender waited for a sweep"
    book.check(place.read(boxes), boxes)
    after = place.inside("state")
    assert after["integrity"] == ["ok"]
    assert after["dangling"] == after["due"] == after["orphans"] == after["wrong_counters"] == 0
    assert (after["mailboxes"], after["grants"]) == (before["mailboxes"], before["grants"])
    assert after["messages"] == before["messages"] + len(entries)
    assert after["sources"] == before["sources"] + len(entries)
