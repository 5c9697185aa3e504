"""The token that stands for a remote picture: ours alone to read, and not for long."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import pytest

from inbox import image_tokens
from inbox.image_tokens import LONGEST_URL_BYTES, NotValid
from tests.core.conftest import Clock, moving

__all__ = ["moving"]

URL = "https://pictures.example/ü.png?reader=me"


def test_a_token_gives_back_its_picture() -> None:
    assert image_tokens.read(image_tokens.make(URL, "mailbox")).url == URL


def test_a_token_shows_neither_picture_nor_mailbox() -> None:
    raw = urlsafe_b64decode(image_tokens.make(URL, "mailbox") + "==")
    assert b"pictures" not in raw
    assert b"mailbox" not in raw
    assert image_tokens.read(image_tokens.make(URL, "mailbox")).mailbox != "mailbox"


def test_a_mailbox_is_told_from_another_and_known_again() -> None:
    one, again, other = (image_tokens.read(image_tokens.make(URL, name)).mailbox for name in ("a", "a", "b"))
    assert one == again != other


def test_a_token_tells_nothing_by_its_length() -> None:
    lengths = {len(image_tokens.make("http://a.example/" + "x" * length, "a")) for length in range(0, 200, 7)}
    assert len(lengths) == 1


def test_the_longest_address_fits_and_a_longer_one_gets_none() -> None:
    longest = "http://a.example/".ljust(LONGEST_URL_BYTES, "x")
    assert image_tokens.read(image_tokens.make(longest, "a")).url == longest
    assert image_tokens.make(longest + "x", "a") == ""


def test_a_token_is_good_for_ten_minutes(moving: Clock) -> None:
    token = image_tokens.make(URL, "a")
    moving.move(minutes=9, seconds=58)
    assert image_tokens.read(token).url == URL
    moving.move(seconds=3)
    with pytest.raises(NotValid):
        image_tokens.read(token)


def test_every_bit_of_a_token_counts() -> None:
    raw = bytearray(urlsafe_b64decode(image_tokens.make(URL, "a") + "=="))
    for position in range(0, len(raw), 5):
        raw[position] ^= 1
        with pytest.raises(NotValid):
            image_tokens.read(urlsafe_b64encode(raw).decode().rstrip("="))
        raw[position] ^= 1


@pytest.mark.parametrize(
    "token", ["", "x", "====", "ü", "a" * 100_000, "../..", urlsafe_b64encode(bytes(300)).decode()]
)
def test_what_is_no_token_is_not_valid(token: str) -> None:
    with pytest.raises(NotValid):
        image_tokens.read(token)


def test_a_token_of_another_installation_is_not_valid(settings: Any) -> None:
    token = image_tokens.make(URL, "a")
    settings.SECRET_KEY = "another key " * 4
    with pytest.raises(NotValid):
        image_tokens.read(token)
