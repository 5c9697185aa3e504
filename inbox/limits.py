"""Limits for each peer, and for each mailbox.

A peer is known by a digest only, under a random key that lives in Valkey's memory and is replaced daily:
nothing on disk, and nothing that outlives the day, tells who came.
"""

import hashlib
import ipaddress
import logging
import secrets
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import redis
from django.conf import settings
from django.http import HttpRequest

logger = logging.getLogger(__name__)

DAY_SECONDS = 86_400

#: Generic cell rate algorithm (the leaky bucket of ATM, ITU-T I.371): the one number kept a peer is the
#: time until which its allowance is spent. Returns the milliseconds to wait, 0 when allowed.
_GCRA = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local interval, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local spent_until = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now)
local allowed_at = spent_until + interval - interval * burst
if allowed_at > now then return math.ceil(allowed_at - now) end
redis.call('SET', KEYS[1], spent_until + interval, 'PX', math.ceil(spent_until + interval - now))
return 0
"""


@dataclass(frozen=True, slots=True)
class Rate:
    """`burst` at once, `per_hour` in the long run."""

    burst: int
    per_hour: int

    @property
    def interval_ms(self) -> float:
        return 3_600_000 / self.per_hour


def seconds_to_wait(what: str, peer: str, rate: Rate) -> float:
    """Count one `what` by `peer`. 0 when it is within the rate, else how long to wait, in seconds.

    Without Valkey each process counts for itself: the limit is looser, never gone.
    """
    return _seconds_to_wait(what, network_of(peer), rate)


def seconds_to_wait_for(mailbox: str, what: str, rate: Rate) -> float:
    """The same for one `what` of a mailbox; `mailbox` is whatever stands for it."""
    return _seconds_to_wait(what, f"mailbox {mailbox}", rate)


def _seconds_to_wait(what: str, subject: str, rate: Rate) -> float:
    try:
        name = f"tempmail:limit:{what}:{_digest(subject)}"
        wait_ms = _client().eval(_GCRA, 1, name, rate.interval_ms, rate.burst)
        return int(wait_ms) / 1000
    except redis.RedisError:
        return _here.seconds_to_wait(what, subject, rate)


def peer_digest(peer: str) -> str:
    """A digest of the peer, an IPv6 one by its /64, under the key of the day. Raises RedisError."""
    return _digest(network_of(peer))


def _digest(subject: str) -> str:
    key = _client().get(_day_key_name())
    if key is None:
        _client().set(_day_key_name(), secrets.token_bytes(32), nx=True, ex=DAY_SECONDS)
        key = _client().get(_day_key_name())
    if not isinstance(key, bytes):
        raise redis.RedisError("the day's key is gone")
    return hashlib.blake2b(subject.encode(), key=key, digest_size=16).hexdigest()


def network_of(peer: str) -> str:
    """The address, or the /64 it is in: who has one IPv6 address has them all."""
    try:
        address = ipaddress.ip_address(peer.partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def peer_of(request: HttpRequest) -> str:
    """The visitor's address; behind a configured proxy the ASGI wrapper has put it there."""
    return str(request.META.get("REMOTE_ADDR") or "")


def axes_peer(request: HttpRequest) -> str:
    """The digest that stands for the peer in django-axes' cache.

    Made once a request, though axes asks again and again: the answer must not change half way, nor wait
    each time for a Valkey that hangs.
    """
    known: str | None = getattr(request, "peer_digest", None)
    if known is None:
        try:
            known = peer_digest(peer_of(request))
        except redis.RedisError:
            known = _here.digest(network_of(peer_of(request)))
        request.peer_digest = known  # type: ignore[attr-defined]
    return known


@lru_cache(maxsize=1)
def _client() -> Any:
    return redis.Redis.from_url(
        settings.REDIS_URL, socket_connect_timeout=0.5, socket_timeout=1, health_check_interval=30
    )


def _day_key_name() -> str:
    return f"tempmail:peer-key:{int(time.time()) // DAY_SECONDS}"


class _InThisProcess:
    """The same rule in memory, for as long as Valkey is away; bounded."""

    MOST_PEERS = 10_000

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._spent_until_ns: OrderedDict[str, int] = OrderedDict()
        self._lock = threading.Lock()

    def digest(self, subject: str) -> str:
        return hashlib.blake2b(subject.encode(), key=self._key, digest_size=16).hexdigest()

    def seconds_to_wait(self, what: str, subject: str, rate: Rate) -> float:
        # Whole nanoseconds: what is within the rate waits exactly 0, however long the clock has run.
        name, now = f"{what}:{self.digest(subject)}", time.monotonic_ns()
        interval = int(rate.interval_ms * 1e6)
        with self._lock:
            spent_until = max(self._spent_until_ns.pop(name, 0), now)
            wait = spent_until + interval - interval * rate.burst - now
            self._spent_until_ns[name] = spent_until if wait > 0 else spent_until + interval
            if len(self._spent_until_ns) > self.MOST_PEERS:
                self._spent_until_ns.popitem(last=False)
        return max(0, wait) / 1e9


_here = _InThisProcess()
