"""Fetching a remote picture for a reader who asked for it, so that its sender learns nothing of the reader.

A letter says which address this server is to ask, so nothing of it is believed: the name is resolved once,
an answer that points anywhere but to the public internet refuses it, and the connection goes to exactly the
address that was looked at; each redirect begins anew. What comes back is drawn anew in a worker
(inbox/mail/pictures.py). Time, bytes, redirects and places to ask are bounded. No Django in here.
"""

import asyncio
import contextlib
import ipaddress
import re
import ssl
import time
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Protocol, TypeVar
from urllib.parse import quote, urljoin, urlsplit

import h11
import idna

from inbox import pool
from inbox.mail.rasters import Picture, raster_kind
from inbox.public_addresses import Address, is_public

WHOLE_SECONDS = 10.0
CONNECT_SECONDS = 4.0
MOST_REDIRECTS = 3
MOST_BYTES = 5_000_000
MOST_HEAD_BYTES = 32 * 1024
#: Addresses of one name that are tried, one after the other.
MOST_ADDRESSES = 3
LONGEST_URL = 8000
PORTS = {"http": 80, "https": 443}

#: The same for every reader of every installation.
_HEADERS = (
    ("User-Agent", "Mozilla/5.0 (compatible; mail picture proxy)"),
    ("Accept", "image/webp,image/png,image/jpeg,image/gif,image/bmp;q=0.9,*/*;q=0.5"),
    ("Accept-Encoding", "identity"),
    ("Connection", "close"),
)
_REDIRECTS = frozenset((301, 302, 303, 307, 308))
_NAME = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_LONGEST_NAME = 253  # RFC 1035 2.3.4, without the root
#: Names that are never in the public DNS (RFC 6761, 7686, 8375, ICANN's .internal).
_NOT_PUBLIC = ("localhost", "local", "internal", "onion", "arpa")
_MOST_INFORMATION = 5
_READ_BYTES = 64 * 1024
#: Enough to tell a raster picture by.
_SIGNATURE_BYTES = 16

_asking = ThreadPoolExecutor(max_workers=8, thread_name_prefix="asking")
_drawing = ThreadPoolExecutor(max_workers=2, thread_name_prefix="drawing")

T = TypeVar("T")


