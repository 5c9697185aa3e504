"""A message opened: who, when, what, and its files."""

import base64
import time
import tracemalloc
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest

from inbox.mail import attachment_pieces, frame_document, read, summarise
from inbox.mail import parse as module
from inbox.mail.parse import (
    NO_TEXT,
    NOTE_CHARSET,
    NOTE_CUT,
    NOTE_ENCODING,
    NOTE_HEADER,
    NOTE_HTML,
    NOTE_INNER,
    NOTE_LONG,
    NOTE_RAW,
    NOTE_REPAIRED,
    NOTE_TEXT,
)
from smtpd.trace import Origin, new_trace_id, trace_header
from tests.mail.corpus import (
    FROM,
    HTML,
    MESSAGES,
    MIXED,
    PDF,
    PICTURE,
    PNG,
    SUBJECT,
    TEXT,
    message,
    multipart,
    part,
)


def content(source: bytes, index: int) -> bytes:
    return b"".join(attachment_pieces(source, index))


def traced(sent: bytes) -> bytes:
    """As reception stores it: our trace header, then what was sent."""
    trace = trace_header(
        origin=Origin("a.example", "192.0.2.1", extended=True, tls=False),
        reverse_path="a@b.example",
        smtputf8=False,
        trace_id=new_trace_id(),
        host_name="mx.example",
        received_at=datetime(2026, 11, 25, tzinfo=UTC),
    )
    return trace + sent


def test_the_head_of_a_message_is_read() -> None:
    parsed = read(
        message(
            'From: "Lovelace, Ada" <ada@b.example>',
            "To: you@x.example, =?utf-8?Q?J=C3=B6rg?= <j@x.example>",
            "Cc: c@x.example",
            "Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=",
            "Date: Tue, 24 Nov 2026 10:00:00 +0100",
            "X-Other: a\r\n folded",
            body="x",
        )
    )
    assert str(parsed.sender) == "Lovelace, Ada <ada@b.example>"
    assert parsed.recipients == "you@x.example, Jörg <j@x.example>"
    assert parsed.cc == "c@x.example"
    assert parsed.subject == "Grüße"
    assert parsed.date == datetime(2026, 11, 24, 9, tzinfo=UTC)
    assert parsed.headers[-1] == ("X-Other", "a folded")


def test_text_and_html_are_two_views_of_one_letter() -> None:
    parsed = read(MESSAGES["alternative"])
    assert parsed.text == "Grüße aus dem Text"
    assert "<b>HTML</b>" in parsed.html
    assert parsed.attachments == ()
    assert parsed.notes == ()


def test_html_alone_gives_a_text_of_it() -> None:
    parsed = read(MESSAGES["html only"])
    assert parsed.text == "Title\n\nWords"


def test_every_text_of_a_message_is_shown_in_order() -> None:
    parsed = read(MESSAGES["text, file, text"])
    assert parsed.text == "Grüße aus dem Text\n\nGrüße aus dem Text"
    assert [one.name for one in parsed.attachments] == ["report.pdf"]


def test_texts_beside_html_are_in_the_html_view_too() -> None:
    source = message(
        FROM, MIXED, body=multipart("", "outer", HTML, part("text/plain", b"a < b https://x.example"))
    )
    parsed = read(source)
    assert "a &lt; b <a href=" in parsed.html
    assert parsed.text.startswith("Grüße aus dem HTML\n\na < b")


def test_an_empty_text_alternative_is_not_preferred() -> None:
    body = multipart("", "b", part("text/plain", b"\r\n\r\n"), HTML)
    assert read(message(FROM, "Content-Type: multipart/alternative; boundary=b", body=body)).text.startswith(
        "Grüße"
    )


def test_amp_is_neither_letter_nor_file() -> None:
    body = multipart("", "b", TEXT, part("text/x-amp-html", b"<html amp>"), HTML)
    parsed = read(message(FROM, "Content-Type: multipart/alternative; boundary=b", body=body))
    assert parsed.attachments == ()
    assert "amp" not in parsed.html + parsed.text


