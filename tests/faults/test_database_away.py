"""The database locked by somebody else, and the disk full: put off, told so, never lost."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults import ledger
from tests.faults.ledger import Ledger, Talk
from tests.faults.place import Box, Place

MEGABYTE = 1_000_000
#: How long a started listener waits for a lock; ten seconds outside of tests.
BUSY_SECONDS = 0.5


@pytest.fixture
def book() -> Ledger:
    return Ledger()


# -- locked ----------------------------------------------------------------------------------------


@contextmanager
def locked(place: Place) -> Iterator[None]:
    """Another process (this one) holds the write lock."""
    other = sqlite3.connect(place.running.data_dir / "mail.sqlite3", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


async def test_a_lock_that_ends_in_time_makes_the_250_late(place: Place, book: Ledger) -> None:
    boxes = place.new_boxes(2)
    life = place.listen(busy_seconds=20)
    entries = [book.new(boxes[index % 2]) for index in range(16)]
    with locked(place):
        began = time.monotonic()
        sending = asyncio.create_task(ledger.attempt(place.smtp_port, entries))
        await asyncio.sleep(0.6)
        assert not any(entry.replies for entry in entries), "somebody was answered before the commit"
    await sending
    assert time.monotonic() - began < 5
    life.kill()
    assert book.acknowledged == 16
    book.check(place.read(boxes), boxes)


async def test_a_lock_that_does_not_end_is_answered_451_and_nothing_is_lost(
    place: Place, book: Ledger
) -> None:
    boxes = place.new_boxes(2)
    life = place.listen(busy_seconds=BUSY_SECONDS)
    entries = [book.new(boxes[index % 2]) for index in range(12)]
    with locked(place):
        await ledger.attempt(place.smtp_port, entries)
    assert {reply[:9] for entry in entries for reply in entry.replies} == {"451 4.3.0"}
    assert not any(contents.sources for contents in place.read(boxes).values())
    await ledger.deliver(place.smtp_port, entries)
    assert life.is_running()
    life.kill()
    book.check(place.read(boxes), boxes)


# -- full ------------------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A directory whose `data` is a file system of 40 MB."""
    if os.geteuid() != 0:
        pytest.skip("a small file system is mounted for this: run the tests as root to see a full disk")
    data = tmp_path / "data"
    data.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=40m,mode=700", "tmpfs", str(data)],
        capture_output=True,
        text=True,
    )
    if mounted.returncode:
        pytest.skip(f"this machine may not mount a small file system: {mounted.stderr.strip()}")
    yield tmp_path
    subprocess.run(["umount", "--lazy", str(data)], check=True)


class Filler:
    """A file that takes the disk's room."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / "filler"

    def leave(self, free_bytes: int) -> None:
        """Take all but so much."""
        disk = os.statvfs(self._path.parent)
        with open(self._path, "ab") as file:
            file.write(bytes(max(0, disk.f_bavail * disk.f_frsize - free_bytes)))

    def give_back(self) -> None:
        self._path.unlink()


async def test_a_full_disk_is_answered_452_and_reading_and_deleting_still_work(
    small_disk: Path, places: Callable[..., Place], book: Ledger
) -> None:
    place = places(small_disk)
    place.inside("set_policy", free_disk_floor_bytes=4 * MEGABYTE)
    boxes = place.new_boxes(2)
    place.listen()
    filler = Filler(place.running.data_dir)
    await ledger.deliver(place.smtp_port, [book.new(boxes[0], size_bytes=100_000) for _ in range(4)])

    filler.leave(3 * MEGABYTE)
    await _until_answered(place, boxes[0], "452 4.3.1")
    assert len(place.read(boxes)[boxes[0].id].sources) == 4
    doomed = place.new_boxes(1)[0]  # writing works below the floor: it is kept for that
    place.inside("delete", secret=doomed.secret)
    filler.give_back()
    await _until_answered(place, boxes[0], "250 2.1.0")

    # One that is larger than what is left above the floor and below it.
    filler.leave(5 * MEGABYTE)
    await _until_answered(place, boxes[0], "250 2.1.0")
    large = book.new(boxes[1], size_bytes=14 * MEGABYTE)
    await ledger.attempt(place.smtp_port, [large])
    assert large.replies[0].startswith("452 4.3.1"), large.replies
    assert len(place.read(boxes)[boxes[0].id].sources) == 4

    filler.give_back()
    assert place.start("sweep").wait() == 0
    await ledger.deliver(place.smtp_port, [large])
    book.check(place.read(boxes), boxes)
    assert place.inside("state")["integrity"] == ["ok"]


async def _until_answered(place: Place, box: Box, reply: str) -> None:
    """Wait until MAIL is answered so: the listener looks at the disk each second."""
    deadline = time.monotonic() + 10
    heard = ""
    while not heard.startswith(reply):
        assert time.monotonic() < deadline, heard
        talk = await Talk.begin(place.smtp_port)
        heard = await talk.ask("MAIL FROM:<ann@sender.example>")
        await talk.close()
        await asyncio.sleep(0.05)
