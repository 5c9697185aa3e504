"""What django-q2 runs, and when. Thin: the work is in retention.py.

A task returns nothing and raises nothing: the queue would keep both in its tables, and an exception's
text may quote what no table of the queue is to hold. What is owed is state in the mail database, so a
task that is lost, killed or run twice does no harm.
"""

import logging
import threading
import time
from dataclasses import dataclass
from datetime import timedelta

from django.db import connections, router, transaction
from django.utils import timezone
from django_q.models import Schedule
from django_q.tasks import async_task

from inbox import retention
from inbox.logs import fault
from inbox.models.policy import FRESH_SECONDS

logger = logging.getLogger(__name__)

#: A task is ended by the queue after 120 s; a sweep that leaves something goes on a minute later.
SWEEP_SECONDS = 50.0
RETIME_SECONDS = 60.0
#: How long somebody who saves a policy waits for the mailboxes to follow.
RETIME_INLINE_SECONDS = 0.8


# -- tasks -----------------------------------------------------------------------------------------


def sweep() -> None:
    """Erase what is due."""
    try:
        done = retention.sweep(seconds=SWEEP_SECONDS)
    except Exception as error:  # the top of a task
        logger.error("the sweep failed: %s", fault(error))
        return
    if done.mailboxes or done.messages or not done.finished:
        logger.info(
            "swept %d mailboxes, %d messages, %d sources%s",
            done.mailboxes,
            done.messages,
            done.sources,
            "" if done.finished else "; more is due",
        )


def retime() -> None:
    """Bring mailboxes that were timed under an earlier policy up to the present one; again until none is."""
    try:
        retention.retime(seconds=RETIME_SECONDS)
        if retention.is_retiming_owed():
            async_task("inbox.tasks.retime")
    except Exception as error:  # the top of a task
        logger.error("re-timing failed, the next sweep goes on with it: %s", fault(error))


# -- schedules -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Wanted:
    name: str
    function: str
    minutes: int


SCHEDULES = (_Wanted("sweep", "inbox.tasks.sweep", minutes=1),)


def ensure_schedules() -> None:
    """Make the schedules that are missing, repair those that differ. At start, and every minute in qcluster.

    One whose next run is further away than its interval (the clock went back) runs now.
    """
    for wanted in SCHEDULES:
        with transaction.atomic(using=router.db_for_write(Schedule)):
            _ensure(wanted)


def _ensure(wanted: _Wanted) -> None:
    now = timezone.now()  # django-q2's own clock: it compares next_run with this one
    kept, *doubles = list(Schedule.objects.select_for_update().filter(name=wanted.name).order_by("pk")) or [
        Schedule(name=wanted.name, next_run=now)
    ]
    for double in doubles:
        double.delete()
    right = {
        "func": wanted.function,
        "schedule_type": Schedule.MINUTES,
        "minutes": wanted.minutes,
        "repeats": -1,
        "args": None,
        "kwargs": None,
        "hook": None,
        "cluster": None,
        "cron": None,
        "intended_date_kwarg": None,
    }
    if kept.next_run is None or kept.next_run > now + timedelta(minutes=wanted.minutes):
        right["next_run"] = now
    wrong = {name: value for name, value in right.items() if getattr(kept, name) != value}
    if wrong or kept.pk is None:
        for name, value in wrong.items():
            setattr(kept, name, value)
        kept.save()


# -- a policy was saved ----------------------------------------------------------------------------


def retime_soon() -> None:
    """The policy was saved: re-time what fits into a second here and now, the rest in the background.

    So the change is there within two seconds, whether or not a task cluster runs.
    """
    try:
        retention.retime(seconds=RETIME_INLINE_SECONDS)
    except Exception as error:  # the policy is saved: whatever breaks here, the sweep goes on with it
        logger.error("re-timing failed, the next sweep goes on with it: %s", fault(error))
    threading.Thread(target=_retime_the_rest, name="retime", daemon=True).start()


def _retime_the_rest() -> None:
    """What did not fit, and what a process that still had the old policy has timed meanwhile."""
    time.sleep(FRESH_SECONDS + 0.1)
    try:
        retention.retime(seconds=RETIME_SECONDS)
        if retention.is_retiming_owed():
            async_task("inbox.tasks.retime")
    except Exception as error:  # the top of a thread
        logger.error("re-timing failed, the next sweep goes on with it: %s", fault(error))
    finally:
        connections.close_all()
