"""Installations to be broken."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.faults.place import Place
from tests.support import Running


@contextmanager
def installation(set_up_data_dir: Path, below: Path, **environment: str) -> Iterator[Place]:
    """An installation in `below`/data, with settings of its own; nothing is left running."""
    shutil.copytree(set_up_data_dir, below / "data", dirs_exist_ok=True)
    place = Place(Running(below / "data", **environment))
    try:
        yield place
    finally:
        place.close()


@pytest.fixture
def places(set_up_data_dir: Path) -> Iterator[Callable[..., Place]]:
    """Makes installations for one test."""
    with ExitStack() as stack:
        yield lambda below, **environment: stack.enter_context(
            installation(set_up_data_dir, below, **environment)
        )


@pytest.fixture(scope="session")
def whole_session(set_up_data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with installation(set_up_data_dir, tmp_path_factory.mktemp("place")) as place:
        yield place


@pytest.fixture(scope="module")
def place(whole_session: Place) -> Iterator[Place]:
    """One installation for all: each test makes mailboxes of its own, each module starts its processes."""
    yield whole_session
    whole_session.end_all()
