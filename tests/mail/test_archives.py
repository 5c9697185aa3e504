"""Archives are listed without being unpacked, and whatever they claim costs nothing."""

import bz2
import contextlib
import gzip
import io
import lzma
import random
import struct
import tarfile
import warnings
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox.mail import archives
from inbox.mail.archives import MOST_ENTRIES, Entry, Listing, list_archive


def zipped(*names: str, content: bytes = b"content", before: bytes = b"") -> bytes:
    file = io.BytesIO(before)
    file.seek(len(before))
    with (
        warnings.catch_warnings(),
        zipfile.ZipFile(file, "a" if before else "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        warnings.simplefilter("ignore", UserWarning)  # a name that is there twice
        for name in names:
            archive.writestr(name, b"" if name.endswith("/") else content)
    return file.getvalue()


def tarred(*names: str, content: bytes = b"content", format: int = tarfile.PAX_FORMAT) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=format) as archive:
        for name in names:
            member = tarfile.TarInfo(name)
            if name.endswith("/"):
                member.type = tarfile.DIRTYPE
            else:
                member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return file.getvalue()


def names(listing: Listing) -> list[str]:
    return [entry.name for entry in listing.entries]


PACKERS = {"tar": bytes, "gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}


def test_a_zip_says_what_is_in_it() -> None:
    listing = list_archive(zipped("folder/", "folder/a.txt", "b.txt"), "zip")
    assert listing.entries == (
        Entry("folder/", 0, is_folder=True),
        Entry("folder/a.txt", 7),
        Entry("b.txt", 7),
    )
    assert not listing.is_cut


@pytest.mark.parametrize("kind", list(PACKERS))
def test_a_tar_says_what_is_in_it_packed_or_not(kind: str) -> None:
    listing = list_archive(PACKERS[kind](tarred("folder/", "folder/a.txt", "b.txt")), kind)
    assert [(entry.name.rstrip("/"), entry.size_bytes, entry.is_folder) for entry in listing.entries] == [
        ("folder", 0, True),
        ("folder/a.txt", 7, False),
        ("b.txt", 7, False),
    ]


@pytest.mark.parametrize("format", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_long_and_foreign_names_of_a_tar_are_whole(format: int) -> None:
    sent = "an/" + "entirely/" * 20 + "déjà vu.txt"
    assert names(list_archive(tarred(sent, "after.txt", format=format), "tar")) == [sent, "after.txt"]


def test_a_name_of_a_zip_is_read_in_each_of_its_charsets() -> None:
    assert names(list_archive(zipped("Größe 大.txt"), "zip")) == ["Größe 大.txt"]
    assert names(list_archive(zipped("Gr__e.txt").replace(b"Gr__e", b"Gr\x94\xe1e"), "zip")) == ["Größe.txt"]
    assert names(list_archive(zipped("Gr____e.txt").replace(b"Gr____e", "Größe".encode()), "zip")) == [
        "Größe.txt"
    ]


def test_names_are_fit_for_a_page() -> None:
    listing = list_archive(zipped("in\u202evoice\u202c.txt", "a\nb", "n" * 5000 + ".exe"), "zip")
    assert names(listing)[:2] == ["invoice.txt", "a b"]
    assert len(names(listing)[2]) <= archives.LONGEST_NAME
    assert names(listing)[2].endswith(".exe")


def test_a_locked_file_is_said_to_be_locked() -> None:
    sent = bytearray(zipped("a.txt"))
    sent[sent.index(b"PK\1\2") + 8] |= 1
    assert list_archive(bytes(sent), "zip").entries[0].is_encrypted


def test_a_packed_file_alone_is_listed_by_its_own_name() -> None:
    file = io.BytesIO()
    with gzip.GzipFile("report.csv", "wb", fileobj=file) as packed:
        packed.write(b"a,b")
    assert list_archive(file.getvalue(), "gz").entries == (Entry("report.csv", -1),)
    assert list_archive(bz2.compress(b"a,b"), "bz2", "notes.txt.bz2").entries == (Entry("notes.txt", -1),)


def test_what_stands_before_a_zip_does_not_hide_it() -> None:
    assert names(list_archive(zipped("a.txt", before=b"\x7fELF" + bytes(999)), "zip")) == ["a.txt"]


def test_a_zip_with_64_bit_numbers_is_listed() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive, archive.open("a.txt", "w", force_zip64=True) as entry:
        entry.write(b"content")
    assert list_archive(file.getvalue(), "zip").entries == (Entry("a.txt", 7),)


def zip64_end(size: int, offset: int) -> bytes:
    record = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 1, 1, size, offset)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, 0, 1)
    return (
        record + locator + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 2**32 - 1, 2**32 - 1, 0)
    )


