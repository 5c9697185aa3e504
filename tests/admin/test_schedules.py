"""The sweep is scheduled once, every minute, whatever happened; tasks tell the queue nothing."""

import threading
from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone
from django_q.models import OrmQ, Schedule, Task

from inbox import retention, tasks
from inbox.models import Installation, Mailbox
from tests.core.conftest import Clock, Held

pytestmark = [
    pytest.mark.django_db(transaction=True, databases=["default", "queue"]),
    pytest.mark.usefixtures("rows", "queue"),
]


def sweep_schedule() -> Schedule:
    return Schedule.objects.get(name="sweep")


def test_the_sweep_is_scheduled_every_minute_from_now_on() -> None:
    tasks.ensure_schedules()
    schedule = sweep_schedule()
    assert (schedule.func, schedule.schedule_type, schedule.minutes, schedule.repeats) == (
        "inbox.tasks.sweep",
        Schedule.MINUTES,
        1,
        -1,
    )
    assert schedule.next_run <= timezone.now()


def test_starting_again_changes_nothing() -> None:
    tasks.ensure_schedules()
    Schedule.objects.update(next_run=timezone.now() + timedelta(seconds=40))
    before = Schedule.objects.values().get()
    for _ in range(3):
        tasks.ensure_schedules()
    assert Schedule.objects.values().get() == before


def test_starts_at_once_make_one_schedule() -> None:
    faults: list[BaseException] = []

    def start(ready: threading.Barrier) -> None:
        try:
            assert not Schedule.objects.exists()  # connected before the others begin
            ready.wait()
            tasks.ensure_schedules()
        except BaseException as error:
            faults.append(error)
        finally:
            connections.close_all()

    for _round in range(5):
        Schedule.objects.all().delete()
        ready = threading.Barrier(6)
        threads = [threading.Thread(target=start, args=(ready,)) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not faults
        assert Schedule.objects.count() == 1


@pytest.mark.parametrize(
    "broken",
    [
        {"func": "os.system", "args": "'true'"},
        {"minutes": 600},
        {"schedule_type": Schedule.DAILY},
        {"repeats": 0},
        {"next_run": None},
        {"cluster": "elsewhere"},
    ],
)
def test_a_schedule_that_was_changed_is_repaired(broken: dict[str, object]) -> None:
    tasks.ensure_schedules()
    right = Schedule.objects.values("func", "args", "minutes", "schedule_type", "repeats", "cluster").get()
    Schedule.objects.update(**broken)
    tasks.ensure_schedules()
    assert Schedule.objects.values(*right).get() == right
    assert sweep_schedule().next_run is not None


def test_doubles_are_removed() -> None:
    tasks.ensure_schedules()
    Schedule.objects.create(name="sweep", func="inbox.tasks.sweep", schedule_type=Schedule.MINUTES, minutes=1)
    tasks.ensure_schedules()
    assert sweep_schedule() is not None


def test_a_next_run_that_a_wrong_clock_put_years_ahead_is_now() -> None:
    tasks.ensure_schedules()
    Schedule.objects.update(next_run=timezone.now() + timedelta(days=5 * 365))
    tasks.ensure_schedules()
    assert sweep_schedule().next_run <= timezone.now()


def test_the_queue_runs_the_sweep_and_learns_nothing_from_it(held: Held, moving: Clock) -> None:
    """The real scheduler, broker and worker function of django-q2, in this process."""
    from django_q.brokers import get_broker
    from django_q.scheduler import scheduler
    from django_q.signing import SignedPackage

    tasks.ensure_schedules()
    moving.move(minutes=121)
    scheduler(get_broker())
    package = OrmQ.objects.get()
    task = SignedPackage.loads(package.payload)
    assert task["func"] == "inbox.tasks.sweep" and task["args"] == () and task["kwargs"] == {}
    assert tasks.sweep() is None
    assert not Mailbox.objects.exists()
    assert Installation.row().last_sweep_at is not None


def test_a_sweep_that_fails_is_logged_without_its_text_and_the_queue_keeps_no_traceback(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*, seconds: float) -> None:
        raise RuntimeError("ann@one.example has a secret")

    monkeypatch.setattr(retention, "sweep", fail)
    assert tasks.sweep() is None
    assert "the sweep failed: RuntimeError" in caplog.text
    assert "one.example" not in caplog.text
    assert not Task.objects.exists()
