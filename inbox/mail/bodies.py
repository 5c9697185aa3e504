"""Which parts are the letter and which are files: one answer for the row, the reader and the downloads.

Decided from the structure alone, never from what decoding gives, so that the number of a file is the same in
the list and in the download.
"""

from collections.abc import Iterator

from inbox.mail.skim import Part, Skimmed

# Above this a text is shown from its beginning and offered whole as a file as well.
LARGEST_SHOWN_BYTES = 4 * 1024 * 1024

_READABLE = frozenset(
    (
        "text/plain",
        "text/html",
        "text/enriched",
        "text/richtext",
        "text/markdown",
        "text/x-markdown",
        "text/x-plain",
    )
)


def is_body(part: Part) -> bool:
    """Whether a leaf is part of the letter's text."""
    if part.is_remainder or part.content_type not in _READABLE or part.disposition == "attachment":
        return False
    return part.parent is None or not part.name


def is_attachment(part: Part) -> bool:
    """Whether a leaf is offered as a file."""
    return not is_body(part) or part.end - part.start > LARGEST_SHOWN_BYTES


def is_inline_picture(part: Part) -> bool:
    """Whether a leaf is a picture that the letter shows inside itself (RFC 2392)."""
    if not part.content_type.startswith("image/") or part.disposition == "attachment":
        return False
    return bool(part.content_id) and _is_related(part)


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
