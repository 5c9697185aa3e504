"""A browser as far as a server can tell: cookies, forms, and one websocket."""

from __future__ import annotations

import base64
import html
import http.client
import http.cookies
import json
import os
import re
import socket
import struct
import time
import urllib.parse
from collections.abc import Callable
from typing import Any

from tests.faults.place import Box

PATIENCE_SECONDS = 30


class Visitor:
    """One browser. `source` is the loopback address it comes from."""

    def __init__(self, port: int, source: str = "127.0.0.1") -> None:
        self.port = port
        self.source = source
        self.agent = "Visitor"
        self.cookies: dict[str, str] = {}

    def get(self, path: str = "/") -> str:
        """A page's text; any status but 200 fails."""
        status, text = self.ask("GET", path)
        assert status == 200, f"{path}: {status}"
        return text

    def post(self, path: str, **fields: str) -> int:
        """Post a form as the page would; the status."""
        if "csrftoken" not in self.cookies:
            self.get()
        body = urllib.parse.urlencode({"csrfmiddlewaretoken": self.cookies["csrftoken"], **fields})
        return self.ask("POST", path, body)[0]

    def ask(self, method: str, path: str, body: str | None = None) -> tuple[int, str]:
        """One request: status and text. Cookies are kept, redirects are not followed."""
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.port, timeout=PATIENCE_SECONDS, source_address=(self.source, 0)
        )
        headers = {"Cookie": self.cookie_header(), "Origin": self.origin, "User-Agent": self.agent}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        for value in response.headers.get_all("Set-Cookie", ()):
            for name, cookie in http.cookies.SimpleCookie(value).items():
                if cookie["max-age"] == "0":
                    self.cookies.pop(name, None)
                else:
                    self.cookies[name] = cookie.value
        text = response.read().decode(errors="replace")
        connection.close()
        return response.status, text

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def cookie_header(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def secrets(self) -> dict[str, bytes]:
        """The secrets in our cookies, by mailbox id."""
        found = {}
        for name, value in self.cookies.items():
            if matched := re.fullmatch(r"tm_[0-9a-f]{4}_([0-9a-f]{32})", name):
                found[matched[1]] = base64.urlsafe_b64decode(value + "=")
        return found

    def mailbox(self, path: str = "/") -> Box:
        """The mailbox that a page shows."""
        text = self.get(path)
        shown = re.search(r'data-testid="address"[^>]*>(.*?)</', text, re.DOTALL)
        assert shown is not None, "the page shows no address"
        address = html.unescape(re.sub(r"<[^>]*>|\s", "", shown[1]))
        [mailbox_id] = [value for name, value in self.cookies.items() if name.endswith("_current")]
        return Box(mailbox_id, address, self.secrets()[mailbox_id].hex())

    def updates(self, box: Box, revision: int) -> list[dict[str, Any]]:
        """What the page's plain question is answered."""
        answer = json.loads(self.get(f"/updates/?current={box.id}&m={box.id}:{revision}"))
        updates: list[dict[str, Any]] = answer["updates"]
        return updates


class Socket:
    """The page's websocket (RFC 6455), as much of it as a page uses. ConnectionError: it is shut."""

    def __init__(self, visitor: Visitor) -> None:
        self._wire = socket.create_connection(("127.0.0.1", visitor.port), PATIENCE_SECONDS)
        self._unread = b""
        self._wire.sendall(
            (
                f"GET /ws/ HTTP/1.1\r\nHost: 127.0.0.1:{visitor.port}\r\nOrigin: {visitor.origin}\r\n"
                f"Cookie: {visitor.cookie_header()}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}\r\n"
                "Sec-WebSocket-Version: 13\r\n\r\n"
            ).encode()
        )
        while b"\r\n\r\n" not in self._unread:
            self._read_more()
        head, _, self._unread = self._unread.partition(b"\r\n\r\n")
        if b" 101 " not in head.split(b"\r\n")[0]:
            raise ConnectionError(head.split(b"\r\n")[0].decode())

    def say(self, **message: Any) -> None:
        text = json.dumps(message).encode()
        mask = os.urandom(4)
        length = bytes([0x80 | len(text)]) if len(text) < 126 else b"\xfe" + struct.pack("!H", len(text))
        masked = bytes(byte ^ mask[index % 4] for index, byte in enumerate(text))
        self._wire.sendall(b"\x81" + length + mask + masked)

    def catch_up(self, box: Box, revision: int) -> None:
        """What a page says when it opens, comes back, or looks again."""
        self.say(type="catch_up", mailboxes={box.id: revision}, current=box.id)

    def hear(self, seconds: float = PATIENCE_SECONDS) -> dict[str, Any]:
        """The next message. Raises TimeoutError."""
        self._wire.settimeout(seconds)
        while True:
            kind, text = self._frame()
            if kind == 1:
                message: dict[str, Any] = json.loads(text)
                return message
            if kind == 8:
                raise ConnectionError("closed")
            if kind == 9:
                self._wire.sendall(b"\x8a\x80" + os.urandom(4))

    def hear_until(
        self, is_it: Callable[[dict[str, Any]], bool], seconds: float = PATIENCE_SECONDS
    ) -> list[dict[str, Any]]:
        """Every message up to the one that is meant."""
        deadline = time.monotonic() + seconds
        self.say(type="ping")  # as a page does now and then; one that is never heard of is cut
        heard = []
        while not heard or not is_it(heard[-1]):
            heard.append(self.hear(max(0.01, deadline - time.monotonic())))
        return heard

    def close(self) -> None:
        self._wire.close()

    def _frame(self) -> tuple[int, bytes]:
        kind, length = self._take(2)
        if length == 126:
            [length] = struct.unpack("!H", self._take(2))
        elif length == 127:
            [length] = struct.unpack("!Q", self._take(8))
        return kind & 0x0F, self._take(length)

    def _take(self, count: int) -> bytes:
        while len(self._unread) < count:
            self._read_more()
        taken, self._unread = self._unread[:count], self._unread[count:]
        return taken

    def _read_more(self) -> None:
        more = self._wire.recv(65536)
        if not more:
            raise ConnectionError("the server has gone")
        self._unread += more
