"""From bytes to text: one named place where a charset is believed, doubted or guessed.

A label is a claim by the sender, read as browsers read it (the WHATWG's table): many mean more than they say.
Where it is a lie or missing, what is certain comes first (a byte order mark, UTF-8, escape sequences), then
what the rest of the message says, then what is likely. Only codecs from our own table are ever run: Python's
registry also holds codecs that are no charsets ("hex", "zlib") and some that are quadratic ("punycode",
"idna").
"""

import codecs
import re
from collections.abc import Iterable

from webencodings.labels import LABELS  # type: ignore[import-untyped]

from inbox.mail.iso2022 import decode_iso2022, is_iso2022, iso2022_of
from inbox.mail.likelihood import likely_codec

# Python's canonical codec names that we let a message choose. UTF-7 is here because old mail has it; what
# comes out is cleaned like any other text, so nothing that it can spell is trusted more for it.
_ALLOWED = frozenset(
    """
    ascii utf-8 utf-16 utf-16-le utf-16-be utf-32 utf-32-le utf-32-be utf-7 iso8859-1 iso8859-2 iso8859-3
    iso8859-4 iso8859-5 iso8859-6 iso8859-7 iso8859-8 iso8859-9 iso8859-10 iso8859-11 iso8859-13 iso8859-14
    iso8859-15 iso8859-16 cp1250 cp1251 cp1252 cp1253 cp1254 cp1255 cp1256 cp1257 cp1258 cp874 cp437 cp720
    cp737 cp775 cp850 cp852 cp855 cp857 cp858 cp860 cp861 cp862 cp863 cp864 cp865 cp866
    cp869 cp1125 koi8-r
    koi8-u koi8-t kz1048 ptcp154 tis-620 mac-roman mac-cyrillic mac-greek mac-latin2 mac-turkish big5
    big5hkscs cp950 gb2312 gbk gb18030 hz shift_jis shift_jis_2004 shift_jisx0213 cp932 euc_jp euc_jis_2004
    euc_jisx0213 iso2022_jp iso2022_jp_1 iso2022_jp_2 iso2022_jp_2004 iso2022_jp_3 iso2022_jp_ext iso2022_kr
    euc_kr cp949 johab mac-iceland
    """.split()  # noqa: SIM905 - a table that is read, not eighty quotes
)

# Python's names for those of the WHATWG that it calls otherwise, or has only in part.
_PYTHON_NAMES = {
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc-kr": "cp949",
    "big5": "big5hkscs",
    "iso-8859-8-i": "iso8859-8",
    "windows-874": "cp874",
    "x-mac-cyrillic": "mac-cyrillic",
    "macintosh": "mac-roman",
    "ibm866": "cp866",
    "replacement": "",
    "x-user-defined": "",
}

# Labels that the table has not, or means otherwise: it is made for pages, where UTF-7 and the escapes of
# ISO-2022-KR and HZ are dangers. Here they come out as text like any other.
_ALIASES = {
    "us-ascii": "ascii",
    "ascii": "ascii",
    "ansi_x3.4-1968": "ascii",
    "iso-ir-6": "ascii",
    "iso646-us": "ascii",
    "utf-16": "utf-16",
    "utf16": "utf-16",
    "ucs-2": "utf-16",
    "unicode": "utf-16",
    "utf-7": "utf-7",
    "utf7": "utf-7",
    "unicode-1-1-utf-7": "utf-7",
    "unicode-2-0-utf-7": "utf-7",
    "x-unicode-2-0-utf-7": "utf-7",
    "iso-2022-kr": "iso2022_kr",
    "csiso2022kr": "iso2022_kr",
    "hz-gb-2312": "hz",
    "windows-949": "cp949",
    "ms949": "cp949",
    "uhc": "cp949",
    "windows-936": "gb18030",
    "ms936": "gb18030",
    "cp936": "gb18030",
    "windows-932": "cp932",
    "ms932": "cp932",
    "cp943": "cp932",
    "windows-950": "cp950",
    "cp-850": "cp850",
    "utf-8-mac": "utf-8",
    "utf_8": "utf-8",
    "8859_1": "cp1252",
    "ansi": "cp1252",
    "x-ansi": "cp1252",
}

