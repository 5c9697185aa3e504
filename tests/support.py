"""Real commands on a data directory of their own: start, wait until they are up, kill, see what is left."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import smtplib
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

ROOT = Path(__file__).resolve().parent.parent
PATIENCE_SECONDS = float(os.environ.get("TEST_PATIENCE_SECONDS", "30"))

#: Where no name server is: tests that need one start their own (nameserver.py).
NO_RESOLVER = "127.0.0.1:9"

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
HEADLESS_SHELL = "chromium-headless-shell"
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


T = TypeVar("T")


def wait_for(condition: Callable[[], T], what: str = "it", seconds: float = PATIENCE_SECONDS) -> T:
    """Come back with what `condition` says as soon as that is true; fail when it is not in time."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"{what} did not happen within {seconds:.0f} s"
        time.sleep(0.04)
    return value


def busy() -> float:
    """How many times longer than on an idle machine something takes here and now, at least 1."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def free_port() -> int:
    """A TCP port that nobody has, and that no outgoing connection is given before it is used."""
    while True:
        with contextlib.suppress(OSError), socket.socket() as probe:
            port = 11_000 + secrets.randbelow(9_000)
            probe.bind(("127.0.0.1", port))
            return port


def chromium(*arguments: str, whole: bool = False) -> dict[str, Any]:
    """How Playwright launches the system's Chromium, or else its own (`make test` has installed one of them).

    Without `whole` it is the one that is made to be driven: it has no window and takes half of the processor,
    but knows no notifications, keeps no profile and looks no names up in advance.
    """
    names = BROWSERS if whole else (HEADLESS_SHELL, *BROWSERS)
    path = next((path for name in names if (path := shutil.which(name))), None)
    if path is None and whole:
        return {"channel": "chromium", "args": [*CHROMIUM_ARGUMENTS, *arguments]}
    return {"executable_path": path, "args": [*CHROMIUM_ARGUMENTS, *arguments]}


def listens(port: int) -> bool:
    """Whether somebody accepts connections on the port."""
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


class Clock:
    """The wall clock of started commands, moved while they run (moved_clock.c, preloaded)."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "clock"
        self.library = folder / "moved_clock.so"
        self.set()
        source = ROOT / "tests" / "moved_clock.c"
        subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-o", self.library, source, "-ldl"], check=True)

    def set(self, **offset: float) -> None:
        """Move it so far from the real time (`timedelta`'s arguments); back to that without any."""
        nanoseconds = timedelta(**offset) // timedelta(microseconds=1) * 1000
        with open(self.file, "r+b" if self.file.exists() else "wb") as file:
            file.write(nanoseconds.to_bytes(8, sys.byteorder, signed=True))

    def environment(self) -> dict[str, str]:
        """What a command needs in order to live by this clock. Monotonic time is left alone."""
        return {"LD_PRELOAD": str(self.library), "MOVED_CLOCK": str(self.file)}


class Command:
    """One started manage.py command."""

    def __init__(self, arguments: list[str], environment: Mapping[str, str], log: Path) -> None:
        self.log = log
        with open(log, "wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, str(ROOT / "manage.py"), *arguments],
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self.process.pid

    def output(self) -> str:
        """Everything it has said so far."""
        return self.log.read_text(errors="replace")

    def is_running(self) -> bool:
        return self.process.poll() is None

    def send(self, number: int) -> None:
        self.process.send_signal(number)

    def kill(self) -> None:
        """kill -9, and wait for it to be gone."""
        self.process.kill()
        self.process.wait(PATIENCE_SECONDS)

    def terminate(self) -> int:
        """SIGTERM, and its exit code."""
        self.process.terminate()
        return self.wait()

    def wait(self) -> int:
        """Its exit code, once it has ended."""
        try:
            return self.process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.process.args!r} did not end:\n{self.output()}") from None


