"""File locks (flock): they vanish with the process that holds them, however it ends.

Imports no Django: the keeper uses it.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def open_lock(path: Path) -> int:
    """Open a lock file (0600, made where missing) and return its descriptor, not yet locked."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def try_exclusive(handle: int) -> bool:
    """Take the exclusive lock if nobody holds it in any way; say whether that worked."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def wait_exclusive(handle: int) -> None:
    """Take the exclusive lock, waiting for all other holders."""
    fcntl.flock(handle, fcntl.LOCK_EX)


def wait_shared(handle: int) -> None:
    """Take a shared lock, waiting for an exclusive holder."""
    fcntl.flock(handle, fcntl.LOCK_SH)


def give_up(handle: int) -> None:
    """Give the lock back and close. Closing alone would leave it with a child that was forked meanwhile."""
    fcntl.flock(handle, fcntl.LOCK_UN)
    os.close(handle)


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold the exclusive lock of `path` for the length of the block."""
    handle = open_lock(path)
    try:
        wait_exclusive(handle)
        yield
    finally:
        give_up(handle)
