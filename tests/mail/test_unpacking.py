"""Files that are no parts of a message: taken out whole where that can be, and harmless where not."""

import base64
import binascii
import itertools
import struct
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inbox.mail import read
from inbox.mail.armour import without_armour
from inbox.mail.cms import read_cms
from inbox.mail.flowed import unflowed
from inbox.mail.parse import NOTE_RAW, attachment_bytes, inline_images
from inbox.mail.rtf import text_of_compressed_rtf, text_of_rtf
from inbox.mail.tnef import read_tnef
from inbox.mail.uu import take_out_files
from inbox.mail.view import View
from inbox.mail.viewing import view_of
from tests.mail import golden
from tests.mail.corpus import FROM, MIXED, message, multipart, part

relaxed = settings(deadline=2000, max_examples=100)


def file_of(name: str, index: int) -> bytes:
    return attachment_bytes(golden.source_of(name), index)


def holder(name: str) -> bytes:
    return file_of(name, 0)


# Files in a text


def uuencoded(name: str, raw: bytes) -> bytes:
    lines = (binascii.b2a_uu(raw[at : at + 45]) for at in range(0, len(raw), 45))
    return f"begin 644 {name}\n".encode() + b"".join(lines) + b"`\nend\n"


@pytest.mark.parametrize("length", [0, 1, 44, 45, 46, 1000])
def test_a_file_in_a_text_comes_out_whole(length: int) -> None:
    raw = bytes(at % 251 for at in range(length))
    text, files = take_out_files(b"before\n" + uuencoded("a b.bin", raw) + b"after\n")
    if length:
        assert text == b"before\nafter\n"
        assert [(file.name, file.content) for file in files] == [(b"a b.bin", raw)]


def test_a_file_that_was_never_ended_is_what_there_is() -> None:
    cut = uuencoded("x", bytes(200)).splitlines(keepends=True)[:-3]
    text, (file,) = take_out_files(b"".join(cut) + b"\nand text again\n")
    assert text.strip() == b"and text again"
    assert file.content == bytes(180)


@pytest.mark.parametrize(
    "text",
    [b"begin 644 things\nwith words.\n", b"begin 644 x\n\nend\n\n", b"begin here\n", b"begin 99999 x\nM\n"],
)
def test_words_that_begin_like_a_file_stay(text: bytes) -> None:
    kept, files = take_out_files(text)
    assert kept == text or b"".join(file.content for file in files) == b""
    assert not any(file.content for file in files)


def test_a_file_in_a_text_is_listed_and_downloaded_behind_the_parts() -> None:
    body = multipart(
        "",
        "outer",
        part("text/plain", b"see\r\n" + uuencoded("a.txt", b"content")),
        part("application/pdf", b"pdf"),
    )
    source = message(FROM, MIXED, body=body)
    parsed = read(source)
    assert [(file.index, file.name, file.derived) for file in parsed.attachments] == [
        (0, "file-1.pdf", False),
        (1, "a.txt", True),
    ]
    assert [attachment_bytes(source, file.index) for file in parsed.attachments] == [b"pdf", b"content"]
    assert parsed.text == "see"
    with pytest.raises(IndexError):
        attachment_bytes(source, 2)


# winmail.dat


def test_a_winmail_dat_cut_anywhere_gives_what_is_whole() -> None:
    raw = holder("tnef")
    counts = set()
    for end in range(len(raw) + 1):
        found = read_tnef(raw[:end])
        counts.add(-1 if found is None else sum(bool(file.content) for file in found.files))
    assert counts == {-1, 0, 1, 2}


