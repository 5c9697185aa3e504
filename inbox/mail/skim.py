"""The shape of a message without its contents: header fields and parts, each as offsets into the source.

One walker for everybody: the summary at reception, the full reading, and attachments by number, so that the
third file of a message is the same file wherever it is counted. It never copies the source, never decodes a
body, and costs one bytes.find() per boundary over each range: linear, because nesting that would make the
ranges add up to more than a fixed multiple of the source ends the descent. See docs/decisions for why it is
our own.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from inbox.mail.charsets import decode_header_bytes
from inbox.mail.fields import decode_words, file_name, one_line, parse_parameters
from inbox.mail.head import FIELD, MAIN_FIELDS, MOST_FIELDS, Field, read_head
from inbox.mail.transfer import Source

MOST_PARTS = 1000
GREATEST_DEPTH = 100
_MOST_PART_HEADER_BYTES = 64 * 1024
# Of one field of a part, and of those of all parts together: reading parameters costs more than finding
# lines.
_LONGEST_PART_FIELD = 4 * 1024
_LONGEST_ROOT_FIELD = 16 * 1024
_MOST_PART_FIELD_BYTES = 512 * 1024
# Lines that begin like a boundary and are none; a message of nothing else must not cost a Python step for
# each.
_MOST_CANDIDATES = 20_000
_SCANNED_PER_SOURCE_BYTE = 8
_SCANNED_AT_LEAST = 16 * 1024 * 1024

# A separator that was meant to be empty counts as one in a part, where nobody folds a field over it.
_LINE_OF_BLANKS = re.compile(rb"\n[ \t\r]*\n")
_DELIMITER_END = re.compile(rb"(--)?[ \t]*\r*(?:\n|\Z)")
_LOOSE_DELIMITER_END = re.compile(rb"(--)?(?:[ \t][^\n]*)?(?:\n|\Z)")
# A delimiter that nobody announced: the line behind it begins a part, or is empty.
_GUESSED_DELIMITER = re.compile(rb"^--([^\s][^\r\n]{0,199}?)[ \t]*\r*\n(?=content-|\r*\n)", re.M | re.I)
_LIKELY_DELIMITER = re.compile(rb"^--([^\s][^\r\n]{0,199}?)[ \t]*\r*$", re.M)
_GUESSED_WITHIN_BYTES = 64 * 1024
_MOST_GUESSES = 10
_PREAMBLE = re.compile(rb"(?:\s*This is a (?:multi-?part )?(?:MIME )?message[^\r\n]{0,200})?\s*--", re.I)
_BASE64_AND_LINE_ENDS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=\r\n"
_BASE64_LINES = _BASE64_AND_LINE_ENDS + b" \t"
_SAID_IN_WORDS = frozenset((b"subject", b"from", b"to", b"sender"))
_WORDS_CHARSET = re.compile(rb"=\?([A-Za-z0-9_.:()+\-]{1,40})[*?]")
_PART_FIELDS = frozenset(
    (
        b"content-type",
        b"content-transfer-encoding",
        b"content-disposition",
        b"content-id",
        b"content-location",
    )
)


@dataclass(slots=True, eq=False)
class Part:
    """A node of the MIME tree. source[start:end] is its body as sent, still encoded."""

    content_type: str
    parameters: dict[str, str]
    encoding: str
    fields: dict[bytes, bytes]
    start: int
    end: int
    children: list["Part"] = field(default_factory=list)
    parent: "Part | None" = None
    is_remainder: bool = False
    _disposition: tuple[str, dict[str, str]] | None = None

    @property
    def is_multipart(self) -> bool:
        """Whether the part is a container whose children were found."""
        return bool(self.children)

    @property
    def charset(self) -> str:
        """The charset that the part claims, or "" ("us-ascii (plain)" is read as "us-ascii")."""
        words = self.parameters.get("charset", "").split(None, 1)
        if not words:
            return ""
        label = words[0].partition("(")[0]
        return label if label.isprintable() and len(label) <= 60 else one_line(label, 60)

    @property
    def disposition(self) -> str:
        """Content-Disposition's value in small letters, or ""."""
        return self._parsed_disposition()[0]

    @property
    def name(self) -> str:
        """The declared file name as the sender wrote it, decoded and in one line; not yet safe for a disk."""
        name = self._parsed_disposition()[1].get("filename") or self.parameters.get("name") or ""
        return one_line(file_name(name), 500) if name else ""

    @property
    def content_id(self) -> str:
        """Content-ID without its brackets (RFC 2392)."""
        raw = self.fields.get(b"content-id")
        if raw is None:
            return ""
        return one_line(raw[:1000].decode("utf-8", "replace"), 300).strip("<> ")

    @property
    def content_location(self) -> str:
        """Content-Location, by which a letter may name its pictures too (RFC 2557)."""
        raw = self.fields.get(b"content-location")
        if raw is None:
            return ""
        return one_line(decode_words(decode_header_bytes(raw[:1000])), 900).strip('<> "')

    def _parsed_disposition(self) -> tuple[str, dict[str, str]]:
        if self._disposition is None:
            raw = self.fields.get(b"content-disposition")
            self._disposition = parse_parameters(raw) if raw is not None else ("", {})
        return self._disposition