def test_a_file_comes_back_byte_for_byte() -> None:
    source = MESSAGES["mixed with a file"]
    (attachment,) = read(source).attachments
    assert (attachment.name, attachment.content_type) == ("report.pdf", "application/pdf")
    assert content(source, attachment.index) == b"%PDF-1.4 not really"
    assert attachment.size_bytes == len(b"%PDF-1.4 not really")
    assert not attachment.inline


def test_files_of_every_encoding_come_back_byte_for_byte() -> None:
    contents = {
        f"{number}.bin": bytes((number * at) % 256 for at in range(5000 * number)) for number in range(1, 6)
    }
    built = EmailMessage()
    built["From"] = "a@b.example"
    built.set_content("words")
    for name, raw in contents.items():
        built.add_attachment(raw, "application", "octet-stream", filename=name)
    source = built.as_bytes()
    assert {one.name: content(source, one.index) for one in read(source).attachments} == contents


def test_a_text_with_a_name_is_a_file() -> None:
    log = part("text/plain; name=error.log", b"boom")
    parsed = read(message(FROM, MIXED, body=multipart("", "outer", TEXT, log)))
    assert [one.name for one in parsed.attachments] == ["error.log"]
    assert "boom" not in parsed.text


def test_there_is_no_file_beyond_the_last() -> None:
    for index in (1, 5, -1):
        with pytest.raises(IndexError):
            attachment_pieces(MESSAGES["mixed with a file"], index)


def test_a_picture_of_the_letter_is_inline_and_shown_in_the_frame() -> None:
    source = MESSAGES["related"]
    parsed = read(source)
    (picture,) = parsed.attachments
    assert picture.inline
    assert picture.content_id == "dot@sender.example"

    def inline_image(content_id: str) -> tuple[str, bytes] | None:
        for one in parsed.attachments:
            if one.content_id == content_id:
                return one.content_type, content(source, one.index)
        return None

    assert base64.b64encode(PNG).decode() in frame_document(parsed.html, inline_image=inline_image)


def test_a_message_that_is_one_file_says_so_and_offers_it() -> None:
    parsed = read(MESSAGES["nothing but a file"])
    assert parsed.text == NO_TEXT
    assert [one.name for one in parsed.attachments] == ["a.zip"]


def test_a_forward_without_a_word_shows_the_inner_message() -> None:
    parsed = read(MESSAGES["a message inside"])
    assert parsed.text == "Inner words"
    assert NOTE_INNER in parsed.notes
    assert [one.content_type for one in parsed.attachments] == ["message/rfc822"]


def test_messages_inside_messages_end_somewhere() -> None:
    source = b"Content-Type: message/rfc822\r\n\r\n" * 1000 + b"\r\ndeep"
    parsed = read(source)
    assert parsed.text == NO_TEXT
    assert len(parsed.attachments) == 1


def test_html_without_mime_is_html() -> None:
    parsed = read(message(FROM, SUBJECT, body="<!DOCTYPE html><html><body><p>words</p></body></html>"))
    assert parsed.text == "words"
    assert parsed.html


def test_a_message_without_header_is_its_text() -> None:
    parsed = read(MESSAGES["only a body"])
    assert parsed.text == "Just words, no header.\nAnd more of them."


def test_no_bytes_at_all_open_as_no_text() -> None:
    assert read(b"").text == NO_TEXT


@pytest.mark.parametrize(
    ("sent", "text"),
    [
        (b"", NO_TEXT),
        (b"\r\n", NO_TEXT),
        (message(MIXED, body=multipart("", "outer", part("text/plain", b""))), NO_TEXT),
        (b"X-Nothing: here\r\n\r\n", "X-Nothing: here"),
        (b"  indented words, no header\r\n more\r\n", "  indented words, no header\n more"),
        (b"words, no header\r\n", "words, no header"),
    ],
)
def test_our_own_trace_header_is_never_the_text(sent: bytes, text: str) -> None:
    assert read(traced(sent)).text.rstrip("\n") == text


def test_the_reader_names_the_sender_that_the_row_names() -> None:
    """The row is made of what was sent, before our trace header names the reverse-path."""
    for name, sent in MESSAGES.items():
        row = summarise(sent)
        sender = read(traced(sent)).sender
        assert (sender.name, sender.address) == (row.sender_name, row.sender_address), name


