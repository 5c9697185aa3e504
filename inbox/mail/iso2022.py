"""ISO-2022-JP and -KR as programs write them, where Python's strict codecs give up.

They know neither the characters that vendors added to JIS X 0208 (a one in a circle), nor katakana of half
width in plain ISO-2022-JP, nor a character that an encoded word cut in two. Here each run between escapes is
decoded through the charset of bytes that has the same characters.
"""

import re
from collections.abc import Iterator

_BLANKS = bytes(range(0x21))
_ESCAPE = re.compile(rb"\x1b(\$[@AB]|\$\([A-Z@]|\$\)[A-Z]|\([A-Z]|\.[A-Z]|N)|(\x0e)|(\x0f)")
_BEGINS = re.compile(rb"\x1b\$(?:[@B]|\)C)")


def is_iso2022(raw: bytes) -> bool:
    """Whether `raw` switches to a charset of the family."""
    return _BEGINS.search(raw) is not None


def iso2022_of(raw: bytes) -> str:
    """Which of the family `raw` is in, told by its first escape."""
    return "iso2022_kr" if b"\x1b$)C" in raw else "iso2022_jp"


def decode_iso2022(raw: bytes, name: str) -> str:
    """The text of `raw`; what is no character comes out as U+FFFD. Linear."""
    is_korean = name == "iso2022_kr" or b"\x1b$)C" in raw
    out: list[str] = []
    half = b""
    for mode, run in _runs(raw, is_korean):
        if mode == "ascii":
            if half:
                out.append("\ufffd")
            half = b""
        elif mode != "katakana":
            # An encoder that cuts its words anywhere goes to ASCII and back inside of a character.
            run = half + run
            half = run[-1:] if len(run.translate(None, _BLANKS)) % 2 and run[-1] > 0x20 else b""
            run = run[: len(run) - len(half)]
        out.append(_run(run, mode))
    return "".join(out)


def _runs(raw: bytes, is_korean: bool) -> Iterator[tuple[str, bytes]]:
    """The stretches between escapes, and what each is in; none is empty."""
    mode = "ascii"
    position = 0
    for escape in _ESCAPE.finditer(raw):
        if escape.start() > position:
            yield mode, raw[position : escape.start()]
        position = escape.end()
        if escape[2] is not None:
            mode = "korean" if is_korean else mode
        elif escape[3] is not None:
            mode = "ascii"
        else:
            mode = _MODES.get(escape[1], mode)
    if position < len(raw):
        yield mode, raw[position:]


_MODES = {
    b"$@": "japanese",
    b"$B": "japanese",
    b"$(B": "japanese",
    b"$A": "chinese",
    b"$(A": "chinese",
    b"$(C": "korean",
    b"$(D": "supplement",
    b"(B": "ascii",
    b"(J": "ascii",
    b"(H": "ascii",
    b"(I": "katakana",
}


def _run(run: bytes, mode: str) -> str:
    if mode == "ascii":
        return run.decode("ascii", "replace")
    # Line ends and blanks switch nothing in the wild, and are themselves in every mode.
    return "".join(
        piece if number % 2 else _characters(piece.encode("latin-1"), mode)
        for number, piece in enumerate(re.split("([\\x00-\\x20]+)", run.decode("latin-1")))
    )


def _characters(run: bytes, mode: str) -> str:
    high = bytes(byte | 0x80 for byte in run)
    if mode == "katakana":
        return high.decode("cp932", "replace")
    if mode == "japanese":
        return _shifted(run).decode("cp932", "replace")
    if mode == "korean":
        return high.decode("cp949", "replace")
    if mode == "chinese":
        return high.decode("gb18030", "replace")
    pairs = b"".join(b"\x8f" + high[at : at + 2] for at in range(0, len(high) - 1, 2))
    return pairs.decode("euc_jp", "replace")


def _shifted(run: bytes) -> bytes:
    """JIS X 0208 in seven bits as Shift JIS, which vendors extended the same way."""
    out = bytearray()
    for at in range(0, len(run) - 1, 2):
        row, cell = run[at] & 0x7F, run[at + 1] & 0x7F
        if not (0x21 <= row <= 0x7E and 0x21 <= cell <= 0x7E):
            out += b"\x81\xac"
            continue
        lead = (row - 0x21) // 2 + (0x81 if row < 0x5F else 0xC1)
        trail = cell + 0x7E if row % 2 == 0 else cell + (0x1F if cell < 0x60 else 0x20)
        out += bytes((lead, trail))
    return bytes(out)