@dataclass(frozen=True, slots=True)
class Skimmed:
    """A message's header fields in order (name as sent, raw value) and its tree."""

    fields: tuple[Field, ...]
    root: Part
    leaves: tuple[Part, ...]
    is_cut: bool
    """A cap was reached: what lies beyond is one part of its own (Part.is_remainder)."""
    is_header_repaired: bool
    """Lines of the header that are no fields were passed over, or fields were found where none should be."""
    is_body_repaired: bool
    """A boundary was guessed or lies, or an encoding that is claimed is not there."""

    @property
    def is_repaired(self) -> bool:
        """Whether anything was put right."""
        return self.is_header_repaired or self.is_body_repaired

    @property
    def is_mail(self) -> bool:
        """Whether the header has a field that mail has, so that a body without a word is just that."""
        return any(name.lower() in MAIN_FIELDS for name, _ in self.fields)

    @property
    def charsets(self) -> tuple[str, ...]:
        """The charsets that stand anywhere in the message: hints for what claims none or lies."""
        found = dict.fromkeys(leaf.charset for leaf in self.leaves[:50] if leaf.charset)
        for name, value in self.fields:
            if name.lower() in _SAID_IN_WORDS:
                found.update(
                    dict.fromkeys(word.decode("ascii") for word in _WORDS_CHARSET.findall(value[:2000]))
                )
        return tuple(found)[:5]

    def hints(self) -> Iterator[str]:
        """`charsets`, looked for only when somebody asks for the first: few letters need them."""
        yield from self.charsets

    def first(self, name: bytes) -> bytes | None:
        """The raw value of the first field called `name` (small letters) that says anything."""
        empty = None
        for found, value in self.fields:
            if found.lower() == name:
                if value.strip():
                    return value
                empty = value
        return empty

    def all(self, name: bytes) -> list[bytes]:
        """The raw values of the fields called `name` (small letters)."""
        return [value for found, value in self.fields if found.lower() == name]


def skim(source: Source, start: int = 0, end: int | None = None) -> Skimmed:
    """The shape of the message in source[start:end]. Raises nothing; time linear in its length."""
    return _Skim(source, start, len(source) if end is None else end).run()


