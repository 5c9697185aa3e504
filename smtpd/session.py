"""One SMTP session: aiosmtpd's protocol with a command loop, a DATA reader and limits of our own.

From aiosmtpd comes what hangs on the transport (streams, STARTTLS and the PROXY protocol, for whoever
switches them on); what a session says and how long it may take is decided here. Every wait on the peer is
known to `look`, which the server calls for each session several times a second: one clock for all, and no
timer per command.
"""

from __future__ import annotations

import asyncio
import enum
import fcntl
import logging
import socket
import struct
import termios
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, cast

from aiosmtpd.smtp import SMTP

from inbox.delivery import Recipient
from smtpd import counters, replies
from smtpd.budget import Budget, Share
from smtpd.dotreader import DotReader
from smtpd.handler import Announced, Arrival, Reception
from smtpd.limits import (
    CHUNK_BYTES,
    LONGEST_COMMAND_LINE_BYTES,
    LONGEST_LINE_SKIPPED_BYTES,
    STREAM_BYTES,
    UNREAD_REPLY_BYTES,
    Limits,
)
from smtpd.paths import Fault, PathError, declared_size, parse_forward_path, parse_reverse_path
from smtpd.replies import Reply
from smtpd.trace import Origin

log = logging.getLogger(__name__)

# aiosmtpd logs every address at INFO and every body at DEBUG.
logging.getLogger("mail").setLevel(logging.CRITICAL)
logging.getLogger("mail").propagate = False
logging.getLogger("mail.log").disabled = True

# A browser that was talked into posting to this port must not get a word in.
_HTTP_METHODS = frozenset(b"GET POST HEAD PUT PATCH DELETE OPTIONS CONNECT TRACE".split())
# Recipients looked up together, when a client pipelines them.
_RCPTS_AT_ONCE = 100
# How often a transaction may name its recipients, the same ones again and again.
_NAMED_FOR_EACH_RECIPIENT = 10
# How long we wait for the client's close after QUIT, which tells that it has read our 250.
_LINGER_SECONDS = 5.0
_LINGER_WHEN_ENDING_SECONDS = 0.5
# struct tcp_info of Linux begins with the state; 8 is CLOSE_WAIT: the peer's FIN has come in.
_TCP_CLOSE_WAIT = 8


class Registry(Protocol):
    """Who has to know that a session began and ended: the server."""

    def opened(self, session: Session) -> None: ...

    def closed(self, session: Session) -> None: ...


class _Waiting(enum.Enum):
    """What a session waits for the peer to do."""

    NOTHING = enum.auto()
    COMMAND = enum.auto()
    DATA = enum.auto()
    READ_REPLIES = enum.auto()
    CLOSE = enum.auto()


@dataclass(slots=True)
class _Transaction:
    """From MAIL to the final dot."""

    announced: Announced
    smtputf8: bool
    overdue_at: float
    # By mailbox: the same one named twice (case, trailing dot, tag) is one delivery.
    recipients: dict[int, Recipient] = field(default_factory=dict)
    named: int = 0
    tried: bool = False

    def is_full(self, most: int) -> bool:
        """The same mailbox may be named often; but no transaction grows for ever."""
        return len(self.recipients) >= most or self.named >= _NAMED_FOR_EACH_RECIPIENT * most


class _PeerGone(Exception):
    """The peer has closed its side, or we have stopped listening to it."""


class _EndlessLine(Exception):
    """A command line that is too long to be read to its end."""