@relaxed
@given(st.data())
def test_a_damaged_winmail_dat_is_harmless(data: st.DataObject) -> None:
    raw = bytearray(holder("tnef"))
    for _ in range(data.draw(st.integers(1, 8))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    read_tnef(bytes(raw))
    source = message(FROM, "Content-Type: application/ms-tnef", body=bytes(raw).replace(b"\n", b"\r"))
    assert read(source).text


def attribute(level: int, identity: int, value: bytes) -> bytes:
    return struct.pack("<BII", level, identity, len(value)) + value + b"\0\0"


def test_winmail_dats_inside_one_another_end_somewhere() -> None:
    raw = b"\x78\x9f\x3e\x22\0\0"
    for _ in range(50):
        held = b"\0" * 16 + raw
        mapi = struct.pack("<IHHII", 1, 0x0D, 0x3701, 1, len(held)) + held + b"\0" * (-len(held) % 4)
        raw = b"\x78\x9f\x3e\x22\0\0" + attribute(2, 0x9002, b"") + attribute(2, 0x9005, mapi)
    found = read_tnef(raw)
    assert found is not None
    assert 1 <= len(found.files) <= 5


def test_a_hundred_thousand_files_in_a_winmail_dat_are_two_hundred() -> None:
    raw = b"\x78\x9f\x3e\x22\0\0" + attribute(2, 0x9002, b"") * 100_000
    found = read_tnef(raw)
    assert found is not None
    assert len(found.files) == 200


RTF = (
    r"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}}{\*\generator x;}\pard Gr\'fc\'dfe\par "
    r"second \b bold\b0  line\line \u8364?\u-10179?\u-8703? \{braces\}}"
)


def test_a_letter_in_rtf_is_its_words() -> None:
    assert text_of_rtf(RTF) == "Grüße\nsecond bold line\n€\U0001f601 {braces}"


def test_html_wrapped_into_rtf_loses_its_tags() -> None:
    rtf = r"{\rtf1\ansi\fromhtml1 {\*\htmltag64 <p>}Words{\*\htmltag72 </p>}}"
    assert text_of_rtf(rtf) == "Words"


def test_rtf_is_decompressed() -> None:
    literal = b"{\\rtf1\\ansi hello"
    # Eight literals behind each flag byte, then a reference to the dictionary's own "{\rtf1\ansi".
    packed = b"".join(b"\0" + literal[at : at + 8] for at in range(0, len(literal) - 8, 8))
    rest = literal[len(literal) // 8 * 8 - (0 if len(literal) % 8 else 8) :]
    packed += b"\0" + rest
    raw = struct.pack("<II4sI", len(packed) + 12, len(literal), b"LZFu", 0) + packed
    assert text_of_compressed_rtf(raw) == "hello"
    referring = b"\x01" + struct.pack(">H", 0 << 4 | 9) + b" hello"
    raw = struct.pack("<II4sI", len(referring) + 12, 100, b"LZFu", 0) + referring
    assert text_of_compressed_rtf(raw) == "hello"
    assert text_of_compressed_rtf(struct.pack("<II4sI", 0, 100, b"MELA", 0) + RTF.encode()).startswith(
        "Grüße"
    )


@relaxed
@given(st.binary(max_size=400))
def test_no_bytes_trouble_the_reader_of_rtf(raw: bytes) -> None:
    text_of_compressed_rtf(b"\0\0\0\0\xff\xff\xff\x7fLZFu\0\0\0\0" + raw).encode()
    text_of_rtf("{\\rtf1" + raw.decode("latin-1")).encode()


# Signed whole


@pytest.mark.parametrize("name", ["smime-opaque", "smime-opaque-streamed"])
def test_a_signature_cut_or_damaged_is_harmless(name: str) -> None:
    raw = holder(name)
    for end in range(0, len(raw), 7):
        read_cms(raw[:end])
    for at in range(0, 200):
        for value in (0x80, 0xFF, 0x00, 0x84):
            read_cms(raw[:at] + bytes((value,)) + raw[at + 1 :])


@pytest.mark.parametrize("unit", [b"\x30\x80", b"\x24\x80", b"\xa0\x80", b"\x30\x00", b"\x04\x00"])
def test_a_megabyte_of_open_lengths_ends(unit: bytes) -> None:
    head = bytes.fromhex("3080 0609 2a864886f70d010702 a080 3080 0201 01")
    began = time.thread_time()
    read_cms(head + unit * 500_000)
    read_cms(head + b"\x31\x00" + bytes.fromhex("3080 0609 2a864886f70d010701 a080 2480") + unit * 500_000)
    assert time.thread_time() - began < 1


def test_signed_inside_signed_ends_somewhere() -> None:
    def signed(content: bytes) -> bytes:
        def value(tag: int, inside: bytes) -> bytes:
            return bytes((tag, 0x84)) + len(inside).to_bytes(4, "big") + inside

        data = bytes.fromhex("06092a864886f70d010701")
        encapsulated = value(0x30, data + value(0xA0, value(0x04, content)))
        body = value(0x30, b"\x02\x01\x01" + value(0x31, b"") + encapsulated)
        return value(0x30, bytes.fromhex("06092a864886f70d010702") + value(0xA0, body))

    source = b"Content-Type: text/plain\r\n\r\nat the bottom"
    opened = []
    for _ in range(6):
        wrapped = base64.encodebytes(signed(source))
        source = (
            b"Content-Type: application/pkcs7-mime\r\nContent-Transfer-Encoding: base64\r\n\r\n" + wrapped
        )
        opened.append(read(b"From: a@b.example\r\n" + source).text)
    assert opened[:3] == ["at the bottom"] * 3
    assert opened[5] != "at the bottom"


# Texts


@pytest.mark.parametrize(
    ("text", "is_delsp", "shown"),
    [
        ("one \ntwo\nthree", False, "one two\nthree"),
        ("one \ntwo", True, "onetwo"),
        ("> a \n> b\n>> c \n>> d\ne", False, "> a b\n> > c d\ne"),
        ("> a \nb", False, "> a \nb"),
        ("text \n-- \nAda \nLovelace", False, "text \n-- \nAda Lovelace"),
        (" From here\n >not a quote", False, "From here\n>not a quote"),
        ("a\n\n\nb", False, "a\n\n\nb"),
        (">\n> a", False, ">\n> a"),
    ],
)
def test_lines_that_a_program_broke_are_one_again(text: str, is_delsp: bool, shown: str) -> None:
    assert unflowed(text, is_delsp=is_delsp) == shown


def test_a_clear_signed_letter_is_its_words() -> None:
    signed = (
        "above\n-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nDear you,\n- -- \nAda\n"
        "-----BEGIN PGP SIGNATURE-----\n\nAAAA\n-----END PGP SIGNATURE-----\nbelow"
    )
    assert without_armour(signed) == "above\nDear you,\n-- \nAda\nbelow"
    for broken in (signed.partition("-----BEGIN PGP SIGNATURE")[0], signed.replace("END", "FIN"), "x"):
        assert without_armour(broken) == broken


@pytest.mark.parametrize(
    "unit",
    [b"begin 644 x\n", b"begin 644 x\nM\n", b"M" + b"A" * 60 + b"\n", b"end\n", b" \n", b"> ", b">>\n"],
)
def test_megabytes_of_almost_files_and_quotes_are_quick(unit: bytes) -> None:
    text = b"begin 644 x\n" + unit * (2_000_000 // len(unit))
    began = time.thread_time()
    take_out_files(text)
    unflowed(text.decode(), is_delsp=False)
    without_armour(text.decode())
    assert time.thread_time() - began < 3


def test_every_holder_of_files_names_itself_and_them() -> None:
    for name, index in itertools.product(("tnef", "smime-opaque"), (0,)):
        first, *others = read(golden.source_of(name)).attachments
        assert first.index == index
        assert first.unpacked
        assert others
        assert all(file.derived and not file.unpacked for file in others)


def test_pictures_are_found_by_any_spelling_of_their_name() -> None:
    source = golden.source_of("structure-related-any-spelling")
    image = inline_images(source, read(source), 1000)
    for reference in (
        "one@sender.example",
        "One%40Sender.example",
        "<ONE@sender.example>",
        "two",
        "three",
        "pictures%2Ffour.png",
    ):
        found = image(reference)
        assert found is not None, reference
        assert found[1].startswith(b"\x89PNG")
    assert image("nothing") is None
    assert inline_images(source, read(source), 10)("two") is None


def test_pictures_out_of_a_winmail_dat_are_found_too() -> None:
    raw = bytearray(holder("tnef"))
    mapi = struct.pack("<I", 1) + struct.pack("<HHII", 0x1E, 0x3712, 1, 4) + b"dot\0"
    raw += attribute(2, 0x9005, mapi)
    source = message(
        FROM,
        "Content-Type: application/ms-tnef",
        "Content-Transfer-Encoding: base64",
        body=base64.encodebytes(bytes(raw)),
    )
    found = inline_images(source, read(source), 1000)("dot")
    assert found is not None
    assert found[0] == "image/png"
    assert found[1].startswith(b"\x89PNG")


def test_a_thousand_containers_cost_twenty() -> None:
    winmail = part(
        "application/ms-tnef",
        b"\x78\x9f\x3e\x22\0\0" + (attribute(2, 0x9002, b"") + attribute(2, 0x800F, b"abc")) * 500,
    )
    source = message(FROM, MIXED, body=multipart("", "outer", *[winmail] * 900))
    began = time.thread_time()
    parsed = read(source)
    assert time.thread_time() - began < 1
    assert sum(file.derived for file in parsed.attachments) == 500
    assert sum(file.unpacked for file in parsed.attachments) <= 20
    assert attachment_bytes(source, parsed.attachments[-1].index) == b"abc"


@relaxed
@given(
    st.sampled_from(golden.NAMES),
    st.lists(st.tuples(st.integers(0, 10**6), st.binary(max_size=8), st.integers(0, 40)), max_size=6),
)
def test_any_of_our_messages_damaged_anywhere_opens(name: str, damage: list[tuple[int, bytes, int]]) -> None:
    source = bytearray(golden.source_of(name))
    for place, put, cut in damage:
        at = place % (len(source) + 1)
        source[at : at + cut] = put
    raw = bytes(source)
    parsed = read(raw)
    view = view_of(raw, parsed)
    assert NOTE_RAW not in parsed.notes
    assert view.structure, "a fault of ours was caught"
    assert view.text.strip()
    assert View.from_json(view.to_json()) == view
    for file in parsed.attachments:
        assert len(attachment_bytes(raw, file.index)) == file.size_bytes
