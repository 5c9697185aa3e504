"""Giving out an address: tombstone, mailbox and grant in one transaction."""

from dataclasses import dataclass

from django.db import IntegrityError, transaction

from inbox import addresses, clock, sealing, timers
from inbox.address_key import tombstone_digest
from inbox.models import Domain, Grant, Mailbox, Policy, Tombstone

#: A generated address that was given out before is as likely as guessing one: twice is a fault.
ATTEMPTS = 4


class NotFree(Exception):
    """The name is taken, was given out before, or is reserved: all alike to whoever asks."""


@dataclass(frozen=True, slots=True)
class NewMailbox:
    """A mailbox and the only copy of the secret that opens it."""

    mailbox: Mailbox
    secret: bytes


def create_random(domain: Domain, *, provisional: bool) -> NewMailbox:
    """A mailbox with a generated local part."""
    for _attempt in range(ATTEMPTS):
        local_part = addresses.random_local_part()
        if addresses.is_reserved(local_part):
            continue
        try:
            return _create(local_part, domain, provisional=provisional)
        except NotFree:
            continue
    raise RuntimeError("generated addresses keep being taken")


def create_chosen(local_part: str, domain: Domain, *, provisional: bool = False) -> NewMailbox:
    """A mailbox with the name a person asked for. Raises AddressError (breaks a rule) or NotFree."""
    try:
        name = addresses.check_chosen(local_part)
    except addresses.AddressError as error:
        if str(error) == "reserved":
            raise NotFree from error
        raise
    return _create(name, domain, provisional=provisional)


def _create(local_part: str, domain: Domain, *, provisional: bool) -> NewMailbox:
    now, policy = clock.now(), Policy.current()
    keys, secret = sealing.new_key_pair(), sealing.new_secret()
    address = f"{local_part}@{domain.name}"
    mailbox = Mailbox(
        address=address,
        domain=domain,
        public_key=keys.public,
        created_at=now,
        timer_started_at=now,
        provisional=provisional,
    )
    timers.set_ends(mailbox, policy)
    with transaction.atomic():
        try:
            with transaction.atomic():
                Tombstone.objects.create(digest=tombstone_digest(address))
        except IntegrityError as error:
            raise NotFree from error
        mailbox.save(force_insert=True)
        Grant.objects.create(
            digest=sealing.lookup_digest(secret),
            mailbox=mailbox,
            wrapped=sealing.wrap_grant(secret, sealing.Grant(keys.private), mailbox.public_id.bytes),
        )
    return NewMailbox(mailbox, secret)
