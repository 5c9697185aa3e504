"""Reads what follows DATA: finds the end, takes the stuffed dots out, keeps memory bounded.

One small automaton. The end of the data is the five bytes CR LF . CR LF and nothing else, so all that has
to be remembered between two chunks is how many of those five the input ends with; everything else is
searched and copied a chunk at a time, never a byte at a time.
"""

from __future__ import annotations

# RFC 5321 4.1.1.4: "the character sequence <CRLF>.<CRLF> ends the mail text". Section 2.3.8 forbids to take
# a bare CR or a bare LF for a line end, and that is what keeps one message from being read as two (SMTP
# smuggling).
END_OF_DATA = b"\r\n.\r\n"
_STUFFED = b"\r\n."
_LINE_END = b"\r\n"
# What the input may end with and still become the end of data: the states of the automaton, longest first.
_BEGINNINGS_OF_THE_END = (b"\r\n.\r", b"\r\n.", b"\r\n", b"\r")


class DotReader:
    """Takes the bytes after DATA in pieces of any size; how they are cut changes nothing.

    `limit_bytes` is the largest source that is kept. A larger one is still read to its end, since the reply
    can only come then (RFC 5321 4.5.3.1.10), but no more of it is held.
    """

    __slots__ = ("_at_start", "_held_back", "_limit_bytes", "finished", "size_bytes", "source", "too_large")

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        # RFC 5321 4.1.1.4: the first CRLF of the end may be the one that ended the DATA command, so ".CRLF"
        # alone is an empty message. We begin as if that CRLF had just been read, and leave it out of the
        # source.
        self._held_back = _LINE_END
        self._at_start = True
        self.source = bytearray()
        self.size_bytes = 0
        self.finished = False
        self.too_large = False

    def feed(self, chunk: bytes) -> bytes:
        """Take one chunk; returns what came after the end of the data, which is empty until `finished`."""
        if self.finished:
            return chunk
        text = self._held_back + chunk
        end = text.find(END_OF_DATA)
        if end >= 0:
            # The CRLF before the dot belongs to the last line of the message (RFC 5321 4.1.1.4).
            self._keep(text[: end + len(_LINE_END)])
            self._held_back = b""
            self.finished = True
            return text[end + len(END_OF_DATA) :]
        self._held_back = _beginning_of_the_end(text)
        self._keep(text[: len(text) - len(self._held_back)])
        return b""

    def drop(self) -> None:
        """Give the memory back; the rest is read to its end and not kept."""
        self.too_large = True
        self.source = bytearray()

    def _keep(self, text: bytes) -> None:
        if not text:
            return
        # RFC 5321 4.5.2: "if the first character is a period and there are other characters on the line,
        # the first character is deleted". No end of data is in here, so every line that begins with a
        # period has others.
        text = text.replace(_STUFFED, _LINE_END)
        if self._at_start:
            # A text that is not empty has both bytes of the CRLF we began with: it is held back whole or
            # not at all.
            text = text[len(_LINE_END) :]
            self._at_start = False
        self.size_bytes += len(text)
        if self.size_bytes > self._limit_bytes:
            self.drop()
        if not self.too_large:
            self.source += text


def _beginning_of_the_end(text: bytes) -> bytes:
    for beginning in _BEGINNINGS_OF_THE_END:
        if text.endswith(beginning):
            return beginning
    return b""
