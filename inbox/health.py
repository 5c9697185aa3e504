"""Is it well? Asked by /healthz, by the admin's first page, and by whoever watches the service.

Each part is looked at in a thread of its own under a deadline, so that whatever hangs, an answer comes; and
the answer is kept for two seconds, so that asking often costs nothing.
"""

import contextlib
import logging
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as Late
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import redis
from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connections

from inbox import clock, presence, staff, words
from inbox.logs import fault
from inbox.models import Domain, Installation

logger = logging.getLogger(__name__)

FRESH_SECONDS = 2.0
PATIENCE_SECONDS = 2.0
SWEPT_WITHIN = timedelta(minutes=3)
#: From then on the age of the last complete checkpoint is worth a line.
CHECKPOINT_WITHIN = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Finding:
    """One part: well, or what is wrong with it in a sentence."""

    part: str
    wrong: str = ""
    notes: tuple[str, ...] = ()
    figures: dict[str, int | None] = field(default_factory=dict)

    @property
    def is_well(self) -> bool:
        return not self.wrong


@dataclass(frozen=True, slots=True)
class Report:
    """All parts. What people see of it names no host, path or secret."""

    findings: tuple[Finding, ...]

    @property
    def is_well(self) -> bool:
        return all(finding.is_well for finding in self.findings)

    @property
    def problems(self) -> list[str]:
        return [f"{finding.part}: {finding.wrong}" for finding in self.findings if not finding.is_well]

    @property
    def notes(self) -> list[str]:
        return [note for finding in self.findings for note in finding.notes]

    def to_json(self) -> dict[str, Any]:
        figures = {name: value for finding in self.findings for name, value in finding.figures.items()}
        return {
            "status": "well" if self.is_well else "not well",
            "checks": {
                finding.part: "well" if finding.is_well else finding.wrong for finding in self.findings
            },
            "problems": self.problems,
            "notes": self.notes,
            **figures,
        }


def report() -> Report:
    """How it is now, or was at most two seconds ago."""
    global _last, _looked_at
    with _lock:
        if _last is None or time.monotonic() - _looked_at > FRESH_SECONDS:
            _last, _looked_at = _look(), time.monotonic()
        return _last


def forget() -> None:
    """Look anew at the next call."""
    global _last
    with _lock:
        _last = None


_lock = threading.Lock()
_last: Report | None = None
_looked_at = 0.0


class _Part:
    """A check with a thread of its own. While one hangs no second is started."""

    def __init__(self, name: str, look: Callable[[], list[Finding]], unknown: tuple[str, ...] = ()):
        self.name = name
        self._look = look
        self._unknown = unknown
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"health-{name}")
        self._running: Future[list[Finding]] | None = None

    def begin(self) -> Future[list[Finding]]:
        if self._running is None or self._running.done():
            self._running = self._thread.submit(self._look)
        return self._running

    def finish(self, running: Future[list[Finding]], deadline: float) -> list[Finding]:
        try:
            return running.result(timeout=max(0.0, deadline - time.monotonic()))
        except Late:
            wrong = f"no answer within {PATIENCE_SECONDS:g} s"
        except Exception as error:  # a check must never be what breaks
            logger.warning("health of %s: %s", self.name, fault(error))
            wrong = "cannot be used"
        return [Finding(self.name, wrong), *(Finding(part, "not known") for part in self._unknown)]


def _look() -> Report:
    deadline = time.monotonic() + PATIENCE_SECONDS + 0.5
    running = [(part, part.begin()) for part in _parts]
    return Report(tuple(finding for part, future in running for finding in part.finish(future, deadline)))


# -- database and sweeps ---------------------------------------------------------------------------


def _look_at_database() -> list[Finding]:
    """Two findings from one connection: the database, and what the sweeps have written into it."""
    connection = connections["default"]
    try:
        if connection.vendor == "sqlite":
            with connection.cursor() as cursor:
                cursor.execute(f"PRAGMA busy_timeout={int(PATIENCE_SECONDS * 1000) - 500}")
        installation = Installation.objects.filter(id=1).first()
        if installation is None:
            return [Finding("database", "not set up"), Finding("sweeps", "not known")]
        return [_database(), _sweeps(installation)]
    except DatabaseError as error:
        logger.warning("health of the database: %s", fault(error))
        return [Finding("database", "cannot be used"), Finding("sweeps", "not known")]
    finally:
        with contextlib.suppress(DatabaseError):
            connection.close()


