"""Storing mail: who may receive, and one transaction for all that is waiting.

What this module returns is what the sender is told: STORED only after a durable commit.
"""

import enum
import hashlib
import logging
import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple, cast

from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import Field

from inbox import address_key, clock, presence, sealing, timers
from inbox.addresses import Address
from inbox.logs import fault
from inbox.mail import Summary
from inbox.mail.senders import Checks
from inbox.models import Domain, Mailbox, Message, Policy, Source, SourceChunk
from inbox.models.message import MessageQuerySet

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
    """The verdicts for all addresses asked, in their order; those who ask together share the reads.

    A living mailbox costs one read, and proves its domain. What is not found living takes two more,
    the same ones whether it ended, was erased or never was.
    """
    now, policy = clock.now(), Policy.current()
    by_address = {
        candidate.address: candidate
        for candidate in map(_Candidate._make, _candidates({str(address) for address in asked}))
    }
    staff = _staff_mailbox() if any(address.local_part in STAFF_NAMES for address in asked) else None
    held, ours = False, frozenset[str]()
    if not all(_lives(by_address.get(str(address)), now) for address in asked):
        held = presence.current_hold() is not None
        names = {address.domain for address in asked}
        ours = frozenset(Domain.objects.filter(name__in=names).values_list("name", flat=True))
    return [
        _judge(found, address, policy, now, held)
        if (found := by_address.get(str(address))) is not None
        else Lookup(Verdict.FOREIGN_DOMAIN)
        if address.domain not in ours
        else _staff_lookup(staff, address)
        if address.local_part in STAFF_NAMES
        else Lookup(Verdict.UNKNOWN)
        for address in asked
    ]


class _Candidate(NamedTuple):
    """The columns of a mailbox that decide about RCPT."""

    address: str
    pk: int
    public_id: uuid.UUID
    public_key: bytes
    created_at: datetime
    expires_at: datetime
    purge_at: datetime
    message_count: int
    size_bytes: int


def _candidates(addresses: set[str]) -> Iterable[tuple[Any, ...]]:
    return Mailbox.objects.filter(address__in=addresses).values_list(*_Candidate._fields)


def _lives(found: _Candidate | None, now: datetime) -> bool:
    return found is not None and found.expires_at > now


def find_postmaster() -> Lookup:
    """The verdict for `RCPT TO:<postmaster>`, which needs no domain (RFC 5321 4.5.1)."""
    return _staff_lookup(_staff_mailbox(), Address("postmaster", ""))


def _staff_mailbox() -> Mailbox | None:
    return Mailbox.objects.filter(kind=Mailbox.Kind.STAFF).order_by("-pk").first()


def _staff_lookup(staff: Mailbox | None, address: Address) -> Lookup:
    if staff is None:
        return Lookup(Verdict.NOT_NOW)  # nobody has made the staff's key pair yet
    recipient = Recipient(staff.pk, staff.mailbox_id, bytes(staff.public_key), address.tag)
    return Lookup(Verdict.RECEIVES, recipient)


def _judge(found: _Candidate, address: Address, policy: Policy, now: datetime, held: bool) -> Lookup:
    lives = found.expires_at > now
    if not lives:
        if held:
            return Lookup(Verdict.NOT_NOW)  # the clock is not believed, so neither is its end
        comes_back = found.purge_at > now and found.created_at + policy.greatest_age > now
        if not (policy.accepts_in_grace and comes_back):
            return Lookup(Verdict.UNKNOWN)
    is_full = policy.is_exceeded_by(found.message_count, found.size_bytes)
    recipient = Recipient(found.pk, found.public_id.hex, bytes(found.public_key), address.tag, lives)
    return Lookup(Verdict.OVER_QUOTA if is_full else Verdict.RECEIVES, recipient)


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
    """One row that is new or changed, and the revision it gave to its mailbox."""

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


