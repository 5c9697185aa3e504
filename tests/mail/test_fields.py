"""Header values as people and programs write them."""

import base64
import time
from datetime import UTC, datetime

import pytest

from inbox.mail.fields import (
    Correspondent,
    clean_text,
    decode_field,
    decode_words,
    file_name,
    parse_date,
    parse_mailboxes,
    parse_parameters,
)


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (b" plain", "plain"),
        (b" folded\r\n  over\r\n\tlines", "folded over lines"),
        (b" =?utf-8?Q?caf=C3=A9_au_lait?=", "café au lait"),
        (b" =?UTF-8?b?Y2Fmw6k=?=", "café"),
        (b" =?iso-8859-1?q?caf=E9?= and =?koi8-r?B?9MXT1A==?=", "café and Тест"),
        (b" =?utf-8?Q?one?= =?utf-8?Q?two?=", "onetwo"),
        (b" =?utf-8?Q?one?=\r\n =?utf-8?Q?_two?=", "one two"),
        (b" =?utf-8?Q?one?= and =?utf-8?Q?two?=", "one and two"),
        (b" =?utf-8?Q?one?==?utf-8?Q?two?=", "onetwo"),
        (b' "=?utf-8?Q?caf=C3=A9?="', '"café"'),
        (b" =?utf-8*de?Q?caf=C3=A9?=", "café"),
        (b" =?utf-8?B?Y2Fmw6k?= =?utf-8?B?x?=", "café"),
        (b" =?x-nobody?Q?caf=C3=A9?=", "café"),
        (b" =?utf-8?Q?broken", "=?utf-8?Q?broken"),
        (b" =?utf-8?X?what?=", "=?utf-8?X?what?="),
        ("Grüße".encode(), "Grüße"),
        ("Grüße".encode("latin-1"), "Grüße"),
        (b" a\0b\x07c\x1b[31md", "abcd"),
        ("a\u202eb\u2066c\u200fd".encode(), "abcd"),
        (b" =?utf-8?Q?a=E2=80=AEb=0D=0ABcc:_x?=", "ab Bcc: x"),
        ("emoji 👩‍💻 stays".encode(), "emoji 👩‍💻 stays"),
        ("pay\u2028pal\u2029!".encode(), "pay pal !"),
        (b" =?utf-8?Q?really??=", "really?"),
        (b" =?utf-8?Q?what?_=C3=BC?_yes?= x", "what? ü? yes x"),
        (b" =?utf-8?Q?with blanks inside?=", "with blanks inside"),
        (b" =?UTF8?Q?caf=C3?= =?utf-8?Q?=A9?=", "café"),
        (b" =?iso-2022-jp?B?GyRCRnxLGyhC?= =?iso-2022-jp?B?GyRCXDhsGyhC?=", "日本語"),
        (b" =?iso-8859-1?Q?gr=C3=BCn?=", "grün"),
        ("a\u00adb\u200bc\u2060d\u3164e\U000e0041f".encode(), "abcdef"),
        ("bank\u2800\u2800\u2800evil".encode(), "bank evil"),
        ("می\u200cخواهم".encode(), "می\u200cخواهم"),
        ("a\u200c\u200cb \u200dc".encode(), "ab c"),
        (("e" + "\u0301" * 50 + "x").encode(), "e" + "\u0301" * 4 + "x"),
    ],
)
def test_a_field_reads_as_it_was_meant(raw: bytes, shown: str) -> None:
    assert decode_field(raw) == shown


@pytest.mark.parametrize(
    "charset", ["utf-8", "iso-2022-jp", "shift_jis", "gb18030", "big5", "euc-kr", "utf-16-be"]
)
def test_a_letter_cut_in_two_by_neighbouring_words_is_whole_again(charset: str) -> None:
    text = {"big5": "測試郵件", "euc-kr": "한글시험"}.get(charset, "日本語件名")
    raw = text.encode(charset)
    words = " ".join(
        f"=?{charset}?B?{base64.b64encode(raw[at : at + 3]).decode()}?=" for at in range(0, len(raw), 3)
    )
    assert decode_words(words) == text


def test_a_field_is_cut_at_16_kib_before_it_is_decoded() -> None:
    assert len(decode_field(b"=?utf-8?Q?a?= " * 100_000, 1_000_000)) < 17_000


