"""What an open page is told: the same objects over the socket and by plain HTTP.

A page says which revision of each mailbox it has; it is told what is newer. So an event that was lost or
came twice loses or repeats nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.template.loader import get_template
from django.urls import reverse

from inbox import access, clock, showing
from inbox.access import OpenMailbox, State

HIDDEN = State.HIDDEN.value
ENDED = "ended"

#: Rows in one object; a page that was away for long gets several.
ROWS_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Latest:
    """What to announce: the newest unread message."""

    sender: str
    subject: str
    code: str = ""

    def to_json(self) -> dict[str, str]:
        """In the words of the protocol; a code where there is one."""
        told = {"sender": self.sender, "subject": self.subject}
        return {**told, "code": self.code} if self.code else told


@dataclass(frozen=True, slots=True)
class Row:
    """One row as the page puts it into its list."""

    id: str
    number: int
    html: str


@dataclass(frozen=True, slots=True)
class Line:
    """Mail that did not arrive, as the page puts it between its rows."""

    id: str
    html: str


@dataclass(frozen=True, slots=True)
class Update:
    """What a page has to know of one mailbox."""

    mailbox_id: str
    revision: int
    state: str
    expires_at: datetime
    purge_at: datetime
    latest_end: datetime
    server_now: datetime
    unread: int = 0
    rows: Sequence[Row] = ()
    living: Mapping[str, bool] | None = None
    latest: Latest | None = None
    #: All lines of what did not arrive; None where they are as the page has them.
    refused: Sequence[Line] | None = None

    @property
    def turns_at(self) -> datetime:
        """When the mailbox changes by itself: is hidden, or is gone."""
        return self.purge_at if self.state == HIDDEN else self.expires_at

    def to_json(self) -> dict[str, Any]:
        """In the words of the protocol."""
        return {
            "type": "update",
            "mailbox": self.mailbox_id,
            "revision": self.revision,
            "state": self.state,
            "expires_at": self.expires_at.isoformat(),
            "purge_at": self.purge_at.isoformat(),
            "latest_end": self.latest_end.isoformat(),
            "server_now": self.server_now.isoformat(),
            "unread": self.unread,
            "rows": [{"id": row.id, "number": row.number, "html": row.html} for row in self.rows],
            "living": None if self.living is None else dict(self.living),
            "refused": None if self.refused is None else [asdict(line) for line in self.refused],
            "latest": self.latest and self.latest.to_json(),
        }


def ended(mailbox_id: str, told: Mapping[str, int]) -> Update:
    """The mailbox cannot be opened any more. The same for one that never was."""
    now = clock.now()
    revision = told.get(mailbox_id, 0)
    return Update(mailbox_id, revision, ENDED, expires_at=now, purge_at=now, latest_end=now, server_now=now)


def updates(mailboxes: Sequence[OpenMailbox], told: Mapping[str, int], current: str) -> list[Update]:
    """What is newer than the revisions `told`, for each of `mailboxes`; rows for `current` only."""
    counts = access.count(mailboxes)
    return [
        update
        for mailbox in mailboxes
        for update in _of_one(
            mailbox,
            told.get(mailbox.mailbox_id, mailbox.revision),
            counts[mailbox.mailbox_id].unread,
            with_rows=mailbox.mailbox_id == current,
        )
    ]


def _of_one(mailbox: OpenMailbox, revision: int, unread: int, *, with_rows: bool) -> Iterator[Update]:
    if mailbox.state is not State.LIVING:
        # The page keeps the revision it has: once the mailbox is brought back, it is told what is newer.
        yield _update(mailbox, revision=revision)
        return
    if not with_rows:
        newest = mailbox.newest_unread(revision) if unread and mailbox.revision != revision else None
        yield _update(mailbox, revision=mailbox.revision, unread=unread, latest=_latest(newest))
        return
    changes = mailbox.changes_since(revision)
    # A row that only changed is no news.
    newest = next((row for row in reversed(changes.rows) if row.number > revision and not row.is_read), None)
    *full, last = _batches(changes.rows)
    for rows in full:
        # The page has this mailbox's present revision only with the last of them: until then what a
        # broken connection took away is asked for again.
        yield _update(mailbox, revision=revision, unread=unread, rows=_rendered(rows))
    yield _update(
        mailbox,
        revision=changes.revision,
        unread=unread,
        rows=_rendered(last),
        living=changes.living,
        latest=_latest(newest),
        # What is explained by rows alone is no refusal.
        refused=None if changes.living is None else _refused(mailbox),
    )


def _batches(rows: Sequence[access.Row]) -> list[Sequence[access.Row]]:
    """At least one, though it be empty."""
    return [rows[at : at + ROWS_AT_ONCE] for at in range(0, len(rows), ROWS_AT_ONCE)] or [()]


def _update(
    mailbox: OpenMailbox,
    *,
    revision: int,
    unread: int = 0,
    rows: Sequence[Row] = (),
    living: Mapping[str, bool] | None = None,
    latest: Latest | None = None,
    refused: Sequence[Line] | None = None,
) -> Update:
    return Update(
        mailbox_id=mailbox.mailbox_id,
        revision=revision,
        state=mailbox.state.value,
        expires_at=mailbox.expires_at,
        purge_at=mailbox.purge_at,
        latest_end=mailbox.latest_end,
        server_now=clock.now(),
        unread=unread,
        rows=rows,
        living=living,
        latest=latest,
        refused=refused,
    )


def _rendered(rows: Sequence[access.Row]) -> list[Row]:
    if not rows:
        return []
    template = get_template("inbox/_row.html")
    mailbox_url = reverse("inbox:mailbox", args=[rows[0].mailbox_id])  # all are of one
    return [
        Row(
            row.message_id,
            row.number,
            template.render({"row": showing.row(row), "mailbox_url": mailbox_url}),
        )
        for row in rows
    ]


def _refused(mailbox: OpenMailbox) -> list[Line]:
    template = get_template("inbox/_refused.html")
    return [Line(line.id, template.render({"row": line})) for line in showing.refused(mailbox.notices())]


def _latest(row: access.Row | None) -> Latest | None:
    if row is None:
        return None
    if row.summary is None:
        return Latest("", "")
    return Latest(showing.sender_of(row.summary), row.summary.subject, row.summary.code)


def turn_of(mailbox: OpenMailbox) -> datetime:
    """When it changes by itself: is hidden, or is gone."""
    return mailbox.expires_at if mailbox.state is State.LIVING else mailbox.purge_at


def is_news(mailbox: OpenMailbox, revision: int | None) -> bool:
    """Whether a page that has `revision` is to be told. Always of an ended one: time raises no revision."""
    return revision != mailbox.revision or mailbox.state is not State.LIVING


def read_revision(said: object) -> int | None:
    """A revision as a page wrote it, or None where that is none."""
    if isinstance(said, str) and said.isascii() and said.isdigit() and len(said) <= 18:
        return int(said)
    if isinstance(said, int) and not isinstance(said, bool) and 0 <= said < 10**18:
        return said
    return None
