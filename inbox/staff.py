"""The staff mailbox: postmaster@ and abuse@ of every domain, the only mail that staff can read.

Its private key exists only wrapped under a secret that is shown once and never stored, as for every
mailbox. A new secret means a new mailbox beside the old one: new mail goes to the newest, and each
message opens with the secret of its own mailbox.
"""

import base64
import binascii
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TextIO

from django.db import transaction

from inbox import clock, sealing
from inbox.models import Grant, Installation, Mailbox

#: It has no timer: its messages end after 30 days, one by one (retention.py).
NEVER = datetime(9999, 12, 31, tzinfo=UTC)

FIRST_START_WORDS = """\
Mail to postmaster@ and abuse@ of your domains is sealed for you. This secret opens it, in the admin
under "Staff mail". It is shown this once and kept nowhere: write it down.

    {secret}

"""


class AlreadyThere(Exception):
    """There is a staff mailbox, and nobody asked for a second one."""


def is_set_up() -> bool:
    """Whether postmaster@ and abuse@ can receive."""
    return Mailbox.objects.filter(kind=Mailbox.Kind.STAFF).exists()


def count() -> int:
    """How many staff mailboxes there are: one, and one more for each `staffsecret --new`."""
    return Mailbox.objects.filter(kind=Mailbox.Kind.STAFF).count()


def make(show: Callable[[str], None], *, beside_others: bool) -> None:
    """Make a staff mailbox and hand its secret to `show`. Raises AlreadyThere, or what `show` raises.

    The secret is shown before the commit: one that could not be shown must not become the key of all
    new mail.
    """
    with transaction.atomic():
        Installation.row()
        Installation.objects.select_for_update().get(id=1)  # two at once would make two
        if not beside_others and is_set_up():
            raise AlreadyThere
        secret = sealing.new_secret()
        keys = sealing.new_key_pair()
        now = clock.now()
        mailbox = Mailbox.objects.create(
            kind=Mailbox.Kind.STAFF,
            public_key=keys.public,
            created_at=now,
            timer_started_at=now,
            expires_at=NEVER,
            purge_at=NEVER,
        )
        Grant.objects.create(
            digest=sealing.lookup_digest(secret),
            mailbox=mailbox,
            wrapped=sealing.wrap_grant(secret, sealing.Grant(keys.private), mailbox.public_id.bytes),
        )
        show(to_text(secret))


def ensure_on_first_start(stream: TextIO | None) -> bool:
    """Make the staff mailbox if there is none and `stream` is a terminal that somebody reads.

    Returns whether it was made. Elsewhere postmaster@ and abuse@ answer 451, and health says so, until
    somebody runs `manage.py staffsecret`.
    """
    if stream is None or not stream.isatty() or is_set_up():
        return False

    def show(secret: str) -> None:
        stream.write(FIRST_START_WORDS.format(secret=secret))
        stream.flush()

    try:
        make(show, beside_others=False)
    except (AlreadyThere, OSError):
        return False
    return True


def to_text(secret: bytes) -> str:
    """The secret as people copy it: 43 characters of base64url."""
    return base64.urlsafe_b64encode(secret).rstrip(b"=").decode()


def from_text(text: str) -> bytes | None:
    """The secret in what somebody typed or a cookie brought, blanks allowed; None if it cannot be one."""
    packed = "".join(text.split())
    if len(packed) != 43 or not packed.isascii():
        return None
    try:
        return base64.b64decode(packed + "=", altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
