"""Storing mail: who may receive, and one transaction for all that is waiting.

What this module returns is what the sender is told: STORED only after a durable commit.
"""

import enum
import hashlib
import logging
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import Error as DatabaseError
from django.db import InterfaceError, OperationalError, transaction

from inbox import address_key, clock, presence, sealing, timers
from inbox.addresses import Address
from inbox.logs import fault
from inbox.mail import Summary
from inbox.models import Domain, Mailbox, Message, Policy, Source, SourceChunk

logger = logging.getLogger(__name__)

#: The names of RFC 5321 4.5.1 and RFC 2142 that every domain of ours has; staff read them.
STAFF_NAMES = frozenset({"postmaster", "abuse"})

#: A repeat is looked for this far back; and never closer, for two equal mails in a row are two.
REPEAT_WITHIN = timedelta(hours=1)
REPEAT_NOT_BEFORE = timedelta(seconds=2)


# -- who may receive -------------------------------------------------------------------------------


class Verdict(enum.Enum):
    """What RCPT is answered."""

    RECEIVES = enum.auto()
    OVER_QUOTA = enum.auto()
    UNKNOWN = enum.auto()  # never was, ended, erased: all alike
    FOREIGN_DOMAIN = enum.auto()
    NOT_NOW = enum.auto()  # it may receive again soon


@dataclass(frozen=True, slots=True)
class Recipient:
    """A mailbox as reception needs it. `lived` tells whether it was shown at RCPT."""

    mailbox_pk: int
    mailbox_id: str
    public_key: bytes
    tag: str = ""
    lived: bool = True


@dataclass(frozen=True, slots=True)
class Lookup:
    verdict: Verdict
    recipient: Recipient | None = None


def find_recipients(asked: Sequence[Address]) -> list[Lookup]:
    """The verdicts for all addresses asked, in their order: the same few reads whatever they are."""
    now, policy = clock.now(), Policy.current()
    held = presence.current_hold() is not None
    ours = set(
        Domain.objects.filter(name__in={address.domain for address in asked}).values_list("name", flat=True)
    )
    by_address = {
        mailbox.address: mailbox
        for mailbox in Mailbox.objects.filter(address__in={str(address) for address in asked})
    }
    staff = _staff_mailbox() if any(address.local_part in STAFF_NAMES for address in asked) else None
    return [
        Lookup(Verdict.FOREIGN_DOMAIN)
        if address.domain not in ours
        else _staff_lookup(staff, address)
        if address.local_part in STAFF_NAMES
        else _judge(by_address.get(str(address)), address, policy, now, held)
        for address in asked
    ]


def find_postmaster() -> Lookup:
    """The verdict for `RCPT TO:<postmaster>`, which needs no domain (RFC 5321 4.5.1)."""
    return _staff_lookup(_staff_mailbox(), Address("postmaster", ""))


def _staff_mailbox() -> Mailbox | None:
    return Mailbox.objects.filter(kind=Mailbox.Kind.STAFF).order_by("-pk").first()


def _staff_lookup(staff: Mailbox | None, address: Address) -> Lookup:
    if staff is None:
        return Lookup(Verdict.NOT_NOW)  # nobody has made the staff's key pair yet
    return Lookup(Verdict.RECEIVES, _recipient(staff, address, lived=True))


def _judge(mailbox: Mailbox | None, address: Address, policy: Policy, now: datetime, held: bool) -> Lookup:
    if mailbox is None:
        return Lookup(Verdict.UNKNOWN)
    lives = mailbox.expires_at > now
    if not lives:
        if held:
            return Lookup(Verdict.NOT_NOW)  # the clock is not believed, so neither is its end
        if not (policy.accepts_in_grace and mailbox.purge_at > now):
            return Lookup(Verdict.UNKNOWN)
    if mailbox.is_over_quota(policy):
        return Lookup(Verdict.OVER_QUOTA, _recipient(mailbox, address, lived=lives))
    return Lookup(Verdict.RECEIVES, _recipient(mailbox, address, lived=lives))


def _recipient(mailbox: Mailbox, address: Address, *, lived: bool) -> Recipient:
    return Recipient(mailbox.pk, mailbox.mailbox_id, bytes(mailbox.public_key), address.tag, lived)


