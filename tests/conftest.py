"""What all tests share: a real database file, a real Valkey, real commands on directories of their own."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings
from django.db import connections, transaction
from django.test import TransactionTestCase

from tests.support import Clock, Running, copied

DATABASES = ["default", "queue"]


#: What migrations write: names of models and permissions, which Django remembers by their ids.
KEPT_TABLES = {"django_content_type", "auth_permission"}

#: Whose tests start services and browsers and wait for them. Several processes share the machine: what only
#: ran out of patience is tried once more, and counted as a rerun. (For all tests that would cost a minute.)
WAITING_FOLDERS = ("corpus", "faults", "real", "running")
#: Many small files that never wait: begun last, they keep all processes busy to the end.
QUICK_FOLDERS = ("core", "front", "mail")
RAN_OUT_OF_PATIENCE = ["did not happen within", "TimeoutError", "Locator expected"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that wait are given a second try; those that use the database get it with real transactions, and
    the queue's file with it. The longest files come first.
    """
    items.sort(key=lambda item: item.path.parent.name in QUICK_FOLDERS)
    for item in items:
        if item.path.parent.name in WAITING_FOLDERS or item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.flaky(reruns=1, only_rerun=RAN_OUT_OF_PATIENCE))
        fixtures = getattr(item, "fixturenames", ())
        if {"transactional_db", "db"}.intersection(fixtures) and item.get_closest_marker("django_db") is None:
            item.add_marker(pytest.mark.django_db(transaction=True, databases=DATABASES))


def pytest_unconfigure(config: pytest.Config) -> None:
    """Take the session's data directory away."""
    if settings.configured:
        shutil.rmtree(settings.TEMPMAIL_DATA_DIR, ignore_errors=True)


@pytest.fixture(scope="session")
def valkey() -> Iterator[redis.Redis]:
    """The embedded Valkey, started as every process of ours starts it, for the whole session."""
    from inbox.running import beginning

    beginning.join_valkey()
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        yield client
    beginning.leave_valkey()


@pytest.fixture(scope="session", autouse=True)
def static_files() -> Iterator[None]:
    """The static files under their hashed names, which pages need in order to name them."""
    from whitenoise.base import WhiteNoise

    from inbox.running import setup

    setup.collect_static(settings.TEMPMAIL_DATA_DIR / setup.STATIC_STAMP)
    # A test client has middleware of its own: without this each looks at three hundred files again.
    look = WhiteNoise.update_files_dictionary
    known: dict[str, dict[str, object]] = {}

    def look_once(self: WhiteNoise, root: str, prefix: str) -> None:
        if root not in known:
            look(self, root, prefix)
            known[root] = dict(self.files)
        self.files.update(known[root])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WhiteNoise, "update_files_dictionary", look_once)
        yield


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> Iterator[None]:
    """After each test the tables that it filled are emptied. (Django's flush writes the names of models and
    permissions anew each time, which takes longer than most tests.)
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", empty_tables)
        yield


def empty_tables(case: Any) -> None:
    """Delete all rows that migrations did not write."""
    for alias in case._databases_names(include_mirrors=False):
        connection = connections[alias]
        names = set(connection.introspection.django_table_names(only_existing=True)) - KEPT_TABLES
        ask = " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {name})" for name in names)
        with connection.cursor() as cursor:
            cursor.execute(ask)
            if filled := [name for (name,) in cursor.fetchall()]:
                with transaction.atomic(using=alias):
                    for name in filled:
                        cursor.execute(f"DELETE FROM {name}")


@pytest.fixture(autouse=True)
def empty_valkey(valkey: redis.Redis) -> None:
    """No limit that one test has used up reaches the next."""
    valkey.flushall()


@pytest.fixture(scope="session")
def set_up_data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory after first-run set-up, to copy: set-up takes two seconds, so workers share it."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    (shared / "set-up").mkdir(exist_ok=True)
    with open(shared / "set-up" / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        running = Running(shared / "set-up" / "data", TEMPMAIL_ADMIN_PASSWORD="a long password")
        done = shared / "set-up" / "done"
        if not done.exists():
            code, output = running.run("setup")
            assert code == 0, output
            (running.data_dir / "valkey.json").unlink()  # each copy chooses a port of its own
            done.touch()
    return running.data_dir


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Running]:
    """Commands on a data directory that does not exist yet."""
    running = Running(tmp_path / "data")
    yield running
    running.stop()


@pytest.fixture
def running(tmp_path: Path, set_up_data_dir: Path) -> Iterator[Running]:
    """Commands on a data directory that is set up (admin's password: "a long password")."""
    with copied(set_up_data_dir, tmp_path) as running:
        yield running


@pytest.fixture
def moved_clock(tmp_path: Path) -> Callable[[Running], Clock]:
    """Gives the commands that a Running starts from now on a clock that the test moves."""

    def give(running: Running) -> Clock:
        clock = Clock(tmp_path)
        running.environment |= clock.environment()
        return clock

    return give
