"""25 MB messages: memory of the listener and of the web process."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from smtpd.limits import Limits
from tests.bench import senders
from tests.bench.figures import Figure, Line, Note
from tests.bench.pages import Visitor
from tests.bench.site import Process, Site

SIZE_BYTES = 24_990_000
SENDERS = 20
READINGS = 3


def measure(site: Site) -> Iterator[Line]:
    """Twenty at once, one alone, and reading one of them."""
    site.set_up(quota=True)
    message = senders.message_with_attachment(SIZE_BYTES)
    size_mb, held = len(message) / 1e6, site.new_mailbox()
    with site.listener() as listener:
        small = senders.message_with_attachment(20_000)
        senders.send_at_once(site.smtp_port, held.address, [small])
        idle = listener.rss_mb()
        sent = senders.send_at_once(site.smtp_port, held.address, [message])
        yield Note(f"one message of {size_mb:.1f} MB took {sent.seconds:.1f} s to its answer")
        yield Figure(
            "listener, peak over idle, one message",
            "MB",
            [listener.peak_mb() - idle],
            f"≤ {2 * size_mb:.0f} (twice its size)",
        )
        budget_mb = Limits().bytes_in_flight / 1e6
        listener.forget_peak()
        sent = senders.send_at_once(site.smtp_port, held.address, [message] * SENDERS)
        yield Note(
            f"{SENDERS} at once: {sent.accepted} accepted, {sent.put_off} put off (452), {sent.seconds:.1f} s"
        )
        yield Figure(
            f"listener, peak, {SENDERS} senders at once",
            "MB",
            [listener.peak_mb()],
            f"≤ {budget_mb + 200:.0f} (budget of {budget_mb:.0f} + 200)",
        )
    if not sent.accepted:
        return
    with site.web() as web:
        yield from _reading(web, f"/m/{held.mailbox_id}/", Visitor(site, held), size_mb)


def _reading(web: Process, mailbox_path: str, visitor: Visitor, size_mb: float) -> Iterator[Line]:
    from inbox.models import Message

    small, *_, large = Message.objects.order_by("pk")
    readings: list[tuple[str, Callable[[str], object]]] = [
        ("opening it", visitor.get),
        ("its source", lambda path: visitor.size_of(f"{path}source/")),
        ("its attachment", lambda path: visitor.size_of(f"{path}part/0/")),
    ]
    # What the first use of anything costs is not the large message's.
    for _, read in readings * 5:
        read(f"{mailbox_path}{small.message_id}/")
    idle = web.rss_mb()
    for what, read in readings:
        peaks = []
        for _ in range(READINGS):
            web.forget_peak()
            read(f"{mailbox_path}{large.message_id}/")
            peaks.append(web.peak_mb() - idle)
        yield Figure(f"web, peak over idle, {what}", "MB", peaks, f"≤ {2 * size_mb:.0f}")
