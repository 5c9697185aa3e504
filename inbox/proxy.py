"""Who the visitor is when a proxy stands between: one ASGI wrapper for HTTP and websocket alike.

X-Forwarded-For and X-Forwarded-Proto are believed only when the connection itself comes from one of
TEMPMAIL_TRUSTED_PROXIES; from anybody else they are taken off the request and that is logged once. The
service lives at the root of its host, whatever a header says.
"""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

logger = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Application = Callable[[Scope, Any, Any], Awaitable[Any]]
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Peer = ipaddress.IPv4Address | ipaddress.IPv6Address

FORWARDED_FOR = b"x-forwarded-for"
FORWARDED_PROTO = b"x-forwarded-proto"
#: What proxies and applications say about the visitor. Two are ever read, none is passed on.
FORWARDING_HEADERS = frozenset(
    (
        FORWARDED_FOR,
        FORWARDED_PROTO,
        b"forwarded",
        b"x-forwarded-host",
        b"x-forwarded-port",
        b"x-forwarded-server",
        b"x-real-ip",
    )
)
#: A chain of proxies is a few hops long; what is longer was made by somebody who wants us to read it.
MOST_HOPS = 32


class TrustedProxies:
    """Wrap `application` so that scope["client"] is the visitor and scope["scheme"] what the visitor used.

    `networks` are those of TEMPMAIL_TRUSTED_PROXIES unless given. Raises ImproperlyConfigured for one that
    is none.
    """

    def __init__(self, application: Application, networks: Iterable[str] | None = None) -> None:
        self.application = application
        self.networks = read_networks(settings.TEMPMAIL_TRUSTED_PROXIES if networks is None else networks)
        self.told = False

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> Any:
        if scope["type"] in ("http", "websocket"):
            scope = self.seen_from_outside(scope)
        return await self.application(scope, receive, send)

    def seen_from_outside(self, scope: Scope) -> Scope:
        """A copy of `scope` that speaks of the visitor instead of the proxy, without forwarding headers."""
        headers: list[tuple[bytes, bytes]] = list(scope["headers"])
        secure = _is_secure(scope)
        client = scope.get("client")
        if any(name in FORWARDING_HEADERS for name, _ in headers):
            peer = _address(client[0]) if client else None
            if peer is not None and self.trusts(peer):
                visitor = self.visitor(_values(headers, FORWARDED_FOR))
                client = [str(visitor), 0] if visitor is not None else client
                secure = _said_https(_values(headers, FORWARDED_PROTO), secure)
            else:
                self._tell_once()
            headers = [(name, value) for name, value in headers if name not in FORWARDING_HEADERS]
        scheme = {"http": ("http", "https"), "websocket": ("ws", "wss")}[scope["type"]][secure]
        # daphne takes root_path from whoever sends Daphne-Root-Path, and every link would begin with it.
        return {**scope, "headers": headers, "client": client, "scheme": scheme, "root_path": ""}

    def trusts(self, peer: Peer) -> bool:
        """Whether `peer` is one of our proxies."""
        return any(peer.version == network.version and peer in network for network in self.networks)

    def visitor(self, values: list[bytes]) -> Peer | None:
        """The rightmost hop that is not one of our proxies: what stands left of it, anybody can write.

        None if a hop on the way is no address, or all are ours.
        """
        hops = b",".join(values).rsplit(b",", MOST_HOPS)
        for hop in reversed(hops):
            peer = _hop_address(hop.decode("latin-1").strip())
            if peer is None or not self.trusts(peer):
                return peer
        return None

    def _tell_once(self) -> None:
        if not self.told:
            self.told = True
            logger.warning(
                "Ignored forwarding headers of a peer that is not in TEMPMAIL_TRUSTED_PROXIES "
                "(said once; if that peer is your proxy, name its network there)"
            )


def read_networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Networks (or single addresses) from their text. Raises ImproperlyConfigured."""
    try:
        return tuple(ipaddress.ip_network(text.strip(), strict=False) for text in texts if text.strip())
    except ValueError as error:
        raise ImproperlyConfigured(f"TEMPMAIL_TRUSTED_PROXIES: {error}.") from error


def _is_secure(scope: Scope) -> bool:
    return scope.get("scheme") in ("https", "wss")


def _said_https(values: list[bytes], otherwise: bool) -> bool:
    """What the nearest proxy says; the rest of the list came from further away."""
    said = b",".join(values).rpartition(b",")[2].strip().lower()
    return {b"https": True, b"wss": True, b"http": False, b"ws": False}.get(said, otherwise)


def _values(headers: list[tuple[bytes, bytes]], wanted: bytes) -> list[bytes]:
    return [value for name, value in headers if name == wanted]


def _hop_address(text: str) -> Peer | None:
    """The address in one hop: bare, `1.2.3.4:567`, `[::1]` or `[::1]:567` (proxies write all four)."""
    if text.startswith("["):
        return _address(text[1:].partition("]")[0])
    if text.count(":") == 1:
        text = text.partition(":")[0]
    return _address(text)


def _address(text: str) -> Peer | None:
    """An address; a mapped one (::ffff:1.2.3.4) as the IPv4 address that it is."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
