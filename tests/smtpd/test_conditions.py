"""Whether there is room on disk: on every disk that mail goes to."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.db import connection
from pytest_django import Settings

from smtpd.conditions import Allowance, Conditions
from smtpd.server import disks

#: A file system that is always full.
FULL = Path("/proc")


@pytest.mark.parametrize("order", [1, -1])
async def test_the_disk_with_less_room_counts(tmp_path: Path, order: int) -> None:
    with ThreadPoolExecutor(1) as executor:
        roomy = Conditions(lambda: Allowance(1, 1), [tmp_path], executor)
        await roomy.refresh()
        assert not roomy.disk_is_short
        short = Conditions(lambda: Allowance(1, 1), [tmp_path, FULL][::order], executor)
        await short.refresh()
        assert short.disk_is_short


def test_the_disk_of_a_database_that_lies_elsewhere_is_watched_too(
    settings: Settings, tmp_path: Path
) -> None:
    file = Path(str(connection.settings_dict["NAME"]))
    assert disks() == [file.parent] == [settings.TEMPMAIL_DATA_DIR]
    settings.TEMPMAIL_DATA_DIR = tmp_path
    assert disks() == [tmp_path, file.parent]


def test_of_a_database_on_another_host_no_disk_is_watched(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    monkeypatch.setattr(connection, "vendor", "postgresql")
    monkeypatch.setitem(connection.settings_dict, "NAME", "mail")
    assert disks() == [settings.TEMPMAIL_DATA_DIR]
