"""What is sealed opens for whom it should, where it belongs, and nowhere else."""

import os
import tracemalloc
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inbox import sealing
from inbox.sealing import Binding, Contents, Damaged, Grant

NOW = datetime(2026, 11, 25, 12, 0, 0, 123456, tzinfo=UTC)


def binding(**changes: object) -> Binding:
    values: dict[str, object] = {"mailbox_id": b"m" * 16, "message_id": b"i" * 16, "received_at": NOW}
    return Binding(**(values | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("key", "salt", "info", "length", "expected"),
    [  # RFC 5869, appendix A, test cases 1 to 3
        (
            "0b" * 22,
            "000102030405060708090a0b0c",
            "f0f1f2f3f4f5f6f7f8f9",
            42,
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
        ),
        (
            "".join(f"{n:02x}" for n in range(0x00, 0x50)),
            "".join(f"{n:02x}" for n in range(0x60, 0xB0)),
            "".join(f"{n:02x}" for n in range(0xB0, 0x100)),
            82,
            "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09da"
            "3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87",
        ),
        (
            "0b" * 22,
            "",
            "",
            42,
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
        ),
    ],
)
def test_hkdf_gives_the_vectors_of_rfc_5869(
    key: str, salt: str, info: str, length: int, expected: str
) -> None:
    made = sealing.hkdf(bytes.fromhex(key), bytes.fromhex(info), length, bytes.fromhex(salt))
    assert made.hex() == expected


@given(st.text(max_size=60))
def test_a_grant_opens_with_its_secret_only(label: str) -> None:
    secret, grant = sealing.new_secret(), Grant(os.urandom(32), label)
    wrapped = sealing.wrap_grant(secret, grant, b"m" * 16)
    assert sealing.open_grant(secret, wrapped, b"m" * 16) == grant
    with pytest.raises(Damaged):
        sealing.open_grant(sealing.new_secret(), wrapped, b"m" * 16)


def test_a_grant_does_not_open_another_mailbox() -> None:
    secret = sealing.new_secret()
    wrapped = sealing.wrap_grant(secret, Grant(os.urandom(32)), b"m" * 16)
    with pytest.raises(Damaged):
        sealing.open_grant(secret, wrapped, b"n" * 16)


def test_neither_lookup_digest_nor_length_tells_about_secret_or_label() -> None:
    secret = sealing.new_secret()
    short = sealing.wrap_grant(secret, Grant(bytes(32), "a"), b"m" * 16)
    long = sealing.wrap_grant(secret, Grant(bytes(32), "a longer label of a person"), b"m" * 16)
    assert secret not in sealing.lookup_digest(secret)
    assert len(short) == len(long)


@given(st.dictionaries(st.text(max_size=10), st.text(max_size=2000), max_size=5))
def test_a_box_opens_for_its_mailbox(summary: dict[str, object]) -> None:
    keys = sealing.new_key_pair()
    contents = Contents(os.urandom(32), summary)
    box = sealing.seal_box(keys.public, binding(), contents)
    assert sealing.open_box(keys, binding(), box) == contents


@pytest.mark.parametrize(
    "moved",
    [
        {"mailbox_id": b"n" * 16},
        {"message_id": b"j" * 16},
        {"received_at": NOW + timedelta(microseconds=1)},
    ],
)
def test_a_box_that_was_moved_is_damaged(moved: dict[str, object]) -> None:
    keys = sealing.new_key_pair()
    box = sealing.seal_box(keys.public, binding(), Contents(bytes(32), {}))
    with pytest.raises(Damaged):
        sealing.open_box(keys, binding(**moved), box)


@given(st.integers(min_value=0), st.integers(1, 255))
@settings(max_examples=50)
def test_a_box_with_any_changed_byte_is_damaged(place: int, change: int) -> None:
    keys = sealing.new_key_pair()
    box = bytearray(sealing.seal_box(keys.public, binding(), Contents(bytes(32), {"subject": "s"})))
    box[place % len(box)] ^= change
    with pytest.raises(Damaged):
        sealing.open_box(keys, binding(), bytes(box))


def test_a_box_does_not_open_for_another_mailbox() -> None:
    box = sealing.seal_box(sealing.new_key_pair().public, binding(), Contents(bytes(32), {}))
    with pytest.raises(Damaged):
        sealing.open_box(sealing.new_key_pair(), binding(), box)


@given(st.lists(st.binary(max_size=300_000), max_size=8))
@settings(max_examples=30, deadline=None)
def test_a_source_comes_back_byte_for_byte(pieces: list[bytes]) -> None:
    sealed = sealing.seal_source(pieces)
    assert b"".join(sealing.open_source(sealed.key, sealed.header, sealed.chunks)) == b"".join(pieces)
    assert sealed.size_bytes == sum(map(len, pieces))
    assert all(len(chunk) <= sealing.CHUNK_BYTES + 17 for chunk in sealed.chunks)


@pytest.fixture(scope="module")
def large() -> sealing.SealedSource:
    return sealing.seal_source([os.urandom(900_000)])


def test_a_cut_source_is_damaged(large: sealing.SealedSource) -> None:
    with pytest.raises(Damaged):
        list(sealing.open_source(large.key, large.header, large.chunks[:-1]))


def test_swapped_chunks_are_damaged(large: sealing.SealedSource) -> None:
    chunks = [large.chunks[1], large.chunks[0], *large.chunks[2:]]
    with pytest.raises(Damaged):
        list(sealing.open_source(large.key, large.header, chunks))


def test_a_chunk_too_many_is_damaged(large: sealing.SealedSource) -> None:
    with pytest.raises(Damaged):
        list(sealing.open_source(large.key, large.header, [*large.chunks, large.chunks[-1]]))


def test_another_source_under_the_same_name_is_damaged(large: sealing.SealedSource) -> None:
    other = sealing.seal_source([b"other"])
    with pytest.raises(Damaged):
        list(sealing.open_source(large.key, other.header, other.chunks))


def test_sealing_a_large_source_needs_little_more_than_its_sealed_chunks() -> None:
    source = bytearray(os.urandom(1_000_000) * 25)
    tracemalloc.start()
    sealed = sealing.seal_source([source])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < sealed.sealed_bytes + 2_000_000


def test_a_small_box_that_unpacks_to_a_great_deal_is_refused() -> None:
    keys = sealing.new_key_pair()
    box = sealing.seal_box(keys.public, binding(), Contents(bytes(32), {"bomb": "a" * 5_000_000}))
    with pytest.raises(Damaged):
        sealing.open_box(keys, binding(), box)


def test_keyed_digests_differ_by_purpose_key_and_grouping() -> None:
    digests = {
        sealing.keyed_digest(b"k", b"one", b"ab", b"c"),
        sealing.keyed_digest(b"k", b"two", b"ab", b"c"),
        sealing.keyed_digest(b"l", b"one", b"ab", b"c"),
        sealing.keyed_digest(b"k", b"one", b"a", b"bc"),
    }
    assert len(digests) == 4
