"""One range of a file (RFC 9110 14), for players that jump: 206 and 416. Pure.

Several ranges at once are answered with the whole, as the RFC allows: no player needs them.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

_ONE_RANGE = re.compile(r"bytes=[ \t]*(\d*)-(\d*)[ \t]*", re.I | re.ASCII)
#: More digits than any size has.
_MOST_DIGITS = 18


class Unsatisfiable(Exception):
    """There is nothing of the file in that range: 416, with `content_range` as its header."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.content_range = f"bytes */{size}"


class Range(NamedTuple):
    """The bytes from `start` up to, and without, `end`."""

    start: int
    end: int

    @property
    def length(self) -> int:
        """What Content-Length says."""
        return self.end - self.start

    def content_range(self, size: int) -> str:
        """What Content-Range says of a file of `size` bytes; the RFC counts the last byte in."""
        return f"bytes {self.start}-{self.end - 1}/{size}"


def parse_range(header: str, size: int) -> Range | None:
    """The range that a Range header asks for, of `size` bytes. Raises Unsatisfiable.

    None: there is no header, or none that is understood, so the answer is the whole file and 200.
    """
    found = _ONE_RANGE.fullmatch(header)
    if found is None or not (found[1] or found[2]):
        return None
    first, last = found[1], found[2]
    if len(first) > _MOST_DIGITS or len(last) > _MOST_DIGITS:
        first, last = first[:_MOST_DIGITS], last[:_MOST_DIGITS]
    if not first:
        return _suffix(int(last), size)
    start = int(first)
    if last and int(last) < start:
        return None  # not a range at all (14.1.1)
    if start >= size:
        raise Unsatisfiable(size)
    return Range(start, min(int(last) + 1, size) if last else size)


def slice_pieces(pieces: Iterator[bytes], wanted: Range) -> Iterator[bytes]:
    """Those of the bytes in `pieces`; what comes after them is not asked for."""
    position = 0
    for piece in pieces:
        begin, position = position, position + len(piece)
        if position > wanted.start:
            part = piece[max(0, wanted.start - begin) : wanted.end - begin]
            if part:
                yield part
        if position >= wanted.end:
            return


def _suffix(length: int, size: int) -> Range:
    """The last `length` bytes."""
    if not length or not size:
        raise Unsatisfiable(size)
    return Range(max(0, size - length), size)
