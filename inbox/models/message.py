"""One message in one mailbox."""

import uuid
from datetime import datetime
from typing import Any, ClassVar

from django.db import models

from inbox.models.mailbox import Mailbox
from inbox.models.source import Source


class MessageQuerySet(models.QuerySet["Message"]):
    def shown(self) -> "MessageQuerySet":
        """Those that were not deleted, oldest first: the order of arrival."""
        return self.filter(deleted_at=None).order_by("number")

    def newer_than(self, revision: int) -> "MessageQuerySet":
        return self.filter(number__gt=revision)

    def changed_since(self, revision: int) -> "MessageQuerySet":
        """Those whose row a page with that revision does not have as it is now."""
        return self.filter(models.Q(number__gt=revision) | models.Q(revised__gt=revision))

    def with_repeat_digest(
        self, digests: list[bytes], after: datetime, before: datetime
    ) -> "MessageQuerySet":
        """Those that a sender may be repeating: received in (after, before]."""
        return self.filter(repeat_digest__in=digests, received_at__gt=after, received_at__lte=before)


class Message(models.Model):
    """Sealed: `box` holds the source's key and the summary, `checks_box` what was found out about the sender.
    In the clear: sizes, times, read or not.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    mailbox = models.ForeignKey(Mailbox, on_delete=models.CASCADE, related_name="messages")
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="messages")
    #: The mailbox's revision that this message made: the order of arrival, and what "newer" means.
    number = models.PositiveBigIntegerField()
    received_at = models.DateTimeField()
    size_bytes = models.PositiveBigIntegerField()
    box = models.BinaryField()
    #: Comes some time after the message, or never.
    checks_box = models.BinaryField(null=True)
    #: The mailbox's revision at which what the row shows was last changed; 0 when it never was.
    revised = models.PositiveBigIntegerField(default=0)
    is_read = models.BooleanField(default=False)
    #: Deleted by its holder, who may take that back for a few seconds; then it is erased.
    deleted_at = models.DateTimeField(null=True)
    #: Recognises a sender that repeats a message because it never saw our 250; gone once it has.
    repeat_digest = models.BinaryField(null=True)

    objects: ClassVar[MessageQuerySet] = MessageQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["mailbox", "number"], name="message_number_once"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["repeat_digest"],
                name="message_repeat_digest",
                condition=models.Q(repeat_digest__isnull=False),
            ),
            models.Index(
                fields=["deleted_at"], name="message_deleted_at", condition=models.Q(deleted_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return self.message_id

    @property
    def message_id(self) -> str:
        """The public id, 32 hex digits."""
        return self.public_id.hex
