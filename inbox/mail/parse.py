"""From the source to something to show. Whatever arrives opens, at the least as its raw text.

The structure comes from skim.py alone, for the text, the list of files and the download of one of them, so
the three cannot disagree. Should reading fail on a fault of ours, the message opens as its raw text.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from html import unescape
from itertools import islice
from urllib.parse import quote, unquote

from inbox.mail import charsets
from inbox.mail.armour import without_armour
from inbox.mail.bodies import (
    ENRICHED,
    LARGEST_HTML_BYTES,
    LARGEST_TEXT_BYTES,
    attachment_parts,
    is_attachment,
    is_body,
    label_of,
)
from inbox.mail.enriched import text_of_enriched
from inbox.mail.fields import Correspondent, clean_text, decode_field, doubts_of, parse_date, parse_mailboxes
from inbox.mail.flowed import unflowed
from inbox.mail.head import OUR_TRACE
from inbox.mail.html import is_html_showable
from inbox.mail.names import default_file_name, safe_file_name
from inbox.mail.noop import gettext_noop
from inbox.mail.rtf import text_of_rtf
from inbox.mail.skim import Part, Skimmed, skim
from inbox.mail.summary import attachment_name, sender_of
from inbox.mail.tags import all_text, strip_tags
from inbox.mail.text import says_something, text_to_html
from inbox.mail.transfer import decoded_pieces, decoded_prefix, decoded_size, is_damaged_base64
from inbox.mail.unpacking import GREATEST_DEPTH as DEEPEST_SIGNED
from inbox.mail.unpacking import (
    containers,
    is_cms,
    is_tnef,
    signed_content,
    tnef_of,
    unpacked_files,
)
from inbox.mail.uu import text_without_files
from inbox.mail.view import NO_TEXT

# Of HTML without a text beside it, this much is turned into text.
_LONGEST_STRIPPED = 512 * 1024
_LARGEST_INNER_BYTES = 4 * 1024 * 1024
# A message as a file; "news" is what its own type is called in some (RFC 2046 5.2, RFC 6532).
MESSAGE_TYPES = frozenset(("message/rfc822", "message/global", "message/news"))
_RTF_TYPES = frozenset(("text/rtf", "application/rtf"))
_XML_TYPES = frozenset(("text/xml", "application/xml", "application/xhtml+xml"))
_LONGEST_HEADERS_SHOWN = 500
_LONGEST_RECIPIENTS = 4000
_GREATEST_INNER_DEPTH = 5

NOTE_CUT = gettext_noop(
    "This message is too large or too deeply nested to be shown whole. Its source has all of it."
)
NOTE_LONG = gettext_noop("The text was cut. The whole text is among the files.")
NOTE_CHARSET = gettext_noop(
    "The sender did not say, or said wrongly, how the text is encoded. It was guessed."
)
NOTE_REPAIRED = gettext_noop("The structure of this message was damaged and has been repaired.")
NOTE_HEADER = gettext_noop("The header of this message was damaged and has been repaired.")
NOTE_TWICE = gettext_noop(
    "This message says more than once who sent it, when, what it is about or of what type it is. "
    "The first is shown."
)
NOTE_ENCODING = gettext_noop("The text or a file was encoded with mistakes. What could be decoded is shown.")
NOTE_HTML = gettext_noop("The formatted view was too large or too deeply nested. Its text is shown.")
NOTE_TEXT = gettext_noop("The text view shows the beginning of this message only.")
NOTE_RAW = gettext_noop("This message could not be read. It is shown as it was sent.")
NOTE_INNER = gettext_noop("This message has no text of its own. The text of the message inside it is shown.")


@dataclass(frozen=True, slots=True)
class Attachment:
    """One file of a message; `index` is what attachment_pieces() takes."""

    index: int
    name: str
    content_type: str
    size_bytes: int
    content_id: str
    """By this the letter shows it inside itself (content_key())."""
    inline: bool
    """The letter does show it."""
    derived: bool = False
    """It is no part of the message: it was taken out of another file, or out of the text (unpacking.py)."""
    unpacked: bool = False
    """What it holds is shown, or listed as files of their own."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """A message ready to be shown. `html` is still the sender's: frame_document() makes it fit to show."""

    sender: Correspondent
    recipients: str
    cc: str
    subject: str
    date: datetime | None
    headers: tuple[tuple[str, str], ...]
    text: str
    html: str
    attachments: tuple[Attachment, ...]
    notes: tuple[str, ...]