# -- storing ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Incoming:
    """One message that waits to be stored. `received_at` is sealed into every box."""

    recipients: tuple[Recipient, ...]
    reverse_path: str
    source: sealing.SealedSource
    summary: Summary
    received_at: datetime
    body_digest: bytes | None = None


class Fate(enum.Enum):
    """What DATA is answered."""

    STORED = enum.auto()
    REPEATED = enum.auto()  # we have it already: its sender never saw our 250
    NO_MAILBOX = enum.auto()  # none of its recipients is left
    OVER_QUOTA = enum.auto()
    FAILED = enum.auto()  # our own fault: try again


@dataclass(frozen=True, slots=True)
class Stored:
    """One new row, and the revision it gave to its mailbox."""

    message_pk: int
    mailbox_id: str
    revision: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What happened to one message; `repeated` are the rows its recipients have had before."""

    fate: Fate
    stored: tuple[Stored, ...] = ()
    repeated: tuple[int, ...] = ()


def digest_body(pieces: Iterable[bytes | bytearray | memoryview]) -> bytes:
    """A keyed digest of the bytes after DATA, before our trace header is put in front of them."""
    digest = hashlib.blake2b(key=address_key.body_key(), digest_size=32)
    for piece in pieces:
        digest.update(piece)
    return digest.digest()


def store(batch: Sequence[Incoming]) -> list[Outcome]:
    """Store all in one transaction; each is told what happened to it. Raises nothing.

    A message that the database refuses fails alone: the rest are tried again one by one. A database
    that cannot be reached fails them all at once, for each try may wait as long as the first.
    """
    try:
        return _store_together(batch)
    except (OperationalError, InterfaceError) as error:
        logger.error("nothing can be stored: %s", fault(error))
        return [Outcome(Fate.FAILED)] * len(batch)
    except Exception as error:
        logger.error("a batch of %d failed: %s", len(batch), fault(error))
    if len(batch) == 1:
        return [Outcome(Fate.FAILED)]
    return [outcome for incoming in batch for outcome in store([incoming])]


@dataclass(slots=True)
class _Plan:
    """What one batch will write."""

    sources: list[Source] = field(default_factory=list)
    chunks: list[tuple[Source, list[bytes]]] = field(default_factory=list)
    messages: list[list[Message]] = field(default_factory=list)
    repeated: list[list[int]] = field(default_factory=list)
    touched: dict[int, Mailbox] = field(default_factory=dict)


def _store_together(batch: Sequence[Incoming]) -> list[Outcome]:
    policy = Policy.current()
    digests = _repeat_digests(batch)
    with transaction.atomic():
        mailboxes = Mailbox.objects.locked(
            recipient.mailbox_pk for incoming in batch for recipient in incoming.recipients
        )
        now = clock.now()
        known = _known_repeats(digests, now)
        plan = _Plan()
        fates = [_plan_one(incoming, mailboxes, policy, now, known, plan) for incoming in batch]
        _write(plan)
    return [
        Outcome(
            fate,
            tuple(Stored(message.pk, message.mailbox.mailbox_id, message.number) for message in messages),
            tuple(repeated),
        )
        for fate, messages, repeated in zip(fates, plan.messages, plan.repeated, strict=True)
    ]


def _repeat_digests(batch: Sequence[Incoming]) -> list[bytes]:
    return [
        _repeat_digest(recipient, incoming.body_digest)
        for incoming in batch
        if incoming.body_digest is not None
        for recipient in incoming.recipients
    ]


def _repeat_digest(recipient: Recipient, body_digest: bytes) -> bytes:
    return address_key.repeat_digest(f"{recipient.mailbox_id}+{recipient.tag}", body_digest)


def _known_repeats(digests: list[bytes], now: datetime) -> dict[bytes, int]:
    """The messages that these may be repeats of: their pks by digest."""
    if not digests:
        return {}
    known = Message.objects.with_repeat_digest(digests, now - REPEAT_WITHIN, now - REPEAT_NOT_BEFORE)
    return {
        bytes(digest): pk for digest, pk in known.values_list("repeat_digest", "pk") if digest is not None
    }


def _plan_one(
    incoming: Incoming,
    mailboxes: dict[int, Mailbox],
    policy: Policy,
    now: datetime,
    known: dict[bytes, int],
    plan: _Plan,
) -> Fate:
    """Decide for one message, and put what is to be written into the plan."""
    messages: list[Message] = []
    repeated: list[int] = []
    plan.messages.append(messages)
    plan.repeated.append(repeated)
    left = [
        recipient
        for recipient in incoming.recipients
        if (mailbox := mailboxes.get(recipient.mailbox_pk)) and (mailbox.purge_at > now)
    ]
    if not left:
        return Fate.NO_MAILBOX
    sole = len(incoming.recipients) == 1
    if sole and _is_full(mailboxes[left[0].mailbox_pk], policy):
        return Fate.OVER_QUOTA
    digests = {
        recipient.mailbox_pk: _repeat_digest(recipient, incoming.body_digest)
        for recipient in left
        if incoming.body_digest is not None
    }
    repeated += [known[digest] for digest in digests.values() if digest in known]
    fresh = [recipient for recipient in left if digests.get(recipient.mailbox_pk) not in known]
    if not fresh:
        return Fate.REPEATED
    source = _source_row(incoming.source, plan)
    for recipient in fresh:
        mailbox = mailboxes[recipient.mailbox_pk]
        message = _message_row(incoming, recipient, mailbox, source, digests.get(recipient.mailbox_pk))
        _count_in(mailbox, message, recipient, policy, now)
        plan.touched[mailbox.pk] = mailbox
        messages.append(message)
    return Fate.STORED


def _is_full(mailbox: Mailbox, policy: Policy) -> bool:
    """The staff mailbox never is: there the oldest makes room (retention)."""
    return mailbox.kind == Mailbox.Kind.PERSON and mailbox.is_over_quota(policy)


def _source_row(sealed: sealing.SealedSource, plan: _Plan) -> Source:
    source = Source(header=sealed.header, first_chunk=sealed.chunks[0], size_bytes=sealed.size_bytes)
    plan.sources.append(source)
    if len(sealed.chunks) > 1:
        plan.chunks.append((source, sealed.chunks))
    return source


def _message_row(
    incoming: Incoming, recipient: Recipient, mailbox: Mailbox, source: Source, digest: bytes | None
) -> Message:
    message_id = uuid.uuid4()
    binding = sealing.Binding(mailbox.public_id.bytes, message_id.bytes, incoming.received_at)
    summary: dict[str, object] = {**incoming.summary.to_json(), "tag": recipient.tag}
    return Message(
        public_id=message_id,
        mailbox=mailbox,
        source=source,
        number=mailbox.revision + 1,
        received_at=incoming.received_at,
        size_bytes=incoming.source.size_bytes,
        box=sealing.seal_box(recipient.public_key, binding, sealing.Contents(incoming.source.key, summary)),
        repeat_digest=digest,
    )


def _count_in(
    mailbox: Mailbox, message: Message, recipient: Recipient, policy: Policy, now: datetime
) -> None:
    """Revision, quota and timer move with the message. A stored message confirms the mailbox."""
    mailbox.revision += 1
    mailbox.message_count += 1
    mailbox.size_bytes += message.size_bytes
    if mailbox.kind == Mailbox.Kind.STAFF:
        return
    mailbox.provisional = False
    if recipient.lived or mailbox.expires_at > now:
        mailbox.last_message_at = now
        timers.set_ends(mailbox, policy)


def _write(plan: _Plan) -> None:
    Source.objects.bulk_create(plan.sources)
    for source, chunks in plan.chunks:
        for index, data in enumerate(
            chunks[1:], start=1
        ):  # one by one: a large message is never one statement
            SourceChunk.objects.create(source=source, index=index, data=data)
    for messages in plan.messages:
        for message in messages:
            message.source_id = message.source.pk
    Message.objects.bulk_create([message for messages in plan.messages for message in messages])
    for pk in sorted(plan.touched):
        mailbox = plan.touched[pk]
        mailbox.save(
            update_fields=["revision", "message_count", "size_bytes", *timers.END_FIELDS], force_update=True
        )


def forget_repeats(message_pks: Sequence[int]) -> None:
    """Drop the digests of messages whose sender has shown that it saw our 250."""
    try:
        Message.objects.filter(pk__in=list(message_pks)).update(repeat_digest=None)
    except DatabaseError as error:  # the sweep drops them within the hour
        logger.warning("repeat digests stay until the sweep: %s", fault(error))
