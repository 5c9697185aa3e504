"""The DATA reader: where the data ends, and what is kept of it."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtpd.dotreader import DotReader

LIMIT = 1 << 20

# Bytes that matter to the reader, and one that does not.
_WIRE = st.lists(st.sampled_from([b"\r", b"\n", b".", b"\r\n", b"\r\n.", b"\r\n.\r\n", b"a", b"\0"])).map(
    b"".join
)


def read(wire: bytes, cuts: list[int] | None = None, limit: int = LIMIT) -> tuple[DotReader, bytes]:
    """Feed the wire, cut at the given places. Returns the reader and what it did not take."""
    reader = DotReader(limit)
    edges = [0, *sorted({cut % (len(wire) + 1) for cut in cuts or []}), len(wire)]
    rest = b""
    for begin, end in pairwise(edges):
        rest += reader.feed(wire[begin:end])
    return reader, rest


def read_by_the_book(wire: bytes) -> tuple[bytes, bool, bytes]:
    """RFC 5321 4.5.2 said line by line: the source, whether the end came, and what follows."""
    source = b""
    while True:
        line, end, rest = wire.partition(b"\r\n")
        if not end:
            return source + line, False, b""
        if line == b".":
            return source, True, rest
        source += line.removeprefix(b".") + end
        wire = rest


@pytest.mark.parametrize(
    "wire",
    [
        b"a\n.\nb",
        b"a\n.\r\nb",
        b"a\r.\rb",
        b"a\r\n.\rb",
        b"a\r\n.\nb",
        b"a\r\n\0.\r\nb",
        b"a\r\r\n.\r\r\nb",
        b"a\r.\r\nb",
        b"a\n\r.\r\nb",
        b"a\r\n.\0\r\nb",
        b"a\r\n. \r\nb",
        b"a\r\n..\r\nb",
        b"\n.\r\n",
        b"\r.\r\n",
        b".\r.\n",
        b".\n",
        b".\r",
        b"a.\r\n",
    ],
)
def test_nothing_but_crlf_dot_crlf_ends_the_data(wire: bytes) -> None:
    reader, rest = read(wire)
    assert not reader.finished
    assert rest == b""


@pytest.mark.parametrize(
    ("wire", "source"),
    [
        (b".\r\n", b""),
        (b"\r\n.\r\n", b"\r\n"),
        (b"a\r\n.\r\n", b"a\r\n"),
        (b"..\r\n.\r\n", b".\r\n"),
        (b"..a\r\n...b\r\n.\r\n", b".a\r\n..b\r\n"),
        (b".a\r\n.\r\n", b"a\r\n"),
        (b"a\n..\r\n.\r\n", b"a\n..\r\n"),
        (b"a\r\n.\r.\r\n.\r\n", b"a\r\n\r.\r\n"),
        (b"\r\r\n.\r\n", b"\r\r\n"),
    ],
)
def test_stuffed_dots_are_taken_out_and_nothing_else_is_changed(wire: bytes, source: bytes) -> None:
    reader, rest = read(wire + b"QUIT\r\n")
    assert reader.finished
    assert bytes(reader.source) == source
    assert reader.size_bytes == len(source)
    assert rest == b"QUIT\r\n"


@given(_WIRE, st.lists(st.integers(0, 200), max_size=20))
def test_however_the_input_is_cut_the_result_is_that_of_the_book(wire: bytes, cuts: list[int]) -> None:
    source, finished, rest = read_by_the_book(wire)
    reader, left = read(wire, cuts)
    assert (reader.finished, left) == (finished, rest)
    if finished:
        assert bytes(reader.source) == source
    else:
        # What may still turn out to be the end is held back, and no more than that.
        assert len(source) - 4 <= len(reader.source) <= len(source)


@given(_WIRE)
def test_a_byte_at_a_time_reads_the_same(wire: bytes) -> None:
    whole, rest = read(wire)
    single, single_rest = read(wire, list(range(len(wire))))
    assert (single.finished, single.source, single_rest) == (whole.finished, whole.source, rest)


@given(st.binary(max_size=300), st.lists(st.integers(0, 400), max_size=8))
def test_what_a_client_stuffs_comes_out_as_it_went_in(message: bytes, cuts: list[int]) -> None:
    message = message.replace(b"\r\n.\r\n", b"") + b"\r\n"
    stuffed = (b"\r\n" + message).replace(b"\r\n.", b"\r\n..")[2:]
    reader, rest = read(stuffed + b".\r\nNOOP\r\n", cuts)
    assert bytes(reader.source) == message
    assert rest == b"NOOP\r\n"


def test_a_line_of_ten_megabytes_is_taken_whole() -> None:
    reader = DotReader(20_000_000)
    for _ in range(160):
        assert reader.feed(b"x" * 65536) == b""
    assert reader.feed(b"\r\n.\r\n") == b""
    assert reader.finished
    assert len(reader.source) == 160 * 65536 + 2


def test_beyond_the_limit_nothing_is_held_and_the_end_is_still_found() -> None:
    reader, rest = read(b"x" * 100 + b"\r\n.\r\nQUIT\r\n", list(range(0, 100, 7)), limit=50)
    assert reader.too_large
    assert reader.source == b""
    assert (reader.finished, rest) == (True, b"QUIT\r\n")


def test_the_limit_is_that_of_the_source_and_not_of_its_stuffing() -> None:
    reader, _ = read(b"..\r\n" * 10 + b".\r\n", limit=30)
    assert not reader.too_large
    assert len(reader.source) == 30
    reader, _ = read(b"..\r\n" * 10 + b".\r\n", limit=29)
    assert reader.too_large