def read(source: bytes) -> Parsed:
    """The message in `source`. Never raises, and `text` is never empty."""
    try:
        return _read(source)
    except Exception:  # the reader must open whatever was accepted; a fault of ours costs the comfort only
        return _raw(source)


def attachment_pieces(source: bytes, index: int) -> Iterator[bytes]:
    """The decoded bytes of file number `index` of read(), in pieces of at most 256 KiB.

    Raises IndexError (at the call, not at the first piece) when there is no such file.
    """
    return _file(source, index)[1]


def attachment_bytes(source: bytes, index: int) -> bytes:
    """The same, whole."""
    return b"".join(attachment_pieces(source, index))


def inner_source(source: bytes, index: int) -> bytes:
    """The message that file number `index` is, as a source of its own. Raises IndexError where it is none."""
    content_type, pieces = _file(source, index)
    if content_type not in MESSAGE_TYPES:
        raise IndexError(index)
    return b"".join(pieces)


def _file(source: bytes, index: int) -> tuple[str, Iterator[bytes]]:
    skimmed = skim(source)
    count = 0
    for part in attachment_parts(skimmed):
        if count == index:
            return part.content_type, decoded_pieces(source, part.start, part.end, part.encoding)
        count += 1
    for file in unpacked_files(source, skimmed) if index >= count else ():
        if count == index:
            return file.content_type, decoded_pieces(file.content, 0, len(file.content), "")
        count += 1
    raise IndexError(index)


def content_key(reference: str) -> str:
    """What two spellings of one Content-ID have in common: brackets, escapes and case are not part of it."""
    return unquote(reference.strip()).strip("<> \t").casefold()


def inline_images(
    source: bytes, parsed: Parsed, largest_bytes: int
) -> Callable[[str], tuple[str, bytes] | None]:
    """What gives the declared type and the bytes of a file that a letter refers to by `cid:`, however spelt.

    None for what there is not, or is larger than `largest_bytes`. The source is taken apart once for all.
    """
    files: dict[str, Attachment] = {}
    for file in parsed.attachments:
        if file.content_id and file.size_bytes <= largest_bytes:
            files.setdefault(content_key(file.content_id), file)
    skimmed = skim(source) if files else None
    parts = list(attachment_parts(skimmed)) if skimmed is not None else []
    unpacked: list[bytes] = []

    def image(reference: str) -> tuple[str, bytes] | None:
        file = files.get(content_key(reference))
        if file is None or skimmed is None:
            return None
        if not file.derived:
            part = parts[file.index]
            return file.content_type, b"".join(decoded_pieces(source, part.start, part.end, part.encoding))
        if not unpacked:
            unpacked.extend(one.content for one in unpacked_files(source, skimmed))
        return file.content_type, unpacked[file.index - len(parts)]

    return image


@dataclass(slots=True)
class _Block:
    """A stretch of the letter: its text, its HTML, or both where they are alternatives of each other.

    A text that says nothing is "".
    """

    text: str = ""
    html: str = ""


class _Notes:
    def __init__(self) -> None:
        self._found: dict[str, None] = {}

    def add(self, note: str) -> None:
        self._found[note] = None

    def all(self) -> tuple[str, ...]:
        return tuple(self._found)


