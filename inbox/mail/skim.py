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

from inbox.mail.fields import decode_words, one_line, parse_parameters
from inbox.mail.transfer import Source

MOST_HEADER_BYTES = 256 * 1024
MOST_PARTS = 1000
GREATEST_DEPTH = 100
_MOST_PART_HEADER_BYTES = 64 * 1024
_MOST_FIELDS = 2000
# Of one field of a part, and of those of all parts together: reading parameters costs more than finding
# lines.
_LONGEST_PART_FIELD = 4 * 1024
_MOST_PART_FIELD_BYTES = 512 * 1024
# Lines that begin like a boundary and are none; a message of nothing else must not cost a Python step for
# each.
_MOST_CANDIDATES = 20_000
_SCANNED_PER_SOURCE_BYTE = 8
_SCANNED_AT_LEAST = 16 * 1024 * 1024

# One header field with its folded lines (RFC 5322 2.2); blanks before the colon are obsolete syntax (4.5).
# Lines that are no field are simply not matched, so one bad line loses only itself.
_FIELD = re.compile(rb"^([!-9;-~]{1,200})[ \t]*:(.*(?:\n[ \t].*)*)", re.M)
_BLANK_LINE = re.compile(rb"\n\r*\n")
_LEADING_LINE_ENDS = re.compile(rb"[\r\n]{1,100}")
_DELIMITER_END = re.compile(rb"(--)?[ \t]*\r*(?:\n|\Z)")
_LOOSE_DELIMITER_END = re.compile(rb"(--)?(?:[ \t][^\n]*)?(?:\n|\Z)")
_GUESSED_DELIMITER = re.compile(rb"^--([^\r\n]{1,200}?)[ \t]*\r*$", re.M)
_MAIN_FIELDS = frozenset(
    (b"from", b"subject", b"date", b"to", b"message-id", b"mime-version", b"content-type")
)
_PART_FIELDS = frozenset(
    (
        b"content-type",
        b"content-transfer-encoding",
        b"content-disposition",
        b"content-id",
    )
)

