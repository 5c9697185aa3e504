"""/healthz says 200 when all is well and 503 naming what is not, whatever is down, and never hangs."""

import socket
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from pytest_django import Settings

from inbox import clock, health, presence, staff
from inbox.models import Domain, Installation, Policy
from tests.core.conftest import Clock, Held

pytestmark = [
    pytest.mark.django_db(transaction=True, databases=["default", "queue"]),
    pytest.mark.usefixtures("rows"),
]


class Listener:
    """A listener that says what the test wants, on a socket of its own."""

    def __init__(self, banner: bytes | None):
        self.banner = banner
        self.heard: list[bytes] = []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                peer, _address = self.socket.accept()
            except OSError:
                return
            with peer:
                if self.banner is None:
                    time.sleep(5)
                    continue
                peer.sendall(self.banner)
                self.heard.append(peer.recv(100))
                peer.sendall(b"221 2.0.0 Bye\r\n")


@pytest.fixture
def listener(settings: Settings) -> Iterator[Callable[[bytes | None], Listener]]:
    made: list[Listener] = []

    def make(banner: bytes | None) -> Listener:
        made.append(Listener(banner))
        settings.TEMPMAIL_SMTP_HOST, settings.TEMPMAIL_SMTP_PORT = "127.0.0.1", made[-1].port
        return made[-1]

    yield make
    for each in made:
        each.socket.close()


@pytest.fixture
def smtp(listener: Callable[[bytes | None], Listener]) -> Listener:
    return listener(b"220 mx.example ESMTP\r\n")


@pytest.fixture
def swept(rows: Policy) -> None:
    """A sweep has just finished."""
    Installation.objects.update(last_sweep_at=clock.now(), last_checkpoint_at=clock.now())


def ask() -> tuple[int, dict[str, object]]:
    health.forget()
    response = Client().get("/healthz")
    return response.status_code, response.json()


@pytest.mark.usefixtures("smtp", "swept")
def test_all_well_is_200() -> None:
    status, said = ask()
    assert (status, said["status"], said["problems"]) == (200, "well", [])
    assert said["checks"] == {"database": "well", "sweeps": "well", "redis": "well", "smtp": "well"}
    assert said["last_sweep_age_seconds"] == 0 and said["last_checkpoint_age_seconds"] == 0


@pytest.mark.usefixtures("swept")
def test_the_listener_is_left_in_order(smtp: Listener) -> None:
    ask()
    assert smtp.heard == [b"QUIT\r\n"]


