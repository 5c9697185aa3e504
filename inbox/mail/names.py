"""File names that a sender chose, made fit for a disk, a header and a page."""

import re

from inbox.mail.fields import one_line

LONGEST_NAME = 120
_LONGEST_EXTENSION = 16
_NOT_IN_NAMES = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202f\u205f-\u206f\u3164\ufe00-\ufe0e\uffa0]"
)
# Windows gives these to devices, whatever extension follows.
_DEVICES = frozenset(
    ["con", "prn", "aux", "nul", "conin$", "conout$", "clock$"]
    + [f"{port}{number}" for port in ("com", "lpt") for number in "0123456789¹²³"]
)

_EXTENSIONS = {
    "text/plain": "txt",
    "text/html": "html",
    "text/calendar": "ics",
    "text/csv": "csv",
    "text/vcard": "vcf",
    "text/x-vcard": "vcf",
    "text/rfc822-headers": "txt",
    "text/rtf": "rtf",
    "text/xml": "xml",
    "message/rfc822": "eml",
    "message/delivery-status": "txt",
    "message/disposition-notification": "txt",
    "message/feedback-report": "txt",
    "application/pdf": "pdf",
    "application/zip": "zip",
    "application/json": "json",
    "application/xml": "xml",
    "application/xhtml+xml": "xhtml",
    "application/rtf": "rtf",
    "application/msword": "doc",
    "application/ms-tnef": "dat",
    "application/pgp-signature": "asc",
    "application/pgp-encrypted": "asc",
    "application/pkcs7-signature": "p7s",
    "application/x-pkcs7-signature": "p7s",
    "application/pkcs7-mime": "p7m",
    "application/x-pkcs7-mime": "p7m",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "pptx",
    "image/jpeg": "jpg",
    "image/jpg": "jpg",
    "image/png": "png",
    "image/gif": "gif",
    "image/webp": "webp",
    "image/svg+xml": "svg",
    "audio/mpeg": "mp3",
    "video/mp4": "mp4",
}


def safe_file_name(name: str) -> str:
    """`name` without path, control, bidi control or device name; at most 120 characters, never empty.

    The extension is kept, since it is what people and programs judge a file by.
    """
    # The name as it reads, before anything invisible is gone, is never trusted for its last part.
    if len(name) > 4000:
        name = name[:2000] + name[-2000:]
    flat = _INVISIBLE.sub("", one_line(name, 4000))
    flat = re.split(r"[/\\]", flat.rstrip("/\\ "))[-1]
    flat = _NOT_IN_NAMES.sub("_", flat)
    # Leading dots hide a file, trailing dots and blanks vanish on Windows.
    flat = flat.lstrip(". ").rstrip(". ")
    stem, dot, extension = flat.rpartition(".")
    if not dot or not stem or len(extension) > _LONGEST_EXTENSION or " " in extension:
        stem, extension = flat, ""
    if stem.partition(".")[0].strip().lower() in _DEVICES:
        stem = "_" + stem
    suffix = f".{extension}" if extension else ""
    stem = _shortened(stem, LONGEST_NAME - len(suffix)).rstrip(". ") or "_"
    return (stem + suffix) if flat else "unnamed"


def default_file_name(content_type: str, number: int) -> str:
    """A name for a part that has none: "file-2.pdf"; `number` counts from one."""
    extension = _EXTENSIONS.get(content_type, "")
    if not extension and content_type.startswith("image/"):
        kind = content_type.removeprefix("image/").removeprefix("x-")
        extension = kind if kind.isalnum() and kind.isascii() and len(kind) <= 5 else ""
    base = "message" if content_type == "message/rfc822" else "file"
    return f"{base}-{number}.{extension or 'bin'}"


def _shortened(stem: str, longest: int) -> str:
    """At most `longest` characters, and 200 bytes of UTF-8 since disks count bytes (NAME_MAX 255)."""
    raw = stem[:longest].encode("utf-8", "replace")[:200]
    return raw.decode("utf-8", "ignore")
