"""Clients that leave: half-closed at every byte, cut off after the dot, and those that come back."""

from __future__ import annotations

import asyncio
import secrets
import socket
import struct
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.faults.ledger import REPEAT_AFTER_SECONDS, Entry, Ledger, Talk
from tests.faults.place import Box, Life, Place
from tests.support import wait_for

END = b"\r\n.\r\n"


@pytest.fixture(scope="module", autouse=True)
def listener(place: Place) -> Iterator[Life]:
    life = place.listen()
    yield life
    assert life.is_running(), "the listener has died"
    assert "Traceback" not in life.log.read_text()
    life.kill()


@pytest.fixture
def box(place: Place) -> Box:
    return place.new_boxes(1)[0]


def a_session(box: Box) -> tuple[bytes, bytes]:
    """Everything a client says in one session, all at once, and its message."""
    body = f"From: ann@sender.example\r\nSubject: {secrets.token_hex(4)}\r\n\r\n..dots and more".encode()
    words = (
        b"EHLO load.example\r\nMAIL FROM:<ann@sender.example>\r\n"
        + f"RCPT TO:<{box.address}>\r\nDATA\r\n".encode()
        + body.replace(b"\r\n.", b"\r\n..")
        + END
        + b"QUIT\r\n"
    )
    return words, body + b"\r\n"


async def half_close_after(port: int, words: bytes) -> bytes:
    """Say so much, close our side, and hear the other out."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(words)
    writer.write_eof()
    heard = await asyncio.wait_for(reader.read(), 20)
    writer.close()
    return heard


async def reset_after(port: int, words: bytes) -> bytes:
    """Say so much and tear the connection down with a reset."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    await reader.readline()
    writer.write(words)
    await asyncio.sleep(0)
    tear_down(writer)
    return b""


def tear_down(writer: asyncio.StreamWriter) -> None:
    """A reset instead of an orderly close."""
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def test_a_client_that_half_closes_at_any_byte_is_answered_for_what_it_said(
    place: Place, box: Box
) -> None:
    sessions = []
    for cut in range(len(a_session(box)[0]) + 1):
        words, body = a_session(box)
        sessions.append((words[:cut], body))
    heard: list[bytes] = []
    for at in range(0, len(sessions), 50):
        some = sessions[at : at + 50]
        heard += await asyncio.gather(*(half_close_after(place.smtp_port, words) for words, _ in some))
    stored = Counter(place.read([box])[box.id].bodies)
    for (words, body), replies in zip(sessions, heard, strict=True):
        whole = END in words
        assert stored[body] == whole, words
        assert (b" Stored as " in replies) == whole, replies
    assert sum(stored.values()) == 1 + len(b"QUIT\r\n")


async def test_a_client_that_resets_leaves_a_whole_message_or_none(place: Place, box: Box) -> None:
    sessions = []
    for _ in range(4):
        words, body = a_session(box)
        end = words.index(END)
        sessions += [(words[: end + kept], body) for kept in range(len(END) + 1)]
    await asyncio.gather(*(reset_after(place.smtp_port, words) for words, _ in sessions))
    # One that stays tells that those before it have been dealt with.
    words, last = a_session(box)
    await half_close_after(place.smtp_port, words)
    bodies = place.read([box])[box.id].bodies
    assert last in bodies
    assert set(bodies) <= {body for words, body in sessions if END in words} | {last}


async def test_what_comes_again_is_there_once_if_the_250_was_never_read_and_twice_if_it_was(
    place: Place, box: Box
) -> None:
    book, unread, read = Ledger(), [], []
    for leave in (_reset_unread, _close_unread, _half_close_then_reset):
        for _ in range(3):
            unread.append(book.new(box))
            await leave(place, unread[-1])
    for _ in range(3):
        read.append(Ledger().new(box))
        await _send_and_close(place, read[-1])
    await asyncio.to_thread(
        wait_for, lambda: len(place.read([box])[box.id].sources) == 12, "all that was sent"
    )
    await asyncio.sleep(REPEAT_AFTER_SECONDS)
    for entry in (*unread, *read):
        await _send_and_close(place, entry)
    stored = Counter(place.read([box])[box.id].bodies)
    assert [stored[entry.body] for entry in unread] == [1] * 9
    assert [stored[entry.body] for entry in read] == [2] * 3


async def _send_and_close(place: Place, entry: Entry) -> None:
    """No QUIT, but an orderly close after the 250 was read."""
    talk = await Talk.begin(place.smtp_port)
    assert (await talk.send(entry)).startswith("250 ")
    await talk.close(rudely=True)


async def _say_all_but_wait(place: Place, entry: Entry) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A whole transaction whose last reply is left unread."""
    reader, writer = await asyncio.open_connection("127.0.0.1", place.smtp_port)
    talk = Talk(reader, writer)
    await talk.reply()
    for line in (
        "EHLO load.example",
        "MAIL FROM:<ann@sender.example>",
        f"RCPT TO:<{entry.boxes[0].address}>",
    ):
        assert (await talk.ask(line)).startswith("250")
    assert (await talk.ask("DATA")).startswith("354")
    writer.transport.pause_reading()  # type: ignore[attr-defined]
    writer.write(entry.body.replace(b"\r\n.", b"\r\n..") + b".\r\n")
    entry.replies.append("")
    return reader, writer


async def _reset_unread(place: Place, entry: Entry) -> None:
    _, writer = await _say_all_but_wait(place, entry)
    await asyncio.to_thread(_wait_until_stored, place, entry)
    tear_down(writer)


async def _close_unread(place: Place, entry: Entry) -> None:
    _, writer = await _say_all_but_wait(place, entry)
    writer.close()


async def _half_close_then_reset(place: Place, entry: Entry) -> None:
    _, writer = await _say_all_but_wait(place, entry)
    writer.write_eof()
    await asyncio.to_thread(_wait_until_stored, place, entry)
    tear_down(writer)


def _wait_until_stored(place: Place, entry: Entry) -> None:
    [box] = entry.boxes
    wait_for(lambda: entry.body in place.read([box])[box.id].bodies, "the commit")
