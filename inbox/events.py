"""What is told to open pages: that a mailbox has a new revision. Ids only; a hint, not a store.

A page asks the database what is newer than the revision it has, so a lost or repeated event loses or
repeats nothing.
"""

import asyncio
import logging
import time
from collections.abc import Iterable
from typing import Protocol

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer

logger = logging.getLogger(__name__)

#: How long an announcement may hold up what comes after it.
PATIENCE_SECONDS = 2.0
QUIET_SECONDS = 60.0

_last_complaint = -QUIET_SECONDS
_lost = 0


class Change(Protocol):
    """A mailbox's new revision."""

    @property
    def mailbox_id(self) -> str: ...

    @property
    def revision(self) -> int: ...


def group_name(mailbox_id: str) -> str:
    """The channel layer's group of the pages that show a mailbox."""
    return f"mailbox.{mailbox_id}"


async def announce(changes: Iterable[Change]) -> None:
    """Tell the pages. Several changes of one mailbox are one event. Never raises."""
    newest: dict[str, int] = {}
    for change in changes:
        newest[change.mailbox_id] = max(change.revision, newest.get(change.mailbox_id, 0))
    if not newest:
        return
    try:
        layer = get_channel_layer()
        if layer is None:
            raise RuntimeError("no channel layer")
        async with asyncio.timeout(PATIENCE_SECONDS):
            await asyncio.gather(
                *(
                    layer.group_send(
                        group_name(mailbox_id),
                        {"type": "mailbox.changed", "mailbox": mailbox_id, "revision": revision},
                    )
                    for mailbox_id, revision in newest.items()
                )
            )
    except Exception as error:  # the layer is a hint: whatever breaks in it, the mail is on disk
        _complain(error, len(newest))


def announce_from_sync(changes: Iterable[Change]) -> None:
    """`announce` for code without an event loop of its own."""
    changes = list(changes)
    if changes:
        async_to_sync(announce)(changes)


def _complain(error: Exception, count: int) -> None:
    """One line a minute, not a flood."""
    global _last_complaint, _lost
    _lost += count
    now = time.monotonic()
    if now - _last_complaint >= QUIET_SECONDS:
        _last_complaint = now
        logger.warning(
            "channel layer unreachable (%s): %d announcements lost, pages catch up",
            type(error).__name__,
            _lost,
        )
        _lost = 0
