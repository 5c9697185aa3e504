"""Mail: from the bytes of a message to something to show. Pure: no Django, no clock, no network, no disk."""

from inbox.mail.fields import Correspondent
from inbox.mail.html import frame_document
from inbox.mail.names import safe_file_name
from inbox.mail.parse import Attachment, Parsed, attachment_pieces, read
from inbox.mail.summary import Summary, better_summary, summarise
from inbox.mail.text import text_to_folded_html, text_to_html

__all__ = [
    "Attachment",
    "Correspondent",
    "Parsed",
    "Summary",
    "attachment_pieces",
    "better_summary",
    "frame_document",
    "read",
    "safe_file_name",
    "summarise",
    "text_to_folded_html",
    "text_to_html",
]
