"""A policy saved in the console is in force within two seconds: mailboxes follow, and pages are told."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from inbox import clock, events, retention, tasks
from inbox.models import Domain, Mailbox, Policy
from tests.admin.conftest import many_mailboxes, wait_for
from tests.core.conftest import Clock, Held

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "queue"])

URL = "/admin/inbox/policy/1/change/"


@pytest.fixture(autouse=True)
def no_thread_stays(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The background part of a re-timing must not outlive its test's tables, nor make every test wait."""
    monkeypatch.setattr(tasks, "FRESH_SECONDS", 0.0)
    yield
    for thread in threading.enumerate():
        if thread.name == "retime":
            thread.join(30)


def form(**changes: str) -> dict[str, str]:
    values = {
        "lifetime": "1:30:00",
        "timer_start": "last_view",
        "grace": "0:30:00",
        "grace_answer": "refuse",
        "shortest_reading_time": "0:05:00",
        "greatest_age": "7 00:00:00",
        "max_message_bytes": "25000000",
        "quota_messages": "500",
        "quota_bytes": "100000000",
        "free_disk_floor_bytes": "200000000",
        "mailboxes_per_browser": "10",
        "new_mailboxes_burst": "100",
        "new_mailboxes_per_hour": "360",
    }
    return {**values, **changes}


def test_saving_retimes_living_mailboxes_and_tells_their_pages(
    operator: Client, new_mailbox: Callable[..., Held], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[str, int]] = []
    monkeypatch.setattr(
        events,
        "announce_from_sync",
        lambda changes: told.extend((change.mailbox_id, change.revision) for change in changes),
    )
    boxes = [new_mailbox() for _ in range(3)]
    before = {box.pk: box.row() for box in boxes}
    begun = time.monotonic()
    response = operator.post(URL, form(lifetime="0:10:00"))
    assert response.status_code == 302, response.content
    assert time.monotonic() - begun < 2
    for box in boxes:
        row = box.row()
        assert row.expires_at == row.timer_started_at + timedelta(minutes=10)
        assert row.purge_at == row.expires_at + timedelta(minutes=30)
        assert row.revision == before[box.pk].revision + 1
        assert (row.mailbox_id, row.revision) in told


def test_a_mailbox_whose_end_does_not_change_is_not_announced(
    operator: Client, held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[object] = []
    monkeypatch.setattr(events, "announce_from_sync", lambda changes: told.extend(changes))
    revision = held.row().revision
    assert operator.post(URL, form(quota_messages="20")).status_code == 302
    assert not retention.is_retiming_owed()
    assert held.row().revision == revision and not told


def test_the_greatest_age_wins_when_a_policy_makes_mailboxes_live_longer(
    operator: Client, held: Held
) -> None:
    operator.post(URL, form(lifetime="2 00:00:00", greatest_age="2 00:00:00"))
    row = held.row()
    assert row.expires_at == row.created_at + timedelta(days=2)


def test_thousands_are_retimed_in_the_background_without_a_task_cluster(operator: Client) -> None:
    many_mailboxes(1000, purge_at=clock.now() + timedelta(hours=2), messages=0)
    begun = time.monotonic()
    operator.post(URL, form(lifetime="0:20:00"))
    assert time.monotonic() - begun < 2, "the person who saves waits too long"
    wait_for(lambda: not retention.is_retiming_owed(), 30)


def test_what_a_process_with_the_old_policy_timed_meanwhile_is_put_right(
    operator: Client, held: Held, moving: Clock
) -> None:
    stale = Policy.objects.get(id=1)
    operator.post(URL, form(lifetime="0:20:00"))
    mailbox = held.row()
    from inbox import timers

    timers.set_ends(mailbox, stale)  # as another process would that read the policy a moment before
    mailbox.save()
    assert held.row().expires_at - held.row().timer_started_at == timedelta(minutes=90)
    wait_for(lambda: held.row().expires_at - held.row().timer_started_at == timedelta(minutes=20), 5)


def test_two_saves_at_once_have_two_versions(operator: Client, rows: Policy) -> None:
    one = operator.post(URL, form(lifetime="0:20:00"))
    version = Policy.objects.get(id=1).version
    two = operator.post(URL, form(lifetime="0:30:00"))
    assert one.status_code == two.status_code == 302
    assert Policy.objects.get(id=1).version == version + 1 > rows.version


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"lifetime": "0:00:10"}, "lifetime", "At least one minute."),
        ({"grace": "-1:00:00"}, "grace", "Not below zero."),
        ({"shortest_reading_time": "2:00:00"}, "shortest_reading_time", "Between zero and"),
        ({"greatest_age": "0:30:00"}, "greatest_age", "Not shorter than"),
        ({"greatest_age": "3000000 00:00:00"}, "greatest_age", "Not longer than ten years."),
        ({"mailboxes_per_browser": "41"}, "mailboxes_per_browser", "less than or equal to 40"),
        ({"max_message_bytes": "10"}, "max_message_bytes", "greater than or equal to 64000"),
    ],
)
def test_an_impossible_value_is_refused_beside_its_field(
    operator: Client, changes: dict[str, str], field: str, words: str
) -> None:
    version = Policy.objects.get(id=1).version
    response = operator.post(URL, form(**changes))
    assert response.status_code == 200
    assert words in str(response.context["adminform"].form.errors[field])
    assert Policy.objects.get(id=1).version == version


