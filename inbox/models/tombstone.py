"""An address that was given out."""

from django.db import models


class Tombstone(models.Model):
    """The digest, under the address key, of an address that was given out. Never removed.

    Inserted in the transaction that makes the mailbox: the only check for taken, ended and given.
    """

    digest = models.BinaryField(primary_key=True, max_length=32)

    def __str__(self) -> str:
        return "tombstone"
