"""Times and addresses as the pages say them."""

from datetime import timedelta

import pytest

from inbox import clock
from inbox.templatetags.inbox_tags import address_size, age, breakable, time_left


@pytest.fixture(autouse=True)
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that stands."""
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-5, "now"), (0, "now"), (59, "now"), (60, "1m"), (3_599, "59m"), (3_600, "1h"),
     (86_400, "1d"), (900_000, "10d")],
)  # fmt: skip
def test_age(seconds: int, words: str) -> None:
    assert age(clock.now() - timedelta(seconds=seconds)) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-1, "0 s"), (0.2, "1 s"), (59, "59 s"), (60, "1 min"), (61, "2 min"), (5_399, "1 h 30 min"),
     (5_400, "1 h 30 min"), (3_600, "1 h 0 min"), (172_800, "2 days"), (604_000, "6 days")],
)  # fmt: skip
def test_time_left_is_rounded_up(seconds: float, words: str) -> None:
    assert time_left(clock.now() + timedelta(seconds=seconds)) == words


def test_an_address_breaks_at_its_at_and_a_long_one_elsewhere_too() -> None:
    assert breakable("kbvra7.mx2tqz@one.example") == "kbvra7.mx2tqz<wbr>@one.example"
    long = breakable("a-name.of-many-letters-and-more@one.example")
    assert long.startswith("a-<wbr>name.<wbr>of-<wbr>") and long.replace("<wbr>", "").endswith("@one.example")


def test_an_address_is_escaped() -> None:
    assert breakable("<b>&@x") == "&lt;b&gt;&amp;<wbr>@x"


@pytest.mark.parametrize(
    ("address", "size"),
    [("a@b", "large"), ("a" * 20 + "@b", "large"), ("a@" + "b" * 28, "medium"),
     ("a" * 29 + "@b", "small")],
)  # fmt: skip
def test_the_size_goes_by_the_longer_side(address: str, size: str) -> None:
    assert address_size(address) == size
