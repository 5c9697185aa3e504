"""What a test needs to know or to prepare inside an installation; each call runs in a process of its own.

Mailboxes are opened with their secrets through inbox.access, as a reader would. Arguments and results are
plain JSON; bytes travel as base64.
"""

from __future__ import annotations

import base64
import os
from datetime import timedelta
from typing import Any

from django.db import connection
from django.test import Client

from inbox import access, clock, creation, sealing
from inbox.models import Domain, Grant, Installation, Mailbox, Message, Policy, Source, SourceChunk


def make(count: int, domain: str = "one.example") -> list[dict[str, Any]]:
    """New mailboxes: address, secret, id."""
    made = [creation.create_random(Domain.objects.get(name=domain), provisional=False) for _ in range(count)]
    return [
        {"address": new.mailbox.address, "secret": new.secret.hex(), "id": new.mailbox.mailbox_id}
        for new in made
    ]


def read(secrets: list[str]) -> dict[str, dict[str, Any]]:
    """What these secrets open: by mailbox id, the sources in the order of arrival, and counters."""
    found = {}
    for mailbox in access.open_all([bytes.fromhex(secret) for secret in secrets]):
        rows = mailbox.rows()
        row = Mailbox.objects.get(pk=mailbox.pk)
        found[mailbox.mailbox_id] = {
            "sources": [_packed(_source(mailbox, each.message_id)) for each in rows],
            "damaged": sum(each.is_damaged for each in rows),
            "numbers": [each.number for each in rows],
            "revision": row.revision,
            "message_count": row.message_count,
            "size_bytes": row.size_bytes,
        }
    return found


def _source(mailbox: access.OpenMailbox, message_id: str) -> bytes:
    message = mailbox.message(message_id)
    assert message is not None
    return message.source()


def set_policy(**fields: Any) -> None:
    """Change the policy as the admin does. Durations are seconds."""
    policy = Policy.objects.get(id=1)
    for name, value in fields.items():
        is_duration = isinstance(getattr(policy, name), timedelta)
        setattr(policy, name, timedelta(seconds=value) if is_duration else value)
    policy.save()


def make_due(mailboxes: int, messages: int, shared_with: list[str]) -> None:
    """Mailboxes whose purge is due, full of mail. Their first message each is shared with a living one."""
    domain = Domain.objects.get(name="one.example")
    policy = Policy.objects.get(id=1)
    ended = clock.now() - timedelta(hours=1)
    due = Mailbox.objects.bulk_create(
        Mailbox(
            address=f"due{index}@one.example",
            domain=domain,
            public_key=bytes(32),
            created_at=ended - timedelta(hours=2),
            timer_started_at=ended - timedelta(hours=2),
            expires_at=ended - timedelta(minutes=30),
            purge_at=ended,
            policy_version=policy.version,
            message_count=messages,
            size_bytes=messages * 1000,
        )
        for index in range(mailboxes)
    )
    Grant.objects.bulk_create(
        Grant(digest=os.urandom(32), mailbox=mailbox, wrapped=os.urandom(300)) for mailbox in due
    )
    shared = list(
        Message.objects.filter(mailbox__public_id__in=shared_with).values_list("source_id", flat=True)
    )[: len(due)]
    for number in range(1, messages + 1):
        sources = shared if number == 1 else []
        sources = sources + [
            source.pk
            for source in Source.objects.bulk_create(
                Source(header=os.urandom(24), first_chunk=os.urandom(1000), size_bytes=1000)
                for _ in due[len(sources) :]
            )
        ]
        Message.objects.bulk_create(
            Message(
                mailbox=mailbox,
                source_id=source,
                number=number,
                received_at=ended,
                size_bytes=1000,
                box=os.urandom(300),
            )
            for mailbox, source in zip(due, sources, strict=True)
        )


def due_left() -> int:
    """How many mailboxes wait to be erased."""
    return Mailbox.objects.filter(purge_at__lte=clock.now()).count()


