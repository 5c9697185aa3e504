"""The web server: daphne, with what it lacks for a service that faces the world.

Beyond daphne's own: sockets that are bound before anything else happens, an end in order (no new connections,
requests finish, websockets are told to come back), bodies bounded both ways (a request's size; a response
waits for its reader), and timers that do not jump with the wall clock.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
import os
import signal
import socket
import threading
import time
from types import SimpleNamespace
from typing import Any

import uvloop
from django.conf import settings
from twisted.internet import asyncioreactor

# The reactor has to be there, on the event loop that we want, before daphne looks for it.
_loop = uvloop.new_event_loop()
asyncioreactor.install(_loop)  # type: ignore[no-untyped-call]

import daphne.http_protocol  # noqa: E402
import daphne.server  # noqa: E402
import daphne.ws_protocol  # noqa: E402
import twisted.internet.reactor  # noqa: E402
from twisted.logger import ILogObserver, LogEvent, globalLogBeginner  # noqa: E402
from zope.interface import implementer  # noqa: E402

reactor: Any = twisted.internet.reactor

# daphne takes all its times from here and only ever subtracts them: a clock that is set must cut nobody off.
_monotonic = SimpleNamespace(time=time.monotonic)
for _module in (daphne.server, daphne.http_protocol, daphne.ws_protocol):
    _module.time = _monotonic

logger = logging.getLogger(__name__)

MOST_REQUEST_BYTES = 1024 * 1024  # forms here are a line or two
MOST_UNSENT_BYTES = 1024 * 1024
#: An application must begin its answer within this; a reader must take something within this.
ANSWER_SECONDS = 60
STALLED_SECONDS = 60
MOST_SOCKET_BYTES = 64 * 1024
PING_SECONDS, PONG_SECONDS = 20, 30
#: The end: so long for requests in flight, then so long for what hangs in threads.
DRAIN_SECONDS = 5.0
HANG_SECONDS = 3.0
SERVICE_RESTART = 1012


def serve(sockets: list[socket.socket]) -> None:
    """Serve settings.ASGI_APPLICATION on `sockets` until SIGTERM or SIGINT; the second of them hurries."""
    module, _, name = settings.ASGI_APPLICATION.rpartition(".")
    PageServer(getattr(importlib.import_module(module), name), sockets).run()


class PageRequest(daphne.http_protocol.WebRequest):  # type: ignore[misc]
    """One request: bounded in size, and in how long its reader may take nothing."""

    received_bytes = 0
    unsent_before = 0
    moved_at = 0.0

    def handleContentChunk(self, data: bytes) -> None:
        self.received_bytes += len(data)
        if self.received_bytes > MOST_REQUEST_BYTES:
            self.channel._respondToBadRequestAndDisconnect()
            return
        super().handleContentChunk(data)

    def check_timeouts(self) -> None:
        if not self._response_started:
            super().check_timeouts()
            return
        unsent = unsent_bytes(self)
        if not unsent or unsent != self.unsent_before:
            self.unsent_before, self.moved_at = unsent, time.monotonic()
        elif time.monotonic() - self.moved_at > STALLED_SECONDS:
            self.channel.forceAbortClient()


class PageSocket(daphne.ws_protocol.WebSocketProtocol):  # type: ignore[misc]
    """One websocket: the limit of a message's size is for what comes in alone."""

    maxMessagePayloadSize: int

    def sendMessage(self, *arguments: Any, **options: Any) -> None:
        # autobahn has one limit for both ways; a page that was away for long is told more than it may say.
        limit = self.maxMessagePayloadSize
        self.maxMessagePayloadSize = 0
        try:
            super().sendMessage(*arguments, **options)
        finally:
            self.maxMessagePayloadSize = limit


