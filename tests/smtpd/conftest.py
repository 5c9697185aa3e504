"""A listener that really listens, on a real database file, and clients made of sockets."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import pytest
import uvloop

from inbox import access, creation, first_run, retention, rotation
from inbox.models import Message, Policy
from smtpd.limits import Limits
from smtpd.server import Listener

PATIENCE_SECONDS = 10


def wait_until(condition: Callable[[], object], seconds: float = PATIENCE_SECONDS) -> None:
    """Come back when the condition holds; fail when it does not in time."""
    give_up_at = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up_at, "waited in vain"
        time.sleep(0.005)


@dataclass(frozen=True, slots=True)
class Held:
    """A mailbox of a test, with the secret that opens it."""

    address: str
    secret: bytes
    pk: int

    @property
    def local_part(self) -> str:
        return self.address.partition("@")[0]

    def open(self) -> access.OpenMailbox:
        [opened] = access.open_all([self.secret])
        return opened

    def sources(self) -> list[bytes]:
        """Everything that is stored in it, in the order of arrival, as the reader would get it."""
        opened = self.open()
        messages = [opened.message(row.message_id) for row in opened.rows()]
        in_order = sorted(
            (message for message in messages if message), key=lambda message: message.row.number
        )
        return [message.source() for message in in_order]

    def bodies(self) -> list[bytes]:
        """The same without the trace header that we put before it."""
        return [without_trace(source) for source in self.sources()]

    def count(self) -> int:
        return Message.objects.filter(mailbox_id=self.pk).count()


def without_trace(source: bytes) -> bytes:
    """What came after DATA: our trace header is four lines."""
    return source.split(b"\r\n", 4)[4]


@pytest.fixture
def rows(transactional_db: None) -> Iterator[Policy]:
    """What a first start puts into the database."""
    Policy.forget_current()
    first_run.ensure_rows()
    yield Policy.objects.get(id=1)
    Policy.forget_current()
    wait_until(lambda: not retention.truncating())


@pytest.fixture
def new_mailbox(rows: Policy) -> Callable[[], Held]:
    def make() -> Held:
        new = creation.create_random(rotation.pick(rotation.offered_domains()), provisional=False)
        return Held(str(new.mailbox.address), new.secret, new.mailbox.pk)

    return make


@pytest.fixture
def held(new_mailbox: Callable[[], Held]) -> Held:
    return new_mailbox()


class Talk:
    """One SMTP client on one socket: sends what it is told, reads replies whole."""

    def __init__(self, port: int, source: str = "127.0.0.1") -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE_SECONDS, (source, 0))
        self._unread = b""

    def send(self, text: bytes | str) -> None:
        """Bytes as they are; text with CRLF at its end."""
        self.socket.sendall(text if isinstance(text, bytes) else f"{text}\r\n".encode())

    def line(self) -> str:
        """One line of a reply without its CRLF; empty when the listener has closed."""
        while b"\r\n" not in self._unread:
            more = self.socket.recv(65536)
            if not more:
                return ""
            self._unread += more
        line, _, self._unread = self._unread.partition(b"\r\n")
        return line.decode()

    def reply(self) -> str:
        """A whole reply, its lines joined by LF."""
        lines = [self.line()]
        while lines[-1][3:4] == "-":
            lines.append(self.line())
        return "\n".join(lines)

    def ask(self, text: bytes | str) -> str:
        self.send(text)
        return self.reply()

    def greet(self) -> Self:
        assert self.reply().startswith("220 ")
        assert self.ask("EHLO client.example").startswith("250-")
        return self

    def begin(self, *addresses: str, sender: str = "sender@else.example") -> Self:
        """MAIL, RCPT, DATA up to the 354."""
        assert self.ask(f"MAIL FROM:<{sender}>").startswith("250 ")
        for address in addresses:
            assert self.ask(f"RCPT TO:<{address}>").startswith("250 ")
        assert self.ask("DATA").startswith("354 ")
        return self

    def mail(self, body: bytes, *addresses: str) -> str:
        """A whole transaction; `body` needs no dot of its own. Returns the reply to the dot."""
        self.begin(*addresses)
        return self.ask(body + b"\r\n.\r\n")

    def is_closed(self) -> bool:
        """The listener has closed, in order or not."""
        try:
            while self.socket.recv(65536):
                pass
        except TimeoutError:
            return False
        except OSError:
            pass
        return True

    def close(self) -> None:
        self.socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@dataclass
class Listening:
    """A listener in a thread of its own."""

    limits: Limits
    port: int = 0
    listener: Listener | None = None
    loop: asyncio.AbstractEventLoop | None = None
    _thread: threading.Thread | None = None
    _talks: list[Talk] = field(default_factory=list)

    def start(self) -> Self:
        bound = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.port = bound.getsockname()[1]
        ready = threading.Event()

        async def run() -> None:
            self.loop = asyncio.get_running_loop()
            self.listener = Listener(self.limits)
            await self.listener.start([bound])
            ready.set()
            await self.listener.ended()

        self._thread = threading.Thread(target=lambda: uvloop.run(run()), name="listener")
        self._thread.start()
        assert ready.wait(PATIENCE_SECONDS)
        return self

    def talk(self, source: str = "127.0.0.1") -> Talk:
        talk = Talk(self.port, source)
        self._talks.append(talk)
        return talk

    def ask_to_end(self) -> None:
        assert self.loop is not None and self.listener is not None
        self.loop.call_soon_threadsafe(self.listener.ask_to_end)

    def has_ended(self) -> bool:
        assert self._thread is not None
        return not self._thread.is_alive()

    def stop(self) -> None:
        for talk in self._talks:
            talk.close()
        if not self.has_ended():
            self.ask_to_end()
            self.ask_to_end()
        assert self._thread is not None
        self._thread.join(PATIENCE_SECONDS)
        assert self.has_ended()


@pytest.fixture
def listen(rows: Policy) -> Iterator[Callable[..., Listening]]:
    """Starts listeners with the limits that a test names; ends them."""
    started: list[Listening] = []

    def start(**limits: float) -> Listening:
        listening = Listening(Limits(**limits)).start()  # type: ignore[arg-type]
        started.append(listening)
        return listening

    yield start
    for listening in started:
        listening.stop()


@pytest.fixture
def listening(listen: Callable[..., Listening]) -> Listening:
    return listen()


@pytest.fixture
def talk(listening: Listening) -> Talk:
    return listening.talk()
