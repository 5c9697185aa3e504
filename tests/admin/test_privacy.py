"""The transparency page says what this server does now: every number is from the settings in force."""

from datetime import timedelta

import pytest
from django.test import Client

from inbox.models import Policy
from inbox.views.privacy import _facts

pytestmark = [
    pytest.mark.django_db(transaction=True, databases=["default", "queue"]),
    pytest.mark.usefixtures("rows"),
]


def page(**policy: object) -> str:
    Policy.objects.filter(id=1).update(**policy)
    Policy.forget_current()
    response = Client().get("/privacy/")
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def test_the_defaults_are_said_in_words() -> None:
    said = page()
    for words in (
        "<strong>1 hour 30 minutes</strong> from when you last looked at it",
        "kept for <strong>30 minutes</strong>",
        "still shown for <strong>5 minutes</strong>",
        "ends <strong>7 days</strong> after it was made",
        "<strong>7 days 30 minutes</strong> at the very most",
        "taken back for <strong>10 seconds</strong>",
        "kept for <strong>30 days</strong>",
        "address refuses mail",
        "One message is at most 25 MB. A mailbox holds 500 messages or 100 MB.",
        "may have 10 mailboxes",
    ):
        assert words in said, words


def test_a_change_of_policy_is_on_the_page_at_once() -> None:
    said = page(
        lifetime=timedelta(minutes=10),
        timer_start="creation",
        grace=timedelta(hours=2),
        grace_answer="accept",
        shortest_reading_time=timedelta(minutes=1),
        greatest_age=timedelta(days=1),
        quota_messages=1,
        quota_bytes=3_200_000,
        max_message_bytes=1_000_000,
        mailboxes_per_browser=1,
    )
    for words in (
        "<strong>10 minutes</strong> from when it was made",
        "kept for <strong>2 hours</strong>",
        "still shown for <strong>1 minute</strong>",
        "ends <strong>1 day</strong> after it was made",
        "<strong>1 day 2 hours</strong> at the very most",
        "the address takes mail, which you see if you bring it back",
        "One message is at most 1 MB. A mailbox holds 1 message or 3.2 MB.",
        "may have 1 mailbox.",
    ):
        assert words in said, words


def test_without_grace_nothing_is_said_of_bringing_back() -> None:
    said = page(grace=timedelta(0), shortest_reading_time=timedelta(0))
    assert "bring the address back" not in said and "no time" not in said
    assert "is still shown for" not in said


def test_what_this_does_not_stop_is_said() -> None:
    said = page()
    for words in (
        "Whoever controls the running server can read mail while it arrives",
        "put a forged message into a mailbox, or bring an erased row back",
        "A copy of your cookie opens the mailbox",
    ):
        assert words in said, words


def test_every_number_comes_from_the_policy_or_from_the_code_that_keeps_it() -> None:
    facts = _facts(Policy.current())
    assert facts["undo"] == "10 seconds" and facts["unconfirmed"] == "5 minutes"
    assert facts["repeat_within"] == "1 hour"


def test_it_sets_no_cookie_and_asks_for_none() -> None:
    response = Client().get("/privacy/")
    assert not response.cookies
    assert "no-store" in response["Cache-Control"]


def test_a_database_that_is_away_is_503(monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import OperationalError

    def away() -> Policy:
        raise OperationalError("locked")

    monkeypatch.setattr(Policy, "current", staticmethod(away))
    assert Client().get("/privacy/").status_code == 503