def test_a_header_that_nobody_knows_and_no_body_is_shown_raw() -> None:
    assert read(b"X-Nothing: here\r\n\r\n").text.startswith("X-Nothing: here")


@pytest.mark.parametrize(
    ("name", "note"),
    [
        ("unknown charset", NOTE_CHARSET),
        ("lying charset", NOTE_CHARSET),
        ("no boundary", NOTE_REPAIRED),
        ("bad line in the header", NOTE_HEADER),
        ("10,000 parts", NOTE_CUT),
        ("nested 1,000 deep", NOTE_CUT),
    ],
)
def test_what_was_guessed_or_cut_is_said(name: str, note: str) -> None:
    assert note in read(MESSAGES[name]).notes


def test_parts_beyond_the_cap_can_be_downloaded() -> None:
    source = MESSAGES["10,000 parts"]
    rest = read(source).attachments[-1]
    assert source.endswith(content(source, rest.index))


def test_a_text_of_megabytes_is_shown_from_its_beginning_and_offered_whole() -> None:
    body = b"line of text\r\n" * 200_000
    source = message(FROM, SUBJECT, body=body)
    parsed = read(source)
    assert len(parsed.text) <= 1024 * 1024
    assert NOTE_LONG in parsed.notes
    assert content(source, 0) == body


def test_html_that_is_too_large_is_shown_as_text() -> None:
    parsed = read(message(FROM, "Content-Type: text/html", body="<p>words</p>\n" * 200_000))
    assert parsed.html == ""
    assert parsed.text.startswith("words")
    assert NOTE_HTML in parsed.notes
    assert NOTE_TEXT in parsed.notes


def test_the_letter_has_no_line_end_but_lf_and_no_control() -> None:
    parsed = read(message(FROM, body=b"a\r\nb\rc\0d\x1be\tf").replace(b"\n", b"\r\n"))
    assert parsed.text == "a\n\nb\ncde\tf" or "\r" not in parsed.text
    assert "\0" not in parsed.text
    assert "\x1b" not in parsed.text
    assert "\t" in parsed.text


