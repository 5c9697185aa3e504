"""Searching a mailbox: which of its messages a query is in, as rows with the hits marked.

What is asked for is nowhere kept: not in a URL, a log, a cache or the database.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

from inbox import access, showing
from inbox.mail import Summary, searchtext

LONGEST_QUERY = 200

#: Nobody reads more hits than that: they type another letter.
MOST_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found: the newest of `count` among `total`.

    `longer` counts the messages of which only the beginning was searched.
    """

    rows: Sequence[showing.Row]
    count: int
    total: int
    longer: int


def search(rows: Sequence[access.Row], query: str) -> Found:
    """The rows, newest first, in which all words of `query` are; case and diacritics do not matter."""
    wanted = searchtext.terms(query[:LONGEST_QUERY])
    found = [
        (row, row.summary)
        for row in reversed(rows)
        if row.summary is not None
        and searchtext.matches(wanted, _texts(row, row.summary), row.summary.search_text)
    ]
    longer = sum(row.summary is not None and row.summary.search_is_cut for row in rows)
    shown = [_marked(row, summary, wanted) for row, summary in found[:MOST_SHOWN]]
    return Found(shown, len(found), len(rows), longer)


def _texts(row: access.Row, summary: Summary) -> list[str]:
    return [
        summary.sender_name,
        summary.sender_address,
        summary.subject,
        summary.snippet,
        summary.code,
        row.tag,
        *summary.attachment_names,
    ]


def _marked(row: access.Row, summary: Summary, wanted: Sequence[str]) -> showing.Row:
    shown = showing.row(row)
    return replace(
        shown,
        sender=_with_marks(shown.sender, wanted),
        subject=_with_marks(shown.subject, wanted),
        snippet=_with_marks(_where(shown, summary, wanted), wanted),
    )


def _where(shown: showing.Row, summary: Summary, wanted: Sequence[str]) -> str:
    """The words under the subject: such that a hit is to be seen in them, where there is none above."""
    if any(searchtext.marks(text, wanted) for text in (shown.sender, shown.subject, shown.snippet)):
        return shown.snippet
    for text in (summary.sender_address, *summary.attachment_names):
        if searchtext.marks(text, wanted):
            return text
    return searchtext.around(summary.search_text, wanted) or shown.snippet


def _with_marks(text: str, wanted: Sequence[str]) -> SafeString:
    """The text escaped, each hit in a <mark>."""
    pieces, done = [], 0
    for start, end in searchtext.marks(text, wanted):
        pieces += [
            conditional_escape(text[done:start]),
            f"<mark>{conditional_escape(text[start:end])}</mark>",
        ]
        done = end
    return mark_safe("".join([*pieces, conditional_escape(text[done:])]))  # noqa: S308 (escaped piece by piece)
