"""The decisions: what MAIL, RCPT and a whole message are answered.

The session knows the wire and the limits of a session; here is what depends on policy, database and disk. A
fault of ours is never a refusal: the sender is asked to come again (451, 452), and what went wrong is
counted and logged without a word of the mail.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime

from inbox import addresses, clock, delivery, mail, sealing
from inbox.delivery import Fate, Incoming, Lookup, Outcome, Recipient, Verdict
from inbox.logs import fault
from inbox.notices import Reason, Refusal
from smtpd import counters, replies, trace
from smtpd.authentication import Envelope
from smtpd.batch import BatchWriter, QueueFull
from smtpd.budget import Share
from smtpd.checking import Checker, Place
from smtpd.conditions import Conditions
from smtpd.limits import KIB, MIB
from smtpd.paths import Path
from smtpd.recipients import SharedLookup
from smtpd.replies import Reply

log = logging.getLogger(__name__)

# A larger message is sealed outside the batch, two at a time: 25 MB cost twice that while they are sealed.
LARGE_BYTES = 4 * MIB
MOST_LARGE_AT_ONCE = 2
# With more messages than this between their dot and their commit, nothing else is begun, nor for a while
# after: the sessions of a burst are all answered at once, and their next messages are on the way.
BUSY_ARRIVALS = 1
BUSY_SECONDS = 0.03
# A smaller one is sealed in the batch writer's thread: a hop to another thread costs more than the sealing.
SMALL_BYTES = 64 * KIB
# How long a lookup and a commit may take until the sender is asked to come again. RFC 5321 4.5.3.2.6: it
# waits ten minutes for the answer to the dot.
LOOKUP_SECONDS = 60
COMMIT_SECONDS = 300

# `None` stands for the bare `<postmaster>` of RFC 5321 4.5.1.
Asked = addresses.Address | None


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message that was read to its end. `body` is emptied when it has been sealed and checked."""

    origin: trace.Origin
    reverse_path: str
    smtputf8: bool
    recipients: tuple[Recipient, ...]
    body: bytearray
    share: Share


