"""Failed staff logins are slowed by django-axes; what happens when Valkey is away; what the person is told.

The counters are in the cache under a digest of peer digest and user name, so neither is to be found there.
"""

import time
from collections.abc import Callable
from typing import Any

import redis
from axes.handlers.cache import AxesCacheHandler
from axes.helpers import get_cache
from django.conf import settings
from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.locmem import LocMemCache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from inbox import words

#: For this long after a failure Valkey is not asked: a login must not wait for it at every step.
AWAY_SECONDS = 5.0


class Counters:
    """The cache that axes counts in: Valkey, and while that is away this process's own memory.

    So a login is never refused, nor let through uncounted, because Valkey is down.
    """

    def __init__(self, shared: BaseCache):
        self._shared = shared
        self._here = LocMemCache(f"staff-logins-{id(self)}", {"OPTIONS": {"MAX_ENTRIES": 10_000}})
        self._away_until = 0.0

    def get(self, key: str, default: Any = None) -> Any:
        return self._ask(lambda cache: cache.get(key, default))

    def add(self, key: str, value: Any, timeout: int | None) -> bool:
        return bool(self._ask(lambda cache: cache.add(key, value, timeout)))

    def incr(self, key: str, delta: int = 1) -> int:
        try:
            return int(self._ask(lambda cache: cache.incr(key, delta)))
        except ValueError:  # it ended between the two calls, or is in the other cache
            self.add(key, delta, int(settings.AXES_COOLOFF_TIME.total_seconds()))
            return delta

    def touch(self, key: str, timeout: int | None) -> bool:
        return bool(self._ask(lambda cache: cache.touch(key, timeout)))

    def delete(self, key: str) -> bool:
        return bool(self._ask(lambda cache: cache.delete(key)))

    def _ask(self, question: Callable[[BaseCache], Any]) -> Any:
        if time.monotonic() >= self._away_until:
            try:
                return question(self._shared)
            except (redis.RedisError, OSError):
                self._away_until = time.monotonic() + AWAY_SECONDS
        return question(self._here)


class Handler(AxesCacheHandler):  # type: ignore[misc]
    """Axes' cache handler over `Counters`."""

    def __init__(self) -> None:
        super().__init__()
        self.cache = Counters(get_cache())


def locked_out(
    request: HttpRequest, response: HttpResponse | None = None, credentials: Any = None
) -> HttpResponse:
    """Too many wrong passwords: when to try again. Axes calls this in place of the login page."""
    wait = settings.AXES_COOLOFF_TIME
    page = render(request, "admin/locked_out.html", {"wait": words.duration(wait)}, status=429)
    page["Retry-After"] = str(int(wait.total_seconds()))
    page["Cache-Control"] = "no-store"
    return page
