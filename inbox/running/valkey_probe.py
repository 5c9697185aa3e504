"""Who answers at the embedded Valkey's address. A socket and three lines of protocol; imports no Django."""

from __future__ import annotations

import enum
import socket

from inbox.running.valkey_file import ValkeyAddress


class Answer(enum.Enum):
    """What a probe of the address found."""

    OURS = enum.auto()  #: a Valkey that takes our password
    FOREIGN = enum.auto()  #: somebody else listens there
    NOBODY = enum.auto()  #: nobody listens there


def ask(address: ValkeyAddress, *, timeout_seconds: float = 1.0) -> Answer:
    """Connect, authenticate, PING, and say who is there."""
    try:
        with socket.create_connection((address.host, address.port), timeout_seconds) as connection:
            connection.sendall(f"AUTH {address.password}\r\nPING\r\n".encode())
            answer = b""
            while b"PONG\r\n" not in answer and not answer.startswith(b"-") and len(answer) < 256:
                received = connection.recv(256)
                if not received:
                    break
                answer += received
    except ConnectionRefusedError:
        return Answer.NOBODY
    except OSError:
        return Answer.FOREIGN
    return Answer.OURS if answer.startswith(b"+OK\r\n+PONG") else Answer.FOREIGN


def end(address: ValkeyAddress) -> None:
    """Ask a Valkey of ours that has lost its keeper to end."""
    try:
        with socket.create_connection((address.host, address.port), 1.0) as connection:
            connection.sendall(f"AUTH {address.password}\r\nSHUTDOWN NOSAVE\r\n".encode())
            connection.settimeout(5.0)
            while connection.recv(256):
                pass
    except OSError:
        return
