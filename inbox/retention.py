"""Everything that happens to a mailbox and its mail until they are gone.

Every writer in here locks its mailbox rows first, in id order, decides, raises the revision, and is done
in a short transaction. What is owed is state in the database (a due `purge_at`, an old policy version), so
a killed sweep loses nothing and two at once do no harm.
"""

import logging
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection, transaction
from django.db.models import Count, Sum

from inbox import clock, delivery, events, notices, presence, timers
from inbox.models import Grant, Installation, LooseSource, Mailbox, Message, Policy, Source, SourceChunk
from inbox.models.mailbox import MailboxQuerySet
from inbox.models.message import MessageQuerySet

logger = logging.getLogger(__name__)

#: How long a deletion of a message can be taken back.
UNDO = timedelta(seconds=10)
STAFF_MAIL_KEPT = timedelta(days=30)

#: Rows in one transaction of a sweep: reception waits behind at most one of these.
MAILBOXES_AT_ONCE = 50
MESSAGES_AT_ONCE = 200
SOURCE_BYTES_AT_ONCE = 8_000_000
RETIMED_AT_ONCE = 100
DIGESTS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Changed:
    """A mailbox's new revision, to be announced after the commit."""

    mailbox_id: str
    revision: int


class TooLate(Exception):
    """The mailbox or the message is past the point where this could be done."""


# -- one mailbox -----------------------------------------------------------------------------------


def view(mailbox_pk: int) -> None:
    """Somebody looked: where policy counts from the last view, the timer starts anew.

    Written only when that gains a minute or more. Looking at an ended mailbox changes nothing.
    """
    policy = Policy.current()
    if policy.timer_start != Policy.TimerStart.LAST_VIEW:
        return
    now = clock.now()
    started = Mailbox.objects.filter(pk=mailbox_pk).values_list("timer_started_at", flat=True).first()
    if started is None or now - started < timers.WORTH_WRITING:
        return
    _restart_timer(mailbox_pk, policy, only_living=True)


def extend(mailbox_pk: int) -> None:
    """Start the timer anew on request. Raises TooLate when the mailbox has ended."""
    if not _restart_timer(mailbox_pk, Policy.current(), only_living=True):
        raise TooLate


def revive(mailbox_pk: int) -> None:
    """Bring an ended mailbox back during grace. Raises TooLate."""
    if not _restart_timer(mailbox_pk, Policy.current(), only_living=False):
        raise TooLate


def _restart_timer(mailbox_pk: int, policy: Policy, *, only_living: bool) -> bool:
    with transaction.atomic():
        mailbox = Mailbox.objects.locked([mailbox_pk]).get(mailbox_pk)
        now = clock.now()
        if mailbox is None or mailbox.purge_at <= now or (only_living and mailbox.expires_at <= now):
            return False
        if mailbox.kind == Mailbox.Kind.STAFF:
            return False  # it has no timer
        mailbox.timer_started_at = now
        timers.set_ends(mailbox, policy)
        if mailbox.expires_at <= now:
            return False  # the greatest age has been reached
        _save(mailbox, *timers.END_FIELDS)
    _announce([mailbox])
    return True


def confirm(mailbox_pk: int) -> None:
    """Its cookie came back: the mailbox gets its full time. Does nothing the second time."""
    if not Mailbox.objects.filter(pk=mailbox_pk, provisional=True).exists():
        return
    with transaction.atomic():
        mailbox = Mailbox.objects.locked([mailbox_pk]).get(mailbox_pk)
        if mailbox is None or not mailbox.provisional or mailbox.purge_at <= clock.now():
            return
        mailbox.provisional = False
        timers.set_ends(mailbox, Policy.current())
        _save(mailbox, *timers.END_FIELDS)


def delete_mailbox(mailbox_pk: int) -> None:
    """Erase grants, messages and the mailbox in one transaction, then the sources nobody holds any more.

    From the first commit on nothing of it can be opened: its keys are gone.
    """
    with transaction.atomic():
        mailbox = Mailbox.objects.locked([mailbox_pk]).get(mailbox_pk)
        if mailbox is None or mailbox.kind == Mailbox.Kind.STAFF:
            return
        Grant.objects.filter(mailbox_id=mailbox_pk).delete()
        source_pks = _erase_messages(Message.objects.filter(mailbox_id=mailbox_pk))
        Mailbox.objects.filter(pk=mailbox_pk).delete()
    _announce([mailbox], gone=True)
    _erase_loose(source_pks)
    truncate_wal_soon()


# -- one message -----------------------------------------------------------------------------------