@pytest.mark.usefixtures("swept")
def test_a_listener_that_is_away_is_named(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    settings.TEMPMAIL_SMTP_HOST, settings.TEMPMAIL_SMTP_PORT = "127.0.0.1", port
    status, said = ask()
    assert status == 503 and said["problems"] == ["smtp: no answer"]


@pytest.mark.usefixtures("swept")
@pytest.mark.parametrize("banner", [b"421 4.3.2 Too many\r\n", b"HTTP/1.1 400 Bad\r\n\r\n", b"\r\n", b""])
def test_a_listener_that_turns_us_away_is_named(
    listener: Callable[[bytes | None], Listener], banner: bytes
) -> None:
    listener(banner)
    status, said = ask()
    assert status == 503 and str(said["problems"]).startswith("['smtp: ")


@pytest.mark.usefixtures("swept")
def test_a_listener_that_says_nothing_costs_two_seconds_at_most(
    listener: Callable[[bytes | None], Listener],
) -> None:
    listener(None)
    begun = time.monotonic()
    status, said = ask()
    assert status == 503 and "smtp" in str(said["problems"])
    assert time.monotonic() - begun < 4


@pytest.mark.usefixtures("smtp", "swept")
def test_redis_away_is_named(settings: Settings) -> None:
    settings.REDIS_URL = "redis://:a-password-of-valkey@127.0.0.1:1/0"
    status, said = ask()
    assert status == 503 and str(said["problems"]).startswith("['redis: ")
    assert "a-password" not in str(said) and "127.0.0.1" not in str(said)


# -- sweeps ----------------------------------------------------------------------------------------


@pytest.mark.usefixtures("smtp")
def test_no_sweep_for_three_minutes_counts_from_the_start_of_this_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(presence, "_started_monotonic", time.monotonic() - 170)
    assert ask()[0] == 200
    monkeypatch.setattr(presence, "_started_monotonic", time.monotonic() - 190)
    status, said = ask()
    assert status == 503 and said["problems"] == ["sweeps: no sweep finished for 3 minutes"]


@pytest.mark.usefixtures("smtp", "swept")
def test_a_sweep_long_ago_is_named_and_a_fresh_one_heals(
    monkeypatch: pytest.MonkeyPatch, moving: Clock
) -> None:
    monkeypatch.setattr(presence, "_started_monotonic", time.monotonic() - 10_000)
    assert ask()[0] == 200
    moving.move(minutes=4)
    status, said = ask()
    assert status == 503 and said["last_sweep_age_seconds"] == 240
    Installation.objects.update(last_sweep_at=clock.now())
    assert ask()[0] == 200


@pytest.mark.usefixtures("smtp", "swept")
def test_a_sweep_in_the_future_is_no_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock went back."""
    monkeypatch.setattr(presence, "_started_monotonic", time.monotonic() - 10_000)
    Installation.objects.update(last_sweep_at=clock.now() + timedelta(days=1))
    status, said = ask()
    assert status == 503 and said["last_sweep_age_seconds"] is None


@pytest.mark.usefixtures("smtp", "swept")
def test_an_old_checkpoint_is_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "_started_monotonic", time.monotonic() - 10_000)
    Installation.objects.update(last_checkpoint_at=clock.now() - timedelta(minutes=20))
    status, said = ask()
    assert status == 200 and "last cut 20 minutes ago" in str(said["notes"])


@pytest.mark.usefixtures("smtp", "swept")
def test_a_clock_that_jumped_is_a_note_and_one_that_must_be_trusted_is_a_problem() -> None:
    Installation.objects.update(hold_seconds_left=1200)
    status, said = ask()
    assert status == 200 and "Erasing waits: the clock jumped ahead" in str(said["notes"])
    Installation.objects.update(hold_until_trusted=True)
    status, said = ask()
    assert status == 503 and "sweep --trust-clock" in str(said["problems"])


# -- the database ----------------------------------------------------------------------------------


@pytest.mark.usefixtures("smtp", "swept")
def test_what_the_operator_has_to_do_is_a_note() -> None:
    notes = str(ask()[1]["notes"])
    assert "manage.py staffsecret" in notes
    staff.make(lambda secret: None, beside_others=False)
    Domain.objects.update(state="resting")
    notes = str(ask()[1]["notes"])
    assert "staffsecret" not in notes and "No domain is offered" in notes


@pytest.mark.usefixtures("smtp", "swept")
def test_a_rollback_journal_is_a_note(settings: Settings) -> None:
    settings.SQLITE_IS_SOUND = False
    assert "rollback journal" in str(ask()[1]["notes"])


@pytest.mark.usefixtures("smtp", "swept")
def test_a_database_that_somebody_keeps_to_himself_is_named_in_time() -> None:
    connection.close()
    raw = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None, timeout=20)
    raw.execute("BEGIN EXCLUSIVE")
    try:
        begun = time.monotonic()
        status, said = ask()
        took = time.monotonic() - begun
    finally:
        raw.execute("ROLLBACK")
        raw.close()
    if status == 503:  # in WAL mode readers may pass, which is well
        assert "database" in str(said["problems"])
    assert took < 4


@pytest.mark.usefixtures("smtp", "swept")
def test_a_database_that_is_away_is_503_and_not_a_traceback(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "NAME", f"{tmp_path}/missing/mail.sqlite3")
    from django.db import connections

    def at_nowhere() -> list[health.Finding]:
        connections["default"].settings_dict["NAME"] = f"{tmp_path}/missing/mail.sqlite3"
        return health._look_at_database()

    monkeypatch.setattr(health._parts[0], "_look", at_nowhere)
    status, said = ask()
    assert status == 503
    assert said["problems"] == ["database: cannot be used", "sweeps: not known"]
    assert str(tmp_path) not in str(said)


@pytest.mark.usefixtures("smtp", "swept")
def test_a_database_that_hangs_is_named_and_the_next_question_does_not_pile_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    let_go, started = threading.Event(), []

    def hang() -> list[health.Finding]:
        started.append(1)
        let_go.wait(20)
        return [health.Finding("database")]

    monkeypatch.setattr(health._parts[0], "_look", hang)
    monkeypatch.setattr(health, "PATIENCE_SECONDS", 0.2)
    try:
        assert ask()[0] == 503
        status, said = ask()
        assert status == 503 and "no answer" in str(said["checks"])
        assert len(started) == 1 and health._parts[0]._thread._work_queue.empty()
    finally:
        let_go.set()


@pytest.mark.usefixtures("swept")
def test_asking_often_asks_the_parts_once(smtp: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "FRESH_SECONDS", 60.0)
    for _ in range(20):
        assert Client().get("/healthz").status_code == 200
    assert len(smtp.heard) == 1


@pytest.mark.usefixtures("smtp", "swept")
def test_it_tells_no_address_path_or_secret(held: Held) -> None:
    text = str(ask()[1])
    assert held.address not in text and "/" not in text.replace("and/or", "") and "@127" not in text


def test_only_reading_is_allowed() -> None:
    assert Client().post("/healthz").status_code == 405
