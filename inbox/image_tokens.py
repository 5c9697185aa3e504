"""What stands for a remote picture in a letter whose reader asked for them: a token in a URL of ours.

A sandboxed frame sends no cookie, so the URL itself has to say which picture is meant, and must do so to us
alone: the sender's server, or whoever reads a proxy's log, learns nothing from it, and nobody can have us
fetch what no letter of theirs holds. The token holds no mail and no key, and is worth nothing after minutes.
"""

import hashlib
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

from inbox import clock, sealing

LIFETIME = timedelta(minutes=10)
#: Every proxy takes a line of that length with a token in it.
LONGEST_URL_BYTES = 4000

_FORMAT = b"\1"
_HEAD = struct.Struct(">cQ8sH")
_PAD_BLOCK = 256
_LONGEST_TOKEN = 6000


class NotValid(Exception):
    """The token is none of ours, or its time is over."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """The picture that a token stands for, and a digest of the mailbox that it is for."""

    url: str
    mailbox: str


def make(url: str, mailbox_id: str) -> str:
    """A token for the picture, good for LIFETIME; "" for a URL that is too long to be carried in one."""
    raw = url.encode("utf-8", "replace")
    if len(raw) > LONGEST_URL_BYTES:
        return ""
    ends_at = int((clock.now() + LIFETIME).timestamp())
    payload = _HEAD.pack(_FORMAT, ends_at, _mailbox_digest(mailbox_id), len(raw)) + raw
    payload += bytes(-len(payload) % _PAD_BLOCK)
    return urlsafe_b64encode(bytes(_box().encrypt(payload))).rstrip(b"=").decode()


def read(token: str) -> Ticket:
    """What make() put into it. Raises NotValid."""
    if len(token) > _LONGEST_TOKEN or not token.isascii():
        raise NotValid
    try:
        payload = _box().decrypt(urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except (CryptoError, ValueError) as error:
        raise NotValid from error
    form, ends_at, mailbox, length = _HEAD.unpack_from(payload)
    if form != _FORMAT or clock.now().timestamp() >= ends_at:
        raise NotValid
    return Ticket(payload[_HEAD.size : _HEAD.size + length].decode(), mailbox.hex())


def _box() -> SecretBox:
    return SecretBox(_key(b"tempmail picture token"))


def _mailbox_digest(mailbox_id: str) -> bytes:
    """Enough to count by, and of no use for finding the mailbox."""
    key = _key(b"tempmail picture mailbox")
    return hashlib.blake2b(mailbox_id.encode(), key=key, digest_size=8).digest()


def _key(purpose: bytes) -> bytes:
    return sealing.hkdf(settings.SECRET_KEY.encode(), purpose)
