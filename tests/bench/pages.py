"""A browser's requests without a browser: one kept connection, one mailbox's cookie."""

from __future__ import annotations

import http.client
import time
from dataclasses import dataclass
from urllib.parse import urlencode

from tests.bench.site import HOST, Held, Site

CSRF = "x" * 32
_FORM = "application/x-www-form-urlencoded"
PATIENCE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Answer:
    """A response that was read to its end; `milliseconds` from the request's first byte to its last."""

    status: int
    milliseconds: float
    body: bytes
    headers: http.client.HTTPMessage


class Visitor:
    """Somebody who holds a mailbox (or nothing)."""

    def __init__(self, site: Site, held: Held | None = None) -> None:
        self._connection = http.client.HTTPConnection(HOST, site.http_port, timeout=PATIENCE_SECONDS)
        cookies = [f"csrftoken={CSRF}", *([held.cookie] if held else [])]
        self._headers = {"Cookie": "; ".join(cookies), "Accept": "text/html", "Accept-Encoding": "gzip"}

    def get(self, path: str) -> Answer:
        """One page."""
        return self._ask("GET", path, self._headers)

    def post(self, path: str, **fields: str) -> Answer:
        """What a page's script posts."""
        return self._ask(
            "POST",
            path,
            {**self._headers, "Accept": "application/json", "X-CSRFToken": CSRF, "Content-Type": _FORM},
            urlencode(fields).encode(),
        )

    def search(self, path: str, query: str) -> Answer:
        """The rows that a query is in, as the page's script asks for them."""
        headers = {**self._headers, "X-Partial": "search", "X-CSRFToken": CSRF, "Content-Type": _FORM}
        return self._ask("POST", path, headers, urlencode({"query": query}).encode())

    def size_of(self, path: str) -> int:
        """Take a response to its end and keep none of it: how many bytes it had."""
        self._connection.request("GET", path, headers=self._headers)
        response = self._connection.getresponse()
        size_bytes = 0
        while piece := response.read(64 * 1024):
            size_bytes += len(piece)
        if response.status != 200:
            raise RuntimeError(f"{response.status} for {path}")
        return size_bytes

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def _ask(self, method: str, path: str, headers: dict[str, str], body: bytes | None = None) -> Answer:
        began_at = time.perf_counter()
        self._connection.request(method, path, body, headers)
        response = self._connection.getresponse()
        content = response.read()
        milliseconds = 1000 * (time.perf_counter() - began_at)
        if response.status >= 400:
            raise RuntimeError(f"{response.status} for {method} {path}: {content[:200]!r}")
        return Answer(response.status, milliseconds, content, response.headers)