class Running:
    """Commands on one data directory, with ports of their own."""

    def __init__(self, data_dir: Path, **environment: str) -> None:
        self.data_dir = data_dir
        self.http_port, self.smtp_port = free_port(), free_port()
        self.commands: list[Command] = []
        self.logs = data_dir.parent / f"{data_dir.name}-logs"
        self.logs.mkdir(exist_ok=True)
        self.environment = _own_environment() | {
            "TEMPMAIL_DATA_DIR": str(data_dir),
            "TEMPMAIL_HTTP_HOST": "127.0.0.1",
            "TEMPMAIL_SMTP_HOST": "127.0.0.1",
            "TEMPMAIL_HTTP_PORT": str(self.http_port),
            "TEMPMAIL_SMTP_PORT": str(self.smtp_port),
            "TEMPMAIL_RESOLVER": NO_RESOLVER,
            "DJANGO_SETTINGS_MODULE": "tempmail_site.settings",
            "PYTHONUNBUFFERED": "1",
            **environment,
        }

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http_port}/"

    def start(self, *arguments: str, **environment: str) -> Command:
        """Start a command and come back at once."""
        log = self.logs / f"{len(self.commands)}-{arguments[0]}.log"
        command = Command(list(arguments), self.environment | environment, log)
        self.commands.append(command)
        return command

    def run(self, *arguments: str, **environment: str) -> tuple[int, str]:
        """Run a command to its end: exit code and output."""
        command = self.start(*arguments, **environment)
        return command.wait(), command.output()

    def start_and_wait(self, *arguments: str, **environment: str) -> Command:
        """Start runall, runserver, runsmtp or qcluster, and wait until it does its work."""
        command = self.start(*arguments, **environment)
        self.wait_until_up(command, arguments[0])
        return command

    def wait_until_up(self, command: Command, kind: str) -> None:
        """Wait for what tells that a command of this kind works; fail as soon as it has ended."""
        signs: dict[str, Callable[[], bool]] = {
            "runserver": self.web_answers,
            "runsmtp": self.smtp_answers,
            "qcluster": lambda: len(self.processes("qcluster")) >= 4,
            "runall": lambda: "Ctrl-C ends everything" in command.output(),
        }

        def is_up() -> bool:
            assert command.is_running(), f"{kind} ended:\n{command.output()}"
            return signs[kind]()

        wait_for(is_up, f"{kind} coming up")

    def web_answers(self) -> bool:
        return self.get("healthz") is not None

    def smtp_answers(self) -> bool:
        try:
            with smtplib.SMTP("127.0.0.1", self.smtp_port, timeout=5):
                return True
        except (OSError, smtplib.SMTPException):
            return False

    def get(self, path: str = "", **headers: str) -> Any:
        """The response to a GET, errors too, or None when nobody answers."""
        request = urllib.request.Request(self.url + path, headers=headers)
        try:
            return urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10)
        except urllib.error.HTTPError as response:
            return response
        except OSError:
            return None

    def processes(self, word: str = "") -> list[int]:
        """Every living process that belongs to the data directory, or those with `word` in their command."""
        lines = ((pid, _command_line(pid)) for pid in _living())
        return [pid for pid, line in lines if word in line and self._is_ours(pid, line)]

    def _is_ours(self, pid: int, line: str) -> bool:
        with contextlib.suppress(OSError):
            if "manage.py" in line:
                mark = os.fsencode(f"TEMPMAIL_DATA_DIR={self.data_dir}\0")
                return mark in Path(f"/proc/{pid}/environ").read_bytes()
            if "inbox.running.keeper" in line:
                return f"--data-dir={self.data_dir} " in line
            if "valkey-server" in line or "redis-server" in line:
                return Path(os.readlink(f"/proc/{pid}/cwd")) == self.data_dir
        return False

    def stop(self) -> None:
        """Kill whatever is left of it."""
        for command in self.commands:
            if command.is_running():
                command.process.kill()
        for command in self.commands:
            command.process.wait(PATIENCE_SECONDS)

        def kill_the_rest() -> bool:
            left = self.processes()
            for pid in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            return not left

        wait_for(kill_the_rest, "the end of everything")


def _own_environment() -> dict[str, str]:
    """The environment without anything that is a setting of ours."""
    from tests.settings import is_a_setting

    return {name: value for name, value in os.environ.items() if not is_a_setting(name)}


@contextlib.contextmanager
def copied(data_dir: Path, below: Path, **environment: str) -> Iterator[Running]:
    """Commands on a copy of a data directory, in `below`/data; nothing is left running."""
    running = Running(Path(shutil.copytree(data_dir, below / "data")), **environment)
    try:
        yield running
    finally:
        running.stop()


def _living() -> Iterator[int]:
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with contextlib.suppress(OSError):
                state = Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()[0]
                if state not in "ZX":
                    yield int(entry)


def _command_line(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    return ""
