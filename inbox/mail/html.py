"""The sender's HTML made fit to show."""

from collections.abc import Callable
from html import escape

from inbox.mail.tags import strip_tags


def is_html_showable(html: str) -> bool:
    """Whether the cleaner may be given `html`."""
    return len(html) < 1_000_000


def frame_document(html: str, *, inline_image: Callable[[str], tuple[str, bytes] | None]) -> str:
    """The document for the message frame."""
    return f"<!doctype html><meta charset=utf-8><pre>{escape(strip_tags(html))}</pre>"
