"""One listener for all of them; the mail programs are installed by `make test` (scripts/test_programs.py)."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest

from tests.faults.conftest import place, whole_session
from tests.faults.place import Box, Life, Place

__all__ = ["place", "whole_session"]

#: How long a listener of these tests waits for a lock; ten seconds outside of tests.
BUSY_SECONDS = 0.5


def program(name: str) -> str:
    """Its path. A missing program is a failure: a test must not be left out in silence."""
    path = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    assert path is not None, (
        f"{name} is missing: run `make test`, or `python scripts/test_programs.py` as root"
    )
    return path


@pytest.fixture(scope="module")
def listener(place: Place) -> Iterator[Life]:
    life = place.listen(busy_seconds=BUSY_SECONDS)
    yield life
    assert "Traceback" not in life.log.read_text()


@pytest.fixture
def boxes(place: Place, listener: Life) -> list[Box]:
    return place.new_boxes(3)


def sources(place: Place, box: Box) -> list[bytes]:
    """What a reader finds in a mailbox, our trace header taken off."""
    return place.read([box])[box.id].bodies
