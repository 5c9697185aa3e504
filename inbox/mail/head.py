"""The header of a message, however it is damaged: its fields, and where the body begins.

A line that is no field loses only itself. What people and programs do to headers: a banner or SMTP talk in
front, an mbox line, a blank line in the middle, no blank line at the end, two fields on one line, a field
indented, lone carriage returns for line ends. An ordinary header costs one pass of one pattern; the rest is
looked at only where that pass leaves gaps.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

from inbox.mail.transfer import Source

MOST_HEADER_BYTES = 256 * 1024
MOST_FIELDS = 2000
# Behind the cap: a field longer than the first is passed over to its end, and of what follows so much is
# read, so many times.
_LONGEST_AT_THE_CAP = 16 * 1024
_READ_BEHIND_THE_CAP = 64 * 1024
_MOST_PASSED_OVER = 6
# Of a header that can be read only as a copy.
_MOST_COPIED_BYTES = 3 * MOST_HEADER_BYTES

Field = tuple[bytes, bytes]

# One header field with its folded lines (RFC 5322 2.2); blanks before the colon are obsolete syntax (4.5).
# Lines that are no field are simply not matched.
FIELD = re.compile(rb"^([!-9;-~]{1,200})[ \t]*:(.*(?:\n[ \t].*)*)", re.M)
BLANK_LINE = re.compile(rb"\n\r*\n")
_FIELD_END = re.compile(rb"\n(?![ \t])")
_SEPARATOR = re.compile(rb"\r*\n")

# Who has one of these is a message, and not a text with a colon in it.
MAIN_FIELDS = frozenset(
    (b"from", b"subject", b"date", b"to", b"message-id", b"mime-version", b"content-type")
)
_KNOWN_FIELD = re.compile(
    rb"(?:x-|list-|arc-|resent-|content-|original-|old-|dkim-|domainkey-|authentication-|received|return-|"
    rb"delivered-|envelope-|disposition-notification-|auto-|thread-|feedback-).*|"
    rb"from|sender|to|cc|bcc|subject|date|message-id|in-reply-to|references|reply-to|mime-version|user-agent|"
    rb"precedence|importance|priority|sensitivity|organi[sz]ation|comments|keywords|errors-to|autocrypt|lines|"
    rb"newsgroups|path|xref|apparently-to|mailing-list|expires|supersedes|status|encoding|require-recipient-.*",
    re.I,
)
# What smtpd/trace.py puts before every source: ours, and nothing that was sent.
OUR_TRACE = re.compile(rb"Return-Path: <[^\r\n]*>\r\nReceived: [^\r\n]*\r\n\tby [^\r\n]*\r\n\t[^\r\n]*\r\n")

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_LINE_ENDS = re.compile(rb"[\r\n]{1,100}")
_INDENTED_FIELD = re.compile(
    rb"[ \t]{1,100}(?=(?:from|to|subject|date|message-id|mime-version|received):)", re.I
)
_MBOX_LINE = re.compile(rb">?From [^\r\n]*\r*\n?")
# Commands and replies (RFC 5321 4.1, 4.2), for people paste whole sessions.
_TALK = re.compile(
    rb"(?:(?:[2-5]\d\d(?:[ -][^\r\n]*)?|DATA|(?:HELO|EHLO|LHLO) [^\r\n]*|"
    rb"(?:MAIL FROM|RCPT TO):[^\r\n]*|RSET|NOOP)[ \t]*\r*\n){1,100}",
    re.I,
)
# A name with a letter beyond ASCII, but no blank and a capital like a name.
_ODD_FIELDS = re.compile(rb"(?:[A-Z][!-9;-~\x80-\xff]{0,60}-[!-9;-~\x80-\xff]{1,60}[ \t]*:[^\n]*\n?){1,20}")
_ODD_FIELD = re.compile(rb"^([!-9;-~\x80-\xff]{3,122})[ \t]*:([^\r\n]*)", re.M)
_LONE = re.compile(rb"\r(?!\n)")
_LONE_RETURN = re.compile(rb"\r(?=[A-Za-z][A-Za-z-]{0,40}:)")
_NAMES = (
    rb"From|Subject|To|Date|Message-I[Dd]|M[Ii][Mm][Ee]-[Vv]ersion|"
    rb"Content-[Tt]ype|Content-[Tt]ransfer-[Ee]ncoding"
)
# A field glued behind another, or folded though it is none: only names that the header lacks are cut out.
_GLUED = re.compile(rb"(?:\r?\n[ \t]+|(?<=[a-z0-9.)>\"'; \t]))(" + _NAMES + rb")[ \t]{0,3}:(?=[ \t])")
_FOLDED_IN = re.compile(rb"\r?\n[ \t]+(" + _NAMES + rb")[ \t]{0,3}:(?=[ \t])")
_MAY_HOLD_ANOTHER = frozenset((*MAIN_FIELDS, b"cc", b"reply-to", b"sender", b"content-transfer-encoding"))
_LONGEST_GLUED = 4000
_LONGEST_GAP = 2000
_LONGEST_CONTINUED = 64 * 1024


@dataclass(frozen=True, slots=True)
class Head:
    """The fields in order (name as sent, raw value), and where the body begins."""

    fields: list[Field]
    body: int
    is_cut: bool = False
    is_repaired: bool = False


def read_head(source: Source, start: int, end: int) -> Head:
    """The header of the message in source[start:end]; without a single field everything is body."""
    trace = OUR_TRACE.match(source, start, end)
    if trace is None:
        return _sent_head(source, start, end)
    head = _sent_head(source, trace.end(), end)
    ours = _fields(source, start, trace.end())
    return Head(ours + head.fields, head.body, head.is_cut, head.is_repaired)


def _sent_head(source: Source, start: int, end: int) -> Head:
    position = start
    is_marked = source[start : start + 3] == _BYTE_ORDER_MARK
    if is_marked:
        position += 3
    blank = _LINE_ENDS.match(source, position, end)
    if blank is not None:
        position = blank.end()
    indent = _INDENTED_FIELD.match(source, position, end)
    if indent is not None:
        position = indent.end()
    if position > start and source[position - 1] != 10:
        # Something stands in front of the first field on its line: read as if nothing did.
        text = bytes(source[position : min(end, position + _MOST_COPIED_BYTES)])
        head = _head(text, 0, len(text), must_be_known=True)
        if not head.fields:
            return Head([], start, head.is_cut)
        return Head(head.fields, position + head.body, head.is_cut, head.is_repaired or indent is not None)
    head = _head(source, position, end, must_be_known=blank is not None)
    return head if head.fields else replace(head, body=start)


def _head(source: Source, position: int, end: int, *, must_be_known: bool) -> Head:
    block = _Block(source, position, end)
    if not block.fields or (must_be_known and not any(map(_is_known, block.fields))):
        # Not a header at all: everything is text, from the first byte, unless it is talk before a message.
        if block.is_talk and block.body < end:
            head = _sent_head_behind(source, block.body, end)
            if head.fields:
                return Head(head.fields, head.body, head.is_cut, True)
        return Head([], position, block.is_cut)
    fields, body, is_cut, is_repaired = block.fields, block.body, block.is_cut, block.is_repaired
    names = {name.lower() for name, _ in fields}
    if _LONE_RETURN.search(source, position, min(body, position + MOST_HEADER_BYTES)) is not None:
        return _with_lone_returns(source, position, end)
    more = _continued(source, body, end, names)
    if more is not None:
        fields, body, is_repaired = fields + more.fields, more.body, True
        names.update(name.lower() for name, _ in more.fields)
    if not names.issuperset((b"from", b"subject", b"content-type")):
        parted = list(_parted(fields, names))
        is_repaired = is_repaired or len(parted) > len(fields)
        fields = parted
    return Head(fields, body, is_cut, is_repaired)


def _sent_head_behind(source: Source, start: int, end: int) -> Head:
    block = _Block(source, start, end)
    return Head(block.fields, block.body, block.is_cut)


class _Block:
    """The fields from `start` to the blank line, with whatever stands between them."""

    def __init__(self, source: Source, start: int, end: int) -> None:
        self.source = source
        self.start = start
        self.is_cut = self.is_repaired = self.is_talk = False
        limit = min(end, start + MOST_HEADER_BYTES)
        blank = BLANK_LINE.search(source, start, limit)
        if blank is not None:
            stop, self.body = blank.start() + 1, blank.end()
        else:
            stop = self.body = limit
            self.is_cut = limit < end
        self.fields: list[Field] = []
        matches = self._matches(start, stop)
        behind = -1
        if blank is None and limit < end:
            stop, behind = _at_the_cap(source, matches, start, limit, end)
            self.body = stop
        if _has_gaps(matches, start, stop):
            self._take(matches, stop)
        else:
            self.fields = [_field(match) for match in matches]
        if behind >= 0 and self.body == stop:
            self.body = self._take_behind(behind, end)

    def _matches(self, start: int, stop: int) -> list[re.Match[bytes]]:
        found = list(islice(FIELD.finditer(self.source, start, stop), MOST_FIELDS - len(self.fields)))
        if len(self.fields) + len(found) >= MOST_FIELDS:
            self.is_cut = True
        return found

    def _take_behind(self, position: int, end: int) -> int:
        """The fields behind the cap, as far as they are looked for; gives where the body begins."""
        source = self.source
        for _ in range(_MOST_PASSED_OVER):
            limit = min(end, position + _READ_BEHIND_THE_CAP)
            if len(self.fields) >= MOST_FIELDS or FIELD.match(source, position, limit) is None:
                break
            blank = BLANK_LINE.search(source, position, limit)
            matches = self._matches(position, blank.start() + 1 if blank is not None else limit)
            if blank is None and limit < end:
                _, position = _at_the_cap(source, matches, position, limit, end)
            self.fields += map(_field, matches)
            if blank is not None or limit == end:
                return blank.end() if blank is not None else end
        separator = _SEPARATOR.match(source, position, end)
        if separator is None and FIELD.match(source, position, end) is not None:
            separator = BLANK_LINE.search(source, position, end)
        return separator.end() if separator is not None else position

    def _take(self, matches: list[re.Match[bytes]], stop: int) -> None:
        """The fields between which other lines stand, as far as they are a header."""
        covered = self.start
        last_known = _last_known(matches)
        for number, match in enumerate(matches):
            if match.start() > covered:
                is_last = number > last_known and not self._are_odd_fields(covered, match.start())
                if self._ends_at(covered, match.start(), is_last=is_last):
                    self.body = covered if self.fields else self.start
                    return
                self._take_odd_fields(covered, match.start())
                if _MBOX_LINE.fullmatch(self.source, covered, match.start()) is None:
                    self.is_repaired = True
            self.fields.append(_field(match))
            covered = min(match.end() + 1, stop)
        if covered < stop and self.fields and self._are_odd_fields(covered, stop):
            self._take_odd_fields(covered, stop)
            self.is_repaired = True
            covered = stop
        if covered < stop and not self.is_cut:
            talk = _TALK.match(self.source, covered, stop) or _MBOX_LINE.fullmatch(self.source, covered, stop)
            self.is_talk = talk is not None and talk.end() == stop
            if self.fields and not self.is_talk:
                # Lines that are no fields up to the blank line: the separator is missing, and they are the
                # body's.
                self.body = talk.end() if talk is not None else covered

    def _are_odd_fields(self, start: int, end: int) -> bool:
        """Whether the lines are fields but for a letter in their names that none may have."""
        return bool(self.fields) and _ODD_FIELDS.fullmatch(self.source, start, end) is not None

    def _take_odd_fields(self, start: int, end: int) -> None:
        if self._are_odd_fields(start, end):
            self.fields += [
                (bytes(found[1]), bytes(found[2])) for found in _ODD_FIELD.finditer(self.source, start, end)
            ]

    def _ends_at(self, position: int, end: int, *, is_last: bool) -> bool:
        """Whether the header ends with the lines up to `end`, which are no fields."""
        if not self.fields:
            return is_last
        if is_last or _ends_in_a_blank(self.fields):
            return True
        gap = bytes(self.source[position : min(end, position + _LONGEST_GAP)])
        if b"--" not in gap:
            return False
        types = [value for name, value in self.fields if name.lower() == b"content-type"]
        return any(
            len(line) > 2 and line.startswith(b"--") and any(line[2:].strip() in value for value in types)
            for line in gap.split(b"\n")
        )


def _at_the_cap(
    source: Source, matches: list[re.Match[bytes]], start: int, limit: int, end: int
) -> tuple[int, int]:
    """Where the reading of fields stops before `limit`, and where it goes on.

    A field that runs over `limit` is cut and the next one is meant; a short one is taken from `matches`, to
    be read again whole. Else the last whole line is the end.
    """
    runs_over = bool(matches) and matches[-1].end() >= limit - 1
    if runs_over and limit - matches[-1].start() > _LONGEST_AT_THE_CAP:
        ending = _FIELD_END.search(source, limit - 1, end)
        return limit, ending.end() if ending is not None else end
    last_line = max(source.rfind(b"\n", start, limit) + 1, start) or limit
    stop = matches.pop().start() if runs_over else last_line
    return stop, stop


def _has_gaps(matches: list[re.Match[bytes]], start: int, stop: int) -> bool:
    covered = start - 1
    for match in matches:
        if match.start() > covered + 1:
            return True
        covered = match.end()
    return len(matches) < MOST_FIELDS and covered + 1 < stop


def _field(match: re.Match[bytes]) -> Field:
    return bytes(match[1]), bytes(match[2]).rstrip(b"\r")


def _fields(source: Source, start: int, end: int) -> list[Field]:
    return [_field(match) for match in FIELD.finditer(source, start, end)]


def _last_known(matches: list[re.Match[bytes]]) -> int:
    """The number of the last field that a header has; a text's "Note: this" is none. -1 without one."""
    seen: set[bytes] = set()
    last = -1
    for number, match in enumerate(matches):
        name = bytes(match[1]).lower()
        # A second Subject further down is more likely a letter that is quoted.
        if name not in seen and _is_known(match):
            last = number
        if name in MAIN_FIELDS:
            seen.add(name)
    return last


