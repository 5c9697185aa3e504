"""One secret's right to one mailbox."""

from typing import Any, ClassVar

from django.db import models

from inbox.models.mailbox import Mailbox


class Grant(models.Model):
    """Found by the digest of a secret; what it wraps opens only with that secret.

    It is keyed by the digest, so that no sequence tells in which order grants were made.
    """

    class Kind(models.TextChoices):
        BROWSER = "browser"
        LINK = "link"

    digest = models.BinaryField(primary_key=True, max_length=32)
    mailbox = models.ForeignKey(Mailbox, on_delete=models.CASCADE, related_name="grants")
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.BROWSER)
    wrapped = models.BinaryField()
    ends_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(condition=models.Q(kind__in=["browser", "link"]), name="grant_kind_known"),
        ]

    def __str__(self) -> str:
        return f"grant ({self.kind})"
