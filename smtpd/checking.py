"""When senders are checked: straight after the 250, from the plaintext that is still in memory.

Never in the way of mail. A message gets a place before it is sealed, or none, and keeps its share of the byte
budget for as long as it has one. What is not done three seconds after its commit, or finds no place, stays
"not checked". Never later, and never when somebody reads: the look-up would tell the sender.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from inbox.delivery import Checked
from inbox.logs import fault
from inbox.mail.senders import Checks
from inbox.resolver import Resolver
from smtpd import authentication, counters
from smtpd.authentication import Envelope
from smtpd.budget import Share
from smtpd.limits import MIB

log = logging.getLogger(__name__)

# From the commit to the end of the check, waiting included.
MOST_SECONDS = 3.0
# They wait for name servers most of the time.
THREADS = 8
# Messages that have a place: those that wait for their commit, for their turn, and for answers.
MOST_PLACES = 256
MOST_BYTES = 64 * MIB
# After a check, so many times the processor time it took passes before the next one begins: checks take a
# tenth of one processor at most, for they share it with reception.
REST_FACTOR = 9
# While reception is busy a check waits for a better moment, but not for ever.
_LOOK_SECONDS = 0.02
_WAITS_FOR_CALM_SECONDS = 0.5


@dataclass(eq=False, slots=True)
class Place:
    """Room for one message. Its bytes are held until `leave`, or until it has been checked."""

    checker: Checker
    share: Share
    size_bytes: int

    def check(self, envelope: Envelope, body: bytearray, message_pks: tuple[int, ...]) -> None:
        """Check it, beginning now: it has been stored. Empties its body in the end."""
        self.checker._queue(_Waiting(self, envelope, body, message_pks, time.monotonic() + MOST_SECONDS))

    def leave(self) -> None:
        """Give the room and the share back."""
        self.checker._leave(self)


@dataclass(eq=False, slots=True)
class _Waiting:
    place: Place
    envelope: Envelope
    body: bytearray
    message_pks: tuple[int, ...]
    deadline: float

    def end(self) -> None:
        self.body.clear()
        self.place.leave()


class Checker:
    """One for a process. `note` is called in the event loop with what was found; `is_busy` says whether mail
    waits for its commit, or did so a moment ago.
    """

    def __init__(
        self, resolver: Resolver, note: Callable[[Checked], None], is_busy: Callable[[], bool]
    ) -> None:
        self._resolver = resolver
        self._note = note
        self._is_busy = is_busy
        self._threads = ThreadPoolExecutor(THREADS, "checking")
        self._free = asyncio.Semaphore(THREADS)
        self._places = 0
        self._held_bytes = 0
        self._waiting: deque[_Waiting] = deque()
        self._work = asyncio.Event()
        self._rested_at = 0.0
        self._running: set[asyncio.Task[None]] = set()
        self._taking: asyncio.Task[None] | None = None
        self._has_ended = False

    def start(self) -> None:
        """Begin to check. Needs a running loop."""
        self._taking = asyncio.create_task(self._take())

    def place_for(self, share: Share, size_bytes: int) -> Place | None:
        """Room for a message of this size. None where so much waits, or the byte budget is so far spent, that
        there is no room, and where there is nobody to ask.
        """
        if (
            self._has_ended
            or not self._resolver.has_servers
            or self._places >= MOST_PLACES
            or self._held_bytes + size_bytes > MOST_BYTES
            or share.budget.is_half_spent
        ):
            counters.count("unchecked")
            return None
        self._places += 1
        self._held_bytes += size_bytes
        return Place(self, share, size_bytes)

    async def close(self) -> None:
        """Drop what waits and what runs, within moments."""
        self._has_ended = True
        self._resolver.end()
        if self._taking is not None:
            self._taking.cancel()
        while self._waiting:
            self._waiting.popleft().end()
        while self._running:
            await asyncio.wait(self._running)
        self._threads.shutdown()
        self._resolver.close()

    def _queue(self, waiting: _Waiting) -> None:
        if self._has_ended:
            waiting.end()
            return
        self._waiting.append(waiting)
        self._work.set()

    def _leave(self, place: Place) -> None:
        self._places -= 1
        self._held_bytes -= place.size_bytes
        place.share.release()

    async def _take(self) -> None:
        """Begin one check after the other."""
        while True:
            await self._work.wait()
            self._work.clear()
            while self._waiting:
                await self._free.acquire()
                await asyncio.sleep(max(0.0, self._rested_at - time.monotonic()))
                await self._calm()
                self._begin_next()

    async def _calm(self) -> None:
        calm_or_not_at = time.monotonic() + _WAITS_FOR_CALM_SECONDS
        while self._is_busy() and time.monotonic() < calm_or_not_at:
            await asyncio.sleep(_LOOK_SECONDS)

    def _begin_next(self) -> None:
        """The next one that still has time; the others are dropped."""
        while self._waiting:
            waiting = self._waiting.popleft()
            if waiting.deadline > time.monotonic():
                running = asyncio.create_task(self._run(waiting))
                self._running.add(running)
                running.add_done_callback(self._running.discard)
                return
            counters.count("unchecked")
            waiting.end()
        self._free.release()

    async def _run(self, waiting: _Waiting) -> None:
        loop = asyncio.get_running_loop()
        try:
            checks, cpu_seconds = await loop.run_in_executor(self._threads, self._check, waiting)
        except Exception as error:
            # The top of a task: whatever a message does to a library, the message is stored and stays.
            counters.count("check_failed")
            log.error("a sender could not be checked: %s", fault(error))
            checks, cpu_seconds = None, 0.0
        finally:
            self._free.release()
            waiting.end()
        self._rested_at = max(self._rested_at, time.monotonic()) + REST_FACTOR * cpu_seconds
        counters.count("unchecked" if checks is None else f"checked_{checks.verdict.value}")
        if checks is not None:
            self._note(Checked(waiting.message_pks, checks))

    def _check(self, waiting: _Waiting) -> tuple[Checks | None, float]:
        began_at = time.thread_time()
        checks = authentication.check(waiting.envelope, waiting.body, self._resolver, waiting.deadline)
        return checks, time.thread_time() - began_at
