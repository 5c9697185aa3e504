"""What this installation knows of itself."""

from typing import Any, ClassVar, Self

from django.db import models


class Installation(models.Model):
    """One row, with id 1."""

    #: Proves at start that the address key is the one under which the tombstones were made.
    address_key_canary = models.BinaryField(null=True)

    last_sweep_at = models.DateTimeField(null=True)
    #: The last time the whole WAL was written back and cut to nothing.
    last_checkpoint_at = models.DateTimeField(null=True)

    #: The clock guard (presence.py): the latest time any process has seen, and what erasing waits for.
    last_seen_at = models.DateTimeField(null=True)
    hold_seconds_left = models.PositiveIntegerField(default=0)
    hold_until_trusted = models.BooleanField(default=False)
    #: The clock went back: steady uptime until mailboxes are timed anew. 0 when that is not owed.
    back_seconds_left = models.PositiveIntegerField(default=0)

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(condition=models.Q(id=1), name="installation_is_one_row"),
        ]

    def __str__(self) -> str:
        return "installation"

    @classmethod
    def row(cls) -> Self:
        """The row, made when it is not there."""
        return cls.objects.get_or_create(id=1)[0]
