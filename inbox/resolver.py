"""Questions to the DNS, bounded: in time, in size, and by an end that wakes whoever waits. No Django in here.

dnspython reads and writes the messages; the waiting is ours, because a thread that waits for a name server
has to leave at once when its process ends.
"""

import ipaddress
import itertools
import select
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdatatype
import dns.resolver

#: How long one name server may take to answer one packet.
PATIENCE_SECONDS = 0.75
#: What a UDP answer may hold without being cut into fragments.
_UDP_BYTES = 1232
_DNS_PORT = 53
#: The servers of /etc/resolv.conf that are asked, one after the other.
_MOST_SERVERS = 3
#: Nothing that we ask for is longer; taking 64 KiB of records apart would take a tenth of a second.
_LARGEST_ANSWER_BYTES = 16 * 1024
#: Records of one answer that are read. Nothing that we ask for has more.
_MOST_RECORDS = 100


class Unanswered(Exception):
    """No name server gave an answer in time, or one that could be read."""


@dataclass(frozen=True, slots=True)
class Server:
    """The address of a name server."""

    host: str
    port: int = _DNS_PORT

    @property
    def family(self) -> socket.AddressFamily:
        return socket.AF_INET6 if ":" in self.host else socket.AF_INET


def servers(setting: str) -> list[Server]:
    """The name servers that `setting` says (`host:port`, the port may be missing), or the system's.

    An empty list means that nobody can be asked. Raises ValueError for a setting that is no address.
    """
    if setting:
        return [_read_server(setting)]
    try:
        system = dns.resolver.Resolver(configure=True)
    except dns.exception.DNSException:
        return []
    return [Server(str(host), system.port) for host in system.nameservers[:_MOST_SERVERS]]


def _read_server(setting: str) -> Server:
    host, colon, port = setting.rpartition(":")
    if not colon or "]" in port or (":" in host and not host.startswith("[")):
        host, port = setting, str(_DNS_PORT)
    host = host.removeprefix("[").removesuffix("]")
    address = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise ValueError("a port is a number up to 65535")
    return Server(str(address), int(port))


class Resolver:
    """Asks name servers, each question anew. Safe for several threads."""

    def __init__(self, servers: Sequence[Server]) -> None:
        self._servers = tuple(servers)
        self._ending, self._bell = socket.socketpair()
        self.has_ended = False

    @property
    def has_servers(self) -> bool:
        """Whether there is anybody to ask."""
        return bool(self._servers)

    def ask(self, name: str, kind: str, deadline: float) -> list[dns.rdata.Rdata]:
        """The records of that kind, aliases followed; empty where there are none. Raises Unanswered.

        `deadline` is a moment of time.monotonic(). A name that cannot be one has no records.
        """
        try:
            query = dns.message.make_query(
                dns.name.from_text(name), kind, use_edns=0, payload=_UDP_BYTES, want_dnssec=False
            )
            wire = query.to_wire()
        except (dns.exception.DNSException, UnicodeError):
            return []
        for server in self._servers:
            try:
                response = self._answer(server, query, wire, deadline)
            except OSError:
                continue  # nobody there, or no way there
            if response is not None and response.rcode() in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
                return _records(response)
        raise Unanswered

    def end(self) -> None:
        """Wake everybody who waits, with Unanswered; from now on nothing is answered."""
        self.has_ended = True
        self._bell.send(b"!")

    def close(self) -> None:
        """Give the sockets back, when nobody asks any more."""
        self._ending.close()
        self._bell.close()

    def _answer(
        self, server: Server, query: dns.message.QueryMessage, wire: bytes, deadline: float
    ) -> dns.message.Message | None:
        until = min(deadline, time.monotonic() + PATIENCE_SECONDS)
        for _ in range(2):  # a packet may be lost
            response = self._by_udp(server, query, wire, until)
            if response is not None:
                break
            until = min(deadline, time.monotonic() + PATIENCE_SECONDS)
        if response is None or not response.flags & dns.flags.TC:
            return response
        return self._by_tcp(server, query, wire, min(deadline, time.monotonic() + 2 * PATIENCE_SECONDS))

    def _by_udp(
        self, server: Server, query: dns.message.QueryMessage, wire: bytes, until: float
    ) -> dns.message.Message | None:
        with socket.socket(server.family, socket.SOCK_DGRAM) as asking:
            asking.setblocking(False)
            asking.connect((server.host, server.port))  # the kernel drops what others send
            asking.send(wire)
            while self._wait(asking, select.POLLIN, until):
                response = _read(asking.recv(65535), query)
                if response is not None:
                    return response
        return None

    def _by_tcp(
        self, server: Server, query: dns.message.QueryMessage, wire: bytes, until: float
    ) -> dns.message.Message | None:
        with socket.socket(server.family, socket.SOCK_STREAM) as asking:
            asking.setblocking(False)
            error = asking.connect_ex((server.host, server.port))
            if error and not (
                self._wait(asking, select.POLLOUT, until)
                and asking.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0
            ):
                return None
            asking.send(len(wire).to_bytes(2, "big") + wire)  # RFC 1035 4.2.2; a few dozen bytes
            received = bytearray()
            while len(received) < 2 or len(received) < 2 + int.from_bytes(received[:2], "big"):
                if not self._wait(asking, select.POLLIN, until):
                    return None
                piece = asking.recv(_LARGEST_ANSWER_BYTES)
                received += piece
                if not piece or int.from_bytes(received[:2], "big") > _LARGEST_ANSWER_BYTES:
                    return None
        response = _read(bytes(received[2 : 2 + int.from_bytes(received[:2], "big")]), query)
        return None if response is None or response.flags & dns.flags.TC else response

    def _wait(self, asking: socket.socket, event: int, until: float) -> bool:
        """Wait for the socket; False when time is up. Raises Unanswered at the end of everything."""
        waiting = select.poll()
        waiting.register(asking, event)
        waiting.register(self._ending, select.POLLIN)
        ready = {number for number, _ in waiting.poll(max(0.0, until - time.monotonic()) * 1000)}
        if self._ending.fileno() in ready:
            raise Unanswered
        return bool(ready)


def _read(wire: bytes, query: dns.message.QueryMessage) -> dns.message.Message | None:
    """The answer to that very question, or None: noise, and what somebody made up without having seen it."""
    try:
        response = dns.message.from_wire(wire, ignore_trailing=True, raise_on_truncation=False)
        # Some leave the question out of what they cut off; it is only a reason to ask again, by TCP.
        was_cut = bool(response.flags & dns.flags.TC) and response.id == query.id and not response.question
        return response if was_cut or query.is_response(response) else None
    except (dns.exception.DNSException, ValueError):
        return None


def _records(response: dns.message.Message) -> list[dns.rdata.Rdata]:
    if not isinstance(response, dns.message.QueryMessage):
        return []
    try:
        answer = response.resolve_chaining().answer
    except dns.exception.DNSException:  # a chain without end, records for a name that is none
        return []
    return list(itertools.islice(answer, _MOST_RECORDS)) if answer is not None else []
