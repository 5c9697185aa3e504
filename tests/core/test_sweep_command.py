"""manage.py sweep says what it left to be done."""

import pytest
from django.core.management import call_command

from inbox import retention
from inbox.models import Policy
from tests.core.conftest import Held

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "queue"])


@pytest.fixture
def changed_policy(held: Held, rows: Policy) -> Held:
    """A mailbox that is owed a re-timing."""
    rows.save()
    return held


def test_what_could_not_be_retimed_in_time_is_said(
    changed_policy: Held, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    retime = retention.retime
    monkeypatch.setattr(retention, "retime", lambda *, seconds: retime(seconds=0.0))
    call_command("sweep")
    said = capsys.readouterr().out
    assert "re-timed: 0 mailboxes" in said
    assert "Still owed: re-timing of 1 mailboxes. The next sweep goes on with it." in said


def test_of_a_retiming_that_is_done_nothing_more_is_said(
    changed_policy: Held, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("sweep")
    said = capsys.readouterr().out
    assert "re-timed: 1 mailboxes" in said
    assert "owed" not in said
