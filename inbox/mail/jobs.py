"""What a worker can be asked for: functions of a source, by name. Pure.

Each takes arguments and the source and gives plain values and bytes. "inside" is where in the source the
message in question is: numbers of files that are messages themselves, the outermost first.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import charset_normalizer  # noqa: F401 - a worker opens no file later on, and reading a letter may ask it

from inbox.mail import parse, previews
from inbox.mail.bodies import attachment_parts
from inbox.mail.html import frame_document
from inbox.mail.skim import skim
from inbox.mail.view import FileView, View

Result = tuple[dict[str, Any], bytes]
Job = Callable[[dict[str, Any], bytes], Result]

#: A picture inside a letter becomes part of its document, so it is small.
LARGEST_INLINE_BYTES = 2_000_000


class Span(NamedTuple):
    """Where in its source a file is: source[start:end], encoded as `encoding` says."""

    start: int
    end: int
    encoding: str


def open_message(arguments: dict[str, Any], source: bytes) -> Result:
    """The view, where its files are, and the letter's document for a light page."""
    parsed = parse.read(source)
    described, document = _framed(parsed, source, arguments)
    spans = [Span(part.start, part.end, part.encoding) for part in attachment_parts(skim(source))]
    return {"view": _view(parsed).to_json(), "spans": spans, "frame": described}, document


def frame(arguments: dict[str, Any], source: bytes) -> Result:
    """The letter's document once more, for another kind of page."""
    described, document = _framed(parse.read(source), source, arguments)
    return {"frame": described}, document


#: The last two are given a file's own bytes, not a message's.
JOBS: dict[str, Job] = {
    "open": open_message,
    "frame": frame,
    "preview": previews.preview,
    "picture": previews.picture,
}


def _framed(
    parsed: parse.Parsed, source: bytes, arguments: dict[str, Any]
) -> tuple[dict[str, Any] | None, bytes]:
    if not parsed.html:
        return None, b""
    pictures = {part.content_id: part for part in parsed.attachments if part.content_id}

    def inline_image(content_id: str) -> tuple[str, bytes] | None:
        part = pictures.get(content_id)
        if part is None or part.size_bytes > LARGEST_INLINE_BYTES:
            return None
        return part.content_type, b"".join(parse.attachment_pieces(source, part.index))

    document = frame_document(parsed.html, inline_image=inline_image)
    return {"remote": [], "blocked_images": 0, "trackers": 0}, document.encode()


def _view(parsed: parse.Parsed) -> View:
    return View(
        subject=parsed.subject,
        sender_name=parsed.sender.name,
        sender_address=parsed.sender.address,
        recipients=parsed.recipients,
        cc=parsed.cc,
        date=parsed.date.isoformat() if parsed.date else "",
        text=parsed.text,
        has_html=bool(parsed.html),
        notes=parsed.notes,
        files=tuple(
            FileView(part.index, part.name, part.content_type, part.size_bytes, part.inline)
            for part in parsed.attachments
        ),
        headers=parsed.headers,
    )
