"""Which processes run."""

from typing import Any, ClassVar

from django.db import models


class Presence(models.Model):
    """One running process, as of its last minute."""

    kind = models.CharField(max_length=16)
    host = models.CharField(max_length=255)
    pid = models.PositiveIntegerField()
    version = models.CharField(max_length=32)
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["host", "pid", "kind"], name="presence_once"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pid}"
