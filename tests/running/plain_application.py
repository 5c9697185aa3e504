"""A small ASGI application for tests of the web server: its paths are what it does."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from typing import Any

from django.conf import settings

sent = 0
cut = 0


async def application(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "websocket":
        await converse(receive, send, flood=scope["path"] == "/flood")
        return
    path = scope["path"]
    if path == "/large":
        await send_large(send)
        return
    body = b"hello"
    if path == "/sent":
        body = str(sent).encode()
    elif path == "/cut":
        body = str(cut).encode()
    elif path == "/slow":
        await asyncio.sleep(float(scope["query_string"] or b"1"))
    elif path == "/length":
        body = str(await length(receive)).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": body})


async def converse(receive: Any, send: Any, *, flood: bool) -> None:
    global cut
    await receive()
    await send({"type": "websocket.accept"})
    for _ in range(512 if flood else 0):
        await send({"type": "websocket.send", "bytes": bytes(65536)})
    while True:
        event = await receive()
        if event["type"] == "websocket.disconnect":
            cut += 1
            return
        await send({"type": "websocket.send", "text": event["text"]})


async def send_large(send: Any) -> None:
    global sent
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for _ in range(640):
        await send({"type": "http.response.body", "body": bytes(65536), "more_body": True})
        sent += 65536
    await send({"type": "http.response.body"})


async def length(receive: Any) -> int:
    total, more = 0, True
    while more:
        event = await receive()
        total += len(event.get("body", b""))
        more = event.get("more_body", False)
    return total


if __name__ == "__main__":
    settings.configure(ASGI_APPLICATION="tests.running.plain_application.application")
    from inbox.running import web

    web.PING_SECONDS = int(os.environ.get("PLAIN_PING_SECONDS", web.PING_SECONDS))
    web.PONG_SECONDS = int(os.environ.get("PLAIN_PONG_SECONDS", web.PONG_SECONDS))
    listening = socket.create_server(("127.0.0.1", int(sys.argv[1])))
    web.serve([listening])
