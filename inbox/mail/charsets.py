"""From bytes to text: one named place where a charset is believed, doubted or guessed.

A label is a claim by the sender. Only codecs from our own table are ever run: Python's registry also holds
codecs that are no charsets ("hex", "zlib") and some that are quadratic ("punycode", "idna").
"""

import codecs
import re

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
    euc_kr cp949 johab
    """.split()  # noqa: SIM905 - a table that is read, not eighty quotes
)

# Labels that mean more than they say: the superset is what senders' programs really write.
_ALIASES = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "x-sjis": "cp932",
    "windows-31j": "cp932",
    "euc-kr": "cp949",
    "ks_c_5601-1987": "cp949",
    "ksc5601": "cp949",
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "iso-8859-8-i": "iso8859-8",
    "iso-8859-9": "cp1254",
    "windows-874": "cp874",
    "x-mac-cyrillic": "mac-cyrillic",
    "macintosh": "mac-roman",
    "utf8": "utf-8",
    "unicode-1-1-utf-7": "utf-7",
    "unicode-1-1-utf-8": "utf-8",
}

_LABEL = re.compile(r"[a-z0-9][a-z0-9_.:()+\-]{0,39}")
# Codecs under which bytes below 0x80 do not mean ASCII, so that "all ASCII" proves nothing.
_NOT_ASCII_BASED = ("utf-16", "utf-32", "utf-7", "iso2022", "hz")
_codecs: dict[str, str] = {}


def codec_for(label: str) -> str:
    """Python's name for the charset that `label` claims, or "" when it names none that we know."""
    known = _codecs.get(label)
    if known is not None:
        return known
    name = label.strip("\"' \t\r\n").lower()
    found = ""
    if _LABEL.fullmatch(name):
        try:
            candidate = codecs.lookup(_ALIASES.get(name, name)).name
        except (LookupError, ValueError):
            candidate = ""
        if candidate in _ALLOWED:
            found = "cp1252" if candidate == "iso8859-1" else candidate
    if len(_codecs) < 500:  # labels are the sender's to choose: the memory of them is bounded
        _codecs[label] = found
    return found


def decode(raw: bytes, label: str, *, cut: bool = False) -> tuple[str, bool]:
    """The text of `raw`, and whether the charset had to be guessed.

    `cut` says that `raw` ends where a cap fell, so that a torn last character is no sign of a wrong label.
    """
    name = codec_for(label) if label else "ascii"
    if name == "" or name == "ascii":
        if raw.isascii():
            return raw.decode("ascii"), False
        return _guess(raw, cut), name == "" or label != ""
    if raw.isascii() and not name.startswith(_NOT_ASCII_BASED):
        return raw.decode("ascii"), False
    text = _strictly(raw, name, cut)
    if text is not None:
        return text, False
    if name == "utf-8":
        return _mostly_utf_8(raw), True
    if name.startswith(_NOT_ASCII_BASED):
        return raw.decode(name, "replace"), True
    as_utf_8 = _strictly(raw, "utf-8", cut)
    return (as_utf_8 if as_utf_8 is not None else raw.decode(name, "replace")), True


def decode_header_bytes(raw: bytes) -> str:
    """A header's raw bytes as text: UTF-8 (RFC 6532), else windows-1252 as old programs wrote it."""
    if raw.isascii():
        return raw.decode("ascii")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")


def _guess(raw: bytes, cut: bool) -> str:
    text = _strictly(raw, "utf-8", cut)
    return text if text is not None else raw.decode("cp1252", "replace")


def _strictly(raw: bytes, name: str, cut: bool) -> str | None:
    try:
        if cut:
            return codecs.getincrementaldecoder(name)("strict").decode(raw, False)
        return raw.decode(name)
    except (UnicodeError, LookupError):
        return None


def _mostly_utf_8(raw: bytes) -> str:
    """Damaged UTF-8 stays UTF-8; what was never UTF-8 is read as windows-1252.

    Read as UTF-8, a windows-1252 letter is one broken byte each; a torn UTF-8 text is whole but for a few.
    """
    text = raw.decode("utf-8", "replace")
    high_bytes = len(raw.translate(None, _ASCII))
    return text if text.count("\ufffd") * 2 <= high_bytes else raw.decode("cp1252", "replace")


_ASCII = bytes(range(128))
