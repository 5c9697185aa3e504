"""Threads for the work of sockets and streams.

Django's default would put every socket's queries into one thread, and a thread a socket would cost too
much. So: a few threads for row work, which is short, and others for taking large messages apart, so that
somebody's 25 MB hold up nobody's new row.
"""

from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar, cast

from channels.db import database_sync_to_async

P = ParamSpec("P")
R = TypeVar("R")

rows = ThreadPoolExecutor(max_workers=4, thread_name_prefix="rows")
reading = ThreadPoolExecutor(max_workers=2, thread_name_prefix="reading")


def in_rows(function: Callable[P, R]) -> Callable[P, Awaitable[R]]:
    """`function`, to be awaited, in a thread for row work; its database connection is closed afterwards."""
    return _in(rows, function)


def in_reading(function: Callable[P, R]) -> Callable[P, Awaitable[R]]:
    """The same in a thread for large work."""
    return _in(reading, function)


def _in(executor: ThreadPoolExecutor, function: Callable[P, R]) -> Callable[P, Awaitable[R]]:
    return cast(
        "Callable[P, Awaitable[R]]",
        database_sync_to_async(function, thread_sensitive=False, executor=executor),
    )
