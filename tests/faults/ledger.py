"""A load client that writes down each message and the reply it got, and the one rule for judging the end.

What got 250 is stored, byte for byte, once. What got no 250 is stored whole or not at all. Doubles only
where a 250 was lost on the way, and not even there if the sender waits two seconds before it repeats.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tests.faults.place import Box, Contents

#: A repeat is recognised from this age of the first copy on (design.md), and a little.
REPEAT_AFTER_SECONDS = 2.2


@dataclass(slots=True)
class Entry:
    """One message: to whom, what, and everything that was answered to its final dot."""

    boxes: tuple[Box, ...]
    body: bytes
    replies: list[str] = field(default_factory=list)  # "" for an attempt that ended without one
    seconds: float = 0.0  # how long the last answer took

    @property
    def acknowledged(self) -> int:
        """How many attempts got a 250."""
        return sum(reply.startswith("250") for reply in self.replies)

    @property
    def unanswered(self) -> int:
        """How many attempts sent all and heard nothing."""
        return self.replies.count("")


class Ledger:
    """All messages of a test."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def new(self, *boxes: Box, size_bytes: int = 2000) -> Entry:
        """A message like no other; beyond 1 MB of bytes that do not compress."""
        mark = secrets.token_hex(16)
        head = f"From: Ann <ann@sender.example>\r\nSubject: {mark}\r\n\r\n{mark}\r\n..dots\r\n.\r\r\n"
        filling = secrets.token_hex(max(0, size_bytes - len(head)) // 2 + 1)
        lines = "\r\n".join(filling[at : at + 76] for at in range(0, len(filling), 76))
        entry = Entry(boxes, f"{head}{lines}\r\n".encode())
        self.entries.append(entry)
        return entry

    @property
    def acknowledged(self) -> int:
        """How many messages got a 250."""
        return sum(entry.acknowledged > 0 for entry in self.entries)

    @property
    def unanswered(self) -> int:
        """How many attempts sent a whole message and heard nothing."""
        return sum(entry.unanswered for entry in self.entries)

    def check(
        self, found: Mapping[str, Contents], boxes: Iterable[Box], *, waited: bool = True
    ) -> Counter[str]:
        """Judge what a reader found. `waited`: repeats came two seconds later, so nothing may be double.

        Returns how many messages were stored with and without a 250.
        """
        stored = {box.id: Counter(found[box.id].bodies) for box in boxes}
        verdicts: Counter[str] = Counter()
        for entry in self.entries:
            copies = [stored[box.id].pop(entry.body, 0) for box in entry.boxes]
            assert len(set(copies)) == 1, f"stored for some of its recipients: {copies}, {entry.replies}"
            most = 1 if waited else min(1, entry.acknowledged) + entry.unanswered
            assert copies[0] <= most, f"{copies[0]} copies of a message that was answered {entry.replies}"
            if entry.acknowledged:
                assert copies[0] >= 1, f"lost: a message that was answered {entry.replies}"
            verdicts["acknowledged" if entry.acknowledged else "stored" if copies[0] else "not stored"] += 1
        strange = sum(sum(left.values()) for left in stored.values())
        assert not strange, f"{strange} stored messages are none that was sent: cut, or changed"
        for contents in found.values():
            check_counters(contents)
        return verdicts


def check_counters(contents: Contents) -> None:
    """Counters, numbers and the trace header fit what is stored."""
    assert not contents.damaged
    assert contents.message_count == len(contents.sources)
    assert contents.size_bytes == sum(map(len, contents.sources))
    # The confirmation of a visitor's first mailbox may have raised the revision before.
    first = contents.revision - len(contents.sources) + 1
    assert contents.numbers == list(range(first, contents.revision + 1))
    assert first in (1, 2)
    for source in contents.sources:
        assert source.startswith(b"Return-Path: <ann@sender.example>\r\nReceived: from load.example ")


# -- the client ------------------------------------------------------------------------------------


class Talk:
    """One SMTP session."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def begin(cls, port: int, source: str = "127.0.0.1") -> Talk:
        """Connect and greet. Raises OSError when nobody is there, or goes at once."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))
        talk = cls(reader, writer)
        await talk.reply()
        await talk.ask("EHLO load.example")
        return talk

    async def ask(self, line: str) -> str:
        self._writer.write(f"{line}\r\n".encode())
        return await self.reply()

    async def reply(self) -> str:
        """A whole reply. Raises ConnectionError when the other side is gone before its end."""
        while True:
            line = await self._reader.readline()
            if not line.endswith(b"\r\n"):
                raise ConnectionResetError
            if line[3:4] != b"-":
                return line.decode().rstrip("\r\n")

    async def send(self, entry: Entry, *, pipelining: bool = False) -> str:
        """One transaction; writes the answer to the dot into the ledger. Raises OSError.

        Nothing is written down for an attempt that was refused or broken off before its last byte was sent.
        """
        recipients = [f"RCPT TO:<{box.address}>" for box in entry.boxes]
        commands = ["MAIL FROM:<ann@sender.example>", *recipients, "DATA"]
        if pipelining:
            self._writer.write("".join(f"{command}\r\n" for command in commands).encode())
            answers = [await self.reply() for _ in commands]
        else:
            answers = [await self.ask(command) for command in commands]
        if not answers[-1].startswith("354"):
            return next(answer for answer in answers if not answer.startswith("250"))
        wire = entry.body.replace(b"\r\n.", b"\r\n..") + b".\r\n"
        began = time.monotonic()
        try:
            self._writer.write(wire)
            await self._writer.drain()
            reply = await self.reply()
        except OSError:
            entry.replies.append("")
            raise
        entry.replies.append(reply)
        entry.seconds = time.monotonic() - began
        return reply

    async def close(self, *, rudely: bool = False) -> None:
        """QUIT, unless rudely."""
        try:
            if not rudely:
                await self.ask("QUIT")
        except OSError:
            pass
        finally:
            self._writer.close()


async def deliver(
    port: int, entries: Sequence[Entry], *, senders: int = 8, give_up_after: float = 60.0
) -> None:
    """Send every entry until it has its 250; who heard nothing waits before it repeats (once is enough).

    Each sender keeps its session while that lasts, and every other one pipelines.
    """
    waiting: asyncio.Queue[tuple[float, Entry]] = asyncio.Queue()
    for entry in entries:
        waiting.put_nowait((0.0, entry))
    deadline = time.monotonic() + give_up_after
    left = len(entries)

    async def sender(number: int) -> None:
        nonlocal left
        talk: Talk | None = None
        while left:
            assert time.monotonic() < deadline, f"{left} messages could not be delivered"
            try:
                not_before, entry = waiting.get_nowait()
            except asyncio.QueueEmpty:
                await asyncio.sleep(0.01)
                continue
            if not_before > time.monotonic():
                waiting.put_nowait((not_before, entry))
                await asyncio.sleep(0.01)
                continue
            try:
                talk = talk or await Talk.begin(port)
                reply = await talk.send(entry, pipelining=number % 2 == 1)
            except OSError:
                talk, reply = None, ""
            if reply.startswith("250"):
                left -= 1
            else:
                assert not reply.startswith("5"), f"refused for good: {reply}"
                pause = REPEAT_AFTER_SECONDS if entry.replies else 0.02
                waiting.put_nowait((time.monotonic() + pause, entry))
        if talk is not None:
            await talk.close()

    async with asyncio.TaskGroup() as group:
        for number in range(senders):
            group.create_task(sender(number))


async def attempt(port: int, entries: Sequence[Entry], *, senders: int = 8) -> None:
    """Send every entry once, whatever comes of it; a session that breaks is followed by another."""
    waiting = list(entries)

    async def sender(number: int) -> None:
        talk: Talk | None = None
        while waiting:
            entry = waiting.pop(0)
            try:
                talk = talk or await Talk.begin(port)
                await talk.send(entry, pipelining=number % 2 == 1)
            except OSError:
                talk = None
                await asyncio.sleep(0.01)
        if talk is not None:
            await talk.close()

    async with asyncio.TaskGroup() as group:
        for number in range(senders):
            group.create_task(sender(number))