@dataclass(frozen=True, slots=True)
class Announced:
    """What MAIL said of the message to come: whom it is from, and how large it is, if it said so."""

    reverse_path: str
    size_bytes: int | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What the final dot is answered, and what was stored."""

    reply: Reply
    message_pks: tuple[int, ...] = ()


def find_recipients(asked: Sequence[Asked]) -> list[Lookup]:
    """delivery.find_recipients, for the bare postmaster too. Blocks."""
    answers = iter(delivery.find_recipients([address for address in asked if address is not None]))
    return [delivery.find_postmaster() if address is None else next(answers) for address in asked]


class Reception:
    """One for all sessions of a process."""

    def __init__(
        self,
        *,
        lookup: SharedLookup[Asked, Lookup],
        writer: BatchWriter,
        conditions: Conditions,
        checker: Checker,
        note_refusal: Callable[[Refusal], None],
        sealing_executor: Executor,
        host_name: str,
    ) -> None:
        self._lookup = lookup
        self._writer = writer
        self._conditions = conditions
        self._checker = checker
        self._note_refusal = note_refusal
        self._executor = sealing_executor
        self._large = asyncio.Semaphore(MOST_LARGE_AT_ONCE)
        self._arrivals: set[asyncio.Task[Answer]] = set()
        self._busy_until = 0.0
        self.host_name = host_name

    @property
    def is_busy(self) -> bool:
        """Several messages wait for their commit, or did so a moment ago."""
        return len(self._arrivals) > BUSY_ARRIVALS or time.monotonic() < self._busy_until

    @property
    def largest_source_bytes(self) -> int:
        """What SIZE says and DATA is held to."""
        return self._conditions.largest_source_bytes

    def mail(self) -> Reply:
        """MAIL. A SIZE over the limit is answered at RCPT, where it is known whom to tell of it."""
        if self._conditions.disk_is_short:
            return replies.NO_ROOM
        return replies.SENDER_OK

    async def recipient(self, path: Path, announced: Announced) -> tuple[Reply, Recipient | None]:
        """RCPT: the reply, and who receives if somebody does."""
        if path.is_routed or path.is_literal:
            return replies.FOREIGN_DOMAIN, None
        if path.is_quoted:
            # No mailbox of ours has a name that needs quotes; and unquoting is how filters are fooled.
            return replies.NO_MAILBOX, None
        try:
            asked = addresses.parse(path.address) if path.domain else None
        except addresses.AddressError:
            return replies.NO_MAILBOX, None
        try:
            async with asyncio.timeout(LOOKUP_SECONDS):
                lookup = await self._lookup.ask(asked)
        except Exception as error:
            return self.failed(error), None
        if lookup.recipient is not None:
            reason = self._refusal_of(lookup, announced)
            if reason is None:
                return replies.RECIPIENT_OK, lookup.recipient
            self._refused([lookup.recipient], reason, announced.reverse_path, announced.size_bytes)
            return _REFUSAL_REPLIES[reason], None
        return _RCPT_REPLIES[lookup.verdict], None

    def too_large(self, recipients: Sequence[Recipient], reverse_path: str, size_bytes: int) -> None:
        """The final dot was answered 552."""
        self._refused(recipients, Reason.TOO_LARGE, reverse_path, size_bytes)

    def data(self) -> Reply:
        """DATA, before anything is read: 354, or why not now."""
        return replies.NO_ROOM if self._conditions.disk_is_short else replies.START_DATA

    async def message(self, arrival: Arrival) -> Answer:
        """The final dot: seal, queue, wait for the commit. Goes on when the session is cancelled."""
        task = asyncio.create_task(self._receive(arrival))
        self._arrivals.add(task)
        task.add_done_callback(self._arrived)
        try:
            async with asyncio.timeout(COMMIT_SECONDS):
                return await asyncio.shield(task)
        except TimeoutError:
            counters.count("commit_timed_out")
            return Answer(replies.FAILED)

    def _arrived(self, task: asyncio.Task[Answer]) -> None:
        if len(self._arrivals) > BUSY_ARRIVALS:
            self._busy_until = time.monotonic() + BUSY_SECONDS
        self._arrivals.discard(task)

    def knows(self, message_pks: Sequence[int]) -> None:
        """The client has shown that it saw our 250 for these."""
        self._writer.forget_repeats(message_pks)

    def failed(self, error: Exception) -> Reply:
        """What a fault of ours is answered; counted, and logged without its text."""
        counters.count("fault")
        log.error("a fault was answered 451: %s", fault(error))
        return replies.FAILED

    async def finish(self) -> None:
        """Wait for all that was read to its end."""
        while self._arrivals:
            await asyncio.wait(self._arrivals)

    def _refusal_of(self, lookup: Lookup, announced: Announced) -> Reason | None:
        if announced.size_bytes is not None and announced.size_bytes > self.largest_source_bytes:
            return Reason.TOO_LARGE
        return Reason.OVER_QUOTA if lookup.verdict is Verdict.OVER_QUOTA else None

    def _refused(
        self, recipients: Sequence[Recipient], reason: Reason, reverse_path: str, size_bytes: int | None
    ) -> None:
        """Whoever looks at these mailboxes is told in a moment."""
        now = clock.now()
        for recipient in recipients:
            if recipient.lived:
                self._note_refusal(
                    Refusal(
                        recipient.mailbox_pk,
                        recipient.mailbox_id,
                        recipient.public_key,
                        reverse_path,
                        reason,
                        size_bytes,
                        now,
                    )
                )

    async def _receive(self, arrival: Arrival) -> Answer:
        trace_id = trace.new_trace_id()
        size_bytes = len(arrival.body)
        place = self._checker.place_for(arrival.share, size_bytes)
        outcome = None
        try:
            outcome = await self._deliver(arrival, trace_id, size_bytes, empty=place is None)
        except QueueFull:
            counters.count("queue_full")
            return Answer(replies.NO_ROOM)
        except Exception as error:
            return Answer(self.failed(error))
        finally:
            self._settle(arrival, place, outcome)
        log.info(
            "%s: id=%s size=%d recipients=%d",
            outcome.fate.name.lower(),
            trace_id,
            size_bytes,
            len(arrival.recipients),
        )
        if outcome.fate is Fate.OVER_QUOTA:
            self._refused(arrival.recipients, Reason.OVER_QUOTA, arrival.reverse_path, size_bytes)
        return await self._answer(outcome, trace_id)

    def _settle(self, arrival: Arrival, place: Place | None, outcome: Outcome | None) -> None:
        """What is new and has a place is checked; of all else nothing is held any longer."""
        if place is None:
            arrival.share.release()
        elif outcome is None or not outcome.stored:
            arrival.body.clear()
            place.leave()
        else:
            envelope = Envelope(arrival.origin.peer_address, arrival.origin.helo, arrival.reverse_path)
            place.check(envelope, arrival.body, tuple(stored.message_pk for stored in outcome.stored))

    async def _deliver(self, arrival: Arrival, trace_id: str, size_bytes: int, *, empty: bool) -> Outcome:
        received_at = clock.now()
        header = trace.trace_header(
            origin=arrival.origin,
            reverse_path=arrival.reverse_path,
            smtputf8=arrival.smtputf8,
            trace_id=trace_id,
            host_name=self.host_name,
            received_at=received_at,
        )

        def prepare() -> Incoming:
            return seal(arrival, header, received_at, empty=empty)

        if size_bytes <= SMALL_BYTES:
            return await self._writer.deliver(prepare, size_bytes, len(arrival.recipients))
        loop = asyncio.get_running_loop()
        if size_bytes <= LARGE_BYTES:
            sealed = await loop.run_in_executor(self._executor, prepare)
        else:
            async with self._large:
                sealed = await loop.run_in_executor(self._executor, prepare)
        return await self._writer.deliver(lambda: sealed, size_bytes, len(arrival.recipients))

    async def _answer(self, outcome: Outcome, trace_id: str) -> Answer:
        if outcome.fate in (Fate.STORED, Fate.REPEATED):
            message_pks = (*(stored.message_pk for stored in outcome.stored), *outcome.repeated)
            return Answer(replies.stored(trace_id), message_pks)
        if outcome.fate is Fate.FAILED:
            # A full disk fails like anything else; who is told so can tell its operator.
            await self._conditions.refresh()
            return Answer(replies.NO_ROOM if self._conditions.disk_is_short else replies.FAILED)
        return Answer(replies.NO_MAILBOX if outcome.fate is Fate.NO_MAILBOX else replies.OVER_QUOTA)


_REFUSAL_REPLIES = {
    Reason.TOO_LARGE: replies.TOO_LARGE,
    Reason.OVER_QUOTA: replies.OVER_QUOTA,
}
_RCPT_REPLIES = {
    Verdict.UNKNOWN: replies.NO_MAILBOX,
    Verdict.FOREIGN_DOMAIN: replies.FOREIGN_DOMAIN,
    Verdict.NOT_NOW: replies.NOT_NOW,
}


def seal(arrival: Arrival, header: bytes, received_at: datetime, *, empty: bool) -> Incoming:
    """Digest, summary and sealed source of one message; may empty its body. Takes CPU, for a thread."""
    body = arrival.body
    body_digest = delivery.digest_body([body])
    summary = mail.summarise(body)
    with memoryview(body) as view:
        source = sealing.seal_source([header, view])
    if empty:
        body.clear()
    return Incoming(
        recipients=arrival.recipients,
        reverse_path=arrival.reverse_path,
        source=source,
        summary=summary,
        received_at=received_at,
        body_digest=body_digest,
    )