def test_numbers_of_64_bits_that_lie_are_not_believed() -> None:
    sent = zipped("a.txt")
    start, end = sent.index(b"PK\1\2"), sent.index(b"PK\5\6")
    for size in (end - start, 2**63, 2**64 - 1):
        assert names(list_archive(sent[:end] + zip64_end(size, start), "zip")) == ["a.txt"]
    entry = bytearray(sent)
    entry[start + 24 : start + 28] = b"\xff" * 4  # its size is elsewhere, and is not
    assert list_archive(bytes(entry), "zip").entries == (Entry("a.txt", -1),)


def test_only_so_many_entries_are_listed() -> None:
    many = [f"{number}.txt" for number in range(MOST_ENTRIES + 5)]
    for sent, kind in ((zipped(*many), "zip"), (gzip.compress(tarred(*many)), "gz")):
        listing = list_archive(sent, kind)
        assert (names(listing), listing.is_cut) == (many[:MOST_ENTRIES], True)


def test_of_a_bomb_only_so_much_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    unpacked = []
    take = archives._Gzip.take

    def counting(self: archives._Gzip, most: int) -> bytes:
        piece = take(self, most)
        unpacked.append(len(piece))
        return piece

    monkeypatch.setattr(archives._Gzip, "take", counting)
    monkeypatch.setattr(archives, "MOST_UNPACKED_BYTES", 4_000_000)
    member = tarfile.TarInfo("zeros.bin")
    member.size = 200_000_000
    packer = io.BytesIO()
    with gzip.GzipFile(fileobj=packer, mode="wb", compresslevel=1) as packed:
        packed.write(member.tobuf())
        for _ in range(20):
            packed.write(bytes(1_000_000))
    listing = list_archive(packer.getvalue(), "gz")
    assert listing == Listing((Entry("zeros.bin", 200_000_000),), is_cut=True)
    assert sum(unpacked) <= 4_600_000


def test_headers_that_describe_nothing_end_with_what_may_be_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MOST_UNPACKED_BYTES", 2_000_000)
    member = tarfile.TarInfo("x")
    member.type = tarfile.XGLTYPE
    sent = tarred("first.txt")[:1024] + member.tobuf(tarfile.GNU_FORMAT) * 50_000
    listing = list_archive(gzip.compress(sent), "gz")
    assert (names(listing), listing.is_cut) == (["first.txt"], True)


@pytest.mark.parametrize("kind", ["zip", "tar", "gz", "bz2", "xz"])
def test_a_torn_archive_says_what_it_can(kind: str) -> None:
    noise = random.Random(1).randbytes(9000)
    whole = (
        zipped("a", "b", content=noise) if kind == "zip" else PACKERS[kind](tarred("a", "b", content=noise))
    )
    for length in range(0, len(whole), 97):
        try:
            listing = list_archive(whole[:length], kind)
        except ValueError:
            continue
        assert set(names(listing)) <= {"a", "b", ""}


@pytest.mark.parametrize("kind", ["zip", "tar", "gz", "bz2", "xz", "rar", "7z", ""])
@pytest.mark.parametrize(
    "content", [b"", b"PK\5\6", b"PK\5\6" + b"\xff" * 18, b"\x1f\x8b\x08", b"BZh9", bytes(512)]
)
def test_what_is_none_is_refused_or_empty(kind: str, content: bytes) -> None:
    with contextlib.suppress(ValueError):
        assert all(entry.name == "" for entry in list_archive(content, kind).entries)


@given(
    st.sampled_from(["zip", "tar", "gz", "bz2", "xz"]),
    st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 255)), max_size=12),
)
def test_no_damage_raises_anything_but_a_refusal(kind: str, damage: list[tuple[int, int]]) -> None:
    sent = zipped("a", "b/", "c") if kind == "zip" else PACKERS[kind](tarred("a", "b/", "c"))
    damaged = bytearray(sent)
    for position, byte in damage:
        damaged[position % len(damaged)] = byte
    with contextlib.suppress(ValueError):
        list_archive(bytes(damaged), kind)
