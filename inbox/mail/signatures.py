"""What a file is by its bytes, whatever it is called. Pure, and linear in what it is given.

Most formats begin with bytes of their own. Those that are archives or file systems inside (zip, OLE) are told
apart by the names in their lists; text by how it begins.
"""

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

from inbox.mail.archives import is_tar, is_zip, zip_entries
from inbox.mail.rasters import raster_kind

#: As much of the front as text is judged by, and of the back as an archive's list is looked for in.
HEAD_BYTES = 64 * 1024
TAIL_BYTES = 128 * 1024
#: Names of an archive that are looked at.
_MOST_NAMES = 20_000


@dataclass(frozen=True, slots=True)
class Seen:
    """What the content is: "png", "docx", "exe"…, or "" where that cannot be told."""

    kind: str
    has_macros: bool = False
    is_encrypted: bool = False


def look_at(head: bytes, tail: bytes, extension: str) -> Seen:
    """The kind of a file. `head` is all of it, or its beginning; `tail` its end, or the same `head`.

    The extension only tells apart what looks alike: kinds of text.
    """
    if head.startswith(_ZIP_BEGINS):
        return _seen_zip(head, tail)
    if head.startswith(_OLE_BEGINS):
        return _seen_ole(head, tail)
    kind = raster_kind(head[:16]) or _by_signature(head)
    if kind:
        return Seen(kind, is_encrypted=_is_encrypted_archive(kind, head, tail))
    if is_tar(head[:512]):
        return Seen("tar")
    if is_zip(tail):
        return _seen_zip(head, tail)
    return Seen(_text_kind(head, extension))


#: Documents of office programs.
OFFICE = frozenset(
    ("docx", "xlsx", "pptx", "vsdx", "doc", "xls", "ppt", "vsd", "ole", "office", "odt", "ods", "odp", "odg")
)

_ZIP_BEGINS = (b"PK\3\4", b"PK\5\6", b"PK\7\x08PK\3\4", b"PK00PK\3\4")
_OLE_BEGINS = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"%!PS-Adobe", "ps"),
    (b"{\\rtf", "rtf"),
    (b"\x7fELF", "elf"),
    (b"\xfe\xed\xfa\xce", "macho"),
    (b"\xfe\xed\xfa\xcf", "macho"),
    (b"\xce\xfa\xed\xfe", "macho"),
    (b"\xcf\xfa\xed\xfe", "macho"),
    (b"\x00asm\x01\0\0\0", "wasm"),
    (b"dex\n03", "dex"),
    (b"L\0\0\0\x01\x14\x02\0\0\0\0\0\xc0\0\0\0\0\0\0\x46", "lnk"),
    (b"ITSF\3\0\0\0", "chm"),
    (b"MSCF\0\0\0\0", "cab"),
    (b"\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d\xae\xb1\x53\x78\xd0\x29\x96\xd3", "onenote"),
    (b"Rar!\x1a\x07", "rar"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"\x1f\x8b\x08", "gz"),
    (b"\xfd7zXZ\0", "xz"),
    (b"\x28\xb5\x2f\xfd", "zst"),
    (b"vhdxfile", "vhd"),
    (b"conectix", "vhd"),
    (b"II*\0", "tiff"),
    (b"MM\0*", "tiff"),
    (b"8BPS\0\1", "psd"),
    (b"\xff\x4f\xff\x51", "jp2"),
    (b"\0\0\0\x0cjP  \r\n\x87\n", "jp2"),
    (b"\0\0\1\0", "ico"),
    (b"\xd7\xcd\xc6\x9a", "wmf"),
    (b"ID3", "mp3"),
    (b"fLaC\0\0\0\x22", "flac"),
    (b"OggS\0", "ogg"),
    (b"MThd\0\0\0\6", "midi"),
    (b"\x1aE\xdf\xa3", "mkv"),
    (b"FLV\1", "flv"),
    (b"0&\xb2u\x8ef\xcf\x11\xa6\xd9\0\xaa\0b\xcel", "wmv"),
    (b"SQLite format 3\0", "sqlite"),
    (b"wOFF", "woff"),
    (b"wOF2", "woff"),
    (b"OTTO\0", "otf"),
    (b"\0\1\0\0\0", "ttf"),
    (b"-----BEGIN PGP", "pgp"),
    (b"x\x9f>\x22", "tnef"),
)
_RIFF = {b"WAVE": "wav", b"AVI ": "avi"}
_FTYP = {b"M4A ": "m4a", b"M4B ": "m4a", b"qt  ": "mov", b"avif": "avif", b"avis": "avif"}
_HEIC = (b"heic", b"heix", b"hevc", b"mif1", b"msf1")


def _by_signature(head: bytes) -> str:
    for signature, kind in _SIGNATURES:
        if head.startswith(signature):
            return kind
    if b"%PDF-" in head[:1024]:  # readers take junk before it (ISO 32000, annex H)
        return "pdf"
    for look in (_program, _bzip, _riff, _ftyp, _mpeg, _disk_image):
        if kind := look(head):
            return kind
    return ""


