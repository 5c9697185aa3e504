"""Secret → grant → open mailbox. Every read path goes through here.

Views, consumers and the admin hold an `OpenMailbox`; keys stay inside it. A mailbox whose timer is over is
open only so far that its holder can see that it ended and bring it back: nothing of its mail can be read.
"""

import io
import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from django.db import Error as DatabaseError
from django.db import models, transaction

from inbox import clock, delivery, events, notices, retention, sealing, timers
from inbox.logs import fault
from inbox.mail import Summary
from inbox.mail.senders import Checks
from inbox.models import Grant, Mailbox, Message, Policy, SourceChunk
from inbox.models.message import MessageQuerySet
from inbox.notices import Notices

logger = logging.getLogger(__name__)

MAX_LABEL = 60


class State(StrEnum):
    """What the holder of a grant can do with the mailbox."""

    LIVING = "living"
    HIDDEN = "hidden"  # the timer is over, grace is running: it can be brought back


@dataclass(frozen=True, slots=True)
class Row:
    """A message in a list. `summary` is None where the row is damaged: moved, changed, or not whole.

    `checks` is None where the sender was not checked, or not yet.
    """

    message_id: str
    mailbox_id: str
    number: int
    received_at: datetime
    size_bytes: int
    is_read: bool
    tag: str
    summary: Summary | None
    checks: Checks | None = None

    @property
    def is_damaged(self) -> bool:
        return self.summary is None


@dataclass(frozen=True, slots=True)
class Changes:
    """What a page that has revision n has to do to have `revision`."""

    revision: int
    rows: tuple[Row, ...]  # new or changed since n, oldest first
    living: Mapping[str, bool] | None  # message id → read; None where the new rows are all that changed


class OpenMessage:
    """One message that its holder may read."""

    def __init__(self, row: Row, message: Message, content_key: bytes | None):
        self.row = row
        self._message = message
        self._content_key = content_key

    def source_pieces(self) -> Iterator[bytes]:
        """The source as received, trace header first. Raises Damaged on whatever is not as it was sealed."""
        if self._content_key is None:
            raise sealing.Damaged("box")
        source = self._message.source
        return sealing.open_source(
            self._content_key, bytes(source.header), _chunks(source.pk, bytes(source.first_chunk))
        )

    def source(self) -> bytes:
        """The whole source, at most as large as the largest message; it is put together in place."""
        whole = io.BytesIO()  # unlike join(), which has all the pieces and the whole at the same time
        for piece in self.source_pieces():
            whole.write(piece)
        return whole.getvalue()

    def mark_read(self) -> None:
        if not self._message.is_read:
            retention.mark_read(self._message.mailbox_id, self._message.pk)

    def mark_unread(self) -> None:
        retention.mark_unread(self._message.mailbox_id, self._message.pk)

    def improve(self, summary: Summary) -> None:
        """The whole letter has more for its row than was found at reception: the row has it from now on.

        Where that cannot be written now, it is at another opening.
        """
        if self._content_key is None or summary == self.row.summary:
            return
        message, key, tag = self._message, self._content_key, self.row.tag
        try:
            changed = delivery.replace_summary(message.pk, bytes(message.box), key, summary, tag)
        except DatabaseError as error:
            logger.warning("a row could not be bettered: %s", fault(error))
            return
        events.announce_from_sync(changed)

    def delete(self) -> None:
        """Out of sight at once; can be taken back for a few seconds."""
        retention.delete_message(self._message.mailbox_id, self._message.pk)


def _chunks(source_pk: int, first: bytes) -> Iterator[bytes]:
    """The sealed chunks, one read each, so that no transaction stays open while a slow reader reads."""
    yield first
    index = 1
    while (
        data := SourceChunk.objects.filter(source_id=source_pk, index=index)
        .values_list("data", flat=True)
        .first()
    ) is not None:
        yield bytes(data)
        index += 1


