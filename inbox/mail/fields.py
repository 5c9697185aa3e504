"""Header values: encoded words, parameters, addresses, dates. Linear each, and hostile input is only text.

What leaves this module for a one-line place has no control, no surrogate, no bidi override and no line end.
"""

import binascii
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from inbox.mail import charsets
from inbox.mail.transfer import decode_base64, is_damaged_base64

# Before decoding (hostile.md): the standard library takes seconds for a header of a megabyte, and nobody
# reads one.
LONGEST_HEADER_BYTES = 16 * 1024
_LONGEST_ADDRESS = 320
_MOST_MAILBOXES = 500
_MOST_SECTIONS = 200


@dataclass(frozen=True, slots=True)
class Correspondent:
    """One mailbox of an address header; either half may be empty."""

    name: str
    address: str

    def __str__(self) -> str:
        if self.name and self.address:
            return f"{self.name} <{self.address}>"
        return self.name or self.address


# C0 and C1 controls, lone surrogates, the byte order mark, noncharacters; and what turns the direction of the
# text around it (Unicode TR 9): marks, embeddings, overrides, isolates.
_CONTROLS = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufeff\ufff9-\ufffb\ufffe\uffff"
_BIDI = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
# What takes no room or shows nothing, so that a name ends elsewhere than it seems to. Joiners stay where they
# join (emoji, Persian), variation selectors and what else changes a shape.
_UNSEEN = (
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u2060-\u2065\u206a-\u206f\u3164\uffa0"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_NOT_IN_ONE_LINE = re.compile(
    f"[{_CONTROLS}{_BIDI}{_UNSEEN}]|[\u200c\u200d]{{2,}}|(?:(?<=\\s)|^)[\u200c\u200d]+|[\u200c\u200d]+(?=\\s|$)"
)
# A letter carries a few marks in every script; a hundred of them run over the lines above.
_PILE_OF_MARKS = re.compile(
    "([\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]{4})"
    "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+"
)
_NOT_IN_TEXT = re.compile(f"[{_CONTROLS}]")
_TEXT_LINE_END = re.compile("\r\r?\n|[\r\x0b\x0c\u2028\u2029\x85]")
# Colours and cursor movements of a terminal (ECMA-48 5.4), and what sets its title.
_TERMINAL = re.compile(
    "(?:\x1b\\[|\x9b)[0-?]{0,40}[ -/]{0,4}[@-~]|"
    "\x1b\\][^\x07\x1b\n]{0,400}(?:\x07|\x1b\\\\)|\x1b[ -/]{0,2}[0-~]"
)
# Bold and underlined as printers had it.
_OVERSTRUCK = re.compile("[^\n]\x08")


def one_line(text: str, longest: int = 1000) -> str:
    """Text fit for one line of our page: blanks collapsed, nothing invisible that acts."""
    text = " ".join(text.split())
    if not text.isascii() or not text.isprintable():
        if "\x1b" in text or "\x9b" in text:
            text = _TERMINAL.sub("", text)
        text = _PILE_OF_MARKS.sub(r"\1", text.replace("\u2800", " "))
        text = " ".join(_NOT_IN_ONE_LINE.sub("", text).split())
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def clean_text(text: str) -> str:
    """Text of several lines: line ends as LF, tabs kept, no control, no surrogate, nothing for a terminal."""
    # A search first: a substitution copies megabytes even where it finds nothing.
    text = text.replace("\r\n", "\n")
    if "\x1b" in text or "\x9b" in text:
        text = _TERMINAL.sub("", text)
    if "\x08" in text:
        text = _OVERSTRUCK.sub("", text)
    if _TEXT_LINE_END.search(text) is not None:
        text = _TEXT_LINE_END.sub("\n", text)
    return text if _NOT_IN_TEXT.search(text) is None else _NOT_IN_TEXT.sub("", text)


def decode_field(raw: bytes | bytearray, longest: int = 1000, hints: Iterable[str] = ()) -> str:
    """A whole unstructured field (Subject) as one clean line; `hints` are charsets for bytes without one."""
    text = charsets.decode_header_bytes(bytes(raw[:LONGEST_HEADER_BYTES]), hints)
    return one_line(decode_words(text), longest)


# RFC 2047, as it is written in the wild: blanks and question marks inside Q words, RFC 2231's language after
# the charset.
_WORD = re.compile(
    r"=\?[ ]?([A-Za-z0-9_.:()+\-]{1,60})(?:\*[^?\s]{0,40})?[ ]?\?"
    r"(?:([bB])\?([^?]*)|[qQ]\?([^?]*(?:\?(?!=)[^?]*){0,8}))\?="
)


