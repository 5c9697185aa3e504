"""Clients that leave, at every step and in every manner; and senders that repeat what they sent."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

import pytest

from inbox import delivery
from inbox.models import Message
from tests.smtpd.conftest import Held, Listening, Talk, wait_until

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "queue"])

STEPS = [
    b"",
    b"EH",
    b"EHLO client.example\r\n",
    b"MAIL FROM:<a@b.example>\r\n",
    b"RCPT TO:<%s>\r\n",
    b"DATA\r\n",
    b"Subject: half\r\n\r\nte",
    b"xt\r\n",
    b".",
    b"\r",
]


def half_close(talk: Talk) -> None:
    talk.socket.shutdown(socket.SHUT_WR)


def reset(talk: Talk) -> None:
    talk.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    talk.close()


@pytest.mark.parametrize("leave", [half_close, Talk.close, reset])
def test_a_client_that_leaves_before_the_end_stores_nothing_and_takes_nobody_with_it(
    leave: Callable[[Talk], None], listening: Listening, held: Held
) -> None:
    for step in range(len(STEPS)):
        leaving = listening.talk()
        for said in STEPS[: step + 1]:
            leaving.send(said.replace(b"%s", held.address.encode()))
        leave(leaving)
        wait_until(lambda: listening.listener is not None and listening.listener.sessions == 0)
        assert held.count() == 0, STEPS[step]
    assert listening.talk().greet().mail(b"text", held.address).startswith("250 ")


def test_a_client_that_half_closes_after_the_dot_gets_its_answer(talk: Talk, held: Held) -> None:
    talk.greet().begin(held.address)
    talk.send(b"text\r\n.\r\n")
    half_close(talk)
    assert talk.reply().startswith("250 ")
    assert talk.is_closed()
    assert held.count() == 1


@pytest.mark.parametrize("size", [10, 100_000, 5_000_000])
@pytest.mark.parametrize("leave", [Talk.close, reset])
def test_what_was_read_to_its_end_is_stored_whoever_leaves_meanwhile(
    leave: Callable[[Talk], None],
    size: int,
    listening: Listening,
    held: Held,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sealing, go_on = threading.Event(), threading.Event()
    digest_body = delivery.digest_body

    def slow(pieces: Iterable[bytes | bytearray | memoryview]) -> bytes:
        sealing.set()
        assert go_on.wait(5)
        return digest_body(pieces)

    monkeypatch.setattr(delivery, "digest_body", slow)
    talk = listening.talk().greet().begin(held.address)
    talk.send(b"x" * size + b"\r\n.\r\n")
    assert sealing.wait(5)
    leave(talk)
    if leave is reset:
        wait_until(lambda: listening.listener is not None and listening.listener.sessions == 0)
    go_on.set()
    wait_until(lambda: held.count() == 1)
    assert held.bodies() == [b"x" * size + b"\r\n"]


# --- repeats ---


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A repeat is recognised from the first moment on, so that tests need not wait."""
    monkeypatch.setattr(delivery, "REPEAT_NOT_BEFORE", timedelta(0))


def remembered(listening: Listening | None = None) -> int:
    """How many messages would be known again; for good, when the listener has ended."""
    if listening is not None:
        listening.stop()
    return Message.objects.filter(repeat_digest__isnull=False).count()


def forgets() -> None:
    wait_until(lambda: remembered() == 0, 3)


def test_a_repeat_by_a_sender_that_never_saw_our_250_is_stored_once(
    listening: Listening, held: Held, at_once: None
) -> None:
    lost = listening.talk().greet().begin(held.address)
    lost.send(b"text\r\n.\r\n")
    lost.close()
    wait_until(lambda: held.count() == 1)
    wait_until(lambda: listening.listener is not None and listening.listener.sessions == 0)
    assert remembered() == 1
    again = listening.talk().greet()
    assert again.mail(b"text", held.address).startswith("250 ")
    assert held.count() == 1
    # It has read this 250, so a third one is meant as such.
    again.close()
    forgets()
    assert listening.talk().greet().mail(b"text", held.address).startswith("250 ")
    assert held.count() == 2