def mark_read(mailbox_pk: int, message_pk: int) -> None:
    """A message was opened. Does nothing the second time."""
    with transaction.atomic():
        mailbox = Mailbox.objects.locked([mailbox_pk]).get(mailbox_pk)
        if mailbox is None:
            return
        if not Message.objects.filter(pk=message_pk, mailbox_id=mailbox_pk, is_read=False).update(
            is_read=True
        ):
            return
        _save(mailbox)
    _announce([mailbox])


def mark_unread(mailbox_pk: int, message_pk: int) -> None:
    """As if it had not been opened yet."""
    with transaction.atomic():
        mailbox = Mailbox.objects.locked([mailbox_pk]).get(mailbox_pk)
        if mailbox is None:
            return
        if not Message.objects.filter(pk=message_pk, mailbox_id=mailbox_pk, is_read=True).update(
            is_read=False
        ):
            return
        _save(mailbox)
    _announce([mailbox])


def delete_message(mailbox_pk: int, message_pk: int) -> None:
    """Take a message out of sight and out of the quota at once; it is erased once that can no longer be taken
    back.
    """
    with transaction.atomic():
        mailbox = Mailbox.objects.locked([mailbox_pk]).get(mailbox_pk)
        message = Message.objects.filter(pk=message_pk, mailbox_id=mailbox_pk, deleted_at=None).first()
        if mailbox is None or message is None:
            return
        message.deleted_at = clock.now()
        message.save(update_fields=["deleted_at"])
        _recount(mailbox)
        _save(mailbox, *COUNTERS)
    _announce([mailbox])


def undelete_message(mailbox_pk: int, message_pk: int) -> None:
    """Take a deletion back. The message keeps its place, whatever the quota is by now. Raises TooLate."""
    with transaction.atomic():
        mailbox = Mailbox.objects.locked([mailbox_pk]).get(mailbox_pk)
        message = (
            Message.objects.select_for_update()
            .filter(pk=message_pk, mailbox_id=mailbox_pk, deleted_at__gt=clock.now() - UNDO)
            .first()
        )
        if mailbox is None or message is None or mailbox.expires_at <= clock.now():
            raise TooLate
        message.deleted_at = None
        message.save(update_fields=["deleted_at"])
        _recount(mailbox)
        _save(mailbox, *COUNTERS)
    _announce([mailbox])


#: The columns that the quota is compared with.
COUNTERS = ("message_count", "size_bytes")


def _recount(mailbox: Mailbox) -> None:
    """Count anew what is in sight: what its holder has deleted takes no room."""
    in_sight = Message.objects.filter(mailbox_id=mailbox.pk, deleted_at=None)
    counted = in_sight.aggregate(count=Count("pk"), size_bytes=Sum("size_bytes", default=0))
    mailbox.message_count, mailbox.size_bytes = counted["count"], counted["size_bytes"]


def delete_read(mailbox_pk: int) -> tuple[datetime, int]:
    """Take all read messages out of sight at once: the moment, which takes them back, and how many."""
    with transaction.atomic():
        mailbox = Mailbox.objects.locked([mailbox_pk]).get(mailbox_pk)
        now = clock.now()
        if mailbox is None:
            return now, 0
        count = Message.objects.filter(mailbox_id=mailbox_pk, is_read=True, deleted_at=None).update(
            deleted_at=now
        )
        if not count:
            return now, 0
        _recount(mailbox)
        _save(mailbox, *COUNTERS)
    _announce([mailbox])
    return now, count


def undelete_read(mailbox_pk: int, moment: datetime) -> None:
    """Take back what was deleted at that very moment. Raises TooLate."""
    with transaction.atomic():
        mailbox = Mailbox.objects.locked([mailbox_pk]).get(mailbox_pk)
        now = clock.now()
        if mailbox is None or mailbox.expires_at <= now or moment <= now - UNDO:
            raise TooLate
        if not Message.objects.filter(mailbox_id=mailbox_pk, deleted_at=moment).update(deleted_at=None):
            raise TooLate
        _recount(mailbox)
        _save(mailbox, *COUNTERS)
    _announce([mailbox])


# -- re-timing -------------------------------------------------------------------------------------


