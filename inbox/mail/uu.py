"""Files inside a text, as mail had them before MIME: lines between "begin 644 name" and "end"."""

import binascii
import re
from dataclasses import dataclass

MOST_FILES = 100
_MOST_ATTEMPTS = 1000
_LONGEST_NAME = 300
_BEGINS = re.compile(rb"^begin(?:-base64)? [0-7]{3,4}(?: ([^\r\n]{0,300}))?\r?\n", re.M)
# A line says how many bytes it holds, and has four characters for three of them; some add one or two.
_LINE = re.compile(rb"[ -`]{1,90}\r?")


@dataclass(frozen=True, slots=True)
class UuFile:
    """A file that stands in a text: its name as raw bytes."""

    name: bytes
    content: bytes


def may_hold_files(text: bytes) -> bool:
    """Whether it is worth looking."""
    return _BEGINS.search(text) is not None


def text_without_files(text: bytes) -> bytes:
    """`text` without its files."""
    return take_out_files(text)[0] if b"begin" in text and may_hold_files(text) else text


def take_out_files(text: bytes) -> tuple[bytes, list[UuFile]]:
    """`text` without its files, and these. A "begin" that begins none is text. Linear."""
    kept: list[bytes] = []
    files: list[UuFile] = []
    position = 0
    attempts = 0
    for begin in _BEGINS.finditer(text):
        if begin.start() < position:
            continue
        attempts += 1
        if len(files) >= MOST_FILES or attempts > _MOST_ATTEMPTS:
            break
        content, end = _decoded(text, begin.end())
        if content is None:
            continue
        kept.append(text[position : begin.start()])
        files.append(UuFile((begin[1] or b"").strip()[:_LONGEST_NAME], content))
        position = end
    kept.append(text[position:])
    return b"".join(kept), files


def _decoded(text: bytes, position: int) -> tuple[bytes | None, int]:
    """The content of the lines from `position`, and where the text goes on. None where it is no file."""
    pieces: list[bytes] = []
    is_first = True
    while position < len(text):
        line_end = text.find(b"\n", position, position + 200)
        end = line_end if line_end >= 0 else min(len(text), position + 200)
        line = text[position:end].rstrip(b"\r")
        after = end + 1
        if line.rstrip() == b"end":
            return b"".join(pieces), min(after, len(text))
        if line.rstrip() in (b"", b"`"):
            # The empty line before "end"; an empty one elsewhere means that the rest is text again.
            if text[after : after + 3] != b"end" and line.rstrip() != b"`":
                break
            position = after
            continue
        piece = _line(line)
        if piece is None:
            break
        pieces.append(piece)
        is_first = False
        position = after
    # Never ended: what was read is a file still, if it is more than a chance.
    if is_first or len(pieces) < 2:
        return None, position
    return b"".join(pieces), position


def _line(line: bytes) -> bytes | None:
    if _LINE.fullmatch(line) is None:
        return None
    length = (line[0] - 32) & 63
    wanted = (length + 2) // 3 * 4
    if not 0 < length <= 45 or not wanted - 3 <= len(line) - 1 <= wanted + 2:
        return None
    try:
        return binascii.a2b_uu(line[: wanted + 1])
    except binascii.Error:
        return None
