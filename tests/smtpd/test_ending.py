"""The end in order: what is open finishes or is told, and nobody waits for ever."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Sequence

import pytest

from inbox import delivery
from tests.smtpd.conftest import Held, Listening, Talk, wait_until


def test_an_idle_session_is_told_at_once_and_an_open_transaction_finishes(
    listening: Listening, held: Held
) -> None:
    idle = listening.talk().greet()
    busy = listening.talk().greet().begin(held.address)
    listening.ask_to_end()
    assert idle.reply().startswith("421 4.3.2 ")
    assert idle.is_closed()
    assert busy.ask(b"text\r\n.\r\n").startswith("250 ")
    assert busy.reply().startswith("421 4.3.2 ")
    wait_until(listening.has_ended)
    assert held.count() == 1


def test_nobody_new_gets_in(listening: Listening, held: Held) -> None:
    busy = listening.talk().greet().begin(held.address)
    listening.ask_to_end()

    def refused() -> bool:
        try:
            Talk(listening.port).close()
        except ConnectionRefusedError:
            return True
        return False

    wait_until(refused)
    assert busy.ask(b"text\r\n.\r\n").startswith("250 ")


def test_a_transaction_that_does_not_end_is_told_when_time_is_up(
    listen: Callable[..., Listening], held: Held
) -> None:
    listening = listen(shutdown_seconds=0.3)
    stuck = listening.talk().greet().begin(held.address)
    stuck.send(b"never en")
    listening.ask_to_end()
    assert stuck.reply().startswith("421 4.3.2 ")
    wait_until(listening.has_ended, 5)
    assert held.count() == 0


def test_asked_twice_it_hurries(listening: Listening, held: Held) -> None:
    stuck = listening.talk().greet().begin(held.address)
    listening.ask_to_end()
    began_at = time.monotonic()
    listening.ask_to_end()
    assert stuck.reply().startswith("421 4.3.2 ")
    wait_until(listening.has_ended)
    assert time.monotonic() - began_at < 3


def test_what_is_being_written_is_written_and_answered(
    listening: Listening, held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = delivery.store
    begun, go_on = threading.Event(), threading.Event()

    def slow(batch: Sequence[delivery.Incoming], acknowledged: Collection[int]) -> list[delivery.Outcome]:
        begun.set()
        assert go_on.wait(5)
        return store(batch, acknowledged)

    monkeypatch.setattr(delivery, "store", slow)
    talk = listening.talk().greet().begin(held.address)
    talk.send(b"text\r\n.\r\n")
    assert begun.wait(5)
    listening.ask_to_end()
    listening.ask_to_end()
    go_on.set()
    assert talk.reply().startswith("250 ")
    wait_until(listening.has_ended)
    assert held.count() == 1