Field = tuple[bytes, bytes]


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
        return words[0].partition("(")[0] if words else ""

    @property
    def disposition(self) -> str:
        """Content-Disposition's value in small letters, or ""."""
        return self._parsed_disposition()[0]

    @property
    def name(self) -> str:
        """The declared file name as the sender wrote it, decoded and in one line; not yet safe for a disk."""
        name = self._parsed_disposition()[1].get("filename") or self.parameters.get("name") or ""
        return one_line(decode_words(name), 500) if name else ""

    @property
    def content_id(self) -> str:
        """Content-ID without its brackets (RFC 2392)."""
        raw = self.fields.get(b"content-id")
        if raw is None:
            return ""
        return one_line(raw[:1000].decode("utf-8", "replace"), 300).strip("<> ")

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
    is_repaired: bool
    """A boundary was guessed, or lines in the header that are none were passed over."""

    @property
    def is_mail(self) -> bool:
        """Whether the header has a field that mail has, so that a body without a word is just that."""
        return any(name.lower() in _MAIN_FIELDS for name, _ in self.fields)

    def first(self, name: bytes) -> bytes | None:
        """The raw value of the first field called `name` (small letters)."""
        for found, value in self.fields:
            if found.lower() == name:
                return value
        return None


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
        fields, body = self._message_fields()
        root = self._part(_part_fields(fields), body, self.end, None, "text/plain")
        self._descend(root, 0)
        return Skimmed(tuple(fields), root, tuple(self.leaves), self.is_cut, self.is_repaired)

    # The header

    def _message_fields(self) -> tuple[list[Field], int]:
        fields: list[Field] = []
        position = self.start
        blank = _LEADING_LINE_ENDS.match(self.source, position, self.end)
        if blank is not None:
            position = blank.end()
        while True:
            found, body = self._field_block(position, MOST_HEADER_BYTES)
            if not found:
                # Not a header at all: everything is text, from the first byte.
                return fields, position if fields else self.start
            fields += found
            names = {name.lower() for name, _ in fields}
            if names & _MAIN_FIELDS or not self._continues(body):
                return fields, body
            # Only trace fields so far and more header behind the blank line: the sender began with an empty
            # line.
            self.is_repaired = True
            position = body

    def _continues(self, body: int) -> bool:
        match = _FIELD.match(self.source, body, min(self.end, body + 4096))
        return match is not None and match[1].lower() in _MAIN_FIELDS

    def _field_block(self, start: int, most_bytes: int) -> tuple[list[Field], int]:
        """The fields from `start` to the blank line, and where the body begins."""
        source, end = self.source, self.end
        limit = min(end, start + most_bytes)
        blank = _BLANK_LINE.search(source, start, limit)
        if blank is not None:
            stop, body = blank.start() + 1, blank.end()
        elif limit < end:
            # No blank line under the cap: the header ends with the last whole line, the rest is body.
            stop = body = max(source.rfind(b"\n", start, limit) + 1, start) or limit
            self.is_cut = True
        else:
            stop = body = end
        fields: list[Field] = []
        covered = start
        for match in _FIELD.finditer(source, start, stop):
            if match.start() > covered + 1:
                if _ends_in_a_blank(fields):
                    return fields, covered + 1
                self.is_repaired = self.is_repaired or start == self.start
            fields.append((bytes(match[1]), bytes(match[2]).rstrip(b"\r")))
            covered = match.end()
            if len(fields) >= _MOST_FIELDS:
                self.is_cut = True
                return fields, body
        if fields and covered + 1 < stop:
            # Lines that are no fields up to the blank line: the separator is missing, and they are the
            # body's.
            return fields, covered + 1
        return fields, body

    def _part_fields_at(self, start: int, end: int) -> tuple[dict[bytes, bytes], int]:
        """A part's own few fields (first of each), and where its body begins."""
        source = self.source
        first = source[start] if start < end else 10
        if first == 10:
            return {}, min(start + 1, end)
        if first == 13:
            return {}, min(start + (2 if source[start + 1 : start + 2] == b"\n" else 1), end)
        limit = min(end, start + _MOST_PART_HEADER_BYTES)
        blank = _BLANK_LINE.search(source, start, limit)
        if blank is not None:
            stop, body = blank.start() + 1, blank.end()
        else:
            stop = body = limit
        found: list[Field] = []
        covered = start
        for match in _FIELD.finditer(source, start, stop):
            covered = match.end()
            found.append((match[1], match[2]))
            if len(found) >= _MOST_FIELDS:
                break
        if not found:
            return {}, start
        if blank is None and limit == end and covered + 1 < stop:
            body = covered + 1
        fields = _part_fields(found)
        self.field_bytes_left -= sum(map(len, fields.values()))
        if self.field_bytes_left < 0:
            self.is_cut = True
            return {b"content-type": b"application/octet-stream"}, body
        return fields, body

    # The tree

    def _part(
        self, fields: dict[bytes, bytes], start: int, end: int, parent: Part | None, default_type: str
    ) -> Part:
        raw_type = fields.get(b"content-type")
        content_type, parameters = (default_type, {}) if raw_type is None else parse_parameters(raw_type)
        if "/" not in content_type:
            content_type = "text/plain"
        raw_encoding = fields.get(b"content-transfer-encoding")
        encoding = "" if raw_encoding is None else _first_word(raw_encoding)
        return Part(content_type, parameters, encoding, fields, start, max(start, end), parent=parent)

    def _descend(self, part: Part, depth: int) -> None:
        """Find the children of `part`, or note it as a leaf."""
        self.parts_left -= 1
        if not part.content_type.startswith("multipart/"):
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
            guessed = _GUESSED_DELIMITER.search(self.source, part.start, min(part.end, part.start + 65536))
            if guessed is not None:
                self.is_repaired = True
                ranges = self._ranges(part, bytes(guessed[1]))
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


def _part_fields(fields: list[Field]) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    for name, value in fields:
        lowered = name.lower()
        if lowered in _PART_FIELDS and lowered not in found:
            found[lowered] = value[:_LONGEST_PART_FIELD]
    return found


def _ends_in_a_blank(fields: list[Field]) -> bool:
    """Whether the last field's last line is nothing but blanks: a separator that was meant to be empty."""
    if not fields:
        return False
    _, line_end, last = fields[-1][1].rpartition(b"\n")
    return bool(line_end) and not last.strip()


def _first_word(raw: bytes) -> str:
    words = raw[:200].split(None, 1)
    return words[0].decode("ascii", "replace").lower().strip("\"';") if words else ""


def _without_line_end(source: Source, start: int, line_end: int) -> int:
    """The line end before a delimiter belongs to the delimiter (RFC 2046 5.1.1)."""
    return line_end - 1 if line_end > start and source[line_end - 1] == 13 else line_end