def _read(source: bytes) -> Parsed:
    skimmed = skim(source)
    notes = _Notes()
    if skimmed.is_cut:
        notes.add(NOTE_CUT)
    if skimmed.is_body_repaired:
        notes.add(NOTE_REPAIRED)
    if skimmed.is_header_repaired:
        notes.add(NOTE_HEADER)
    if any(_is_said_twice(skimmed.all(name)) for name in _SAID_ONCE):
        notes.add(NOTE_TWICE)
    text, html = _letter(source, skimmed, notes, 0)
    if html and not is_html_showable(html):
        notes.add(NOTE_HTML)
        html = ""
    html = _with_pictures_by_location(html, skimmed)
    attachments = tuple(_attachments(source, skimmed, html))
    if any(_is_damaged(source, part) for part in skimmed.leaves):
        notes.add(NOTE_ENCODING)
    if not says_something(text):
        text = _text_of_last_resort(source, skimmed, attachments)
    _add_doubts(skimmed, notes)
    raw_subject = skimmed.first(b"subject")
    raw_date = skimmed.first(b"date")
    return Parsed(
        sender=sender_of(skimmed),
        recipients=_recipients(skimmed, b"to"),
        cc=_recipients(skimmed, b"cc"),
        subject=decode_field(raw_subject, hints=skimmed.hints()) if raw_subject is not None else "",
        date=parse_date(raw_date) if raw_date is not None else None,
        headers=tuple(
            (decode_field(name, 200), decode_field(value, 4000, skimmed.hints()))
            for name, value in skimmed.fields[:_LONGEST_HEADERS_SHOWN]
        ),
        text=text,
        html=html,
        attachments=attachments,
        notes=notes.all(),
    )


_SAID_IN_WORDS = (b"from", b"to", b"cc", b"subject")


def _add_doubts(skimmed: Skimmed, notes: _Notes) -> None:
    """What was guessed of the lines above the letter."""
    for name in _SAID_IN_WORDS:
        doubts = doubts_of(skimmed.first(name) or b"")
        if doubts.charset:
            notes.add(NOTE_CHARSET)
        if doubts.encoding:
            notes.add(NOTE_ENCODING)


_SAID_ONCE = (b"from", b"subject", b"content-type", b"date")


def _is_said_twice(values: list[bytes]) -> bool:
    return len({value.strip() for value in values}) > 1


def _is_damaged(source: bytes, part: Part) -> bool:
    return part.encoding == "base64" and is_damaged_base64(source, part.start, part.end)


def _attachments(source: bytes, skimmed: Skimmed, html: str) -> Iterator[Attachment]:
    referred = _referred(html)
    unpacked = list(unpacked_files(source, skimmed))
    holders = {id(file.holder) for file in unpacked}
    signed = {id(part) for part in containers(skimmed) if is_cms(part)}
    number = 0
    for part in attachment_parts(skimmed):
        content_id = part.content_id or part.content_location
        yield Attachment(
            index=number,
            name=attachment_name(part, number + 1),
            content_type=part.content_type,
            size_bytes=decoded_size(source, part.start, part.end, part.encoding),
            content_id=content_id,
            inline=_is_shown_inside(part.content_type, content_id, referred),
            unpacked=id(part) in holders or (id(part) in signed and bool(signed_content(source, part))),
        )
        number += 1
    for file in unpacked:
        yield Attachment(
            index=number,
            name=safe_file_name(file.name) if file.name else default_file_name(file.content_type, number + 1),
            content_type=file.content_type,
            size_bytes=len(file.content),
            content_id=file.content_id,
            inline=_is_shown_inside(file.content_type, file.content_id, referred),
            derived=True,
        )
        number += 1


_REFERENCE = re.compile(r"""cid:([^"'\s<>)\\]{1,900})""", re.I)
_MOST_REFERENCES = 1000
_MOST_LOCATIONS = 50


def _referred(html: str) -> set[str]:
    """The keys of what the letter shows inside itself."""
    return {content_key(unescape(match[1])) for match in islice(_REFERENCE.finditer(html), _MOST_REFERENCES)}


def _is_shown_inside(content_type: str, content_id: str, referred: set[str]) -> bool:
    if not content_id or not content_type.startswith(("image/", "application/octet-stream")):
        return False
    return content_key(content_id) in referred


def _with_pictures_by_location(html: str, skimmed: Skimmed) -> str:
    """`html` in which pictures that it names by Content-Location (RFC 2557) are named like all others."""
    if not html:
        return html
    located = (part.content_location for part in skimmed.leaves if not part.content_id)
    for location in islice(filter(None, located), _MOST_LOCATIONS):
        named = "cid:" + quote(location, safe="")
        for mark in "\"'":
            html = html.replace(f"{mark}{location}{mark}", f"{mark}{named}{mark}")
    return html


def _recipients(skimmed: Skimmed, name: bytes) -> str:
    raw = skimmed.first(name)
    if raw is None:
        return ""
    joined = ", ".join(map(str, parse_mailboxes(raw, hints=skimmed.hints())))
    return joined if len(joined) <= _LONGEST_RECIPIENTS else joined[:_LONGEST_RECIPIENTS].rstrip(", ") + "…"


