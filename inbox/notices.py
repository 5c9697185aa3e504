"""Mail that did not arrive: what a living mailbox refused, for its holder to see.

Sealed like a message, outside the quota, and few: whoever sends mail chooses how often it is refused.
"""

import threading
import uuid
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db import models, transaction

from inbox import address_key, clock, sealing
from inbox.models import Mailbox, Notice

#: The same reverse-path and reason is told once in this time.
TOLD_ONCE_IN = timedelta(hours=1)
#: More are only counted.
MOST_NOTICES = 20
#: What a process remembers of what it has told or counted: what is only counted leaves no row to find.
_MOST_REMEMBERED = 10_000
_LONGEST_REVERSE_PATH = 320


class Reason(StrEnum):
    """Why it was refused."""

    TOO_LARGE = "too_large"
    OVER_QUOTA = "over_quota"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class Refusal:
    """One message that one mailbox did not get. `size_bytes` is None where nobody said how large it was."""

    mailbox_pk: int
    mailbox_id: str
    public_key: bytes
    reverse_path: str
    reason: Reason
    size_bytes: int | None
    refused_at: datetime

    @property
    def key(self) -> tuple[int, str, Reason]:
        """What is told once an hour."""
        return self.mailbox_pk, self.reverse_path, self.reason


@dataclass(frozen=True, slots=True)
class Told:
    """A notice as its holder sees it. `reverse_path` is "" for a delivery report."""

    notice_id: str
    refused_at: datetime
    reason: Reason
    size_bytes: int | None
    reverse_path: str


@dataclass(frozen=True, slots=True)
class Notices:
    """Those that are kept, oldest first, and how many there were beyond them."""

    rows: tuple[Told, ...] = ()
    more: int = 0


# -- writing ---------------------------------------------------------------------------------------


def note_refusals(refusals: Sequence[Refusal]) -> list[Mailbox]:
    """Keep notices of these, or count them; returns the mailboxes that changed, to be announced.

    Only living mailboxes of people have notices. What was told within the hour changes nothing.
    """
    now = clock.now()
    by_digest = {
        digest: refusal for refusal in refusals if not _remembered.is_recent(digest := _digest(refusal), now)
    }
    if not by_digest:
        return []
    sealed = {digest: _seal(refusal, digest) for digest, refusal in by_digest.items()}
    with transaction.atomic():
        mailboxes = {
            pk: mailbox
            for pk, mailbox in Mailbox.objects.locked(
                {refusal.mailbox_pk for refusal in by_digest.values()}
            ).items()
            if mailbox.kind == Mailbox.Kind.PERSON and mailbox.expires_at > now
        }
        known = _told_within_the_hour(mailboxes, list(by_digest), now)
        counts = _counts(mailboxes)
        kept: list[Notice] = []
        changed: dict[int, Mailbox] = {}
        for digest, refusal in by_digest.items():
            mailbox = mailboxes.get(refusal.mailbox_pk)
            if mailbox is None or digest in known:
                continue
            changed[mailbox.pk] = mailbox
            counts[mailbox.pk] = counts.get(mailbox.pk, 0) + 1
            if counts[mailbox.pk] <= MOST_NOTICES:
                kept.append(sealed[digest])
            else:
                mailbox.notices_beyond += 1
        Notice.objects.bulk_create(kept)
        for pk in sorted(changed):
            changed[pk].revision += 1
            changed[pk].save(update_fields=["revision", "notices_beyond"], force_update=True)
    for digest, refusal in by_digest.items():
        if refusal.mailbox_pk in mailboxes:
            _remembered.add(digest, now)
    return list(changed.values())


def _digest(refusal: Refusal) -> bytes:
    return address_key.refusal_digest(refusal.mailbox_id, refusal.reverse_path, refusal.reason.value)


def _seal(refusal: Refusal, digest: bytes) -> Notice:
    notice_id = uuid.uuid4()
    binding = sealing.Binding(uuid.UUID(hex=refusal.mailbox_id).bytes, notice_id.bytes, refusal.refused_at)
    values: dict[str, object] = {
        "reason": refusal.reason.value,
        "size": refusal.size_bytes,
        "reverse_path": refusal.reverse_path[:_LONGEST_REVERSE_PATH],
    }
    box = sealing.seal_values(refusal.public_key, sealing.Purpose.NOTICE, binding, values)
    return Notice(
        public_id=notice_id,
        mailbox_id=refusal.mailbox_pk,
        refused_at=refusal.refused_at,
        box=box,
        digest=digest,
    )


