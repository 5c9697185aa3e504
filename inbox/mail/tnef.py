"""winmail.dat taken apart (MS-OXTNEF): the files in it, and the letter where it has one. Bounded, and ours:
it reads what it needs, believes no length, and whatever does not fit ends the reading there.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from inbox.mail import charsets
from inbox.mail.rtf import text_of_compressed_rtf

MOST_FILES = 200
_MOST_PROPERTIES = 2000
_GREATEST_DEPTH = 3
_SIGNATURE = b"\x78\x9f\x3e\x22"

_CODE_PAGE, _BODY, _MAPI = 0x9007, 0x800C, 0x9003
_NEW_FILE, _FILE_TITLE, _FILE_CONTENT, _FILE_MAPI = 0x9002, 0x8010, 0x800F, 0x9005

_PR_BODY, _PR_HTML, _PR_RTF = 0x1000, 0x1013, 0x1009
_PR_CONTENT, _PR_LONG_NAME, _PR_NAME, _PR_TYPE, _PR_CONTENT_ID, _PR_DISPLAY_NAME = (
    0x3701,
    0x3707,
    0x3704,
    0x370E,
    0x3712,
    0x3001,
)
_OBJECT, _STRING8, _UNICODE, _BINARY = 0x0D, 0x1E, 0x1F, 0x102
_SIZES = {0x02: 4, 0x03: 4, 0x04: 4, 0x05: 8, 0x06: 8, 0x07: 8, 0x0A: 4, 0x0B: 4, 0x14: 8, 0x40: 8, 0x48: 16}


@dataclass(slots=True)
class TnefFile:
    """A file of a winmail.dat."""

    name: str = ""
    content_type: str = ""
    content_id: str = ""
    content: bytes = b""


@dataclass(slots=True)
class Tnef:
    """What there is in a winmail.dat."""

    text: str = ""
    html: str = ""
    files: list[TnefFile] = field(default_factory=list)


def read_tnef(raw: bytes) -> Tnef | None:
    """What is in `raw`, or None where it is no TNEF. Raises nothing; linear."""
    if not raw.startswith(_SIGNATURE):
        return None
    found = Tnef()
    _read(raw, found, 0)
    return found


def _read(raw: bytes, found: Tnef, depth: int) -> None:
    code_page = ""
    for identity, value in _attributes(raw):
        if identity == _CODE_PAGE and len(value) >= 4:
            code_page = f"cp{int.from_bytes(value[:4], 'little')}"
        elif identity == _NEW_FILE:
            if len(found.files) >= MOST_FILES:
                return
            found.files.append(TnefFile())
        elif identity in (_BODY, _MAPI) and depth == 0:
            _letter(found, identity, value, code_page)
        elif found.files:
            _fill(found, identity, value, code_page, depth)


def _letter(found: Tnef, identity: int, value: bytes, code_page: str) -> None:
    if identity == _BODY:
        found.text = found.text or _text(value, code_page)
        return
    for number, kind, content in _properties(value):
        if number == _PR_BODY and not found.text:
            found.text = _string(content, kind, code_page)
        elif number == _PR_HTML and not found.html:
            label = charsets.declared_in_html(content) or code_page
            found.html = content.decode("utf-16-le", "replace") if kind == _UNICODE else _text(content, label)
        elif number == _PR_RTF and not found.text:
            found.text = text_of_compressed_rtf(content)


def _fill(found: Tnef, identity: int, value: bytes, code_page: str, depth: int) -> None:
    file = found.files[-1]
    if identity == _FILE_TITLE:
        file.name = file.name or _text(value, code_page)
    elif identity == _FILE_CONTENT:
        file.content = value
    elif identity == _FILE_MAPI:
        names: dict[int, str] = {}
        for number, kind, content in _properties(value):
            if number in (_PR_LONG_NAME, _PR_NAME, _PR_DISPLAY_NAME):
                names[number] = _string(content, kind, code_page)
            elif number == _PR_TYPE:
                file.content_type = _string(content, kind, code_page)
            elif number == _PR_CONTENT_ID:
                file.content_id = _string(content, kind, code_page)
            elif number == _PR_CONTENT and kind == _BINARY:
                file.content = file.content or content
            elif number == _PR_CONTENT and kind == _OBJECT and content[16:20] == _SIGNATURE:
                # A message that was attached is a TNEF once more: its files are listed with the others.
                file.content = file.content or content[16:]
                if depth < _GREATEST_DEPTH:
                    _read(content[16:], found, depth + 1)
        better = names.get(_PR_LONG_NAME) or file.name or names.get(_PR_NAME) or names.get(_PR_DISPLAY_NAME)
        file.name = better or ""


def _attributes(raw: bytes) -> Iterator[tuple[int, bytes]]:
    """Identity and value of each attribute, as far as they fit."""
    position = 6
    while position + 9 <= len(raw):
        identity, length = struct.unpack_from("<II", raw, position + 1)
        start = position + 9
        if start + length > len(raw):
            return
        yield identity & 0xFFFF, raw[start : start + length]
        position = start + length + 2


def _properties(raw: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Identity, type and first value of each MAPI property that we have a use for."""
    if len(raw) < 4:
        return
    count = min(int.from_bytes(raw[:4], "little"), _MOST_PROPERTIES)
    position = 4
    for _ in range(count):
        if position + 4 > len(raw):
            return
        kind, number = struct.unpack_from("<HH", raw, position)
        position += 4
        if number >= 0x8000:
            position = _behind_name(raw, position)
        is_many, kind = bool(kind & 0x1000), kind & 0xEFFF
        size = _SIZES.get(kind)
        if size is not None and not is_many:
            position += size
            continue
        if position + 4 > len(raw):
            return
        values = int.from_bytes(raw[position : position + 4], "little")
        position += 4
        if size is not None:
            position += size * values
            continue
        if kind not in (_OBJECT, _STRING8, _UNICODE, _BINARY) or values > _MOST_PROPERTIES:
            return
        for at in range(values):
            if position + 4 > len(raw):
                return
            length = int.from_bytes(raw[position : position + 4], "little")
            start = position + 4
            if start + length > len(raw):
                return
            if at == 0:
                yield number, kind, raw[start : start + length]
            position = start + (length + 3) // 4 * 4


def _behind_name(raw: bytes, position: int) -> int:
    """A named property brings a GUID, and a number or a name."""
    kind = int.from_bytes(raw[position + 16 : position + 20], "little")
    length = int.from_bytes(raw[position + 20 : position + 24], "little")
    return position + 24 + (0 if kind == 0 else (length + 3) // 4 * 4)


def _string(raw: bytes, kind: int, code_page: str) -> str:
    if kind == _UNICODE:
        return raw.decode("utf-16-le", "replace").rstrip("\0")
    return _text(raw, code_page)


def _text(raw: bytes, code_page: str) -> str:
    return charsets.decode(raw.rstrip(b"\0"), "utf-8" if code_page == "cp65001" else code_page)[0]
