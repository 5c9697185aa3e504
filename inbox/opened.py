"""A message taken apart, once for its reader's session: in a worker, and then from memory for a while.

Whoever calls holds an OpenMessage, so this very request has opened the grant and found the message living;
only then is anything looked up here. What could not be read is remembered too, or each click would cost a
worker.
"""

import secrets
from dataclasses import dataclass

from inbox import pool
from inbox.access import OpenMessage
from inbox.kept import Kept
from inbox.mail.jobs import Span
from inbox.mail.view import View
from inbox.pool import Lost
from inbox.sealing import Damaged

#: How much is kept, and for how long: a session of reading, not an archive.
KEPT_BYTES = 48 * 1024 * 1024
KEPT_SECONDS = 5 * 60


class Unsealed(Exception):
    """What is stored is not what was sealed: another message's, or damaged."""


@dataclass(frozen=True, slots=True)
class Frame:
    """The letter's HTML as a document, without the pictures that somebody else's server would have to give.

    In `document` the picture number n of `remote` is an <img> with the attribute `marker(n)` and no address.
    """

    document: str
    nonce: str
    remote: tuple[str, ...]
    blocked_images: int
    trackers: int

    def marker(self, number: int) -> str:
        """The attribute that stands for the address of a picture that was not loaded."""
        return f'data-m-remote="{self.nonce}-{number}"'


@dataclass(frozen=True, slots=True)
class Opened:
    """A message taken apart; `frame` is None where it has no HTML to show."""

    view: View
    frame: Frame | None
    spans: tuple[Span, ...]


#: Mailbox, message, and the place of a message inside it.
_Key = tuple[str, str, tuple[int, ...]]

_opened: Kept[_Key, Opened | Lost] = Kept(KEPT_BYTES, KEPT_SECONDS)
_frames: Kept[_Key, Frame] = Kept(KEPT_BYTES // 2, KEPT_SECONDS)


def open_message(message: OpenMessage, inside: tuple[int, ...] = ()) -> Opened:
    """The message, or the message inside it at the place `inside` says (file numbers, outermost first).

    Raises Unsealed where its seal does not fit, Lost where it cannot be read, Busy when there is no worker,
    LookupError where there is no message inside at that place.
    """
    key = (message.row.mailbox_id, message.row.message_id, inside)
    known = _opened.get(key)
    if isinstance(known, Lost):
        raise known
    if known is not None:
        return known
    nonce = secrets.token_hex(8)
    try:
        answer = _run(message, "open", {"nonce": nonce, "inside": list(inside)})
    except Lost as lost:
        _opened.put(key, Lost(*lost.args), 100)
        raise
    if not answer.result:
        raise LookupError(inside)
    opened = Opened(
        view=View.from_json(answer.result["view"]),
        frame=_frame(answer, nonce),
        spans=tuple(Span(*values) for values in answer.result["spans"]),
    )
    _opened.put(key, opened, _size(answer))
    return opened


def frame(message: OpenMessage, inside: tuple[int, ...] = (), *, dark: bool = False) -> Frame | None:
    """The letter's HTML, on a light page or on a dark one. Raises what open_message() raises."""
    opened = open_message(message, inside)
    if opened.frame is None or not dark:
        return opened.frame
    key = (message.row.mailbox_id, message.row.message_id, inside)
    known = _frames.get(key)
    if known is None:
        nonce = secrets.token_hex(8)
        answer = _run(message, "frame", {"nonce": nonce, "inside": list(inside), "dark": True})
        known = _frame(answer, nonce)
        if known is not None:
            _frames.put(key, known, _size(answer))
    return known


def part(message: OpenMessage, job: str, arguments: dict[str, object]) -> pool.Answer:
    """Something of the message that is worked out each time anew: a preview, a file inside a file."""
    return _run(message, job, arguments)


def forget(mailbox_id: str, message_id: str = "") -> None:
    """It was deleted, a message or the whole mailbox: nothing of it is kept in memory either."""

    def is_meant(key: _Key) -> bool:
        return key[0] == mailbox_id and message_id in ("", key[1])

    _opened.forget_those(is_meant)
    _frames.forget_those(is_meant)


def _run(message: OpenMessage, job: str, arguments: dict[str, object]) -> pool.Answer:
    try:
        return pool.shared().run(job, arguments, message.source_pieces(), mailbox_id=message.row.mailbox_id)
    except Damaged as error:
        raise Unsealed from error


def _frame(answer: pool.Answer, nonce: str) -> Frame | None:
    described = answer.result["frame"]
    if described is None:
        return None
    return Frame(
        document=answer.content.decode(),
        nonce=nonce,
        remote=tuple(described["remote"]),
        blocked_images=described["blocked_images"],
        trackers=described["trackers"],
    )


def _size(answer: pool.Answer) -> int:
    """About what it takes in memory: the document, and the values, whose JSON is of about that length."""
    return len(answer.content) + answer.result_bytes
