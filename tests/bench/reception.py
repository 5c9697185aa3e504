"""Messages a second from the first connect to the last 250, one worker, SQLite with fsync."""

from __future__ import annotations

from collections.abc import Iterator

from tests.bench import senders
from tests.bench.figures import Figure, Line, Note
from tests.bench.site import Site

RUNS = 3
SIZES = ((2_048, "2 KB", 4_000, "≥ 700"), (30_000, "30 KB", 3_000, "≥ 550"))


def measure(site: Site) -> Iterator[Line]:
    """Only rows that are in the database count."""
    site.set_up(quota=True)
    with site.listener() as listener:
        yield Note(f"{senders.PROGRAM}, 20 sessions, a connection a message")
        yield Figure("listener, resident before", "MB", [listener.rss_mb()])
        held = site.new_mailbox()
        senders.send_many(site.smtp_port, held.address, size_bytes=2_048, count=300)
        for size_bytes, name, count, target in SIZES:
            rates, costs = [], []
            for _ in range(RUNS):
                held, cpu_before = site.new_mailbox(), listener.cpu_seconds()
                sent = senders.send_many(site.smtp_port, held.address, size_bytes=size_bytes, count=count)
                stored = site.stored(held)
                if stored != count:
                    yield Note(f"{stored} of {count} messages are stored")
                rates.append(stored / sent.seconds)
                costs.append(1000 * (listener.cpu_seconds() - cpu_before) / count)
            yield Figure(f"{name} messages a second", "/s", rates, target)
            yield Figure(f"{name}, CPU of the listener a message", "ms", costs)
        yield Figure("listener, resident at its peak", "MB", [listener.peak_mb()], "≤ 150")