class _Stream:
    """Lines and pieces from a StreamReader; what was read ahead waits here."""

    __slots__ = ("_ahead", "_reader", "taken_bytes")

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader
        self._ahead = b""
        self.taken_bytes = 0

    def has_line(self) -> bool:
        """The next command is here already: the client pipelines."""
        return b"\r\n" in self._ahead

    def is_empty(self) -> bool:
        """Nothing waits that was taken from the reader."""
        return not self._ahead

    async def line(self) -> bytes | None:
        """The next line without its CRLF; None when it is too long, read to its end and thrown away.

        RFC 5321 2.3.8: only CRLF ends a line; a bare LF is part of it. Raises _PeerGone and _EndlessLine.
        """
        skipped_bytes = 0
        while True:
            line, end, rest = self._ahead.partition(b"\r\n")
            if end:
                self._ahead = rest
                too_long = skipped_bytes or len(line) > LONGEST_COMMAND_LINE_BYTES
                return None if too_long else line
            if len(self._ahead) > LONGEST_COMMAND_LINE_BYTES:
                skipped_bytes += len(self._ahead)
                if skipped_bytes > LONGEST_LINE_SKIPPED_BYTES:
                    raise _EndlessLine
                self._ahead = self._ahead[-1:]  # it may be the CR of the end
            self._ahead += await self._read()

    def following(self, command: bytes, most: int) -> list[bytes]:
        """Take the arguments of the same command in the next lines, as far as they are here already."""
        arguments: list[bytes] = []
        while len(arguments) < most:
            line, end, rest = self._ahead.partition(b"\r\n")
            argument = line[len(command) :].strip(b" ")
            if not end or line[: len(command)].upper() != command or _is_bad(line):
                break
            arguments.append(argument)
            self._ahead = rest
        return arguments

    async def piece(self) -> bytes:
        """Whatever comes next. Raises _PeerGone."""
        if self._ahead:
            piece, self._ahead = self._ahead, b""
            return piece
        return await self._read()

    def put_back(self, rest: bytes) -> None:
        """Bytes of the last piece that belong to what follows it."""
        self._ahead = rest

    async def _read(self) -> bytes:
        piece = await self._reader.read(CHUNK_BYTES)
        if not piece:
            raise _PeerGone
        self.taken_bytes += len(piece)
        return piece


def _is_bad(line: bytes) -> bool:
    """A line with a bare CR or LF or a NUL, or longer than any command."""
    return len(line) > LONGEST_COMMAND_LINE_BYTES or b"\n" in line or b"\r" in line or b"\0" in line