class _Skim:
    def __init__(self, source: Source, start: int, end: int) -> None:
        self.source = source
        self.start = start
        self.end = end
        self.parts_left = MOST_PARTS
        self.candidates_left = _MOST_CANDIDATES
        self.field_bytes_left = _MOST_PART_FIELD_BYTES
        self.scan_left = max(_SCANNED_AT_LEAST, _SCANNED_PER_SOURCE_BYTE * (end - start))
        self.is_cut = False
        self.is_repaired = False
        self.leaves: list[Part] = []

    def run(self) -> Skimmed:
        head = read_head(self.source, self.start, self.end)
        self.is_cut = head.is_cut
        fields = _part_fields(head.fields, _LONGEST_ROOT_FIELD)
        if b"content-type" not in fields:
            guessed = self._guessed_type(head.body)
            if guessed is not None:
                fields[b"content-type"] = guessed
        root = self._part(fields, head.body, self.end, None, "text/plain")
        if root.content_type == "text/plain" and self._is_page(root):
            root.content_type = "text/html"
        self._descend(root, 0)
        return Skimmed(
            tuple(head.fields),
            root,
            tuple(self.leaves),
            self.is_cut,
            head.is_repaired,
            self.is_repaired,
        )

    def _is_page(self, root: Part) -> bool:
        """Whether a message begins as an HTML document without being called one: old scripts send such."""
        beginning = self.source[root.start : min(root.start + 200, root.end)].lstrip()
        return beginning[:1] == b"<" and beginning[:14].lower().startswith((b"<!doctype html", b"<html"))

    def _guessed_type(self, body: int) -> bytes | None:
        """The type of a message that names none and yet begins with a delimiter and a part's header."""
        if _PREAMBLE.match(self.source, body, self.end) is None:
            return None
        guessed = _GUESSED_DELIMITER.search(self.source, body, min(self.end, body + 2000))
        if guessed is None or self.source[guessed.end() : guessed.end() + 8].lower() != b"content-":
            return None
        self.is_repaired = True
        return b'multipart/mixed; boundary="%s"' % guessed[1].replace(b"\\", b"").replace(b'"', b"")

    def _part_fields_at(self, start: int, end: int) -> tuple[dict[bytes, bytes], int]:
        """A part's own few fields (first of each), and where its body begins."""
        source = self.source
        first = source[start] if start < end else 10
        if first == 10:
            return {}, min(start + 1, end)
        if first == 13:
            return {}, min(start + (2 if source[start + 1 : start + 2] == b"\n" else 1), end)
        limit = min(end, start + _MOST_PART_HEADER_BYTES)
        blank = _LINE_OF_BLANKS.search(source, start, limit)
        if blank is not None:
            stop, body = blank.start() + 1, blank.end()
        else:
            stop = body = limit
        found: list[Field] = []
        covered = start - 1
        has_gaps = False
        for match in FIELD.finditer(source, start, stop):
            has_gaps = has_gaps or match.start() > covered + 1
            covered = match.end()
            found.append((match[1], match[2]))
            if len(found) >= MOST_FIELDS:
                break
        else:
            has_gaps = has_gaps or covered + 1 < stop
        if not found:
            return {}, start
        if has_gaps:
            found, body = self._part_fields_with_gaps(start, stop, body)
        elif body == stop and blank is None and limit < end:
            self.is_cut = True
        fields = _part_fields(found)
        self.field_bytes_left -= sum(map(len, fields.values()))
        if self.field_bytes_left < 0:
            self.is_cut = True
            return {b"content-type": b"application/octet-stream"}, body
        return fields, body

    def _part_fields_with_gaps(self, start: int, stop: int, body: int) -> tuple[list[Field], int]:
        """The fields of a part's header in which lines stand that are none."""
        matches = []
        for match in FIELD.finditer(self.source, start, stop):
            matches.append(match)
            if len(matches) >= MOST_FIELDS:
                break
        about_contents = [
            number for number, match in enumerate(matches) if match[1][:8].lower() == b"content-"
        ]
        last = about_contents[-1] if about_contents else -1
        found: list[Field] = []
        covered = start
        for number, match in enumerate(matches):
            if match.start() > covered and (number > last or _ends_in_a_blank(found)):
                return found, covered
            found.append((match[1], match[2]))
            covered = min(match.end() + 1, stop)
        return found, covered if covered < stop else body

    # The tree

    def _part(
        self, fields: dict[bytes, bytes], start: int, end: int, parent: Part | None, default_type: str
    ) -> Part:
        raw_type = fields.get(b"content-type")
        content_type, parameters = (default_type, {}) if raw_type is None else parse_parameters(raw_type)
        if "/" not in content_type:
            content_type = "text/plain"
        raw_encoding = fields.get(b"content-transfer-encoding")
        encoding = "" if raw_encoding is None else _encoding(raw_encoding)
        if encoding == "base64" and content_type[:5] == "text/" and self._is_no_base64(start, end):
            self.is_repaired = True
            encoding = ""
        return Part(content_type, parameters, encoding, fields, start, max(start, end), parent=parent)

    def _is_no_base64(self, start: int, end: int) -> bool:
        """Whether a text that is called base64 is plain: its first words have blanks and signs in them."""
        sample = self.source[start : min(end, start + 400)]
        if not sample.translate(None, _BASE64_LINES):
            # Nothing but letters: words are short and have blanks between them.
            return sample.count(b" ") >= 20 and len(sample) < 20 * len(sample.split())
        return len(sample.translate(None, _BASE64_AND_LINE_ENDS)) * 12 > len(sample)

    def _descend(self, part: Part, depth: int) -> None:
        """Find the children of `part`, or note it as a leaf."""
        self.parts_left -= 1
        if not part.content_type.startswith("multipart/") and not self._is_divided(part):
            self.leaves.append(part)
            return
        length = part.end - part.start
        if depth >= GREATEST_DEPTH or length > self.scan_left:
            self._give_up(part)
            return
        self.scan_left -= length
        boundary = part.parameters.get("boundary", "").encode("utf-8", "replace")
        ranges = self._ranges(part, boundary)
        if not ranges and boundary.rstrip() != boundary:
            ranges = self._ranges(part, boundary.rstrip())
        if not ranges:
            # Something stands behind the boundary on its line; accepted only where nothing stricter is found,
            # because one boundary may begin another.
            ranges = self._ranges(part, boundary, _LOOSE_DELIMITER_END)
            self.is_repaired = self.is_repaired or bool(ranges)
        if not ranges:
            guessed = self._guessed_boundary(part)
            if guessed is not None:
                self.is_repaired = True
                ranges = self._ranges(part, guessed)
        if not ranges:
            # A container without a single delimiter: its body is what the sender wrote.
            self.is_repaired = True
            part.content_type = "text/plain"
            self.leaves.append(part)
            return
        default_type = "message/rfc822" if part.content_type == "multipart/digest" else "text/plain"
        for start, end in ranges:
            if self.parts_left <= 0:
                self._add_remainder(part, start)
                return
            fields, body = self._part_fields_at(start, end)
            child = self._part(fields, body, end, part, default_type)
            part.children.append(child)
            self._descend(child, depth + 1)

    def _is_divided(self, part: Part) -> bool:
        """Whether a text that names a boundary has it: then its type is what is wrong."""
        boundary = part.parameters.get("boundary")
        if not boundary or not part.content_type.startswith("text/"):
            return False
        if not self._ranges(part, boundary.encode("utf-8", "replace")):
            return False
        self.is_repaired = True
        part.content_type = "multipart/mixed"
        return True

    def _guessed_boundary(self, part: Part) -> bytes | None:
        """The line most like a delimiter: before a part's header, said again, closed in the end."""
        limit = min(part.end, part.start + _GUESSED_WITHIN_BYTES)
        candidates: dict[bytes, int] = {}
        for found in _LIKELY_DELIMITER.finditer(self.source, part.start, limit):
            boundary = bytes(found[1])
            if boundary in candidates or boundary.endswith(b"--"):
                continue
            if len(candidates) == _MOST_GUESSES:
                break
            is_before_header = _GUESSED_DELIMITER.match(self.source, found.start(), limit) is not None
            delimiter = b"\n--" + boundary
            again = self.source.find(delimiter, found.end(), limit)
            is_closed = self.source.find(delimiter + b"--", found.end(), limit) >= 0
            candidates[boundary] = 2 * is_before_header + 2 * is_closed + (again >= 0)
        best = max(candidates, key=candidates.__getitem__, default=None)
        return best if best is not None and candidates[best] else None

    def _ranges(
        self, part: Part, boundary: bytes, delimiter_end: re.Pattern[bytes] = _DELIMITER_END
    ) -> list[tuple[int, int]]:
        """Where the children of `part` begin and end, between the lines that are delimiters."""
        if not boundary:
            return []
        source, end = self.source, part.end
        delimiter = b"--" + boundary
        at_line_start = b"\n" + delimiter
        ranges: list[tuple[int, int]] = []
        opened = -1
        # The body's first line may be the delimiter, so the search begins at the line end in front of it.
        position = part.start - 1 if part.start and source[part.start - 1] == 10 else part.start
        if position == part.start and source.startswith(delimiter, part.start):
            line, after = part.start, part.start + len(delimiter)
        else:
            line = source.find(at_line_start, position, end)
            after = line + len(at_line_start)
        while line >= 0:
            ending = delimiter_end.match(source, after, end)
            if ending is None:
                self.candidates_left -= 1
                if self.candidates_left <= 0:
                    self.is_cut = True
                    break
                position = after
            else:
                if opened >= 0:
                    ranges.append((opened, max(opened, _without_line_end(source, opened, line))))
                opened = ending.end()
                if ending[1] is not None:
                    opened = -1
                    break
                if len(ranges) > MOST_PARTS:
                    break
                position = opened - 1
            line = source.find(at_line_start, position, end)
            after = line + len(at_line_start)
        if opened >= 0:  # never closed: the last part runs to the end
            ranges.append((opened, end))
        return ranges

    def _give_up(self, part: Part) -> None:
        self.is_cut = True
        part.content_type = "application/octet-stream"
        part.parameters = {}
        part.encoding = ""
        part.is_remainder = True
        self.leaves.append(part)

    def _add_remainder(self, part: Part, start: int) -> None:
        rest = Part("application/octet-stream", {}, "", {}, start, part.end, parent=part, is_remainder=True)
        self.is_cut = True
        part.children.append(rest)
        self.leaves.append(rest)


