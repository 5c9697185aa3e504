"""One message's way: sent by SMTP, stored, found, opened, shown. And what was wrong with it."""

from __future__ import annotations

import email
import functools
import re
import signal
import smtplib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from tests.bench.site import HOST, Held, Site

if TYPE_CHECKING:
    from django.test import Client

SENDER = "corpus@sender.example"
SLOW_SECONDS = 1.0
HANGS_SECONDS = 60
_LONE_LINE_FEED = re.compile(rb"(?<!\r)\n")
_CLOSING_LINE = re.compile(rb"^--[^\r\n]+--[ \t]*\r$", re.MULTILINE)


class Kind(StrEnum):
    """What can be wrong."""

    REFUSED = "refused"
    RAISED = "raised"
    EMPTY = "empty"
    SLOW = "slow"


@dataclass(frozen=True, slots=True)
class Problem:
    kind: Kind
    path: Path
    what: str


@dataclass(slots=True)
class Trial:
    """A message, what was found, and how long each step took (seconds of this process' CPU, or waiting)."""

    path: Path
    problems: list[Problem] = field(default_factory=list)
    took: dict[str, float] = field(default_factory=dict)
    opened: tuple[Held, str] | None = None
    """The mailbox, and the message's id, once it is there to be opened."""

    def note(self, kind: Kind, what: str) -> None:
        self.problems.append(Problem(kind, self.path, what))


class _Hangs(BaseException):  # what is tried catches every Exception
    """A step is not done after a minute."""


class Sender:
    """One SMTP session for any number of messages; a new one after a fault."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._client: smtplib.SMTP | None = None

    def send(self, recipient: str, message: bytes) -> str:
        """The answer to the message: the code, then the text. Raises SMTPException or OSError."""
        if self._client is None:
            self._client = smtplib.SMTP(HOST, self._site.smtp_port, timeout=120)
            self._client.ehlo()
        try:
            self._client.mail(SENDER)
            self._client.rcpt(recipient)
            code, text = self._client.data(message)
        except (smtplib.SMTPException, OSError):
            self._client.close()
            self._client = None
            raise
        return f"{code} {text.decode(errors='replace')}"


def try_message(site: Site, sender: Sender, path: Path) -> Trial:
    """Send the file at `path` to a mailbox of its own and open what arrives."""
    trial = Trial(path)
    message = as_sent(path.read_bytes())
    held = site.new_mailbox()
    if not _send(sender, held, message, trial):
        return trial
    signal.signal(signal.SIGALRM, _hangs)
    signal.alarm(HANGS_SECONDS)
    try:
        _open(held, message, trial)
    except _Hangs:
        trial.note(Kind.SLOW, f"not done after {HANGS_SECONDS} s")
    except Exception as error:
        trial.note(Kind.RAISED, f"{type(error).__name__}: {error}"[:200])
    finally:
        signal.alarm(0)
    for step, seconds in trial.took.items():
        if seconds > SLOW_SECONDS:
            trial.note(Kind.SLOW, f"{step} took {seconds:.1f} s")
    return trial


def as_sent(message: bytes) -> bytes:
    """The message as a mail program hands it over: each line feed with its carriage return, the last too."""
    message = _LONE_LINE_FEED.sub(b"\r\n", message)
    return message if message.endswith(b"\r\n") or not message else message + b"\r\n"


def _send(sender: Sender, held: Held, message: bytes, trial: Trial) -> bool:
    began_at = time.perf_counter()
    try:
        answer = sender.send(held.address, message)
    except (smtplib.SMTPException, OSError) as error:
        answer = f"{type(error).__name__}: {error}"[:200]
    trial.took["reception"] = time.perf_counter() - began_at
    if not answer.startswith("250"):
        trial.note(Kind.REFUSED, answer)
        return False
    return True


def _open(held: Held, message: bytes, trial: Trial) -> None:
    from inbox import access, mail

    mailbox = access.open_one(held.secret, held.mailbox_id)
    rows = mailbox.rows() if mailbox else []
    if mailbox is None or len(rows) != 1 or rows[0].is_damaged:
        trial.note(Kind.RAISED, f"{len(rows)} rows, or a damaged one")
        return
    trial.opened = (held, rows[0].message_id)
    opened = mailbox.message(rows[0].message_id)
    assert opened is not None
    source = opened.source()
    if not source.endswith(message):
        trial.note(Kind.RAISED, "the stored source is not what was sent")
    summary = _timed(trial, "the summary", lambda: mail.summarise(message))
    # Not the snippet: on a busy machine the budget may have been spent before it.
    if (summary.subject, summary.sender_address) != (rows[0].summary.subject, rows[0].summary.sender_address):
        trial.note(Kind.RAISED, "the row's summary is not the message's")
    parsed = _timed(trial, "reading", lambda: mail.read(source))
    _judge(parsed, message, trial)
    _timed(trial, "the files", lambda: _take_files(source, parsed, trial))
    _show(held, rows[0].message_id, bool(parsed.html), trial)


def _judge(parsed, message: bytes, trial: Trial) -> None:  # type: ignore[no-untyped-def]
    from inbox.mail.parse import NO_TEXT, NOTE_RAW

    if NOTE_RAW in parsed.notes:
        trial.note(Kind.RAISED, "reading failed, the raw text is shown")
    nothing = not parsed.html and not parsed.attachments and parsed.text.strip() in ("", NO_TEXT)
    if nothing and _has_content(message):
        trial.note(Kind.EMPTY, "nothing is shown, though there is something in it")


def _has_content(message: bytes) -> bool:
    """Whether Python's own reader finds anything in it. What follows the last part is not content."""
    *_, last = [None, *_CLOSING_LINE.finditer(message)]
    until_there = message[: last.end()] if last else message
    try:
        parts = [part.get_payload(decode=True) for part in email.message_from_bytes(until_there).walk()]
    except Exception:  # it gives up on some that are badly broken
        return bool(message.partition(b"\r\n\r\n")[2].strip())
    # NUL shows nothing, however many there are.
    return any(isinstance(content, bytes) and content.strip(b"\0 \t\r\n") for content in parts)