def store(batch: Sequence[Incoming], acknowledged: Collection[int] = frozenset()) -> list[Outcome]:
    """Store all in one transaction; each is told what happened to it. Raises nothing.

    `acknowledged` are messages whose sender has shown that it saw our 250: nothing is a repeat of these.

    A message that the database refuses fails alone: the rest are tried again one by one. A database
    that cannot be reached fails them all at once, for each try may wait as long as the first.
    """
    try:
        return _store_together(batch, acknowledged)
    except (OperationalError, InterfaceError) as error:
        logger.error("nothing can be stored: %s", fault(error))
        return [Outcome(Fate.FAILED)] * len(batch)
    except Exception as error:
        logger.error("a batch of %d failed: %s", len(batch), fault(error))
    if len(batch) == 1:
        return [Outcome(Fate.FAILED)]
    return [outcome for incoming in batch for outcome in store([incoming], acknowledged)]


@dataclass(slots=True)
class _Plan:
    """What one batch will write."""

    sources: list[Source] = field(default_factory=list)
    chunks: list[tuple[Source, list[bytes]]] = field(default_factory=list)
    messages: list[list[Message]] = field(default_factory=list)
    repeated: list[list[int]] = field(default_factory=list)
    touched: dict[int, Mailbox] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Copy:
    """A message for one recipient, sealed and named."""

    recipient: Recipient
    message_id: uuid.UUID
    box: bytes
    repeat_digest: bytes | None


def _store_together(batch: Sequence[Incoming], acknowledged: Collection[int]) -> list[Outcome]:
    policy = Policy.current()
    # Sealed before the transaction, which is SQLite's write lock: others write meanwhile.
    copies = [[_seal(incoming, recipient) for recipient in incoming.recipients] for incoming in batch]
    digests = [copy.repeat_digest for each in copies for copy in each if copy.repeat_digest is not None]
    with transaction.atomic():
        mailboxes = Mailbox.objects.locked(
            recipient.mailbox_pk for incoming in batch for recipient in incoming.recipients
        )
        now = clock.now()
        known = _known_repeats(digests, now, acknowledged)
        plan = _Plan()
        fates = [
            _plan_one(incoming, sealed, mailboxes, policy, now, known, plan)
            for incoming, sealed in zip(batch, copies, strict=True)
        ]
        _write(plan)
    return [
        Outcome(
            fate,
            tuple(Stored(message.pk, message.mailbox.mailbox_id, message.number) for message in messages),
            tuple(repeated),
        )
        for fate, messages, repeated in zip(fates, plan.messages, plan.repeated, strict=True)
    ]


def _seal(incoming: Incoming, recipient: Recipient) -> _Copy:
    message_id = uuid.uuid4()
    mailbox_id = uuid.UUID(hex=recipient.mailbox_id)
    binding = sealing.Binding(mailbox_id.bytes, message_id.bytes, incoming.received_at)
    summary: dict[str, object] = {**incoming.summary.to_json(), "tag": recipient.tag}
    contents = sealing.Contents(incoming.source.key, summary)
    digest = None
    if incoming.body_digest is not None:
        digest = address_key.repeat_digest(f"{recipient.mailbox_id}+{recipient.tag}", incoming.body_digest)
    return _Copy(recipient, message_id, sealing.seal_box(recipient.public_key, binding, contents), digest)


def _known_repeats(digests: list[bytes], now: datetime, acknowledged: Collection[int]) -> dict[bytes, int]:
    """The messages that these may be repeats of: their pks by digest."""
    if not digests:
        return {}
    known = Message.objects.with_repeat_digest(digests, now - REPEAT_WITHIN, now - REPEAT_NOT_BEFORE)
    return {
        bytes(digest): pk
        for digest, pk in known.values_list("repeat_digest", "pk")
        if digest is not None and pk not in acknowledged
    }


