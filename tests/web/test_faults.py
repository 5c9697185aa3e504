"""What a fault looks like from outside, and what it leaves in the log."""

from typing import Any

import pytest
import redis
from django.db import OperationalError
from django.test import override_settings

from inbox import limits, live
from inbox.browser import Browser as RequestsBrowser
from inbox.views import pages
from tests.web.conftest import Browser, Inbox

CANARY = "canary-4711@one.example"


def fail_with(error: Exception) -> Any:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise error

    return fail


@pytest.fixture(params=[False, True], ids=["", "debug"])
def either_mode(request: pytest.FixtureRequest) -> Any:
    with override_settings(DEBUG=request.param):
        yield


def test_a_database_that_is_away_is_503_and_says_when_to_come_back(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, either_mode: None
) -> None:
    monkeypatch.setattr(RequestsBrowser, "__init__", fail_with(OperationalError(CANARY)))
    response = inbox.browser.get("/")
    assert response.status_code == 503 and response["Retry-After"] == "10"
    assert b"No mail is lost" in response.content and CANARY.encode() not in response.content
    assert "inbox:home failed: OperationalError" in caplog.text and CANARY not in caplog.text


def test_a_fault_of_ours_is_a_page_without_a_traceback(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, either_mode: None
) -> None:
    monkeypatch.setattr(pages, "mailbox_page", fail_with(ValueError(CANARY)))
    response = inbox.browser.get("/")
    assert response.status_code == 500
    for trace in (CANARY, "Traceback", "ValueError", "csrftoken", "tm_"):
        assert trace.encode() not in response.content
    assert "inbox:home failed: ValueError at test_faults.py" in caplog.text and CANARY not in caplog.text


def test_a_script_gets_a_sentence(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "read_revision", fail_with(ValueError(CANARY)))
    response = inbox.browser.script(f"{inbox.url}extend/")
    assert response.status_code == 500 and set(response.json()) == {"error"}


def test_without_valkey_mailboxes_are_still_made(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_client", fail_with(redis.ConnectionError()))
    assert browser.get("/").status_code == 200


def test_a_broken_page_for_faults_is_still_an_answer(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    monkeypatch.setattr(pages, "mailbox_page", fail_with(ValueError(CANARY)))
    monkeypatch.setattr("inbox.views.errors.render_to_string", fail_with(ValueError(CANARY)))
    response = inbox.browser.get("/")
    assert response.status_code == 500 and b"No mail is lost" in response.content


def test_an_unknown_host_is_told_where_hosts_are_named(browser: Browser) -> None:
    response = browser.get("/", headers={"host": "elsewhere.example"})
    assert response.status_code == 400 and b"ALLOWED_HOSTS" in response.content
    assert not browser.cookies


def test_a_form_too_large_is_400(inbox: Inbox) -> None:
    response = inbox.browser.submit(f"{inbox.url}label/", {"label": "x" * 200_000})
    assert response.status_code == 400
