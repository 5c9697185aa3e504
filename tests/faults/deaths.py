"""Deaths at numbered points of a message's path: the n-th time that the point is passed, kill -9.

Only tests know of these: a life that is to die wraps the application's functions before it runs
(launcher.py). Nothing of the kind is in the application.
"""

from __future__ import annotations

import functools
import os
import signal
import threading
import time
from collections.abc import Callable
from typing import Any

#: The points, in the order in which a message passes them.
POINTS = (
    "reading",  # data comes in
    "before sealing",
    "after sealing",
    "in the transaction",  # rows are locked, nothing is written
    "before the commit",  # everything is written
    "committing",  # a moment after the commit began: somewhere in its writes and syncs
    "committed",  # before anybody is told
    "before the reply",
    "half a reply",  # the first bytes of the 250 are on the wire
    "replied",
    "before announcing",
    "forgetting",  # the sender was seen to know
)


def arrange(death: str) -> None:
    """`death` is "point:n"."""
    point, _, number = death.partition(":")
    _ARRANGEMENTS[point](_Passage(int(number)))


class _Passage:
    """Counts passages; at the n-th there is no way back."""

    def __init__(self, number: int) -> None:
        self.left = number
        self._lock = threading.Lock()

    def is_last(self) -> bool:
        with self._lock:
            self.left -= 1
            return self.left == 0

    def __call__(self) -> None:
        if self.is_last():
            die()


def die() -> None:
    """kill -9, by our own hand."""
    os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(60)  # other threads may get a word in; this one does not


def _before(owner: Any, name: str, passage: Callable[[], None]) -> None:
    whole = getattr(owner, name)

    @functools.wraps(whole)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        passage()
        return whole(*args, **kwargs)

    setattr(owner, name, wrapped)


def _after(owner: Any, name: str, passage: Callable[[], None]) -> None:
    whole = getattr(owner, name)

    @functools.wraps(whole)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        result = whole(*args, **kwargs)
        passage()
        return result

    setattr(owner, name, wrapped)


def _reading(passage: _Passage) -> None:
    from smtpd.dotreader import DotReader

    _after(DotReader, "feed", passage)


def _before_sealing(passage: _Passage) -> None:
    from smtpd import handler

    _before(handler, "seal", passage)


def _after_sealing(passage: _Passage) -> None:
    from smtpd import handler

    _after(handler, "seal", passage)


def _in_the_transaction(passage: _Passage) -> None:
    from inbox import delivery

    _before(delivery, "_write", passage)


def _before_the_commit(passage: _Passage) -> None:
    from inbox import delivery

    _after(delivery, "_write", passage)


def _committing(passage: _Passage) -> None:
    from inbox import delivery

    # A commit takes a few milliseconds at most: where in it death comes is left to chance.
    def soon() -> None:
        if passage.is_last():
            threading.Timer((time.monotonic_ns() % 3000) / 1e6, die).start()

    _after(delivery, "_write", soon)


def _committed(passage: _Passage) -> None:
    from inbox import delivery

    _after(delivery, "store", passage)


def _before_the_reply(passage: _Passage) -> None:
    from smtpd.session import Session

    whole = Session._say

    def said(session: Any, reply: Any) -> None:
        if reply.name == "STORED":
            passage()
        whole(session, reply)

    Session._say = said  # type: ignore[method-assign]


def _half_a_reply(passage: _Passage) -> None:
    from smtpd.session import Session

    whole = Session._flush

    async def flush(session: Any) -> None:
        if any(b" Stored as " in text for text in session._out) and passage.is_last():
            os.write(session._connection.fileno(), b"".join(session._out)[:9])
            die()
        await whole(session)

    Session._flush = flush  # type: ignore[method-assign]


def _replied(passage: _Passage) -> None:
    from smtpd.session import Session

    whole = Session._flush

    async def flush(session: Any) -> None:
        replied = any(b" Stored as " in text for text in session._out)
        await whole(session)
        if replied:
            passage()

    Session._flush = flush  # type: ignore[method-assign]


def _before_announcing(passage: _Passage) -> None:
    from inbox import events

    _before(events, "announce", passage)


def _forgetting(passage: _Passage) -> None:
    from inbox import delivery

    _before(delivery, "forget_repeats", passage)


_ARRANGEMENTS: dict[str, Callable[[_Passage], None]] = dict(
    zip(
        POINTS,
        (
            _reading,
            _before_sealing,
            _after_sealing,
            _in_the_transaction,
            _before_the_commit,
            _committing,
            _committed,
            _before_the_reply,
            _half_a_reply,
            _replied,
            _before_announcing,
            _forgetting,
        ),
        strict=True,
    )
)