# The letter


def _letter(source: bytes, skimmed: Skimmed, notes: _Notes, inner_depth: int) -> tuple[str, str]:
    """Text and HTML of the letter; HTML is "" where the sender wrote none."""
    reading = _Reading(source, skimmed, notes)
    blocks = [block for block in reading.blocks(skimmed.root) if block.text or block.html]
    if not blocks:
        blocks = list(_letters_in_files(source, skimmed))
    if not blocks:
        blocks = [block for block in reading.named_texts(skimmed) if block.text or block.html]
    if not blocks:
        blocks = [block for block in reading.other_texts(skimmed) if block.text]
    if not blocks:
        inner = _inner_message(source, skimmed, notes, inner_depth)
        return inner if inner is not None else ("", "")
    if any(len(block.html) > _LONGEST_STRIPPED and not block.text for block in blocks):
        notes.add(NOTE_TEXT)
    text = "\n\n".join(block.text or _text_of(block.html) for block in blocks).strip("\n")
    if not any(block.html for block in blocks):
        return text, ""
    html = "\n".join(block.html or _as_html(block.text) for block in blocks)
    return text, html


def _letters_in_files(source: bytes, skimmed: Skimmed) -> Iterator[_Block]:
    """The letter in a winmail.dat, for a message that has no other."""
    for part in containers(skimmed):
        found = tnef_of(source, part) if is_tnef(part) else None
        if found is not None and (says_something(found.text) or found.html.strip()):
            text = clean_text(found.text).strip("\n")
            yield _Block(text if says_something(text) else "", clean_text(found.html))


def _text_of(html: str) -> str:
    html = html[:_LONGEST_STRIPPED]
    return strip_tags(html) or all_text(html)


def _as_html(text: str) -> str:
    return f'<div style="white-space: pre-wrap">{text_to_html(text)}</div>'


