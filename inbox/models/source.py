"""The message exactly as received, compressed and encrypted once for all of its recipients."""

from typing import Any, ClassVar

from django.db import models


class Source(models.Model):
    """The head of a source, with its first chunk. Most have no other.

    What does not fit is in SourceChunk rows, so that nothing large is ever one value, in memory or in
    the database.
    """

    header = models.BinaryField()
    first_chunk = models.BinaryField()
    size_bytes = models.PositiveBigIntegerField()

    def __str__(self) -> str:
        return f"source {self.pk}"


class LooseSource(models.Model):
    """A source whose last message may be gone. Noted with the deletion, gone with the source."""

    source_id = models.PositiveBigIntegerField(primary_key=True)

    def __str__(self) -> str:
        return f"loose source {self.pk}"


class SourceChunk(models.Model):
    """A further chunk; `index` counts from 1."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="chunks")
    index = models.PositiveIntegerField()
    data = models.BinaryField()

    class Meta:
        ordering: ClassVar[list[str]] = ["source_id", "index"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["source", "index"], name="source_chunk_once"),
        ]

    def __str__(self) -> str:
        return f"chunk {self.index} of source {self.source_id}"
