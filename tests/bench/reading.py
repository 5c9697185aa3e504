"""Opening letters, a list of 500 and searching it, a bomb, and what a large message costs the worker."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

from tests.bench import senders
from tests.bench.figures import Distribution, Figure, Line, Note
from tests.bench.pages import Visitor
from tests.bench.site import Held, Process, Site

LETTERS = 60
LARGE_LETTERS = 8
ROWS = 500
LIST_REQUESTS = 40
BOMBS = 3


def measure(site: Site) -> Iterator[Line]:
    """Milliseconds over loopback; every letter is opened for the first time, then once more."""
    site.set_up(quota=True)
    letters, many, hostile = site.new_mailbox(), site.new_mailbox(), site.new_mailbox()
    with site.listener():
        for _ in range(LETTERS):
            _send(site, letters, _letter(30_000))
        for _ in range(LARGE_LETTERS):
            _send(site, letters, _letter(2_000_000))
        _send(site, letters, senders.message_with_attachment(24_990_000))
        for _ in range(BOMBS):
            _send(site, hostile, _bomb())
        senders.send_many(site.smtp_port, many.address, size_bytes=2_048, count=ROWS)
    with site.web() as web:
        yield from _letters(site, web, letters)
        visitor = Visitor(site, many)
        path = f"/m/{many.mailbox_id}/"
        size = len(visitor.get(path).body)
        yield Note(f"list of {ROWS} rows: {size / 1e3:.0f} KB on the wire")
        took = [visitor.get(path).milliseconds for _ in range(LIST_REQUESTS)]
        yield Distribution(f"GET of a list of {ROWS} rows", "ms", took, "≤ 150 (p50)")
        queries = ["sender", "e", "nowhere to be found", "message", "a b"]
        took = [
            visitor.search(f"{path}search/", queries[n % len(queries)]).milliseconds
            for n in range(LIST_REQUESTS)
        ]
        yield Distribution(f"search of {ROWS} messages", "ms", took, "≤ 100 (p50)")
        took = [Visitor(site, hostile).get(path).milliseconds for path in _paths(hostile)]
        yield Distribution("opening a bomb (200,000 nested elements in 4 MB)", "ms", took, "≤ 3,000 and some")


def _letters(site: Site, web: Process, held: Held) -> Iterator[Line]:
    visitor = Visitor(site, held)
    paths = _paths(held)
    small, large, attached = paths[:LETTERS], paths[LETTERS:-1], paths[-1]
    warm, small = small[:10], small[10:]
    for path in warm:
        visitor.get(path)
    yield Distribution(
        "opening a letter of 30 KB", "ms", [visitor.get(path).milliseconds for path in small], "≤ 60 (p50)"
    )
    again = [visitor.get(path).milliseconds for path in small[-20:]]
    yield Distribution("opening it again", "ms", again)
    frames = [visitor.get(f"{path}html/").milliseconds for path in small[-20:]]
    yield Distribution("its frame", "ms", frames)
    took = [visitor.get(path).milliseconds for path in large]
    yield Distribution("opening a letter of 2 MB", "ms", took, "≤ 1,000")
    workers = web.children("inbox.mail.worker")
    idle = max((worker.rss_mb() for worker in workers), default=0.0)
    for worker in workers:
        worker.forget_peak()
    visitor.get(attached)
    peak = max((worker.peak_mb() for worker in workers), default=0.0)
    yield Figure("worker, peak over what it had, opening 25 MB", "MB", [peak - idle], "≤ 50")
    yield Figure("worker that has opened letters of 2 MB", "MB", [idle])


def _send(site: Site, held: Held, message: bytes) -> None:
    if not senders.send_at_once(site.smtp_port, held.address, [message]).accepted:
        raise RuntimeError("a message was not accepted")


def _paths(held: Held) -> list[str]:
    """The URLs of its messages, the first that came first."""
    from inbox.models import Message

    found = Message.objects.filter(mailbox_id=held.pk).order_by("number")
    return [f"/m/{held.mailbox_id}/{message.message_id}/" for message in found]


def _letter(size_bytes: int) -> bytes:
    """HTML as newsletters have it, nested tables with styles, of about `size_bytes`; no two are alike."""
    block = (
        '<table width="100%" cellpadding="0" cellspacing="0" style="border-collapse:collapse"><tr>'
        '<td align="center" bgcolor="#f4f4f4" style="padding:12px 24px;font-family:Arial,sans-serif">'
        '<table width="600" style="width:600px;max-width:100%"><tr><td style="font-size:16px;'
        'line-height:24px;color:#222222"><b>{name}</b><br>Some words about a thing that somebody sells. '
        '<a href="https://shop.example/{name}" style="color:#0066cc">Look at it</a></td><td>'
        '<img src="https://img.example/{name}.png" width="120" height="80" alt="A picture"></td></tr>'
        "</table></td></tr></table>\r\n"
    )
    blocks = [block.format(name=secrets.token_hex(6)) for _ in range(max(1, size_bytes // len(block)))]
    return (
        b"From: Shop <shop@sender.example>\r\nSubject: What is new\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: text/html; charset=utf-8\r\n\r\n"
        + f"<html><body><h1>{secrets.token_hex(8)}</h1>{''.join(blocks)}</body></html>\r\n".encode()
    )


def _bomb() -> bytes:
    """What makes an HTML parser that counts its ancestors slow: depth."""
    nested = "<div><a href='https://a.example/'>" * 100_000
    return (
        b"From: b@sender.example\r\nSubject: Bomb\r\nContent-Type: text/html\r\n\r\n"
        + f"{secrets.token_hex(8)}{nested}\r\n".encode()
    )