def test_a_fault_of_ours_still_opens_the_message(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(module, "skim", failing)
    parsed = read(MESSAGES["plain"])
    assert "Hello there" in parsed.text
    assert parsed.notes == (NOTE_RAW,)


def test_names_of_files_are_safe() -> None:
    (attachment,) = read(MESSAGES["name with a path"]).attachments
    assert attachment.name == "passwd.pdf"


def test_two_files_may_have_one_name() -> None:
    source = message(FROM, MIXED, body=multipart("", "outer", PDF, PDF.replace(b"JVBE", b"JVBF")))
    first, second = read(source).attachments
    assert first.name == second.name
    assert content(source, first.index) != content(source, second.index)


def test_pictures_are_files_where_nothing_refers_to_them() -> None:
    (attachment,) = read(message(FROM, MIXED, body=multipart("", "outer", TEXT, PICTURE))).attachments
    assert not attachment.inline


@pytest.mark.parametrize("kind", ["file", "text", "html"])
def test_25_mb_cost_at_most_as_much_again_while_they_are_read(kind: str) -> None:
    if kind == "file":
        zipped = part(
            "application/zip", base64.encodebytes(bytes(18_000_000)), "Content-Transfer-Encoding: base64"
        )
        source = message(FROM, MIXED, body=multipart("", "outer", TEXT, zipped))
    elif kind == "text":
        source = message(FROM, "Content-Type: text/plain; charset=utf-8", body="Grüße\n" * 3_000_000)
    else:
        source = message(
            FROM, "Content-Type: text/html; charset=utf-8", body=f"<p>{'Grüße ' * 2000}</p>\n" * 1_800
        )
    tracemalloc.start()
    parsed = read(source)
    total = 0
    for attachment in parsed.attachments:
        for piece in attachment_pieces(source, attachment.index):
            total += len(piece)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert total > 15_000_000
    assert peak < 26_000_000


NOTHING = [
    "",
    "\u00a0\r\n",
    "\u200b",
    "\u200c\u034f \u200c\u034f",
    "&nbsp;\r\n&nbsp;",
    "\ufeff\u00ad \u3164",
    "&zwnj;&#160;",
]


@pytest.mark.parametrize("nothing", NOTHING)
def test_a_text_that_says_nothing_is_not_preferred(nothing: str) -> None:
    plain = part("text/plain; charset=utf-8", nothing.encode())
    source = message(
        FROM,
        "Content-Type: multipart/alternative; boundary=b",
        body=multipart("multipart/alternative", "b", plain, HTML),
    )
    parsed = read(source)
    assert parsed.text == "Grüße aus dem HTML"
    assert "HTML" in parsed.html
    row = summarise(source)
    assert row.snippet == "Grüße aus dem HTML"
    assert "aus dem html" in row.search_text


@pytest.mark.parametrize("nothing", NOTHING)
@pytest.mark.parametrize("kind", ["plain", "html"])
def test_a_letter_that_says_nothing_has_no_text(nothing: str, kind: str) -> None:
    source = message(FROM, f"Content-Type: text/{kind}; charset=utf-8", body=nothing)
    assert read(source).text == NO_TEXT
    assert summarise(source).snippet == ""


@pytest.mark.parametrize("text", [".", "\u200b5", "&nbsp;x", "&amp;", "\u0301", "👍", "\u00a0\u4e2d"])
def test_a_single_sign_says_something(text: str) -> None:
    assert (
        read(message(FROM, "Content-Type: text/plain; charset=utf-8", body=text)).text.strip() == text.strip()
    )


def test_enriched_text_loses_its_commands_and_none_of_its_words() -> None:
    body = (
        "<bold>Now</bold> is the time for <italic>all</italic> good men\n<smaller>(and <<women>)</smaller>\n"
        "to <color><param>red</param>come</color>\n\nto the aid\n\n\nof <<there>> &amp; 3 < 4\n"
        "<nofill>a\n  b</nofill>"
    )
    for kind in ("enriched", "ENRICHED; charset=us-ascii"):
        source = message(FROM, f"Content-Type: text/{kind}", body=body)
        assert read(source).text == (
            "Now is the time for all good men (and <women>) to come\n"
            "to the aid\n\nof <there>> &amp; 3 < 4 a\n  b"
        )
        assert summarise(source).snippet.startswith("Now is the time for all good men (and <women>)")
    rich = (
        "<bold>Now</bold> is<nl>the <lt>time> <comment>not said</comment>\nfor<paragraph>all</paragraph>men"
    )
    assert read(message(FROM, "Content-Type: text/richtext", body=rich)).text == (
        "Now is\nthe <time>  for\nall\nmen"
    )


@pytest.mark.parametrize("unit", ["<", "<<", "<a", "<bold>", "<param>", "\n", "</param>", "<a b "])
def test_enriched_text_of_a_megabyte_is_quick(unit: str) -> None:
    from inbox.mail.enriched import text_of_enriched

    began = time.thread_time()
    text_of_enriched(unit * (1_000_000 // len(unit)))
    assert time.thread_time() - began < 3


@pytest.mark.parametrize(
    ("line", "shown", "note"),
    [
        ("Subject: Подтверждение".encode("koi8-r"), "Подтверждение", NOTE_CHARSET),
        ("Subject: Grüße und mehr".encode("cp1252"), "Grüße und mehr", NOTE_CHARSET),
        (b"Subject: =?x-unknown?Q?Gr=FC=DFe?=", "Grüße", NOTE_CHARSET),
        (b"Subject: =?iso-8859-1?Q?Gr=C3=BC=C3=9Fe?=", "Grüße", NOTE_CHARSET),
        (b"Subject: =?utf-8?B?R3LDvMOf!ZQ==?=", "Grüße", NOTE_ENCODING),
        (b"Subject: =?utf-8?B?R3LDvMOfZ?=", "Grüß", NOTE_ENCODING),
    ],
)
def test_what_was_guessed_of_a_subject_is_said(line: bytes, shown: str, note: str) -> None:
    parsed = read(message(FROM, line, body="words"))
    assert parsed.subject == shown
    assert parsed.notes == (note,)


@pytest.mark.parametrize("name", ["From", "To", "Cc"])
def test_what_was_guessed_of_a_name_is_said(name: str) -> None:
    for sent in ("Jörg <j@b.example>".encode("cp1252"), b"=?x-unknown?Q?J=F6rg?= <j@b.example>"):
        parsed = read(message(name.encode() + b": " + sent, SUBJECT, body="words"))
        assert "Jörg <j@b.example>" in (str(parsed.sender), parsed.recipients, parsed.cc)
        assert parsed.notes == (NOTE_CHARSET,)


@pytest.mark.parametrize(
    "line",
    [
        "Subject: Grüße".encode(),
        "Subject: " + "ü" * 20_000,
        "Subject: x" + "ü" * 20_000,
        b"Subject: =?iso-8859-1?Q?Gr=FC=DFe?=",
        b"Subject: =?utf-8?B?R3LDvMOfZQ?=",
        b"Subject: =?utf-8?B?R3LD?= =?utf-8?B?vMOfZQ==?=",
        b"Subject: =?x-unknown?Q?plain?=",
        b"Subject: =?no word",
    ],
)
def test_of_a_subject_that_needed_no_guess_nothing_is_said(line: str | bytes) -> None:
    parsed = read(message(FROM, line, body="words"))
    assert parsed.notes == ()
    assert set(parsed.subject) <= set("Grüßex… plain=?now d")


RTF = rb"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}}\f0 Gr\'fc\'dfe \b aus\b0  dem RTF\par Zweite Zeile}"
XML = (
    '<?xml version="1.0"?><note><!-- none --><to>Ada</to><title>Grüße</title><p>3 &lt; 4</p></note>'.encode()
)
XHTML = (
    b'<html xmlns="http://www.w3.org/1999/xhtml"><head><title>t</title></head>'
    b"<body><p>One</p><p>Two</p></body></html>"
)


@pytest.mark.parametrize(
    ("kind", "content", "text", "name"),
    [
        ("text/rtf", RTF, "Grüße aus dem RTF\nZweite Zeile", "file-1.rtf"),
        ("application/rtf", b"\r\n" + RTF, "Grüße aus dem RTF\nZweite Zeile", "file-1.rtf"),
        ("text/xml", XML, "Ada Grüße 3 < 4", "file-1.xml"),
        ("application/xml", XML, "Ada Grüße 3 < 4", "file-1.xml"),
        ("application/xhtml+xml", XHTML, "One\n\nTwo", "file-1.xhtml"),
    ],
)
def test_a_letter_of_another_kind_of_text_is_read_and_stays_a_file(
    kind: str, content: bytes, text: str, name: str
) -> None:
    for source in (
        message(FROM, f"Content-Type: {kind}", body=content),
        message(FROM, MIXED, body=multipart("", "outer", part(kind, content), PICTURE)),
    ):
        parsed = read(source)
        assert parsed.text == text
        assert [file.name for file in parsed.attachments][:1] == [name]
    beside = message(FROM, MIXED, body=multipart("", "outer", part(kind, content), TEXT))
    assert read(beside).text == "Grüße aus dem Text"
    disposition = "Content-Disposition: attachment; filename=a.b"
    kept = message(FROM, MIXED, body=multipart("", "outer", part(kind, content, disposition)))
    assert read(kept).text == NO_TEXT


def test_that_a_letter_of_another_kind_was_cut_is_said() -> None:
    parsed = read(message(FROM, "Content-Type: text/rtf", body=RTF + b" " + b"a" * 2_000_000))
    assert parsed.notes == (NOTE_LONG,)
    assert parsed.text.startswith("Grüße")


def test_rtf_that_is_none_has_no_text() -> None:
    parsed = read(message(FROM, "Content-Type: text/rtf", body=b"{\\rtf1{\\pict 00}}"))
    assert parsed.text == NO_TEXT
    assert len(parsed.attachments) == 1
