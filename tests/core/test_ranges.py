"""Single ranges of a file, for players that jump (RFC 9110 14)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox.ranges import Range, Unsatisfiable, parse_range, slice_pieces


@pytest.mark.parametrize(
    ("header", "start", "end"),
    [
        ("bytes=0-", 0, 100),
        ("bytes=0-0", 0, 1),
        ("bytes=10-19", 10, 20),
        ("bytes=99-", 99, 100),
        ("bytes=90-1000", 90, 100),
        ("bytes=50-" + "9" * 400, 50, 100),
        ("bytes=-1", 99, 100),
        ("bytes=-100", 0, 100),
        ("bytes=-1000", 0, 100),
        ("bytes=-" + "9" * 400, 0, 100),
        ("Bytes= 5-6 ", 5, 7),
    ],
)
def test_a_range_is_read(header: str, start: int, end: int) -> None:
    assert parse_range(header, 100) == Range(start, end)


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=100-200", "bytes=" + "9" * 400 + "-", "bytes=-0"])
def test_a_range_with_nothing_in_it_cannot_be_given(header: str) -> None:
    with pytest.raises(Unsatisfiable) as refused:
        parse_range(header, 100)
    assert refused.value.content_range == "bytes */100"


@pytest.mark.parametrize("header", ["bytes=0-", "bytes=-5"])
def test_of_an_empty_file_there_is_no_range(header: str) -> None:
    with pytest.raises(Unsatisfiable):
        parse_range(header, 0)


@pytest.mark.parametrize(
    "header",
    [
        *(
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=a-b",
            "bytes=5-2",
            "bytes=0-1,5-6",
            "bytes=--5",
            "bytes=1-2-3",
        ),
        *("items=0-5", "bytes=+1-2", "bytes=1 -2", "bytes=٣-٤", "bytes 0-5/100", "bytes=0x1-2"),
    ],
)
def test_what_is_not_understood_gets_the_whole(header: str) -> None:
    assert parse_range(header, 100) is None


def test_a_range_says_what_it_is() -> None:
    assert (Range(10, 20).length, Range(10, 20).content_range(100)) == (10, "bytes 10-19/100")


@given(st.lists(st.binary(max_size=9), max_size=9), st.integers(0, 90), st.integers(1, 90))
def test_a_slice_of_pieces_is_the_slice_of_the_whole(pieces: list[bytes], start: int, length: int) -> None:
    wanted = Range(start, start + length)
    assert b"".join(slice_pieces(iter(pieces), wanted)) == b"".join(pieces)[start : start + length]


def test_what_comes_after_the_range_is_not_asked_for() -> None:
    pieces = iter([b"abc", b"def", b"ghi"])
    assert list(slice_pieces(pieces, Range(1, 6))) == [b"bc", b"def"]
    assert next(pieces) == b"ghi"


@given(st.text(max_size=40), st.integers(0, 10**9))
def test_no_header_raises_anything_else(header: str, size: int) -> None:
    for text in (header, "bytes=" + header):
        try:
            found = parse_range(text, size)
        except Unsatisfiable:
            continue
        assert found is None or 0 <= found.start < found.end <= size
