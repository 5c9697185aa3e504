"""One runall that several tests look at."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import Running, copied


@pytest.fixture(scope="package")
def everything(set_up_data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A runall; a test that kills a part of it waits until that part is back."""
    with copied(set_up_data_dir, tmp_path_factory.mktemp("everything")) as running:
        running.start_and_wait("runall")
        yield running
