"""Lifelines: a child notices that its parent is gone, however the parent ended, and leaves.

A parent keeps the write end of a pipe that nobody else holds; each child holds the read end. When the
parent ends, kill -9 included, the pipe reads end-of-file: the child asks itself to stop (SIGTERM) and, should
that take too long, leaves at once. Works across exec (a descriptor named in the environment) and fork alike.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Mapping
from datetime import timedelta

VARIABLE = "TEMPMAIL_LIFELINE_FD"
#: How long a child may take to end in order once its parent is gone.
GRACE = timedelta(seconds=15)


class Lifeline:
    """A parent's end. Give `fd` to children in `pass_fds` and `environment()` as their environment.

    One serves any number of children; it is cut when this process ends, or by `cut()`.
    """

    def __init__(self) -> None:
        self.fd, self._kept = os.pipe()  # neither is inherited but by pass_fds

    def environment(self, environment: Mapping[str, str]) -> dict[str, str]:
        """`environment` with what a child's `watch()` needs."""
        return {**environment, VARIABLE: str(self.fd)}

    def cut(self) -> None:
        """Let go: every child that is still there leaves."""
        os.close(self._kept)
        os.close(self.fd)

    def _become_child(self) -> None:
        """In a forked child: drop the parent's end, or it would keep its own lifeline."""
        os.close(self._kept)


def watch(grace: timedelta = GRACE) -> bool:
    """In a child that was started with a lifeline: leave when it is cut. Says whether there is one."""
    described = os.environ.pop(VARIABLE, "")  # children of ours get lifelines of their own
    if not described.isdigit():
        return False
    os.set_inheritable(int(described), False)
    watch_descriptor(int(described), grace)
    return True


def watch_descriptor(descriptor: int, grace: timedelta = GRACE) -> None:
    """Watch the read end of a lifeline in a thread of its own."""
    threading.Thread(target=_leave_at_the_end, args=(descriptor, grace), name="lifeline", daemon=True).start()


def cover_forks() -> None:
    """From here on, whatever this process or its children fork (multiprocessing, django-q2) has a lifeline.

    Each process along the line has its own: a forked worker leaves when the process that forked it is gone.
    """
    global _forks
    if _forks is None:
        os.register_at_fork(after_in_child=_in_forked_child)
        _forks = Lifeline()


_forks: Lifeline | None = None


def _in_forked_child() -> None:
    global _forks
    parents, _forks = _forks, None
    if parents is None:
        return
    parents._become_child()
    watch_descriptor(parents.fd)
    _forks = Lifeline()


def _leave_at_the_end(descriptor: int, grace: timedelta) -> None:
    with contextlib.suppress(OSError):
        while os.read(descriptor, 64):
            pass
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(grace.total_seconds())
    os.write(2, b"lifeline: the parent is gone and ending in order took too long\n")
    os._exit(1)
