"""The cookies that open mailboxes: one a mailbox, and one that remembers which was looked at last.

    [__Host-]tm_<mark>_<mailbox id> = base64url(secret)
    [__Host-]tm_<mark>_current      = mailbox id

The mark is this installation's, for cookies ignore ports. Over HTTPS only `__Host-` names are read, so
that nobody who controls a plain-HTTP neighbour can plant one.
"""

import base64
import re
import secrets as randomness
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from django.conf import settings
from django.http.response import HttpResponseBase

#: Mailboxes a browser are at most 40 (policy); a few more are looked at, for links.
MOST_LOOKED_AT = 48

#: A proxy's buffer for our headers is 4 KB (nginx' proxy_buffer_size): cookies take at most this much of it,
#: for a response that does not fit is a 502, and a browser that gets only those is never rid of a cookie.
MOST_BYTES_SET = 2400
_BYTES_UNSET = 130
_BYTES_SET = 225

_MAILBOX_ID = re.compile(r"[0-9a-f]{32}\Z")
_UNSETTABLE = re.compile(r"[0-9A-Za-z_-]{1,64}\Z")  # another name cannot be said in a Set-Cookie
_SECRET = re.compile(r"[A-Za-z0-9_-]{43}\Z")


@dataclass(frozen=True, slots=True)
class Brought:
    """The cookies of ours that came with a request."""

    secrets: Mapping[str, bytes]  # mailbox id → secret
    unreadable: tuple[str, ...]  # names that can open nothing
    current: str  # mailbox id, or ""


@dataclass(slots=True)
class Changes:
    """What a response is to do to the browser's cookies. The first named go first where not all fit."""

    kept: dict[str, tuple[bytes, timedelta]] = field(default_factory=dict)  # mailbox id → secret, lifetime
    renewed: dict[str, tuple[bytes, timedelta]] = field(default_factory=dict)
    unset: list[str] = field(default_factory=list)  # names
    current: tuple[str, timedelta] | None = None


def name_of(mailbox_id: str, *, secure: bool) -> str:
    """The cookie's name; of `current` for the one that remembers."""
    return f"{'__Host-' if secure else ''}tm_{settings.COOKIE_MARK}_{mailbox_id}"


def is_id(text: str) -> bool:
    """Whether `text` has the form of a mailbox's or message's id."""
    return _MAILBOX_ID.match(text) is not None


def read(cookies: Mapping[str, str], *, secure: bool) -> Brought:
    """What `cookies` hold for this installation. Of too many the newest are looked at."""
    prefix = name_of("", secure=secure)
    ours = {name.removeprefix(prefix): value for name, value in cookies.items() if name.startswith(prefix)}
    current = ours.pop("current", "")
    secrets: dict[str, bytes] = {}
    unreadable = []
    # Browsers send the oldest first (RFC 6265 5.4).
    for mailbox_id, value in reversed(list(ours.items())):
        if len(secrets) < MOST_LOOKED_AT and _MAILBOX_ID.match(mailbox_id) and _SECRET.match(value):
            secrets[mailbox_id] = base64.urlsafe_b64decode(value + "=")
        elif _UNSETTABLE.match(mailbox_id):
            unreadable.append(prefix + mailbox_id)
    return Brought(secrets, tuple(unreadable), current if _MAILBOX_ID.match(current) else "")


def write(response: HttpResponseBase, changes: Changes, *, secure: bool) -> None:
    """Set and unset. What does not fit into one response's headers is left for the next one."""
    left = MOST_BYTES_SET
    for mailbox_id, (secret, lifetime) in changes.kept.items():
        _set_secret(response, mailbox_id, secret, lifetime, secure=secure)
        left -= _BYTES_SET
    if changes.current is not None:
        mailbox_id, lifetime = changes.current
        _set(response, name_of("current", secure=secure), mailbox_id, lifetime, secure=secure)
        left -= _BYTES_SET
    for name in changes.unset:
        if left < _BYTES_UNSET:
            return
        response.delete_cookie(name, path="/", samesite="Lax")
        left -= _BYTES_UNSET
    for mailbox_id in _in_any_order(changes.renewed):
        if left < _BYTES_SET:
            return
        secret, lifetime = changes.renewed[mailbox_id]
        _set_secret(response, mailbox_id, secret, lifetime, secure=secure)
        left -= _BYTES_SET


def _in_any_order(mailbox_ids: Iterable[str]) -> list[str]:
    """Shuffled, so that over a few pages each gets its turn."""
    shuffled = list(mailbox_ids)
    randomness.SystemRandom().shuffle(shuffled)
    return shuffled


def _set_secret(
    response: HttpResponseBase, mailbox_id: str, secret: bytes, lifetime: timedelta, *, secure: bool
) -> None:
    value = base64.urlsafe_b64encode(secret).decode().rstrip("=")
    _set(response, name_of(mailbox_id, secure=secure), value, lifetime, secure=secure)


def _set(response: HttpResponseBase, name: str, value: str, lifetime: timedelta, *, secure: bool) -> None:
    response.set_cookie(
        name,
        value,
        max_age=max(1, int(lifetime.total_seconds())),
        path="/",
        secure=secure,
        httponly=True,
        samesite="Lax",
    )
