"""A message taken apart, once for its reader's session: in a worker, and then from memory for a while.

Whoever calls holds an OpenMessage, so this very request has opened the grant and found the message living;
only then is anything looked up here. What could not be read is remembered too, or each click would cost a
worker.
"""

import re
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from inbox import pool
from inbox.access import OpenMessage
from inbox.kept import Kept
from inbox.mail.transfer import Span
from inbox.mail.view import View
from inbox.pool import Lost
from inbox.sealing import Damaged

#: How much is kept, and for how long: a session of reading, not an archive.
KEPT_BYTES = 48 * 1024 * 1024
KEPT_SECONDS = 5 * 60


class Unsealed(Exception):
    """What is stored is not what was sealed: another message's, or damaged."""


#: An address of ours, which is the same in an attribute and in a style sheet.
_PLAIN_ADDRESS = re.compile(r"[\w.~:/%=\[\]-]+")


@dataclass(frozen=True, slots=True)
class Frame:
    """The letter's HTML as a document, without the pictures that somebody else's server would have to give.

    In `document` the picture number n of `remote` is an <img> with data-m-remote="nonce-n" and no address, or
    lies behind what has data-m-ground="nonce-n", or stands in the sheet as m-remote(nonce-n).
    """

    document: str
    nonce: str
    remote: tuple[str, ...]
    blocked_images: int
    trackers: int

    def with_pictures(self, addresses: Callable[[str], str]) -> str:
        """The document with an address of ours, as `addresses` makes it, for each remote one; "" is none."""
        places = {
            str(number): place
            for number, place in enumerate(map(addresses, self.remote))
            if _PLAIN_ADDRESS.fullmatch(place)
        }

        def put_in(found: re.Match[str]) -> str:
            return f'src="{places[found[1]]}"' if found[1] in places else ""

        def put_behind(found: re.Match[str]) -> str:
            return f'url("{places[found[1]]}")' if found[1] in places else "none"

        number = rf"{self.nonce}-(\d{{1,6}})"
        elements = set(re.findall(f'data-m-ground="{number}"', self.document))
        grounds = elements | set(re.findall(rf"m-remote\({number}\)", self.document))
        document = re.sub(f'data-m-remote="{number}"', put_in, self.document)
        document = re.sub(rf"m-remote\({number}\)", put_behind, document)
        rules = "".join(
            f'[data-m-ground="{self.nonce}-{each}"]{{background-image:url("{place}")}}'
            for each, place in places.items()
            if each in elements
        )
        # A browser asks for what lies behind an element when its rule begins to hold: at a click, in a wider
        # window, for paper. All are asked for at once, so that none of that is told to anybody.
        asked_for = "".join(
            f'<img src="{place}" alt="" hidden>' for each, place in places.items() if each in grounds
        )
        document = document.replace("</style>", f"{rules}</style>", 1)
        return document.replace("</body>", f"{asked_for}</body>")


@dataclass(frozen=True, slots=True)
class Opened:
    """A message taken apart; `frame` is None where it has no HTML to show.

    `spans` are those of its files, `pieces` those of all its parts, in the order of `view.structure`.
    """

    view: View
    frame: Frame | None
    spans: tuple[Span, ...]
    pieces: tuple[Span, ...]


#: Mailbox, message, and the place of a message inside it.
_Key = tuple[str, str, tuple[int, ...]]

_opened: Kept[_Key, Opened | Lost] = Kept(KEPT_BYTES, KEPT_SECONDS)
_frames: Kept[_Key, Frame] = Kept(KEPT_BYTES // 2, KEPT_SECONDS)


def open_message(message: OpenMessage, inside: tuple[int, ...] = ()) -> Opened:
    """The message, or the message inside it at the place `inside` says (file numbers, outermost first).

    Raises Unsealed where its seal does not fit, Lost where it cannot be read, Busy when there is no worker,
    LookupError where there is no message inside at that place.
    """
    if message.row.is_damaged:
        raise Unsealed
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
        pieces=tuple(Span(*values) for values in answer.result["pieces"]),
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


def content(message: OpenMessage, inside: tuple[int, ...], **which: int) -> bytes:
    """The content of a file (`index`) or a part (`piece`) that is none of the source's own, whole."""
    return _run(message, "file", {"inside": list(inside), **which}).content


def preview(
    mailbox_id: str, content: Iterable[bytes], arguments: dict[str, object]
) -> tuple[dict[str, Any], bytes]:
    """A file as something to look at (inbox/mail/previews.py), from its content. Raises Lost and Busy."""
    try:
        answer = pool.shared().run("preview", arguments, content, mailbox_id=mailbox_id)
    except Damaged as error:
        raise Unsealed from error
    return answer.result, answer.content


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
