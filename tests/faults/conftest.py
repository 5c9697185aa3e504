"""Installations to be broken."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.place import Place
from tests.support import Running


@pytest.fixture(scope="module")
def places(set_up_data_dir: Path) -> Iterator[Callable[..., Place]]:
    """Makes installations below a directory, with settings of their own."""
    made: list[Place] = []

    def make(below: Path, **environment: str) -> Place:
        shutil.copytree(set_up_data_dir, below / "data", dirs_exist_ok=True)
        place = Place(Running(below / "data", **environment))
        made.append(place)
        return place

    yield make
    for place in made:
        place.close()


@pytest.fixture(scope="module")
def place(places: Callable[..., Place], tmp_path_factory: pytest.TempPathFactory) -> Place:
    """One for all tests of a module: each makes mailboxes of its own."""
    return places(tmp_path_factory.mktemp("place"))
