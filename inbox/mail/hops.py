"""The way a message says it took: its Received fields (RFC 5321 4.4), read with patience.

The first is ours; every other one is what somebody wrote into the message, and no more than that.
"""

import re
from collections.abc import Iterable
from datetime import datetime

from inbox.mail import charsets
from inbox.mail.fields import one_line, parse_date
from inbox.mail.head import Field
from inbox.mail.view import Hop

MOST_HOPS = 50
_LONGEST_FIELD_BYTES = 2000
_LONGEST_CLAUSE = 200
_CLAUSES = frozenset(("from", "by", "via", "with", "id", "for"))
_WORD = re.compile(r"[()]|[^\s()]+")
# Where no semicolon stands in front of the date.
_DATE = re.compile(
    r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),?\s)?\d{1,2}\s(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}\s"
    r"\d{2,4}\s\d{1,2}:\d{2}.{0,60}\Z",
    re.I,
)


def hops_of(fields: Iterable[Field]) -> tuple[Hop, ...]:
    """The hops that header fields tell of, the newest first, at most MOST_HOPS. Raises nothing."""
    found: list[tuple[dict[str, str], datetime | None]] = []
    for name, value in fields:
        if name.lower() == b"received":
            found.append(_read(value))
            if len(found) == MOST_HOPS:
                break
    return tuple(
        Hop(
            by=clauses.get("by", ""),
            from_=clauses.get("from", ""),
            with_=clauses.get("with", "") or clauses.get("via", ""),
            at=at.isoformat() if at is not None else "",
            delay_seconds=_delay(at, found[number + 1][1]) if number + 1 < len(found) else None,
        )
        for number, (clauses, at) in enumerate(found)
    )


def _delay(at: datetime | None, before: datetime | None) -> int | None:
    return int((at - before).total_seconds()) if at is not None and before is not None else None


def _read(raw: bytes) -> tuple[dict[str, str], datetime | None]:
    text = one_line(charsets.decode_header_bytes(raw[:_LONGEST_FIELD_BYTES]), _LONGEST_FIELD_BYTES)
    head, _, date = text.rpartition(";")
    if not head:
        match = _DATE.search(text)
        head, date = (text, "") if match is None else (text[: match.start()], match[0])
    return _clauses(head), parse_date(date.encode()) if date else None


def _clauses(head: str) -> dict[str, str]:
    """What stands behind "from", "by" and so on. Comments count only behind "from": they name the peer."""
    found: dict[str, list[str]] = {}
    kept: list[str] = []
    depth = 0
    clause = ""
    for word in _WORD.findall(head):
        if word == "(":
            depth += 1
        elif word == ")":
            depth = max(0, depth - 1)
        elif depth == 0 and word.lower() in _CLAUSES and word.lower() not in found:
            clause = word.lower()
            kept = found[clause] = []
            continue
        if clause == "from" or (depth == 0 and word not in "()"):
            kept.append(word)
    said = {clause: _joined(words) for clause, words in found.items()}
    # qmail writes nothing but a comment.
    return said if said else {"with": one_line(head.strip("() "), _LONGEST_CLAUSE)}


def _joined(words: list[str]) -> str:
    return one_line(" ".join(words).replace("( ", "(").replace(" )", ")"), _LONGEST_CLAUSE)
