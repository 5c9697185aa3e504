"""What a list row needs of a message, made at reception, where the only plaintext is.

This is the listener's hot path: an ordinary mail costs 0.1 to 0.2 ms. Whatever arrives gives a summary; when
the budget is spent, what is missing stays empty (design.md, "A message's way in"). The head and the names of
files are bounded by the caps of the skimmer; the budget is for the text.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from inbox.mail import charsets
from inbox.mail.bodies import attachment_parts, body_parts, is_inline_picture
from inbox.mail.fields import Correspondent, decode_field, one_line, parse_date, parse_mailboxes
from inbox.mail.names import default_file_name, safe_file_name
from inbox.mail.skim import Part, Skimmed, skim
from inbox.mail.tags import strip_tags
from inbox.mail.transfer import Source, decoded_prefix

BUDGET_SECONDS = 0.020
SNIPPET_CHARACTERS = 200
_TEXT_BYTES = 64 * 1024
_LONGEST_SUBJECT = 400
_MOST_ATTACHMENT_NAMES = 50
# The fields in which a sender names itself, the likelier first. Return-Path is not one: we write it, and only
# after the row is made.
_SENDER_FIELDS = (b"from", b"sender", b"reply-to")


@dataclass(frozen=True, slots=True)
class Summary:
    """One list row, and later the search: all of it clean text in one line each."""

    sender_name: str = ""
    sender_address: str = ""
    subject: str = ""
    date: str = ""
    """The Date header in UTC, ISO 8601, or ""."""
    snippet: str = ""
    attachment_names: tuple[str, ...] = ()
    code: str = ""
    verify_link: str = ""
    search_text: str = ""

    def to_json(self) -> dict[str, Any]:
        """The summary as plain JSON values."""
        return {
            "sender_name": self.sender_name,
            "sender_address": self.sender_address,
            "subject": self.subject,
            "date": self.date,
            "snippet": self.snippet,
            "attachment_names": list(self.attachment_names),
            "code": self.code,
            "verify_link": self.verify_link,
            "search_text": self.search_text,
        }

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "Summary":
        """The summary that to_json() gave; what is missing or of another type stays empty."""
        texts = {name: value for name in _TEXT_FIELDS if isinstance(value := values.get(name, ""), str)}
        names = values.get("attachment_names", ())
        if not isinstance(names, (list, tuple)):
            names = ()
        return cls(**texts, attachment_names=tuple(name for name in names if isinstance(name, str)))


_TEXT_FIELDS = (
    "sender_name",
    "sender_address",
    "subject",
    "date",
    "snippet",
    "code",
    "verify_link",
    "search_text",
)


class Budget:
    """Processor time of this thread: waiting for a turn is not the message's fault."""

    def __init__(self, seconds: float) -> None:
        self._end = time.thread_time() + seconds

    def is_spent(self) -> bool:
        """Whether the time is over."""
        return time.thread_time() >= self._end


def summarise(source: Source) -> Summary:
    """The summary of `source`. Never raises; linear, and bounded by caps and a budget of 20 ms."""
    try:
        return _summarise(source)
    except Exception:  # the message is kept whatever it is: a fault of ours costs its row, not the mail
        return Summary(snippet=_raw_snippet(source))


def _summarise(source: Source) -> Summary:
    skimmed = skim(source)
    sender = sender_of(skimmed)
    raw_subject = skimmed.first(b"subject")
    subject = decode_field(raw_subject, _LONGEST_SUBJECT) if raw_subject is not None else ""
    raw_date = skimmed.first(b"date")
    date = parse_date(raw_date) if raw_date is not None else None
    names = tuple(_attachment_names(skimmed))
    snippet = _snippet(source, skimmed, Budget(BUDGET_SECONDS))
    if not snippet and not names and not skimmed.is_mail:
        snippet = _raw_snippet(source)
    return Summary(
        sender_name=sender.name,
        sender_address=sender.address,
        subject=subject,
        date=date.isoformat() if date is not None else "",
        snippet=snippet,
        attachment_names=names,
    )


def sender_of(skimmed: Skimmed) -> Correspondent:
    """Who the message says it is from: a claim, nothing more."""
    for name in _SENDER_FIELDS:
        raw = skimmed.first(name)
        if raw is not None:
            found = parse_mailboxes(raw, 1)
            if found and (found[0].address or found[0].name):
                return found[0]
    return Correspondent("", "")


def _attachment_names(skimmed: Skimmed) -> Iterator[str]:
    count = 0
    for number, part in enumerate(attachment_parts(skimmed), start=1):
        if is_inline_picture(part):
            continue
        yield attachment_name(part, number)
        count += 1
        if count >= _MOST_ATTACHMENT_NAMES:
            return


def attachment_name(part: Part, number: int) -> str:
    """The name a part is shown and saved under; `number` counts from one."""
    declared = part.name
    return safe_file_name(declared) if declared else default_file_name(part.content_type, number)


def _snippet(source: Source, skimmed: Skimmed, budget: Budget) -> str:
    """The first text that says something: plain before HTML."""
    for wanted in ("text/plain", "text/html"):
        for part in body_parts(skimmed):
            if (part.content_type == "text/html") != (wanted == "text/html"):
                continue
            text = first_text(source, part, budget)
            if text:
                return one_line(text, SNIPPET_CHARACTERS)
            if budget.is_spent():
                return ""
    return ""


def first_text(source: Source, part: Part, budget: Budget) -> str:
    """The beginning of a text part, blanks collapsed."""
    raw = decoded_prefix(source, part.start, part.end, part.encoding, _TEXT_BYTES)
    text, _ = charsets.decode(raw, part.charset, cut=len(raw) == _TEXT_BYTES)
    if part.content_type == "text/html":
        return strip_tags(text, SNIPPET_CHARACTERS * 4, budget.is_spent, keep_lines=False)
    return " ".join(text[: SNIPPET_CHARACTERS * 10].split())


def _raw_snippet(source: Source) -> str:
    raw = bytes(source[: SNIPPET_CHARACTERS * 4])
    return one_line(charsets.decode_header_bytes(raw), SNIPPET_CHARACTERS)
