"""Every reply the listener gives, by name, with its enhanced status code (RFC 3463, RFC 5248).

A reply is one block of bytes, so that one of several lines leaves in one write: simple clients read one
packet and give up. No text is made from what the client sent, so nobody can forge a second reply through
us.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply: its name for counting, its code, its lines. `closes`: the session ends with it."""

    name: str
    code: int
    lines: tuple[str, ...]
    closes: bool = False
    wire: bytes = field(init=False)

    def __post_init__(self) -> None:
        last = len(self.lines) - 1
        text = "".join(
            f"{self.code}{' ' if index == last else '-'}{line}\r\n" for index, line in enumerate(self.lines)
        )
        object.__setattr__(self, "wire", text.encode("ascii"))


def greeting(host_name: str) -> Reply:
    """220, the first word of a session (RFC 5321 4.3.1)."""
    return Reply("GREETING", 220, (f"{host_name} ESMTP",))


def helo(host_name: str) -> Reply:
    """250 to HELO."""
    return Reply("HELO", 250, (host_name,))


def ehlo(host_name: str, largest_source_bytes: int, *, offers_starttls: bool = False) -> Reply:
    """250 to EHLO. Never AUTH: there are no accounts. Never CHUNKING: there is no BDAT."""
    extensions = [host_name, f"SIZE {largest_source_bytes}", "PIPELINING", "8BITMIME", "SMTPUTF8"]
    if offers_starttls:
        extensions.append("STARTTLS")
    return Reply("EHLO", 250, (*extensions, "ENHANCEDSTATUSCODES"))


def stored(trace_id: str) -> Reply:
    """250 to the final dot. Given after the commit, never before."""
    return Reply("STORED", 250, (f"2.0.0 Stored as {trace_id}",))


OK = Reply("OK", 250, ("2.0.0 OK",))
SENDER_OK = Reply("SENDER_OK", 250, ("2.1.0 OK",))
RECIPIENT_OK = Reply("RECIPIENT_OK", 250, ("2.1.5 OK",))
START_DATA = Reply("START_DATA", 354, ("End data with <CR><LF>.<CR><LF>",))
BYE = Reply("BYE", 221, ("2.0.0 Bye",), closes=True)
HELP = Reply("HELP", 214, ("2.0.0 RFC 5321: EHLO HELO MAIL RCPT DATA RSET NOOP VRFY HELP QUIT",))
CANNOT_VERIFY = Reply("CANNOT_VERIFY", 252, ("2.5.2 Cannot verify, try RCPT",))

# Ours to mend, or theirs to try later. A sender keeps what gets one of these.
FAILED = Reply("FAILED", 451, ("4.3.0 Failed here, try again later",))
NOT_NOW = Reply("NOT_NOW", 451, ("4.3.0 Cannot tell now, try again later",))
NO_ROOM = Reply("NO_ROOM", 452, ("4.3.1 No room now, try again later",))
OVER_QUOTA = Reply("OVER_QUOTA", 452, ("4.2.2 Mailbox is full",))
TOO_MANY_RECIPIENTS = Reply("TOO_MANY_RECIPIENTS", 452, ("4.5.3 Too many recipients",))
STARTTLS_FAILED = Reply("STARTTLS_FAILED", 454, ("4.7.0 TLS not available",))

# The end of a session (RFC 5321 3.8).
SHUTTING_DOWN = Reply("SHUTTING_DOWN", 421, ("4.3.2 Shutting down, try again later",), closes=True)
TIMED_OUT = Reply("TIMED_OUT", 421, ("4.4.2 Waited too long",), closes=True)
TOO_SLOW = Reply("TOO_SLOW", 421, ("4.4.2 Data comes too slowly",), closes=True)
TOO_MANY_CONNECTIONS = Reply("TOO_MANY_CONNECTIONS", 421, ("4.7.0 Too many connections",), closes=True)
TOO_MANY_ERRORS = Reply("TOO_MANY_ERRORS", 421, ("4.7.0 Too many errors",), closes=True)
TOO_MANY_COMMANDS = Reply("TOO_MANY_COMMANDS", 421, ("4.7.0 Too many idle commands",), closes=True)
NOT_HTTP = Reply("NOT_HTTP", 421, ("4.7.0 This is SMTP",), closes=True)

# Theirs to mend.
UNKNOWN_COMMAND = Reply("UNKNOWN_COMMAND", 500, ("5.5.1 Command not recognized",))
BAD_LINE = Reply("BAD_LINE", 500, ("5.5.2 Syntax error",))
LINE_TOO_LONG = Reply("LINE_TOO_LONG", 500, ("5.5.2 Line too long",))
NO_ARGUMENT_EXPECTED = Reply("NO_ARGUMENT_EXPECTED", 501, ("5.5.4 No argument expected",))
ARGUMENT_EXPECTED = Reply("ARGUMENT_EXPECTED", 501, ("5.5.4 Argument expected",))
MAIL_SYNTAX = Reply("MAIL_SYNTAX", 501, ("5.5.4 Syntax: MAIL FROM:<address>",))
RCPT_SYNTAX = Reply("RCPT_SYNTAX", 501, ("5.5.4 Syntax: RCPT TO:<address>",))
BAD_PARAMETER = Reply("BAD_PARAMETER", 501, ("5.5.4 Bad parameter",))
BAD_SENDER = Reply("BAD_SENDER", 501, ("5.1.7 Bad sender address syntax",))
BAD_RECIPIENT = Reply("BAD_RECIPIENT", 501, ("5.1.3 Bad recipient address syntax",))
NOT_IMPLEMENTED = Reply("NOT_IMPLEMENTED", 502, ("5.5.1 Command not implemented",))
NEED_GREETING = Reply("NEED_GREETING", 503, ("5.5.1 Send EHLO first",))
NEED_MAIL = Reply("NEED_MAIL", 503, ("5.5.1 Need MAIL first",))
NEED_RECIPIENT = Reply("NEED_RECIPIENT", 503, ("5.5.1 Need RCPT first",))
NESTED_MAIL = Reply("NESTED_MAIL", 503, ("5.5.1 Nested MAIL",))
# One text for whatever is not there: never made, ended, purged or deleted (design.md, RCPT).
NO_MAILBOX = Reply("NO_MAILBOX", 550, ("5.1.1 No such mailbox",))
FOREIGN_DOMAIN = Reply("FOREIGN_DOMAIN", 550, ("5.7.1 No mail for that domain here",))
TOO_LARGE = Reply("TOO_LARGE", 552, ("5.3.4 Message too large",))
NO_VALID_RECIPIENTS = Reply("NO_VALID_RECIPIENTS", 554, ("5.5.1 No valid recipients",))