def retime(*, seconds: float = 60.0) -> int:
    """Bring mailboxes that were timed under an earlier policy up to the present one; how many that were.

    Batches of bounded size; what is not done within `seconds` is still owed and goes on at the next call.
    """
    deadline, total = time.monotonic() + seconds, 0
    while time.monotonic() < deadline:
        policy = Policy.objects.get(id=1)
        pks = list(Mailbox.objects.behind(policy.version).values_list("pk", flat=True)[:RETIMED_AT_ONCE])
        if not pks:
            break
        changed = []
        with _in_turn():
            now = clock.now()
            for mailbox in Mailbox.objects.locked(pks).values():
                before = (mailbox.expires_at, mailbox.purge_at)
                timers.follow_policy(mailbox, policy, now)
                if (mailbox.expires_at, mailbox.purge_at) == before:
                    mailbox.save(update_fields=["policy_version"])
                else:
                    _save(mailbox, *timers.FOLLOWED_FIELDS)
                    changed.append(mailbox)
        _announce(changed)
        total += len(pks)
    return total


def is_retiming_owed() -> bool:
    """Whether any mailbox was timed under an earlier policy."""
    return _owed_a_retiming().exists()


def _owed_a_retiming() -> MailboxQuerySet:
    return Mailbox.objects.behind(Policy.objects.get(id=1).version)


# -- sweeping --------------------------------------------------------------------------------------


@dataclass(slots=True)
class Swept:
    """What one sweep did, or with a dry run would do."""

    mailboxes: int = 0
    messages: int = 0
    sources: int = 0
    digests: int = 0
    retimed: int = 0
    to_retime: int = 0
    finished: bool = True
    truncated: bool = False
    held: presence.Hold | None = field(default=None)


def sweep(*, seconds: float = 50.0) -> Swept:
    """Erase what is due. Short transactions; safe to kill, safe twice at once, resumable."""
    done, deadline = Swept(), time.monotonic() + seconds
    # One moment for all that is erased: should the clock jump meanwhile, nobody has looked at it yet.
    now = clock.now()
    done.held = presence.look_at_clock(now)
    done.retimed = retime(seconds=seconds / 2)
    if done.held is None:
        while (erased := _sweep_mailboxes(now)) is not None:
            done.mailboxes += erased[0]
            done.messages += erased[1]
            if time.monotonic() > deadline:
                break
        done.messages += _sweep_deleted_messages(now, deadline) + _sweep_staff_mail(now, deadline)
    done.sources = _sweep_loose_sources(deadline)
    done.digests = _sweep_repeat_digests(deadline) + _sweep_notice_digests(deadline)
    done.finished = time.monotonic() <= deadline
    done.to_retime = _owed_a_retiming().count()
    presence.forget_the_gone()
    _give_back_space()
    done.truncated = truncate_wal()
    Installation.objects.filter(id=1).update(last_sweep_at=clock.now())
    return done


def sweep_dry_run() -> Swept:
    """What a sweep would erase now, counted; nothing is written."""
    now = clock.now()
    due = Mailbox.objects.due(now)
    return Swept(
        mailboxes=due.count(),
        messages=Message.objects.filter(mailbox__purge_at__lte=now).count()
        + Message.objects.filter(deleted_at__lte=now - UNDO, mailbox__purge_at__gt=now).count(),
        sources=LooseSource.objects.count(),
        digests=_outlived_digests(now).count(),
        retimed=Mailbox.objects.behind(Policy.current().version).count(),
        held=presence.current_hold(),
    )


def _sweep_mailboxes(now: datetime) -> tuple[int, int] | None:
    """Erase some of the mailboxes that are due: (mailboxes, messages), or None when none is."""
    pks = list(
        Mailbox.objects.due(now)
        .filter(kind=Mailbox.Kind.PERSON)
        .values_list("pk", flat=True)[:MAILBOXES_AT_ONCE]
    )
    if not pks:
        return None
    with _in_turn():
        # Looked at again under the lock: a mail or its holder may have brought one back meanwhile.
        due = [mailbox for mailbox in Mailbox.objects.locked(pks).values() if mailbox.purge_at <= now]
        due_pks = [mailbox.pk for mailbox in due]
        Grant.objects.filter(mailbox_id__in=due_pks).delete()
        some = list(
            Message.objects.filter(mailbox_id__in=due_pks).values_list("pk", flat=True)[:MESSAGES_AT_ONCE]
        )
        source_pks = _erase_messages(Message.objects.filter(pk__in=some))
        not_empty = set(
            Message.objects.filter(mailbox_id__in=due_pks).values_list("mailbox_id", flat=True).distinct()
        )
        emptied = [mailbox for mailbox in due if mailbox.pk not in not_empty]
        Mailbox.objects.filter(pk__in=[mailbox.pk for mailbox in emptied]).delete()
    _announce(emptied, gone=True)
    _erase_loose(source_pks)
    return len(emptied), len(some)


def _sweep_deleted_messages(now: datetime, deadline: float) -> int:
    return _sweep_messages(Message.objects.filter(deleted_at__lte=now - UNDO), deadline)


