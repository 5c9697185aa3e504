"""A whole installation in a directory of its own: real processes, real mailboxes, thrown away afterwards.

The process that uses it has its settings from the same environment, so that it makes mailboxes and counts
rows itself while the real commands serve. `prepare_environment` comes before anything of Django.
"""

from __future__ import annotations

import base64
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support import free_port

PROJECT = Path(__file__).resolve().parent.parent.parent
HOST = "127.0.0.1"
START_SECONDS = 60


def prepare_environment(data_dir: Path) -> None:
    """Point this process and all it starts at `data_dir`, on free ports of loopback."""
    for name in ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "TEMPMAIL_ADDRESS_KEY", "DEBUG"):
        os.environ.pop(name, None)
    os.environ.update(
        DJANGO_SETTINGS_MODULE="tempmail_site.settings",
        TEMPMAIL_DATA_DIR=str(data_dir),
        TEMPMAIL_SMTP_HOST=HOST,
        TEMPMAIL_SMTP_PORT=str(free_port()),
        TEMPMAIL_HTTP_HOST=HOST,
        TEMPMAIL_HTTP_PORT=str(free_port()),
        TEMPMAIL_DOMAINS="one.example",
        TEMPMAIL_ADMIN_PASSWORD="not-a-secret-here",
    )


def wait_until(condition: Callable[[], bool], what: str, seconds: float = START_SECONDS) -> None:
    """Wait for a condition. Raises TimeoutError with `what` was waited for."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"no {what} after {seconds:.0f} s")
        time.sleep(0.02)


# -- processes -------------------------------------------------------------------------------------


class Memory:
    """A process' resident memory, in MB (10^6 bytes)."""

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def rss_mb(self) -> float:
        """What it has now."""
        return self._read("VmRSS")

    def peak_mb(self) -> float:
        """The greatest since `forget_peak` or the start; Linux only, else what it is now."""
        return self._read("VmHWM")

    def forget_peak(self) -> None:
        """Let the peak begin anew (proc(5), clear_refs)."""
        try:
            Path(f"/proc/{self.pid}/clear_refs").write_text("5")
        except OSError:
            return

    def _read(self, name: str) -> float:
        try:
            for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
                if line.startswith(name):
                    return int(line.split()[1]) * 1024 / 1e6
        except OSError:
            pass
        told = subprocess.run(
            ["ps", "-o", "rss=", "-p", str(self.pid)], capture_output=True, text=True, check=False
        ).stdout
        return int(told or 0) * 1024 / 1e6


class Process(Memory):
    """One of our commands, and its memory."""

    def __init__(self, command: str, *options: str, log: Path) -> None:
        self.command = command
        self.log = log
        with log.open("ab") as output:
            self._popen = subprocess.Popen(
                [sys.executable, str(PROJECT / "manage.py"), command, *options],
                cwd=PROJECT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )

        super().__init__(self._popen.pid)

    def children(self, named: str) -> list[Memory]:
        """Its children that have `named` in their command line; none where there is no /proc."""
        found = []
        for status in Path("/proc").glob("[0-9]*/stat"):
            try:
                parent = int(status.read_text().rpartition(")")[2].split()[1])
                if parent == self.pid and named in (status.parent / "cmdline").read_text():
                    found.append(Memory(int(status.parent.name)))
            except OSError:
                continue
        return found

    def is_running(self) -> bool:
        return self._popen.poll() is None

    def stop(self) -> int:
        """SIGTERM, and the exit code."""
        if self.is_running():
            self._popen.send_signal(signal.SIGTERM)
        try:
            return self._popen.wait(20)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            return self._popen.wait()

    def cpu_seconds(self) -> float:
        """User and system time so far (proc(5), stat); 0 where there is no /proc."""
        try:
            after_name = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return 0.0
        return (int(after_name[11]) + int(after_name[12])) / os.sysconf("SC_CLK_TCK")


# -- mailboxes -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Held:
    """A mailbox, and what its holder's browser has."""

    pk: int
    mailbox_id: str
    address: str
    secret: bytes

    @property
    def cookie_name(self) -> str:
        from inbox import cookies

        return cookies.name_of(self.mailbox_id, secure=False)

    @property
    def cookie_value(self) -> str:
        return base64.urlsafe_b64encode(self.secret).decode().rstrip("=")

    @property
    def cookie(self) -> str:
        return f"{self.cookie_name}={self.cookie_value}"


class Site:
    """The installation of this process' environment (`prepare_environment`)."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.smtp_port = int(os.environ["TEMPMAIL_SMTP_PORT"])
        self.http_port = int(os.environ["TEMPMAIL_HTTP_PORT"])
        self.url = f"http://{HOST}:{self.http_port}"

    def set_up(self, *, quota: bool = False) -> None:
        """First-run set-up, and Django in this process. `quota`: let mailboxes hold as much as comes."""
        import django

        django.setup()
        from inbox.models import Policy
        from inbox.running import setup

        setup.ensure()
        policy = Policy.objects.get(id=1)
        policy.new_mailboxes_burst = policy.new_mailboxes_per_hour = 1_000_000
        if quota:
            policy.quota_messages, policy.quota_bytes = 10**8, 10**12
        policy.save()

    @contextmanager
    def listener(self, *options: str) -> Iterator[Process]:
        """`runsmtp`, until the end of the block."""
        with self._running("runsmtp", options, self.smtp_answers) as process:
            yield process

    @contextmanager
    def web(self) -> Iterator[Process]:
        """`runserver`, until the end of the block."""
        with self._running("runserver", (), self.web_answers) as process:
            yield process

    @contextmanager
    def everything(self) -> Iterator[Process]:
        """`runall`, until the end of the block."""
        with self._running("runall", (), lambda: self.smtp_answers() and self.web_answers()) as process:
            yield process

    @contextmanager
    def _running(
        self, command: str, options: tuple[str, ...], answers: Callable[[], bool]
    ) -> Iterator[Process]:
        process = Process(command, *options, log=self.data_dir / f"{command}.log")
        try:
            wait_until(lambda: answers() or not process.is_running(), f"answer of {command}")
            if not process.is_running():
                raise RuntimeError(f"{command} could not start:\n{process.log.read_text()[-2000:]}")
            yield process
        finally:
            process.stop()

    def smtp_answers(self) -> bool:
        """Whether the listener greets."""
        return _first_bytes(self.smtp_port, b"").startswith(b"220")

    def web_answers(self) -> bool:
        """Whether a page comes."""
        request = f"HEAD / HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode()
        return _first_bytes(self.http_port, request).startswith(b"HTTP/1.1 200")

    def new_mailbox(self) -> Held:
        """A mailbox that lives as long as policy has it."""
        from inbox import creation, rotation

        new = creation.create_random(rotation.pick(rotation.offered_domains()), provisional=False)
        return Held(new.mailbox.pk, new.mailbox.mailbox_id, str(new.mailbox.address), new.secret)

    def stored(self, held: Held) -> int:
        """How many messages of a mailbox are in the database."""
        from inbox.models import Message

        return Message.objects.filter(mailbox_id=held.pk).count()


def _first_bytes(port: int, request: bytes) -> bytes:
    try:
        with socket.create_connection((HOST, port), 5) as connection:
            connection.settimeout(5)
            connection.sendall(request)
            return connection.recv(64)
    except OSError:
        return b""
