"""What a mailbox refused: its holder is told, quietly, of few, and nobody else is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection

from inbox import clock, notices, retention
from inbox.models import Mailbox, Notice, Policy
from inbox.notices import MOST_NOTICES, Notices, Reason, Refusal
from smtpd import counters
from tests.sealed.needles import Haystack
from tests.smtpd.conftest import Held, Listening, Talk, wait_until

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "queue"])

SENDER = "sender@else.example"
LARGE = 30_000_000


def notices_of(held: Held) -> Notices:
    return held.open().notices()


def told(held: Held) -> list[tuple[Reason, int | None, str]]:
    return [(row.reason, row.size_bytes, row.reverse_path) for row in notices_of(held).rows]


def refuse(talk: Talk, held: Held, sender: str = SENDER, size_bytes: int = LARGE) -> None:
    """One message that is too large by its own word."""
    assert talk.ask(f"MAIL FROM:<{sender}> SIZE={size_bytes}").startswith("250 ")
    assert talk.ask(f"RCPT TO:<{held.address}>").startswith("552 5.3.4 ")
    assert talk.ask("RSET").startswith("250 ")


def refusal(held: Held, reverse_path: str = SENDER, reason: Reason = Reason.TOO_LARGE) -> Refusal:
    row = Mailbox.objects.get(pk=held.pk)
    return Refusal(row.pk, row.mailbox_id, bytes(row.public_key), reverse_path, reason, LARGE, clock.now())


# -- each kind ---------------------------------------------------------------------------------------------


def test_mail_that_says_it_is_too_large_is_told(talk: Talk, held: Held) -> None:
    began_at = clock.now()
    refuse(talk.greet(), held)
    wait_until(lambda: told(held) == [(Reason.TOO_LARGE, LARGE, SENDER)])
    [row] = notices_of(held).rows
    assert began_at <= row.refused_at <= clock.now()


def test_mail_that_turns_out_too_large_is_told_to_each_recipient(
    listen: Callable[..., Listening], rows: Policy, new_mailbox: Callable[[], Held]
) -> None:
    Policy.objects.filter(id=1).update(max_message_bytes=70_000)
    Policy.forget_current()
    some = [new_mailbox(), new_mailbox()]
    talk = listen().talk().greet()
    assert talk.mail(b"x" * 80_000, *(held.address for held in some)).startswith("552 5.3.4 ")
    for held in some:
        wait_until(lambda held=held: told(held) == [(Reason.TOO_LARGE, 80_002, SENDER)])


def test_mail_for_a_full_mailbox_is_told(listen: Callable[..., Listening], held: Held) -> None:
    Policy.objects.filter(id=1).update(quota_messages=1)
    Policy.forget_current()
    talk = listen().talk().greet()
    assert talk.mail(b"the first", held.address).startswith("250 ")
    assert talk.ask(f"MAIL FROM:<{SENDER}> SIZE=1234").startswith("250 ")
    assert talk.ask(f"RCPT TO:<{held.address}>").startswith("452 4.2.2 ")
    wait_until(lambda: told(held) == [(Reason.OVER_QUOTA, 1234, SENDER)])


def test_mail_for_a_mailbox_that_filled_up_meanwhile_is_told(
    listen: Callable[..., Listening], held: Held
) -> None:
    Policy.objects.filter(id=1).update(quota_messages=1)
    Policy.forget_current()
    listening = listen()
    late = listening.talk().greet().begin(held.address)
    assert listening.talk().greet().mail(b"the first", held.address).startswith("250 ")
    assert late.ask(b"too late\r\n.\r\n").startswith("452 4.2.2 ")
    wait_until(lambda: told(held) == [(Reason.OVER_QUOTA, 10, SENDER)])


def test_a_report_without_a_reverse_path_is_told_too(talk: Talk, held: Held) -> None:
    refuse(talk.greet(), held, sender="")
    wait_until(lambda: told(held) == [(Reason.TOO_LARGE, LARGE, "")])


# -- who is told -------------------------------------------------------------------------------------------


def test_what_is_refused_for_nobody_is_told_to_nobody(
    listening: Listening, new_mailbox: Callable[[], Held], held: Held
) -> None:
    ended = new_mailbox()
    Mailbox.objects.filter(pk=ended.pk).update(expires_at=clock.now() - timedelta(minutes=1))
    talk = listening.talk().greet()
    assert talk.ask(f"MAIL FROM:<{SENDER}> SIZE={LARGE}").startswith("250 ")
    answers = {
        talk.ask(f"RCPT TO:<{address}>")
        for address in (ended.address, "never.was@one.example", "never.was.either@one.example")
    }
    assert answers == {"550 5.1.1 No such mailbox"}
    assert talk.ask("RSET").startswith("250 ")
    refuse(talk, held)
    wait_until(lambda: told(held))  # what came before it has been written by now
    assert Notice.objects.exclude(mailbox_id=held.pk).count() == 0


def test_a_mailbox_that_ends_before_it_is_told_is_not(held: Held) -> None:
    Mailbox.objects.filter(pk=held.pk).update(expires_at=clock.now())
    assert notices.note_refusals([refusal(held)]) == []
    assert Notice.objects.count() == 0


def test_a_mailbox_that_is_gone_before_it_is_told_is_no_matter(
    held: Held, new_mailbox: Callable[[], Held]
) -> None:
    gone, there = refusal(new_mailbox()), refusal(held)
    retention.delete_mailbox(gone.mailbox_pk)
    assert [mailbox.pk for mailbox in notices.note_refusals([gone, there])] == [held.pk]


def test_the_staff_are_not_told(rows: Policy) -> None:
    staff = Mailbox.objects.filter(kind=Mailbox.Kind.STAFF).first()
    if staff is None:
        now = clock.now()
        staff = Mailbox.objects.create(
            kind=Mailbox.Kind.STAFF,
            public_key=bytes(32),
            created_at=now,
            timer_started_at=now,
            expires_at=now + timedelta(days=1),
            purge_at=now + timedelta(days=1),
        )
    key = bytes(range(1, 33))
    entry = Refusal(staff.pk, staff.mailbox_id, key, SENDER, Reason.TOO_LARGE, 1, clock.now())
    assert notices.note_refusals([entry]) == []
    assert Notice.objects.count() == 0


def test_once_the_timer_is_over_nothing_is_told(held: Held) -> None:
    notices.note_refusals([refusal(held)])
    assert len(notices_of(held).rows) == 1
    Mailbox.objects.filter(pk=held.pk).update(expires_at=clock.now())
    assert notices_of(held) == Notices()


# -- how often ---------------------------------------------------------------------------------------------


def test_the_same_is_told_once_an_hour(talk: Talk, held: Held, monkeypatch: pytest.MonkeyPatch) -> None:
    talk.greet()
    for _ in range(3):
        refuse(talk, held)
    wait_until(lambda: told(held))
    revision = held.open().revision
    refuse(talk, held)
    refuse(talk, held, sender="other@else.example")
    wait_until(lambda: len(told(held)) == 2)
    assert held.open().revision == revision + 1
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(minutes=61))
    refuse(talk, held)
    wait_until(lambda: len(told(held)) == 3)


def test_another_process_knows_what_was_told(held: Held, monkeypatch: pytest.MonkeyPatch) -> None:
    assert notices.note_refusals([refusal(held)])
    monkeypatch.setattr(notices, "_remembered", notices._Memory(10))
    assert notices.note_refusals([refusal(held)]) == []
    assert notices.note_refusals([refusal(held, reason=Reason.OVER_QUOTA)])
    assert len(told(held)) == 2


def test_two_mailboxes_are_told_each(new_mailbox: Callable[[], Held]) -> None:
    some = [new_mailbox(), new_mailbox()]
    assert len(notices.note_refusals([refusal(held) for held in some])) == 2


def test_beyond_twenty_they_are_counted(talk: Talk, held: Held) -> None:
    talk.greet()
    for number in range(MOST_NOTICES + 5):
        refuse(talk, held, sender=f"sender{number}@else.example")
    wait_until(lambda: notices_of(held).more == 5)
    refuse(talk, held, sender="sender24@else.example")  # counted, and not again within the hour
    refuse(talk, held, sender="one.more@else.example")
    wait_until(lambda: notices_of(held).more == 6)
    assert [path for _, _, path in told(held)] == [f"sender{n}@else.example" for n in range(MOST_NOTICES)]
    assert Notice.objects.filter(mailbox_id=held.pk).count() == MOST_NOTICES


def test_memory_of_what_was_told_is_bounded(held: Held, monkeypatch: pytest.MonkeyPatch) -> None:
    memory = notices._Memory(3)
    now = clock.now()
    for name in (b"1", b"2", b"3", b"4"):
        memory.add(name, now)
    assert [memory.is_recent(name, now) for name in (b"1", b"2", b"3", b"4")] == [False, True, True, True]


# -- what it costs and changes -----------------------------------------------------------------------------


def test_a_notice_counts_towards_no_quota_and_moves_no_timer(held: Held) -> None:
    before = Mailbox.objects.get(pk=held.pk)
    notices.note_refusals([refusal(held)])
    after = Mailbox.objects.get(pk=held.pk)
    assert (after.message_count, after.size_bytes, after.expires_at) == (
        before.message_count,
        before.size_bytes,
        before.expires_at,
    )


def test_an_open_page_learns_of_it(talk: Talk, held: Held) -> None:
    revision = held.open().revision
    refuse(talk.greet(), held)
    wait_until(lambda: told(held))
    changes = held.open().changes_since(revision)
    assert changes.revision == revision + 1
    assert changes.living == {}


def test_what_cannot_be_written_costs_no_mail(
    talk: Talk, held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    def trip(refusals: object) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr(notices, "note_refusals", trip)
    failed = counters.counted("notices_failed")
    refuse(talk.greet(), held)
    wait_until(lambda: counters.counted("notices_failed") > failed)
    assert talk.mail(b"but this", held.address).startswith("250 ")


def test_what_waits_is_written_before_the_end(listening: Listening, held: Held) -> None:
    refuse(listening.talk().greet(), held)
    listening.stop()
    assert told(held)


# -- sealed and gone ---------------------------------------------------------------------------------------


def test_nothing_of_it_is_in_the_clear(talk: Talk, held: Held) -> None:
    refuse(talk.greet(), held, sender="returningquokka@sendingnumbat.example")
    wait_until(lambda: told(held))
    hay = Haystack()
    hay.add_files(settings.TEMPMAIL_DATA_DIR, without=("static",))
    assert hay.places
    assert hay.finds(["returningquokka", "sendingnumbat", "too_large", str(LARGE)]) == []


def test_a_notice_that_was_moved_is_not_told(held: Held, new_mailbox: Callable[[], Held]) -> None:
    other = new_mailbox()
    notices.note_refusals([refusal(held), refusal(other)])
    Notice.objects.filter(mailbox_id=held.pk).update(refused_at=clock.now() - timedelta(hours=1))
    Notice.objects.filter(mailbox_id=other.pk).update(mailbox_id=held.pk)
    assert told(held) == []


def test_digests_are_dropped_after_an_hour(held: Held, monkeypatch: pytest.MonkeyPatch) -> None:
    notices.note_refusals([refusal(held)])
    assert retention.sweep().digests == 0
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(minutes=61))
    assert retention.sweep().digests == 1
    assert Notice.objects.get().digest is None
    assert len(told(held)) == 1


def test_notices_go_with_their_mailbox(
    held: Held, new_mailbox: Callable[[], Held], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = new_mailbox()
    notices.note_refusals([refusal(held), refusal(other)])
    retention.delete_mailbox(held.pk)
    assert [notice.mailbox_id for notice in Notice.objects.all()] == [other.pk]
    Mailbox.objects.filter(pk=other.pk).update(
        expires_at=clock.now() - timedelta(hours=2), purge_at=clock.now() - timedelta(hours=1)
    )
    retention.sweep()
    assert Notice.objects.count() == 0


def test_a_batch_of_refusals_costs_few_questions(
    new_mailbox: Callable[[], Held], django_assert_max_num_queries: Callable[..., object]
) -> None:
    some = [refusal(held, f"s{n}@else.example") for held in (new_mailbox(), new_mailbox()) for n in range(40)]
    with django_assert_max_num_queries(8, connection=connection):  # type: ignore[attr-defined]
        notices.note_refusals(some)
    with django_assert_max_num_queries(0):  # type: ignore[attr-defined]
        notices.note_refusals(some)