def _told_within_the_hour(mailboxes: dict[int, Mailbox], digests: list[bytes], now: datetime) -> set[bytes]:
    found = Notice.objects.filter(
        mailbox_id__in=list(mailboxes), digest__in=digests, refused_at__gt=now - TOLD_ONCE_IN
    )
    return {bytes(digest) for digest in found.values_list("digest", flat=True) if digest is not None}


def _counts(mailboxes: dict[int, Mailbox]) -> dict[int, int]:
    counted = (
        Notice.objects.filter(mailbox_id__in=list(mailboxes))
        .values_list("mailbox_id")
        .annotate(count=models.Count("pk"))
    )
    return dict(counted)


def with_old_digests(most: int) -> list[int]:
    """Some of the notices whose digest is over an hour old."""
    old = Notice.objects.filter(digest__isnull=False, refused_at__lte=clock.now() - TOLD_ONCE_IN)
    return list(old.values_list("pk", flat=True)[:most])


def dismiss(mailbox_pk: int, notice_id: str) -> Mailbox | None:
    """Its holder has seen this one: erased. Returns the mailbox if it changed, to be announced."""
    with transaction.atomic():
        mailbox = Mailbox.objects.locked([mailbox_pk]).get(mailbox_pk)
        if mailbox is None:
            return None
        found = Notice.objects.filter(mailbox_id=mailbox_pk, public_id=uuid.UUID(hex=notice_id))
        if not found.delete()[0]:
            return None
        mailbox.revision += 1
        mailbox.save(update_fields=["revision"], force_update=True)
    return mailbox


def dismiss_more(mailbox_pk: int) -> Mailbox | None:
    """The same for those that were only counted."""
    with transaction.atomic():
        mailbox = Mailbox.objects.locked([mailbox_pk]).get(mailbox_pk)
        if mailbox is None or not mailbox.notices_beyond:
            return None
        mailbox.notices_beyond = 0
        mailbox.revision += 1
        mailbox.save(update_fields=["revision", "notices_beyond"], force_update=True)
    return mailbox


def drop_digests(notice_pks: Sequence[int]) -> int:
    """Drop these digests, in the caller's transaction; how many."""
    some = Notice.objects.filter(pk__in=list(notice_pks))
    Mailbox.objects.locked(set(some.values_list("mailbox_id", flat=True)))
    return some.update(digest=None)


class _Memory:
    """Digests and when they were told, the newest of them."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._told: OrderedDict[bytes, datetime] = OrderedDict()
        self._lock = threading.Lock()

    def is_recent(self, digest: bytes, now: datetime) -> bool:
        """Told less than an hour before `now`, or after it: clocks are set back."""
        told_at = self._told.get(digest)
        return told_at is not None and abs(now - told_at) < TOLD_ONCE_IN

    def add(self, digest: bytes, now: datetime) -> None:
        """Remember it, and forget the oldest when these are too many. Told again, it keeps its moment."""
        with self._lock:
            if self.is_recent(digest, now):
                return
            self._told[digest] = now
            self._told.move_to_end(digest)
            if len(self._told) > self._most:
                self._told.popitem(last=False)


_remembered = _Memory(_MOST_REMEMBERED)


# -- reading ---------------------------------------------------------------------------------------


def read(mailbox: Mailbox, keys: sealing.KeyPair) -> Notices:
    """The notices of a mailbox; one that does not open is left out. For `access`, which has the keys."""
    rows = Notice.objects.filter(mailbox_id=mailbox.pk).order_by("pk")[:MOST_NOTICES]
    told = [_open(row, mailbox, keys) for row in rows]
    return Notices(tuple(one for one in told if one is not None), mailbox.notices_beyond)


def _open(row: Notice, mailbox: Mailbox, keys: sealing.KeyPair) -> Told | None:
    binding = sealing.Binding(mailbox.public_id.bytes, row.public_id.bytes, row.refused_at)
    try:
        values = sealing.open_values(keys, sealing.Purpose.NOTICE, binding, bytes(row.box))
        size_bytes = values["size"]
        return Told(
            notice_id=row.public_id.hex,
            refused_at=row.refused_at,
            reason=Reason(str(values["reason"])),
            size_bytes=size_bytes if isinstance(size_bytes, int) else None,
            reverse_path=str(values["reverse_path"]),
        )
    except (sealing.Damaged, KeyError, ValueError):
        return None
