"""What a list row needs of a message, made at reception, where the only plaintext is.

This is the listener's hot path: an ordinary mail costs 0.2 ms, one of 30 KB of HTML 1 ms. Whatever arrives
gives a summary; when the budget is spent, what is missing stays empty (design.md, "A message's way in"). The
head and the names of files are bounded by the caps of the skimmer; the budget is for the text.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from inbox.mail import charsets
from inbox.mail.bodies import ENRICHED, attachment_parts, body_parts, is_inline_picture, label_of
from inbox.mail.enriched import text_of_enriched
from inbox.mail.fields import Correspondent, decode_field, one_line, parse_date, parse_mailboxes
from inbox.mail.finds import Finds, find, find_seen
from inbox.mail.glance import Glance, glance
from inbox.mail.names import default_file_name, safe_file_name
from inbox.mail.searchtext import matches, search_text
from inbox.mail.skim import Part, Skimmed, skim
from inbox.mail.tags import strip_tags
from inbox.mail.text import says_something
from inbox.mail.transfer import Source, decoded_prefix
from inbox.mail.uu import text_without_files
from inbox.mail.verify import host_of
from inbox.mail.view import NO_TEXT, VerifyLink, View

BUDGET_SECONDS = 0.020
SNIPPET_CHARACTERS = 200
#: So much of a text is looked at for its snippet, for blanks may be many.
_BEGINS_CHARACTERS = 10 * SNIPPET_CHARACTERS
_TEXT_BYTES = 64 * 1024
_LONGEST_SUBJECT = 400
_MOST_ATTACHMENT_NAMES = 50
_NOTHING_SEEN = Glance()
# The fields in which a sender names itself, the likelier first. Return-Path is not one: we write it, and only
# after the row is made.
_SENDER_FIELDS = (b"from", b"sender", b"reply-to")


@dataclass(frozen=True, slots=True)
class Summary:
    """One list row, and the search: all of it clean text in one line each."""

    sender_name: str = ""
    sender_address: str = ""
    subject: str = ""
    date: str = ""
    """The Date header in UTC, ISO 8601, or ""."""
    snippet: str = ""
    attachment_names: tuple[str, ...] = ()
    code: str = ""
    """As it is typed; codes.grouped() says how it is shown."""
    verify_link: str = ""
    verify_kind: str = ""
    """What the link does: "confirm", "activate", "reset", "sign-in", or ""."""
    search_text: str = ""
    """Folded (searchtext.py)."""
    search_is_cut: bool = False
    """The letter is longer than its search text."""

    def matches(self, wanted: Sequence[str]) -> bool:
        """Whether each of searchtext.terms() is in the sender, the subject, a file's name or the text."""
        texts = (self.sender_name, self.sender_address, self.subject, *self.attachment_names)
        return matches(wanted, texts, self.search_text)

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
            "verify_kind": self.verify_kind,
            "search_text": self.search_text,
            "search_is_cut": self.search_is_cut,
        }

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "Summary":
        """The summary that to_json() gave; what is missing or of another type stays empty."""
        texts = {name: value for name in _TEXT_FIELDS if isinstance(value := values.get(name, ""), str)}
        names = values.get("attachment_names", ())
        if not isinstance(names, (list, tuple)):
            names = ()
        return cls(
            **texts,
            attachment_names=tuple(name for name in names if isinstance(name, str)),
            search_is_cut=values.get("search_is_cut") is True,
        )


