"""Opening sources without opening too many: a large message is whole in memory while it is taken apart.

Downloads are not: they come in pieces, unsealed as they go, so that a slow reader costs a piece.
"""

import re
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import cast

from inbox import executors, mail
from inbox.access import OpenMessage
from inbox.mail.bodies import attachment_parts
from inbox.mail.skim import skim
from inbox.mail.transfer import decoded_pieces
from inbox.sealing import Damaged

#: What counts as large, and how many such may be open at once in a process.
LARGE_BYTES = 4_000_000
LARGE_AT_ONCE = 2
#: The same for a letter's HTML, which is small for a message and yet long to clean.
LARGE_HTML_CHARACTERS = 256 * 1024
CLEANED_AT_ONCE = 2
PATIENCE_SECONDS = 20

#: The smallest piece worth a trip between threads.
PIECE_BYTES = 256 * 1024

#: A picture inside a letter becomes part of its document, so it is small.
LARGEST_INLINE_BYTES = 2_000_000

_large = threading.BoundedSemaphore(LARGE_AT_ONCE)
_cleaned = threading.BoundedSemaphore(CLEANED_AT_ONCE)
_LINE_END = re.compile(rb"\r\n|\r|\n")


class Busy(Exception):
    """Too many large messages are open, or letters being cleaned, at this moment."""


@dataclass(frozen=True, slots=True)
class Span:
    """Where in its source an attachment is, and what it says of itself."""

    name: str
    content_type: str
    size_bytes: int  # decoded
    start: int
    end: int
    encoding: str


def parse(message: OpenMessage) -> mail.Parsed | None:
    """The message taken apart, or None when its seal does not fit. Raises Busy."""
    try:
        with room_for(message):
            return mail.read(message.source())
    except Damaged:
        return None


def frame(message: OpenMessage) -> str | None:
    """The message's HTML as a document for its frame, or None where it has none. Raises Busy."""
    try:
        with room_for(message):
            source = message.source()
            parsed = mail.read(source)
            if not parsed.html:
                return None
            pictures = {part.content_id: part for part in parsed.attachments if part.content_id}

            def inline_image(content_id: str) -> tuple[str, bytes] | None:
                part = pictures.get(content_id)
                if part is None or part.size_bytes > LARGEST_INLINE_BYTES:
                    return None
                return part.content_type, b"".join(mail.attachment_pieces(source, part.index))

            with _turn_of(_cleaned, is_large=len(parsed.html) > LARGE_HTML_CHARACTERS):
                return mail.frame_document(parsed.html, inline_image=inline_image)
    except Damaged:
        return None


def find_attachment(message: OpenMessage, index: int) -> Span | None:
    """Where attachment number `index` is. None: there is none, or the seal does not fit. Raises Busy."""
    try:
        with room_for(message):
            source = message.source()
            described = next((part for part in mail.read(source).attachments if part.index == index), None)
            part = dict(enumerate(attachment_parts(skim(source)))).get(index)
    except Damaged:
        return None
    if described is None or part is None:
        return None
    return Span(
        described.name, described.content_type, described.size_bytes, part.start, part.end, part.encoding
    )


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


def attachment_pieces(message: OpenMessage, span: Span) -> Iterator[bytes]:
    """The attachment decoded, in pieces; the source goes by once more and is never whole."""
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


def room_for(message: OpenMessage) -> AbstractContextManager[None]:
    """At most two large messages at once; a further one waits for its turn. Raises Busy."""
    return _turn_of(_large, is_large=message.row.size_bytes > LARGE_BYTES)


@contextmanager
def _turn_of(at_once: threading.BoundedSemaphore, *, is_large: bool) -> Iterator[None]:
    """What is not large need not wait."""
    if not is_large:
        yield
        return
    if not at_once.acquire(timeout=PATIENCE_SECONDS):
        raise Busy
    try:
        yield
    finally:
        at_once.release()


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
