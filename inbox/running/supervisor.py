"""`runall`: listener, web and tasks as children of one supervisor, for one machine.

Children are sessions of their own, so that Ctrl-C reaches only the supervisor, which ends them in order; and
they hold a lifeline, so that none outlives it. What dies is started again.
"""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import signal
import smtplib
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError

from inbox.running import beginning, listening, locks, setup
from inbox.running.lifeline import Lifeline
from inbox.running.setup import ADMIN, Done

logger = logging.getLogger(__name__)

MANAGE = Path(__file__).resolve().parent.parent.parent / "manage.py"
RUNALL_LOCK = "runall.lock"

START_SECONDS = 60.0
#: A child that has run this long has proved itself: the back-off begins anew.
STEADY_SECONDS = 60.0
LEAST_PAUSE, MOST_PAUSE = 0.5, 30.0
HURRIED_SECONDS = 2.0


@dataclass
class Child:
    """One of our commands, and how its life has been."""

    command: str
    what: str
    drain_seconds: float  #: how long it may take to end in order
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    start_again_at: float = 0.0
    pause: float = LEAST_PAUSE

    def start(self, line: Lifeline) -> None:
        """Start it in a session of its own, on our lifeline."""
        self.started_at = time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, str(MANAGE), self.command],
            env=line.environment(os.environ),
            pass_fds=(line.fd,),
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )

    def is_running(self) -> bool:
        """Whether it lives."""
        return self.process is not None and self.process.poll() is None

    def schedule(self) -> float:
        """It has died: when to start it again, later each time that it dies young. Returns the pause."""
        if time.monotonic() - self.started_at > STEADY_SECONDS:
            self.pause = LEAST_PAUSE
        pause, self.pause = self.pause, min(self.pause * 2, MOST_PAUSE)
        self.start_again_at = time.monotonic() + pause
        self.process = None
        return pause