class OpenMailbox:
    """A mailbox opened with a secret. Holds the private key; lives for one request or one event."""

    def __init__(self, mailbox: Mailbox, grant: sealing.Grant, secret: bytes, kind: str):
        self._mailbox = mailbox
        self._grant = grant
        self._secret = secret
        self._keys = sealing.KeyPair(bytes(mailbox.public_key), grant.private_key)
        self.is_shared = kind == Grant.Kind.LINK

    # -- what it is

    @property
    def mailbox_id(self) -> str:
        return self._mailbox.mailbox_id

    @property
    def pk(self) -> int:
        """The row's key, for limits and counters; says nothing to anybody outside."""
        return self._mailbox.pk

    @property
    def address(self) -> str:
        return self._mailbox.address or ""

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]

    @property
    def label(self) -> str:
        return self._grant.label

    @property
    def is_staff(self) -> bool:
        return self._mailbox.kind == Mailbox.Kind.STAFF

    @property
    def is_provisional(self) -> bool:
        return self._mailbox.provisional

    @property
    def state(self) -> State:
        return State.LIVING if self._mailbox.expires_at > clock.now() else State.HIDDEN

    @property
    def revision(self) -> int:
        return self._mailbox.revision

    @property
    def created_at(self) -> datetime:
        return self._mailbox.created_at

    @property
    def expires_at(self) -> datetime:
        """When it is hidden: the full end, also while its cookie has not come back yet."""
        return timers.shown_end(self._mailbox, Policy.current())

    @property
    def purge_at(self) -> datetime:
        if self._mailbox.provisional:
            return self.expires_at + Policy.current().grace
        return self._mailbox.purge_at

    @property
    def can_extend(self) -> bool:
        """Whether a fresh timer would still gain something; the greatest age wins."""
        return self.expires_at < self.latest_end

    @property
    def latest_end(self) -> datetime:
        """Whatever is done, it is hidden by then: neither extended nor brought back beyond it."""
        return self._mailbox.created_at + Policy.current().greatest_age

    @property
    def cookie_lifetime(self) -> timedelta:
        """How long its secret can be of use at most."""
        return timers.longest_rest(self._mailbox, Policy.current(), clock.now())

    @property
    def message_count(self) -> int:
        return self._mailbox.messages.filter(deleted_at=None).count()

    @property
    def unread(self) -> int:
        if self.state is not State.LIVING:
            return 0
        return self._mailbox.messages.filter(deleted_at=None, is_read=False).count()

    # -- reading

    def rows(self) -> list[Row]:
        """All messages shown, oldest first. Empty once the timer is over."""
        return [self._row(message)[0] for message in self._shown()]

    def changes_since(self, revision: int) -> Changes:
        """What is newer than `revision`: messages, and rows that show something else since.

        The revision was read first and the rows are read now, without a transaction, so that a change
        between the two is told again rather than missed.
        """
        now_at = self._mailbox.revision
        if self.state is not State.LIVING:
            return Changes(now_at, (), {})
        messages = list(self._shown().changed_since(revision))
        newer = [self._row(message)[0] for message in messages]
        # Each step up to the revision is a message or a change of one. What came after the revision was read
        # is told, but explains none of them.
        explained = sum(
            revision < step <= now_at for message in messages for step in (message.number, message.revised)
        )
        if now_at - revision == explained and revision > 0:
            return Changes(now_at, tuple(newer), None)
        living = {
            UUID(str(public_id)).hex: is_read
            for public_id, is_read in self._mailbox.messages.filter(deleted_at=None).values_list(
                "public_id", "is_read"
            )
        }
        return Changes(now_at, tuple(newer), living)

    def newest_unread(self, newer_than: int) -> Row | None:
        """The newest unread message above a revision, for an announcement."""
        message = self._shown().newer_than(newer_than).filter(is_read=False).last()
        return self._row(message)[0] if message else None

    def message(self, message_id: str) -> OpenMessage | None:
        """One message, or None: deleted, another mailbox's, or never was."""
        message = self._shown().filter(public_id=_uuid(message_id)).select_related("source").first()
        if message is None:
            return None
        row, content_key = self._row(message)
        return OpenMessage(row, message, content_key)

    def notices(self) -> Notices:
        """What did not arrive. Nothing once the timer is over."""
        if self.state is not State.LIVING:
            return Notices()
        return notices.read(self._mailbox, self._keys)

    def _shown(self) -> MessageQuerySet:
        messages = Message.objects.filter(mailbox_id=self.pk).shown()
        return messages if self.state is State.LIVING else messages.none()

    def _row(self, message: Message) -> tuple[Row, bytes | None]:
        binding = sealing.Binding(self._mailbox.public_id.bytes, message.public_id.bytes, message.received_at)
        summary, tag, content_key = None, "", None
        try:
            contents = sealing.open_box(self._keys, binding, bytes(message.box))
            summary = Summary.from_json(contents.summary)
            tag, content_key = str(contents.summary.get("tag", "")), contents.content_key
        except (sealing.Damaged, KeyError, TypeError, ValueError):
            pass
        row = Row(
            message_id=message.message_id,
            mailbox_id=self.mailbox_id,
            number=message.number,
            received_at=message.received_at,
            size_bytes=message.size_bytes,
            is_read=message.is_read,
            tag=tag,
            summary=summary,
            checks=self._checks(binding, bytes(message.checks_box or b"")),
        )
        return row, content_key

    def _checks(self, binding: sealing.Binding, box: bytes) -> Checks | None:
        """What was found out about the sender. A box that does not open says nothing."""
        if not box:
            return None
        try:
            values = sealing.open_values(self._keys, sealing.Purpose.CHECKS, binding, box)
            return Checks.from_json(values)
        except (sealing.Damaged, KeyError, TypeError, ValueError):
            return None

    # -- writing

    def view(self) -> None:
        """Somebody looks at it: confirms it, and starts its timer anew where policy says so."""
        self.confirm()
        retention.view(self.pk)
        self._reload()

    def confirm(self) -> None:
        """Its cookie came back."""
        if self._mailbox.provisional:
            retention.confirm(self.pk)
            self._reload()

    def extend(self) -> None:
        """Raises TooLate."""
        retention.extend(self.pk)
        self._reload()

    def revive(self) -> None:
        """Raises TooLate."""
        retention.revive(self.pk)
        self._reload()

    def can_undelete(self, message_id: str) -> bool:
        """Whether this deletion could still be taken back."""
        return (
            self.state is State.LIVING
            and Message.objects.filter(
                mailbox_id=self.pk,
                public_id=_uuid(message_id),
                deleted_at__gt=clock.now() - retention.UNDO,
            ).exists()
        )

    def undelete_message(self, message_id: str) -> None:
        """Raises TooLate."""
        message = Message.objects.filter(mailbox_id=self.pk, public_id=_uuid(message_id)).first()
        if message is None:
            raise retention.TooLate
        retention.undelete_message(self.pk, message.pk)

    def delete_read(self) -> tuple[datetime, int]:
        """All read messages out of sight at once: the moment, which takes them back, and how many."""
        return retention.delete_read(self.pk)

    def can_undelete_read(self, moment: datetime) -> bool:
        """Whether that deletion could still be taken back."""
        return (
            self.state is State.LIVING
            and moment > clock.now() - retention.UNDO
            and Message.objects.filter(mailbox_id=self.pk, deleted_at=moment).exists()
        )

    def undelete_read(self, moment: datetime) -> None:
        """Raises TooLate."""
        retention.undelete_read(self.pk, moment)

    def dismiss_notice(self, notice_id: str) -> None:
        """One line about mail that did not arrive has been seen."""
        _announce(notices.dismiss(self.pk, notice_id))

    def dismiss_more(self) -> None:
        """So has the line that counts further ones."""
        _announce(notices.dismiss_more(self.pk))

    def delete(self) -> None:
        """Erase it, its mail and every grant to it."""
        retention.delete_mailbox(self.pk)

    def set_label(self, label: str) -> None:
        """Give it a name of one's own, kept inside the grant: at most 60 characters."""
        clean = "".join(character for character in label if character.isprintable()).strip()[:MAX_LABEL]
        self._grant = sealing.Grant(self._grant.private_key, clean)
        digest = sealing.lookup_digest(self._secret)
        with transaction.atomic():
            mailbox = Mailbox.objects.locked([self.pk]).get(self.pk)
            if mailbox is None:
                return
            Grant.objects.filter(digest=digest).update(
                wrapped=sealing.wrap_grant(self._secret, self._grant, mailbox.public_id.bytes)
            )

    def _reload(self) -> None:
        """Read the row again after a write. A mailbox that is gone by now stays as it was: hidden soon."""
        self._mailbox = Mailbox.objects.filter(pk=self.pk).first() or self._mailbox