def walk(part: Part) -> Iterator[Part]:
    """`part` and everything below it, depth first."""
    yield part
    for child in part.children:
        yield from walk(child)


def _part_fields(fields: list[Field], longest: int = _LONGEST_PART_FIELD) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    for name, value in fields:
        lowered = name.lower()
        if lowered in _PART_FIELDS and (lowered not in found or _says_nothing(lowered, found[lowered])):
            found[lowered] = value[:longest]
    return found


def _says_nothing(name: bytes, value: bytes) -> bool:
    """Whether the first of two equal fields gives way to the second: an empty one, a type that is none."""
    return not value.strip() or (name == b"content-type" and b"/" not in value)


def _ends_in_a_blank(fields: list[Field]) -> bool:
    """Whether the last field's last line is nothing but blanks: a separator that was meant to be empty."""
    if not fields:
        return False
    _, line_end, last = fields[-1][1].rpartition(b"\n")
    return bool(line_end) and not last.strip()


# Spellings of what RFC 2045 6.1 names.
_ENCODINGS = {
    "quoted": "quoted-printable",
    "quotedprintable": "quoted-printable",
    "quoted_printable": "quoted-printable",
    "quoted-printable:": "quoted-printable",
    "quoted-printeable": "quoted-printable",
    "qp": "quoted-printable",
    "base-64": "base64",
    "base_64": "base64",
    "b64": "base64",
    "base64:": "base64",
    "7-bit": "7bit",
    "8-bit": "8bit",
}


def _encoding(raw: bytes) -> str:
    words = raw[:200].split(None, 1)
    word = words[0].decode("ascii", "replace").lower().strip("\"';,") if words else ""
    word = word if word.isprintable() else one_line(word)
    return _ENCODINGS.get(word, word)


def _without_line_end(source: Source, start: int, line_end: int) -> int:
    """The line end before a delimiter belongs to the delimiter (RFC 2046 5.1.1)."""
    return line_end - 1 if line_end > start and source[line_end - 1] == 13 else line_end
