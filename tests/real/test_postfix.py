"""A real Postfix relays to us, and comes again when it is put off."""

from __future__ import annotations

import os
import secrets
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.faults.ledger import REPEAT_AFTER_SECONDS
from tests.faults.place import Box, Life, Place
from tests.real.conftest import BUSY_SECONDS, OpenPage, sources
from tests.real.postfix import Postfix
from tests.support import wait_for

SENDER = "ann@sender.example"
DEAD = "nobody.at.all@one.example"


@pytest.fixture(scope="module")
def postfix(place: Place) -> Iterator[Postfix]:
    if os.geteuid() != 0:
        pytest.skip("Postfix can only be started by root: run the tests as root to see it relay")
    postfix = Postfix(place.smtp_port)
    postfix.start()
    yield postfix
    postfix.stop()


@contextmanager
def locked(place: Place) -> Iterator[None]:
    """Somebody else holds the database's write lock."""
    other = sqlite3.connect(place.running.data_dir / "mail.sqlite3", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.close()


def a_message(subject: str, body: bytes = b"") -> bytes:
    return f"Subject: {subject} {secrets.token_hex(8)}\r\nFrom: {SENDER}\r\n\r\n".encode() + body


def arrived(place: Place, box: Box, *messages: bytes) -> None:
    """Wait until exactly these have come, each once and whole behind what Postfix puts before it."""
    wait_for(lambda: len(sources(place, box)) >= len(messages), "all mail from Postfix")
    found = sources(place, box)
    assert len(found) == len(messages)
    for message in messages:
        [source] = [source for source in found if source.endswith(message)]
        assert source.startswith(b"Received: from client.example")


def test_it_relays_what_is_large_what_has_8_bits_and_what_has_utf_8_addresses(
    postfix: Postfix, place: Place, boxes: list[Box]
) -> None:
    lines = b"".join(f"{secrets.token_hex(400)}\r\n".encode() for _ in range(6300))
    large = a_message("five megabytes", lines)
    eight_bits = a_message("eight bits", "Füße\r\n..\r\n.\r\n".encode())
    utf_8 = a_message("Ελληνικά", "足\r\n".encode())
    assert len(large) > 5_000_000
    with postfix.connect() as client:
        client.sendmail(SENDER, boxes[0].address, large)
        client.sendmail(SENDER, boxes[0].address, eight_bits, mail_options=["BODY=8BITMIME"])
        client.sendmail(
            "jürgen@groß.example", boxes[1].address, utf_8, mail_options=["BODY=8BITMIME", "SMTPUTF8"]
        )
    arrived(place, boxes[0], large, eight_bits)
    arrived(place, boxes[1], utf_8)
    [source] = place.read([boxes[1]])[boxes[1].id].sources
    assert source.startswith("Return-Path: <jürgen@groß.example>\r\n".encode())
    assert b" with UTF8SMTP id " in source.split(b"\r\n\t")[1]


def test_what_it_relays_appears_in_a_page_that_is_open(postfix: Postfix, page: OpenPage) -> None:
    with postfix.connect() as client:
        client.sendmail(SENDER, page.box.address, b"Subject: by way of Postfix\r\n\r\nHello\r\n")
    assert page.subjects_until("by way of Postfix") == ["by way of Postfix"]


def test_one_dead_recipient_is_bounced_and_the_others_have_their_mail(
    postfix: Postfix, place: Place, boxes: list[Box]
) -> None:
    message = a_message("to several")
    living = [box.address for box in boxes]
    with postfix.connect() as client:
        client.sendmail(SENDER, [*living[:2], DEAD, living[2]], message)
    for box in boxes:
        arrived(place, box, message)
    wait_for(lambda: postfix.deliveries(DEAD), "a word on the dead one")
    assert postfix.deliveries(DEAD) == ["bounced"]
    assert [postfix.deliveries(address) for address in living] == [["sent"]] * 3


def test_it_comes_again_after_a_451_and_after_a_death(
    postfix: Postfix, place: Place, boxes: list[Box], listener: Life
) -> None:
    put_off, in_flight = a_message("put off"), [a_message(f"in flight {number}") for number in range(12)]
    with locked(place), postfix.connect() as client:
        client.sendmail(SENDER, boxes[0].address, put_off)
        wait_for(lambda: "451 4.3.0" in postfix.log(), "a 451")
    assert sources(place, boxes[0]) == []

    listener.kill()
    dying = place.listen(death="half a reply:2", busy_seconds=BUSY_SECONDS)
    with postfix.connect() as client:
        for message in in_flight:
            client.sendmail(SENDER, boxes[1].address, message)
    assert dying.wait() == -9
    time.sleep(REPEAT_AFTER_SECONDS)  # a repeat is not looked for earlier
    place.listen(busy_seconds=BUSY_SECONDS)
    wait_for(lambda: postfix.is_empty_after_a_run(), "the end of Postfix's queue")
    arrived(place, boxes[0], put_off)
    arrived(place, boxes[1], *in_flight)
    assert postfix.deliveries(boxes[0].address)[-1] == "sent"
    assert "deferred" in postfix.deliveries(boxes[0].address)
    assert "deferred" in postfix.deliveries(boxes[1].address)