_LABEL = re.compile(r"[a-z0-9][a-z0-9_.:()+\-]{0,39}")
# "cp-1252", "win1251", "windows1250", "iso8859_1", "iso-88591": the number says which.
_WINDOWS = re.compile(r"(?:x-)?(?:windows|win|cp|ms-?cp|wincp)[-_ ]?(125[0-8]|874)(?:-.*)?")
_ISO_8859 = re.compile(r"(?:x-)?(?:iso)?[-_ ]?8859[-_ ]?(1[0-6]|[1-9])(?:[:_-].*)?")
# Codecs under which bytes below 0x80 do not mean ASCII, so that "all ASCII" proves nothing.
_NOT_ASCII_BASED = ("utf-16", "utf-32", "utf-7", "iso2022", "hz")
_MULTIBYTE = ("utf", "cp9", "gb", "big5", "euc", "shift", "iso2022", "johab", "hz")
_codecs: dict[str, str] = {}

# Of a text without label, for the statistics: they take a second for a megabyte.
_SAMPLE_BYTES = 8 * 1024


def codec_for(label: str) -> str:
    """Python's name for the charset that `label` claims, or "" when it names none that we know."""
    known = _codecs.get(label)
    if known is not None:
        return known
    name = label.strip("\"'<>;, \t\r\n").lower()
    found = ""
    if _LABEL.fullmatch(name):
        found = _codec_named(name)
    if len(_codecs) < 500:  # labels are the sender's to choose: the memory of them is bounded
        _codecs[label] = found
    return found


def _codec_named(name: str) -> str:
    found = _ALIASES.get(name)
    if found is not None:
        return found
    standard = LABELS.get(name)
    if standard is None:
        windows, iso = _WINDOWS.fullmatch(name), _ISO_8859.fullmatch(name)
        if windows is not None:
            standard = f"windows-{windows[1]}"
        elif iso is not None:
            standard = LABELS.get(f"iso-8859-{iso[1]}")
    python_name = _PYTHON_NAMES.get(standard, standard) if standard is not None else name
    if not python_name:
        return ""
    try:
        found = codecs.lookup(python_name).name
    except (LookupError, ValueError):
        return ""
    return found if found in _ALLOWED else ""


def decode(
    raw: bytes, label: str, *, cut: bool = False, hints: Iterable[str] = (), thorough: bool = False
) -> tuple[str, bool]:
    """The text of `raw`, and whether the charset had to be guessed.

    `cut` says that `raw` ends where a cap fell, so that a torn last character is no sign of a wrong label.
    `hints` are labels that stand elsewhere in the message, the likelier first. `thorough` asks statistics too
    where nothing else helps: that takes milliseconds, so reception does without.
    """
    name = codec_for(label) if label else "ascii"
    if raw.isascii():
        if b"\x1b$" in raw and not name.startswith("iso2022") and is_iso2022(raw):
            return decode_iso2022(raw, iso2022_of(raw)), name not in ("", "ascii") or bool(label)
        if not name.startswith(_NOT_ASCII_BASED) or (name.startswith(("utf-16", "utf-32")) and 0 not in raw):
            # A wide charset has NULs in every line of its text.
            return raw.decode("ascii"), name.startswith(_NOT_ASCII_BASED)
    mark = _marked(raw)
    if mark:
        text = _strictly(raw, mark, cut)
        if text is not None:
            return text, not name.startswith(mark[:6]) and name not in ("", "ascii")
    if name in ("", "ascii"):
        text = _strictly(raw, "utf-8", cut)
        if text is not None:
            return text, label != ""
        return _guess(raw, cut, hints, thorough), True
    if name.startswith("iso2022"):
        return _escaped(raw, name, cut, hints, thorough)
    if name == "utf-16":
        name = _byte_order(raw)
    text = _strictly(raw, name, cut)
    if text is not None and not name.startswith(_MULTIBYTE):
        # In a charset of single bytes everything means something; that it is UTF-8 by chance is next to
        # impossible.
        as_utf_8 = _strictly(raw, "utf-8", cut)
        if as_utf_8 is not None:
            return as_utf_8, True
    if text is not None:
        return text, False
    if name == "utf-8":
        return _mostly_utf_8(raw, cut, hints, thorough), True
    if name.startswith(_NOT_ASCII_BASED):
        return raw.decode(name, "replace"), True
    as_utf_8 = _strictly(raw, "utf-8", cut)
    return (as_utf_8 if as_utf_8 is not None else _damaged(raw, name, cut, hints, thorough)), True


def decode_header_bytes(raw: bytes, hints: Iterable[str] = ()) -> str:
    """A header's raw bytes as text: UTF-8 (RFC 6532), else as `hints` say or as old programs wrote it."""
    if raw.isascii():
        return raw.decode("ascii")
    text = _header_utf_8(raw)
    return text if text is not None else _guess(raw, cut=False, hints=hints, thorough=False)