def test_there_is_one_policy_to_change_and_none_to_add_or_delete(operator: Client) -> None:
    listed = operator.get("/admin/inbox/policy/")
    assert (listed.status_code, listed["Location"]) == (302, URL)
    assert operator.get("/admin/inbox/policy/add/").status_code == 403
    assert operator.post("/admin/inbox/policy/1/delete/", {"post": "yes"}).status_code == 403
    page = operator.get(URL).content.decode()
    assert "Now: 1 hour 30 minutes." in page and "Now: 7 days." in page


def test_the_consoles_history_and_tables_name_no_address(operator: Client, held: Held) -> None:
    operator.post(URL, form(lifetime="0:10:00"))
    written = str(list(LogEntry.objects.values()))
    assert "lifetime" in written.lower() or "Shown for" in written
    assert held.address not in written and held.row().mailbox_id not in written


# -- domains ---------------------------------------------------------------------------------------


def test_a_domain_is_added_in_its_canonical_form(operator: Client) -> None:
    response = operator.post(
        "/admin/inbox/domain/add/", {"name": " Bücher.Example. ", "state": "offered", "weight": "3"}
    )
    assert response.status_code == 302, response.content
    assert Domain.objects.get(weight=3).name == "xn--bcher-kva.example"


@pytest.mark.parametrize("name", ["localhost", "no spaces.example", "a..example", "-", "x" * 300])
def test_what_is_no_domain_is_refused_with_a_sentence(operator: Client, name: str) -> None:
    response = operator.post("/admin/inbox/domain/add/", {"name": name, "state": "offered", "weight": "1"})
    assert response.status_code == 200
    assert response.context["adminform"].form.errors["name"]


def test_a_domain_that_is_there_in_another_form_is_refused(operator: Client) -> None:
    response = operator.post(
        "/admin/inbox/domain/add/", {"name": "ONE.example.", "state": "offered", "weight": "1"}
    )
    assert response.status_code == 200 and "already exists" in response.content.decode()


def test_domains_rest_and_are_offered_again(operator: Client) -> None:
    pks = list(Domain.objects.values_list("pk", flat=True))
    said = operator.post(
        "/admin/inbox/domain/", {"action": "rest", "_selected_action": pks}, follow=True
    ).content.decode()
    assert "2 domains rest now." in said and "nobody gets a new address" in said
    assert not Domain.objects.filter(state="offered").exists()
    operator.post("/admin/inbox/domain/", {"action": "offer", "_selected_action": pks[:1]})
    assert Domain.objects.filter(state="offered").count() == 1


def test_a_domain_with_mailboxes_is_not_deleted_and_no_mailbox_is_listed(
    operator: Client, held: Held
) -> None:
    domain = Domain.objects.get(name=held.address.partition("@")[2])
    page = operator.get(f"/admin/inbox/domain/{domain.pk}/delete/").content.decode()
    assert f"{domain.name} still has mailboxes" in page
    assert held.row().mailbox_id not in page and held.address not in page
    for response in (
        operator.post(f"/admin/inbox/domain/{domain.pk}/delete/", {"post": "yes"}),
        operator.post(
            "/admin/inbox/domain/",
            {"action": "delete_selected", "_selected_action": [domain.pk], "post": "yes"},
        ),
    ):
        assert response.status_code in (200, 403)
    assert Domain.objects.filter(pk=domain.pk).exists()


def test_a_domain_without_mailboxes_is_deleted(operator: Client) -> None:
    domain = Domain.objects.get(name="two.example")
    assert operator.post(f"/admin/inbox/domain/{domain.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not Domain.objects.filter(pk=domain.pk).exists()


def test_the_name_of_a_domain_stays_because_addresses_carry_it(operator: Client) -> None:
    domain = Domain.objects.get(name="one.example")
    operator.post(
        f"/admin/inbox/domain/{domain.pk}/change/",
        {"name": "other.example", "state": "offered", "weight": "7"},
    )
    domain.refresh_from_db()
    assert (domain.name, domain.weight) == ("one.example", 7)


@pytest.mark.parametrize(
    "path",
    [
        "inbox/mailbox/",
        "inbox/message/",
        "inbox/grant/",
        "inbox/source/",
        "inbox/tombstone/",
        "django_q/schedule/",
        "django_q/success/",
        "django_q/ormq/",
        "axes/accessattempt/",
    ],
)
def test_mail_keys_and_the_queue_are_nowhere_in_the_console(operator: Client, path: str) -> None:
    assert operator.get(f"/admin/{path}").status_code == 404


def test_a_longer_lifetime_shows_nothing_again_that_has_ended(
    held: Held, rows: Policy, moving: Clock
) -> None:
    moving.move(minutes=91)
    ended = held.row().expires_at
    rows.lifetime, rows.grace = timedelta(hours=12), timedelta(hours=1)
    rows.save()
    assert retention.retime() == 1
    assert held.row().expires_at == ended
    assert held.row().purge_at == ended + timedelta(hours=1)
    moving.move(hours=1)
    due = held.row().purge_at
    rows.grace = timedelta(days=1)
    rows.save()
    assert retention.retime() == 1
    assert held.row().purge_at == due


def test_no_mailbox_is_counted_twice_by_a_retiming(rows: Policy) -> None:
    many_mailboxes(10, purge_at=clock.now() + timedelta(hours=1), messages=0)
    Policy.objects.get(id=1).save()
    assert retention.retime() == 10
    assert retention.retime() == 0
    assert Mailbox.objects.count() == 10
    tasks.retime()


def test_the_page_of_one_part_of_the_console_says_nothing_of_health(operator: Client) -> None:
    assert "ll is well" in operator.get("/admin/").content.decode()
    assert "ll is well" not in operator.get("/admin/inbox/").content.decode()