def _is_known(found: Field | re.Match[bytes]) -> bool:
    name = found[0] if isinstance(found, tuple) else found[1]
    return _KNOWN_FIELD.fullmatch(name) is not None


def _ends_in_a_blank(fields: list[Field]) -> bool:
    """Whether the last field's last line is nothing but blanks: a separator that was meant to be empty."""
    _, line_end, last = fields[-1][1].rpartition(b"\n")
    return bool(line_end) and not last.strip()


def _continued(source: Source, body: int, end: int, names: set[bytes]) -> Head | None:
    """More header behind a blank line, where that is what it must be."""
    blank = _LINE_ENDS.match(source, body, min(end, body + 8))
    start = blank.end() if blank is not None else body
    first = FIELD.match(source, start, min(end, start + 4096))
    if first is None:
        return None
    if not names & MAIN_FIELDS:
        # Only trace fields so far: the sender began with an empty line.
        if first[1].lower() not in MAIN_FIELDS:
            return None
        block = _Block(source, start, end)
        return Head(block.fields, block.body) if block.fields else None
    if _KNOWN_FIELD.fullmatch(first[1]) is None:
        return None
    stop = BLANK_LINE.search(source, start, min(end, start + _LONGEST_CONTINUED))
    if stop is None:
        return None
    covered = start - 1
    found: list[Field] = []
    for match in FIELD.finditer(source, start, stop.start() + 1):
        if match.start() > covered + 1 or len(found) > 200:
            return None
        covered = match.end()
        found.append(_field(match))
    more = {name.lower() for name, _ in found}
    # A letter that is forwarded names its sender and subject again; a header torn in two does not.
    if covered + 1 < stop.start() or more & names & MAIN_FIELDS:
        return None
    if not more & {b"content-type", b"mime-version", b"from", b"subject", b"message-id"}:
        return None
    return Head(found, stop.end())


def _parted(fields: list[Field], names: set[bytes]) -> Iterator[Field]:
    """`fields`, and those the header lacks that are found glued to another."""
    for name, value in fields:
        pattern = _GLUED if name.lower() in _MAY_HOLD_ANOTHER else _FOLDED_IN
        start = 0
        if len(value) <= _LONGEST_GLUED:
            for match in pattern.finditer(value):
                glued = match[1].lower()
                if glued not in names:
                    names.add(glued)
                    yield name, value[start : match.start()]
                    name, start = bytes(match[1]), match.end()
        yield name, value[start:] if start else value


def _with_lone_returns(source: Source, start: int, end: int) -> Head:
    """Carriage returns alone end the lines: the header is read with line feeds in their place."""
    lines = _LONE.sub(b"\n", bytes(source[start : min(end, start + _MOST_COPIED_BYTES)]))
    block = _Block(lines, 0, len(lines))
    return Head(block.fields, start + block.body, block.is_cut, True)