class FetchRefused(Exception):
    """Why there is no picture; `reason` is for tests and counts, a reader is told nothing of it.

    The address as written: "url", "scheme", "port", "userinfo", "name". Where it leads: "unresolved",
    "private". What came of it: "unreachable", "certificate", "broken", "status", "redirects", "too-slow",
    "too-large", "encoded", "not-a-picture", "unreadable".
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Resolver(Protocol):
    """Asks name servers (inbox/resolver.py)."""

    def ask(self, name: str, kind: str, deadline: float) -> Sequence[object]: ...


@dataclass(frozen=True, slots=True)
class Target:
    """A URL taken apart: what to connect to, what to ask for, and under which name."""

    scheme: str
    host: str
    """A name in lower case ASCII, or an address without brackets."""
    port: int
    path: str
    """With its query."""

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.authority}{self.path}"

    @property
    def authority(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"


async def fetch_picture(
    url: str,
    *,
    resolver: Resolver,
    reader: str,
    allow_loopback: bool = False,
    tls: ssl.SSLContext | None = None,
) -> Picture:
    """The remote picture, drawn anew. Raises FetchRefused, and pool.Busy when no worker becomes free.

    `reader` says whose turn it uses up in the pool. `allow_loopback` is for tests: a server on this machine,
    on any port.
    """
    content = await fetch(url, resolver=resolver, allow_loopback=allow_loopback, tls=tls)
    try:
        answer = await _in(_drawing, lambda: pool.shared().run("picture", {}, [content], mailbox_id=reader))
    except pool.Lost:
        raise FetchRefused("unreadable") from None
    drawn = answer.result
    if "refused" in drawn:
        raise FetchRefused("unreadable")
    return Picture(answer.content, drawn["content_type"], drawn["width"], drawn["height"])


async def fetch(
    url: str,
    *,
    resolver: Resolver,
    allow_loopback: bool = False,
    tls: ssl.SSLContext | None = None,
    seconds: float = WHOLE_SECONDS,
) -> bytes:
    """The picture as it was sent; by its first bytes it is a raster picture. Raises FetchRefused."""
    deadline = time.monotonic() + seconds
    try:
        async with asyncio.timeout(seconds):
            for _ in range(1 + MOST_REDIRECTS):
                target = read_url(url, any_port=allow_loopback)
                addresses = await _addresses(target, resolver, deadline, allow_loopback)
                async with _connected(target, addresses, tls or _verifying()) as (reader, writer):
                    answer = await _Exchange(reader, writer).get(target)
                if isinstance(answer, bytes):
                    return answer
                url = _joined(target.url, answer.location)
    except TimeoutError:
        raise FetchRefused("too-slow") from None
    raise FetchRefused("redirects")


def read_url(url: str, *, any_port: bool = False) -> Target:
    """The URL as a browser would read it, and refused where that is in doubt. Raises FetchRefused."""
    # WHATWG URL, 4.4: blanks around it and line ends within it are nothing.
    url = url.strip("".join(map(chr, range(33)))).translate({9: None, 10: None, 13: None})
    if len(url) > LONGEST_URL:
        raise FetchRefused("url")
    try:
        parts = urlsplit(url)
        written_host, written_port = parts.hostname or "", parts.port
    except ValueError:
        raise FetchRefused("url") from None
    if parts.scheme not in PORTS:
        raise FetchRefused("scheme")
    if "@" in parts.netloc:
        raise FetchRefused("userinfo")
    if "[" in parts.netloc and ":" not in written_host:
        raise FetchRefused("name")  # brackets are for IPv6 (RFC 3986 3.2.2)
    port = PORTS[parts.scheme] if written_port is None else written_port
    if port not in PORTS.values() and not any_port:
        raise FetchRefused("port")
    return Target(
        scheme=parts.scheme,
        host=_host(written_host),
        port=port,
        path=_escaped(parts.path or "/") + (f"?{_escaped(parts.query)}" if parts.query else ""),
    )


def _host(written: str) -> str:
    """A name fit for the DNS, or an address in its one usual form."""
    if ":" in written:
        return str(_literal(written))
    name = written.removesuffix(".")
    if len(name) > _LONGEST_NAME:
        raise FetchRefused("name")
    if not name.isascii():
        try:
            name = idna.encode(name, uts46=True).decode("ascii")
        except UnicodeError:
            raise FetchRefused("name") from None
    # 0x7f.1, 0177.0.0.1 and 2130706433 are addresses too, for some (WHATWG URL, 3.5: ends in a number).
    last = name.rpartition(".")[2]
    if last.isdigit() or re.fullmatch("0x[0-9a-f]*", last):
        return str(_literal(name))
    if len(name) > _LONGEST_NAME or not _NAME.fullmatch(name) or last in _NOT_PUBLIC:
        raise FetchRefused("name")
    return name


def _literal(text: str) -> Address:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        raise FetchRefused("name") from None


def _escaped(text: str) -> str:
    """Fit for a request line; what is escaped already stays as it is."""
    return quote(text, safe="!$%&'()*+,/:;=?@[]~|", errors="replace")


def _joined(base: str, location: str) -> str:
    try:
        return urljoin(base, location)
    except ValueError:
        raise FetchRefused("url") from None


# Where it leads

_LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))


async def _addresses(
    target: Target, resolver: Resolver, deadline: float, allow_loopback: bool
) -> list[Address]:
    """Where to connect to. Raises FetchRefused: a name that leads inward at all is not tried."""
    addresses = await _resolved(target.host, resolver, deadline)
    if not addresses:
        raise FetchRefused("unresolved")
    for address in addresses:
        is_own = allow_loopback and any(address in network for network in _LOOPBACK)
        if not (is_own or is_public(address)):
            raise FetchRefused("private")
        if target.port not in PORTS.values() and not is_own:
            raise FetchRefused("port")
    return addresses[:MOST_ADDRESSES]


async def _resolved(host: str, resolver: Resolver, deadline: float) -> list[Address]:
    with contextlib.suppress(ValueError):
        return [ipaddress.ip_address(host)]
    answers = await asyncio.gather(
        *(_in(_asking, _question(resolver, host, kind, deadline)) for kind in ("A", "AAAA"))
    )
    return [ipaddress.ip_address(str(record)) for records in answers for record in records]


def _question(resolver: Resolver, host: str, kind: str, deadline: float) -> Callable[[], Sequence[object]]:
    def ask() -> Sequence[object]:
        try:
            return resolver.ask(host, kind, deadline)
        except Exception:  # whatever a name server may do to its client, it gave no address
            return ()

    return ask


async def _in(executor: ThreadPoolExecutor, function: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(executor, function)


# What comes of it

_Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@contextlib.asynccontextmanager
async def _connected(
    target: Target, addresses: Sequence[Address], tls: ssl.SSLContext
) -> AsyncIterator[_Streams]:
    """A connection to the first of the addresses that takes one. Raises FetchRefused."""
    reader, writer = await _connect(target, addresses, tls)
    try:
        yield reader, writer
    finally:
        # Not close(): a peer that never reads would keep it open.
        writer.transport.abort()


async def _connect(target: Target, addresses: Sequence[Address], tls: ssl.SSLContext) -> _Streams:
    is_https = target.scheme == "https"
    for address in addresses:
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                # A number, so that nothing is resolved a second time; the certificate must be the name's.
                return await asyncio.open_connection(
                    str(address),
                    target.port,
                    limit=_READ_BYTES,
                    ssl=tls if is_https else None,
                    server_hostname=target.host if is_https else None,
                )
        except ssl.SSLCertVerificationError:
            raise FetchRefused("certificate") from None
        except (OSError, TimeoutError):
            continue
    raise FetchRefused("unreachable")


@cache
def _verifying() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


@dataclass(frozen=True, slots=True)
class _Redirect:
    location: str


class _Exchange:
    """One request and its answer (HTTP/1.1, RFC 9112; h11 reads and writes the messages)."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=MOST_HEAD_BYTES)

    async def get(self, target: Target) -> bytes | _Redirect:
        """The content of a raster picture, or where it is to be had. Raises FetchRefused."""
        try:
            request = h11.Request(
                method="GET", target=target.path, headers=[("Host", target.authority), *_HEADERS]
            )
            self._send(request)
            self._send(h11.EndOfMessage())
            await self._writer.drain()
            response = await self._response()
            redirect = _redirect(response)
            return redirect or await self._picture(response)
        except (OSError, h11.ProtocolError):
            raise FetchRefused("broken") from None

    def _send(self, event: h11.Event) -> None:
        self._writer.write(self._http.send(event) or b"")

    async def _response(self) -> h11.Response:
        for _ in range(1 + _MOST_INFORMATION):
            event = await self._event()
            if isinstance(event, h11.Response):
                return event
        raise FetchRefused("broken")

    async def _picture(self, response: h11.Response) -> bytes:
        """The body, as long as it can be a picture that is not too large."""
        if response.status_code != 200:
            raise FetchRefused("status")
        if _header(response, b"content-encoding").strip().lower() not in (b"", b"identity"):
            raise FetchRefused("encoded")  # nobody asked for it, and it may be a bomb
        length = _header(response, b"content-length")  # digits only, h11 sees to that
        if len(length) > 9 or int(length or b"0") > MOST_BYTES:
            raise FetchRefused("too-large")
        content = bytearray()
        while isinstance(event := await self._event(), h11.Data):
            content += event.data
            if len(content) > MOST_BYTES:
                raise FetchRefused("too-large")
            if len(content) >= _SIGNATURE_BYTES and not raster_kind(bytes(content[:_SIGNATURE_BYTES])):
                raise FetchRefused("not-a-picture")
        if not isinstance(event, h11.EndOfMessage):
            raise FetchRefused("broken")
        if not raster_kind(bytes(content[:_SIGNATURE_BYTES])):
            raise FetchRefused("not-a-picture")
        return bytes(content)

    async def _event(self) -> h11.Event:
        while True:
            event = self._http.next_event()
            if event is h11.NEED_DATA:
                self._http.receive_data(await self._reader.read(_READ_BYTES))
            elif isinstance(event, h11.Event):
                return event
            else:
                raise FetchRefused("broken")


def _redirect(response: h11.Response) -> _Redirect | None:
    if response.status_code not in _REDIRECTS:
        return None
    location = _header(response, b"location")
    if not location:
        raise FetchRefused("status")
    try:
        return _Redirect(location.decode())
    except UnicodeDecodeError:
        return _Redirect(location.decode("latin-1"))


def _header(response: h11.Response, name: bytes) -> bytes:
    """The first field of that name, or nothing."""
    return next((value for known, value in response.headers if known == name), b"")
