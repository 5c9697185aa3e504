"""Keys are made once, whoever comes first, and the address key is proved before anything starts."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from inbox import address_key, first_run
from inbox.keys import read_or_make_key
from inbox.models import Domain, Policy


def test_a_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    key = read_or_make_key(tmp_path / "key")
    assert len(key) == 43
    assert read_or_make_key(tmp_path / "key") == key
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["key"]


def test_all_who_come_at_once_get_the_same_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        keys = set(pool.map(lambda _: read_or_make_key(tmp_path / "key"), range(64)))
    assert len(keys) == 1


def test_an_empty_key_file_is_an_error_not_a_key(tmp_path: Path) -> None:
    (tmp_path / "key").touch()
    with pytest.raises(ValueError, match="backup"):
        read_or_make_key(tmp_path / "key")


@pytest.mark.django_db(transaction=True, databases=["default", "queue"])
class TestCanary:
    def test_the_same_key_passes_again_and_again(self, rows: Policy) -> None:
        address_key.check_canary()
        first_run.ensure_rows()

    def test_another_key_stops_everything(self, rows: Policy, settings: object) -> None:
        settings.TEMPMAIL_ADDRESS_KEY = "x" * 43  # type: ignore[attr-defined]
        with pytest.raises(ImproperlyConfigured, match="backup"):
            first_run.ensure_rows()

    def test_domains_come_from_the_environment_the_first_time_only(
        self, rows: Policy, settings: object
    ) -> None:
        assert set(Domain.objects.values_list("name", flat=True)) == {"one.example", "two.example"}
        Domain.objects.all().delete()
        first_run.ensure_rows()
        assert not Domain.objects.exists()
