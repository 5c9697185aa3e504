"""The order of locks, which keeps two writers from waiting for each other on PostgreSQL.

SQLite locks no rows: here it says in a comment where another database would.
"""

from collections.abc import Callable, Iterator

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inbox import delivery, retention
from inbox.models import Message, Source
from tests.core.conftest import Clock, Held, deliver

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "queue"])

MAILBOXES = "lock inbox_mailbox in order"
SOURCES = "lock inbox_source in order"


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], list[str]]]:
    """What was locked and what was written since the test began, in order."""
    monkeypatch.setattr(connection.features, "has_select_for_update", True)
    monkeypatch.setattr(connection.ops, "for_update_sql", lambda **_options: "/* FOR UPDATE */")
    with CaptureQueriesContext(connection) as asked:
        yield lambda: [step for query in asked.captured_queries if (step := _step(query["sql"]))]


def _step(sql: str) -> str:
    verb, table = sql.split()[0].lower(), sql.split('"')[1] if '"' in sql else ""
    if "/* FOR UPDATE */" in sql:
        table = sql.partition(' FROM "')[2].partition('"')[0]
        return f"lock {table} {'in order' if 'ORDER BY' in sql else 'in any order'}"
    return f"{verb} {table}" if verb in ("insert", "update", "delete") else ""


def test_digests_that_a_sender_proves_needless_are_dropped_behind_the_mailboxes_locks(
    new_mailbox: Callable[..., Held], steps: Callable[[], list[str]]
) -> None:
    boxes = [new_mailbox() for _ in range(2)]
    pks = [deliver(box.address).stored[0].message_pk for box in boxes]
    before = len(steps())
    delivery.forget_repeats(pks)
    assert steps()[before:] == [MAILBOXES, "update inbox_message"]
    assert set(Message.objects.values_list("repeat_digest", flat=True)) == {None}


def test_digests_that_have_outlived_their_hour_are_dropped_behind_the_mailboxes_locks(
    held: Held, moving: Clock, steps: Callable[[], list[str]]
) -> None:
    deliver(held.address)
    moving.move(minutes=61)
    held.open().extend()
    before = len(steps())
    assert retention.sweep().digests == 1
    done = steps()[before:]
    assert done[done.index("update inbox_message") - 1] == MAILBOXES


@pytest.mark.parametrize("way", ["by its holder", "by the sweep"])
def test_sources_are_locked_before_a_message_of_theirs_is_erased(
    held: Held, moving: Clock, steps: Callable[[], list[str]], way: str
) -> None:
    """Else two that erase the last two messages of a source each see the other's, and nobody's note stays."""
    deliver(held.address)
    before = len(steps())
    if way == "by its holder":
        retention.delete_mailbox(held.pk)
    else:
        moving.move(minutes=121)
        retention.sweep()
    done = steps()[before:]
    erased_at = done.index("delete inbox_message")
    locked = [step for step in done[:erased_at] if step.startswith("lock inbox_mailbox") or step == SOURCES]
    assert locked[-2:] == [MAILBOXES, SOURCES]
    assert done.index(SOURCES) < done.index("insert inbox_loosesource") < erased_at
    assert not Source.objects.exists()
