"""The header, however it is damaged: no field is lost to a line that is none, and no text to a field."""

import time

import pytest

from inbox.mail import read, summarise
from inbox.mail.head import read_head
from inbox.mail.parse import NOTE_CUT, NOTE_HEADER, NOTE_REPAIRED, NOTE_TWICE
from inbox.mail.skim import skim
from tests.mail.test_parse import traced

BASE = ["From: Ada <ada@sender.example>", "Subject: Hello", "To: you@one.example"]


def lines(*sent: str) -> bytes:
    return "\r\n".join(sent).encode() + b"\r\n"


DAMAGED: dict[str, bytes] = {
    "a line without a colon": lines(BASE[0], "this line has none", *BASE[1:], "", "The body"),
    "a first line that is no header": lines("Welcome to the mail server", *BASE, "", "The body"),
    "an mbox line": lines("From ada@sender.example Tue Nov 24 10:00:00 2026", *BASE, "", "The body"),
    "a quoted mbox line": lines(">From ada Tue Nov 24 10:00:00 2026", *BASE, "", "The body"),
    "a blank line inside": lines(*BASE, "", "MIME-Version: 1.0", "Content-Type: text/plain", "", "The body"),
    "a blank line after the first field": lines("To: you@one.example", "", *BASE[:2], "", "The body"),
    "a blank line in front": lines("", *BASE, "", "The body"),
    "a blank line behind trace fields": lines("Received: by a; now", "", "", *BASE, "", "The body"),
    "SMTP talk in front": lines(
        "220 mx.example ESMTP", "HELO x", "250 mx.example", "MAIL FROM:<a@b>", "250 2.1.0 Ok",
        "RCPT TO:<c@d>", "DATA", "354 End with <CR><LF>.<CR><LF>", *BASE, "", "The body",
    ),
    "SMTP talk and a blank line": lines(
        "MAIL FROM:<a@b>", "RCPT TO:<c@d>", "DATA", "", *BASE, "", "The body",
    ),
    "SMTP talk behind": lines(*BASE, "MAIL FROM:<a@b>", "DATA", "", "The body"),
    "two fields on one line": lines(BASE[0] + " " + BASE[1], BASE[2], "", "The body"),
    "two fields without a blank between": lines(BASE[0] + BASE[1], BASE[2], "", "The body"),
    "all fields on one line": lines(" ".join(BASE), "", "The body"),
    "a field that is indented": lines(BASE[0], " " + BASE[1], BASE[2], "", "The body"),
    "a first field that is indented": lines("  " + BASE[0], *BASE[1:], "", "The body"),
    "a header that is indented": lines(*("   " + line for line in BASE), "", "The body"),
    "a subject like a boundary": lines(
        BASE[0], "Subject: Hello", 'Content-Type: multipart/mixed; boundary="b"', "X-Subject: --b", "",
        "--b", "", "The body", "--b--",
    ),
    "a delimiter where the blank line should be": lines(
        *BASE, 'Content-Type: multipart/mixed; boundary="b"', "--b", "Content-Type: text/plain", "",
        "The body", "--b--",
    ),
    "a preamble where the blank line should be": lines(
        *BASE, 'Content-Type: multipart/mixed; boundary="b"', "This is a message in MIME format.", "--b",
        "Content-Type: text/plain", "", "The body", "--b--",
    ),
    "a byte order mark": b"\xef\xbb\xbf" + lines(*BASE, "", "The body"),
    "lone carriage returns": "\r".join([*BASE, "", "The body"]).encode() + b"\r\n",
    "a separator of blanks": lines(*BASE, " \t", "The body"),
    "no separator": lines(*BASE, "The body"),
}  # fmt: skip


@pytest.mark.parametrize("is_traced", [False, True], ids=["as sent", "as stored"])
@pytest.mark.parametrize("name", list(DAMAGED))
def test_a_damaged_header_still_says_who_what_and_the_text(name: str, is_traced: bool) -> None:
    source = traced(DAMAGED[name]) if is_traced else DAMAGED[name]
    parsed = read(source)
    assert str(parsed.sender) == "Ada <ada@sender.example>"
    assert parsed.subject == "Hello"
    assert parsed.text.strip() == "The body"
    row = summarise(DAMAGED[name])
    assert (row.sender_address, row.subject, row.snippet) == ("ada@sender.example", "Hello", "The body")


UNDAMAGED = (
    "a preamble where the blank line should be",
    "an mbox line", "a quoted mbox line", "a blank line in front", "a subject like a boundary",
    "a byte order mark", "a separator of blanks", "no separator", "SMTP talk behind",
)  # fmt: skip