class PageServer(daphne.server.Server):  # type: ignore[misc]
    """daphne's server on sockets that are there already."""

    def __init__(self, application: Any, sockets: list[socket.socket]) -> None:
        super().__init__(
            application,
            endpoints=["adopted"],
            signal_handlers=False,
            http_timeout=ANSWER_SECONDS,
            request_buffer_size=64 * 1024,
            websocket_timeout=-1,
            websocket_connect_timeout=10,
            ping_interval=PING_SECONDS,
            ping_timeout=PONG_SECONDS,
            websocket_max_message_size=MOST_SOCKET_BYTES,
            websocket_max_frame_size=MOST_SOCKET_BYTES,
            server_name="",
        )
        self.sockets = sockets
        self.stopping = False

    def run(self) -> None:
        """daphne's `run`, but for endpoints, signals, and `null` origins, which are nobody's of ours."""
        self.connections: dict[Any, dict[str, Any]] = {}
        self.http_factory = daphne.http_protocol.HTTPFactory(self)
        self.http_factory.buildProtocol = self._build_http_protocol
        self.ws_factory = daphne.ws_protocol.WebSocketFactory(self, server=self.server_name)
        self.ws_factory.protocol = PageSocket
        self.ws_factory.setProtocolOptions(
            autoPingTimeout=self.ping_timeout,
            allowNullOrigin=False,
            openHandshakeTimeout=self.websocket_handshake_timeout,
            maxMessagePayloadSize=self.websocket_max_message_size,
            maxFramePayloadSize=self.websocket_max_frame_size,
        )
        globalLogBeginner.beginLoggingTo([_say_nothing], redirectStandardIO=False, discardBuffer=True)
        reactor.callLater(1, self.application_checker)
        reactor.callLater(2, self.timeout_checker)
        asyncio.set_event_loop(_loop)
        for listening in self.sockets:
            listening.setblocking(False)
            port = reactor.adoptStreamPort(listening.fileno(), listening.family, self.http_factory)
            listening.close()  # the reactor has made its own descriptor of it
            self.listeners.append(port)
        if threading.current_thread() is threading.main_thread():  # the reloader has its own
            for number in (signal.SIGTERM, signal.SIGINT):
                _loop.add_signal_handler(number, self.end)
        reactor.addSystemEventTrigger("before", "shutdown", self.kill_all_applications)
        reactor.run(installSignalHandlers=False)

    def end(self) -> None:
        """Stop in order: nobody new, what is in flight finishes, websockets are closed. Twice: now."""
        if self.stopping:
            self._stop_now()
            return
        self.stopping = True
        for port in self.listeners:
            port.stopListening()
        for protocol in list(self.connections):
            if _is_open_websocket(protocol):
                protocol.sendCloseFrame(code=SERVICE_RESTART)  # sendClose refuses the code for a server's end
        self._stop_when_idle(time.monotonic() + DRAIN_SECONDS)

    def _stop_when_idle(self, deadline: float) -> None:
        busy = any("disconnected" not in details for details in self.connections.values())
        if busy and time.monotonic() < deadline:
            reactor.callLater(0.05, self._stop_when_idle, deadline)
        else:
            self._stop_now()

    def _stop_now(self) -> None:
        # A thread that hangs (a query, a slow search) must not keep the process for ever.
        last = threading.Timer(HANG_SECONDS, os._exit, (0,))
        last.daemon = True
        last.start()
        self.stop()

    def kill_all_applications(self) -> Any:
        """daphne's, but for connections whose application has been reaped already."""
        for details in list(self.connections.values()):
            details.setdefault("application_instance", _finished())
        return super().kill_all_applications()

    async def handle_reply(self, protocol: Any, message: dict[str, Any]) -> None:
        """daphne's, then wait while the reader is behind: a body is never whole in our buffers."""
        await super().handle_reply(protocol, message)
        if not message.get("more_body"):
            return
        while unsent_bytes(protocol) > MOST_UNSENT_BYTES and self._is_connected(protocol):
            await asyncio.sleep(0.005)

    def timeout_checker(self) -> None:
        """daphne's, and cut websockets whose reader has stopped reading."""
        for protocol in list(self.connections):
            if (
                isinstance(protocol, daphne.ws_protocol.WebSocketProtocol)
                and unsent_bytes(protocol) > MOST_UNSENT_BYTES
            ):
                protocol.transport.abortConnection()
        super().timeout_checker()

    def _is_connected(self, protocol: Any) -> bool:
        return protocol in self.connections and "disconnected" not in self.connections[protocol]

    def _build_http_protocol(self, address: Any) -> Any:
        protocol = daphne.http_protocol.HTTPFactory.buildProtocol(self.http_factory, address)
        protocol.requestFactory = PageRequest
        return protocol


def _is_open_websocket(protocol: Any) -> bool:
    is_websocket = isinstance(protocol, daphne.ws_protocol.WebSocketProtocol)
    return is_websocket and protocol.state == protocol.STATE_OPEN


def unsent_bytes(protocol: Any) -> int:
    """What has been written to a connection and not yet been taken by the kernel."""
    # A request's connection is its channel's, and that is gone when the response is; a websocket has its own.
    transport = getattr(getattr(protocol, "channel", protocol), "transport", None)
    buffered = len(getattr(transport, "dataBuffer", b"")) - getattr(transport, "offset", 0)
    return int(buffered + getattr(transport, "_tempDataLen", 0))


@implementer(ILogObserver)  # type: ignore[untyped-decorator]
def _say_nothing(event: LogEvent) -> None:
    """Twisted's own log names peers and paths."""


def _finished() -> asyncio.Future[None]:
    future: asyncio.Future[None] = _loop.create_future()
    future.set_result(None)
    return future
