"""Every process says each minute that it runs; and what that tells about the clock.

A clock that jumps ahead must not erase everything. Erasing compares the clock with the last time any
process has seen: more than six hours ahead, it waits for thirty minutes of steady uptime; more than
anything could have lived, it waits for somebody to say that the clock is right.

One that went back may leave mailboxes behind that were timed by the wrong one, and would live until then.
Once it has been steady for thirty minutes they are timed anew; not at once, for a machine may start with its
clock behind and set it a moment later.
"""

import logging
import os
import socket
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.metadata import PackageNotFoundError, version

from django.conf import settings
from django.db import transaction
from django.db.models import F

from inbox import clock
from inbox.models import Installation, Policy, Presence

logger = logging.getLogger(__name__)

BEAT = timedelta(minutes=1)
SUSPICIOUS_JUMP = timedelta(hours=6)
IMPLAUSIBLE_JUMP = timedelta(days=30)
FORGOTTEN_AFTER = timedelta(days=1)

#: What the guard remembers, in the installation's row.
CLOCK_FIELDS = ("last_seen_at", "hold_seconds_left", "hold_until_trusted", "back_seconds_left")

_started_at = clock.now()


@dataclass(frozen=True, slots=True)
class Hold:
    """Why nothing is erased at present."""

    until_trusted: bool
    seconds_left: int

    def __str__(self) -> str:
        if self.until_trusted:
            return "the clock is implausibly far ahead; if it is right, run: manage.py sweep --trust-clock"
        return f"the clock jumped ahead; erasing goes on after {self.seconds_left} s of steady uptime"


def beat(kind: str) -> None:
    """Say that this process runs, and look at the clock. At start, then once a minute."""
    now = clock.now()
    look_at_clock(now)
    Presence.objects.update_or_create(
        kind=kind,
        host=socket.gethostname()[:255],
        pid=os.getpid(),
        defaults={"seen_at": now, "started_at": _started_at, "version": _version()},
    )


def look_at_clock(now: datetime) -> Hold | None:
    """Compare the clock with the last look, remember what follows, return what erasing waits for."""
    with transaction.atomic():
        installation = Installation.objects.select_for_update().get(id=Installation.row().id)
        before = installation.last_seen_at
        if before is not None and now < before + BEAT * 0.5 and now >= before - BEAT:
            return hold_of(installation)  # somebody looked just now
        if before is None or _judge(installation, now - before):
            installation.last_seen_at = now
        installation.save(update_fields=CLOCK_FIELDS)
        return hold_of(installation)


def _judge(installation: Installation, ahead: timedelta) -> bool:
    """Decide what erasing waits for; returns whether the time is believed enough to be remembered.

    One that is not is compared with the last believed one again and again: a clock that comes back
    to its senses ends the wait by itself.
    """
    policy = Policy.current()
    if ahead > max(IMPLAUSIBLE_JUMP, policy.greatest_age + policy.grace):
        if not installation.hold_until_trusted:
            installation.hold_until_trusted = True
            logger.warning(
                "the clock is %d days ahead of the last time seen: erasing waits for sweep --trust-clock",
                ahead.days,
            )
        return False
    if installation.hold_until_trusted or ahead < -SUSPICIOUS_JUMP:
        installation.hold_until_trusted = False
        installation.back_seconds_left = _steady_seconds()
        logger.warning(
            "the clock went back: mailboxes are timed anew after %d steady minutes",
            settings.TEMPMAIL_STEADY_MINUTES,
        )
    if ahead > SUSPICIOUS_JUMP:
        if installation.back_seconds_left:
            installation.back_seconds_left = _steady_seconds()
        installation.hold_seconds_left = _steady_seconds()
        logger.warning(
            "the clock is %d hours ahead of the last time seen: erasing waits for %d steady minutes",
            ahead.total_seconds() // 3600,
            settings.TEMPMAIL_STEADY_MINUTES,
        )
    elif ahead > timedelta(0):
        # Steady uptime is counted in looks a minute or two apart, not in what the clock claims.
        _count_steady(installation, int(min(ahead, 2 * BEAT).total_seconds()))
    return True


def _count_steady(installation: Installation, seconds: int) -> None:
    if installation.hold_seconds_left:
        installation.hold_seconds_left = max(0, installation.hold_seconds_left - seconds)
        if not installation.hold_seconds_left:
            logger.info("the clock has been steady: erasing goes on")
    if installation.back_seconds_left:
        installation.back_seconds_left = max(0, installation.back_seconds_left - seconds)
        if not installation.back_seconds_left:
            _time_anew()


def _time_anew() -> None:
    """Every mailbox is owed a re-timing, as if the policy had changed."""
    Policy.objects.filter(id=1).update(version=F("version") + 1)
    Policy.forget_current()
    logger.info("the clock went back and is believed by now: mailboxes are timed anew")


def _steady_seconds() -> int:
    return int(settings.TEMPMAIL_STEADY_MINUTES) * 60


def hold_of(installation: Installation) -> Hold | None:
    """What erasing waits for, as of the last look."""
    if installation.hold_until_trusted or installation.hold_seconds_left:
        return Hold(installation.hold_until_trusted, installation.hold_seconds_left)
    return None


def current_hold() -> Hold | None:
    """What erasing waits for, or will as soon as somebody looks at the clock; one read.

    A jump is judged within a minute; mail that comes before that must not be refused for good.
    """
    installation = Installation.row()
    hold = hold_of(installation)
    seen_at = installation.last_seen_at
    if hold is None and seen_at is not None and clock.now() - seen_at > SUSPICIOUS_JUMP:
        return Hold(until_trusted=False, seconds_left=_steady_seconds())
    return hold


def trust_clock() -> None:
    """Somebody says that the clock is right."""
    with transaction.atomic():
        installation = Installation.objects.select_for_update().get(id=Installation.row().id)
        installation.hold_until_trusted = False
        installation.hold_seconds_left = 0
        installation.last_seen_at = clock.now()
        if installation.back_seconds_left:
            installation.back_seconds_left = 0
            _time_anew()
        installation.save(update_fields=CLOCK_FIELDS)
    logger.warning("the clock is trusted: erasing goes on")


def forget_the_gone() -> None:
    """Drop the rows of processes that have not been seen for a day."""
    Presence.objects.filter(seen_at__lt=clock.now() - FORGOTTEN_AFTER).delete()


def uptime_seconds() -> float:
    """How long this process has run; by the monotonic clock."""
    return time.monotonic() - _started_monotonic


_started_monotonic = time.monotonic()


def _version() -> str:
    try:
        return version("tempmail")
    except PackageNotFoundError:
        return "source"