def _database() -> Finding:
    notes = []
    if settings.DATABASE_IS_SQLITE and not settings.SQLITE_IS_SOUND:
        notes.append(
            "SQLite is older than 3.51.3, so the database runs with a rollback journal, which is slower."
        )
    if not Domain.objects.filter(state=Domain.State.OFFERED, weight__gt=0).exists():
        notes.append("No domain is offered, so nobody gets a new address. Add one in the admin.")
    if not staff.is_set_up():
        notes.append("postmaster@ and abuse@ answer 451 until somebody runs: manage.py staffsecret")
    return Finding("database", notes=tuple(notes))


def _sweeps(installation: Installation) -> Finding:
    swept, cut = _age(installation.last_sweep_at), _age(installation.last_checkpoint_at)
    figures = {"last_sweep_age_seconds": _seconds(swept), "last_checkpoint_age_seconds": _seconds(cut)}
    notes = []
    uptime = timedelta(seconds=presence.uptime_seconds())
    if cut is not None and min(cut, uptime) > CHECKPOINT_WITHIN:
        notes.append(
            f"The write-ahead log was last cut {words.duration(cut)} ago: somebody keeps reading, and until "
            "then what was erased is still in it, encrypted, with its keys gone."
        )
    hold = presence.hold_of(installation)
    if hold is not None and hold.until_trusted:
        return Finding("sweeps", f"nothing is erased: {hold}", tuple(notes), figures)
    if hold is not None:
        notes.append(f"Erasing waits: {hold}.")
    if min(swept or uptime, uptime) > SWEPT_WITHIN:
        return Finding(
            "sweeps", f"no sweep finished for {words.duration(SWEPT_WITHIN)}", tuple(notes), figures
        )
    return Finding("sweeps", "", tuple(notes), figures)


def _age(at: datetime | None) -> timedelta | None:
    """How long ago; None if never, or if the clock has gone back since, which the next sweep heals."""
    if at is None or at > clock.now() + timedelta(minutes=1):
        return None
    return max(clock.now() - at, timedelta(0))


def _seconds(age: timedelta | None) -> int | None:
    return None if age is None else int(age.total_seconds())


# -- Redis and SMTP --------------------------------------------------------------------------------


def _look_at_redis() -> list[Finding]:
    try:
        _redis(settings.REDIS_URL).ping()
    except redis.RedisError as error:
        logger.warning("health of redis: %s", type(error).__name__)
        return [Finding("redis", "no answer: pages are not live, but mail is kept and pages catch up")]
    return [Finding("redis")]


@lru_cache(maxsize=4)
def _redis(url: str) -> Any:
    return redis.Redis.from_url(
        url, socket_connect_timeout=PATIENCE_SECONDS / 2, socket_timeout=PATIENCE_SECONDS / 2
    )


def _look_at_smtp() -> list[Finding]:
    """Read the banner as a client does, and leave in order."""
    for host in smtp_hosts():
        try:
            with socket.create_connection(
                (host, settings.TEMPMAIL_SMTP_PORT), timeout=PATIENCE_SECONDS
            ) as peer:
                banner = _read_line(peer)
                peer.sendall(b"QUIT\r\n")
                _read_line(peer)
        except OSError:
            continue
        if banner.startswith(b"220"):
            return [Finding("smtp")]
        return [Finding("smtp", "the listener turns connections away")]
    return [Finding("smtp", "no answer")]


def smtp_hosts() -> list[str]:
    """Where the listener can be reached from here; "everywhere" is reached on loopback."""
    host = settings.TEMPMAIL_SMTP_HOST
    return {"": ["127.0.0.1", "::1"], "0.0.0.0": ["127.0.0.1"], "::": ["::1"]}.get(host, [host])  # noqa: S104


def _read_line(peer: socket.socket) -> bytes:
    """The first line, within the patience as a whole and 1,024 bytes."""
    deadline, line = time.monotonic() + PATIENCE_SECONDS, b""
    while b"\n" not in line and len(line) < 1024:
        peer.settimeout(max(0.01, deadline - time.monotonic()))
        piece = peer.recv(1024)
        if not piece:
            break
        line += piece
    return line


_parts = (
    _Part("database", _look_at_database, unknown=("sweeps",)),
    _Part("redis", _look_at_redis),
    _Part("smtp", _look_at_smtp),
)
