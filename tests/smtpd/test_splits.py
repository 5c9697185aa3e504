"""However a conversation is cut into packets, it is the same conversation."""

from __future__ import annotations

import socket
from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.smtpd.conftest import Held, Listening, Talk


def conversation(address: str) -> bytes:
    return (
        f"EHLO client.example\r\nNOOP\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<dead@one.example>\r\n"
        f"RCPT TO:<{address}>\r\nDATA\r\n..a\r\n.\nb\r\n.\r\nRSET\r\nQU IT\r\nVRFY x\r\nQUIT\r\n"
    ).encode()


def replies_to(port: int, pieces: list[bytes]) -> list[str]:
    with Talk(port) as talk:
        talk.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in pieces:
            talk.send(piece)
        lines = []
        while line := talk.line():
            lines.append(line.partition(" as ")[0])
        return lines


@given(cuts=st.lists(st.integers(1, 200), max_size=12))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_split_gets_the_same_replies(cuts: list[int], listening: Listening, held: Held) -> None:
    wire = conversation(held.address)
    edges = [0, *sorted({cut % len(wire) for cut in cuts} - {0}), len(wire)]
    pieces = [wire[begin:end] for begin, end in pairwise(edges)]
    assert replies_to(listening.port, pieces) == replies_to(listening.port, [wire])


def test_a_byte_at_a_time_gets_the_same_replies_and_the_same_message(
    listening: Listening, held: Held
) -> None:
    wire = conversation(held.address)
    single = replies_to(listening.port, [wire[at : at + 1] for at in range(len(wire))])
    assert single == replies_to(listening.port, [wire])
    assert [line[:3] for line in single[-6:]] == ["354", "250", "250", "500", "252", "221"]
    assert held.bodies() == [b".a\r\n\nb\r\n"] * 2
