"""Pages and deletions while reception runs at full speed."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

from tests.bench import senders
from tests.bench.figures import Distribution, Figure, Line
from tests.bench.pages import Visitor
from tests.bench.site import Held, Site

MESSAGES = 100
ROUNDS = 90
PAUSE_SECONDS = 0.05
A_PART = 1_500


def measure(site: Site) -> Iterator[Line]:
    """One visitor looks and deletes; 20 sessions send to another mailbox all the while."""
    site.set_up(quota=True)
    looked_at, flooded = site.new_mailbox(), site.new_mailbox()
    with site.listener(), site.web():
        senders.send_many(site.smtp_port, looked_at.address, size_bytes=2_048, count=MESSAGES)
        visitor = Visitor(site, looked_at)
        for _ in range(10):
            visitor.get(f"/m/{looked_at.mailbox_id}/")
        over = threading.Event()
        flood = threading.Thread(target=_flood, args=(site, flooded, over))
        began_at = time.perf_counter()
        flood.start()
        time.sleep(1)
        pages, deletions = _look_and_delete(visitor, looked_at)
        over.set()
        flood.join()
        rate = site.stored(flooded) / (time.perf_counter() - began_at)
    yield Figure("reception meanwhile, 2 KB", "/s", [rate])
    yield Distribution("GET of the inbox page (100 down to 10 messages)", "ms", pages, "≤ 100 (p95)")
    yield Distribution("POST of a deletion", "ms", deletions, "≤ 100 (p95)")


def _flood(site: Site, held: Held, over: threading.Event) -> None:
    while not over.is_set():
        senders.send_many(site.smtp_port, held.address, size_bytes=2_048, count=A_PART)


def _look_and_delete(visitor: Visitor, held: Held) -> tuple[list[float], list[float]]:
    from inbox.models import Message

    path = f"/m/{held.mailbox_id}/"
    messages = [row.message_id for row in Message.objects.filter(mailbox_id=held.pk)[:ROUNDS]]
    pages, deletions = [], []
    for message_id in messages:
        pages.append(visitor.get(path).milliseconds)
        time.sleep(PAUSE_SECONDS)
        deletions.append(visitor.post(f"{path}{message_id}/delete/").milliseconds)
        time.sleep(PAUSE_SECONDS)
    return pages, deletions
