"""What is in an archive, told without unpacking it. Pure.

A zip has a list of its own (the central directory), of which only names and numbers are read. A tar is one
header after the other; a packed one is unpacked as far as its headers go, under a bound, and thrown away.
What an archive says of itself is a claim: nothing is ever reserved for it.
"""

import bz2
import lzma
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from inbox.mail.fields import one_line

MOST_ENTRIES = 1000
LONGEST_NAME = 300
#: Of a packed tar, this much is unpacked in search of its headers.
MOST_UNPACKED_BYTES = 64 * 1024 * 1024
_MOST_UNPACKING_MEMORY = 128 * 1024 * 1024
_FED_AT_ONCE = 16 * 1024
_UNPACKED_AT_ONCE = 256 * 1024
#: Pieces fed to an unpacker that gives nothing for them, until that counts as its end.
_MOST_GOES = 100
#: A number beyond this is no size of anything.
_MOST_SIZE = 2**63 - 1

# APPNOTE.TXT 4.3.16, 4.3.15, 4.3.14, 4.3.12
_END = struct.Struct("<4s4H2LH")
_ZIP64_LOCATOR = struct.Struct("<4sLQL")
_ZIP64_END = struct.Struct("<4sQ2H2L4Q")
_ENTRY = struct.Struct("<4s6H3L5H2L")
_END_MARK, _LOCATOR_MARK, _ZIP64_MARK, _ENTRY_MARK = b"PK\5\6", b"PK\6\7", b"PK\6\6", b"PK\1\2"
_LONGEST_COMMENT = 65_535
_IS_ENCRYPTED, _IS_UTF_8 = 0x1, 0x800
_ZIP64_FIELD, _UNICODE_NAME_FIELD = 0x0001, 0x7075

_BLOCK = 512
_LONGEST_TAR_NAME = 64 * 1024
#: Types of entries; GNU's long names and POSIX's extended headers belong to the entry that follows.
_DIRECTORY, _GNU_NAME, _GNU_LINK, _EXTENDED, _EXTENDED_FOR_ALL = b"5", b"L", b"K", b"x", b"g"
_HAS_NO_CONTENT = (b"1", b"2", b"3", b"4", b"5", b"6")


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or folder in an archive, as the archive says; `size_bytes` is -1 where it does not say."""

    name: str
    size_bytes: int
    is_folder: bool = False
    is_encrypted: bool = False


@dataclass(frozen=True, slots=True)
class Listing:
    """The first entries of an archive; `is_cut` says that there are or may be more."""

    entries: tuple[Entry, ...]
    is_cut: bool


def list_archive(content: bytes, kind: str, name: str = "") -> Listing:
    """What is in the archive of that `kind` (kinds.py) and `name`. Raises ValueError for what is damaged."""
    if kind == "tar":
        return _collected(_tar_entries(_Plain(content)))
    if kind in _UNPACKERS:
        return _packed_listing(content, kind, name)
    if is_zip(content):
        return _collected(zip_entries(content))
    raise ValueError("not an archive that can be listed")


def is_zip(content: bytes) -> bool:
    """Whether there is a zip's end in it; programs may stand before a zip, and comments behind."""
    return _end_of_zip(content) >= 0


def _collected(entries: Iterator[Entry]) -> Listing:
    found: list[Entry] = []
    try:
        for entry in entries:
            if len(found) == MOST_ENTRIES:
                return Listing(tuple(found), is_cut=True)
            found.append(entry)
    except (struct.error, ValueError, EOFError):
        if not found:
            raise ValueError("damaged") from None
        return Listing(tuple(found), is_cut=True)
    return Listing(tuple(found), is_cut=False)


def _shown(name: str) -> str:
    """A path fit for a page; one that is longer keeps its end, where the extension is."""
    flat = one_line(name[-4 * LONGEST_NAME :], 4 * LONGEST_NAME)
    return flat if len(flat) <= LONGEST_NAME else "…" + flat[1 - LONGEST_NAME :]


# zip


def zip_entries(content: bytes) -> Iterator[Entry]:
    """The entries of a zip, or of its end: `content` may lack what comes before the central directory.

    Raises ValueError where the list is damaged.
    """
    position, end = _central_directory(content)
    while position + _ENTRY.size <= end:
        values = _ENTRY.unpack_from(content, position)
        if values[0] != _ENTRY_MARK:
            raise ValueError("damaged")
        flags, unpacked = values[3], values[9]
        name_length, extra_length, comment_length = values[10], values[11], values[12]
        name_at = position + _ENTRY.size
        extra_at = name_at + name_length
        position = extra_at + extra_length + comment_length
        if position > end:
            raise ValueError("damaged")
        raw = content[name_at:extra_at]
        extra = dict(_extra_fields(content[extra_at : extra_at + extra_length]))
        name = _zip_name(raw, flags, extra)
        yield Entry(
            name=_shown(name),
            size_bytes=_zip_size(unpacked, extra),
            is_folder=name.endswith("/") and not unpacked,
            is_encrypted=bool(flags & _IS_ENCRYPTED),
        )
    if position != end:
        raise ValueError("damaged")