def open_all(secrets: Iterable[bytes]) -> list[OpenMailbox]:
    """The mailboxes that these secrets open, newest first: one read, whatever the number.

    Mailboxes whose grace is over are as good as erased: not among them.
    """
    by_digest = {
        sealing.lookup_digest(secret): secret for secret in secrets if len(secret) == sealing.SECRET_BYTES
    }
    if not by_digest:
        return []
    now = clock.now()
    grants = Grant.objects.filter(digest__in=list(by_digest), mailbox__purge_at__gt=now).select_related(
        "mailbox"
    )
    opened = []
    for grant in grants:
        if grant.ends_at is not None and grant.ends_at <= now:
            continue
        secret = by_digest[bytes(grant.digest)]
        try:
            key = sealing.open_grant(secret, bytes(grant.wrapped), grant.mailbox.public_id.bytes)
        except sealing.Damaged:
            continue
        opened.append(OpenMailbox(grant.mailbox, key, secret, grant.kind))
    return sorted(opened, key=lambda mailbox: mailbox.created_at, reverse=True)


@dataclass(frozen=True, slots=True)
class Counts:
    """How many messages a mailbox shows, and how many of them are unread."""

    messages: int = 0
    unread: int = 0


def count(mailboxes: Iterable[OpenMailbox]) -> dict[str, Counts]:
    """The counts of all these by mailbox id: one read. Unread is 0 once the timer is over."""
    asked = list(mailboxes)
    found = {
        pk: (messages, unread)
        for pk, messages, unread in Message.objects.filter(
            mailbox_id__in=[mailbox.pk for mailbox in asked], deleted_at=None
        )
        .order_by()
        .values_list("mailbox_id")
        .annotate(messages=models.Count("pk"), unread=models.Count("pk", filter=models.Q(is_read=False)))
    }
    counts = {}
    for mailbox in asked:
        messages, unread = found.get(mailbox.pk, (0, 0))
        counts[mailbox.mailbox_id] = Counts(messages, unread if mailbox.state is State.LIVING else 0)
    return counts