def _plan_one(
    incoming: Incoming,
    copies: Sequence[_Copy],
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
    there = [copy for copy in copies if copy.recipient.mailbox_pk in mailboxes]
    left = [copy for copy in there if _takes_mail(mailboxes[copy.recipient.mailbox_pk], policy, now)]
    if len(left) < len(there) and presence.current_hold() is not None:
        # As at RCPT: what is not erased may receive again. A 250 for the others would lose its copy.
        return Fate.FAILED
    if not left:
        return Fate.NO_MAILBOX
    repeated += [known[copy.repeat_digest] for copy in left if copy.repeat_digest in known]
    fresh = [copy for copy in left if copy.repeat_digest not in known]
    if not fresh:
        return Fate.REPEATED
    if len(copies) == 1 and _is_full(mailboxes[fresh[0].recipient.mailbox_pk], policy):
        return Fate.OVER_QUOTA
    source = _source_row(incoming.source, plan)
    for copy in fresh:
        mailbox = mailboxes[copy.recipient.mailbox_pk]
        _count_in(mailbox, incoming, copy.recipient, policy, now)
        plan.touched[mailbox.pk] = mailbox
        messages.append(_message_row(incoming, copy, mailbox, source))
    return Fate.STORED


def _takes_mail(mailbox: Mailbox, policy: Policy, now: datetime) -> bool:
    """It lives, or can be shown again: what is past the greatest age would keep mail that nobody reads."""
    return mailbox.expires_at > now or (
        mailbox.purge_at > now and mailbox.created_at + policy.greatest_age > now
    )


def _is_full(mailbox: Mailbox, policy: Policy) -> bool:
    """The staff mailbox never is: there the oldest makes room (retention)."""
    return mailbox.kind == Mailbox.Kind.PERSON and mailbox.is_over_quota(policy)


def _source_row(sealed: sealing.SealedSource, plan: _Plan) -> Source:
    source = Source(header=sealed.header, first_chunk=sealed.chunks[0], size_bytes=sealed.size_bytes)
    plan.sources.append(source)
    if len(sealed.chunks) > 1:
        plan.chunks.append((source, sealed.chunks))
    return source


def _message_row(incoming: Incoming, copy: _Copy, mailbox: Mailbox, source: Source) -> Message:
    return Message(
        public_id=copy.message_id,
        mailbox=mailbox,
        source=source,
        number=mailbox.revision,
        received_at=incoming.received_at,
        size_bytes=incoming.source.size_bytes,
        box=copy.box,
        repeat_digest=copy.repeat_digest,
    )


def _count_in(
    mailbox: Mailbox, incoming: Incoming, recipient: Recipient, policy: Policy, now: datetime
) -> None:
    """Revision, quota and timer move with the message. A stored message confirms the mailbox."""
    mailbox.revision += 1
    mailbox.message_count += 1
    mailbox.size_bytes += incoming.source.size_bytes
    if mailbox.kind == Mailbox.Kind.STAFF:
        return
    mailbox.provisional = False
    if recipient.lived or mailbox.expires_at > now:
        mailbox.last_message_at = now
        timers.set_ends(mailbox, policy)


def _write(plan: _Plan) -> None:
    Source.objects.bulk_create(plan.sources)
    for source, chunks in plan.chunks:
        for index, data in enumerate(chunks[1:], start=1):  # a large message is never one statement
            SourceChunk.objects.create(source=source, index=index, data=data)
    for messages in plan.messages:
        for message in messages:
            message.source_id = message.source.pk
    Message.objects.bulk_create([message for messages in plan.messages for message in messages])
    _update([plan.touched[pk] for pk in sorted(plan.touched)])


#: What a message changes in its mailbox's row.
_MOVED_FIELDS = ("revision", "message_count", "size_bytes", *timers.END_FIELDS)


def _update(mailboxes: Sequence[Mailbox]) -> None:
    """Write the moved columns of all rows with one prepared statement: `save()` costs ten times as much."""
    if not mailboxes:
        return
    fields = [cast("Field[Any, Any]", Mailbox._meta.get_field(name)) for name in _MOVED_FIELDS]
    quote = connection.ops.quote_name
    columns = ", ".join(f"{quote(str(field.column))} = %s" for field in fields)
    statement = f"UPDATE {quote(Mailbox._meta.db_table)} SET {columns} WHERE {quote('id')} = %s"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.executemany(
            statement,
            [
                [
                    *(
                        field.get_db_prep_save(getattr(mailbox, field.attname), connection)
                        for field in fields
                    ),
                    mailbox.pk,
                ]
                for mailbox in mailboxes
            ],
        )


def forget_repeats(message_pks: Sequence[int]) -> None:
    """Drop the digests of messages whose sender has shown that it saw our 250. Raises DatabaseError."""
    with transaction.atomic():
        drop_repeat_digests(message_pks)


def drop_repeat_digests(message_pks: Sequence[int]) -> int:
    """Drop the digests of these messages, inside the caller's transaction; of how many.

    Their mailboxes are locked first, as by every writer: else this and a deletion of the same messages may
    each wait for what the other holds.
    """
    messages = Message.objects.filter(pk__in=list(message_pks))
    Mailbox.objects.locked(set(messages.values_list("mailbox_id", flat=True)))
    return messages.update(repeat_digest=None)


# -- what is found out afterwards ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found out about the sender of one message, for each of its rows."""

    message_pks: tuple[int, ...]
    checks: Checks


def add_checks(checked: Sequence[Checked]) -> list[Stored]:
    """Put these into their rows, each with a revision of its own; the changes are to be announced.

    A row that is gone by now is none, and raises nothing.
    """
    checks_of = {pk: each.checks for each in checked for pk in each.message_pks}
    sealed = [
        (
            place,
            sealing.seal_values(
                place.public_key, sealing.Purpose.CHECKS, place.binding, checks_of[place.message_pk].to_json()
            ),
        )
        for place in _places(checks_of)
    ]
    return _revise("checks_box", sealed, Message.objects.all())


def replace_summary(
    message_pk: int, known_box: bytes, content_key: bytes, summary: Summary, tag: str
) -> list[Stored]:
    """Seal a message's summary anew, under a revision of its own; the change is to be announced.

    Does nothing, and raises nothing, where the row is gone or deleted by now, or its box is no longer
    `known_box`: another reader was first.
    """
    contents = sealing.Contents(content_key, {**summary.to_json(), "tag": tag})
    sealed = [
        (place, sealing.seal_box(place.public_key, place.binding, contents))
        for place in _places([message_pk])
    ]
    return _revise("box", sealed, Message.objects.filter(deleted_at=None, box=known_box))


class _Place(NamedTuple):
    """A message's row, and what seals to it there."""

    message_pk: int
    mailbox_pk: int
    public_key: bytes
    binding: sealing.Binding


def _places(message_pks: Collection[int]) -> list[_Place]:
    """Those that are there, in no order."""
    found = Message.objects.filter(pk__in=list(message_pks)).values_list(
        "pk", "mailbox_id", "mailbox__public_key", "mailbox__public_id", "public_id", "received_at"
    )
    return [
        _Place(
            pk,
            mailbox_pk,
            bytes(public_key),
            sealing.Binding(mailbox_id.bytes, message_id.bytes, received_at),
        )
        for pk, mailbox_pk, public_key, mailbox_id, message_id, received_at in found
    ]


def _revise(column: str, sealed: Sequence[tuple[_Place, bytes]], among: MessageQuerySet) -> list[Stored]:
    """Write the boxes into a column of those rows that are still `among` these, each with a revision."""
    changed = []
    with transaction.atomic():
        mailboxes = Mailbox.objects.locked({place.mailbox_pk for place, _ in sealed})
        for place, box in sealed:
            mailbox = mailboxes.get(place.mailbox_pk)
            if mailbox is None:
                continue
            revision = mailbox.revision + 1
            rows = among.filter(pk=place.message_pk, mailbox_id=place.mailbox_pk)
            if rows.update(**{column: box}, revised=revision):
                mailbox.revision = revision
                changed.append(Stored(place.message_pk, mailbox.mailbox_id, revision))
        for mailbox_pk in sorted(mailboxes):
            Mailbox.objects.filter(pk=mailbox_pk).update(revision=mailboxes[mailbox_pk].revision)
    return changed
