"""What a real listener finds out about senders, when, and at whose cost."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pytest_django import Settings

from inbox import access, delivery, live, retention, sealing
from inbox.delivery import Checked
from inbox.mail.senders import Checks, Proof, Result, Verdict
from inbox.models import Mailbox, Message
from inbox.resolver import Resolver, Server
from smtpd import authentication, checking, counters, handler
from smtpd.budget import Budget
from smtpd.checking import Checker
from smtpd.limits import MIB
from tests.nameserver import NameServer, name_server
from tests.signing import rsa_key
from tests.smtpd.conftest import Held, Listening, wait_until

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "queue"])

MESSAGE = b"From: Ann <ann@bank.example>\r\nSubject: Hello\r\n\r\nYour code is 482913.\r\n"


@pytest.fixture
def dns(settings: Settings) -> Iterator[NameServer]:
    """A name server that listeners started after it ask."""
    with name_server() as dns:
        settings.TEMPMAIL_RESOLVER = dns.setting
        dns.text("s1._domainkey.bank.example", rsa_key().record)
        dns.text("_dmarc.bank.example", "v=DMARC1; p=reject")
        yield dns


def signed(message: bytes = MESSAGE, selector: str = "s1") -> bytes:
    return rsa_key().sign(message, "bank.example", selector)


def only_row(held: Held) -> access.Row:
    [row] = held.open().rows()
    return row


def checks_of(held: Held) -> Checks:
    """What the row says once it says something."""
    wait_until(lambda: only_row(held).checks is not None)
    checks = only_row(held).checks
    assert checks is not None
    return checks


def test_a_signed_message_is_confirmed_with_its_domain(
    dns: NameServer, listen: Callable[..., Listening], held: Held
) -> None:
    assert listen().talk().greet().mail(signed(), held.address).startswith("250 ")
    checks = checks_of(held)
    assert (checks.verdict, checks.domain, checks.policy) == (Verdict.CONFIRMED, "bank.example", "reject")
    assert checks.dkim == (Proof(Result.PASS, "bank.example"),)


def test_the_envelope_of_the_session_is_what_spf_looks_at(
    dns: NameServer, listen: Callable[..., Listening], held: Held
) -> None:
    dns.text("bank.example", "v=spf1 ip4:127.0.0.1 -all")
    talk = listen().talk().greet()
    assert talk.begin(held.address, sender="x@bank.example").ask(MESSAGE + b".\r\n").startswith("250 ")
    assert checks_of(held).spf == Proof(Result.PASS, "bank.example")
    other = listen().talk(source="127.0.0.2").greet()
    assert other.begin(held.address, sender="x@bank.example").ask(MESSAGE + b".\r\n").startswith("250 ")
    wait_until(lambda: all(row.checks for row in held.open().rows()))
    newest = held.open().rows()[-1].checks
    assert newest is not None
    assert (newest.verdict, newest.spf.result) == (Verdict.FAILED, Result.FAIL)


def test_large_mail_is_checked_too(dns: NameServer, listen: Callable[..., Listening], held: Held) -> None:
    large = signed(MESSAGE + b"0123456789 abcdef  \r\n" * 300_000)
    assert listen().talk().greet().mail(large[:-2], held.address).startswith("250 ")
    assert checks_of(held).verdict is Verdict.CONFIRMED


def test_every_recipient_is_told(
    dns: NameServer, listen: Callable[..., Listening], new_mailbox: Callable[[], Held]
) -> None:
    some = [new_mailbox(), new_mailbox()]
    assert listen().talk().greet().mail(signed(), *(held.address for held in some)).startswith("250 ")
    assert {checks_of(held).verdict for held in some} == {Verdict.CONFIRMED}


def test_reading_asks_nobody_anything(dns: NameServer, listen: Callable[..., Listening], held: Held) -> None:
    """A selector made for one reader would tell its maker that the message was opened."""
    dns.text("reader77._domainkey.bank.example", rsa_key().record)
    assert listen().talk().greet().mail(signed(selector="reader77"), held.address).startswith("250 ")
    assert checks_of(held).verdict is Verdict.CONFIRMED
    assert ("reader77._domainkey.bank.example", "TXT") in dns.asked
    dns.asked.clear()
    opened = held.open().message(only_row(held).message_id)
    assert opened is not None
    assert b"reader77" in opened.source()
    opened.mark_read()
    assert only_row(held).checks is not None
    assert dns.asked == []


def test_the_250_waits_for_no_name_server(
    dns: NameServer, listen: Callable[..., Listening], held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    dns.silent.add("*")
    monkeypatch.setattr(checking, "MOST_SECONDS", 600)
    monkeypatch.setattr("inbox.resolver.PATIENCE_SECONDS", 600)
    listening = listen()
    talk = listening.talk().greet()
    for number in range(2 * checking.THREADS):
        assert talk.mail(MESSAGE + b"%d\r\n" % number, held.address).startswith("250 ")
    assert held.count() == 2 * checking.THREADS
    assert all(row.checks is None for row in held.open().rows())
    listening.stop()  # and it ends, though name servers are silent


@pytest.mark.parametrize("how", ["nobody", "silent", "failing", "lying", "large"])
def test_without_a_good_answer_nothing_is_said(
    dns: NameServer,
    listen: Callable[..., Listening],
    held: Held,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    how: str,
) -> None:
    monkeypatch.setattr("inbox.resolver.PATIENCE_SECONDS", 0.1)
    name = "_dmarc.bank.example"
    if how == "nobody":
        settings.TEMPMAIL_RESOLVER = "127.0.0.1:9"
    elif how == "large":
        dns.text(name, *(f"v=DMARC1; p=reject{number}" + "x" * 200 for number in range(270)))
    else:
        getattr(dns, how).add(name)
    unchecked = counters.counted("unchecked")
    assert listen().talk().greet().mail(signed(), held.address).startswith("250 ")
    wait_until(lambda: counters.counted("unchecked") > unchecked)
    assert only_row(held).checks is None


def test_a_setting_that_is_no_address_costs_the_checks_and_no_mail(
    listen: Callable[..., Listening], held: Held, settings: Settings
) -> None:
    settings.TEMPMAIL_RESOLVER = "not an address"
    assert listen().talk().greet().mail(MESSAGE, held.address).startswith("250 ")
    assert only_row(held).checks is None


def test_what_a_library_trips_over_costs_the_check_and_no_mail(
    dns: NameServer, listen: Callable[..., Listening], held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    def trip(*args: object) -> None:
        raise RuntimeError("of somebody's making")

    monkeypatch.setattr(authentication, "check", trip)
    failed = counters.counted("check_failed")
    talk = listen().talk().greet()
    assert talk.mail(MESSAGE, held.address).startswith("250 ")
    wait_until(lambda: counters.counted("check_failed") > failed)
    assert talk.mail(MESSAGE + b"again", held.address).startswith("250 ")


# -- what open pages are told ------------------------------------------------------------------------------


def stored(held: Held, listening: Listening, count: int = 1) -> list[int]:
    talk = listening.talk().greet()
    for number in range(count):
        assert talk.mail(MESSAGE + b"%d\r\n" % number, held.address).startswith("250 ")
    return list(Message.objects.filter(mailbox_id=held.pk).order_by("number").values_list("pk", flat=True))


CHECKS = Checks(Verdict.CONFIRMED, "bank.example", policy="reject")


def test_a_page_is_told_of_a_row_again_when_its_sender_is_known(listening: Listening, held: Held) -> None:
    pks = stored(held, listening, 3)
    before = held.open().revision
    changed = delivery.add_checks([Checked((pks[1],), CHECKS)])
    assert [(change.mailbox_id, change.revision) for change in changed] == [
        (held.open().mailbox_id, before + 1)
    ]
    changes = held.open().changes_since(before)
    assert (changes.revision, changes.living) == (before + 1, None)
    assert [(row.number, row.checks) for row in changes.rows] == [(2, CHECKS)]
    assert held.open().changes_since(before + 1).rows == ()


def test_a_page_that_was_away_meanwhile_has_the_row_once(listening: Listening, held: Held) -> None:
    pks = stored(held, listening, 2)
    delivery.add_checks([Checked((pks[1],), CHECKS)])
    changes = held.open().changes_since(1)
    assert ([row.number for row in changes.rows], changes.living) == ([2], None)
    [message] = Message.objects.filter(pk=pks[0])
    retention.mark_read(held.pk, message.pk)
    changes = held.open().changes_since(1)
    assert changes.living is not None  # a read mark explains itself only so
    assert [row.number for row in changes.rows] == [2]


def test_what_is_known_of_an_old_message_is_not_announced_as_news(listening: Listening, held: Held) -> None:
    pks = stored(held, listening)
    opened = held.open()
    delivery.add_checks([Checked(tuple(pks), CHECKS)])
    [update] = live.updates([held.open()], {opened.mailbox_id: opened.revision}, opened.mailbox_id)
    assert [row.number for row in update.rows] == [1]
    assert update.latest is None
    assert update.revision == opened.revision + 1


def test_what_is_gone_meanwhile_is_no_matter(
    listening: Listening, held: Held, new_mailbox: Callable[[], Held]
) -> None:
    [pk] = stored(held, listening)
    other = new_mailbox()
    [other_pk] = stored(other, listening)
    retention.delete_mailbox(other.pk)
    revision = Mailbox.objects.get(pk=held.pk).revision
    changed = delivery.add_checks([Checked((other_pk, 10**9), CHECKS), Checked((pk,), CHECKS)])
    assert [change.revision for change in changed] == [revision + 1]
    assert only_row(held).checks == CHECKS


def test_a_box_that_was_put_elsewhere_says_nothing(listening: Listening, held: Held) -> None:
    pks = stored(held, listening, 2)
    delivery.add_checks([Checked((pks[0],), CHECKS)])
    first = Message.objects.get(pk=pks[0])
    Message.objects.filter(pk=pks[1]).update(checks_box=first.checks_box)
    assert [row.checks for row in held.open().rows()] == [CHECKS, None]
    Message.objects.filter(pk=pks[0]).update(checks_box=first.box)  # the right place, another purpose
    Message.objects.filter(pk=pks[1]).update(box=first.checks_box)
    rows = held.open().rows()
    assert [row.checks for row in rows] == [None, None]
    assert [row.is_damaged for row in rows] == [False, True]


def test_nothing_is_in_the_clear(dns: NameServer, listen: Callable[..., Listening], held: Held) -> None:
    assert listen().talk().greet().mail(signed(), held.address).startswith("250 ")
    checks_of(held)
    box = bytes(Message.objects.get(mailbox_id=held.pk).checks_box or b"")
    assert len(box) % 256 == 48
    assert b"bank" not in box


def test_a_small_box_opens_only_for_its_purpose() -> None:
    keys = sealing.new_key_pair()
    binding = sealing.Binding(bytes(16), bytes(16), sealing._EPOCH)
    box = sealing.seal_values(keys.public, sealing.Purpose.CHECKS, binding, {"a": 1})
    assert sealing.open_values(keys, sealing.Purpose.CHECKS, binding, box) == {"a": 1}
    with pytest.raises(sealing.Damaged):
        sealing.open_values(keys, sealing.Purpose.NOTICE, binding, box)
    with pytest.raises(sealing.Damaged):
        sealing.open_box(keys, binding, box)


# -- room --------------------------------------------------------------------------------------------------


class Counting:
    """A checker whose checks wait until they are let go."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.let_go = threading.Event()
        self.checked: list[bytes] = []
        self.noted: list[Checked] = []
        self.is_busy = False
        monkeypatch.setattr(authentication, "check", self._check)
        self.budget = Budget(64 * MIB, time.monotonic)
        self.checker = Checker(Resolver([Server("127.0.0.1", 9)]), self.noted.append, lambda: self.is_busy)

    def _check(self, envelope: Any, body: bytearray, resolver: Any, deadline: float) -> Checks:
        assert self.let_go.wait(10)
        self.checked.append(bytes(body))
        return CHECKS

    def place(self, size_bytes: int = 1) -> checking.Place | None:
        share = self.budget.open(lambda: None)
        assert share.take(size_bytes)
        return self.checker.place_for(share, size_bytes)

    def check(self, body: bytes) -> bytearray:
        place = self.place(len(body))
        assert place is not None
        held = bytearray(body)
        place.check(authentication.Envelope("127.0.0.1", "x", ""), held, (1,))
        return held