def with_grant(secrets: Iterable[bytes]) -> set[str]:
    """The ids of the mailboxes to which these secrets still have a grant, whatever the clock says.

    A mailbox whose grace is over opens no more; but until it is erased its cookie is not worthless, for the
    clock may be wrong.
    """
    digests = [sealing.lookup_digest(secret) for secret in secrets if len(secret) == sealing.SECRET_BYTES]
    ids = (
        Grant.objects.filter(digest__in=digests)
        .exclude(ends_at__lte=clock.now())
        .values_list("mailbox__public_id", flat=True)
    )
    return {UUID(str(public_id)).hex for public_id in ids} if digests else set()


def open_one(secret: bytes, mailbox_id: str) -> OpenMailbox | None:
    """The mailbox with this id, if this secret opens it."""
    for mailbox in open_all([secret]):
        if mailbox.mailbox_id == mailbox_id:
            return mailbox
    return None


def just_made(mailbox: Mailbox, secret: bytes) -> OpenMailbox:
    """The mailbox that was made a moment ago, opened with its secret."""
    opened = open_one(secret, mailbox.mailbox_id)
    if opened is None:
        raise RuntimeError("a new mailbox does not open")
    return opened


def _announce(mailbox: Mailbox | None) -> None:
    if mailbox is not None:
        events.announce_from_sync([mailbox])


def _uuid(message_id: str) -> UUID:
    return UUID(hex=message_id)
