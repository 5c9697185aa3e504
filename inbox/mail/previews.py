"""A file of a message, as something to look at: jobs of a worker, from the file's bytes to ours. Pure.

What comes out is a picture that we drew, text, or JSON; nothing of the sender's format is left in it. What
cannot be shown is refused with a reason (Unshowable's), never with a fault: the file can still be downloaded.
"""

import csv
import io
import json
import math
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import pypdfium2
from pypdfium2 import raw as pdfium

from inbox.mail import charsets
from inbox.mail.archives import list_archive
from inbox.mail.fields import clean_text
from inbox.mail.kinds import describe
from inbox.mail.pictures import LONGEST_SIDE, Unshowable, redraw

Result = tuple[dict[str, Any], bytes]

LONGEST_PAGE_SIDE = 1600
#: Pixels a point, at most: a business card need not fill the screen.
_LARGEST_SCALE = 2.0
TEXT_BYTES = 256 * 1024
MOST_ROWS = 500
MOST_COLUMNS = 50
LONGEST_CELL = 500
_SNIFFED_LINES = 20
_DELIMITERS = ",;\t|"
_BYTE_ORDER_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))


def preview(arguments: dict[str, Any], source: bytes) -> Result:
    """The file `source` as `arguments["as"]` says: one of FileView.preview's.

    Gives what is known of it and its content; {"refused": reason} and nothing where it cannot be shown.
    """
    showing = _SHOWING.get(arguments.get("as", ""))
    if showing is None:
        return {"refused": "unknown"}, b""
    try:
        return showing(arguments, source)
    except Unshowable as refused:
        return {"refused": refused.reason}, b""
    except MemoryError:
        return {"refused": "too-large"}, b""
    except Exception:  # libraries and hostile files; whatever it was, the file cannot be shown
        return {"refused": "damaged"}, b""


def picture(arguments: dict[str, Any], source: bytes) -> Result:
    """A picture drawn anew: {"content_type", "width", "height"} and its bytes, or {"refused": reason}."""
    return preview({**arguments, "as": "picture"}, source)


def _picture(arguments: dict[str, Any], source: bytes) -> Result:
    drawn = redraw(source, LONGEST_SIDE)
    return {"content_type": drawn.content_type, "width": drawn.width, "height": drawn.height}, drawn.content


def _pdf_page(arguments: dict[str, Any], source: bytes) -> Result:
    """Page number `page`, from 0, as a PNG. Neither its scripts nor its forms are ever set up."""
    wanted = int(arguments.get("page", 0))
    try:
        document = pypdfium2.PdfDocument(source)
    except pypdfium2.PdfiumError as error:
        is_locked = error.err_code == pdfium.FPDF_ERR_PASSWORD
        raise Unshowable("encrypted" if is_locked else "damaged") from None
    try:
        pages = len(document)
        if not 0 <= wanted < pages:
            raise Unshowable("damaged" if wanted == 0 else "unknown")
        drawn = _drawn_page(document, wanted)
    finally:
        document.close()
    written = io.BytesIO()
    drawn.save(written, "PNG", compress_level=1)
    described = {"content_type": "image/png", "width": drawn.width, "height": drawn.height}
    return {**described, "page": wanted, "pages": pages}, written.getvalue()


def _drawn_page(document: pypdfium2.PdfDocument, number: int) -> Any:
    page = document[number]
    try:
        longest = max(page.get_size())
        if not (math.isfinite(longest) and longest > 0):
            raise Unshowable("damaged")
        bitmap = page.render(scale=min(_LARGEST_SCALE, LONGEST_PAGE_SIDE / longest), may_draw_forms=False)
        try:
            return bitmap.to_pil().convert("RGB")
        finally:
            bitmap.close()
    finally:
        page.close()


def _text(arguments: dict[str, Any], source: bytes) -> Result:
    """The beginning as text; `charset` is what its part claims."""
    text, is_guessed = _decoded(source, arguments)
    return {"is_cut": len(source) > TEXT_BYTES, "is_guessed": is_guessed}, text.encode()


def _decoded(source: bytes, arguments: dict[str, Any]) -> tuple[str, bool]:
    if not source:
        raise Unshowable("empty")
    raw, is_cut = source[:TEXT_BYTES], len(source) > TEXT_BYTES
    for mark, name in _BYTE_ORDER_MARKS:
        if raw.startswith(mark):
            return clean_text(raw[len(mark) :].decode(name, "replace")), False
    text, is_guessed = charsets.decode(raw, str(arguments.get("charset", "")), cut=is_cut)
    return clean_text(text), is_guessed


def _table(arguments: dict[str, Any], source: bytes) -> Result:
    """The first rows as JSON: lists of lists of text."""
    text, _ = _decoded(source, arguments)
    is_cut = len(source) > TEXT_BYTES
    rows: list[list[str]] = []
    csv.field_size_limit(TEXT_BYTES)
    for row in csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text)):
        if len(rows) == MOST_ROWS:
            is_cut = True
            break
        if row:
            is_cut = is_cut or len(row) > MOST_COLUMNS
            rows.append([cell[:LONGEST_CELL] for cell in row[:MOST_COLUMNS]])
    if not rows:
        raise Unshowable("empty")
    described = {"rows": len(rows), "columns": max(map(len, rows)), "is_cut": is_cut}
    return described, json.dumps(rows, ensure_ascii=False).encode()


def _delimiter(text: str) -> str:
    """What most of the first lines have, and equally many of; a comma where nothing stands out."""
    lines = [line for line in text[:32_768].split("\n")[:_SNIFFED_LINES] if line.strip()]

    def agreement(delimiter: str) -> tuple[int, int]:
        counts = [line.count(delimiter) for line in lines]
        usual = max(set(counts), key=counts.count) if counts else 0
        return (counts.count(usual), usual) if usual else (0, 0)

    return max(_DELIMITERS, key=agreement)


def _archive(arguments: dict[str, Any], source: bytes) -> Result:
    """What is in it, as JSON: a list of {"name", "size_bytes", "is_folder", "is_encrypted"}."""
    name = str(arguments.get("name", ""))
    try:
        listing = list_archive(source, describe(name, "", source).kind, name)
    except ValueError:
        raise Unshowable("damaged") from None
    entries = [asdict(entry) for entry in listing.entries]
    return {"entries": len(entries), "is_cut": listing.is_cut}, json.dumps(entries).encode()


_SHOWING: dict[str, Callable[[dict[str, Any], bytes], Result]] = {
    "picture": _picture,
    "pdf": _pdf_page,
    "text": _text,
    "table": _table,
    "archive": _archive,
}
