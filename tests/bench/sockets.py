"""Open websockets: what each costs, and how fast they are let in."""

from __future__ import annotations

import asyncio
import base64
import json
import resource
import secrets
import struct
import time
from collections.abc import Iterator

from tests.bench.figures import Figure, Line, Note
from tests.bench.site import HOST, Held, Site

SOCKETS = 2_000
AT_ONCE = 50


def measure(site: Site) -> Iterator[Line]:
    """Each watches a mailbox of its own, as a page does: handshake, catch-up, answer."""
    count = _within_descriptors(SOCKETS)
    site.set_up()
    mailboxes = [site.new_mailbox() for _ in range(count)]
    with site.web() as web:
        asyncio.run(_open_and_close(site, mailboxes[:50]))
        before = web.rss_mb()
        seconds, opened, after = asyncio.run(_open_and_close(site, mailboxes, web.rss_mb))
        if opened != count:
            yield Note(f"{opened} of {count} were let in")
        yield Note(f"{opened} websockets, each to a mailbox of its own")
        each_kb = 1000 * (after - before) / max(1, opened)
        yield Figure("web, resident for each open websocket", "KB", [each_kb])
        yield Figure("web, resident with all of them open", "MB", [after])
        yield Figure("let in and caught up", "/s", [opened / seconds])


def _within_descriptors(wanted: int) -> int:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        soft = hard
    return wanted if soft == resource.RLIM_INFINITY else min(wanted, soft - 100)


async def _open_and_close(site, mailboxes, look=lambda: 0.0):  # type: ignore[no-untyped-def]
    """Open all, look, close all: the seconds it took, how many were let in, and what was seen."""
    gate, writers = asyncio.Semaphore(AT_ONCE), []

    async def open_one(held: Held) -> None:
        async with gate:
            try:
                writers.append(await asyncio.wait_for(_open(site, held), 30))
            except (OSError, TimeoutError, asyncio.IncompleteReadError, ConnectionRefusedError):
                return

    began_at = time.perf_counter()
    await asyncio.gather(*(open_one(held) for held in mailboxes))
    seconds = time.perf_counter() - began_at
    seen = look()
    for writer in writers:
        writer.transport.abort()
    return seconds, len(writers), seen


async def _open(site: Site, held: Held) -> asyncio.StreamWriter:
    """RFC 6455 4.1, then the page's first words. Raises what asyncio raises when it is not let in."""
    reader, writer = await asyncio.open_connection(HOST, site.http_port)
    key = base64.b64encode(secrets.token_bytes(16)).decode()
    writer.write(
        f"GET /ws/ HTTP/1.1\r\nHost: {HOST}:{site.http_port}\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
        f"Origin: {site.url}\r\nCookie: {held.cookie}\r\n\r\n".encode()
    )
    answer = await reader.readuntil(b"\r\n\r\n")
    if b" 101 " not in answer.partition(b"\r\n")[0]:
        writer.close()
        raise ConnectionRefusedError(answer[:60])
    hello = {"type": "catch_up", "mailboxes": {held.mailbox_id: 0}, "current": held.mailbox_id}
    writer.write(_frame(json.dumps(hello).encode()))
    await reader.readexactly(2)
    return writer


def _frame(text: bytes) -> bytes:
    """One masked text frame (RFC 6455 5.2); the mask is of zeros, which is a mask too."""
    length = bytes([0x80 | len(text)]) if len(text) < 126 else struct.pack(">BH", 0x80 | 126, len(text))
    return b"\x81" + length + bytes(4) + text
