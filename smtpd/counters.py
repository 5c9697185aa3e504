"""What the listener counts about itself, in memory: replies and faults by name. The seam for the operator's
console.

Only names of our own go in, so that the number of counters is bounded and no peer's word is kept.
"""

from __future__ import annotations

from collections import Counter

_counts: Counter[str] = Counter()


def count(name: str) -> None:
    """One more of `name`: a reply's name, or a fault's in small letters. For the event loop's thread."""
    _counts[name] += 1


def counted(name: str) -> int:
    """How often `name` was counted since the process started."""
    return _counts[name]


def snapshot() -> dict[str, int]:
    """All counts since the process started."""
    return dict(_counts)
