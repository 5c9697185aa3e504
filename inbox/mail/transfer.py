"""Content-Transfer-Encoding undone (RFC 2045 6), in pieces of bounded size and without refusing anything.

Junk inside base64 is skipped, padding in the middle starts a new run, a torn end gives what it has. A part
that cannot be decoded at all comes out as it was sent: the reader sees something, the download loses
nothing.
"""

import binascii
import re
from collections.abc import Iterator
from typing import NamedTuple

Source = bytes | bytearray

PIECE_BYTES = 256 * 1024

_BASE64_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_BLANKS = b" \t\r\n\v\f"
_BASE64_AND_BLANKS = _BASE64_ALPHABET + b"=" + _BLANKS
_LOOKED_AT_BYTES = 1024 * 1024
_NOT_BASE64 = bytes(set(range(256)) - set(_BASE64_ALPHABET) - set(b"="))
_UUENCODE = frozenset(("x-uuencode", "uuencode", "x-uue", "uue"))
_PADDING = re.compile(rb"=+")
# Words behind the end, on its line, are a gateway's.
_BEHIND_PADDING = re.compile(rb"=[ ][^\r\n]*")
# More runs than this in one piece is no mail program's work: then the padding is ignored, so that hostile
# input costs one decoding a piece and not one a byte.
_MOST_RUNS_IN_A_PIECE = 256
# 45 bytes each: 45 MB. What has more lines has no content in them, and the rest is given as it is.
_MOST_UU_LINES = 1_000_000
_SOFT_BREAK_WITH_BLANKS = re.compile(rb"=[ \t]{1,80}(?=\r?\n)")


class Span(NamedTuple):
    """Where in its source a file is: source[start:end], encoded as `encoding` says."""

    start: int
    end: int
    encoding: str


def decoded_pieces(source: Source, start: int, end: int, encoding: str) -> Iterator[bytes]:
    """The decoded bytes of source[start:end], in pieces of at most PIECE_BYTES."""
    if encoding == "base64":
        return _base64_pieces(source, start, end)
    if encoding == "quoted-printable":
        return _quoted_printable_pieces(source, start, end)
    if encoding in _UUENCODE:
        return _uuencode_pieces(source, start, end)
    return _pieces(source, start, end)


def decoded_prefix(source: Source, start: int, end: int, encoding: str, limit: int) -> bytes:
    """The first `limit` decoded bytes of source[start:end]; reads little more of it than that takes."""
    if encoding == "base64":
        likely_end = start + limit * 3 // 2 + 64  # lines of 76 and CR LF: 78 bytes for 57
    elif encoding == "quoted-printable":
        likely_end = start + limit * 3 + 64
    elif encoding in _UUENCODE:
        likely_end = start + limit * 2 + 128
    else:
        return bytes(source[start : min(end, start + limit)])
    prefix = _prefix(source, start, min(end, likely_end), encoding, limit)
    if len(prefix) < limit and likely_end < end:  # thinner than anything usual
        prefix = _prefix(source, start, end, encoding, limit)
    return prefix


def _prefix(source: Source, start: int, end: int, encoding: str, limit: int) -> bytes:
    if encoding == "base64" and end - start <= PIECE_BYTES:
        text = bytes(source[start:end])
        padding = text.find(b"=")
        if padding < 0 or not text[padding:].strip(b"=\r\n\t "):
            # Nothing but one run, as all but the oddest programs write it: one call does it.
            try:
                return binascii.a2b_base64(text)[:limit]
            except binascii.Error:
                pass
    taken: list[bytes] = []
    length = 0
    for piece in decoded_pieces(source, start, end, encoding):
        taken.append(piece)
        length += len(piece)
        if length >= limit:
            break
    return b"".join(taken)[:limit]


def decoded_size(source: Source, start: int, end: int, encoding: str) -> int:
    """How many bytes decoded_pieces() gives in all."""
    if encoding in ("base64", "quoted-printable") or encoding in _UUENCODE:
        return sum(map(len, decoded_pieces(source, start, end, encoding)))
    return max(0, end - start)


def decode_base64(text: bytes) -> bytes:
    """Forgiving base64 of a short text (an encoded word's)."""
    return b"".join(_base64_pieces(text, 0, len(text)))


