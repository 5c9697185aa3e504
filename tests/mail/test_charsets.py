"""Bytes to text: what is declared, what is a lie, what is guessed."""

import pytest

from inbox.mail.charsets import codec_for, decode

GREETING = "Grüße"


@pytest.mark.parametrize(
    ("raw", "label", "text", "is_guessed"),
    [
        (b"plain", "us-ascii", "plain", False),
        (b"plain", "", "plain", False),
        (GREETING.encode(), "utf-8", GREETING, False),
        (GREETING.encode(), "UTF8", GREETING, False),
        (GREETING.encode(), '"utf-8"', GREETING, False),
        (GREETING.encode("cp1252"), "iso-8859-1", GREETING, False),
        (b"\x93quoted\x94", "iso-8859-1", "“quoted”", False),
        (GREETING.encode(), "us-ascii", GREETING, True),
        (GREETING.encode(), "", GREETING, False),
        (GREETING.encode("cp1252"), "", GREETING, False),
        (GREETING.encode(), "x-klingon", GREETING, True),
        (GREETING.encode("cp1252"), "x-klingon", GREETING, True),
        (GREETING.encode("cp1252"), "utf-8", GREETING, True),
        ((GREETING * 9).encode()[:-1] + b"\xff", "utf-8", GREETING * 8 + "Grüß\ufffd", True),
        ("漢字".encode("gb18030"), "gb2312", "漢字", False),
        ("表示".encode("cp932"), "x-sjis", "表示", False),
        ("①".encode("cp932"), "shift_jis", "①", False),
        ("한글".encode("cp949"), "euc-kr", "한글", False),
        ("日本".encode("iso2022_jp"), "ISO-2022-JP", "日本", False),
        ("Привет".encode("koi8-r"), "koi8-r", "Привет", False),
        ("Привет".encode("cp1251"), "windows-1251", "Привет", False),
        ("שלום".encode("iso8859-8"), "iso-8859-8-i", "שלום", False),
        ("สวัสดี".encode("cp874"), "windows-874", "สวัสดี", False),
        (GREETING.encode("utf-16"), "utf-16", GREETING, False),
        (b"Gr+APwA3w-e", "utf-7", "Grüße", False),
    ],
)
def test_text_is_read_as_it_was_meant(raw: bytes, label: str, text: str, is_guessed: bool) -> None:
    assert decode(raw, label) == (text, is_guessed)


NO_CHARSETS = """
punycode idna hex zlib rot13 base64 unicode_escape raw_unicode_escape undefined os.path utf-8\0 \ud800
encodings.utf_8 __init__ ../../etc/passwd
""".split()  # noqa: SIM905


@pytest.mark.parametrize("label", [*NO_CHARSETS, "", " ", "x" * 5000])
def test_a_codec_that_is_no_charset_is_never_run(label: str) -> None:
    assert codec_for(label) in ("", "utf-8")
    assert decode(b"hello-there-", label)[0] == "hello-there-"


def test_a_character_cut_by_a_cap_is_no_lie() -> None:
    raw = (GREETING * 3).encode()
    at = raw.rindex("ü".encode()) + 1
    assert decode(raw[:at], "utf-8", cut=True) == ("GrüßeGrüßeGr", False)
    assert decode(raw[:at], "", cut=True) == ("GrüßeGrüßeGr", False)


def test_labels_that_senders_invent_do_not_pile_up() -> None:
    from inbox.mail import charsets

    for number in range(2000):
        codec_for(f"x-invented-{number}")
    assert len(charsets._codecs) <= 500
