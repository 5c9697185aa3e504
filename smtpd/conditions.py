"""What holds for every session at present: the largest message that policy allows, and whether there is
room on disk.

Read anew twice a second in a thread, so that nobody waits for it and a change in the admin is in force
within two seconds.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

from smtpd import counters

log = logging.getLogger(__name__)

# A process takes what it read of the policy for fresh for a second.
REFRESH_SECONDS = 0.5
# In force until the policy has been read once.
_LARGEST_SOURCE_BYTES = 25_000_000


@dataclass(frozen=True, slots=True)
class Allowance:
    """The two figures of the policy that reception needs."""

    largest_source_bytes: int
    free_disk_floor_bytes: int


class Conditions:
    """Kept fresh by `watch`. `read_allowance` reads the policy and may block. Of the disks on which
    `directories` are, the fullest counts.
    """

    def __init__(
        self, read_allowance: Callable[[], Allowance], directories: Sequence[Path], executor: Executor
    ) -> None:
        self._read_allowance = read_allowance
        self._directories = directories
        self._executor = executor
        self._allowance = Allowance(_LARGEST_SOURCE_BYTES, 0)
        self._disk_is_short = False

    @property
    def largest_source_bytes(self) -> int:
        """What SIZE says and DATA is held to."""
        return self._allowance.largest_source_bytes

    @property
    def disk_is_short(self) -> bool:
        """Less is free than policy wants kept: no new mail, so that reading and deleting still work."""
        return self._disk_is_short

    async def refresh(self) -> None:
        """Read once. What cannot be read stays as it was."""
        try:
            await asyncio.get_running_loop().run_in_executor(self._executor, self._read)
        except Exception as error:
            counters.count("conditions_unread")
            log.debug("the policy could not be read: %s", type(error).__name__)

    async def watch(self) -> None:
        """Read again and again, for ever."""
        while True:
            await asyncio.sleep(REFRESH_SECONDS)
            await self.refresh()

    def _read(self) -> None:
        # The disk first: a database that fails because the disk is full must not hide it.
        self._look_at_disk()
        self._allowance = self._read_allowance()
        self._look_at_disk()

    def _look_at_disk(self) -> None:
        free_bytes = min(map(_free_bytes, self._directories))
        was_short, self._disk_is_short = (
            self._disk_is_short,
            free_bytes < self._allowance.free_disk_floor_bytes,
        )
        if self._disk_is_short != was_short:
            log.warning("free disk is %s the floor", "under" if self._disk_is_short else "over")


def _free_bytes(directory: Path) -> int:
    disk = os.statvfs(directory)
    return disk.f_bavail * disk.f_frsize
