"""Mail that a living mailbox did not get."""

import uuid
from typing import Any, ClassVar

from django.db import models

from inbox.models.mailbox import Mailbox


class Notice(models.Model):
    """Sealed: `box` holds the reason, the size and the reverse-path. In the clear: when it was."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    mailbox = models.ForeignKey(Mailbox, on_delete=models.CASCADE, related_name="notices")
    refused_at = models.DateTimeField()
    box = models.BinaryField()
    #: Recognises the same reverse-path and reason for an hour; then it is dropped.
    digest = models.BinaryField(null=True)

    class Meta:
        indexes: ClassVar[list[Any]] = [
            models.Index(
                fields=["refused_at"], name="notice_digest_age", condition=models.Q(digest__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return self.public_id.hex
