"""An honest client among 500 that drip."""

from __future__ import annotations

import asyncio
import contextlib
import smtplib
import threading
import time
from collections.abc import Iterator

from tests.bench import senders
from tests.bench.figures import Distribution, Figure, Line, Note
from tests.bench.site import HOST, Held, Site, wait_until

DRIPPING = 500
MESSAGES = 40
PAUSE_SECONDS = 0.2
BEFORE_DATA = "HELO bench.example", f"MAIL FROM:<{senders.SENDER}>", "RCPT TO:<{address}>", "DATA"


def measure(site: Site) -> Iterator[Line]:
    """Half of them drip commands, half drip data; each a byte, five times a second."""
    site.set_up()
    held = site.new_mailbox()
    with site.listener() as listener:
        before = listener.rss_mb()
        alone = [_send_one(site, held) for _ in range(MESSAGES // 2)]
        with _dripping(site, held) as connected:
            took = []
            for _ in range(MESSAGES):
                took.append(_send_one(site, held))
                time.sleep(PAUSE_SECONDS)
            still_there = connected()
        yield Note(f"{still_there} of {DRIPPING} were still connected at the end")
        yield Distribution("honest client alone, connect to 250", "ms", alone)
        yield Distribution("the same among the dripping", "ms", took, "≤ 1,000")
        yield Figure("listener, peak over before", "MB", [listener.peak_mb() - before])


def _send_one(site: Site, held: Held) -> float:
    began_at = time.perf_counter()
    with smtplib.SMTP(HOST, site.smtp_port, timeout=60) as client:
        client.sendmail(senders.SENDER, held.address, senders.plain_message(2_048))
        return 1000 * (time.perf_counter() - began_at)


@contextlib.contextmanager
def _dripping(site: Site, held: Held) -> Iterator:  # type: ignore[type-arg]
    """500 clients that send a byte now and then, in a thread of their own; gives who is still there."""
    state = {"connected": 0, "ready": 0}
    loop = asyncio.new_event_loop()
    over = asyncio.Event()

    async def drip(number: int) -> None:
        reader, writer = await asyncio.open_connection(HOST, site.smtp_port)
        state["connected"] += 1
        try:
            await reader.readline()
            if number % 2:
                for line in BEFORE_DATA:
                    writer.write(line.format(address=held.address).encode() + b"\r\n")
                    await reader.readline()
            state["ready"] += 1
            while not over.is_set() and not reader.at_eof():
                writer.write(b"x")
                await writer.drain()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(over.wait(), 0.2)
        except OSError:
            pass
        finally:
            state["connected"] -= 1
            writer.transport.abort()

    async def drip_all() -> None:
        await asyncio.gather(*(drip(number) for number in range(DRIPPING)))

    thread = threading.Thread(target=lambda: loop.run_until_complete(drip_all()))
    thread.start()
    try:
        wait_until(lambda: state["ready"] == DRIPPING, "room for the dripping clients")
        yield lambda: state["connected"]
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()
        loop.close()
