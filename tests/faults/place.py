"""An installation of a test: commands, lives that die where they are told, and a look inside."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support import ROOT, Running, wait_for

Json = Any


@dataclass(frozen=True, slots=True)
class Box:
    """A mailbox and the secret that opens it."""

    id: str
    address: str
    secret: str


@dataclass(frozen=True, slots=True)
class Contents:
    """What a reader finds in a mailbox."""

    sources: list[bytes]
    damaged: int
    numbers: list[int]
    revision: int
    message_count: int
    size_bytes: int

    @property
    def bodies(self) -> list[bytes]:
        """What came after DATA: the trace header that we put before it is four lines."""
        return [source.split(b"\r\n", 4)[4] for source in self.sources]


class Life:
    """One process of ours, forked by the launcher."""

    def __init__(self, launcher: Launcher, pid: int, log: Path) -> None:
        self._launcher = launcher
        self.pid = pid
        self.log = log
        self._code: int | None = None

    def code(self) -> int | None:
        """Its exit code; None while it runs. -9 for one that was killed."""
        if self._code is None:
            self._code = self._launcher.ask(reap=self.pid)["code"]
        return self._code

    def is_running(self) -> bool:
        return self.code() is None

    def kill(self) -> None:
        """kill -9, and it is gone."""
        self._send(signal.SIGKILL)
        self.wait()

    def end(self) -> int:
        """SIGTERM, and its exit code."""
        self._send(signal.SIGTERM)
        return self.wait()

    def wait(self) -> int:
        """Its exit code, when it has one."""
        wait_for(lambda: self.code() is not None, "the end of a process")
        assert self._code is not None
        return self._code

    def _send(self, number: int) -> None:
        if self.is_running():
            os.kill(self.pid, number)


class Launcher:
    """The process that forks (launcher.py)."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.launcher"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self._is_ready = False

    def ask(self, **request: Json) -> Json:
        """One request and its answer."""
        if not self._is_ready:
            assert self._answer().get("ready"), "the launcher did not start"
            self._is_ready = True
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def close(self) -> None:
        """It kills what it has forked, and ends."""
        assert self._process.stdin is not None and self._process.stdout is not None
        for pipe in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):
                pipe.close()
        self._process.wait(10)

    def _answer(self) -> Json:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the launcher has died"
        return json.loads(line)


class Place:
    """`running` is the installation; what is started in here lives in it."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self._launcher = Launcher(running.environment)
        self._lives: list[Life] = []

    @property
    def smtp_port(self) -> int:
        return self.running.smtp_port

    def start(self, *arguments: str, death: str = "", **overrides: Json) -> Life:
        """Start a command; it dies at `death` ("point:n", deaths.py)."""
        log = self.running.logs / f"life-{len(self._lives) + 1}-{arguments[0]}.log"
        answer = self._launcher.ask(run=list(arguments), death=death, stderr=str(log), overrides=overrides)
        self._lives.append(Life(self._launcher, answer["pid"], log))
        return self._lives[-1]

    def end_all(self) -> None:
        """Kill everything that was started."""
        for life in self._lives:
            life.kill()

    def listen(self, death: str = "", **overrides: Json) -> Life:
        """Start the listener and wait until it greets; one that is to die may have done so by then."""
        life = self.start("runsmtp", death=death, **overrides)
        wait_for(lambda: self.running.smtp_answers() or not life.is_running(), "the listener")
        assert death or life.is_running(), life.log.read_text()
        return life

    def inside(self, name: str, **arguments: Json) -> Json:
        """Call a function of inside.py in a fresh process."""
        answer = self._launcher.ask(call=name, arguments=arguments)
        assert "error" not in answer, answer["error"]
        return answer["result"]

    def new_boxes(self, count: int) -> list[Box]:
        """New mailboxes, confirmed."""
        return [Box(**made) for made in self.inside("make", count=count)]

    def read(self, boxes: list[Box]) -> dict[str, Contents]:
        """What a reader who knows the secrets finds, by mailbox id."""
        found = self.inside("read", secrets=[box.secret for box in boxes])
        return {
            mailbox_id: Contents(**{**each, "sources": [base64.b64decode(text) for text in each["sources"]]})
            for mailbox_id, each in found.items()
        }

    def close(self) -> None:
        """Nothing is left of it."""
        try:
            self._launcher.close()
        finally:
            self.running.stop()