@pytest.mark.parametrize("name", [name for name in DAMAGED if name not in UNDAMAGED])
def test_what_was_repaired_in_a_header_is_said(name: str) -> None:
    notes = read(DAMAGED[name]).notes
    if name in ("a first field that is indented", "a delimiter where the blank line should be"):
        assert set(notes) <= {NOTE_HEADER, NOTE_REPAIRED}
    else:
        assert notes == (NOTE_HEADER,)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("Subject: of the letter\r\nis this", "Subject: of the letter\nis this"),
        ("From: bob@b.example\r\nSubject: quoted\r\n\r\nquoted text", "From: bob@b.example"),
        ("Note: this\r\nDate: Friday\r\n\r\nmore", "Note: this\nDate: Friday\n\nmore"),
        ("X-Ray: results\r\n\r\nmore", "X-Ray: results\n\nmore"),
    ],
)
def test_a_text_that_looks_like_a_header_stays_text(body: str, text: str) -> None:
    source = lines(*BASE, "Date: Tue, 24 Nov 2026 10:00:00 +0000", "", body)
    parsed = read(source)
    assert parsed.text.startswith(text)
    assert parsed.subject == "Hello"
    assert parsed.notes == ()


@pytest.mark.parametrize(
    "text",
    [
        "Just words.\r\nNote: with a colon\r\n\r\nand more",
        "Hello Bob,\r\nTime: five\r\n\r\nyours",
        "Dear all: words\r\nmore words\r\n",
        "\r\nName: Bob\r\n\r\nfree text",
    ],
)
def test_a_text_without_header_loses_none_of_its_lines(text: str) -> None:
    shown = read(text.encode()).text
    assert shown.split() == text.split()
    assert read(traced(text.encode())).text.split() == text.split()


def test_a_letter_begun_without_a_blank_line_keeps_its_lines_with_colons() -> None:
    source = lines(*BASE, "Dear you,", "Note: this is no field", "Time: nor this", "", "Yours")
    assert read(source).text.split("\n")[:2] == ["Dear you,", "Note: this is no field"]
    assert read(source).text.endswith("Yours")


def test_a_sender_that_is_there_is_not_taken_from_a_subject() -> None:
    source = lines("From: ada@sender.example", "Subject: Re: To: or not", "To: you@one.example", "", "x")
    parsed = read(source)
    assert parsed.subject == "Re: To: or not"
    assert parsed.notes == ()


def test_what_is_said_twice_is_told_and_the_first_counts() -> None:
    for second in ("From: other@b.example", "Subject: Other", "Content-Type: text/html"):
        parsed = read(lines(*BASE, "Content-Type: text/plain", second, "", "The body"))
        assert parsed.notes == (NOTE_TWICE,), second
        assert (parsed.sender.address, parsed.subject) == ("ada@sender.example", "Hello")
        assert parsed.html == ""
    assert read(lines(*BASE, BASE[0], "", "x")).notes == ()


def test_an_empty_field_gives_way_to_one_that_says_something() -> None:
    parsed = read(
        lines("From:", "Subject: ", *BASE, "Content-Type: nonsense", "Content-Type: text/html", "", "<p>x")
    )
    assert (parsed.sender.address, parsed.subject) == ("ada@sender.example", "Hello")
    assert parsed.html == "<p>x\n"


def part_of(*sent: str) -> bytes:
    return lines(*BASE, "Content-Type: multipart/mixed; boundary=b", "", "--b", *sent, "--b--")


@pytest.mark.parametrize(
    ("sent", "text"),
    [
        (("Content-Type: text/plain", "garbage", "Content-ID: <x>", "", "words"), "words"),
        (("Content-Type: text/plain", "words: at once", "no blank", "", "more"), "no blank\n\nmore"),
        (("Content-Type: text/plain", "no blank", "", "more"), "no blank\n\nmore"),
        (("Content-Type: text/plain", " ", "a: b", "", "more"), "a: b\n\nmore"),
        (("no header", "note: this", "", "more"), "no header\nnote: this\n\nmore"),
        (("Content-Transfer-Encoding: qp", "", "gr=C3=BCn"), "grün"),
        (("Content-Transfer-Encoding: Base-64", "", "d29yZHM="), "words"),
    ],
)
def test_a_part_with_a_damaged_header_loses_no_text(sent: tuple[str, ...], text: str) -> None:
    assert read(part_of(*sent)).text == text


def test_plain_words_that_are_called_base64_are_shown_as_they_are() -> None:
    parsed = read(
        lines(*BASE, "Content-Transfer-Encoding: base64", "", "Hello, these are words (not base64).")
    )
    assert parsed.text == "Hello, these are words (not base64)."
    assert parsed.notes == (NOTE_REPAIRED,)
    words = "only letters and blanks in these lines of words that nobody encoded at all " * 8
    assert read(lines(*BASE, "Content-Transfer-Encoding: base64", "", words)).text.strip() == words.strip()


def test_parts_that_nobody_announced_are_found() -> None:
    body = lines(
        "--b", "Content-Type: text/plain", "", "words", "--b", "Content-Type: text/html", "", "<p>x", "--b--"
    )
    parsed = read(lines(*BASE, "") + body)
    assert parsed.text.startswith("words")
    assert NOTE_REPAIRED in parsed.notes
    quoted = read(lines(*BASE, "", "Look at this source:") + body)
    assert "--b" in quoted.text


