"""Load for the listener: Postfix' smtp-source where it is installed, else a client of our own."""

from __future__ import annotations

import asyncio
import base64
import os
import secrets
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import formatdate, make_msgid

from tests.bench.site import HOST

SMTP_SOURCE = shutil.which("smtp-source", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
PROGRAM = "smtp-source" if SMTP_SOURCE else "our own client (no smtp-source here)"
SENDER = "sender@bench.example"


@dataclass(frozen=True, slots=True)
class Sent:
    """How long it took from the first connect to the last answer, and what was answered."""

    seconds: float
    accepted: int
    put_off: int = 0


def send_many(port: int, recipient: str, *, size_bytes: int, count: int, sessions: int = 20) -> Sent:
    """Send `count` messages over `sessions` connections at once. `accepted` is the sender's own word."""
    began_at = time.perf_counter()
    if SMTP_SOURCE:
        # One connection a message, as it does unless told otherwise.
        options = {"-s": sessions, "-l": size_bytes, "-m": count, "-f": SENDER, "-t": recipient}
        command = [SMTP_SOURCE, *(str(word) for pair in options.items() for word in pair), f"{HOST}:{port}"]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
        if ended.returncode:
            raise RuntimeError(f"smtp-source: {ended.stderr.strip()[:300]}")
        return Sent(time.perf_counter() - began_at, count)
    left = iter(range(count))

    def next_message() -> bytes | None:
        return plain_message(size_bytes) if next(left, None) is not None else None

    return asyncio.run(_send_all(port, recipient, next_message, sessions))


def send_at_once(port: int, recipient: str, messages: list[bytes], patience: float = 120) -> Sent:
    """Each message over a connection of its own, all at once; a 452 is counted and not tried again."""
    left = iter(messages)
    return asyncio.run(
        asyncio.wait_for(_send_all(port, recipient, lambda: next(left, None), len(messages)), patience)
    )


def plain_message(size_bytes: int) -> bytes:
    """Text of about `size_bytes`."""
    head = _head("text/plain; charset=utf-8")
    line = b"The quick brown fox jumps over the lazy dog, again and again and again.\r\n"
    return head + line * max(1, (size_bytes - len(head)) // len(line))


def message_with_attachment(size_bytes: int) -> bytes:
    """A short text and one file that does not compress; `size_bytes` over all, to within a line."""
    head = _head('multipart/mixed; boundary="=-bench"')
    head += (
        b"--=-bench\r\nContent-Type: text/plain\r\n\r\nA large file.\r\n"
        b"--=-bench\r\nContent-Type: application/octet-stream\r\n"
        b'Content-Disposition: attachment; filename="large.bin"\r\n'
        b"Content-Transfer-Encoding: base64\r\n\r\n"
    )
    end = b"--=-bench--\r\n"
    lines = (size_bytes - len(head) - len(end)) // 78
    encoded = base64.b64encode(secrets.token_bytes(57 * lines))
    return head + b"".join(encoded[at : at + 76] + b"\r\n" for at in range(0, len(encoded), 76)) + end


def _head(content_type: str) -> bytes:
    fields = {
        "From": f"Bench <{SENDER}>",
        "To": "somebody@one.example",
        "Subject": "A message of the bench",
        "Date": formatdate(),
        "Message-ID": make_msgid(domain="bench.example"),
        "MIME-Version": "1.0",
        "Content-Type": content_type,
    }
    return "".join(f"{name}: {value}\r\n" for name, value in fields.items()).encode() + b"\r\n"


async def _send_all(
    port: int, recipient: str, next_message: Callable[[], bytes | None], sessions: int
) -> Sent:
    answers: list[bytes] = []

    async def one_after_the_other() -> None:
        while (message := next_message()) is not None:
            answers.append(await _send_one(port, recipient, message))

    began_at = time.perf_counter()
    await asyncio.gather(*(one_after_the_other() for _ in range(sessions)))
    seconds = time.perf_counter() - began_at
    accepted = sum(answer.startswith(b"250") for answer in answers)
    return Sent(seconds, accepted, len(answers) - accepted)


async def _send_one(port: int, recipient: str, message: bytes) -> bytes:
    """Send one message over a connection of its own; returns the last answer."""
    reader, writer = await asyncio.open_connection(HOST, port)
    try:
        await reader.readline()
        for line in ("HELO bench.example", f"MAIL FROM:<{SENDER}>", f"RCPT TO:<{recipient}>", "DATA"):
            writer.write(f"{line}\r\n".encode())
            answer = await reader.readline()
            if answer[:1] not in (b"2", b"3"):
                return answer
        writer.write(message.replace(b"\r\n.", b"\r\n..") + b".\r\n")
        await writer.drain()
        answer = await reader.readline()
        writer.write(b"QUIT\r\n")
        await reader.readline()
        return answer
    finally:
        writer.close()
