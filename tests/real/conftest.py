"""One listener for all of them; the mail programs are installed by `make test` (scripts/test_programs.py)."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator

import pytest

from tests.faults.conftest import place, whole_session
from tests.faults.place import Box, Life, Place
from tests.faults.visitor import Socket, Visitor
from tests.support import wait_for

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


class OpenPage:
    """Somebody's page, open all the while: what it shows without being asked to."""

    def __init__(self, port: int) -> None:
        visitor = Visitor(port)
        self.box = visitor.mailbox()
        self._socket = Socket(visitor)
        self._socket.catch_up(self.box, 0)
        self._socket.hear_until(lambda message: message["type"] == "mailboxes")

    def subjects_until(self, subject: str) -> list[str]:
        """The subjects of the rows that it is told, until this one is among them."""
        heard = self._socket.hear_until(lambda message: subject in _subjects(message))
        return [each for message in heard for each in _subjects(message)]

    def close(self) -> None:
        self._socket.close()


def _subjects(message: dict[str, object]) -> list[str]:
    rows = message.get("rows")
    return re.findall(r'data-testid="message-subject">(.*?)</bdi>', str(rows)) if rows else []


@pytest.fixture(scope="module")
def web(place: Place, listener: Life) -> None:
    place.start("runserver")
    wait_for(place.running.web_answers, "the web server")


@pytest.fixture
def page(place: Place, web: None) -> Iterator[OpenPage]:
    page = OpenPage(place.running.http_port)
    yield page
    page.close()