def _sweep_staff_mail(now: datetime, deadline: float) -> int:
    """Mail for the staff ends after 30 days, and the oldest makes room for the newest."""
    policy = Policy.current()
    total = 0
    for staff in Mailbox.objects.filter(kind=Mailbox.Kind.STAFF):
        mail = Message.objects.filter(mailbox=staff)
        total += _sweep_messages(mail.filter(received_at__lte=now - STAFF_MAIL_KEPT), deadline)
        beyond = mail.order_by("-number").values_list("number", flat=True)[policy.quota_messages :].first()
        if beyond is not None:
            total += _sweep_messages(mail.filter(number__lte=beyond), deadline)
        total += _sweep_messages(
            mail.filter(number__lte=_number_beyond_quota(staff, policy.quota_bytes)), deadline
        )
    return total


def _number_beyond_quota(staff: Mailbox, quota_bytes: int) -> int:
    """The newest number that no longer fits when the newest mail is counted first; 0 when all fits."""
    kept = 0
    for number, size_bytes in (
        Message.objects.filter(mailbox=staff)
        .order_by("-number")
        .values_list("number", "size_bytes")
        .iterator()
    ):
        kept += size_bytes
        if kept > quota_bytes:
            return int(number)
    return 0


def _sweep_messages(messages: MessageQuerySet, deadline: float) -> int:
    """Erase these messages, in batches. Those that nobody had deleted were counted until now."""
    total = 0
    while time.monotonic() < deadline and (
        rows := list(messages.values_list("pk", "mailbox_id")[:MESSAGES_AT_ONCE])
    ):
        pks = [pk for pk, _mailbox in rows]
        with _in_turn():
            mailboxes = Mailbox.objects.locked({mailbox for _pk, mailbox in rows})
            # Looked at again under the lock: a deletion may have been taken back meanwhile.
            gone = list(messages.filter(pk__in=pks).only("mailbox_id", "size_bytes", "deleted_at"))
            for message in gone:
                mailbox = mailboxes[message.mailbox_id]
                if message.deleted_at is None:
                    mailbox.message_count = max(0, mailbox.message_count - 1)
                    mailbox.size_bytes = max(0, mailbox.size_bytes - message.size_bytes)
            source_pks = _erase_messages(Message.objects.filter(pk__in=[message.pk for message in gone]))
            for mailbox in mailboxes.values():
                _save(mailbox, *COUNTERS)
        _announce(list(mailboxes.values()))
        _erase_loose(source_pks)
        total += len(gone)
    return total


def _outlived_digests(now: datetime) -> MessageQuerySet:
    return Message.objects.filter(repeat_digest__isnull=False, received_at__lte=now - delivery.REPEAT_WITHIN)


def _sweep_repeat_digests(deadline: float) -> int:
    total = 0
    while time.monotonic() < deadline and (
        pks := list(_outlived_digests(clock.now()).values_list("pk", flat=True)[:DIGESTS_AT_ONCE])
    ):
        with _in_turn():
            total += delivery.drop_repeat_digests(pks)
    return total


def _sweep_notice_digests(deadline: float) -> int:
    total = 0
    while time.monotonic() < deadline and (pks := notices.with_old_digests(1000)):
        with _in_turn():
            total += notices.drop_digests(pks)
    return total


# -- erasing ---------------------------------------------------------------------------------------


def _erase_messages(messages: MessageQuerySet) -> list[int]:
    """Delete these rows (inside the caller's transaction); returns the sources they had.

    The sources are noted as loose in the same transaction: should we be killed before they are erased,
    the next sweep finds them without looking through all of them. And they are locked before: else two that
    erase the last two messages of a source each see the other's, and one takes away the note of both.
    """
    source_pks = sorted(set(messages.values_list("source_id", flat=True)))
    _lock_sources(source_pks)
    LooseSource.objects.bulk_create([LooseSource(pk=pk) for pk in source_pks], ignore_conflicts=True)
    messages._raw_delete(messages.db)  # no relations point at a message
    return source_pks


def _lock_sources(pks: Sequence[int]) -> list[int]:
    """Lock these sources in id order, behind the mailboxes; those that there are."""
    rows = Source.objects.select_for_update().filter(pk__in=list(pks)).order_by("pk")
    return list(rows.values_list("pk", flat=True))


def _sweep_loose_sources(deadline: float) -> int:
    """Erase what a killed deletion left behind."""
    total = 0
    while time.monotonic() < deadline:
        pks = list(LooseSource.objects.order_by("pk").values_list("pk", flat=True)[:MESSAGES_AT_ONCE])
        if not pks:
            break
        total += _erase_loose(pks)
    return total