async def test_places_are_counted_and_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    counting = Counting(monkeypatch)
    places = [counting.place() for _ in range(checking.MOST_PLACES)]
    assert counting.place() is None
    assert places[0] is not None
    held_before = counting.budget.held_bytes
    places[0].leave()
    assert counting.budget.held_bytes == held_before - 1
    assert counting.place() is not None
    await counting.checker.close()


async def test_no_place_is_larger_than_what_may_be_held(monkeypatch: pytest.MonkeyPatch) -> None:
    counting = Counting(monkeypatch)
    monkeypatch.setattr(checking, "MOST_BYTES", 4 * MIB)
    assert counting.place(3 * MIB) is not None
    assert counting.place(2 * MIB) is None
    assert counting.place(1 * MIB) is not None
    await counting.checker.close()


async def test_while_half_of_the_budget_is_spent_nobody_gets_a_place(monkeypatch: pytest.MonkeyPatch) -> None:
    counting = Counting(monkeypatch)
    mail = counting.budget.open(lambda: None)
    assert mail.take(33 * MIB)
    assert counting.place() is None
    mail.release()
    assert counting.place() is not None
    await counting.checker.close()


async def test_a_message_holds_its_share_until_it_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    counting = Counting(monkeypatch)
    counting.checker.start()
    body = counting.check(b"some mail")
    await asyncio.sleep(0)
    assert (counting.budget.held_bytes, bytes(body)) == (9, b"some mail")
    counting.let_go.set()
    await until(lambda: counting.noted)
    assert (counting.budget.held_bytes, bytes(body)) == (0, b"")
    assert counting.checked == [b"some mail"]
    await counting.checker.close()


