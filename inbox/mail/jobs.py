"""What a worker can be asked for: functions of a source, by name. Pure.

Each takes arguments and the source and gives plain values and bytes. "inside" is where in the source the
message in question is: numbers of files that are messages themselves, the outermost first.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import charset_normalizer  # noqa: F401 - a worker opens no file later on, and reading a letter may ask it

from inbox.mail import html, kinds, parse, previews
from inbox.mail.bodies import attachment_parts
from inbox.mail.links import get_ready, links_of
from inbox.mail.skim import skim
from inbox.mail.summary import finds_of
from inbox.mail.text import text_to_html
from inbox.mail.transfer import Span, decoded_pieces
from inbox.mail.view import FileView, View
from inbox.mail.viewing import structure_parts, view_of

# The list of names under which names are given out.
get_ready()

Result = tuple[dict[str, Any], bytes]
Job = Callable[[dict[str, Any], bytes], Result]

#: A picture inside a letter becomes part of its document, so it is small.
LARGEST_INLINE_BYTES = 2_000_000
#: A larger file is judged by its beginning and its end.
_JUDGED_WHOLE_BYTES = 4_000_000


def open_message(arguments: dict[str, Any], source: bytes) -> Result:
    """The view, where its files and parts are, and the letter's document for a light page.

    "spans" are those of the files, "pieces" those of all parts in the order of View.structure. Files that are
    no parts of the message have none. An empty result: there is no message inside at that place.
    """
    try:
        source = _inside(arguments, source)
    except IndexError:
        return {}, b""
    parsed = parse.read(source)
    framed = _framed(parsed, source, arguments)
    skimmed = skim(source)
    spans = [Span(part.start, part.end, part.encoding) for part in attachment_parts(skimmed)]
    pieces = [Span(part.start, part.end, part.encoding) for part in structure_parts(skimmed)]
    view = _completed(view_of(source, parsed), parsed, framed, source)
    described, document = _described(framed)
    return {"view": view.to_json(), "spans": spans, "pieces": pieces, "frame": described}, document


def frame(arguments: dict[str, Any], source: bytes) -> Result:
    """The letter's document once more, for another kind of page."""
    source = _inside(arguments, source)
    described, document = _described(_framed(parse.read(source), source, arguments))
    return {"frame": described}, document


def file(arguments: dict[str, Any], source: bytes) -> Result:
    """The content of file number "index", or of part number "piece", of the message at "inside"."""
    source = _inside(arguments, source)
    if "index" in arguments:
        return {}, parse.attachment_bytes(source, arguments["index"])
    part = list(structure_parts(skim(source)))[arguments["piece"]]
    return {}, b"".join(decoded_pieces(source, part.start, part.end, part.encoding))


#: The last two are given a file's own bytes, not a message's.
JOBS: dict[str, Job] = {
    "open": open_message,
    "frame": frame,
    "file": file,
    "preview": previews.preview,
    "picture": previews.picture,
}


def _inside(arguments: dict[str, Any], source: bytes) -> bytes:
    """Raises IndexError where there is no message at that place."""
    for index in arguments["inside"]:
        source = parse.inner_source(source, index)
    return source


def _framed(parsed: parse.Parsed, source: bytes, arguments: dict[str, Any]) -> html.Framed | None:
    if not parsed.html:
        return None
    return html.frame(
        parsed.html,
        inline_image=parse.inline_images(source, parsed, LARGEST_INLINE_BYTES),
        nonce=arguments["nonce"],
        dark=bool(arguments.get("dark")),
    )


def _described(framed: html.Framed | None) -> tuple[dict[str, Any] | None, bytes]:
    if framed is None:
        return None, b""
    values = {
        "remote": list(framed.remote),
        "blocked_images": framed.blocked_images,
        "trackers": framed.trackers,
    }
    return values, framed.document.encode("utf-8", "replace")


def _completed(view: View, parsed: parse.Parsed, framed: html.Framed | None, source: bytes) -> View:
    """With what people came for, where its links lead, and what its files are."""
    finds = finds_of(source, parsed.text, parsed.html)
    drawn = _drawn(parsed, framed)
    return replace(
        view,
        code=finds.code,
        verify=finds.verify,
        links=framed.links if framed is not None else links_of(text_to_html(parsed.text)),
        files=tuple(
            replace(_judged(found, source), inline=found.inline and found.index in drawn)
            for found in view.files
        ),
    )


def _drawn(parsed: parse.Parsed, framed: html.Framed | None) -> set[int]:
    """The files that can be seen in the letter. One that it only names, or that no browser draws, is none."""
    drawn: set[int] = set()
    wanted = {parse.content_key(name) for name in framed.drawn} if framed is not None else set()
    for file in parsed.attachments:
        key = parse.content_key(file.content_id)
        # Of several with one name the first small enough is shown (parse.inline_images).
        if file.content_id and file.size_bytes <= LARGEST_INLINE_BYTES and key in wanted:
            wanted.discard(key)
            drawn.add(file.index)
    return drawn


def _judged(found: FileView, source: bytes) -> FileView:
    """The file with what its content says it is."""
    try:
        head, tail = _ends(found, source)
        kind = kinds.describe(found.name, found.content_type, head, tail)
    except Exception:  # a mark that is missing must not take the file away
        return found
    return replace(found, kind=kind.kind, marks=kind.marks, preview=kind.preview)


def _ends(found: FileView, source: bytes) -> tuple[bytes, bytes]:
    """A file's content; of a large one its beginning and its end."""
    pieces = parse.attachment_pieces(source, found.index)
    if found.size_bytes <= _JUDGED_WHOLE_BYTES:
        return b"".join(pieces), b""
    head = b""
    # Pieces may be small, but the last few dozen hold the end.
    last: deque[bytes] = deque(maxlen=64)
    for piece in pieces:
        if len(head) < kinds.HEAD_BYTES:
            head += piece
        last.append(piece)
    return head[: kinds.HEAD_BYTES], b"".join(last)[-kinds.TAIL_BYTES :]
