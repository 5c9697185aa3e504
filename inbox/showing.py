"""What the templates are given: plain values, read from open mailboxes."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from inbox import access, clock, mail, sayings
from inbox.access import OpenMailbox, State
from inbox.models import Policy
from inbox.notices import Notices


@dataclass(frozen=True, slots=True)
class Box:
    """A mailbox."""

    id: str
    address: str
    domain: str
    label: str
    shared: bool
    state: str
    expires_at: datetime
    purge_at: datetime
    revision: int  # 0 while hidden: a page that is brought back asks for every row
    unread: int
    message_count: int
    can_extend: bool
    can_revive: bool
    latest_end: datetime
    ring: int  # part of the time that is left, 0..100
    lifetime_seconds: int

    @property
    def read_count(self) -> int:
        """How many of its messages have been opened."""
        return self.message_count - self.unread


@dataclass(frozen=True, slots=True)
class Row:
    """A message in the list."""

    id: str
    mailbox_id: str
    number: str
    read: bool
    received_at: datetime
    received_iso: str  # a hundred rows take the date filter three milliseconds
    sender: str
    sender_address: str  # "" where `sender` is it
    subject: str
    snippet: str
    tag: str
    attachment_names: Sequence[str]
    damaged: bool
    code: str = ""
    code_groups: Sequence[str] = ()
    verdict: str = ""
    verdict_words: str = ""
    #: What a Refused has instead: the list tells them apart by it.
    refused_at: None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """Mail that did not arrive, as a line in the list; or with `more` the number of those beyond them."""

    id: str
    refused_at: datetime
    refused_iso: str
    words: str
    more: int = 0


#: Stands in the place of a notice's id for those that were only counted.
MORE = "more"


def boxes(mailboxes: Sequence[OpenMailbox]) -> list[Box]:
    """For show, in the same order; one read for all their counts."""
    counts = access.count(mailboxes)
    return [_box(mailbox, counts[mailbox.mailbox_id]) for mailbox in mailboxes]


def _box(mailbox: OpenMailbox, counts: access.Counts) -> Box:
    lifetime = Policy.current().lifetime
    left = max(mailbox.expires_at - clock.now(), timedelta(0))
    living = mailbox.state is State.LIVING
    return Box(
        id=mailbox.mailbox_id,
        address=mailbox.address,
        domain=mailbox.domain,
        label=mailbox.label,
        shared=mailbox.is_shared,
        state=mailbox.state.value,
        expires_at=mailbox.expires_at,
        purge_at=mailbox.purge_at,
        revision=mailbox.revision if living else 0,
        unread=counts.unread,
        message_count=counts.messages,
        can_extend=mailbox.can_extend,
        can_revive=clock.now() < mailbox.latest_end,
        latest_end=mailbox.latest_end,
        ring=min(100, int(100 * (left / lifetime))),
        lifetime_seconds=int(lifetime.total_seconds()),
    )


def row(shown: access.Row) -> Row:
    """A list row; a damaged one says nothing but that."""
    summary = shown.summary or mail.Summary()
    sender = sender_of(summary)
    return Row(
        id=shown.message_id,
        mailbox_id=shown.mailbox_id,
        number=str(shown.number),  # a number would be written as the reader's country writes it
        read=shown.is_read,
        received_at=shown.received_at,
        received_iso=shown.received_at.isoformat(),
        sender=sender,
        sender_address="" if sender == summary.sender_address else summary.sender_address,
        subject=summary.subject,
        snippet=summary.snippet,
        tag=shown.tag,
        attachment_names=summary.attachment_names,
        damaged=shown.is_damaged,
        code=summary.code,
        code_groups=sayings.grouped(summary.code),
        verdict=shown.checks.verdict.value if shown.checks else "",
        verdict_words=sayings.verdict(shown.checks),
    )


def refused(notices: Notices) -> list[Refused]:
    """What did not arrive, newest first."""
    lines = [
        Refused(
            id=told.notice_id,
            refused_at=told.refused_at,
            refused_iso=told.refused_at.isoformat(),
            words=sayings.refused(told.reason, told.size_bytes, told.reverse_path),
        )
        for told in sorted(notices.rows, key=lambda told: told.refused_at, reverse=True)
    ]
    if notices.more:
        newest = lines[0].refused_at if lines else clock.now()
        lines.insert(0, Refused(MORE, newest, newest.isoformat(), "", notices.more))
    return lines


def in_time(rows: Sequence[Row], lines: Sequence[Refused]) -> list[Row | Refused]:
    """Both newest first, as they are: the lines at their place in time between the rows."""
    merged: list[Row | Refused] = []
    waiting = list(lines)
    for shown in rows:
        while waiting and waiting[0].refused_at > shown.received_at:
            merged.append(waiting.pop(0))
        merged.append(shown)
    return merged + waiting


def sender_of(summary: mail.Summary) -> str:
    """Whom a row or a notification names, with room for one: no name that could hide the address."""
    name, address = summary.sender_name, summary.sender_address
    return address if not name or (address and _hides(name, address)) else name


#: What an address in a name is written with; a run of blanks; what turns its direction or cannot be seen.
_HIDING = re.compile(
    r"[@\uff20\ufe6b]|\s{2}"
    r"|[\u00ad\u034f\u061c\u115f\u1160\u200b-\u200f\u202a-\u202e\u2060-\u2069\u2800\u3164\ufeff]"
)


def _hides(name: str, address: str) -> bool:
    return name.casefold() != address.casefold() and _HIDING.search(name) is not None
