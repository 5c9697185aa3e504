"""What was worked out lately is kept, within bounds."""

import time

from inbox.kept import Kept


def wait_until_empty(kept: Kept[str, str]) -> None:
    end = time.monotonic() + 5
    while len(kept):
        assert time.monotonic() < end, "did not happen within the time"
        time.sleep(0.01)


def test_what_was_put_is_there() -> None:
    kept: Kept[str, str] = Kept(100, 60)
    kept.put("a", "x", 10)
    assert (kept.get("a"), kept.get("b")) == ("x", None)


def test_what_was_asked_for_least_lately_makes_room() -> None:
    kept: Kept[str, str] = Kept(100, 60)
    for key in "abc":
        kept.put(key, key, 33)
    kept.get("a")
    kept.put("d", "d", 33)
    assert [key for key in "abcd" if kept.get(key)] == ["a", "c", "d"]


def test_one_value_never_takes_the_whole_room() -> None:
    kept: Kept[str, str] = Kept(100, 60)
    kept.put("a", "x", 10)
    kept.put("b", "y", 51)
    assert (kept.get("a"), kept.get("b")) == ("x", None)


def test_a_value_that_is_put_again_counts_once() -> None:
    kept: Kept[str, str] = Kept(100, 60)
    for _ in range(10):
        kept.put("a", "x", 40)
    kept.put("b", "y", 40)
    assert (kept.get("a"), kept.get("b")) == ("x", "y")


def test_old_values_go_though_nobody_asks() -> None:
    kept: Kept[str, str] = Kept(100, 0.1)
    kept.put("a", "x", 10)
    wait_until_empty(kept)
    kept.put("b", "y", 10)
    wait_until_empty(kept)


def test_a_value_is_not_given_out_after_its_time() -> None:
    kept: Kept[str, str] = Kept(100, 0.05)
    kept.put("a", "x", 10)
    time.sleep(0.06)
    assert kept.get("a") is None


def test_what_is_forgotten_is_gone() -> None:
    kept: Kept[str, str] = Kept(100, 60)
    kept.put("a", "x", 10)
    kept.put("b", "y", 10)
    kept.forget_those(lambda key: key == "a")
    assert (kept.get("a"), kept.get("b"), kept._bytes) == (None, "y", 10)
