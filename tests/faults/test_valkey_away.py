"""Valkey killed, stopped and back again under load: mail is taken all the while, and pages catch up."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest

from inbox import events
from inbox.running import valkey_file
from inbox.running.valkey_probe import Answer, ask
from tests.faults import ledger
from tests.faults.ledger import Entry, Ledger
from tests.faults.place import Box, Place
from tests.faults.visitor import Socket, Visitor
from tests.support import wait_for

#: No message may wait for Valkey; a busy machine may take this long for anything.
PROMPTLY_SECONDS = 1.5
#: A page that is told by an event and not because it, or somebody for it, looked again.
AT_ONCE_SECONDS = 1.5


@pytest.fixture(scope="module", autouse=True)
def processes(place: Place) -> None:
    place.start("runserver")
    place.listen()
    wait_for(place.running.web_answers, "the web server")


@pytest.fixture
def visitor(place: Place) -> Visitor:
    return Visitor(place.running.http_port)


def valkey_of(place: Place) -> int:
    [pid] = wait_for(lambda: place.running.processes("valkey-server 127"), "Valkey")
    return pid


def keeper_of(place: Place) -> int:
    [pid] = place.running.processes("inbox.running.keeper")
    return pid


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    """SIGSTOP for the length of the block."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def answers(place: Place) -> bool:
    return ask(valkey_file.address(place.running.data_dir)) is Answer.OURS


class Sending:
    """Mail for one mailbox, one after the other, for as long as the block lasts."""

    def __init__(self, place: Place, book: Ledger, box: Box) -> None:
        self._place, self._book, self._box = place, book, box
        self.sent: list[Entry] = []
        self._ending = False

    async def __aenter__(self) -> Sending:
        self._task = asyncio.create_task(self._send())
        await self.more(5)
        return self

    async def __aexit__(self, *failure: object) -> None:
        self.end()
        await self._task

    def end(self) -> None:
        """Send no more."""
        self._ending = True

    async def more(self, count: int) -> None:
        """Wait until so many more have been taken."""
        enough = len(self.sent) + count
        async with asyncio.timeout(30):
            while len(self.sent) < enough and not self._task.done():
                await asyncio.sleep(0.01)

    async def _send(self) -> None:
        talk = await ledger.Talk.begin(self._place.smtp_port)
        while not self._ending:
            entry = self._book.new(self._box)
            assert (await talk.send(entry)).startswith("250 ")
            assert entry.seconds < PROMPTLY_SECONDS, "a sender waited for Valkey"
            self.sent.append(entry)
            await asyncio.sleep(0.01)
        await talk.close()


def rows_told(messages: list[dict[str, Any]]) -> list[int]:
    """The numbers of the rows in these updates."""
    return [row["number"] for message in messages for row in message.get("rows", ())]


def tells_of(number: int, message: dict[str, Any]) -> bool:
    """Whether this row is in it."""
    return number in rows_told([message])


def catch_up(page: Socket, box: Box, revision: int) -> list[dict[str, Any]]:
    """What a page is told that asks for all above `revision`."""
    page.catch_up(box, revision)
    return page.hear_until(lambda message: message["type"] == "mailboxes")


def connected(visitor: Visitor) -> Socket:
    """A page's socket; refused while the channel layer is away, and then a page comes again."""

    def connect() -> Socket | None:
        try:
            return Socket(visitor)
        except ConnectionError:
            return None

    page = wait_for(connect, "a websocket")
    assert page is not None
    return page


async def test_valkey_killed_under_load_costs_no_mail_and_the_page_catches_up(
    place: Place, visitor: Visitor
) -> None:
    box, book = visitor.mailbox(), Ledger()
    page = connected(visitor)
    catch_up(page, box, 0)
    async with Sending(place, book, box) as sending:
        for _ in range(2):
            os.kill(valkey_of(place), signal.SIGKILL)
            await sending.more(20)
            await asyncio.to_thread(wait_for, lambda: answers(place), "another Valkey")
        with stopped(keeper_of(place)):  # this time it stays away
            os.kill(valkey_of(place), signal.SIGKILL)
            await sending.more(20)
            sending.end()
            assert rows_told(await asyncio.to_thread(visitor.updates, box, 0))[-1] >= 60
    numbers = check_all_are_there(place, book, box)
    # The page has not asked, and no further mail comes: it is told because events have been lost.
    heard = await asyncio.to_thread(page.hear_until, partial(tells_of, numbers[-1]))
    assert sorted(set(rows_told(heard))) == numbers
    assert rows_told(visitor.updates(box, 0)) == numbers
    another = connected(visitor)
    assert rows_told(catch_up(another, box, numbers[4])) == numbers[5:]
    another.close()
    await hears_of_the_next(place, book, box, page, numbers[-1])


async def test_valkey_stopped_under_load_holds_up_no_mail_and_the_page_catches_up(
    place: Place, visitor: Visitor
) -> None:
    box, book = visitor.mailbox(), Ledger()
    page = connected(visitor)
    catch_up(page, box, 0)
    async with Sending(place, book, box) as sending:
        with stopped(valkey_of(place)):
            await sending.more(40)
            await asyncio.sleep(events.PATIENCE_SECONDS + 0.5)  # longer than an announcement waits
            assert len(rows_told(await asyncio.to_thread(visitor.updates, box, 0))) >= 40
        await sending.more(5)
    numbers = check_all_are_there(place, book, box)
    heard = await asyncio.to_thread(page.hear_until, partial(tells_of, numbers[-1]))
    assert sorted(set(rows_told(heard))) == numbers
    await hears_of_the_next(place, book, box, page, numbers[-1])


async def test_a_page_that_was_away_for_long_is_told_everything_over_its_socket(
    place: Place, visitor: Visitor
) -> None:
    box, book = visitor.mailbox(), Ledger()
    await ledger.attempt(place.smtp_port, [book.new(box, size_bytes=200) for _ in range(150)])
    page = connected(visitor)
    assert rows_told(catch_up(page, box, 0)) == check_all_are_there(place, book, box)
    page.close()


def check_all_are_there(place: Place, book: Ledger, box: Box) -> list[int]:
    """The ledger is right; the numbers of what is there."""
    found = place.read([box])
    book.check(found, [box])
    return found[box.id].numbers


async def hears_of_the_next(place: Place, book: Ledger, box: Box, page: Socket, number: int) -> None:
    """The page is told of more mail without having asked; and soon again at once, time after time."""
    at_once = 0
    async with asyncio.timeout(60):
        while at_once < 4:
            await ledger.attempt(place.smtp_port, [book.new(box)])
            began = time.monotonic()
            number += 1
            heard = await asyncio.to_thread(page.hear_until, partial(tells_of, number))
            assert set(rows_told(heard)) == {number}
            at_once = at_once + 1 if time.monotonic() - began < AT_ONCE_SECONDS else 0
    page.close()