class Session(SMTP):
    """A connection. `peer_key` is what the server counts connections by."""

    # The limit of the StreamReader that aiosmtpd makes.
    line_length_limit = STREAM_BYTES

    def __init__(
        self,
        reception: Reception,
        *,
        limits: Limits,
        budget: Budget,
        registry: Registry,
        connection: socket.socket,
        peer_address: str,
        peer_key: str,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        # hostname given: else every connection would ask DNS for our own name.
        super().__init__(_NOTHING, hostname=reception.host_name, enable_SMTPUTF8=True, loop=loop)
        self.peer_key = peer_key
        self._reception = reception
        self._limits = limits
        self._budget = budget
        self._registry = registry
        self._connection = connection
        self._peer_address = peer_address
        self._now = loop.time

        self._out: list[bytes] = []
        self._helo: str | None = None
        self._extended = False
        self._transaction: _Transaction | None = None
        self._bad_commands = 0
        self._idle_commands = 0
        self._refused_recipients = 0
        self._overdue_at = self._now() + limits.session_seconds

        self._waiting = _Waiting.NOTHING
        self._waiting_since = 0.0
        self._data_bytes = 0
        self._closing = False
        self._winding_down = False
        self._last_word: Reply | None = None

        self._received_bytes = 0
        self._peer_closed = False
        self._awaited_close: asyncio.Future[None] | None = None
        # Stored, answered 250 to a client that had not closed, and not yet known to have been read by it.
        self._unproven: list[int] = []

    def __dir__(self) -> list[str]:
        # aiosmtpd looks through dir() for AUTH methods and commands, at every connection. There are none of
        # its kind here, and looking costs more than half a millisecond.
        return []

    # --- the transport ------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._wire = cast(asyncio.Transport, transport)
        self._wire.set_write_buffer_limits(high=UNREAD_REPLY_BYTES)
        self._registry.opened(self)
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        if self._closing or self._last_word is not None:
            return
        self._received_bytes += len(data)
        super().data_received(data)

    def eof_received(self) -> bool:
        # The other direction stays open: a client may close its own after the final dot and wait for our
        # answer. Not aiosmtpd's, which cancels what it is doing.
        self._peer_closed = True
        if self._awaited_close is not None and not self._awaited_close.done():
            self._awaited_close.set_result(None)
        self._reader.feed_eof()
        return self._wire.get_extra_info("sslcontext") is None

    def connection_lost(self, error: Exception | None) -> None:
        self._closing = True
        super().connection_lost(error)
        self._registry.closed(self)

    def _reset_timeout(self, duration: float | None = None) -> None:
        """aiosmtpd's single timer, which NOOP pushes away for ever and DATA never: see `look`."""
        self._timeout_handle = cast(asyncio.TimerHandle, _NOTHING)

    # --- from outside the session -------------------------------------------------------------------------

    def look(self, now: float, *, pressed: bool) -> None:
        """Has the peer been waited for too long? `pressed`: so many are here that nobody may take long."""
        waited = now - self._waiting_since
        patience = self._limits.pressed_seconds if pressed else self._limits.command_seconds
        match self._waiting:
            case _Waiting.NOTHING:
                return
            case _Waiting.READ_REPLIES:
                if waited > self._limits.unread_seconds:
                    self._abort("unread")
            case _Waiting.CLOSE:
                if waited > (_LINGER_WHEN_ENDING_SECONDS if self._winding_down else _LINGER_SECONDS):
                    self._abort(None)
            case _Waiting.COMMAND:
                overdue_at = self._overdue_at if self._transaction is None else self._transaction.overdue_at
                if waited > patience or now > overdue_at:
                    self._say_last(replies.TIMED_OUT)
            case _Waiting.DATA:
                self._judge_rate(now, waited, patience)

    def wind_down(self) -> None:
        """The server ends: a session between transactions at once, others when theirs is done."""
        self._winding_down = True
        if self._waiting is _Waiting.COMMAND and self._transaction is None:
            self._say_last(replies.SHUTTING_DOWN)

    def hurry(self) -> None:
        """The server waits no longer for what the peer has to say."""
        self._winding_down = True
        if self._waiting in (_Waiting.COMMAND, _Waiting.DATA):
            self._say_last(replies.SHUTTING_DOWN)
        elif self._waiting is not _Waiting.NOTHING:
            self._abort(None)

    def cut(self) -> None:
        """Gone, whatever it does."""
        self._abort(None)

    def _judge_rate(self, now: float, waited: float, patience: float) -> None:
        transaction_over = self._transaction is not None and now > self._transaction.overdue_at
        if waited <= patience and not transaction_over:
            return
        if transaction_over or self._data_bytes < waited * self._limits.least_bytes_per_second:
            self._say_last(replies.TOO_SLOW)
            return
        self._waiting_since, self._data_bytes = now, 0

    def _say_last(self, reply: Reply) -> None:
        """End the session from outside: it wakes up as if the peer had closed, says this and goes."""
        if self._last_word is None:
            self._last_word = reply
            self._reader.feed_eof()

    def _abort(self, reason: str | None) -> None:
        # close() would wait for a peer that never reads to take what is left for it.
        if reason is not None:
            counters.count(reason)
        self._wire.abort()

    # --- the conversation ---------------------------------------------------------------------------------

    async def _handle_client(self) -> None:
        stream = _Stream(self._reader)
        try:
            await self._converse(stream)
        except (_PeerGone, OSError):
            self._peer_left()
        except Exception as error:
            # The top of a session: our own fault, which costs the client one try and tells it nothing.
            self._say(self._reception.failed(error))
        finally:
            await self._leave()

    async def _converse(self, stream: _Stream) -> None:
        self._say(replies.greeting(self._reception.host_name))
        while not self._closing:
            if not stream.has_line():
                # The replies to commands that came together leave together (RFC 2920 3.2).
                await self._flush()
            line = await self._next_line(stream)
            if line is None:
                self._say_bad(replies.LINE_TOO_LONG)
                continue
            try:
                await self._obey(line, stream)
            except (_PeerGone, OSError):
                raise
            except Exception as error:
                self._transaction = None
                self._say(self._reception.failed(error))

    async def _next_line(self, stream: _Stream) -> bytes | None:
        if self._winding_down and self._transaction is None:
            self._say(replies.SHUTTING_DOWN)
            raise _PeerGone
        self._wait_for(_Waiting.COMMAND)
        try:
            return await stream.line()
        except _EndlessLine:
            self._closing = True
            return None
        finally:
            self._wait_for(_Waiting.NOTHING)

    async def _obey(self, line: bytes, stream: _Stream) -> None:
        verb, _, argument = line.partition(b" ")
        argument = argument.strip(b" ")
        verb = verb.upper()
        if verb in _HTTP_METHODS:
            self._say(replies.NOT_HTTP)
        elif _is_bad(line):
            self._say_bad(replies.BAD_LINE)
        elif verb == b"DATA":
            await self._obey_data(argument, stream)
        elif verb == b"RCPT":
            await self._obey_rcpt(argument, stream)
        elif (command := _COMMANDS.get(verb)) is not None:
            await command(self, argument)
        else:
            self._say_bad(replies.UNKNOWN_COMMAND if verb.isalpha() else replies.BAD_LINE)

    async def _obey_helo(self, argument: bytes) -> None:
        if self._greeted(argument, extended=False):
            self._say(replies.helo(self._reception.host_name))

    async def _obey_ehlo(self, argument: bytes) -> None:
        if self._greeted(argument, extended=True):
            self._say(replies.ehlo(self._reception.host_name, self._reception.largest_source_bytes))

    def _greeted(self, argument: bytes, *, extended: bool) -> bool:
        if not argument:
            self._say_bad(replies.ARGUMENT_EXPECTED)
            return False
        # RFC 5321 4.1.4: EHLO in the middle of a session is a RSET too.
        self._transaction = None
        self._helo = argument.decode("utf-8", "replace")
        self._extended = extended
        return self._may_idle()

    async def _obey_mail(self, argument: bytes) -> None:
        if self._helo is None:
            self._say_bad(replies.NEED_GREETING)
            return
        if self._transaction is not None:
            self._say_bad(replies.NESTED_MAIL)
            return
        if self._now() > self._overdue_at:
            self._say(replies.TIMED_OUT)
            return
        try:
            path = parse_reverse_path(argument)
            announced = Announced(path.address, declared_size(path))
            reply = self._reception.mail()
        except PathError as error:
            self._say_bad(_MAIL_FAULTS[error.fault])
            return
        if reply is replies.SENDER_OK:
            overdue_at = self._now() + self._limits.transaction_seconds
            self._transaction = _Transaction(announced, "SMTPUTF8" in path.parameters, overdue_at)
        self._say(reply)

    async def _obey_rcpt(self, argument: bytes, stream: _Stream) -> None:
        # What a client has pipelined is looked up together: one query for the recipients of a large message.
        arguments = [argument, *stream.following(b"RCPT ", _RCPTS_AT_ONCE - 1)]
        answers: Sequence[tuple[Reply, Recipient | None]]
        if self._transaction is None:
            answers = [(replies.NEED_MAIL, None)] * len(arguments)
        elif self._transaction.is_full(self._limits.recipients):
            answers = [(replies.TOO_MANY_RECIPIENTS, None)] * len(arguments)  # nobody is looked up
        elif len(arguments) == 1:
            answers = [await self._recipient(argument, self._transaction.announced)]
        else:
            announced = self._transaction.announced
            answers = await asyncio.gather(*(self._recipient(each, announced) for each in arguments))
        for reply, recipient in answers:
            if not self._closing:
                self._answer_rcpt(reply, recipient)

    async def _recipient(self, argument: bytes, announced: Announced) -> tuple[Reply, Recipient | None]:
        try:
            path = parse_forward_path(argument)
        except PathError as error:
            return _RCPT_FAULTS[error.fault], None
        return await self._reception.recipient(path, announced)

    def _answer_rcpt(self, reply: Reply, recipient: Recipient | None) -> None:
        transaction = self._transaction
        if transaction is not None:
            transaction.tried = True
            if transaction.is_full(self._limits.recipients):
                self._say(replies.TOO_MANY_RECIPIENTS)
                return
            if recipient is not None:
                transaction.named += 1
                transaction.recipients.setdefault(recipient.mailbox_pk, recipient)
                self._say(reply)
                return
        if reply.code == 501:
            self._say_bad(reply)
            return
        # A few dead names among many are no offence; a dictionary is.
        self._refused_recipients += 1
        self._say(
            reply if self._refused_recipients <= self._limits.refused_recipients else replies.TOO_MANY_ERRORS
        )

    async def _obey_data(self, argument: bytes, stream: _Stream) -> None:
        if argument:
            self._say_bad(replies.NO_ARGUMENT_EXPECTED)
            return
        transaction = self._transaction
        # A client that pipelines asks for DATA before it has read our refusals (RFC 2920 3.1): no error of
        # its own.
        if transaction is None:
            if self._may_idle():
                self._say(replies.NEED_MAIL)
            return
        if not transaction.recipients:
            # RFC 5321 3.3: 503 or 554. The transaction stays open, so that a better RCPT may follow.
            if self._may_idle():
                self._say(replies.NO_VALID_RECIPIENTS if transaction.tried else replies.NEED_RECIPIENT)
            return
        reply = replies.NO_ROOM if self._budget.is_spent else self._reception.data()
        self._say(reply)
        if reply is not replies.START_DATA:
            self._transaction = None
            return
        provable = self._nothing_has_come(stream)
        await self._flush()
        try:
            await self._receive(transaction, stream, provable=provable)
        finally:
            self._transaction = None

    async def _obey_rset(self, argument: bytes) -> None:
        if argument:
            self._say_bad(replies.NO_ARGUMENT_EXPECTED)
            return
        self._transaction = None
        if self._may_idle():
            self._say(replies.OK)

    async def _obey_noop(self, argument: bytes) -> None:
        if self._may_idle():
            self._say(replies.OK)

    async def _obey_help(self, argument: bytes) -> None:
        if self._may_idle():
            self._say(replies.HELP)

    async def _obey_vrfy(self, argument: bytes) -> None:
        if not argument:
            self._say_bad(replies.ARGUMENT_EXPECTED)
        elif self._may_idle():
            self._say(replies.CANNOT_VERIFY)

    async def _obey_starttls(self, argument: bytes) -> None:
        # The seam for TLS: with a certificate, EHLO offers it and this goes on in aiosmtpd's smtp_STARTTLS.
        self._say_bad(replies.NO_ARGUMENT_EXPECTED if argument else replies.NOT_IMPLEMENTED)

    async def _obey_unimplemented(self, argument: bytes) -> None:
        self._say_bad(replies.NOT_IMPLEMENTED)

    async def _obey_quit(self, argument: bytes) -> None:
        if argument:
            self._say_bad(replies.NO_ARGUMENT_EXPECTED)
            return
        self._say(replies.BYE)

    # --- after DATA ---------------------------------------------------------------------------------------

    async def _receive(self, transaction: _Transaction, stream: _Stream, *, provable: bool) -> None:
        reader = DotReader(self._reception.largest_source_bytes)
        share = self._budget.open(reader.drop)
        try:
            refusal = await self._read_data(reader, share, stream, provable=provable)
        except BaseException:
            share.release()
            raise
        if refusal is not None:
            share.release()
            self._say(refusal)
            if refusal is replies.TOO_LARGE:
                recipients = tuple(transaction.recipients.values())
                self._reception.too_large(recipients, transaction.announced.reverse_path, reader.size_bytes)
            return
        share.settled = True
        answer = await self._reception.message(
            Arrival(
                origin=Origin(self._helo or "", self._peer_address, self._extended, tls=False),
                reverse_path=transaction.announced.reverse_path,
                smtputf8=transaction.smtputf8,
                recipients=tuple(transaction.recipients.values()),
                body=reader.source,
                share=share,
            )
        )
        self._idle_commands = 0
        # A client that had closed before our 250 left never read it, whatever its close looks like to us.
        if answer.message_pks and not self._fin_has_come():
            self._unproven.extend(answer.message_pks)
        self._say(answer.reply)

    async def _read_data(
        self, reader: DotReader, share: Share, stream: _Stream, *, provable: bool
    ) -> Reply | None:
        """Read to the end of the data. Returns why the message is refused, None when it is not."""
        refusal: Reply | None = None
        draining_since: float | None = None
        drained_bytes = 0
        self._data_bytes = 0
        self._wait_for(_Waiting.DATA)
        try:
            while not reader.finished:
                piece = await stream.piece()
                if provable:
                    # It waited for our 354, so it has read all that we said before.
                    provable = False
                    self._client_knows()
                self._data_bytes += len(piece)
                if refusal is None and not share.take(len(piece)):
                    refusal = replies.NO_ROOM
                    reader.drop()
                    share.release()
                stream.put_back(reader.feed(piece))
                if refusal is None and reader.too_large:
                    refusal = replies.TOO_LARGE
                    share.release()
                if refusal is None:
                    continue
                # RFC 5321 4.5.3.1.10: the answer comes after the dot. But no patience is endless.
                draining_since = draining_since or self._now()
                drained_bytes += len(piece)
                if (
                    drained_bytes > self._limits.drain_bytes
                    or self._now() - draining_since > self._limits.drain_seconds
                ):
                    self._closing = True
                    return refusal
        finally:
            self._wait_for(_Waiting.NOTHING)
        return refusal

    # --- does the client know what became of its mail? (design.md, a message's way in) --------------------

    def _nothing_has_come(self, stream: _Stream) -> bool:
        """Nothing that the client sent is unread: what comes after a 354 was sent by somebody who saw it."""
        if not self._unproven or self._received_bytes != stream.taken_bytes or not stream.is_empty():
            return False
        return _unread_bytes(self._connection) == 0

    def _client_knows(self) -> None:
        if self._unproven:
            known, self._unproven = self._unproven, []
            self._reception.knows(known)

    def _fin_has_come(self) -> bool:
        return self._peer_closed or _peer_has_closed(self._connection)

    def _peer_left(self) -> None:
        # An orderly close, read after the 250 was written. A reset proves nothing, nor does a close of ours.
        if self._peer_closed and self._last_word is None:
            self._client_knows()

    # --- replies ------------------------------------------------------------------------------------------

    def _say(self, reply: Reply) -> None:
        counters.count(reply.name)
        self._out.append(reply.wire)
        if reply.closes:
            self._closing = True

    def _say_bad(self, reply: Reply) -> None:
        self._bad_commands += 1
        self._say(reply if self._bad_commands <= self._limits.bad_commands else replies.TOO_MANY_ERRORS)

    def _may_idle(self) -> bool:
        self._idle_commands += 1
        if self._idle_commands <= self._limits.idle_commands:
            return True
        self._say(replies.TOO_MANY_COMMANDS)
        return False

    async def _flush(self) -> None:
        if not self._out:
            return
        out, self._out = self._out, []
        self._writer.write(b"".join(out))
        self._wait_for(_Waiting.READ_REPLIES)
        try:
            await self._writer.drain()
        finally:
            self._wait_for(_Waiting.NOTHING)

    def _wait_for(self, waiting: _Waiting) -> None:
        self._waiting = waiting
        if waiting is not _Waiting.NOTHING:
            self._waiting_since = self._now()

    async def _leave(self) -> None:
        """Say the last word, and close so that it is read: not before the peer has closed too, or time is up.

        A close with input unread would be a reset, which takes from the peer what it has not read yet. And
        its own close tells that it has read our 250.
        """
        self._closing = True
        if self._wire.is_closing():
            return
        if self._last_word is not None:
            self._say(self._last_word)
        try:
            await self._flush()
            self._wait_for(_Waiting.CLOSE)
            if not self._peer_closed and self._wire.can_write_eof():
                self._wire.write_eof()
                await self._peers_close()
        except OSError:
            pass
        finally:
            self._wait_for(_Waiting.CLOSE)
            self._wire.close()

    async def _peers_close(self) -> None:
        # What still comes is dropped (data_received); a stream that was full has stopped reading.
        self._wire.resume_reading()
        self._awaited_close = self.loop.create_future()
        await self._awaited_close
        self._peer_left()


class _Nothing:
    """Where aiosmtpd wants a handler with hooks, or a timer."""

    def __dir__(self) -> list[str]:
        return []

    def cancel(self) -> None:
        """There is nothing to cancel."""


_NOTHING = _Nothing()

_MAIL_FAULTS = {
    Fault.SYNTAX: replies.MAIL_SYNTAX,
    Fault.ADDRESS: replies.BAD_SENDER,
    Fault.PARAMETER: replies.BAD_PARAMETER,
}
_RCPT_FAULTS = {
    Fault.SYNTAX: replies.RCPT_SYNTAX,
    Fault.ADDRESS: replies.BAD_RECIPIENT,
    Fault.PARAMETER: replies.BAD_PARAMETER,
}
_COMMANDS: dict[bytes, Callable[[Session, bytes], Awaitable[None]]] = {
    b"HELO": Session._obey_helo,
    b"EHLO": Session._obey_ehlo,
    b"MAIL": Session._obey_mail,
    b"RSET": Session._obey_rset,
    b"NOOP": Session._obey_noop,
    b"HELP": Session._obey_help,
    b"VRFY": Session._obey_vrfy,
    b"QUIT": Session._obey_quit,
    b"STARTTLS": Session._obey_starttls,
    # Known and not done: no lists to expand, no accounts, no queues to turn. BDAT stays unknown (no
    # CHUNKING).
    b"EXPN": Session._obey_unimplemented,
    b"AUTH": Session._obey_unimplemented,
    b"ETRN": Session._obey_unimplemented,
    b"TURN": Session._obey_unimplemented,
}


def _unread_bytes(connection: socket.socket) -> int:
    """What the kernel holds for us; asked where StreamReader cannot know."""
    try:
        answer = fcntl.ioctl(connection.fileno(), termios.FIONREAD, b"\0\0\0\0")
    except (OSError, ValueError):
        return -1
    return int(struct.unpack("i", answer)[0])


def _peer_has_closed(connection: socket.socket) -> bool:
    """The peer's FIN is in, even behind bytes that we have not read. Where the system cannot tell: False."""
    if not hasattr(socket, "TCP_INFO"):
        return False
    try:
        state = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)
    except OSError:
        return False
    return state[0] == _TCP_CLOSE_WAIT
