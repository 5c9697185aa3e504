"""The inbox page of 100 messages, and the first visit."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

from tests.bench import browser, senders
from tests.bench.figures import Distribution, Figure, Line, Note
from tests.bench.pages import Visitor
from tests.bench.site import Site

MESSAGES = 100
REQUESTS = 150
NEW_MAILBOXES = 100


def measure(site: Site) -> Iterator[Line]:
    """Milliseconds over loopback, socket and server included; bytes as a browser counts them."""
    site.set_up()
    held = site.new_mailbox()
    with site.listener():
        senders.send_many(site.smtp_port, held.address, size_bytes=2_048, count=MESSAGES)
    with site.web():
        visitor = Visitor(site, held)
        path = f"/m/{held.mailbox_id}/"
        for _ in range(10):
            size = len(visitor.get(path).body)
        yield Note(f"{site.stored(held)} messages, {size / 1e3:.0f} KB of HTML on the wire")
        took = [visitor.get(path).milliseconds for _ in range(REQUESTS)]
        yield Distribution("GET of the inbox page", "ms", took, "≤ 80 (p95)")
        took = [Visitor(site).get("/").milliseconds for _ in range(NEW_MAILBOXES)]
        yield Distribution("GET / that makes a mailbox", "ms", took)
        yield from _first_visit(site)


def _first_visit(site: Site) -> Iterator[Line]:
    with browser.launched() as chromium:
        if chromium is None:
            yield Note("first visit: not measured, there is no Chromium")
            return
        page = chromium.new_page()
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        taken: dict[str, float] = {}
        names: dict[str, str] = {}
        session.on("Network.responseReceived", lambda e: names.update({e["requestId"]: e["response"]["url"]}))
        session.on(
            "Network.loadingFinished", lambda e: taken.update({e["requestId"]: e["encodedDataLength"]})
        )
        page.goto(site.url, wait_until="networkidle")
        icons = {str(link.get_attribute("href")) for link in page.query_selector_all('link[rel*="icon"]')}
    ours = {name: taken[key] for key, name in names.items() if key in taken and name.startswith("http")}
    # A headless browser shows no icon and fetches none.
    for icon in icons:
        url = urljoin(site.url, icon)
        if url.startswith(site.url) and url not in ours:
            answer = Visitor(site).get(urlsplit(url).path)
            ours[url] = len(answer.body) + len(str(answer.headers))
    kinds: dict[str, float] = {}
    for url, size in ours.items():
        name = urlsplit(url).path.rpartition("/")[2]
        kind = name.rpartition(".")[2] if "." in name else "html"
        kinds[kind] = kinds.get(kind, 0) + size
    parts = ", ".join(f"{kind} {size / 1e3:.1f}" for kind, size in sorted(kinds.items()))
    yield Note(f"{len(ours)} requests; KB by kind: {parts}")
    yield Figure("first visit on the wire, headers included", "KB", [sum(ours.values()) / 1e3], "≤ 80")