async def test_what_has_waited_too_long_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    counting = Counting(monkeypatch)
    monkeypatch.setattr(checking, "MOST_SECONDS", -1)
    counting.checker.start()
    body = counting.check(b"late")
    await until(lambda: not body)
    assert (counting.checked, counting.budget.held_bytes) == ([], 0)
    await counting.checker.close()


async def test_while_mail_waits_for_its_commit_no_check_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    counting = Counting(monkeypatch)
    monkeypatch.setattr(checking, "_WAITS_FOR_CALM_SECONDS", 60)
    counting.let_go.set()
    counting.is_busy = True
    counting.checker.start()
    counting.check(b"some mail")
    for _ in range(10):
        await asyncio.sleep(checking._LOOK_SECONDS)
    assert counting.checked == []
    counting.is_busy = False
    await until(lambda: counting.noted)
    await counting.checker.close()


def test_between_two_batches_of_a_burst_reception_is_busy_still(
    listen: Callable[..., Listening], held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All sessions are answered at once, and for a moment nothing waits."""
    store, goes_on = delivery.store, threading.Event()

    def held_up(*arguments: Any) -> list[delivery.Outcome]:
        assert goes_on.wait(10)
        return store(*arguments)

    monkeypatch.setattr(delivery, "store", held_up)
    monkeypatch.setattr(handler, "BUSY_SECONDS", 0)
    listening = listen()
    assert listening.listener is not None
    reception = listening.listener._reception
    talks = [listening.talk().greet().begin(held.address) for _ in range(2)]
    talks[0].send(MESSAGE + b".\r\n")
    wait_until(lambda: len(reception._arrivals) == 1)
    assert not reception.is_busy
    talks[1].send(MESSAGE + b"again\r\n.\r\n")
    wait_until(lambda: len(reception._arrivals) == 2)
    monkeypatch.setattr(handler, "BUSY_SECONDS", 600)
    goes_on.set()
    assert [talk.reply()[:4] for talk in talks] == ["250 ", "250 "]
    wait_until(lambda: not reception._arrivals)
    assert reception.is_busy


async def test_at_the_end_what_waits_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    counting = Counting(monkeypatch)
    counting.checker.start()
    bodies = [counting.check(b"%d" % number) for number in range(2 * checking.THREADS)]
    await until(lambda: counting.checker._running)
    closing = asyncio.create_task(counting.checker.close())
    await asyncio.sleep(0)
    counting.let_go.set()
    await closing
    assert not any(bodies)
    assert len(counting.checked) <= checking.THREADS
    assert counting.budget.held_bytes == 0


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.005)