def _end_of_zip(content: bytes) -> int:
    return content.rfind(_END_MARK, max(0, len(content) - _END.size - _LONGEST_COMMENT))


def _central_directory(content: bytes) -> tuple[int, int]:
    """Where it begins and ends. It stands right before its end mark, whatever was put before the zip."""
    at = _end_of_zip(content)
    if at < 0 or at + _END.size > len(content):
        raise ValueError("damaged")
    _, _, _, _, _, size, offset, _ = _END.unpack_from(content, at)
    end = at
    if size == 0xFFFFFFFF:
        locator = at - _ZIP64_LOCATOR.size
        record = locator - _ZIP64_END.size
        if record < 0 or content[locator : locator + 4] != _LOCATOR_MARK:
            raise ValueError("damaged")
        if content[record : record + 4] != _ZIP64_MARK:
            raise ValueError("damaged")
        size, offset = _ZIP64_END.unpack_from(content, record)[8:10]
        end = record
    elif content[at - _ZIP64_LOCATOR.size : at - _ZIP64_LOCATOR.size + 4] == _LOCATOR_MARK:
        end = max(0, content.rfind(_ZIP64_MARK, 0, at))
    for start in (end - size, offset):
        if 0 <= start < end and content[start : start + 4] == _ENTRY_MARK:
            return start, end
    if size == 0:
        return end, end
    # What is here is the end of the file only, or it lies: the first entry that can be seen.
    first = content.find(_ENTRY_MARK, 0, end)
    if first < 0:
        raise ValueError("damaged")
    return first, end


def _extra_fields(extra: bytes) -> Iterator[tuple[int, bytes]]:
    position = 0
    while position + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, position)
        yield kind, extra[position + 4 : position + 4 + length]
        position += 4 + length


def _zip_size(size: int, extra: dict[int, bytes]) -> int:
    if size != 0xFFFFFFFF:
        return size
    field = extra.get(_ZIP64_FIELD, b"")
    if len(field) < 8:
        return -1
    (real,) = struct.unpack_from("<Q", field)
    return int(real) if real <= _MOST_SIZE else -1


def _zip_name(raw: bytes, flags: int, extra: dict[int, bytes]) -> str:
    unicode_name = extra.get(_UNICODE_NAME_FIELD, b"")
    # Info-ZIP's field holds for the name that it has the checksum of, and for no other.
    if unicode_name[:1] == b"\1" and unicode_name[1:5] == struct.pack("<L", zlib.crc32(raw)):
        return unicode_name[5:].decode("utf-8", "replace")
    if flags & _IS_UTF_8:
        return raw.decode("utf-8", "replace")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp437")


# tar


class _Bytes(Protocol):
    def read(self, size: int) -> bytes: ...
    def skip(self, size: int) -> None: ...


def _tar_entries(stream: _Bytes) -> Iterator[Entry]:
    """The entries of a tar. Raises ValueError where a header is none."""
    name_of_next = ""
    while True:
        header = stream.read(_BLOCK)
        if len(header) < _BLOCK or not header.strip(b"\0"):
            return
        if not _is_tar_header(header):
            raise ValueError("damaged")
        kind, size = header[156:157], _tar_number(header[124:136])
        padding = -size % _BLOCK
        if kind in (_GNU_NAME, _EXTENDED):
            described = stream.read(min(size, _LONGEST_TAR_NAME))
            stream.skip(size - len(described) + padding)
            name_of_next = _described_name(described, kind) or name_of_next
            continue
        if kind in (_GNU_LINK, _EXTENDED_FOR_ALL):
            stream.skip(size + padding)
            continue
        name = name_of_next or _tar_name(header)
        name_of_next = ""
        is_folder = kind == _DIRECTORY or (kind in (b"0", b"\0") and name.endswith("/"))
        yield Entry(_shown(name), 0 if is_folder else size, is_folder)
        if kind not in _HAS_NO_CONTENT:
            stream.skip(size + padding)


def is_tar(head: bytes) -> bool:
    """Whether it begins with a tar's header; old ones have no mark but their checksum."""
    return len(head) >= _BLOCK and head[0] != 0 and _is_tar_header(head[:_BLOCK])


def _is_tar_header(header: bytes) -> bool:
    try:
        claimed = _tar_number(header[148:156])
    except ValueError:
        return False
    # The checksum is over the header with blanks in its own place (POSIX ustar).
    return claimed == sum(header) - sum(header[148:156]) + 8 * 0x20


def _tar_number(field: bytes) -> int:
    """Octal digits, or GNU's base 256. Raises ValueError."""
    if field[0] == 0x80:
        number = int.from_bytes(field[1:], "big")
    else:
        digits = field.split(b"\0")[0].strip()
        number = int(digits or b"0", 8) if not digits or digits.isdigit() else -1
    if not 0 <= number <= _MOST_SIZE:
        raise ValueError("damaged")
    return number


