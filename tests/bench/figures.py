"""Figures with their spread, and the machine that they were taken on."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Figure:
    """Values of one kind, one for each run or each request; `target` is what they should be."""

    name: str
    unit: str
    values: Sequence[float]
    target: str = ""

    def line(self) -> str:
        """`name  min median max unit (n)  target`."""
        ordered = sorted(self.values)
        least, middle, most = (_short(x) for x in (ordered[0], statistics.median(ordered), ordered[-1]))
        spread = (
            f"{_short(ordered[0])} {self.unit}"
            if len(ordered) == 1
            else f"{least} / {middle} / {most} {self.unit} (n={len(ordered)})"
        )
        return _columns(self.name, spread, self.target)


@dataclass(frozen=True, slots=True)
class Distribution:
    """Many values of one kind, of which the percentiles matter."""

    name: str
    unit: str
    values: Sequence[float]
    target: str = ""

    def line(self) -> str:
        """`name  p50 p95 p99 max unit (n)  target`."""
        parts = [f"p{p} {_short(percentile(self.values, p))}" for p in (50, 95, 99)]
        spread = f"{', '.join(parts)}, max {_short(max(self.values))} {self.unit} (n={len(self.values)})"
        return _columns(self.name, spread, self.target)


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence beside the figures."""

    text: str

    def line(self) -> str:
        """The sentence, indented like the figures."""
        return f"  {self.text}"


Line = Figure | Distribution | Note


def percentile(values: Sequence[float], percent: float) -> float:
    """The nearest-rank percentile of `values`."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * int(percent) // 100) - 1)]


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def _columns(name: str, spread: str, target: str) -> str:
    aim = f"   target {target}" if target else ""
    return f"  {name:<46} {spread}{aim}"


# -- the machine -----------------------------------------------------------------------------------


def describe_machine(directory: Path) -> list[str]:
    """What a reader has to know to compare figures: processor, memory, versions, and what a sync costs."""
    # First what puts another SQLite in the place of one that is too old.
    from tempmail_site import SOUND_SQLITE

    import sqlite3  # isort: skip

    sound = sqlite3.sqlite_version_info >= SOUND_SQLITE
    return [
        f"machine   {_processor()}, {os.cpu_count()} cores, {_memory()}",
        f"system    {platform.system()} {platform.release()}, Python {platform.python_version()}, "
        f"SQLite {sqlite3.sqlite_version}{'' if sound else ' (no WAL)'}",
        f"disk      {_file_system(directory)} at {directory}, "
        f"a 4 KB append with fdatasync takes {_sync_milliseconds(directory):.2f} ms (median)",
        f"load      {load()} before the first run",
    ]


def load() -> str:
    """The load averages of one and five minutes."""
    one, five, _ = os.getloadavg()
    return f"{one:.1f} (1 min), {five:.1f} (5 min)"


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _memory() -> str:
    try:
        return f"{os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 1e9:.0f} GB"
    except (ValueError, OSError):
        return "memory unknown"


def _file_system(directory: Path) -> str:
    told = subprocess.run(["df", "-T", directory], capture_output=True, text=True, check=False).stdout
    words = told.splitlines()[-1].split() if told else []
    return words[1] if len(words) > 1 else "disk"


def _sync_milliseconds(directory: Path) -> float:
    path = directory / "sync"
    took = []
    sync = getattr(os, "fdatasync", os.fsync)
    with path.open("wb", buffering=0) as file:
        for _ in range(100):
            began_at = time.perf_counter()
            file.write(bytes(4096))
            sync(file.fileno())
            took.append(1000 * (time.perf_counter() - began_at))
    path.unlink()
    return statistics.median(took)
