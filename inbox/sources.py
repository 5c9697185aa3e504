"""Downloads: they come in pieces, unsealed as they go, so that a slow reader costs a piece."""

import re
from collections.abc import AsyncIterator, Iterator
from typing import cast

from inbox import executors
from inbox.access import OpenMessage
from inbox.mail.transfer import Span, decoded_pieces

#: The smallest piece worth a trip between threads.
PIECE_BYTES = 256 * 1024

_LINE_END = re.compile(rb"\r\n|\r|\n")


def source_pieces(message: OpenMessage) -> Iterator[bytes]:
    """The source for export: every line ends in CR LF, so that nobody downstream is fooled by another end."""
    held = b""
    for piece in message.source_pieces():
        piece = held + piece
        # A CR at the end may be half of a line end.
        held = b"\r" if piece.endswith(b"\r") else b""
        yield _LINE_END.sub(b"\r\n", piece[: len(piece) - len(held)])
    if held:
        yield b"\r\n"


def file_pieces(message: OpenMessage, span: Span) -> Iterator[bytes]:
    """A file decoded, in pieces; the source goes by once more and is never whole."""
    passing = _PassingSource(message.source_pieces())
    return decoded_pieces(cast(bytes, passing), span.start, span.end, span.encoding)


async def streamed(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    """`pieces` for a streaming response: each made in a thread, when the one before is on its way.

    A seal that does not fit midway ends the response early: what cannot be vouched for is not sent.
    """
    step = executors.in_reading(_gather)
    while piece := await step(pieces):
        yield piece


def _gather(pieces: Iterator[bytes]) -> bytes:
    """The next pieces, as many as are worth a trip."""
    gathered, size = [], 0
    while size < PIECE_BYTES and (piece := next(pieces, None)) is not None:
        gathered.append(piece)
        size += len(piece)
    return b"".join(gathered)


class _PassingSource:
    """As much of a `bytes` as decoding needs, of a source that goes by in pieces.

    Positions are those in the whole source and never go back by more than a few bytes.
    """

    LOOK_BACK = 8

    def __init__(self, pieces: Iterator[bytes]):
        self._pieces = pieces
        self._window = bytearray()
        self._base = 0

    def __getitem__(self, wanted: slice) -> bytes:
        start, end = cast(int, wanted.start), cast(int, wanted.stop)
        self._reach(start, end)
        return bytes(self._window[start - self._base : end - self._base])

    def rfind(self, sought: bytes, start: int, end: int) -> int:
        self._reach(start, end)
        return self._absolute(self._window.rfind(sought, start - self._base, end - self._base))

    def find(self, sought: bytes, start: int, end: int) -> int:
        reached = start
        while reached < end:
            before, reached = reached, min(end, reached + PIECE_BYTES)
            self._reach(start, reached)
            found = self._window.find(sought, max(start, before) - self._base, reached - self._base)
            if found >= 0:
                return self._absolute(found)
        return -1

    def _absolute(self, found: int) -> int:
        return found if found < 0 else found + self._base

    def _reach(self, start: int, end: int) -> None:
        """Take pieces in up to `end`, and let go of what lies before `start`."""
        while self._base + len(self._window) < end:
            piece = next(self._pieces, None)
            if piece is None:
                break
            self._window += piece
            self._let_go(start)
        self._let_go(start)

    def _let_go(self, start: int) -> None:
        beyond = min(start - self.LOOK_BACK - self._base, len(self._window))
        if beyond > 0:
            del self._window[:beyond]
            self._base += beyond