def _take_files(source: bytes, parsed, trial: Trial) -> None:  # type: ignore[no-untyped-def]
    from inbox import mail

    for file in parsed.attachments:
        size_bytes = sum(len(piece) for piece in mail.attachment_pieces(source, file.index))
        if size_bytes != file.size_bytes:
            trial.note(Kind.RAISED, f"file {file.index}: {size_bytes} bytes, {file.size_bytes} were said")


def _show(held: Held, message_id: str, has_html: bool, trial: Trial) -> None:
    """The page, with the message's row in its list, and the frame, as the holder's browser gets them."""
    browser = _browser()
    browser.cookies.clear()
    browser.cookies[held.cookie_name] = held.cookie_value
    path = f"/m/{held.mailbox_id}/{message_id}/"
    pages = {"the page": path}
    if has_html:
        pages["the frame"] = f"{path}html/"
    for what, url in pages.items():
        response = _timed(trial, what, lambda url=url: browser.get(url))  # type: ignore[misc]
        if response.status_code != 200:
            trial.note(Kind.RAISED, f"{what} answers {response.status_code}")
        elif what == "the page" and f'data-message-id="{message_id}"'.encode() not in response.content:
            trial.note(Kind.RAISED, "the page has no row for it")


@functools.cache
def _browser() -> Client:
    from django.test import Client

    return Client(SERVER_NAME="localhost")


def _timed(trial: Trial, step: str, do: Callable[[], object]):  # type: ignore[no-untyped-def]
    with _timing(trial, step):
        return do()


@contextmanager
def _timing(trial: Trial, step: str) -> Iterator[None]:
    # CPU time: how busy the machine is says nothing of the message.
    began_at = time.process_time()
    try:
        yield
    finally:
        trial.took[step] = time.process_time() - began_at


def _hangs(number: int, frame: FrameType | None) -> None:
    raise _Hangs
