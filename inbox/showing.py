"""What the templates are given: plain values, read from open mailboxes."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from inbox import access, clock, mail, sayings
from inbox.access import OpenMailbox, State
from inbox.models import Policy


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
    number: int
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
        number=shown.number,
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