def is_header_guessed(raw: bytes) -> bool:
    """Whether decode_header_bytes() has to guess."""
    return not raw.isascii() and _header_utf_8(raw) is None


def _header_utf_8(raw: bytes) -> str | None:
    """`raw` read as UTF-8, but for a last character that a cap tore; None where it is none."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        whole = raw[: error.start]
        is_torn = error.end == len(raw) and error.reason == "unexpected end of data"
        return whole.decode("utf-8") if is_torn and not whole.isascii() else None


_META = re.compile(
    rb"""<(?:meta\s[^>]{0,300}?charset|\?xml\s[^>]{0,200}?encoding)\s*=\s*["']?\s*([\w.:+()-]{1,40})""", re.I
)
_HEAD_BYTES = 8 * 1024


def declared_in_html(raw: bytes) -> str:
    """The label that an HTML document itself names at its beginning, or ""."""
    found = _META.search(raw, 0, _HEAD_BYTES)
    if found is None:
        return ""
    label = found[1].decode("ascii")
    # Whoever could read that far has no charset of two bytes before them (HTML, "prescan").
    return "utf-8" if codec_for(label).startswith(("utf-16", "utf-32")) else label


def _marked(raw: bytes) -> str:
    if raw.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    return ""


def _guess(raw: bytes, cut: bool, hints: Iterable[str], thorough: bool) -> str:
    """The text of what is not UTF-8."""
    for hint in hints:
        name = codec_for(hint)
        if name and name not in ("utf-8", "ascii") and not name.startswith(_NOT_ASCII_BASED):
            text = _strictly(raw, name, cut)
            if text is not None:
                return text
    if raw.count(0) * 4 > len(raw):
        return raw.decode(_byte_order(raw), "replace")
    name = likely_codec(raw)
    if not name and thorough:
        name = _of_statistics(raw)
    return raw.decode(name or "cp1252", "replace")


def _of_statistics(raw: bytes) -> str:
    try:
        # Imported where it is used: reception has no use for it. A worker has it from its start (jobs.py).
        import charset_normalizer

        best = charset_normalizer.from_bytes(raw[:_SAMPLE_BYTES]).best()
    except Exception:  # whatever a library of guesses stumbles on, there is another guess
        return ""
    return codec_for(best.encoding) if best is not None else ""


def _byte_order(raw: bytes) -> str:
    """Which half of a UTF-16 character comes first, where no mark says so: blanks and line ends tell."""
    sample = raw[:4096]
    first, second = sample[::2].count(0), sample[1::2].count(0)
    return "utf-16-be" if first >= second else "utf-16-le"


def _escaped(raw: bytes, name: str, cut: bool, hints: Iterable[str], thorough: bool) -> tuple[str, bool]:
    """ISO-2022 as it is written: with more characters than the standard has, cut in the middle, or a lie."""
    text = _strictly(raw, name, cut)
    if text is not None:
        return text, False
    if b"\x1b" in raw or b"\x0e" in raw:
        return decode_iso2022(raw, name), not raw.isascii()
    as_utf_8 = _strictly(raw, "utf-8", cut)
    return as_utf_8 if as_utf_8 is not None else _guess(raw, cut, hints, thorough), True


def _damaged(raw: bytes, name: str, cut: bool, hints: Iterable[str], thorough: bool) -> str:
    """Not valid in what it claims to be: that with holes, where they are few, else a guess."""
    text = raw.decode(name, "replace")
    if text.count("\ufffd") * 10 <= len(raw.translate(None, _ASCII)):
        return text
    return _guess(raw, cut, hints, thorough)


def _strictly(raw: bytes, name: str, cut: bool) -> str | None:
    try:
        if cut:
            return codecs.getincrementaldecoder(name)("strict").decode(raw, False)
        return raw.decode(name)
    except (UnicodeError, LookupError):
        return None


def _mostly_utf_8(raw: bytes, cut: bool, hints: Iterable[str], thorough: bool) -> str:
    """Damaged UTF-8 stays UTF-8; what was never UTF-8 is guessed.

    Read as UTF-8, a letter of another charset is one broken byte or two; a torn UTF-8 text is whole but for a
    few.
    """
    text = raw.decode("utf-8", "replace")
    high_bytes = len(raw.translate(None, _ASCII))
    return text if text.count("\ufffd") * 2 <= high_bytes else _guess(raw, cut, hints, thorough)


_ASCII = bytes(range(128))
