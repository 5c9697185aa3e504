"""Which database a table is in."""

from typing import Any

QUEUE_APP = "django_q"


class QueueRouter:
    """django-q2's tables live in the `queue` database, everything else in `default`."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        return "queue" if model._meta.app_label == QUEUE_APP else "default"

    db_for_write = db_for_read

    def allow_relation(self, one: Any, other: Any, **hints: Any) -> bool:
        return bool(self.db_for_read(one) == self.db_for_read(other))

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return (db == "queue") == (app_label == QUEUE_APP)