def state() -> dict[str, Any]:
    """Counts, what must never be there, and SQLite's own word on the file."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA integrity_check")
        integrity = [row[0] for row in cursor.fetchall()]
        cursor.execute("PRAGMA foreign_key_check")
        dangling = len(cursor.fetchall())
    messages_of = dict.fromkeys(Mailbox.objects.values_list("pk", flat=True), 0)
    for mailbox in Message.objects.filter(deleted_at=None).values_list("mailbox_id", flat=True):
        messages_of[mailbox] += 1
    now = clock.now()
    return {
        "integrity": integrity,
        "dangling": dangling,
        "mailboxes": len(messages_of),
        "due": Mailbox.objects.filter(purge_at__lte=now).count(),
        "grants": Grant.objects.count(),
        "messages": Message.objects.count(),
        "sources": Source.objects.count(),
        "chunks": SourceChunk.objects.count(),
        "orphans": Source.objects.filter(messages=None).count(),
        "digests": Message.objects.exclude(repeat_digest=None).count(),
        "wrong_counters": sum(
            Mailbox.objects.get(pk=pk).message_count != count for pk, count in messages_of.items()
        ),
        "hold_seconds_left": Installation.objects.get(id=1).hold_seconds_left,
        "hold_until_trusted": Installation.objects.get(id=1).hold_until_trusted,
    }


def visit(cookies: dict[str, str]) -> dict[str, str]:
    """Load the page with these cookies; the cookies that the browser has afterwards."""
    client = Client(HTTP_HOST="localhost")
    for name, value in cookies.items():
        client.cookies[name] = value
    assert client.get("/").status_code == 200
    return {name: cookie.value for name, cookie in client.cookies.items() if cookie.value}


def delete(secret: str) -> None:
    """What the holder's Delete does."""
    [mailbox] = access.open_all([bytes.fromhex(secret)])
    mailbox.delete()


def keys(secrets: list[str]) -> list[str]:
    """What these secrets open in the end: the private keys, and the content keys of their messages."""
    found = []
    for secret in map(bytes.fromhex, secrets):
        row = Grant.objects.select_related("mailbox").get(digest=sealing.lookup_digest(secret))
        private_key = sealing.open_grant(secret, bytes(row.wrapped), row.mailbox.public_id.bytes).private_key
        found.append(_packed(private_key))
        for message in row.mailbox.messages.all():
            binding = sealing.Binding(
                row.mailbox.public_id.bytes, message.public_id.bytes, message.received_at
            )
            pair = sealing.KeyPair(bytes(row.mailbox.public_key), private_key)
            contents = sealing.open_box(pair, binding, bytes(message.box))
            found.append(_packed(contents.content_key))
    return found


def ciphertexts(mailbox_id: str) -> dict[str, list[dict[str, str]]]:
    """All bytes that are sealed for this mailbox alone, by table, row and column."""
    theirs = Message.objects.filter(mailbox__public_id=mailbox_id)
    alone = [
        source
        for source in theirs.values_list("source_id", flat=True)
        if Message.objects.filter(source_id=source).count() == 1
    ]
    return {
        name: [{column: _packed(bytes(value)) for column, value in row.items()} for row in rows]
        for name, rows in {
            "message": theirs.values("box"),
            "grant": Grant.objects.filter(mailbox__public_id=mailbox_id).values("wrapped", "digest"),
            "mailbox": Mailbox.objects.filter(public_id=mailbox_id).values("public_key"),
            "source": Source.objects.filter(pk__in=alone).values("header", "first_chunk"),
            "chunk": SourceChunk.objects.filter(source_id__in=alone).values("data"),
        }.items()
    }


def rows(table: str) -> list[dict[str, Any]]:
    """A table as it lies there."""
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT * FROM "{table}"')
        names = [column[0] for column in cursor.description]
        return [
            {
                name: _packed(value) if isinstance(value, bytes) else value
                for name, value in zip(names, row, strict=True)
            }
            for row in cursor.fetchall()
        ]


def _packed(text: bytes) -> str:
    return base64.b64encode(text).decode()