def decode_words(text: str) -> str:
    """RFC 2047 encoded words as text.

    The bytes of neighbouring words of one charset are joined before they are decoded, since many programs
    cut a letter in two. Blanks between neighbours do not count (RFC 2047 6.2).
    """
    if "=?" not in text:
        return text
    return "".join(text for text, _ in _pieces(text))


def _pieces(text: str) -> Iterator[tuple[str, bool]]:
    """`text` in pieces, its encoded words decoded; and of each whether its charset had to be guessed."""
    label = ""
    joined = b""
    end = 0
    for word in _WORD.finditer(text):
        gap = text[end : word.start()]
        is_neighbour = bool(joined) and not gap.strip()
        if joined and not (is_neighbour and _is_same_charset(word[1], label)):
            yield charsets.decode(joined, label)
            joined = b""
        if not is_neighbour:
            yield gap, False
        label = word[1]
        joined += _word_bytes(word[2], word[3] if word[2] else word[4])
        end = word.end()
    if joined:
        yield charsets.decode(joined, label)
    yield text[end:], False


@dataclass(frozen=True, slots=True)
class Doubts:
    """What of a field could not be read as its sender says, or who says nothing."""

    charset: bool = False
    encoding: bool = False


def doubts_of(raw: bytes | bytearray) -> Doubts:
    """Whether reading a field takes guessing its charset, or passes over mistakes in its base64."""
    raw = bytes(raw[:LONGEST_HEADER_BYTES])
    is_guessed = charsets.is_header_guessed(raw)
    if b"=?" not in raw:
        return Doubts(is_guessed)
    text = charsets.decode_header_bytes(raw)
    words = (word[3].encode("utf-8", "surrogatepass") for word in _WORD.finditer(text) if word[2])
    return Doubts(
        is_guessed or any(is_guess for _, is_guess in _pieces(text)),
        any(is_damaged_base64(word, 0, len(word)) for word in words),
    )


def _is_same_charset(label: str, other: str) -> bool:
    return label.lower() == other.lower() or charsets.codec_for(label) == charsets.codec_for(other) != ""


def _word_bytes(base64: str | None, content: str) -> bytes:
    raw = content.encode("utf-8", "surrogatepass")
    if base64:
        return decode_base64(raw)
    return binascii.a2b_qp(raw, header=True)


def parse_parameters(raw: bytes | bytearray) -> tuple[str, dict[str, str]]:
    """Content-Type or -Disposition: its value in small letters, and its parameters (RFC 2045 5.1, RFC 2231).

    Names in small letters; the first of two equal ones counts; RFC 2231's forms win over the plain one.
    """
    text = charsets.decode_header_bytes(bytes(raw[:LONGEST_HEADER_BYTES]))
    if "\n" in text:
        text = text.replace("\r\n", "").replace("\n", "")
    value, _, rest = text.partition(";")
    value = value.strip()
    if not value.isascii() or not value.isprintable() or " " in value or "(" in value:
        value = re.split(r"[^!-'*-~]", value, maxsplit=1)[0]
    plain: dict[str, str] = {}
    sections: dict[str, dict[int, tuple[bool, str]]] = {}
    for segment in _segments(rest):
        name, equals, content = segment.partition("=")
        if not equals:
            continue
        name = name.strip().lower()
        content = content.strip()
        if content.startswith('"'):
            content = _unquote(content)
        if "*" in name:
            _remember_section(sections, name, content)
        else:
            plain.setdefault(name, content)
    for name, found in sections.items():
        plain[name] = _join_sections(found) or plain.get(name, "")
    return value.lower(), plain


def _segments(text: str) -> Iterator[str]:
    """`text` cut at semicolons outside quotes. A quote that never closes counts as an ordinary character."""
    if '"' not in text:
        yield from text.split(";")
        return
    start = position = 0
    while position < len(text):
        semicolon = text.find(";", position)
        quote = text.find('"', position)
        if semicolon < 0 and quote < 0:
            break
        if quote < 0 or 0 <= semicolon < quote:
            yield text[start:semicolon]
            start = position = semicolon + 1
            continue
        closing = _closing_quote(text, quote + 1)
        if closing < 0:
            yield from text[start:].split(";")
            return
        position = closing + 1
    yield text[start:]