@pytest.mark.parametrize(
    ("raw", "mailboxes"),
    [
        (b"a@b.example", [("", "a@b.example")]),
        (b"Ada <a@b.example>", [("Ada", "a@b.example")]),
        (
            b'"Lovelace, Ada" <a@b.example>, x@y.example',
            [("Lovelace, Ada", "a@b.example"), ("", "x@y.example")],
        ),
        (b"a@b.example (Ada Lovelace)", [("Ada Lovelace", "a@b.example")]),
        (b"=?utf-8?Q?Caf=C3=A9=2C_Bar?= <a@b.example>", [("Café, Bar", "a@b.example")]),
        (b'"=?utf-8?Q?Caf=C3=A9?=" <a@b.example>', [("Café", "a@b.example")]),
        ("Grüße <a@b.example>".encode("latin-1"), [("Grüße", "a@b.example")]),
        (b'"quoted \\"name\\"" <a@b.example>', [('quoted "name"', "a@b.example")]),
        (b"friends: a@b.example, c@d.example;", [("", "a@b.example"), ("", "c@d.example")]),
        (b"undisclosed-recipients:;", []),
        (b"<@relay.example:a@b.example>", [("", "a@b.example")]),
        (b'"john doe"@b.example', [("", '"john doe"@b.example')]),
        (b"Ada Lovelace a@b.example", [("Ada Lovelace", "a@b.example")]),
        (b"Ada Lovelace", [("Ada Lovelace", "")]),
        (b"Ada (the (nested) one) <a@b.example>", [("Ada", "a@b.example")]),
        (b"<a@b.example", [("", "a@b.example")]),
        (b"Ada <a@b.example>\r\n <x>", [("Ada", "a@b.example")]),
        (b'"never closed <a@b.example>', [("never closed", "a@b.example")]),
        (b",,, ,a@b.example,,", [("", "a@b.example")]),
        (b"", []),
        (b"Ada\r\n\tLovelace\r\n <a@b.example>", [("Ada Lovelace", "a@b.example")]),
        (b"Pete <pete(his account)@silly.test(his host)>", [("Pete", "pete@silly.test")]),
        (b"jdoe@test   . example", [("", "jdoe@test.example")]),
        (b"a@b.example Ada Lovelace", [("Ada Lovelace", "a@b.example")]),
        (b"Ada <a@b.example> Bob <b@b.example>", [("Ada", "a@b.example")]),
        (b"jdoe @ test.example", [("", "jdoe@test.example")]),
        (b"Ada. Lovelace a@b.example", [("Ada. Lovelace", "a@b.example")]),
        (b"a\0da <a@b.exa\x00mple>", [("ada", "a@b.example")]),
    ],
)
def test_mailboxes_are_found_however_they_are_written(raw: bytes, mailboxes: list[tuple[str, str]]) -> None:
    assert [(one.name, one.address) for one in parse_mailboxes(raw)] == mailboxes


def test_a_correspondent_reads_as_name_and_address() -> None:
    assert str(Correspondent("Ada", "a@b.example")) == "Ada <a@b.example>"
    assert str(Correspondent("", "a@b.example")) == "a@b.example"
    assert str(Correspondent("Ada", "")) == "Ada"


@pytest.mark.parametrize(
    ("raw", "value", "parameters"),
    [
        (b" text/plain", "text/plain", {}),
        (b" TEXT/Plain; CHARSET=UTF-8", "text/plain", {"charset": "UTF-8"}),
        (b" text/plain;; ;charset=utf-8;", "text/plain", {"charset": "utf-8"}),
        (b' a/b; name="x;y.txt"; c=d', "a/b", {"name": "x;y.txt", "c": "d"}),
        (b' a/b; name="say \\"hi\\".txt"', "a/b", {"name": 'say "hi".txt'}),
        (b' a/b; name="C:\\Temp\\x.txt"', "a/b", {"name": "C:\\Temp\\x.txt"}),
        (b" a/b; name=My File.pdf", "a/b", {"name": "My File.pdf"}),
        (b' a/b; name="never closed; c=d', "a/b", {"name": "never closed", "c": "d"}),
        (b" a/b; name=first; name=second", "a/b", {"name": "first"}),
        (b" attachment; filename*=utf-8''na%C3%AFve.txt", "attachment", {"filename": "naïve.txt"}),
        (b" x; filename=plain.txt; filename*=utf-8'en'na%C3%AFve.txt", "x", {"filename": "naïve.txt"}),
        (b" x; filename*1=b.txt; filename*0=a", "x", {"filename": "ab.txt"}),
        (b" x; filename*0*=utf-8''na%C3; filename*1*=%AFve; filename*2=.txt", "x", {"filename": "naïve.txt"}),
        (b" x; filename*999999999=y", "x", {}),
        (b" x; filename*=%zz%", "x", {"filename": "%zz%"}),
        (b" x; filename*=nobody''a%E9", "x", {"filename": "aé"}),
        (b" text/plain (a comment)", "text/plain", {}),
        (b" x; filename=plain.txt; filename*=utf-8''", "x", {"filename": "plain.txt"}),
        (
            b" x; filename*0*=utf-8''a%20; filename*1=\"b%20c\"; filename*2*=%C3%A9",
            "x",
            {"filename": "a b%20cé"},
        ),
        (b" x; filename*2=c; filename*1=b; filename*3=d", "x", {"filename": "bcd"}),
        (b" x; filename*=\"utf-8''q%C3%A9\"", "x", {"filename": "qé"}),
        (b" x; filename*0*=iso-2022-jp''%1B$B%46%7C%4B; filename*1*=%5C%1B(B", "x", {"filename": "日本"}),
        (b" text/html\r\n\t; charset=utf-8", "text/html", {"charset": "utf-8"}),
    ],
)
def test_parameters_are_read_in_every_form(raw: bytes, value: str, parameters: dict[str, str]) -> None:
    assert parse_parameters(raw) == (value, parameters)


