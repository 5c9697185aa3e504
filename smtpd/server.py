"""The listener: sockets, workers, and an end in order.

One process accepts, talks, seals and writes. With several workers a parent binds once and starts them with
the bound sockets: without SO_REUSEPORT, so that a port in use is an error, and so that a worker that ends
takes no waiting connection with it (design.md, Processes).
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import errno
import ipaddress
import logging
import resource
import signal
import socket
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import uvloop
from django.conf import settings
from django.db import connection

from inbox import delivery, events, notices
from inbox.logs import fault
from inbox.models import Mailbox, Policy
from inbox.resolver import Resolver, servers
from smtpd import counters, replies
from smtpd.batch import BatchWriter
from smtpd.budget import Budget
from smtpd.checking import Checker
from smtpd.conditions import Allowance, Conditions
from smtpd.handler import Asked, Reception, find_recipients
from smtpd.limits import Limits
from smtpd.notebook import Notebook
from smtpd.recipients import SharedLookup
from smtpd.replies import Reply
from smtpd.session import Session

log = logging.getLogger(__name__)

# How often sessions are looked at for deadlines.
LOOK_SECONDS = 0.25
# Accepted in one go, before what is already here gets its turn again.
ACCEPTED_AT_ONCE = 32
# After the descriptors were used up: how long to leave the listening socket alone.
ACCEPT_REST_SECONDS = 0.1
# What a process needs beside its connections: database, channel layer, listening sockets, logs.
OTHER_DESCRIPTORS = 96
# What a session has for its last word when the time to end in order is up.
LAST_WORD_SECONDS = 1.0
# From four fifths of the connections on, nobody is waited for long.
PRESSED_FROM = 0.8
# On SQLite the batch writer leaves the database alone for so long between commits (design.md).
SQLITE_REST_SECONDS = 0.005

_NO_DESCRIPTORS = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}


def host_name() -> str:
    """The name we give ourselves. Never from DNS, which may block."""
    name = settings.TEMPMAIL_MX_HOST or socket.gethostname()
    return name if name.isascii() and name.isprintable() and " " not in name else "localhost"


def serve(sockets: Sequence[socket.socket], limits: Limits) -> None:
    """Receive mail on bound sockets until SIGTERM or SIGINT. A second one hurries."""
    uvloop.run(_serve(sockets, limits))


async def _serve(sockets: Sequence[socket.socket], limits: Limits) -> None:
    listener = Listener(limits)
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, listener.ask_to_end)
    await listener.start(sockets)
    await listener.ended()


class Listener:
    """One process's reception. `start`, then `ended` returns after `ask_to_end`."""

    def __init__(self, limits: Limits) -> None:
        loop = asyncio.get_running_loop()
        self._limits = _within_descriptors(limits)
        self._loop = loop
        self._sockets: list[socket.socket] = []
        self._sessions: set[Session] = set()
        self._per_peer: Counter[str] = Counter()
        self._adopting: set[asyncio.Task[None]] = set()
        self._ending = asyncio.Event()
        self._hurrying = asyncio.Event()
        self._all_gone = asyncio.Event()
        self._budget = Budget(limits.bytes_in_flight, loop.time)
        self._reading = ThreadPoolExecutor(1, "recipients")
        self._sealing = ThreadPoolExecutor(2, "sealing")
        self._lookup: SharedLookup[Asked, delivery.Lookup] = SharedLookup(_find_recipients, self._reading)
        self._conditions = Conditions(_read_allowance, disks(), self._reading)
        self._writer = BatchWriter(
            store=_store,
            forget=_forget_repeats,
            announce=events.announce,
            leave=_leave_database,
            rest_seconds=SQLITE_REST_SECONDS if connection.vendor == "sqlite" else 0,
            queue_bytes=limits.bytes_in_flight,
        )
        self._checks = Notebook("checks", _add_checks, self._writer)
        self._refusals = Notebook("notices", _note_refusals, self._writer)
        self._checker = Checker(_resolver(), self._note_checked, lambda: self._reception.is_busy)
        self._reception = Reception(
            lookup=self._lookup,
            writer=self._writer,
            conditions=self._conditions,
            checker=self._checker,
            note_refusal=self._note_refusal,
            sealing_executor=self._sealing,
            host_name=host_name(),
        )
        self._watchers: list[asyncio.Task[None]] = []

    @property
    def sessions(self) -> int:
        """How many connections there are."""
        return len(self._sessions)

    async def start(self, sockets: Sequence[socket.socket]) -> None:
        """Accept connections from bound sockets, which are ours from here on."""
        await self._conditions.refresh()
        self._writer.start()
        self._checker.start()
        self._watchers = [asyncio.create_task(self._conditions.watch()), asyncio.create_task(self._look())]
        self._sockets = list(sockets)
        for listening in self._sockets:
            listening.setblocking(False)
            self._loop.add_reader(listening, self._accept, listening)
        log.info("SMTP listens on port %d", self._sockets[0].getsockname()[1])

    def ask_to_end(self) -> None:
        """End in order; asked again, hurry."""
        if self._ending.is_set():
            self._hurrying.set()
        self._ending.set()

    async def ended(self) -> None:
        """Wait until asked to end, then end: no new connection, open transactions finish, all is written."""
        await self._ending.wait()
        log.info("SMTP ends, %d sessions are open", len(self._sessions))
        self._stop_accepting()
        for session in list(self._sessions):
            session.wind_down()
        await self._sessions_gone(self._limits.shutdown_seconds, self._hurrying)
        for session in list(self._sessions):
            session.hurry()
        await self._reception.finish()
        await self._sessions_gone(LAST_WORD_SECONDS)
        for session in list(self._sessions):
            session.cut()
        for watcher in self._watchers:
            watcher.cancel()
        await self._lookup.close()
        await self._checker.close()
        self._checks.flush()
        self._refusals.flush()
        await self._writer.close()
        await self._loop.run_in_executor(self._reading, _leave_database)
        self._reading.shutdown()
        self._sealing.shutdown()
        log.info("SMTP has ended")

    def opened(self, session: Session) -> None:
        """A session has its connection (Registry)."""
        self._sessions.add(session)

    def closed(self, session: Session) -> None:
        """A session's connection is gone (Registry)."""
        self._sessions.discard(session)
        self._one_less_from(session.peer_key)
        if not self._sessions:
            self._all_gone.set()

    def _note_checked(self, checked: delivery.Checked) -> None:
        self._checks.note(checked.message_pks, checked)

    def _note_refusal(self, refusal: notices.Refusal) -> None:
        self._refusals.note(refusal.key, refusal)

    # --- accepting ----------------------------------------------------------------------------------------

    def _accept(self, listening: socket.socket) -> None:
        # Our own loop around accept(): uvloop's server gives up for good when descriptors run out, and
        # limits are best looked at before anything is made for a connection.
        for _ in range(ACCEPTED_AT_ONCE):
            try:
                accepted, address = listening.accept()
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno in _NO_DESCRIPTORS:
                    self._rest(listening)
                    return
                continue  # the peer has gone already
            try:
                self._admit(accepted, address[0])
            except Exception as error:
                # The top of a session that did not come to be.
                counters.count("fault")
                log.error("a connection could not be taken: %s", fault(error))
                accepted.close()

    def _rest(self, listening: socket.socket) -> None:
        counters.count("descriptors_used_up")
        self._loop.remove_reader(listening)
        self._loop.call_later(ACCEPT_REST_SECONDS, self._accept_again, listening)

    def _accept_again(self, listening: socket.socket) -> None:
        if not self._ending.is_set():
            self._loop.add_reader(listening, self._accept, listening)

    def _admit(self, accepted: socket.socket, address: str) -> None:
        peer = ipaddress.ip_address(address.partition("%")[0])
        if isinstance(peer, ipaddress.IPv6Address) and peer.ipv4_mapped is not None:
            peer = peer.ipv4_mapped
        peer_key = _peer_key(peer)
        if len(self._sessions) + len(self._adopting) >= self._limits.connections or self._per_peer[
            peer_key
        ] >= self._limits.connections_from(loopback=peer.is_loopback):
            _turn_away(accepted, replies.TOO_MANY_CONNECTIONS)
            return
        accepted.setblocking(False)
        self._per_peer[peer_key] += 1
        session = Session(
            self._reception,
            limits=self._limits,
            budget=self._budget,
            registry=self,
            connection=accepted,
            peer_address=str(peer),
            peer_key=peer_key,
            loop=self._loop,
        )
        adopting = self._loop.create_task(self._adopt(session, accepted))
        self._adopting.add(adopting)
        adopting.add_done_callback(self._adopting.discard)

    async def _adopt(self, session: Session, accepted: socket.socket) -> None:
        try:
            await self._loop.connect_accepted_socket(lambda: session, accepted)
        except OSError:
            accepted.close()
            if session not in self._sessions:
                self._one_less_from(session.peer_key)

    def _one_less_from(self, peer_key: str) -> None:
        self._per_peer[peer_key] -= 1
        if self._per_peer[peer_key] <= 0:
            del self._per_peer[peer_key]

    def _stop_accepting(self) -> None:
        for listening in self._sockets:
            self._loop.remove_reader(listening)
            listening.close()

    # --- deadlines ----------------------------------------------------------------------------------------

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            now = self._loop.time()
            pressed = len(self._sessions) >= PRESSED_FROM * self._limits.connections
            for session in list(self._sessions):
                try:
                    session.look(now, pressed=pressed)
                except Exception as error:
                    # The one clock of all sessions must not stop for one of them.
                    counters.count("fault")
                    log.error("a session was cut off: %s", fault(error))
                    session.cut()

    async def _sessions_gone(self, seconds: float, enough: asyncio.Event | None = None) -> None:
        """Wait until there is no session, but not for longer than that, nor when it is `enough`."""
        self._all_gone.clear()
        if not self._sessions:
            return
        waits = [asyncio.create_task(event.wait()) for event in (self._all_gone, enough) if event is not None]
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()


