"""Which parts are the letter and which are files: one answer for the row, the reader and the downloads.

Decided from the structure alone, never from what decoding gives, so that the number of a file is the same in
the list and in the download.
"""

from collections.abc import Iterator

from inbox.mail.charsets import codec_for, declared_in_html
from inbox.mail.skim import Part, Skimmed

# Above this a text is shown from its beginning and offered whole as a file as well.
LARGEST_TEXT_BYTES = 1024 * 1024
LARGEST_HTML_BYTES = 3 * 1024 * 1024

#: Texts with commands in angle brackets, older than HTML.
ENRICHED = frozenset(("text/enriched", "text/richtext"))
# Texts that are files: data for a program, not a letter.
_TEXT_FILES = frozenset(
    """
    text/calendar text/css text/csv text/directory text/ecmascript text/javascript text/rfc822-headers
    text/rtf text/sgml text/tab-separated-values text/vcard text/vtt text/x-amp-html text/x-vcalendar
    text/x-vcard text/xml
    """.split()  # noqa: SIM905
)


def is_body(part: Part) -> bool:
    """Whether a leaf is part of the letter's text."""
    if part.is_remainder or part.disposition == "attachment":
        return False
    # A text of a kind that nobody knows is plain text (RFC 2046 4.1.4).
    if not part.content_type.startswith("text/") or part.content_type in _TEXT_FILES:
        return False
    return part.parent is None or not part.name


def is_attachment(part: Part) -> bool:
    """Whether a leaf is offered as a file."""
    if part.content_type == "text/x-amp-html" and part.parent is not None:
        # A third way to say the same letter, for programs that run it. Nobody misses it.
        return part.parent.content_type != "multipart/alternative"
    largest = LARGEST_HTML_BYTES if part.content_type == "text/html" else LARGEST_TEXT_BYTES
    return not is_body(part) or part.end - part.start > largest


def is_inline_picture(part: Part) -> bool:
    """Whether a leaf is a picture that the letter can show inside itself (RFC 2392, RFC 2557)."""
    if not part.content_type.startswith("image/") or part.disposition == "attachment":
        return False
    return bool(part.content_id or part.content_location) and _is_related(part)


def label_of(part: Part, raw: bytes) -> str:
    """The charset that a text claims; `raw` is its decoded beginning, in which HTML may say it itself."""
    claimed = part.charset
    if part.content_type == "text/html" and codec_for(claimed) in ("", "ascii"):
        return declared_in_html(raw) or claimed
    return claimed


def body_parts(skimmed: Skimmed) -> Iterator[Part]:
    """The leaves that are text of the letter, in order."""
    return (part for part in skimmed.leaves if is_body(part))


def attachment_parts(skimmed: Skimmed) -> Iterator[Part]:
    """The leaves that are files, in order; a file's index is its place here, from zero."""
    return (part for part in skimmed.leaves if is_attachment(part))


def _is_related(part: Part) -> bool:
    parent = part.parent
    while parent is not None:
        if parent.content_type == "multipart/related":
            return True
        parent = parent.parent
    return False