@pytest.mark.parametrize(
    ("raw", "moment"),
    [
        (b" Tue, 24 Nov 2026 10:00:00 +0100", datetime(2026, 11, 24, 9, tzinfo=UTC)),
        (b" 24 Nov 2026 10:00 GMT", datetime(2026, 11, 24, 10, tzinfo=UTC)),
        (b" Tue, 24 Nov 2026 10:00:00 -0000", datetime(2026, 11, 24, 10, tzinfo=UTC)),
        (b" Tue, 24 Nov 2026 10:00:00.123 +0100", datetime(2026, 11, 24, 9, tzinfo=UTC)),
        (b" Tue, 24 Nov 2026 10:00:00 0000", datetime(2026, 11, 24, 10, tzinfo=UTC)),
        (b" Tue Nov 24 10:00:00 2026", datetime(2026, 11, 24, 10, tzinfo=UTC)),
        (b" Tue, 24 Nov 2026 10(comment):   00  :  00 +0100", datetime(2026, 11, 24, 9, tzinfo=UTC)),
        (b" 2026-11-24T10:00:00Z", datetime(2026, 11, 24, 10, tzinfo=UTC)),
        (b" 2026-11-24 10:00:00 +01:00", datetime(2026, 11, 24, 9, tzinfo=UTC)),
        (b" Tue, 24 Nov 2026 10:00:00 +0100 (CET)", datetime(2026, 11, 24, 9, tzinfo=UTC)),
        (b" Fri, 31 Dec 99999 23:59:59 +0000", None),
        (b" Tue, 99 Nov 2026 10:00:00 +9999", None),
        (b" yesterday", None),
        (b"", None),
        (b"9" * 5000, None),
    ],
)
def test_a_date_is_a_moment_or_nothing(raw: bytes, moment: datetime | None) -> None:
    assert parse_date(raw) == moment


@pytest.mark.parametrize("unit", [b'"\\', b'"', b"(", b"<", b",", b":", b"a@", b"=?a?b?", b"=?a?q?x", b"\\"])
def test_16_kib_of_almost_addresses_are_quick(unit: bytes) -> None:
    began = time.thread_time()
    parse_mailboxes(unit * 16_000)
    assert time.thread_time() - began < 0.1


@pytest.mark.parametrize("unit", [b'; a="\\"', b"; a", b'"', b";", b"; a*0*='", b"; a*1=%", b"="])
def test_16_kib_of_almost_parameters_are_quick(unit: bytes) -> None:
    began = time.thread_time()
    parse_parameters(b"text/plain" + unit * 16_000)
    assert time.thread_time() - began < 0.1


@pytest.mark.parametrize(
    ("declared", "name"),
    [
        ("=?utf-8?Q?na=C3=AFve.txt?=", "naïve.txt"),
        ("=?utf-8?B?bmHDr3Y=?= =?utf-8?B?ZS50eHQ=?=", "naïve.txt"),
        ("na%C3%AFve.txt", "naïve.txt"),
        ("100%25 sure.txt", "100%25 sure.txt"),
        ("50%E9.txt", "50%E9.txt"),
    ],
)
def test_a_file_has_the_name_that_its_sender_saw(declared: str, name: str) -> None:
    assert file_name(declared) == name


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("\x1b[1;31mred\x1b[0m and \x1b]0;title\x07plain", "red and plain"),
        ("\x1b(Bplain\x9b2Jtext\x1b", "plaintext"),
        ("page one\x0cpage two", "page one\npage two"),
        ("N\x08NA\x08A_\x08m", "NAm"),
        ("a\r\nb\rc\r\r\nd\u2028e", "a\nb\nc\nd\ne"),
        ("tab\tstays\0", "tab\tstays"),
    ],
)
def test_a_text_has_nothing_for_a_terminal_or_a_printer(text: str, clean: str) -> None:
    assert clean_text(text) == clean