@dataclass
class Supervisor:
    """The children in the order in which they end: mail first, so that what it still takes is still shown."""

    children: list[Child] = field(
        default_factory=lambda: [
            Child("runsmtp", "listener", drain_seconds=30),
            Child("runserver", "web server", drain_seconds=10),
            Child("qcluster", "task cluster", drain_seconds=30),
        ]
    )
    line: Lifeline = field(default_factory=Lifeline)
    #: Signals, in the order in which they came: a handler may do no more than this safely.
    signals: queue.SimpleQueue[int] = field(default_factory=queue.SimpleQueue)

    def run(self, on_ready: Callable[[], None]) -> int:
        """Start all, tell when they are up, keep them up until a signal, end them in order. The exit code."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._note)
        for child in self.children:
            child.start(self.line)
        try:
            if self._wait_until_up():
                on_ready()
                self._keep_up()
            code = 0
        except CommandError as error:
            print(f"error: {error}", file=sys.stderr)
            code = 1
        self._end()
        return code

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.signals.put(number)

    def _asked_to_end(self, wait_seconds: float) -> bool:
        """Wait for a signal, at most so long."""
        # SimpleQueue.get can be re-entered by a signal handler's put (unlike Queue and Event).
        try:
            self.signals.get(timeout=wait_seconds)
        except queue.Empty:
            return False
        return True

    def _wait_until_up(self) -> bool:
        """True once page and listener answer; False if asked to end before. Raises CommandError."""
        deadline = time.monotonic() + START_SECONDS
        waited_for: list[Callable[[], bool]] = [web_answers, smtp_answers]
        while waited_for:
            if self._asked_to_end(0.05):
                return False
            for child in self.children:
                code = child.process.poll() if child.process else None
                if code is not None and code > 0:
                    raise CommandError(f"The {child.what} ({child.command}) could not start, see above.")
            self._revive()
            waited_for = [answers for answers in waited_for if not answers()]
            if time.monotonic() > deadline:
                raise CommandError(f"Not everything was up after {START_SECONDS:.0f} s.")
        return True

    def _keep_up(self) -> None:
        while not self._asked_to_end(0.25):
            self._revive()

    def _revive(self) -> None:
        for child in self.children:
            if child.process is not None and not child.is_running():
                how = describe(child.process.returncode)
                again = f"starting it again in {child.schedule():.1f} s"
                logger.error("The %s (%s) %s; %s", child.what, child.command, how, again)
            if child.process is None and time.monotonic() >= child.start_again_at:
                child.start(self.line)

    def _end(self) -> None:
        """Each in its turn, so that nothing it needs is gone before it; all at once after a second signal."""
        hurry = False
        for child in self.children:
            if not hurry:
                self._ask(child, signal.SIGTERM)
                hurry = not self._wait_for_end(child, child.drain_seconds)
        for number in (signal.SIGTERM, signal.SIGKILL):
            for child in self.children:
                self._ask(child, number)
            for child in self.children:
                self._wait_for_end(child, HURRIED_SECONDS)

    def _wait_for_end(self, child: Child, seconds: float) -> bool:
        """Wait for a child that was asked to end. False when a second signal came first."""
        deadline = time.monotonic() + seconds
        while child.is_running():
            if time.monotonic() > deadline:
                logger.warning("The %s takes too long to end", child.what)
                return True
            if self._asked_to_end(0.02):
                return False
        return True

    @staticmethod
    def _ask(child: Child, number: int) -> None:
        if child.is_running() and child.process is not None:
            child.process.send_signal(number)


def run() -> int:
    """Everything, on this machine, until Ctrl-C or SIGTERM. Raises ImproperlyConfigured, DataDirUnusable."""
    data_dir: Path = settings.TEMPMAIL_DATA_DIR
    with only_one(data_dir):
        listening.check_free(settings.TEMPMAIL_HTTP_HOST, settings.TEMPMAIL_HTTP_PORT, "TEMPMAIL_HTTP")
        listening.check_free(settings.TEMPMAIL_SMTP_HOST, settings.TEMPMAIL_SMTP_PORT, "TEMPMAIL_SMTP")
        done = beginning.prepare_process()
        setup.tell_notes(done)
        code = Supervisor().run(lambda: print(greeting(done), flush=True))
        beginning.leave_valkey()
        return code


@contextlib.contextmanager
def only_one(data_dir: Path) -> Iterator[None]:
    """Hold the data directory for this runall. Raises ImproperlyConfigured if another one has it."""
    handle = locks.open_lock(data_dir / RUNALL_LOCK)
    try:
        if not locks.try_exclusive(handle):
            raise ImproperlyConfigured(f"Another runall is running on the data directory {data_dir}.")
        yield
    finally:
        os.close(handle)


def web_answers() -> bool:
    """Whether the web server answers HTTP (whatever it says: the listener may not be up yet)."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        direct.open(f"{page_url()}healthz", timeout=2).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def smtp_answers() -> bool:
    """Whether the listener greets."""
    host = listening.reachable(settings.TEMPMAIL_SMTP_HOST)
    try:
        with smtplib.SMTP(host, settings.TEMPMAIL_SMTP_PORT, timeout=2):
            return True
    except (OSError, smtplib.SMTPException):
        return False


def page_url() -> str:
    """The page as this machine reaches it."""
    host = listening.in_url(listening.reachable(settings.TEMPMAIL_HTTP_HOST))
    return f"http://{host}:{settings.TEMPMAIL_HTTP_PORT}/"


def greeting(done: Done) -> str:
    """What somebody needs who sees this for the first time."""
    host = listening.reachable(settings.TEMPMAIL_SMTP_HOST)
    port = settings.TEMPMAIL_SMTP_PORT
    return "\n".join(
        (
            "",
            f"  Page    {page_url()}",
            f"  SMTP    {listening.in_url(host)}:{port}",
            f"  Admin   {page_url()}admin/{_password_words(done)}",
            "",
            "  Open the page, copy its address, and send it a mail:",
            f'    python3 -c "import smtplib; smtplib.SMTP({host!r}, {port}).sendmail('
            "'me@example.org', 'ADDRESS', 'Subject: Hello\\n\\nIt works.')\"",
            f"    swaks --server {host} --port {port} --to ADDRESS",
            "",
            "  Ctrl-C ends everything in order.",
            "",
        )
    )


def _password_words(done: Done) -> str:
    if done.password_file is None:
        return ""
    if sys.stdout.isatty():
        return f"  (user {ADMIN}, password {done.take_password()}, shown this once)"
    return f"  (user {ADMIN}, password in {done.password_file})"


def describe(returncode: int) -> str:
    """How a process ended, in words."""
    if returncode < 0:
        with contextlib.suppress(ValueError):
            return f"was killed ({signal.Signals(-returncode).name})"
    return f"ended by itself (exit code {returncode})"
