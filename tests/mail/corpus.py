"""Messages of our own making, one of each kind that we know the world to send."""

import base64

CRLF = b"\r\n"

PNG = base64.b64decode(
    b"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def message(*lines: str | bytes, body: str | bytes = b"") -> bytes:
    """Header lines and a body, joined as they travel."""
    header = CRLF.join(line.encode() if isinstance(line, str) else line for line in lines)
    raw_body = body.encode() if isinstance(body, str) else body
    return header + CRLF + CRLF + raw_body.replace(b"\r\n", b"\n").replace(b"\n", CRLF)


FROM = "From: Ada <ada@sender.example>"
SUBJECT = "Subject: Hello"
MIXED = 'Content-Type: multipart/mixed; boundary="outer"'


def multipart(kind: str, boundary: str, *parts: bytes) -> bytes:
    """The body of a container; each part brings its own header."""
    opening = f"--{boundary}\r\n".encode()
    return b"".join(opening + part + CRLF for part in parts) + f"--{boundary}--\r\n".encode()


def part(content_type: str, content: bytes, *lines: str) -> bytes:
    """One part, its content already encoded."""
    header = "".join(f"{line}\r\n" for line in (f"Content-Type: {content_type}", *lines))
    return header.encode() + CRLF + content


TEXT = part("text/plain; charset=utf-8", "Grüße aus dem Text".encode(), "Content-Transfer-Encoding: 8bit")
HTML = part("text/html; charset=utf-8", "<p>Grüße aus dem <b>HTML</b></p>".encode())
PICTURE = part(
    "image/png; name=dot.png",
    base64.encodebytes(PNG).replace(b"\n", CRLF),
    "Content-Transfer-Encoding: base64",
    "Content-ID: <dot@sender.example>",
    "Content-Disposition: inline; filename=dot.png",
)
PDF = part(
    "application/pdf",
    base64.encodebytes(b"%PDF-1.4 not really").replace(b"\n", CRLF),
    "Content-Transfer-Encoding: base64",
    'Content-Disposition: attachment; filename="report.pdf"',
)

MESSAGES: dict[str, bytes] = {
    "plain": message(FROM, SUBJECT, "Date: Tue, 24 Nov 2026 10:00:00 +0100", body="Hello there"),
    "nothing at all": b"",
    "blank lines only": b"\r\n\r\n\r\n",
    "only a body": b"Just words, no header.\r\nAnd more of them.\r\n",
    "headers only": b"From: a@b.example\r\nSubject: nothing follows",
    "headers only, ended": message(FROM, SUBJECT),
    "bare line feeds": b"From: a@b.example\nSubject: unix\n\nbody\n",
    "one long line": message(FROM, SUBJECT, body=b"x" * 100_000),
    "NUL bytes": message(FROM, "Subject: a\0b", body=b"before\0after"),
    "every byte": bytes(range(256)) * 4,
    "8-bit headers": message(
        "From: Jörg <j@b.example>".encode(), "Subject: Grüße".encode("latin-1"), body="x"
    ),
    "encoded words": message(
        "From: =?utf-8?Q?J=C3=B6rg?= <j@b.example>", "Subject: =?utf-8?B?R3LDvMOfZQ==?=", body="x"
    ),
    "word cut in a letter": message(FROM, "Subject: =?utf-8?B?R3LD?= =?utf-8?B?vMOfZQ==?=", body="x"),
    "unknown charset": message(
        FROM, SUBJECT, "Content-Type: text/plain; charset=x-klingon", body="Grüße".encode("cp1252")
    ),
    "lying charset": message(FROM, SUBJECT, "Content-Type: text/plain; charset=us-ascii", body="Grüße"),
    "not a charset": message(
        FROM, SUBJECT, "Content-Type: text/plain; charset=punycode", body="hello-there-"
    ),
    "utf-16": message(
        FROM, SUBJECT, "Content-Type: text/plain; charset=utf-16", body="Grüße".encode("utf-16")
    ),
    "iso-2022-jp": message(
        FROM, SUBJECT, "Content-Type: text/plain; charset=iso-2022-jp", body="こんにちは".encode("iso2022_jp")
    ),
    "quoted-printable": message(
        FROM,
        SUBJECT,
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: quoted-printable",
        body="Gr=C3=BC=C3=9Fe, a soft=\n break and a lone = sign",
    ),
    "base64 with junk": message(
        FROM,
        SUBJECT,
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: base64",
        body=b"!!SGVs\x80bG8=\r\n!!IHdvcmxk",
    ),
    "alternative": message(
        FROM, SUBJECT, "Content-Type: multipart/alternative; boundary=b", body=multipart("", "b", TEXT, HTML)
    ),
    "html only": message(FROM, SUBJECT, "Content-Type: text/html", body="<h1>Title</h1><p>Words</p>"),
    "html with everything silent": message(
        FROM, SUBJECT, "Content-Type: text/html", body="<title>t</title><style>p{}</style><script>x</script>"
    ),
    "mixed with a file": message(FROM, SUBJECT, MIXED, body=multipart("", "outer", TEXT, PDF)),
    "text, file, text": message(FROM, SUBJECT, MIXED, body=multipart("", "outer", TEXT, PDF, TEXT)),
    "related": message(
        FROM,
        SUBJECT,
        "Content-Type: multipart/related; boundary=r",
        body=multipart("", "r", HTML.replace(b"<b>", b'<img src="cid:dot@sender.example"><b>'), PICTURE),
    ),
    "nothing but a file": message(
        FROM,
        SUBJECT,
        "Content-Type: application/zip; name=a.zip",
        "Content-Transfer-Encoding: base64",
        body=base64.b64encode(b"PK\x03\x04zip"),
    ),
    "a message inside": message(
        FROM,
        SUBJECT,
        MIXED,
        body=multipart(
            "", "outer", part("message/rfc822", message(FROM, "Subject: inner", body="Inner words"))
        ),
    ),
    "never closed": message(FROM, SUBJECT, MIXED, body=b"--outer\r\n" + TEXT),
    "no delimiter": message(FROM, SUBJECT, MIXED, body="Words without any part"),
    "no boundary": message(
        FROM, SUBJECT, "Content-Type: multipart/mixed", body=multipart("", "guess-me", TEXT, PDF)
    ),
    "empty boundary": message(
        FROM, SUBJECT, 'Content-Type: multipart/mixed; boundary=""', body="--\r\n\r\nwords\r\n----\r\n"
    ),
    "boundary of 2 KB": message(
        FROM,
        SUBJECT,
        f"Content-Type: multipart/mixed; boundary={'b' * 2000}",
        body=multipart("", "b" * 2000, TEXT),
    ),
    "boundaries that begin alike": message(
        FROM,
        SUBJECT,
        "Content-Type: multipart/mixed; boundary=ab",
        body=multipart(
            "",
            "ab",
            b"Content-Type: multipart/alternative; boundary=abc\r\n\r\n" + multipart("", "abc", TEXT, HTML),
            PDF,
        ),
    ),
    "bad line in the header": message(FROM, "this line has no colon", SUBJECT, body="body"),
    "banner in front": b"220 mx.example ESMTP\r\n" + message(FROM, SUBJECT, body="body"),
    "blank line in front": b"Received: by us; now\r\n\r\n" + message(FROM, SUBJECT, body="body"),
    "no separator": b"From: a@b.example\r\nSubject: s\r\nThe body begins here\r\nwithout a blank line\r\n",
    "two of everything": message(FROM, FROM, SUBJECT, "Subject: second", body="body"),
    "date in the year 99999": message(FROM, SUBJECT, "Date: Fri, 31 Dec 99999 23:59:59 +0000", body="x"),
    "48 KB of commas": message(FROM, SUBJECT, "To: " + "," * 48_000, body="x"),
    "5 KB of brackets": message("From: " + "(" * 5000, SUBJECT, body="x"),
    "1 MB subject": message(FROM, "Subject: " + "x" * 1_000_000, body="x"),
    "name with a path": message(
        FROM,
        SUBJECT,
        MIXED,
        body=multipart("", "outer", TEXT, PDF.replace(b"report.pdf", b"..\\\\..\\\\etc/passwd\x00.pdf")),
    ),
    "10,000 parts": message(FROM, SUBJECT, MIXED, body=b"--outer\r\n\r\nh\r\n" * 10_000),
    "nested 1,000 deep": b"From: a@b.example\r\nSubject: deep\r\n"
    + b"".join(
        b"Content-Type: multipart/mixed; boundary=x%d\r\n\r\n--x%d\r\n" % (depth, depth)
        for depth in range(1000)
    )
    + b"\r\nat the bottom",
    "uuencoded part": message(
        FROM,
        SUBJECT,
        "Content-Type: application/octet-stream; name=cat.txt",
        "Content-Transfer-Encoding: x-uuencode",
        body="begin 644 cat.txt\n#0V%T\n`\nend\n",
    ),
    "format that nobody knows": message(FROM, SUBJECT, "Content-Type: text/x-unheard-of", body="still words"),
    "content type that is none": message(FROM, SUBJECT, "Content-Type: ;;;===", body="still words"),
}
