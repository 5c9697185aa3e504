"""The clock jumps, or the machine was off for a day: nothing is erased en masse, and mail is put off."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.conftest import installation
from tests.faults.ledger import Ledger, Talk
from tests.faults.place import Box, Place
from tests.support import Clock

HELD = 3


@pytest.fixture(scope="module")
def clock(tmp_path_factory: pytest.TempPathFactory) -> Clock:
    return Clock(tmp_path_factory.mktemp("clock"))


@pytest.fixture(scope="module")
def place(set_up_data_dir: Path, tmp_path_factory: pytest.TempPathFactory, clock: Clock) -> Iterator[Place]:
    below = tmp_path_factory.mktemp("moved")
    with installation(set_up_data_dir, below, **clock.environment()) as place:
        yield place


@pytest.fixture(autouse=True)
def believed(place: Place, clock: Clock) -> None:
    """Whatever the test before has done to it, the clock is right and trusted."""
    clock.set()
    assert sweep(place, "--trust-clock") == 0


async def answers(place: Place, *addresses: str) -> list[str]:
    """What RCPT says to each."""
    talk = await Talk.begin(place.smtp_port)
    await talk.ask("MAIL FROM:<ann@sender.example>")
    heard = [(await talk.ask(f"RCPT TO:<{address}>"))[:9] for address in addresses]
    await talk.close()
    return heard


async def with_mail(place: Place, boxes: list[Box]) -> Ledger:
    """Each mailbox gets a message."""
    book = Ledger()
    talk = await Talk.begin(place.smtp_port)
    for box in boxes:
        assert (await talk.send(book.new(box))).startswith("250 ")
    await talk.close()
    return book


def sweep(place: Place, *arguments: str) -> int:
    """Its exit code."""
    return place.start("sweep", *arguments).wait()


async def test_after_a_day_of_downtime_nothing_is_erased_at_once_and_mail_is_put_off(
    place: Place, clock: Clock
) -> None:
    boxes = place.new_boxes(2)
    life = place.listen()
    await with_mail(place, boxes)
    life.kill()

    clock.set(days=1)
    life = place.listen()
    assert await answers(place, boxes[0].address, "nobody@one.example") == ["451 4.3.0", "550 5.1.1"]
    assert sweep(place) == HELD
    assert place.inside("state")["messages"] == 2
    life.kill()


async def test_five_years_ahead_erase_nothing_and_are_forgotten_when_the_clock_comes_back(
    place: Place, clock: Clock
) -> None:
    boxes = place.new_boxes(2)
    life = place.listen()
    book = await with_mail(place, boxes)

    cookies = {
        name: value for name, value in place.inside("visit", cookies={}).items() if name.startswith("tm_")
    }
    del cookies[next(name for name in cookies if name.endswith("_current"))]

    before = place.inside("state")["messages"]

    clock.set(days=5 * 365)
    # At once, though nobody has had a look at the clock since.
    assert await answers(place, boxes[0].address, "nobody@one.example") == ["451 4.3.0", "550 5.1.1"]
    assert [sweep(place) for _ in range(3)] == [HELD] * 3
    assert place.inside("state")["messages"] == before

    kept = place.inside("visit", cookies=cookies)  # and whoever looks meanwhile keeps the keys

    clock.set(minutes=1)
    assert sweep(place) == 0
    assert cookies.items() <= place.inside("visit", cookies=kept).items()
    assert await answers(place, boxes[0].address) == ["250 2.1.5"]
    book.check(place.read(boxes), boxes)

    clock.set(days=-1)
    assert sweep(place) == 0
    assert await answers(place, boxes[0].address) == ["250 2.1.5"]
    book.check(place.read(boxes), boxes)

    clock.set(days=5 * 365)
    assert sweep(place) == HELD
    assert sweep(place, "--trust-clock") == 0
    assert place.inside("due_left") == place.inside("state")["messages"] == 0
    assert await answers(place, boxes[0].address) == ["550 5.1.1"]
    life.kill()