# --- connections ------------------------------------------------------------------------------------------


def _turn_away(accepted: socket.socket, reply: Reply) -> None:
    counters.count(reply.name)
    with contextlib.suppress(OSError):
        accepted.setblocking(False)
        accepted.send(reply.wire)
    accepted.close()


def _peer_key(peer: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    # Whoever has one IPv6 address has its /64.
    if isinstance(peer, ipaddress.IPv6Address):
        return peer.packed[:8].hex()
    return peer.packed.hex()


def _within_descriptors(limits: Limits) -> Limits:
    """No more connections than the limit of open files carries."""
    descriptors = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if descriptors == resource.RLIM_INFINITY or descriptors >= limits.connections + OTHER_DESCRIPTORS:
        return limits
    carried = max(1, descriptors - OTHER_DESCRIPTORS)
    log.warning("the limit of open files carries %d connections, not %d", carried, limits.connections)
    return dataclasses.replace(limits, connections=carried)


def _resolver() -> Resolver:
    """Whom to ask about senders. Without a name server nobody is checked."""
    try:
        found = servers(settings.TEMPMAIL_RESOLVER)
    except ValueError:
        log.error("TEMPMAIL_RESOLVER is no address of a name server (host:port): senders are not checked")
        found = []
    return Resolver(found)


def disks() -> list[Path]:
    """The directories on whose disks mail goes: ours, and that of a database file that lies elsewhere."""
    directories = [Path(settings.TEMPMAIL_DATA_DIR)]
    if connection.vendor == "sqlite":
        directories.append(Path(str(connection.settings_dict["NAME"])).absolute().parent)
    return list(dict.fromkeys(directories))


# --- what blocks, each in its own thread ------------------------------------------------------------------


@contextlib.contextmanager
def _kept_connection() -> Iterator[None]:
    """Our threads keep their database connection; one that failed is left for a new one."""
    try:
        yield
    finally:
        if connection.errors_occurred:
            connection.close()


def _leave_database() -> None:
    connection.close()


def _find_recipients(asked: Sequence[Asked]) -> list[delivery.Lookup]:
    with _kept_connection():
        return find_recipients(asked)


def _read_allowance() -> Allowance:
    with _kept_connection():
        policy = Policy.current()
        return Allowance(policy.max_message_bytes, policy.free_disk_floor_bytes)


def _store(batch: Sequence[delivery.Incoming], acknowledged: Collection[int]) -> list[delivery.Outcome]:
    with _kept_connection():
        return delivery.store(batch, acknowledged)


def _forget_repeats(message_pks: Sequence[int]) -> None:
    with _kept_connection():
        delivery.forget_repeats(message_pks)


def _add_checks(checked: Sequence[delivery.Checked]) -> list[delivery.Stored]:
    with _kept_connection():
        return delivery.add_checks(checked)


def _note_refusals(refusals: Sequence[notices.Refusal]) -> list[Mailbox]:
    with _kept_connection():
        return notices.note_refusals(refusals)