def _program(head: bytes) -> str:
    if head.startswith((b"MZ", b"ZM")) and b"\0" in head[:64]:
        return "exe"
    if head.startswith(b"\xca\xfe\xba\xbe") and len(head) >= 8:
        # A Mach-O for several processors has their number here, a class of Java its version, from 45 on.
        return "class" if int.from_bytes(head[4:8], "big") >= 45 else "macho"
    return ""


def _bzip(head: bytes) -> str:
    return "bz2" if re.match(rb"BZh[1-9](?:1AY&SY|\x17\x72\x45\x38\x50\x90)", head) else ""


def _riff(head: bytes) -> str:
    return _RIFF.get(head[8:12], "") if head.startswith(b"RIFF") else ""


def _ftyp(head: bytes) -> str:
    """ISO base media files (ISO 14496-12 4.3)."""
    if head[4:8] != b"ftyp":
        return "mov" if head[4:8] in (b"moov", b"mdat", b"wide") and head[:1] == b"\0" else ""
    brand = head[8:12]
    return "heic" if brand in _HEIC else _FTYP.get(brand, "mp4")


def _mpeg(head: bytes) -> str:
    """A frame of MPEG audio: eleven ones or more, then a layer and rates that exist (ISO 11172-3 2.4.1.3)."""
    if len(head) < 4 or head[0] != 0xFF:
        return ""
    if head[1] & 0xF6 == 0xF0:
        return "aac"
    is_third_layer = head[1] & 0xE6 == 0xE2 and head[1] & 0x18 != 0x08
    return "mp3" if is_third_layer and head[2] >> 4 not in (0, 15) and head[2] & 0x0C != 0x0C else ""


def _disk_image(head: bytes) -> str:
    """A CD's second word stands 32 KiB in (ECMA-119 8.1)."""
    return "iso" if head[0x8001:0x8006] in (b"CD001", b"BEA01") else ""


# Archives and documents


def _seen_zip(head: bytes, tail: bytes) -> Seen:
    """A zip by the names in its list: a document, a program, or just files."""
    names: set[str] = set()
    is_encrypted = len(head) > 6 and head.startswith(b"PK\3\4") and bool(head[6] & 1)
    try:
        for entry in itertools.islice(zip_entries(tail), _MOST_NAMES):
            names.add(entry.name.lower().replace("\\", "/"))
            is_encrypted = is_encrypted or entry.is_encrypted
    except ValueError:
        pass  # torn, or its list lies: what was seen of it counts
    kind = _zip_kind(head, names)
    return Seen(kind, has_macros=kind in OFFICE and any(map(_is_macro, names)), is_encrypted=is_encrypted)


def _is_macro(name: str) -> bool:
    """Microsoft's VBA project, Excel 4's macro sheets, OpenDocument's Basic (but for its empty library)."""
    if name.startswith("basic/"):
        return name.endswith(".xml") and not name.endswith(("script-lc.xml", "script-lb.xml"))
    return name.endswith("vbaproject.bin") or name.startswith(("xl/macrosheets/", "scripts/"))


_OPEN_DOCUMENT = re.compile(
    rb"mimetypeapplication/(?:vnd\.oasis\.opendocument\.(text|spreadsheet|presentation|graphics)|epub)"
)
_OPEN_DOCUMENT_KINDS = {
    b"text": "odt",
    b"spreadsheet": "ods",
    b"presentation": "odp",
    b"graphics": "odg",
    None: "epub",
}


def _zip_kind(head: bytes, names: set[str]) -> str:
    if "[content_types].xml" in names:
        for folder, kind in (("word/", "docx"), ("xl/", "xlsx"), ("ppt/", "pptx"), ("visio/", "vsdx")):
            if any(name.startswith(folder) for name in names):
                return kind
        if "appxmanifest.xml" in names:
            return "appx"
    if "androidmanifest.xml" in names:
        return "apk"
    if "meta-inf/manifest.mf" in names or any(name.endswith(".class") for name in names):
        return "jar"
    found = _OPEN_DOCUMENT.search(head[:256])
    return _OPEN_DOCUMENT_KINDS[found[1]] if found is not None else "zip"


_OLE_NAMES: tuple[tuple[str, str], ...] = (
    ("WordDocument", "doc"),
    ("Workbook", "xls"),
    ("Book", "xls"),
    ("PowerPoint Document", "ppt"),
    ("EncryptedPackage", "office"),
    ("__properties_version1.0", "msg"),
    ("VisioDocument", "vsd"),
)
_VBA = ("_VBA_PROJECT", "_VBA_PROJECT_CUR", "VBA", "Macros")
#: The classes of an installer, a transform and a patch, as a compound file has them.
_INSTALLERS = tuple(bytes.fromhex(f"{first}100c0000000000c000000000000046") for first in ("84", "82", "86"))