class _Reading:
    """The text parts of one message, decoded under one cap together."""

    def __init__(self, source: bytes, skimmed: Skimmed, notes: _Notes, depth: int = 0) -> None:
        self.source = source
        self.skimmed = skimmed
        self.notes = notes
        self.depth = depth
        self.opened = {id(part) for part in containers(skimmed)}
        self.text_bytes_left = LARGEST_TEXT_BYTES
        self.html_bytes_left = LARGEST_HTML_BYTES

    def blocks(self, part: Part) -> Iterator[_Block]:
        """The letter below `part`, in order."""
        if not part.is_multipart:
            if is_body(part):
                yield self._leaf(part)
            elif id(part) in self.opened and is_cms(part):
                yield from self._signed(part)
        elif part.content_type == "multipart/alternative":
            yield from self._alternatives(part)
        else:
            for child in part.children:
                yield from self.blocks(child)

    def named_texts(self, skimmed: Skimmed) -> Iterator[_Block]:
        """Texts that have a name and yet are meant to be read, for a message that has no others."""
        for part in skimmed.leaves:
            is_sent_to_be_kept = part.disposition == "attachment" and part.name
            if part.content_type in ("text/plain", "text/html") and not is_sent_to_be_kept:
                yield self._leaf(part)

    def other_texts(self, skimmed: Skimmed) -> Iterator[_Block]:
        """Texts that no mailer writes its letters in, for a message that has no others; they stay files."""
        for part in skimmed.leaves:
            is_sent_to_be_kept = part.disposition == "attachment" and part.name
            if part.content_type not in _RTF_TYPES | _XML_TYPES or is_sent_to_be_kept:
                continue
            raw = decoded_prefix(self.source, part.start, part.end, part.encoding, self.text_bytes_left)
            self.text_bytes_left -= len(raw)
            if self.text_bytes_left <= 0:
                self.notes.add(NOTE_LONG)
            if part.content_type in _RTF_TYPES:
                text = text_of_rtf(raw.decode("latin-1").lstrip())
            else:
                label = part.charset or charsets.declared_in_html(raw)
                text, _ = charsets.decode(raw, label, cut=True, hints=self.skimmed.hints(), thorough=True)
                # An element is a word of its own where nobody knows which of them are lines.
                text = _text_of(text) if "<html" in text[:1000].lower() else all_text(text)
            text = clean_text(text).strip("\n")
            yield _Block(text=text if says_something(text) else "")

    def _alternatives(self, part: Part) -> Iterator[_Block]:
        """One letter said several times (RFC 2046 5.1.4): its first text and its last HTML are taken."""
        chosen = _Block()
        for child in part.children:
            found = list(self.blocks(child))
            text = "\n\n".join(block.text for block in found if block.text)
            html = "\n".join(block.html for block in found if block.html)
            # Several plain versions: the first is what the others are alternatives to.
            chosen.text = chosen.text or text
            chosen.html = html or chosen.html
        yield chosen

    def _signed(self, part: Part) -> Iterator[_Block]:
        content = signed_content(self.source, part) if self.depth < DEEPEST_SIGNED else None
        if content:
            inner = skim(content)
            reading = _Reading(content, inner, self.notes, self.depth + 1)
            reading.text_bytes_left, reading.html_bytes_left = self.text_bytes_left, self.html_bytes_left
            yield from reading.blocks(inner.root)
            self.text_bytes_left, self.html_bytes_left = reading.text_bytes_left, reading.html_bytes_left

    def _leaf(self, part: Part) -> _Block:
        is_html = part.content_type == "text/html"
        left = self.html_bytes_left if is_html else self.text_bytes_left
        raw = decoded_prefix(self.source, part.start, part.end, part.encoding, left)
        is_cut = len(raw) >= left
        if is_cut:
            self.notes.add(NOTE_LONG if is_attachment(part) else NOTE_CUT)
        if not is_html:
            raw = text_without_files(raw)
        text, is_guessed = charsets.decode(
            raw, label_of(part, raw), cut=is_cut, hints=self.skimmed.hints(), thorough=True
        )
        if is_guessed:
            self.notes.add(NOTE_CHARSET)
        text = clean_text(text)
        if is_html:
            self.html_bytes_left -= len(raw)
            return _Block(html=text) if text.strip() else _Block()
        self.text_bytes_left -= len(raw)
        if part.parent is None and _looks_like_html(text):
            return _Block(html=text)
        if part.parameters.get("format", "").lower() == "flowed":
            text = unflowed(text, is_delsp=part.parameters.get("delsp", "").lower() == "yes")
        if part.content_type in ENRICHED:
            text = text_of_enriched(text)
        return _Block(text=without_armour(text).strip("\n") if says_something(text) else "")


def _looks_like_html(text: str) -> bool:
    """A message without MIME that begins as an HTML document: old scripts send such."""
    return text[:200].lstrip().lower().startswith(("<!doctype html", "<html"))


def _inner_message(
    source: bytes, skimmed: Skimmed, notes: _Notes, inner_depth: int
) -> tuple[str, str] | None:
    """The letter of the first message inside this one, for a forward without a word of its own."""
    if inner_depth >= _GREATEST_INNER_DEPTH:
        return None
    for part in skimmed.leaves:
        if part.content_type not in MESSAGE_TYPES and part.content_type != "message/partial":
            continue
        inner_source = decoded_prefix(source, part.start, part.end, part.encoding, _LARGEST_INNER_BYTES)
        inner = skim(inner_source)
        text, html = _letter(inner_source, inner, notes, inner_depth + 1)
        if says_something(text):
            notes.add(NOTE_INNER)
            return text, html
    return None


def _text_of_last_resort(source: bytes, skimmed: Skimmed, attachments: tuple[Attachment, ...]) -> str:
    if attachments or skimmed.is_mail:
        return NO_TEXT
    return _raw_text(source)


def _raw(source: bytes) -> Parsed:
    return Parsed(
        sender=Correspondent("", ""),
        recipients="",
        cc="",
        subject="",
        date=None,
        headers=(),
        text=_raw_text(source),
        html="",
        attachments=(),
        notes=(NOTE_RAW,),
    )


def _raw_text(source: bytes) -> str:
    trace = OUR_TRACE.match(source)
    start = trace.end() if trace is not None else 0
    raw = bytes(source[start : start + LARGEST_TEXT_BYTES])
    text = clean_text(charsets.decode(raw, "", cut=True, thorough=True)[0])
    return text if says_something(text) else NO_TEXT