_TEXT_FIELDS = (
    "sender_name",
    "sender_address",
    "subject",
    "date",
    "snippet",
    "code",
    "verify_link",
    "verify_kind",
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
    subject = ""
    if raw_subject is not None:
        subject = decode_field(raw_subject, _LONGEST_SUBJECT, skimmed.hints())
    raw_date = skimmed.first(b"date")
    date = parse_date(raw_date) if raw_date is not None else None
    names = tuple(_attachment_names(skimmed))
    budget = Budget(BUDGET_SECONDS)
    letter = _read(source, skimmed, budget)
    snippet = snippet_of(letter.begins)
    if not snippet and not names and not skimmed.is_mail:
        snippet = letter.text = _raw_snippet(source)
    folded, is_cut = search_text(letter.text or letter.seen.text or letter.begins)
    code, link = "", None
    if not budget.is_spent():
        finds = find_seen(subject, letter.text, letter.seen)
        code, link = finds.code, finds.verify
    return Summary(
        sender_name=sender.name,
        sender_address=sender.address,
        subject=subject,
        date=date.isoformat() if date is not None else "",
        snippet=snippet,
        attachment_names=names,
        code=code,
        verify_link=link.url if link is not None else "",
        verify_kind=link.kind if link is not None else "",
        search_text=folded,
        search_is_cut=is_cut or letter.is_cut,
    )


def snippet_of(text: str) -> str:
    """The beginning of a text in one line, as a row shows it."""
    begins = text[:_BEGINS_CHARACTERS]
    return one_line(" ".join(begins.split())[: SNIPPET_CHARACTERS * 2], SNIPPET_CHARACTERS)


def better_summary(row: Summary, view: View) -> Summary:
    """The row with what the whole letter has and it lacks: words, a code, a link, unpacked files."""
    better = row
    if not row.code and view.code:
        better = replace(better, code=view.code)
    if not row.verify_link and view.verify is not None:
        better = replace(better, verify_link=view.verify.url, verify_kind=view.verify.kind)
    if not row.search_text and view.text != NO_TEXT:
        folded, is_cut = search_text(view.text)
        snippet = row.snippet or snippet_of(view.text)
        better = replace(better, snippet=snippet, search_text=folded, search_is_cut=is_cut)
    if any(file.derived for file in view.files):
        names = tuple(file.name for file in view.files if not file.inline and not file.unpacked)
        better = replace(better, attachment_names=names[:_MOST_ATTACHMENT_NAMES])
    return better


def finds_of(source: Source, text: str, html: str) -> Finds:
    """What the row of a message has, and where that has nothing, what its whole text and HTML have."""
    row = summarise(source)
    link = VerifyLink(row.verify_link, host_of(row.verify_link), row.verify_kind) if row.verify_link else None
    if row.code and link is not None:
        return Finds(row.code, link)
    whole = find(row.subject, text, html)
    return Finds(row.code or whole.code, link or whole.verify)


def sender_of(skimmed: Skimmed) -> Correspondent:
    """Who the message says it is from: a claim, nothing more."""
    for name in _SENDER_FIELDS:
        raw = skimmed.first(name)
        if raw is not None:
            found = parse_mailboxes(raw, 1, skimmed.hints())
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


@dataclass(slots=True)
class _Letter:
    """The beginning of a letter: its plain text, or what is seen of its HTML, or both."""

    text: str = ""
    seen: Glance = _NOTHING_SEEN
    begins: str = ""
    """What a row shows of it, not yet in one line."""
    is_cut: bool = False
    """There is more text than this."""


def _read(source: Source, skimmed: Skimmed, budget: Budget) -> _Letter:
    """The first plain text that says something, and the first HTML."""
    letter = _Letter()
    parts = list(body_parts(skimmed))
    for part in parts:
        if part.content_type == "text/html":
            continue
        if letter.text:
            letter.is_cut = True
            break
        text, is_cut = _decoded(source, skimmed, part)
        if says_something(text):
            letter.text, letter.is_cut = text, is_cut
        if budget.is_spent():
            break
    letter.begins = letter.text[:_BEGINS_CHARACTERS]
    if budget.is_spent():
        letter.is_cut = True
        return letter
    pages = [part for part in parts if part.content_type == "text/html"]
    for part in pages:
        markup, is_cut = _decoded(source, skimmed, part)
        letter.seen = glance(markup)
        if not letter.text:
            letter.begins = letter.seen.text[:_BEGINS_CHARACTERS]
            if not letter.begins:  # perhaps pictures that have names
                letter.begins = strip_tags(markup, SNIPPET_CHARACTERS * 4, budget.is_spent, keep_lines=False)
            letter.is_cut = is_cut or letter.seen.is_cut or len(pages) > 1
        if letter.seen.text or budget.is_spent():
            break
    return letter


def _decoded(source: Source, skimmed: Skimmed, part: Part) -> tuple[str, bool]:
    """The beginning of a text part, and whether there is more of it."""
    raw = decoded_prefix(source, part.start, part.end, part.encoding, _TEXT_BYTES)
    is_cut = len(raw) == _TEXT_BYTES
    if part.content_type != "text/html":
        raw = text_without_files(raw)
    text, _ = charsets.decode(raw, label_of(part, raw), cut=is_cut, hints=skimmed.hints())
    if part.content_type in ENRICHED:
        text = text_of_enriched(text.replace("\r\n", "\n"))
    return text, is_cut


def _raw_snippet(source: Source) -> str:
    raw = bytes(source[: SNIPPET_CHARACTERS * 4])
    return one_line(charsets.decode_header_bytes(raw), SNIPPET_CHARACTERS)
