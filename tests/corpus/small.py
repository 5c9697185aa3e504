"""A small corpus that needs nothing from outside: what is odd about each message is its name."""

from __future__ import annotations

import base64
from pathlib import Path

_FROM = b"From: Ann <ann@sender.example>\r\nTo: you@one.example\r\nSubject: A message\r\n"


def write(folder: Path) -> int:
    """Write one file a message into `folder`; returns how many."""
    messages = _messages()
    for name, message in messages.items():
        (folder / name).write_bytes(message)
    return len(messages)


def _messages() -> dict[str, bytes]:
    return {
        "plain.eml": _FROM + b"\r\nHello.\r\n",
        "line-feeds-alone.txt": _FROM.replace(b"\r\n", b"\n") + b"\nHello.\nAgain.\n",
        "carriage-returns-alone.eml": _FROM + b"\r\nHello.\rAgain.\r\n",
        "no-last-line-end.eml": _FROM + b"\r\nHello.",
        "dots-first.eml": _FROM + b"\r\n.\r\n..\r\n.hidden\r\n",
        "empty.eml": b"",
        "one-byte.raw": b"x",
        "header-alone.eml": _FROM,
        "body-alone.eml": b"\r\nNo header at all.\r\n",
        "no-header-but-text.txt": b"This is no header. It is text.\r\nMore of it.\r\n",
        "every-byte.raw": _FROM + b"\r\n" + bytes(range(256)) * 4,
        "nuls.raw": bytes(2000),
        "latin-1-undeclared.eml": _FROM + "\r\nÄpfel, Öl, Übermut\r\n".encode("latin-1"),
        "charset-unknown.eml": _FROM + b"Content-Type: text/plain; charset=x-none\r\n\r\nHello.\r\n",
        "encoding-unknown.eml": _FROM + b"Content-Transfer-Encoding: rot13\r\n\r\nHello.\r\n",
        "base64-broken.eml": _FROM + b"Content-Transfer-Encoding: base64\r\n\r\nSGVsbG8sIHdvcmxkI\r\n!!!\r\n",
        "quoted-printable-broken.eml": _FROM
        + b"Content-Transfer-Encoding: quoted-printable\r\n\r\nA=ZZ=\r\n=3D=E2=82\r\n",
        "words-broken.eml": b"Subject: =?utf-8?B?!!!?= =?x?Q?=?= =?utf-8?Q?=C3?=\r\n"
        b"From: =?\r\n\r\nHello.\r\n",
        "line-of-a-megabyte.eml": _FROM + b"\r\n" + b"x" * 1_000_000 + b"\r\n",
        "header-of-half-a-megabyte.eml": b"Subject: " + b"long " * 100_000 + b"\r\n\r\nHello.\r\n",
        "ten-thousand-fields.eml": b"X-Field: value\r\n" * 10_000 + b"\r\nHello.\r\n",
        "html-alone.eml": _FROM + b"Content-Type: text/html\r\n\r\n<p>Hello, <b>you</b>.</p>\r\n",
        "html-deep.eml": _FROM + b"Content-Type: text/html\r\n\r\n" + b"<div>" * 20_000 + b"deep\r\n",
        "html-hostile.eml": _FROM
        + b"Content-Type: text/html\r\n\r\n<script>alert(1)</script><img src=x onerror=alert(1)>Hello\r\n",
        "both.eml": _multipart(
            b"alternative",
            b"Content-Type: text/plain\r\n\r\nHello.\r\n",
            b"Content-Type: text/html\r\n\r\n<p>Hello.</p>\r\n",
        ),
        "picture-inside.eml": _multipart(
            b"related",
            b'Content-Type: text/html\r\n\r\n<img src="cid:dot">\r\n',
            b"Content-Type: image/gif\r\nContent-ID: <dot>\r\nContent-Transfer-Encoding: base64\r\n\r\n"
            b"R0lGODlhAQABAAAAACwAAAAAAQABAAACAkQBADs=\r\n",
        ),
        "file.eml": _multipart(
            b"mixed",
            b"Content-Type: text/plain\r\n\r\nSee the file.\r\n",
            b'Content-Disposition: attachment; filename="../../etc/passwd"\r\n'
            b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(bytes(100_000)),
        ),
        "no-parts.eml": _FROM + b"Content-Type: multipart/mixed; boundary=b\r\n\r\nOnly a preamble.\r\n",
        "no-boundary.eml": _FROM + b"Content-Type: multipart/mixed\r\n\r\n--b\r\n\r\nHello.\r\n--b--\r\n",
        "never-closed.eml": _multipart(b"mixed", b"\r\nHello.\r\n").removesuffix(b"--b--\r\n"),
        "deep.eml": _deep(300),
        "message-in-message.eml": _FROM + b"Content-Type: message/rfc822\r\n\r\n" + _FROM + b"\r\nInner.\r\n",
        "smuggling.eml": _FROM + b"\r\nHello.\n.\nMAIL FROM:<evil@sender.example>\r\n",
    }


def _multipart(subtype: bytes, *parts: bytes) -> bytes:
    inside = b"".join(b"--b\r\n" + part for part in parts)
    return _FROM + b"Content-Type: multipart/" + subtype + b"; boundary=b\r\n\r\n" + inside + b"--b--\r\n"


def _deep(levels: int) -> bytes:
    opened = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(levels)
    )
    return _FROM + opened + b"Content-Type: text/plain\r\n\r\nAt the bottom.\r\n"
