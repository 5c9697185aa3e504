"""Digests under the address key: of addresses given out, of messages that may be repeated, of refusals.

The key is never rotated, is part of the backup, and its canary is looked at before anything starts.
"""

from functools import lru_cache

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from inbox import keys, sealing
from inbox.models import Installation


def _key() -> bytes:
    return _derived(str(settings.TEMPMAIL_ADDRESS_KEY), keys.ADDRESS_KEY_USE)


@lru_cache(maxsize=8)
def _derived(key: str, purpose: bytes) -> bytes:
    """Reception asks several times a message; deriving costs as much as the digest."""
    return sealing.hkdf(key.encode(), purpose)


def tombstone_digest(address: str) -> bytes:
    """The name of an address among those given out."""
    return sealing.keyed_digest(_key(), b"tombstone", address.encode())


def repeat_digest(address: str, body_digest: bytes) -> bytes:
    """The name of a message to a recipient, while its sender may not know that we have it."""
    return sealing.keyed_digest(_key(), b"repeat", address.encode(), body_digest)


def refusal_digest(mailbox_id: str, reverse_path: str, reason: str) -> bytes:
    """The name of a refusal, so that the same one is told once an hour."""
    return sealing.keyed_digest(
        _key(), b"refused", mailbox_id.encode(), reverse_path.encode(), reason.encode()
    )


def body_key() -> bytes:
    """The key for the digest of what comes after DATA."""
    return _derived(str(settings.TEMPMAIL_ADDRESS_KEY), b"tempmail repeat body")


def check_canary() -> None:
    """Prove that this is the key under which the tombstones were made. Raises ImproperlyConfigured.

    Under another key every address ever given out would look free.
    """
    canary = sealing.keyed_digest(_key(), b"canary")
    installation = Installation.row()
    if installation.address_key_canary is None:
        Installation.objects.filter(id=1, address_key_canary=None).update(address_key_canary=canary)
        installation.refresh_from_db()
    if bytes(installation.address_key_canary or b"") != canary:
        raise ImproperlyConfigured(
            "The address key is not the one this database was made with: "
            "put back the file address-key, or TEMPMAIL_ADDRESS_KEY, from the backup."
        )
