"""Mailboxes by the hundred, staff who are logged in, and the fixtures of the core's tests."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from pytest_django import Settings

from inbox import clock, health
from inbox.models import Domain, Mailbox, Message, Policy, Source
from tests.core.conftest import Clock, Held, held, moving, new_mailbox, rows

__all__ = ["Clock", "Held", "held", "moving", "new_mailbox", "rows"]

ROOT = Path(__file__).resolve().parents[2]


def wait_for(condition: Callable[[], object], seconds: float = 10.0) -> None:
    """Wait until `condition` is true; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.002)


def many_mailboxes(count: int, *, purge_at: datetime, messages: int = 1, name: str = "many") -> list[int]:
    """`count` people's mailboxes with rows of mail in them, made in bulk; their pks."""
    domain = Domain.objects.get(name="one.example")
    expires_at = purge_at - timedelta(minutes=30)
    made = Mailbox.objects.bulk_create(
        Mailbox(
            address=f"{name}{index}@one.example",
            domain=domain,
            public_key=bytes(32),
            created_at=expires_at - timedelta(minutes=90),
            timer_started_at=expires_at - timedelta(minutes=90),
            expires_at=expires_at,
            purge_at=purge_at,
            policy_version=Policy.objects.get(id=1).version,
            message_count=messages,
            size_bytes=messages * 1000,
        )
        for index in range(count)
    )
    for number in range(1, messages + 1):
        sources = Source.objects.bulk_create(
            Source(header=bytes(24), first_chunk=os.urandom(1000), size_bytes=1000) for _ in made
        )
        Message.objects.bulk_create(
            Message(
                mailbox=mailbox,
                source=source,
                number=number,
                received_at=clock.now(),
                size_bytes=1000,
                box=os.urandom(300),
            )
            for mailbox, source in zip(made, sources, strict=True)
        )
    return [mailbox.pk for mailbox in made]


def command(*arguments: str) -> tuple[list[str], dict[str, str]]:
    """Command line and environment of a manage.py that works on the tests' database."""
    environment = {
        **os.environ,
        "DATABASE_URL": f"sqlite:///{connection.settings_dict['NAME']}",
        "DJANGO_SETTINGS_MODULE": "tempmail_site.settings",
    }
    return [sys.executable, str(ROOT / "manage.py"), *arguments], environment


@pytest.fixture
def queue(transactional_db: None) -> Iterator[None]:
    """The queue's tables, emptied."""
    from django_q.models import OrmQ, Schedule, Task

    for model in (OrmQ, Schedule, Task):
        model.objects.all().delete()
    yield


@pytest.fixture
def operator(rows: Policy) -> Client:
    """A browser whose user may do everything."""
    User.objects.create_superuser("operator", password="a long password")
    client = Client()
    client.force_login(User.objects.get(username="operator"), "django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture(autouse=True)
def quick_passwords(settings: Settings) -> None:
    """A hasher made to be slow would make up most of the time here."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def plain_static_files(settings: Settings) -> None:
    """Pages are rendered here without a collectstatic before."""
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}


@pytest.fixture(autouse=True)
def fresh_health() -> Iterator[None]:
    """No answer of one test is given in the next, nor one that was still being worked on."""
    health.forget()
    yield
    health.forget()
    for part in health._parts:
        if part._running is not None:
            part._running.exception(timeout=30)
