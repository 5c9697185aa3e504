"""Storing mail: one transaction for all that waits, and each message its own fate."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace

import pytest
from django.db import OperationalError

from inbox import clock, delivery, presence, retention, sealing
from inbox.addresses import parse
from inbox.delivery import Fate, Verdict
from inbox.models import Message, Policy, Source, SourceChunk
from tests.core.conftest import Clock, Held, deliver, incoming, recipient

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "queue"])


def verdict(address: str) -> Verdict:
    [lookup] = delivery.find_recipients([parse(address)])
    return lookup.verdict


def test_a_living_address_receives_whatever_its_case_dot_or_tag(held: Held) -> None:
    local_part, _, domain = held.address.partition("@")
    assert verdict(held.address) is Verdict.RECEIVES
    assert recipient(f"{local_part.upper()}+Shop@{domain.upper()}.").tag == "Shop"
    assert recipient(f"{local_part}+shop@{domain}").mailbox_pk == held.pk


def test_addresses_that_never_were_ended_or_are_erased_are_all_unknown(
    new_mailbox: Callable[..., Held], moving: Clock
) -> None:
    ended, erased = new_mailbox(), new_mailbox()
    erased.open().delete()
    moving.move(minutes=91)
    assert {verdict(ended.address), verdict(erased.address), verdict("never.was@one.example")} == {
        Verdict.UNKNOWN
    }


def test_another_domain_is_foreign(rows: Policy) -> None:
    assert verdict("somebody@elsewhere.example") is Verdict.FOREIGN_DOMAIN


def test_living_mailboxes_that_wait_together_share_one_read(
    new_mailbox: Callable[..., Held], django_assert_num_queries: Callable[..., AbstractContextManager[object]]
) -> None:
    asked = [parse(new_mailbox().address) for _ in range(20)]
    Policy.current()
    with django_assert_num_queries(1):
        delivery.find_recipients(asked)


def test_ended_erased_and_never_given_addresses_take_the_same_reads(
    new_mailbox: Callable[..., Held],
    django_assert_num_queries: Callable[..., AbstractContextManager[object]],
    moving: Clock,
) -> None:
    ended, erased = new_mailbox(), new_mailbox()
    erased.open().delete()
    moving.move(minutes=91)
    Policy.current()
    for address in (ended.address, erased.address, "never.was@one.example", "never@elsewhere.example"):
        with django_assert_num_queries(3):
            delivery.find_recipients([parse(address)])


def test_a_stored_message_reads_back_byte_for_byte(held: Held) -> None:
    assert deliver(held.address, subject="Grüße", body=b"line\r\n").fate is Fate.STORED
    [row] = held.open().rows()
    assert row.summary is not None and row.summary.subject == "Grüße"
    message = held.open().message(row.message_id)
    assert message is not None
    assert message.source().endswith("Subject: Grüße\r\n\r\nline\r\n".encode())


def test_a_large_message_is_stored_in_chunks_and_reads_back(held: Held) -> None:
    import os

    body = os.urandom(3_000_000)
    assert deliver(held.address, body=body).fate is Fate.STORED
    assert SourceChunk.objects.count() >= 10
    [row] = held.open().rows()
    message = held.open().message(row.message_id)
    assert message is not None and message.source().endswith(body)


def test_several_recipients_share_one_source_and_get_a_box_each(new_mailbox: Callable[..., Held]) -> None:
    one, two = new_mailbox(), new_mailbox()
    assert deliver(one.address, two.address).fate is Fate.STORED
    assert (Source.objects.count(), Message.objects.count()) == (1, 2)
    assert len(one.open().rows()) == len(two.open().rows()) == 1


def test_revision_counters_and_timer_move_with_the_message(held: Held, rows: Policy, moving: Clock) -> None:
    moving.move(minutes=88)
    outcome = deliver(held.address)
    row = held.row()
    assert (row.revision, row.message_count) == (1, 1)
    assert row.size_bytes == Message.objects.get().size_bytes
    assert outcome.stored[0].revision == 1
    assert row.expires_at == row.last_message_at + rows.shortest_reading_time
    assert row.purge_at == row.expires_at + rows.grace


def test_a_message_confirms_a_provisional_mailbox(new_mailbox: Callable[..., Held], moving: Clock) -> None:
    held = new_mailbox(provisional=True)
    deliver(held.address)
    moving.move(minutes=10)
    assert held.opens() and len(held.open().rows()) == 1


def test_a_mailbox_erased_after_rcpt_stores_nothing(held: Held) -> None:
    message = incoming(held.address)
    held.open().delete()
    [outcome] = delivery.store([message])
    assert outcome.fate is Fate.NO_MAILBOX
    assert not Message.objects.exists() and not Source.objects.exists()


def test_a_mailbox_due_for_erasing_takes_nothing_though_no_sweep_ran(held: Held, moving: Clock) -> None:
    message = incoming(held.address)
    moving.move(minutes=121)
    [outcome] = delivery.store([message])
    assert outcome.fate is Fate.NO_MAILBOX


def test_a_recipient_that_is_gone_costs_the_others_nothing(new_mailbox: Callable[..., Held]) -> None:
    gone, stays = new_mailbox(), new_mailbox()
    message = incoming(gone.address, stays.address)
    gone.open().delete()
    [outcome] = delivery.store([message])
    assert outcome.fate is Fate.STORED and len(outcome.stored) == 1
    assert len(stays.open().rows()) == 1


def test_a_mailbox_that_ended_between_rcpt_and_data_shows_the_message_for_the_reading_time(
    held: Held, moving: Clock
) -> None:
    moving.move(minutes=89, seconds=59)
    message = incoming(held.address)
    moving.move(seconds=5)
    [outcome] = delivery.store([message])
    assert outcome.fate is Fate.STORED
    assert len(held.open().rows()) == 1
    moving.move(minutes=4)
    assert len(held.open().rows()) == 1
    moving.move(minutes=2)
    assert held.open().rows() == []


def test_the_greatest_age_wins_over_a_late_message(held: Held, rows: Policy, moving: Clock) -> None:
    for _ in range(200):
        moving.move(minutes=60)
        if not held.opens() or held.open().state != "living":
            break
        held.open().view()
        deliver(held.address)
    assert held.row().expires_at <= held.row().created_at + rows.greatest_age


def test_past_the_greatest_age_no_message_is_taken_that_nobody_could_read(
    held: Held, rows: Policy, moving: Clock
) -> None:
    rows.greatest_age = rows.lifetime
    rows.save()
    moving.move(minutes=89, seconds=59)
    message = incoming(held.address)
    moving.move(seconds=5)
    assert [outcome.fate for outcome in delivery.store([message])] == [Fate.NO_MAILBOX]


def test_a_clock_that_jumps_between_rcpt_and_data_puts_the_message_off(held: Held, moving: Clock) -> None:
    presence.look_at_clock(clock.now())
    message = incoming(held.address)
    moving.move(hours=8)
    assert [outcome.fate for outcome in delivery.store([message])] == [Fate.FAILED]


def test_a_full_mailbox_refuses_a_sole_recipient_but_not_one_among_several(
    new_mailbox: Callable[..., Held], rows: Policy
) -> None:
    full, other = new_mailbox(), new_mailbox()
    rows.quota_messages = 1
    rows.save()
    waiting, together = incoming(full.address, body=b"2"), incoming(full.address, other.address, body=b"3")
    deliver(full.address)
    assert [outcome.fate for outcome in delivery.store([waiting, together])] == [Fate.OVER_QUOTA, Fate.STORED]
    assert verdict(full.address) is Verdict.OVER_QUOTA


def test_a_repeat_is_kept_once_after_two_seconds_and_twin_mails_are_two(held: Held, moving: Clock) -> None:
    assert [outcome.fate for outcome in delivery.store([incoming(held.address), incoming(held.address)])] == [
        Fate.STORED,
        Fate.STORED,
    ]
    moving.move(seconds=3)
    again = deliver(held.address)
    assert again.fate is Fate.REPEATED and again.repeated
    assert len(held.open().rows()) == 2


def test_a_sender_that_saw_our_250_may_send_the_same_again(held: Held, moving: Clock) -> None:
    outcome = deliver(held.address)
    delivery.forget_repeats([stored.message_pk for stored in outcome.stored])
    moving.move(seconds=3)
    assert deliver(held.address).fate is Fate.STORED


def test_a_repeat_is_not_looked_for_after_an_hour(held: Held, moving: Clock) -> None:
    deliver(held.address)
    moving.move(minutes=61)
    assert deliver(held.address).fate is Fate.STORED


def test_the_same_bytes_to_another_tag_are_another_message(held: Held, moving: Clock) -> None:
    local_part, _, domain = held.address.partition("@")
    deliver(held.address)
    moving.move(seconds=3)
    assert deliver(f"{local_part}+shop@{domain}").fate is Fate.STORED


def test_a_poisonous_row_fails_alone(new_mailbox: Callable[..., Held]) -> None:
    held = new_mailbox()
    good, poison = incoming(held.address), incoming(held.address)
    poison = replace(poison, source=replace(poison.source, header=None))  # type: ignore[arg-type]  NOT NULL
    fates = [outcome.fate for outcome in delivery.store([good, poison, incoming(held.address)])]
    assert fates == [Fate.STORED, Fate.FAILED, Fate.STORED]
    assert [row.number for row in held.open().rows()] == [1, 2]


def test_a_database_that_cannot_be_reached_fails_all_at_once(
    held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    messages, tries = [incoming(held.address) for _ in range(5)], []

    def locked(_batch: object, _acknowledged: object) -> None:
        tries.append(1)
        raise OperationalError("database is locked")

    monkeypatch.setattr(delivery, "_store_together", locked)
    assert {outcome.fate for outcome in delivery.store(messages)} == {Fate.FAILED}
    assert len(tries) == 1


def test_mail_for_the_staff_is_put_off_until_they_have_a_key(rows: Policy) -> None:
    assert verdict("postmaster@one.example") is Verdict.NOT_NOW
    assert verdict("Abuse@two.example") is Verdict.NOT_NOW
    assert delivery.find_postmaster().verdict is Verdict.NOT_NOW


def test_numbers_have_no_gaps_that_a_page_could_fall_into(held: Held) -> None:
    for _ in range(3):
        delivery.store([incoming(held.address, subject=str(n)) for n in range(4)])
    assert [row.number for row in held.open().rows()] == list(range(1, 13))
    assert [row.number for row in held.open().changes_since(9).rows] == [10, 11, 12]


def test_a_mailbox_in_grace_takes_mail_only_where_policy_says_so(
    held: Held, rows: Policy, moving: Clock
) -> None:
    moving.move(minutes=95)
    assert verdict(held.address) is Verdict.UNKNOWN
    rows.grace_answer = Policy.GraceAnswer.ACCEPT
    rows.save()
    assert deliver(held.address).fate is Fate.STORED
    assert held.open().rows() == []  # kept, not shown
    retention.revive(held.pk)
    assert len(held.open().rows()) == 1


def test_no_secret_of_sealing_is_in_what_is_stored(held: Held) -> None:
    deliver(held.address, subject="Needle-in-subject", body=b"needle-in-body\r\n")
    stored = b"".join(
        bytes(value)
        for row in [*Message.objects.values_list("box"), *Source.objects.values_list("first_chunk", "header")]
        for value in row
    )
    assert b"needle" not in stored.lower()
    assert sealing.lookup_digest(held.secret) not in stored