def _erase_loose(source_pks: Sequence[int]) -> int:
    """Erase those of these loose sources that no message holds; a few megabytes a transaction."""
    sizes = dict(Source.objects.filter(pk__in=list(source_pks)).values_list("pk", "size_bytes"))
    waiting = sorted(source_pks)
    total = 0
    while waiting:
        batch: list[int] = []
        batch_bytes = 0
        while waiting and (not batch or batch_bytes + sizes.get(waiting[0], 0) <= SOURCE_BYTES_AT_ONCE):
            batch.append(waiting.pop(0))
            batch_bytes += sizes.get(batch[-1], 0)
        with _in_turn():
            locked = _lock_sources(batch)
            held = set(Message.objects.filter(source_id__in=locked).values_list("source_id", flat=True))
            orphans = [pk for pk in locked if pk not in held]
            SourceChunk.objects.filter(source_id__in=orphans).delete()
            # Not delete(), which would read every chunk in order to see what hangs on it: nothing does.
            loose = Source.objects.filter(pk__in=orphans)
            loose._raw_delete(loose.db)
            LooseSource.objects.filter(pk__in=batch).delete()
            total += len(orphans)
    return total


# -- the files -------------------------------------------------------------------------------------


def truncate_wal() -> bool:
    """Write the whole WAL back and cut it to nothing, so that erased rows are gone from it too.

    With no busy timeout: a blocking TRUNCATE would hold up reception for as long as somebody reads.
    """
    if connection.vendor != "sqlite" or not settings.SQLITE_IS_SOUND:
        return True
    try:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA busy_timeout=0")
            try:
                cursor.execute("PRAGMA wal_checkpoint(PASSIVE)")
                cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                busy, *_pages = cursor.fetchone()
            finally:
                cursor.execute("PRAGMA busy_timeout=10000")
        if not busy:
            Installation.objects.filter(id=1).update(last_checkpoint_at=clock.now())
    except DatabaseError:
        return False
    return not busy


def truncate_wal_soon() -> None:
    """The same in the background, tried again for a while: "gone for good" is to be true soon."""
    global _truncation
    with _truncation_lock:
        _truncation_wanted.set()
        if not truncating():
            _truncation = threading.Thread(target=_keep_truncating, name="truncate-wal", daemon=True)
            _truncation.start()


def truncating() -> bool:
    """Whether somebody is at it in the background. One that died of a fault is not."""
    thread = _truncation
    return thread is not None and thread.is_alive()


_truncation: threading.Thread | None = None
_truncation_lock = threading.Lock()
_truncation_wanted = threading.Event()


def _keep_truncating() -> None:
    global _truncation
    pause = 0.05
    while True:
        time.sleep(pause)
        _truncation_wanted.clear()
        if not truncate_wal():
            pause *= 1.5
            if pause < 10:
                _truncation_wanted.set()
            else:
                logger.info("the WAL could not be cut yet; the next sweep tries again")
        connection.close()
        with _truncation_lock:
            if not _truncation_wanted.is_set():
                _truncation = None
                return


def _give_back_space() -> None:
    """Return freed pages to the file system, some at a time."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA incremental_vacuum(2000)")
            cursor.fetchall()


# -- shared ----------------------------------------------------------------------------------------

#: Bounds of the rest between two transactions of a long job.
LEAST_REST_SECONDS, MOST_REST_SECONDS = 0.005, 0.25

_turns = threading.local()


@contextmanager
def _in_turn() -> Iterator[None]:
    """A transaction of a long job. On SQLite the next one waits for as long as this one held the database.

    Its busy handler is not fair: without the rest, reception and pages waited until the whole backlog was
    done (measured: 2.4 s behind a sweep, 3 s behind a re-timing; with it 0.1 s).
    """
    if connection.vendor == "sqlite":
        time.sleep(max(0.0, getattr(_turns, "free_at", 0.0) - time.monotonic()))
    with transaction.atomic():
        begun = time.monotonic()
        yield
    ended = time.monotonic()
    _turns.free_at = ended + min(max(ended - begun, LEAST_REST_SECONDS), MOST_REST_SECONDS)


def _save(mailbox: Mailbox, *fields: str) -> None:
    """Raise the revision and write it with the fields that changed."""
    mailbox.revision += 1
    mailbox.save(update_fields=["revision", *fields], force_update=True)


def _announce(mailboxes: Sequence[Mailbox], *, gone: bool = False) -> None:
    events.announce_from_sync(
        [Changed(mailbox.mailbox_id, mailbox.revision + (1 if gone else 0)) for mailbox in mailboxes]
    )
