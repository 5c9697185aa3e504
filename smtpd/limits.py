"""What one peer, one session and all of them together may take. Every number has an option of runsmtp."""

from __future__ import annotations

from dataclasses import dataclass

KIB = 1024
MIB = 1024 * KIB

# RFC 5321 4.5.3.1.4 wants 512 octets taken; parameters and SMTPUTF8 ask for more.
LONGEST_COMMAND_LINE_BYTES = 2048
# How long a line that is too long may go on until the session ends.
LONGEST_LINE_SKIPPED_BYTES = 1 * MIB
# One read from the stream of a session.
CHUNK_BYTES = 64 * KIB
# The stream stops reading from the socket when twice this waits: a peer that writes and never reads costs
# no more.
STREAM_BYTES = 16 * KIB
# Replies that a peer does not read: beyond this we wait for it, and not for long.
UNREAD_REPLY_BYTES = 16 * KIB


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one listener process. Seconds are seconds of the event loop's clock."""

    connections: int = 4000
    # None: 100 for a peer elsewhere and no limit for loopback, where a proxy or a local MTA speaks for
    # everybody.
    connections_per_peer: int | None = None
    recipients: int = 100
    # RFC 5321 4.5.3.2.7 asks for at least five minutes between commands.
    command_seconds: float = 300
    transaction_seconds: float = 3600
    session_seconds: float = 7200
    # A peer that does not read our replies.
    unread_seconds: float = 30
    # Data must come at this rate, measured over each stretch of command_seconds.
    least_bytes_per_second: int = 1024
    bad_commands: int = 10
    # Commands that move nothing (NOOP, RSET, EHLO, VRFY, HELP), since the last message.
    idle_commands: int = 100
    refused_recipients: int = 1000
    bytes_in_flight: int = 256 * MIB
    # A source over the limit is read on, for so many bytes beyond it and so long, to be answered 552 and
    # not cut off.
    drain_bytes: int = 64 * MIB
    drain_seconds: float = 120
    shutdown_seconds: float = 10
    # Under pressure (four fifths of the connections are taken) nobody is waited for longer than this.
    pressed_seconds: float = 10

    def connections_from(self, *, loopback: bool) -> int:
        """How many connections one peer may hold at once."""
        if self.connections_per_peer is not None:
            return self.connections_per_peer
        return self.connections if loopback else 100


def option_of(name: str) -> str:
    """The option of runsmtp for a field of Limits."""
    return f"--{'max-' if name in _CALLED_MAX else ''}{name.replace('_', '-')}"


_CALLED_MAX = {"connections", "connections_per_peer", "recipients"}