def is_damaged_base64(source: Source, start: int, end: int) -> bool:
    """Whether base64 has signs in it that are none of its own, or ends in the middle of a group.

    Only its beginning is looked at, a mebibyte: what is damaged on the way is so from there, or not worth a
    word.
    """
    sample = source[start : min(end, start + _LOOKED_AT_BYTES)]
    if sample.translate(None, _BASE64_AND_BLANKS):
        return True
    signs = sample.translate(None, _BLANKS)
    return start + len(sample) == end and len(signs) % 4 == 1 and b"=" not in signs


def decode_quoted_printable(text: bytes) -> bytes:
    """Forgiving quoted-printable; lone "=" stay."""
    if b"= " in text or b"=\t" in text:
        text = _SOFT_BREAK_WITH_BLANKS.sub(b"=", text)
    return binascii.a2b_qp(text)


def _pieces(source: Source, start: int, end: int) -> Iterator[bytes]:
    for position in range(start, end, PIECE_BYTES):
        yield bytes(source[position : min(end, position + PIECE_BYTES)])


def _base64_pieces(source: Source, start: int, end: int) -> Iterator[bytes]:
    rest = b""
    for raw in _pieces(source, start, end):
        if b"= " in raw:
            raw = _BEHIND_PADDING.sub(b"=", raw)
        text = rest + raw.translate(None, _NOT_BASE64)
        *finished, text = _runs(text)
        decoded = b"".join(map(_decode_run, finished))
        whole = len(text) - len(text) % 4
        decoded += binascii.a2b_base64(text[:whole])
        rest = text[whole:]
        if decoded:
            yield decoded
    last = _decode_run(rest)
    if last:
        yield last


def _runs(text: bytes) -> list[bytes]:
    if b"=" not in text:
        return [text]
    runs = _PADDING.split(text, _MOST_RUNS_IN_A_PIECE)
    if len(runs) > _MOST_RUNS_IN_A_PIECE:
        return [text.translate(None, b"=")]
    return runs


def _decode_run(run: bytes) -> bytes:
    """A run without padding; a single last character carries no whole byte and is dropped."""
    if len(run) % 4 == 1:
        run = run[:-1]
    return binascii.a2b_base64(run + b"=" * (-len(run) % 4))


def _quoted_printable_pieces(source: Source, start: int, end: int) -> Iterator[bytes]:
    position = start
    while position < end:
        cut = min(end, position + PIECE_BYTES)
        if cut < end:
            line_end = source.rfind(b"\n", position, cut)
            if line_end >= 0:
                cut = line_end + 1
            else:
                equals = source.rfind(b"=", cut - 2, cut)
                if equals > position:  # "=4" and "1" of one letter stay together
                    cut = equals
        piece = decode_quoted_printable(bytes(source[position:cut]))
        position = cut
        if piece:
            yield piece


def _uuencode_pieces(source: Source, start: int, end: int) -> Iterator[bytes]:
    decoded: list[bytes] = []
    length = 0
    position = start
    lines = 0
    while position < end:
        lines += 1
        if lines > _MOST_UU_LINES:
            yield b"".join(decoded)
            yield from _pieces(source, position, end)
            return
        line_end = source.find(b"\n", position, end)
        line_end = end if line_end < 0 else line_end
        line = bytes(source[position : min(line_end, position + 128)]).rstrip(b"\r")
        position = line_end + 1
        if not line or line.startswith(b"begin "):
            continue
        if line.strip() in (b"end", b"`"):
            break
        piece = _decode_uu_line(line)
        decoded.append(piece)
        length += len(piece)
        if length >= PIECE_BYTES // 2:
            yield b"".join(decoded)
            decoded, length = [], 0
    if decoded:
        yield b"".join(decoded)


def _decode_uu_line(line: bytes) -> bytes:
    try:
        return binascii.a2b_uu(line)
    except binascii.Error:
        # Some encoders pad wrongly: take as many characters as the length in front asks for (CPython's uu
        # did).
        wanted = (((line[0] - 32) & 63) * 4 + 5) // 3
        try:
            return binascii.a2b_uu(line[:wanted])
        except binascii.Error:
            return b""