def _tar_name(header: bytes) -> str:
    name = header[:100].split(b"\0")[0]
    prefix = header[345:500].split(b"\0")[0] if header[257:263] == b"ustar\0" else b""
    return _text(prefix + b"/" + name if prefix else name)


def _described_name(described: bytes, kind: bytes) -> str:
    if kind == _GNU_NAME:
        return _text(described.split(b"\0")[0])
    # POSIX pax: lines of "length key=value\n"; the length is passed over, names with a line end are rare.
    for line in described.split(b"\n"):
        if b" path=" in line[:24]:
            return _text(line.split(b" path=", 1)[1])
    return ""


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


# What is packed as one stream


def _packed_listing(content: bytes, kind: str, name: str) -> Listing:
    """Of a packed tar its entries; of any other packed file that one file."""
    stream = _Unpacked(content, kind)
    head = stream.read(_BLOCK)
    if not head and content:
        raise ValueError("damaged")
    if is_tar(head):
        return _collected(_tar_entries(_Unpacked(content, kind)))
    inner = (_gzip_name(content) if kind == "gz" else "") or name.rpartition(".")[0] or name
    return Listing((Entry(_shown(inner), -1),), is_cut=False)


def _gzip_name(content: bytes) -> str:
    """The name in the header (RFC 1952 2.3), or ""."""
    if len(content) < 10 or not content[3] & 0x08:
        return ""
    position = 10
    if content[3] & 0x04:
        position += 2 + int.from_bytes(content[10:12], "little")
    return content[position : position + 1000].split(b"\0")[0].decode("latin-1")


class _Plain:
    """A tar that is not packed."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._position = 0

    def read(self, size: int) -> bytes:
        piece = self._content[self._position : self._position + size]
        self._position += len(piece)
        return piece

    def skip(self, size: int) -> None:
        if size > len(self._content) - self._position:
            raise EOFError
        self._position += size


class _Unpacker(Protocol):
    @property
    def eof(self) -> bool: ...
    def take(self, most: int) -> bytes: ...


class _Gzip:
    """zlib hands back what it was not allowed to unpack yet."""

    def __init__(self, content: bytes) -> None:
        self._unpacking = zlib.decompressobj(zlib.MAX_WBITS | 16)
        self._content = content
        self._position = 0

    @property
    def eof(self) -> bool:
        return self._unpacking.eof

    def take(self, most: int) -> bytes:
        fed = self._unpacking.unconsumed_tail
        if not fed:
            fed = self._content[self._position : self._position + _FED_AT_ONCE]
            self._position += len(fed)
        return self._unpacking.decompress(fed, most)


class _Other:
    """bz2 and lzma keep it themselves."""

    def __init__(self, unpacking: "bz2.BZ2Decompressor | lzma.LZMADecompressor", content: bytes) -> None:
        self._unpacking = unpacking
        self._content = content

    @property
    def eof(self) -> bool:
        return self._unpacking.eof

    def take(self, most: int) -> bytes:
        fed, self._content = self._content, b""
        return self._unpacking.decompress(fed, most)


def _unpacker(content: bytes, kind: str) -> _Unpacker:
    if kind == "gz":
        return _Gzip(content)
    if kind == "bz2":
        return _Other(bz2.BZ2Decompressor(), content)
    return _Other(lzma.LZMADecompressor(memlimit=_MOST_UNPACKING_MEMORY), content)


_UNPACKERS = frozenset(("gz", "bz2", "xz"))


class _Unpacked:
    """A packed stream, unpacked as it is read, up to MOST_UNPACKED_BYTES in all."""

    def __init__(self, content: bytes, kind: str) -> None:
        self._unpacker = _unpacker(content, kind)
        self._held = b""
        self._position = 0
        self._left = MOST_UNPACKED_BYTES

    def read(self, size: int) -> bytes:
        """As much as there is; less than `size` at the end."""
        pieces, missing = [], size
        while missing:
            piece = self._next(missing)
            if not piece:
                break
            pieces.append(piece)
            missing -= len(piece)
        return b"".join(pieces)

    def skip(self, size: int) -> None:
        """Raises EOFError where there is less."""
        if size > self._left:
            raise EOFError
        while size:
            piece = self._next(size)
            if not piece:
                raise EOFError
            size -= len(piece)

    def _next(self, most: int) -> bytes:
        if self._position == len(self._held):
            self._held, self._position = self._unpack(), 0
        piece = self._held[self._position : self._position + most]
        self._position += len(piece)
        return piece

    def _unpack(self) -> bytes:
        """Something, or nothing at the end; a packer may need several goes to give a first byte."""
        if self._left <= 0:
            raise EOFError
        try:
            for _ in range(_MOST_GOES):
                if self._unpacker.eof:
                    return b""
                piece = self._unpacker.take(min(_UNPACKED_AT_ONCE, self._left))
                if piece:
                    self._left -= len(piece)
                    return piece
        except (zlib.error, lzma.LZMAError, OSError, ValueError) as error:
            raise ValueError("damaged") from error
        return b""
