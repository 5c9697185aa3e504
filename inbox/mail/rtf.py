"""The words of an RTF letter as Outlook puts it into winmail.dat: compressed (MS-OXRTFCP), then marked up."""

import re

_LARGEST = 4 * 1024 * 1024
_COMPRESSED, _PLAIN = b"LZFu", b"MELA"
# What every dictionary begins with.
_DICTIONARY = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript "
    b"\\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par "
    b"\\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)
_TOKEN = re.compile(
    r"\\([a-z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-z])|([{}])|([^\\{}\r\n]+)|[\r\n]"
)
# Groups whose words are not the letter's.
_SILENT = frozenset(
    """
    fonttbl colortbl stylesheet info pict object themedata datastore generator listtable listoverridetable
    rsidtbl latentstyles xmlnstbl header footer
    """.split()  # noqa: SIM905
)
_SAID = {"par": "\n", "line": "\n", "tab": "\t", "emdash": "\u2014", "endash": "\u2013", "bullet": "\u2022"}
_SAID |= {"lquote": "\u2018", "rquote": "\u2019", "ldblquote": "\u201c", "rdblquote": "\u201d", "cell": "\t"}
_MOST_TOKENS = 500_000


def text_of_compressed_rtf(raw: bytes) -> str:
    """The text of PR_RTF_COMPRESSED, or "" where it is none. Raises nothing; linear."""
    size, kind = int.from_bytes(raw[4:8], "little"), raw[8:12]
    if kind == _PLAIN:
        rtf = raw[16 : 16 + min(size, _LARGEST)]
    elif kind == _COMPRESSED:
        rtf = _decompressed(raw, min(size, _LARGEST))
    else:
        return ""
    return text_of_rtf(rtf.decode("latin-1"))


def text_of_rtf(rtf: str) -> str:
    """The words of `rtf`; HTML that was wrapped into it loses its tags by the same rules."""
    if not rtf.startswith("{\\rtf"):
        return ""
    out: list[str] = []
    raw = bytearray()  # letters of the code page, of which several may be one
    code_page = "cp1252"
    is_silent, stack = False, []
    skip = 0
    for number, token in enumerate(_TOKEN.finditer(rtf)):
        word, parameter, code, symbol, brace, text = token.groups()
        if number > _MOST_TOKENS:
            break
        if code is None and raw:
            out.append(raw.decode(code_page, "replace"))
            raw.clear()
        if brace == "{":
            stack.append(is_silent)
        elif brace == "}":
            is_silent = stack.pop() if stack else False
        elif word == "ansicpg" and parameter:
            code_page = _code_page(parameter)
        elif word in _SILENT or symbol == "*" or word == "htmltag":
            is_silent = True
        elif is_silent:
            continue
        elif code is not None:
            if skip:
                skip -= 1
            else:
                raw.append(int(code, 16))
        elif word == "u" and parameter:
            out.append(chr(int(parameter) % 0x10000))
            skip = 1
        elif word is not None:
            out.append(_SAID.get(word, ""))
        elif symbol is not None:
            out.append({"~": "\u00a0", "_": "-"}.get(symbol, symbol if symbol in "\\{}" else ""))
        elif text is not None:
            out.append(text[skip:])
            skip = 0
    if raw:
        out.append(raw.decode(code_page, "replace"))
    joined = "".join(out)
    return joined.encode("utf-16", "surrogatepass").decode("utf-16", "replace").strip()


def _code_page(parameter: str) -> str:
    from inbox.mail.charsets import codec_for

    return codec_for(f"cp{parameter}") or "cp1252"


def _decompressed(raw: bytes, size: int) -> bytes:
    dictionary = bytearray(4096)
    dictionary[: len(_DICTIONARY)] = _DICTIONARY
    at = len(_DICTIONARY)
    out = bytearray()
    position = 16
    while position < len(raw) and len(out) < size:
        flags = raw[position]
        position += 1
        for bit in range(8):
            if position >= len(raw) or len(out) >= size:
                break
            if not flags >> bit & 1:
                out.append(raw[position])
                dictionary[at] = raw[position]
                at = (at + 1) % 4096
                position += 1
                continue
            if position + 1 >= len(raw):
                return bytes(out)
            reference = raw[position] << 8 | raw[position + 1]
            position += 2
            offset, length = reference >> 4, (reference & 15) + 2
            if offset == at:
                return bytes(out)
            for step in range(length):
                byte = dictionary[(offset + step) % 4096]
                out.append(byte)
                dictionary[at] = byte
                at = (at + 1) % 4096
    return bytes(out)
