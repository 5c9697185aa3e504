"""What is written down beside the mail, a moment later: what was found out about senders, what was refused.

Nobody waits for it, and it waits for the mail: a quarter of a second's entries are one short transaction, in
the thread of the batch writer, after a batch and never before one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Sequence
from functools import partial
from typing import Generic, TypeVar

from inbox.events import Change
from smtpd import counters
from smtpd.batch import BatchWriter

COLLECT_SECONDS = 0.25
# Beyond this entries are counted and forgotten: they are worth less than the memory of a process.
MOST_ENTRIES = 2000
_WRITTEN_AT_ONCE = 50

Entry = TypeVar("Entry")


class Notebook(Generic[Entry]):
    """`write` blocks, and returns what open pages are to be told of."""

    def __init__(
        self, name: str, write: Callable[[Sequence[Entry]], Sequence[Change]], writer: BatchWriter
    ) -> None:
        self._name = name
        self._write = write
        self._writer = writer
        self._entries: dict[Hashable, Entry] = {}
        self._due: asyncio.TimerHandle | None = None

    def note(self, key: Hashable, entry: Entry) -> None:
        """Write this down soon; of several with one key only the first. For the event loop's thread; takes no
        time.
        """
        if key in self._entries:
            return
        if len(self._entries) >= MOST_ENTRIES:
            counters.count(f"{self._name}_dropped")
            return
        self._entries[key] = entry
        if self._due is None:
            self._due = asyncio.get_running_loop().call_later(COLLECT_SECONDS, self.flush)

    def flush(self) -> None:
        """Hand over what there is."""
        if self._due is not None:
            self._due.cancel()
            self._due = None
        entries, self._entries = list(self._entries.values()), {}
        for at in range(0, len(entries), _WRITTEN_AT_ONCE):
            some = entries[at : at + _WRITTEN_AT_ONCE]
            self._writer.aside(self._name, partial(self._write, some))