def test_a_text_that_names_a_boundary_and_has_it_is_a_container() -> None:
    body = lines("--b", "Content-Type: text/plain", "", "words", "--b", "", "more", "--b--")
    parsed = read(lines(*BASE, "Content-Type: text/plain; boundary=b", "") + body)
    assert parsed.text == "words\n\nmore"
    assert parsed.notes == (NOTE_REPAIRED,)
    assert read(lines(*BASE, "Content-Type: text/plain; boundary=b", "", "--c")).text.strip() == "--c"


def test_the_line_that_is_said_again_is_the_boundary() -> None:
    body = lines(
        "--", "--once", "--=_x", "  wrapped", "Content-Type: text/plain", "", "words", "--=_x", "", "more"
    )
    assert read(lines(*BASE, "Content-Type: multipart/mixed", "") + body).text == "words\n\nmore"


def test_a_field_with_a_letter_that_no_name_may_have_is_no_text() -> None:
    parsed = read(lines(BASE[0], "Invalìd-Header: this", *BASE[1:], "X-Ünusual: that", "", "The body"))
    assert parsed.text.strip() == "The body"
    assert ("Invalìd-Header", "this") in parsed.headers
    assert read(lines(*BASE, "Grüße: an alle", "", "The body")).text.startswith("Grüße: an alle")


def test_texts_that_have_names_are_read_where_there_are_no_others() -> None:
    named = part_of('Content-Type: text/plain; name="a.txt"', "", "words")
    assert read(named).text == "words"
    assert len(read(named).attachments) == 1
    attached = part_of(
        "Content-Type: text/plain", "Content-Disposition: attachment; filename=a.txt", "", "words"
    )
    assert read(attached).text != "words"


def test_a_signature_is_no_boundary() -> None:
    source = lines(
        *BASE, "Content-Type: multipart/mixed", "", "preamble", "-- ", "Bob",
        "--guess", "Content-Type: text/plain", "", "words", "--guess--",
    )  # fmt: skip
    assert read(source).text == "words"


@pytest.mark.parametrize(
    "unit",
    [
        b"X: y\r\n",
        b"a\r\n",
        b"DATA\r\n",
        b"From a\r\n",
        b" From: a\r\n",
        b"\r",
        b"From: a Subject: b ",
        b"\r\r\n",
        b"X: y\r\n\r\n",
        b":\r\n",
    ],
)
def test_a_megabyte_of_anything_for_a_header_is_quick(unit: bytes) -> None:
    for start in (b"", b"X-A: b\r\n", b"From: a\r\n"):
        source = start + unit * (1_000_000 // len(unit))
        began = time.thread_time()
        read_head(source, 0, len(source))
        skim(source)
        assert time.thread_time() - began < 1


LONG = {
    "one line": b"Subject: Hello " + b"a" * 300_000 + b"\r\n",
    "two long ones": b"X-A: " + b"a" * 300_000 + b"\r\nSubject: Hello " + b"b" * 200_000 + b"\r\n",
    "folded": b"References:" + b"\r\n <%s@x.example>" % (b"a" * 60) * 5000 + b"\r\nSubject: Hello\r\n",
    "a byte order mark in front": b"\xef\xbb\xbfSubject: Hello " + b"a" * 300_000 + b"\r\n",
    "two megabytes": b"Subject: Hello\r\nX-A: " + b"a" * 2_000_000 + b"\r\n",
    "a name on the edge": (
        b"X-A: " + b"a" * (256 * 1024 - 9) + b"\r\nSubject: Hello " + b"\r\nX-B: " + b"b" * 100_000 + b"\r\n"
    ),
}


@pytest.mark.parametrize("is_traced", [False, True], ids=["as sent", "as stored"])
@pytest.mark.parametrize("name", list(LONG))
def test_a_field_longer_than_a_header_may_be_hides_none_behind_it(name: str, is_traced: bool) -> None:
    rest = b"From: Ada <ada@sender.example>\r\nContent-Type: text/plain\r\n\r\nThe body\r\n\r\nof it"
    source = LONG[name] + rest
    source = traced(source) if is_traced else source
    parsed = read(source)
    assert str(parsed.sender) == "Ada <ada@sender.example>"
    assert parsed.subject.startswith("Hello")
    assert parsed.text == "The body\n\nof it"
    assert NOTE_CUT in parsed.notes
    row = summarise(source)
    assert (row.sender_address, row.snippet) == ("ada@sender.example", "The body of it")


@pytest.mark.parametrize("start", [b"From: a@b.example\r\n", b"", b"Note: this\r\n"])
def test_a_text_of_one_long_line_is_no_header(start: bytes) -> None:
    line = b"a" * 300_000
    parsed = read(start + line + b"\r\nTo: nobody\r\n\r\nmore")
    assert line.decode() in parsed.text


@pytest.mark.parametrize("unit", [b"X: " + b"y" * 60_000 + b"\r\n", b"X: y\r\n", b"X: y\r\n z\r\n", b"X:"])
def test_a_header_of_ten_megabytes_ends_somewhere(unit: bytes) -> None:
    source = unit * (10_000_000 // len(unit))
    began = time.thread_time()
    head = read_head(source, 0, len(source))
    assert time.thread_time() - began < 1
    assert head.is_cut
    assert sum(len(value) for _, value in head.fields) < 1_000_000
