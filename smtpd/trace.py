"""The trace header that is put before the source: Return-Path and Received (RFC 5321 4.4).

What a client said of itself goes in only after everything that could end a line or a comment was taken out.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime

_LONGEST_HELO = 255
_NOT_SHOWN_AS_IS = re.compile(r"[^A-Za-z0-9.\-_:\[\]]")
# RFC 5322 3.3 names, whatever the locale is.
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a message came from, as far as the session knows."""

    helo: str
    peer_address: str
    extended: bool
    tls: bool


def new_trace_id() -> str:
    """A random id for one reception: in the Received header, in the 250, in the log."""
    return secrets.token_hex(8)


def trace_header(
    *, origin: Origin, reverse_path: str, smtputf8: bool, trace_id: str, host_name: str, received_at: datetime
) -> bytes:
    """The lines that go before the source, CRLF at the end of each."""
    return (
        f"Return-Path: <{reverse_path}>\r\n"
        f"Received: from {_shown(origin.helo)} ({_address_literal(origin.peer_address)})\r\n"
        f"\tby {host_name} with {_protocol(origin, smtputf8=smtputf8)} id {trace_id};\r\n"
        f"\t{_rfc5322_date(received_at)}\r\n"
    ).encode()


def _shown(helo: str) -> str:
    return _NOT_SHOWN_AS_IS.sub("?", helo[:_LONGEST_HELO]) or "unknown"


def _address_literal(peer_address: str) -> str:
    # RFC 5321 4.1.3; an IPv6 address may carry a zone, which is of no use elsewhere.
    address = peer_address.partition("%")[0]
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"


def _protocol(origin: Origin, *, smtputf8: bool) -> str:
    # RFC 3848 and RFC 6531 4.3; the S says that TLS was on.
    base = "UTF8SMTP" if smtputf8 else "ESMTP" if origin.extended else "SMTP"
    return base + "S" if origin.tls else base


def _rfc5322_date(moment: datetime) -> str:
    at = moment.astimezone(UTC)
    return f"{_DAYS[at.weekday()]}, {at.day:02} {_MONTHS[at.month - 1]} {at.year:04} {at:%H:%M:%S} +0000"