def test_equal_mails_in_one_session_are_as_many_as_were_sent(talk: Talk, held: Held, at_once: None) -> None:
    assert talk.greet().mail(b"text", held.address).startswith("250 ")
    talk.begin(held.address)
    assert remembered() == 1
    # Data after the next 354 tells that it saw the last 250.
    talk.send(b"te")
    forgets()
    assert talk.ask(b"xt\r\n.\r\n").startswith("250 ")
    assert held.bodies() == [b"text\r\n"] * 2


def test_an_equal_mail_that_follows_at_once_is_a_mail_of_its_own(
    talk: Talk, listening: Listening, held: Held, at_once: None
) -> None:
    # No time to drop a digest in: that it is acknowledged is enough.
    assert talk.greet().mail(b"text", held.address).startswith("250 ")
    for _ in range(3):
        assert talk.mail(b"text", held.address).startswith("250 ")
    talk.ask(b"QUIT\r\n")
    talk.close()
    wait_until(lambda: listening.listener is not None and listening.listener.sessions == 0)
    again = listening.talk().greet()
    assert again.mail(b"text", held.address).startswith("250 ")
    assert held.bodies() == [b"text\r\n"] * 5


@pytest.mark.parametrize("goodbye", [b"", b"QUIT\r\n"])
def test_an_orderly_close_after_the_250_shows_that_it_was_read(
    goodbye: bytes, talk: Talk, held: Held
) -> None:
    assert talk.greet().mail(b"text", held.address).startswith("250 ")
    assert remembered() == 1
    if goodbye:
        assert talk.ask(goodbye).startswith("221 ")
    talk.close()
    forgets()


@pytest.mark.parametrize(
    "behind_the_dot",
    [b"QUIT\r\n", b"MAIL FROM:<>\r\nRCPT TO:<%s>\r\nDATA\r\nsecond\r\n.\r\n", b"NOOP\r\nRSET\r\nVRFY x\r\n"],
)
def test_what_could_have_been_sent_with_the_dot_proves_nothing(
    behind_the_dot: bytes, listening: Listening, held: Held
) -> None:
    talk = listening.talk().greet().begin(held.address)
    expected = 1 + behind_the_dot.count(b"\r\n.\r\n")
    talk.send(b"first\r\n.\r\n" + behind_the_dot.replace(b"%s", held.address.encode()))
    assert talk.reply().startswith("250 ")
    wait_until(lambda: held.count() == expected)
    reset(talk)
    assert remembered(listening) == expected


def test_a_close_that_came_before_our_250_proves_nothing(
    listening: Listening, held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk = listening.talk().greet().begin(held.address)
    store = delivery.store

    def slow(*batch: Any) -> object:
        talk.close()
        return store(*batch)

    monkeypatch.setattr(delivery, "store", slow)
    talk.send(b"text\r\n.\r\n")
    wait_until(lambda: held.count() == 1)
    assert remembered(listening) == 1


def test_a_reset_after_the_250_proves_nothing(listening: Listening, held: Held) -> None:
    talk = listening.talk().greet()
    assert talk.mail(b"text", held.address).startswith("250 ")
    reset(talk)
    wait_until(lambda: listening.listener is not None and listening.listener.sessions == 0)
    assert remembered(listening) == 1


def test_a_close_by_us_proves_nothing(listen: Callable[..., Listening], held: Held) -> None:
    listening = listen(command_seconds=0.3)
    talk = listening.talk().greet()
    assert talk.mail(b"text", held.address).startswith("250 ")
    assert talk.reply().startswith("421 ")
    assert remembered(listening) == 1


def test_an_end_in_order_by_us_proves_nothing(listening: Listening, held: Held) -> None:
    talk = listening.talk().greet().begin(held.address)
    listening.ask_to_end()
    assert talk.ask(b"text\r\n.\r\n").startswith("250 ")
    assert talk.reply().startswith("421 ")
    wait_until(listening.has_ended)
    assert remembered() == 1