def _seen_ole(head: bytes, tail: bytes) -> Seen:
    """A compound file by the names in its directory ([MS-CFB] 2.6), which may be anywhere in it."""
    looked_at = head if tail is head else head + tail

    def has(name: str) -> bool:
        # A name, its end, the rest of its 64 bytes, and its length in bytes with that end.
        raw = name.encode("utf-16-le")
        entry = raw + bytes(64 - len(raw)) + (len(raw) + 2).to_bytes(2, "little")
        return entry in looked_at

    kind = next((kind for name, kind in _OLE_NAMES if has(name)), "")
    if not kind:
        kind = "msi" if any(mark in looked_at for mark in _INSTALLERS) else "ole"
    return Seen(
        kind,
        has_macros=kind not in ("msg", "msi") and any(map(has, _VBA)),
        is_encrypted=kind == "office",
    )


def _is_encrypted_archive(kind: str, head: bytes, tail: bytes) -> bool:
    if kind == "7z":
        # AES as a method in the list at the end, where that is not packed itself (7zFormat.txt, Folder).
        return b"\x24\x06\xf1\x07\x01" in tail[-TAIL_BYTES:]
    if kind == "rar":
        return _is_encrypted_rar5(head) if head[6:8] == b"\x01\0" else _is_encrypted_rar4(head)
    return False


def _is_encrypted_rar4(head: bytes) -> bool:
    """A flag of the archive, or one of its first file."""
    if len(head) < 20:
        return False
    flags, size = int.from_bytes(head[10:12], "little"), int.from_bytes(head[12:14], "little")
    first = head[7 + size : 7 + size + 5]
    return bool(flags & 0x80) or (first[2:3] == b"\x74" and bool(first[3:4]) and bool(first[3] & 0x04))


def _is_encrypted_rar5(head: bytes) -> bool:
    """A header that says so before all others, or a record in that of the first file (RAR 5.0 format)."""
    position = 8
    for _ in range(_MOST_RAR_HEADERS):
        if position + 4 >= len(head):
            return False
        size, start = _number(head, position + 4)
        kind, at = _number(head, start)
        flags, at = _number(head, at)
        extra, at = _number(head, at) if flags & 1 else (0, at)
        data, at = _number(head, at) if flags & 2 else (0, at)
        end = start + size
        if kind == _RAR_ENCRYPTION:
            return True
        if kind == _RAR_FILE:
            return any(record == _RAR_FILE_ENCRYPTION for record in _rar_records(head, end - extra, end))
        position = end + data
    return False


_MOST_RAR_HEADERS = 20
_RAR_FILE, _RAR_ENCRYPTION, _RAR_FILE_ENCRYPTION = 2, 4, 1


def _rar_records(head: bytes, position: int, end: int) -> Iterator[int]:
    while 0 < position < min(end, len(head)):
        size, at = _number(head, position)
        yield _number(head, at)[0]
        position = at + max(1, size)


def _number(content: bytes, position: int) -> tuple[int, int]:
    """Seven bits a byte, the lowest first, and where it ended."""
    value = 0
    for index, byte in enumerate(content[position : position + 10]):
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            return value, position + index + 1
    return value, position + 10


# Text

_BYTE_ORDER_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_NOT_IN_TEXT = re.compile(rb"[\x00-\x06\x0e-\x1a\x1c-\x1f]")
_HTML = re.compile(r"<(?:!doctype\s+html|html|head|body|script|title|iframe|table|div|meta)\b", re.I)
_SVG = re.compile(r"<(?:svg\b|!doctype\s+svg\b)", re.I)
_BEGINS: tuple[tuple[re.Pattern[str], str], ...] = (
    (_SVG, "svg"),
    (_HTML, "html"),
    (re.compile(r"BEGIN:VCALENDAR\b", re.I), "ics"),
    (re.compile(r"BEGIN:VCARD\b", re.I), "vcf"),
    (re.compile(r"#!\s?/"), "script"),
    (re.compile(r"@echo\s+(?:off|on)\b", re.I), "script"),
)


def _text_kind(head: bytes, extension: str) -> str:
    """One of the kinds of text, or "" for what is none."""
    if not head:
        return ""
    if head.startswith(_BYTE_ORDER_MARKS[1:]):
        beginning = head[2:4096].decode("utf-16-le" if head[0] == 0xFF else "utf-16-be", "ignore")
    elif _NOT_IN_TEXT.search(head[:HEAD_BYTES]):
        return ""
    else:
        beginning = head[:4096].removeprefix(_BYTE_ORDER_MARKS[0]).decode("latin-1")
    beginning, is_xml = _without_prologue(beginning)
    for pattern, kind in _BEGINS:
        if pattern.match(beginning):
            return kind
    if is_xml:
        return "xml"
    return "csv" if extension in ("csv", "tsv") else "text"


def _without_prologue(beginning: str) -> tuple[str, bool]:
    """What comes after comments and XML's own lines, and whether there was one of these."""
    is_xml = False
    while True:
        beginning = beginning.lstrip()
        if beginning.startswith("<!--"):
            _, _, beginning = beginning.partition("-->")
        elif beginning.startswith("<?"):
            is_xml = is_xml or beginning[:5].lower() == "<?xml"
            _, _, beginning = beginning.partition("?>")
        else:
            return beginning, is_xml
