"""First-run set-up: whichever command comes first does it, the others wait and find it done.

Everything here may run at every start: it looks first and changes only what is missing or stale.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import secrets
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.staticfiles import finders
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from inbox.running import locks
from inbox.running.data_dir import prepare, write_private

logger = logging.getLogger(__name__)

SETUP_LOCK = "setup.lock"
ADMIN = "admin"
STATIC_STAMP = "static.stamp"
PASSWORD_FILE = "admin-password"  # noqa: S105  the file's name
#: No letters or digits that are taken for one another; four groups of five are 98 bits.
PASSWORD_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # noqa: S105


@dataclass(frozen=True, slots=True)
class Done:
    """What set-up has to tell: where a generated password lies that nobody has been shown yet, and what
    works less well here than it could.
    """

    password_file: Path | None
    notes: tuple[str, ...] = ()

    def take_password(self) -> str:
        """The admin's generated password, for showing it on a terminal: the file is gone after that."""
        if self.password_file is None:
            return ""
        try:
            password = self.password_file.read_text().strip()
            self.password_file.unlink()
        except OSError:
            return ""
        return password


def ensure() -> Done:
    """Make keys, tables, rows, static files and the admin where they are missing. Safe at any time.

    Raises DataDirUnusable, or ImproperlyConfigured (an address key that is not this database's, SQLite
    without the safety that the settings ask for).
    """
    data_dir: Path = settings.TEMPMAIL_DATA_DIR
    prepare(data_dir)
    with locks.exclusive(data_dir / SETUP_LOCK):
        try:
            for alias in connections:
                _make_tables(alias)
                _check_sqlite(alias)
            _make_rows()
            _make_admin(data_dir / PASSWORD_FILE)
            collect_static(data_dir / STATIC_STAMP)
        finally:
            connections.close_all()
    kept = data_dir / PASSWORD_FILE
    return Done(kept if kept.exists() else None, tuple(_notes()))


def tell_notes(done: Done) -> None:
    """One line for each."""
    for note in done.notes:
        logger.warning("%s", note)


def tell(done: Done) -> None:
    """For a command that has no better place for it: the notes; the admin's password, shown once, or where
    it is.
    """
    tell_notes(done)
    if done.password_file is None:
        return
    if sys.stderr.isatty():
        print(f"Admin: user {ADMIN}, password {done.take_password()} (shown this once)", file=sys.stderr)
    else:
        logger.info("The admin's password is in %s", done.password_file)


def _notes() -> Iterator[str]:
    """What our own checks warn of."""
    for message in checks.run_checks(tags=[checks.Tags.database]):
        if (message.id or "").startswith("inbox.") and not message.is_silenced():
            yield f"{message.msg} {message.hint or ''}".strip()


def _make_tables(alias: str) -> None:
    _make_private_file(alias)
    connection = connections[alias]
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        call_command("migrate", database=alias, interactive=False, verbosity=0)


def _make_private_file(alias: str) -> None:
    """A new SQLite file is ours alone from its first byte (SQLite gives its WAL the same mode)."""
    database = connections[alias].settings_dict
    if _is_sqlite(alias) and "memory" not in str(database["NAME"]):
        os.close(os.open(str(database["NAME"]), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))


def _check_sqlite(alias: str) -> None:
    """A misplaced or unknown PRAGMA is ignored by SQLite in silence, so look at what has come of them."""
    if not _is_sqlite(alias):
        return
    wanted = {
        "journal_mode": "wal" if settings.SQLITE_IS_SOUND else "truncate",
        "synchronous": 2,
        "secure_delete": 1,
        "auto_vacuum": 2,
    }
    with connections[alias].cursor() as cursor:
        for pragma, value in wanted.items():
            cursor.execute(f"PRAGMA {pragma}")
            found = cursor.fetchone()[0]
            if found != value:
                raise ImproperlyConfigured(
                    f"SQLite has {pragma}={found} for the {alias} database where {value} is needed. "
                    "The data directory has to be on a local disk."
                )


def _is_sqlite(alias: str) -> bool:
    return connections[alias].vendor == "sqlite"


def _make_rows() -> None:
    from inbox import first_run, staff, tasks

    first_run.ensure_rows()
    staff.ensure_on_first_start(_terminal())
    tasks.ensure_schedules()


def _terminal() -> TextIO | None:
    """Where a secret can be shown that is stored nowhere."""
    return next((stream for stream in (sys.stdout, sys.stderr) if stream.isatty()), None)


def _make_admin(password_file: Path) -> None:
    users = get_user_model()._default_manager
    if users.filter(is_superuser=True).exists():
        return
    password = settings.TEMPMAIL_ADMIN_PASSWORD
    if not password:
        # Into the file first: should we be killed before it was shown, it is not lost.
        groups = ("".join(secrets.choice(PASSWORD_ALPHABET) for _ in range(5)) for _ in range(4))
        password = "-".join(groups)
        write_private(password_file, f"{password}\n".encode())
    user, _ = users.get_or_create(username=ADMIN)
    user.is_staff = user.is_superuser = user.is_active = True
    user.set_password(password)
    user.save()


def collect_static(stamp: Path) -> None:
    """Gather the static files under their hashed names, unless `stamp` says that these are there."""
    if settings.DEBUG:
        return  # the finders serve them
    state = _static_state()
    with contextlib.suppress(OSError):
        if stamp.read_text() == state and Path(settings.STATIC_ROOT).is_dir():
            return
    call_command("collectstatic", interactive=False, verbosity=0)
    write_private(stamp, state.encode())


def _static_state() -> str:
    """Names every static file with its size and time, and the storage that they go through."""
    files = []
    for finder in finders.get_finders():
        for name, storage in finder.list([]):
            status = os.stat(storage.path(name))
            files.append((name, status.st_size, status.st_mtime_ns))
    described = json.dumps([settings.STORAGES["staticfiles"], sorted(files)])
    return hashlib.sha256(described.encode()).hexdigest()