def _closing_quote(text: str, position: int) -> int:
    while True:
        quote = text.find('"', position)
        if quote < 0:
            return -1
        backslashes = 0
        while quote - backslashes - 1 >= position and text[quote - backslashes - 1] == "\\":
            backslashes += 1
        if backslashes % 2 == 0:
            return quote
        position = quote + 1


_QUOTED_PAIR = re.compile(r'\\(["\\])')


def _unquote(content: str) -> str:
    closing = _closing_quote(content, 1)
    inner = content[1:closing] if closing > 0 else content[1:]
    # Only \" and \\ are undone: Windows programs write whole paths here with single backslashes.
    return _QUOTED_PAIR.sub(r"\1", inner) if "\\" in inner else inner


_SECTION_NAME = re.compile(r"([^*]+)\*(?:(\d{1,4})(\*)?)?")


def _remember_section(sections: dict[str, dict[int, tuple[bool, str]]], name: str, content: str) -> None:
    """RFC 2231 3 and 4: name*, name*N, name*N*. Numbers beyond reason are dropped, not believed."""
    match = _SECTION_NAME.fullmatch(name)
    if match is None:
        return
    number = int(match[2]) if match[2] else 0
    is_encoded = match[2] is None or match[3] is not None
    found = sections.setdefault(match[1], {})
    if len(found) < _MOST_SECTIONS:
        found.setdefault(number, (is_encoded, content))


def _join_sections(found: dict[int, tuple[bool, str]]) -> str:
    label = ""
    joined = b""
    for position, number in enumerate(sorted(found)):
        is_encoded, content = found[number]
        if is_encoded and position == 0 and content.count("'") >= 2:
            label, _, content = content.split("'", 2)
        raw = content.encode("utf-8", "surrogatepass")
        joined += _percent_decoded(raw) if is_encoded else raw
    return charsets.decode(joined, label)[0]


_PERCENT = re.compile(rb"%([0-9A-Fa-f]{2})")


def _percent_decoded(raw: bytes) -> bytes:
    return _PERCENT.sub(lambda found: bytes((int(found[1], 16),)), raw)


_SIMPLE = re.compile(r'\s*(?:"([^"\\]*)"|([^"<>@,;:()\\]*?))\s*<([^<>@\s"]+@[^<>@\s"]+)>\s*')
_TOKEN = re.compile(r'"((?:[^"\\]|\\.)*+)"|<([^<>]*)>|[(),;:<>"]|[^"(),;:<>]+', re.S)
_TOKEN_WITHOUT_QUOTES = re.compile(r'"()(?!)|<([^<>]*)>|[(),;:<>]|[^(),;:<>]+', re.S)


def parse_mailboxes(
    raw: bytes | bytearray, most: int = _MOST_MAILBOXES, hints: Iterable[str] = ()
) -> list[Correspondent]:
    """The mailboxes of an address header (RFC 5322 3.4), at most `most` of them; groups are flattened.

    Nothing is refused: what is no address becomes a name, so that a sender line is never lost. `hints` are
    charsets for bytes without one.
    """
    text = charsets.decode_header_bytes(bytes(raw[:LONGEST_HEADER_BYTES]), hints)
    simple = _SIMPLE.fullmatch(text)
    if simple is not None:
        return [Correspondent(_name(simple[1] if simple[1] is not None else simple[2]), _address(simple[3]))]
    found: list[Correspondent] = []
    reading = _Reading()
    for piece, quoted, angle in _tokens(text):
        if reading.take(piece, quoted, angle):
            continue
        mailbox = reading.finish(is_group=piece == ":")
        if mailbox is not None:
            found.append(mailbox)
            if len(found) >= most:
                return found
    mailbox = reading.finish(is_group=False)
    if mailbox is not None:
        found.append(mailbox)
    return found


def _tokens(text: str) -> Iterator[tuple[str, str | None, str | None]]:
    pattern = _TOKEN
    position = 0
    while position < len(text):
        match = pattern.match(text, position)
        if match is None:
            position += 1
            continue
        if match[0] == '"':
            # No closing quote behind this one: look for none again, or a row of quotes costs their square.
            pattern = _TOKEN_WITHOUT_QUOTES
        yield match[0], match[1], match[2]
        position = match.end()


