"""Transfer encodings undone: forgiving, in pieces, in bounded memory."""

import base64
import binascii
import os
import quopri

import pytest

from inbox.mail.transfer import PIECE_BYTES, decoded_pieces, decoded_prefix, decoded_size

RANDOM = os.urandom(700_000)


def decoded(source: bytes, encoding: str) -> bytes:
    pieces = list(decoded_pieces(source, 0, len(source), encoding))
    assert all(0 < len(piece) <= PIECE_BYTES for piece in pieces)
    joined = b"".join(pieces)
    assert decoded_size(source, 0, len(source), encoding) == len(joined)
    for limit in (0, 1, 57, 1000):
        assert decoded_prefix(source, 0, len(source), encoding, limit) == joined[:limit]
    return joined


def test_base64_of_any_length_comes_back_byte_for_byte() -> None:
    for length in (0, 1, 2, 3, 4, 57, 58, 262_144, 699_999):
        assert decoded(base64.encodebytes(RANDOM[:length]), "base64") == RANDOM[:length]
        assert decoded(base64.b64encode(RANDOM[:length]), "base64") == RANDOM[:length]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        (b"aGVs\x80bG8=", b"hello"),
        (b"aGVsbG8", b"hello"),
        (b"aGVsbG8=aGVsbG8=", b"hellohello"),
        (b"aGVsbG8=\r\naGVsbG8=\r\n", b"hellohello"),
        (b"aGVsbG8==", b"hello"),
        (b"=aGVsbG8", b"hello"),
        (b"aGVsbG8=x", b"hello"),
        (b"aGVsbG8= ignored\r\naGVsbG8=", b"hellohello"),
        (b"a", b""),
        (b"!!!", b""),
        (b"a G V s\tb G 8 =", b"hello"),
    ],
)
def test_base64_with_faults_gives_what_it_has(text: bytes, meant: bytes) -> None:
    assert decoded(text, "base64") == meant


def test_quoted_printable_comes_back_byte_for_byte() -> None:
    text = "".join(f"Zeile {number}: Grüße = {'x' * (number % 200)} \t\n" for number in range(8000)).encode()
    assert decoded(quopri.encodestring(text), "quoted-printable") == text


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        (b"a=3Db", b"a=b"),
        (b"soft=\r\nbreak", b"softbreak"),
        (b"soft=\nbreak", b"softbreak"),
        (b"soft= \t\r\nbreak", b"softbreak"),
        (b"lone = sign", b"lone = sign"),
        (b"=ZZ", b"=ZZ"),
        (b"ends =", b"ends "),
        (b"=c3=bc", "ü".encode()),
    ],
)
def test_quoted_printable_with_faults_gives_what_it_has(text: bytes, meant: bytes) -> None:
    assert decoded(text, "quoted-printable") == meant


def test_quoted_printable_without_line_ends_is_not_cut_inside_a_letter() -> None:
    text = b"=C3=BC" * 200_000
    assert decoded(text, "quoted-printable") == "ü".encode() * 200_000


def test_uuencode_comes_back_byte_for_byte() -> None:
    lines = b"".join(binascii.b2a_uu(RANDOM[at : at + 45]) for at in range(0, len(RANDOM), 45))
    assert decoded(b"begin 644 x.bin\n" + lines + b"`\nend\n", "x-uuencode") == RANDOM


@pytest.mark.parametrize("encoding", ["", "7bit", "8bit", "binary", "x-unheard-of"])
def test_anything_else_is_given_as_it_is(encoding: str) -> None:
    assert decoded(RANDOM, encoding) == RANDOM


def test_a_range_of_the_source_is_decoded_alone() -> None:
    source = bytearray(b"xx" + base64.b64encode(b"hello") + b"yy")
    assert b"".join(decoded_pieces(source, 2, len(source) - 2, "base64")) == b"hello"


def test_thin_encodings_are_not_cut_short() -> None:
    thin = b"".join(b"%c\r\n" % letter for letter in base64.b64encode(RANDOM[:9000]))
    assert decoded_prefix(thin, 0, len(thin), "base64", 9000) == RANDOM[:9000]
    soft = b"".join(b"a=\r\n" for _ in range(9000))
    assert decoded_prefix(soft, 0, len(soft), "quoted-printable", 9000) == b"a" * 9000
