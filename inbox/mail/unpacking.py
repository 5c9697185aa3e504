"""Files that a message holds otherwise than as parts of its own: in winmail.dat, in a text, signed whole.

They are numbered behind the parts that are files, so that a number means the same file in the list and in
the download. What holds them stays a file too, offered as it was sent.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from inbox.mail import charsets
from inbox.mail.bodies import attachment_parts, is_body
from inbox.mail.cms import read_cms
from inbox.mail.fields import one_line
from inbox.mail.skim import Part, Skimmed, skim
from inbox.mail.tnef import Tnef, read_tnef
from inbox.mail.transfer import decoded_prefix
from inbox.mail.uu import MOST_FILES, may_hold_files, take_out_files

LARGEST_CONTAINER_BYTES = 32 * 1024 * 1024
GREATEST_DEPTH = 3
MOST_CONTAINERS = 20
MOST_UNPACKED = 500
# A text is searched from its beginning; where no file begins in that much, none is looked for.
_SEARCHED_BYTES = 256 * 1024

_TNEF_TYPES = frozenset(("application/ms-tnef", "application/vnd.ms-tnef"))
_CMS_TYPES = frozenset(("application/pkcs7-mime", "application/x-pkcs7-mime"))
_TYPES_BY_EXTENSION = {
    "txt": "text/plain",
    "html": "text/html",
    "htm": "text/html",
    "pdf": "application/pdf",
    "zip": "application/zip",
    "png": "image/png",
    "gif": "image/gif",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
    "doc": "application/msword",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xls": "application/vnd.ms-excel",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv",
    "ics": "text/calendar",
    "vcf": "text/vcard",
    "eml": "message/rfc822",
}


@dataclass(frozen=True, slots=True)
class Unpacked:
    """A file out of a container; `holder` is the part that holds it."""

    name: str
    content_type: str
    content: bytes
    holder: Part
    content_id: str = ""


def unpacked_files(source: bytes, skimmed: Skimmed, depth: int = 0) -> Iterator[Unpacked]:
    """The files inside the leaves of a message, in their order, at most MOST_UNPACKED."""
    return islice(_unpacked_files(source, skimmed, depth), MOST_UNPACKED)


def _unpacked_files(source: bytes, skimmed: Skimmed, depth: int) -> Iterator[Unpacked]:
    opened = {id(part) for part in containers(skimmed)}
    for part in skimmed.leaves:
        if id(part) in opened and is_tnef(part):
            found = tnef_of(source, part)
            yield from _of_tnef(found, part) if found is not None else ()
        elif id(part) in opened and depth < GREATEST_DEPTH:
            content = signed_content(source, part)
            yield from _of_signed(content, part, depth) if content else ()
        elif is_body(part) and part.content_type != "text/html":
            yield from _of_text(source, part)


def containers(skimmed: Skimmed) -> list[Part]:
    """The leaves that are opened for what is in them: a few, which nobody sends more of."""
    return list(islice((part for part in skimmed.leaves if is_tnef(part) or is_cms(part)), MOST_CONTAINERS))


def is_tnef(part: Part) -> bool:
    """Whether a leaf is a winmail.dat."""
    return part.content_type in _TNEF_TYPES or (
        part.content_type == "application/octet-stream" and part.name.lower() == "winmail.dat"
    )


def tnef_of(source: bytes, part: Part) -> Tnef | None:
    """What is in a winmail.dat, or None where it is none."""
    return read_tnef(_content(source, part))


def is_cms(part: Part) -> bool:
    """Whether a leaf is a message that S/MIME signed or encrypted whole."""
    return part.content_type in _CMS_TYPES or (
        part.content_type == "application/octet-stream" and part.name.lower().endswith(".p7m")
    )


def signed_content(source: bytes, part: Part) -> bytes | None:
    """The message inside an opaque signature (RFC 8551 3.5.2), or None."""
    return read_cms(_content(source, part)).content


def _content(source: bytes, part: Part) -> bytes:
    return decoded_prefix(source, part.start, part.end, part.encoding, LARGEST_CONTAINER_BYTES)


def _of_tnef(found: Tnef, part: Part) -> Iterator[Unpacked]:
    for file in found.files:
        if file.content:
            content_type = file.content_type if "/" in file.content_type else _type_of(file.name)
            yield Unpacked(
                one_line(file.name, 500),
                one_line(content_type.lower(), 100),
                file.content,
                part,
                one_line(file.content_id, 300).strip("<> "),
            )


def _of_signed(content: bytes, holder: Part, depth: int) -> Iterator[Unpacked]:
    inner = skim(content)
    for part in attachment_parts(inner):
        raw = _content(content, part)
        yield Unpacked(part.name, part.content_type, raw, holder, part.content_id)
    for file in unpacked_files(content, inner, depth + 1):
        yield Unpacked(file.name, file.content_type, file.content, holder, file.content_id)


def _of_text(source: bytes, part: Part) -> Iterator[Unpacked]:
    if part.encoding in ("", "7bit", "8bit", "binary") and source.find(b"begin", part.start, part.end) < 0:
        return
    beginning = decoded_prefix(source, part.start, part.end, part.encoding, _SEARCHED_BYTES)
    if not may_hold_files(beginning):
        return
    _, files = take_out_files(_content(source, part))
    for file in files[:MOST_FILES]:
        name = one_line(charsets.decode_header_bytes(file.name), 300)
        yield Unpacked(name, _type_of(name), file.content, part)


def _type_of(name: str) -> str:
    return _TYPES_BY_EXTENSION.get(name.rpartition(".")[2].lower(), "application/octet-stream")
