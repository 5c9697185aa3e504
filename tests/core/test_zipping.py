"""All files of a message as one zip: every byte, every name, and never all at once."""

import io
import random
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from inbox.mail.names import LONGEST_NAME
from inbox.zipping import PIECE_BYTES, Names, zip_pieces

NOISE = random.Random(1).randbytes(700_000)
FILES = [
    ("notes.txt", b"hello\r\n" * 1000),
    ("notes.txt", b"another"),
    ("Größe 大.bin", NOISE),
    ("empty", b""),
    ("NOTES.TXT", b"by another case"),
]
NAMES = ["notes.txt", "notes (2).txt", "Größe 大.bin", "empty", "NOTES (2).TXT"]


def in_pieces(content: bytes, size: int = 4096) -> Iterator[bytes]:
    for position in range(0, len(content), size):
        yield content[position : position + size]


def zipped() -> bytes:
    return b"".join(zip_pieces((name, in_pieces(content)) for name, content in FILES))


def test_every_file_comes_out_as_it_went_in() -> None:
    with zipfile.ZipFile(io.BytesIO(zipped())) as archive:
        assert archive.testzip() is None
        assert [archive.read(entry) for entry in archive.infolist()] == [content for _, content in FILES]


def test_equal_names_are_told_apart() -> None:
    with zipfile.ZipFile(io.BytesIO(zipped())) as archive:
        names = archive.namelist()
    assert names[:4] == NAMES[:4]
    assert len({name.lower() for name in names}) == len(FILES)


def unpacked(command: list[str], folder: Path) -> dict[str, bytes]:
    if shutil.which(command[0]) is None:
        pytest.skip(f"there is no {command[0]} here")
    (folder / "all.zip").write_bytes(zipped())
    (folder / "out").mkdir()
    subprocess.run(command, cwd=folder / "out", check=True, capture_output=True, env={"LC_ALL": "C.UTF-8"})
    return {file.name: file.read_bytes() for file in (folder / "out").iterdir()}


@pytest.mark.parametrize(
    "command",
    [
        ["unzip", "../all.zip"],
        ["bsdtar", "-xf", "../all.zip"],
        ["7z", "x", "../all.zip"],
        [sys.executable, "-m", "zipfile", "-e", "../all.zip", "."],
    ],
    ids=lambda command: Path(command[0]).name,
)
def test_other_programs_unpack_it(command: list[str], tmp_path: Path) -> None:
    found = unpacked(command, tmp_path)
    assert sorted(found.values()) == sorted(content for _, content in FILES)
    assert found["Größe 大.bin"] == NOISE


def test_unzip_finds_no_fault(tmp_path: Path) -> None:
    if shutil.which("unzip") is None:
        pytest.skip("there is no unzip here")
    (tmp_path / "all.zip").write_bytes(zipped())
    assert (
        b"No errors"
        in subprocess.run(["unzip", "-t", tmp_path / "all.zip"], check=True, capture_output=True).stdout
    )


def test_it_can_be_read_from_front_to_back() -> None:
    """As a reader without a central directory does: each file ends where its compression says so."""
    import struct
    import zlib

    sent, position, found = zipped(), 0, []
    while sent[position : position + 4] == b"PK\3\4":
        name_length, extra_length = struct.unpack_from("<HH", sent, position + 26)
        assert struct.unpack_from("<H", sent, position + 8) == (8,)
        position += 30 + name_length + extra_length
        unpacking = zlib.decompressobj(-15)
        found.append(unpacking.decompress(sent[position:]))
        position = len(sent) - len(unpacking.unused_data)
        assert sent[position : position + 4] == b"PK\7\x08"
        position += 16
    assert found == [content for _, content in FILES]


def test_the_same_files_give_the_same_bytes() -> None:
    assert zipped() == zipped()


def test_it_leaves_as_the_files_come() -> None:
    given = 0

    def counted() -> Iterator[bytes]:
        nonlocal given
        for piece in in_pieces(NOISE):
            given += len(piece)
            yield piece

    pieces = zip_pieces([("a.bin", counted())])
    first = next(pieces)
    assert PIECE_BYTES <= len(first) < 3 * PIECE_BYTES
    assert given < 4 * PIECE_BYTES
    assert sum(map(len, pieces)) > 0


def test_no_files_are_an_empty_zip() -> None:
    with zipfile.ZipFile(io.BytesIO(b"".join(zip_pieces([])))) as archive:
        assert archive.namelist() == []


def test_a_file_that_cannot_be_read_ends_it_early() -> None:
    def torn() -> Iterator[bytes]:
        yield b"x" * 1000
        raise OSError("gone")

    sent = []
    with pytest.raises(OSError, match="gone"):
        for piece in zip_pieces([("a", in_pieces(NOISE)), ("b", torn())]):
            sent.append(piece)
    assert not zipfile.is_zipfile(io.BytesIO(b"".join(sent)))


@pytest.mark.parametrize(
    ("given", "names"),
    [
        (["a.txt"] * 3, ["a.txt", "a (2).txt", "a (3).txt"]),
        (["a.txt", "A.TXT"], ["a.txt", "A (2).TXT"]),
        (["é.txt", "e\u0301.txt"], ["é.txt", "e\u0301 (2).txt"]),
        (["a (2).txt", "a.txt", "a.txt"], ["a (2).txt", "a.txt", "a (3).txt"]),
        (["x.tar.gz", "x.tar.gz"], ["x.tar.gz", "x (2).tar.gz"]),
        (["README", "README"], ["README", "README (2)"]),
        (["../../etc/passwd", "/etc/passwd"], ["passwd", "passwd (2)"]),
        (["", ""], ["unnamed", "unnamed (2)"]),
        (["CON", "a\u202etxt.exe"], ["_CON", "atxt.exe"]),
    ],
)
def test_names_are_safe_and_told_apart(given: list[str], names: list[str]) -> None:
    giving = Names()
    assert [giving.take(name) for name in given] == names


def test_a_thousand_long_and_equal_names_stay_short_and_different() -> None:
    giving = Names()
    names = [giving.take("n" * 500 + ".pdf") for _ in range(1000)]
    assert len(set(names)) == 1000
    assert all(len(name) <= LONGEST_NAME and name.endswith(".pdf") for name in names)
