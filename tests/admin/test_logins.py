"""Wrong passwords are slowed: by peer and name, without keeping either, and also while Valkey is away."""

import logging
import socket
import time
from collections.abc import Iterator

import pytest
import redis
from axes.handlers.proxy import AxesProxyHandler
from django.conf import settings
from django.contrib.auth.models import User
from django.core.cache import caches
from django.test import Client
from pytest_django import Settings

from inbox import cookies, limits
from inbox.models import Policy

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "queue"])

PASSWORD = "the right password"


@pytest.fixture(autouse=True)
def an_operator(rows: Policy) -> Iterator[None]:
    User.objects.create_superuser("operator", password=PASSWORD)
    AxesProxyHandler.get_implementation(force=True)
    yield
    AxesProxyHandler.get_implementation(force=True)


@pytest.fixture
def no_valkey(settings: Settings) -> Iterator[None]:
    """Valkey's address leads nowhere."""
    nowhere = "redis://:nobody@127.0.0.1:1/0"
    settings.REDIS_URL = nowhere
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": nowhere}}
    limits._client.cache_clear()
    AxesProxyHandler.get_implementation(force=True)
    yield
    limits._client.cache_clear()


def attempt(password: str, *, name: str = "operator", peer: str = "192.0.2.7") -> tuple[int, str]:
    response = Client(REMOTE_ADDR=peer).post("/admin/login/", {"username": name, "password": password})
    return response.status_code, response.content.decode()


def test_five_wrong_passwords_lock_this_peer_out_of_this_name_and_say_when_to_come_back() -> None:
    statuses = [attempt(f"wrong {number}")[0] for number in range(5)]
    assert statuses == [200, 200, 200, 200, 429]
    status, page = attempt(PASSWORD)
    assert status == 429
    assert "Too many wrong passwords" in page and "15 minutes" in page
    response = Client(REMOTE_ADDR="192.0.2.7").post(
        "/admin/login/", {"username": "operator", "password": PASSWORD}
    )
    assert response["Retry-After"] == "900"


def test_the_right_password_from_elsewhere_still_logs_in() -> None:
    for number in range(6):
        attempt(f"wrong {number}")
    assert attempt(PASSWORD, peer="198.51.100.4")[0] == 302


def test_the_neighbour_in_the_same_64_is_the_same_peer() -> None:
    for number in range(5):
        attempt(f"wrong {number}", peer=f"2001:db8::{number + 1}")
    assert attempt(PASSWORD, peer="2001:db8::ffff")[0] == 429
    assert attempt(PASSWORD, peer="2001:db8:0:1::1")[0] == 302


def test_neither_peer_nor_name_is_kept_anywhere(valkey: redis.Redis) -> None:
    attempt("wrong", name="somebody.special")
    kept = valkey.keys("*")
    assert any(b"axes" in key for key in kept)
    for key in kept:
        value = valkey.dump(key)
        assert b"192.0.2" not in key + value and b"somebody" not in key + value
    from axes.models import AccessAttempt, AccessFailureLog, AccessLog

    assert not any(model.objects.exists() for model in (AccessAttempt, AccessFailureLog, AccessLog))


def test_no_log_line_names_them(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for number in range(6):
        attempt(f"wrong {number}", name="somebody.special")
    attempt(PASSWORD)
    assert "somebody" not in caplog.text and "192.0.2" not in caplog.text and "wrong" not in caplog.text


@pytest.mark.usefixtures("no_valkey")
def test_without_valkey_the_login_works_and_wrong_passwords_are_still_counted() -> None:
    assert attempt(PASSWORD)[0] == 302
    statuses = [attempt(f"wrong {number}")[0] for number in range(6)]
    assert statuses[:4] == [200, 200, 200, 200] and statuses[4:] == [429, 429]
    assert attempt(PASSWORD)[0] == 429
    assert attempt(PASSWORD, peer="198.51.100.4")[0] == 302


def test_valkey_going_away_half_way_is_no_fault(settings: Settings, no_valkey: None) -> None:
    assert attempt("wrong")[0] == 200
    assert caches["default"] is not None and settings.AXES_HANDLER


def test_the_login_page_keeps_no_copy_of_itself() -> None:
    response = Client().get("/admin/login/")
    assert "no-store" in response["Cache-Control"]
    assert settings.SESSION_COOKIE_PATH == "/admin/"


def test_a_login_is_remembered_under_a_name_of_this_installations_own() -> None:
    """Cookies ignore ports: another installation on this host has a login of its own."""
    client = Client()
    client.post("/admin/login/", {"username": "operator", "password": PASSWORD})
    mark = cookies.name_of("", secure=False).removeprefix("tm_").removesuffix("_")
    assert len(mark) == 4 and client.cookies[f"sessionid_{mark}"].value
    assert "sessionid" not in client.cookies


def test_a_valkey_that_hangs_holds_a_login_up_for_a_few_seconds_only(settings: Settings) -> None:
    """Stopped in mid-air: it takes connections and answers nothing."""
    with socket.create_server(("127.0.0.1", 0)) as hanging:
        nowhere = f"redis://:nobody@127.0.0.1:{hanging.getsockname()[1]}/0"
        settings.REDIS_URL = nowhere
        settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": nowhere}}
        limits._client.cache_clear()
        AxesProxyHandler.get_implementation(force=True)
        begun = time.monotonic()
        assert attempt(PASSWORD)[0] == 302
        assert time.monotonic() - begun < 4
    limits._client.cache_clear()
