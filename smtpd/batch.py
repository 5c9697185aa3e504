"""Group commit: the only writer of messages in its process.

It takes whatever has queued up while the last commit ran and commits that at once. Everybody who waits is
told what happened to their own message, after the commit. Whether they still listen makes no difference to
what is stored.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from inbox.delivery import Fate, Incoming, Outcome
from inbox.events import Change
from inbox.logs import fault
from smtpd import counters
from smtpd.limits import MIB

log = logging.getLogger(__name__)

# Counted in copies, one a recipient: each is sealed and is a row.
MOST_MESSAGES = 256
MOST_BYTES = 4 * MIB
# Making ready stops at the first message after this long: what is ready is committed, the rest comes next.
# Ordinary mail takes a tenth of a millisecond; 4 MB of mail that is made to be slow took 1.4 s.
PREPARE_SECONDS = 0.1
# The queue as a whole: beyond this a message is put off and not queued.
LONGEST_QUEUE_MESSAGES = 8192
# "Dropped within a second" (design.md): half of it to wait, half to get a turn.
FORGET_AFTER_SECONDS = 0.5
FORGET_AT_LEAST_EVERY_SECONDS = 60
FORGET_AT_ONCE = 500
#: What cannot be dropped for now is kept in mind up to so many, the newest.
MOST_TO_FORGET = 100_000

FAILED = Outcome(Fate.FAILED)


class QueueFull(Exception):
    """There is no room in the queue; the sender has to try again later."""


@dataclass(slots=True)
class _Waiting:
    prepare: Callable[[], Incoming]
    size_bytes: int
    copies: int
    outcome: asyncio.Future[Outcome]


class BatchWriter:
    """`store` is given messages, and the keys of those whose senders know that we have them; it and `forget`
    run in the writer's own thread, and `leave` when it ends; `announce` runs in the event loop after the
    commit, beside the next one.

    `rest_seconds`: how long to leave the database alone between two commits. SQLite's busy handler is not
    fair: without a rest, a page that wants to write waits up to two seconds behind reception (design.md).
    """

    def __init__(
        self,
        *,
        store: Callable[[Sequence[Incoming], Collection[int]], list[Outcome]],
        forget: Callable[[Sequence[int]], None],
        announce: Callable[[Sequence[Change]], Awaitable[None]],
        leave: Callable[[], None],
        rest_seconds: float,
        queue_bytes: int,
    ) -> None:
        self._store = store
        self._forget = forget
        self._announce = announce
        self._leave = leave
        self._rest_seconds = rest_seconds
        self._queue_bytes_limit = queue_bytes
        self._queue: deque[_Waiting] = deque()
        self._queue_bytes = 0
        self._to_forget: list[int] = []
        self._forget_is_due = False
        self._forget_pause = FORGET_AFTER_SECONDS
        self._asides: deque[tuple[str, Callable[[], Sequence[Change]]]] = deque()
        self._to_announce: list[Change] = []
        self._work = asyncio.Event()
        self._news = asyncio.Event()
        self._closing = False
        self._all_written = False
        self._thread = ThreadPoolExecutor(1, "batch")
        self._writing: asyncio.Task[None] | None = None
        self._telling: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to write. Needs a running loop."""
        self._writing = asyncio.create_task(self._write())
        self._telling = asyncio.create_task(self._tell())

    async def deliver(self, prepare: Callable[[], Incoming], size_bytes: int, copies: int = 1) -> Outcome:
        """Queue one message, for so many recipients, and wait for what became of it.

        `prepare` makes it ready in the writer's thread; when it raises, this message alone fails. Raises
        QueueFull.
        """
        queued_bytes = self._queue_bytes + size_bytes
        if len(self._queue) >= LONGEST_QUEUE_MESSAGES or (
            self._queue and queued_bytes > self._queue_bytes_limit
        ):
            raise QueueFull
        waiting = _Waiting(prepare, size_bytes, copies, asyncio.get_running_loop().create_future())
        self._queue.append(waiting)
        self._queue_bytes = queued_bytes
        self._work.set()
        return await waiting.outcome

    def forget_repeats(self, message_pks: Sequence[int]) -> None:
        """The sender knows that we have these: within a second they are no longer taken for repeats."""
        if not self._to_forget:
            asyncio.get_running_loop().call_later(FORGET_AFTER_SECONDS, self._make_forgetting_due)
        self._to_forget.extend(message_pks)

    def aside(self, name: str, write: Callable[[], Sequence[Change]]) -> None:
        """Run this in the writer's thread between two batches, and tell what it changed.

        Should it fail, that is counted under its name, and nothing else happens.
        """
        self._asides.append((name, write))
        self._work.set()

    async def close(self) -> None:
        """Write what has queued up, tell, and end."""
        self._closing = True
        self._work.set()
        if self._writing is not None and self._telling is not None:
            await self._writing
            self._all_written = True
            self._news.set()
            await self._telling
        await asyncio.get_running_loop().run_in_executor(self._thread, self._leave)
        self._thread.shutdown()

    def _make_forgetting_due(self) -> None:
        self._forget_is_due = True
        self._work.set()

    async def _write(self) -> None:
        while True:
            await self._work.wait()
            self._work.clear()
            if self._queue:
                await self._commit(self._next_batch())
            if self._has_to_forget():
                await self._forget_some()
            if self._asides:
                await self._write_aside(*self._asides.popleft())
            if self._queue or self._asides or self._has_to_forget():
                self._work.set()
            elif self._closing:
                return
            if self._rest_seconds and not self._closing:
                await asyncio.sleep(self._rest_seconds)

    def _has_to_forget(self) -> bool:
        return self._forget_is_due or (self._closing and bool(self._to_forget))

    def _next_batch(self) -> list[_Waiting]:
        """Up to 256 copies or 4 MB; a larger message goes alone."""
        batch = [self._queue.popleft()]
        size_bytes, copies = batch[0].size_bytes, batch[0].copies
        while (
            self._queue
            and copies + self._queue[0].copies <= MOST_MESSAGES
            and size_bytes + self._queue[0].size_bytes <= MOST_BYTES
        ):
            batch.append(self._queue.popleft())
            size_bytes += batch[-1].size_bytes
            copies += batch[-1].copies
        self._queue_bytes -= size_bytes
        return batch

    async def _commit(self, batch: list[_Waiting]) -> None:
        loop = asyncio.get_running_loop()
        prepares = [waiting.prepare for waiting in batch]
        # Their digests are still there for a moment, but what is equal to them is meant as another one.
        acknowledged = frozenset(self._to_forget)
        try:
            outcomes = await loop.run_in_executor(
                self._thread, self._prepare_and_store, prepares, acknowledged
            )
        except Exception as error:
            # The top of a task: whatever it was, nobody gets a 250, and the writer goes on.
            counters.count("batch_failed")
            log.error("a batch of %d failed: %s", len(batch), fault(error))
            outcomes = [FAILED] * len(batch)
        self._put_back(batch[len(outcomes) :])
        for waiting, outcome in zip(batch, outcomes, strict=False):
            if not waiting.outcome.done():
                waiting.outcome.set_result(outcome)
            self._to_announce.extend(outcome.stored)
        if self._to_announce:
            self._news.set()

    def _put_back(self, late: list[_Waiting]) -> None:
        """To the head of the queue, in their order."""
        self._queue.extendleft(reversed(late))
        self._queue_bytes += sum(waiting.size_bytes for waiting in late)

    def _prepare_and_store(
        self, prepares: list[Callable[[], Incoming]], acknowledged: Collection[int]
    ) -> list[Outcome]:
        """What became of those that could be made ready in time: of the first one at least."""
        outcomes: list[Outcome] = []
        ready: list[Incoming] = []
        places: list[int] = []
        enough_at = time.monotonic() + PREPARE_SECONDS
        for place, prepare in enumerate(prepares):
            if place and time.monotonic() >= enough_at:
                break
            outcomes.append(FAILED)
            try:
                ready.append(prepare())
            except Exception as error:
                counters.count("prepare_failed")
                log.error("a message could not be prepared: %s", fault(error))
                continue
            places.append(place)
        for place, outcome in zip(places, self._store(ready, acknowledged) if ready else [], strict=True):
            outcomes[place] = outcome
        return outcomes

    async def _forget_some(self) -> None:
        known, self._to_forget = self._to_forget[:FORGET_AT_ONCE], self._to_forget[FORGET_AT_ONCE:]
        self._forget_is_due = bool(self._to_forget)
        try:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._forget, known)
        except Exception as error:
            counters.count("forget_failed")
            log.warning("repeat digests could not be dropped: %s", fault(error))
            if self._closing:  # the sweep drops them within the hour
                self._to_forget = []
                return
            # Their senders know all the same: what is equal to these is still another message.
            self._to_forget = (known + self._to_forget)[-MOST_TO_FORGET:]
            self._forget_is_due = False
            self._forget_pause = min(2 * self._forget_pause, FORGET_AT_LEAST_EVERY_SECONDS)
            asyncio.get_running_loop().call_later(self._forget_pause, self._make_forgetting_due)
            return
        self._forget_pause = FORGET_AFTER_SECONDS

    async def _write_aside(self, name: str, write: Callable[[], Sequence[Change]]) -> None:
        try:
            changed = await asyncio.get_running_loop().run_in_executor(self._thread, write)
        except Exception as error:
            counters.count(f"{name}_failed")
            log.warning("%s could not be written: %s", name, fault(error))
            return
        if changed:
            self._to_announce.extend(changed)
            self._news.set()

    async def _tell(self) -> None:
        """One announcement at a time: while the channel layer is slow, what is new leaves together."""
        while self._to_announce or not self._all_written:
            await self._news.wait()
            self._news.clear()
            news, self._to_announce = self._to_announce, []
            try:
                await self._announce(news)
            except Exception as error:
                counters.count("announce_failed")
                log.warning("an announcement failed: %s", fault(error))
