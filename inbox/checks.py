"""Django checks: misconfiguration is said before it costs somebody's mail."""

import sqlite3
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core import checks


@checks.register(checks.Tags.security)
def hosts_are_named(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[checks.CheckMessage]:
    """With `*` every Origin would pass the websocket's check."""
    if "*" in settings.ALLOWED_HOSTS and not settings.DEBUG:
        return [
            checks.Error(
                "ALLOWED_HOSTS has '*'.",
                hint="Name the hosts this service is reached by: a websocket's Origin is held against them.",
                id="inbox.E001",
            )
        ]
    return []


@checks.register(checks.Tags.database)
def sqlite_is_sound(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[checks.CheckMessage]:
    """SQLite before 3.51.3 can lose a commit in WAL mode; there the rollback journal is used."""
    if settings.DATABASE_IS_SQLITE and not settings.SQLITE_IS_SOUND:
        return [
            checks.Warning(
                f"SQLite {sqlite3.sqlite_version} is older than 3.51.3: no WAL, which is slower.",
                hint="Install pysqlite3, or a Python with a newer SQLite.",
                id="inbox.W002",
            )
        ]
    return []
