"""One disposable address."""

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar

from django.db import models

from inbox.models.domain import Domain
from inbox.models.policy import Policy


class MailboxQuerySet(models.QuerySet["Mailbox"]):
    def living(self, now: datetime) -> "MailboxQuerySet":
        """Those that are shown at `now`."""
        return self.filter(expires_at__gt=now)

    def due(self, now: datetime) -> "MailboxQuerySet":
        """Those that are to be erased at `now`, longest due first."""
        return self.filter(purge_at__lte=now).order_by("purge_at")

    def behind(self, policy_version: int) -> "MailboxQuerySet":
        """People's mailboxes that were timed under an earlier policy."""
        return self.filter(policy_version__lt=policy_version, kind=Mailbox.Kind.PERSON).order_by("pk")

    def locked(self, pks: Iterable[int]) -> "dict[int, Mailbox]":
        """The rows, locked in id order, by pk. Every writer begins with this, inside its transaction."""
        rows = self.select_for_update().filter(pk__in=list(pks)).order_by("pk")
        return {mailbox.pk: mailbox for mailbox in rows}


class Mailbox(models.Model):
    """`address` and its timers, counters and public key. Its mail is sealed to `public_key`."""

    class Kind(models.TextChoices):
        PERSON = "person"
        STAFF = "staff"  # receives postmaster@ and abuse@ of every domain

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.PERSON)
    #: Canonical, `local_part@domain`; the staff mailbox has none of its own.
    address = models.CharField(max_length=320, unique=True, null=True)
    domain = models.ForeignKey(Domain, on_delete=models.PROTECT, null=True, related_name="mailboxes")
    public_key = models.BinaryField()

    created_at = models.DateTimeField()
    timer_started_at = models.DateTimeField()
    last_message_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField()
    purge_at = models.DateTimeField(db_index=True)
    #: Its cookie has not come back yet, and no mail has come: it ends after five minutes.
    provisional = models.BooleanField(default=False)
    policy_version = models.PositiveBigIntegerField(default=0)

    revision = models.PositiveBigIntegerField(default=0)
    message_count = models.PositiveIntegerField(default=0)
    size_bytes = models.PositiveBigIntegerField(default=0)
    #: Refused mail beyond the notices that are kept: only counted.
    notices_beyond = models.PositiveIntegerField(default=0)

    objects: ClassVar[MailboxQuerySet] = MailboxQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["policy_version"], name="mailbox_policy_version"),
            models.Index(fields=["domain", "expires_at"], name="mailbox_domain_expires"),
        ]
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(
                condition=models.Q(kind="staff", address=None)
                | models.Q(kind="person", address__isnull=False),
                name="mailbox_person_has_address",
            ),
            models.CheckConstraint(
                condition=models.Q(purge_at__gte=models.F("expires_at")), name="mailbox_purged_after_hidden"
            ),
        ]

    def __str__(self) -> str:
        return self.mailbox_id  # never the address: this text ends up in logs and admin history

    @property
    def mailbox_id(self) -> str:
        """The public id, 32 hex digits."""
        return self.public_id.hex

    def is_over_quota(self, policy: Policy) -> bool:
        return policy.is_exceeded_by(self.message_count, self.size_bytes)