class _Reading:
    """What has been read of one mailbox so far."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self.written: list[str] = []
        self.comments: list[str] = []
        self.angle = ""
        self.depth = 0

    def take(self, piece: str, quoted: str | None, angle: str | None) -> bool:
        """Take `piece` in; False when it ends the mailbox."""
        if piece == "(":
            self.depth += 1
        elif piece == ")":
            self.depth = max(0, self.depth - 1)
        elif self.depth:
            self.comments.append(piece)
        elif piece in (",", ";"):
            return False
        elif piece == ":":
            return "@" in "".join(self.written[-1:])
        elif self.angle:
            pass  # behind the address: another one that a comma should stand before
        elif angle is not None:
            self.angle = angle
        elif quoted is not None:
            self.words.append(_QUOTED_PAIR.sub(r"\1", quoted))
            self.written.append(piece)
        elif piece not in ("<", ">", '"'):
            self.words.append(piece)
            self.written.append(piece)
        return True

    def finish(self, *, is_group: bool) -> Correspondent | None:
        words, written, comments, angle = self.words, self.written, self.comments, self.angle
        depth = self.depth
        self.__init__()  # type: ignore[misc]
        if is_group:
            return None
        if angle:
            return Correspondent(_name(" ".join(words)), _address(angle))
        bare = "".join(written).strip()
        if depth:  # a comment that never closed: better its text than nothing
            bare = bare or "".join(comments)
        if "@" in bare:
            before, address = ([], bare) if bare.startswith('"') else _bare_address(bare)
            name = " ".join(before) or "".join(comments)
            return Correspondent(_name(name), _address(address))
        name = _name(bare or "".join(comments))
        return Correspondent(name, "") if name else None


def file_name(declared: str) -> str:
    """A file name as a person would write it: encoded words and percent escapes are programs' work."""
    name = decode_words(declared)
    if "%" in name:
        raw = _percent_decoded(name.encode("utf-8", "surrogatepass"))
        if not raw.isascii():
            try:
                return raw.decode("utf-8")
            except UnicodeDecodeError:
                pass
    return name


def _name(text: str) -> str:
    return one_line(decode_words(text), 200)


def _bare_address(text: str) -> tuple[list[str], str]:
    """The words around an address without brackets, and the address, in old syntax too (RFC 5322 4.4)."""
    local_part, _, domain = text.partition("@")
    domain = _BLANKS_AROUND_DOTS.sub(".", domain.strip())
    domain, _, behind = domain.partition(" ")
    *before, local_part = local_part.split() or [""]
    return [*before, *behind.split()], f"{local_part}@{domain}"


_BLANKS_AROUND_DOTS = re.compile(r"[ ]{0,20}\.[ ]{0,20}(?=\w)")
_COMMENT = re.compile(r"\([^()]{0,200}\)")


def _address(text: str) -> str:
    address = one_line(text, 2000)
    if not address.startswith('"'):  # a quoted local part may hold blanks (RFC 5321 4.1.2)
        if "(" in address:
            address = _COMMENT.sub("", address)
        address = "".join(address.split())
    if address.startswith("@") and ":" in address:  # a source route (RFC 5321 4.1.1.3)
        address = address.rpartition(":")[2]
    return address[:_LONGEST_ADDRESS]


# What programs write instead: fractions of a second, a zone without its sign, the order of ISO 8601.
_ODD_SECONDS = re.compile(r"(\d\d:\d\d:\d\d)(?:[.,]\d{1,9})?(?: (\d{4})(?!\d))?")
_BLANKS_IN_TIME = re.compile(r"(?<=\d)[ ]{0,20}:[ ]{0,20}(?=\d)")
_ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?(?:\.\d{3})?(?: ?(?:Z|[+-]\d\d:\d\d))?")


def _ordinary_seconds(found: re.Match[str]) -> str:
    zone = found[2]
    if zone is None or int(zone) > 1400:  # a year (asctime)
        return found[0] if zone is not None else found[1]
    return f"{found[1]} +{zone}"


def parse_date(raw: bytes | bytearray) -> datetime | None:
    """The Date header in UTC, or None where it names no moment that Python can hold."""
    text = one_line(charsets.decode_header_bytes(bytes(raw[:200])))
    try:
        iso = _ISO_DATE.match(text)
        if iso is not None:
            moment = datetime.fromisoformat(
                iso[0].replace(" ", "T", 1).replace(" ", "").replace("Z", "+00:00")
            )
        else:
            if "(" in text or " :" in text:
                text = _BLANKS_IN_TIME.sub(":", _COMMENT.sub(" ", text))
            moment = parsedate_to_datetime(_ODD_SECONDS.sub(_ordinary_seconds, text))
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return moment.astimezone(UTC)
    except (
        Exception
    ):  # parsedate raises TypeError, ValueError, IndexError, OverflowError, … on what people send
        return None
