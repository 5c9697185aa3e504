"""The keeper: runs the embedded Valkey for as long as somebody uses it. `python -m inbox.running.keeper …`

Every user holds a shared lock; the keeper waits for the exclusive one and ends Valkey when it gets it. Locks
go with their process, so it does not matter how a user ends. Valkey itself goes with the keeper
(PR_SET_PDEATHSIG where there is one, a look at what is left over elsewhere). A process of its own with few
imports, in a session of its own: Ctrl-C at one user's terminal must not take Valkey from the others.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from inbox.running import locks, valkey_file
from inbox.running.valkey_probe import Answer, ask, end

USERS_LOCK = "valkey.users.lock"
KEEPER_LOCK = "valkey.keeper.lock"
LOG = "valkey.log"

START_SECONDS = 10.0
END_SECONDS = 5.0
#: Between a death of Valkey and the next start, longer each time that it dies young.
LEAST_PAUSE, MOST_PAUSE = 0.1, 10.0

#: Persistence is off (what is in there is worth nothing tomorrow, and no mail is ever in it); commands that
#: reach files, other hosts or the configuration do not exist; clients that do not read are cut off.
CONFIGURATION = """\
bind {host}
port {port}
requirepass {password}
protected-mode yes
daemonize no
databases 1
save ""
appendonly no
maxmemory 64mb
maxmemory-policy volatile-lru
maxclients 10000
timeout 0
tcp-keepalive 60
tcp-backlog 128
client-output-buffer-limit pubsub 8mb 2mb 30
loglevel warning
logfile ""
rename-command CONFIG ""
rename-command DEBUG ""
rename-command MODULE ""
rename-command REPLICAOF ""
rename-command SLAVEOF ""
rename-command MIGRATE ""
rename-command SAVE ""
rename-command BGSAVE ""
rename-command BGREWRITEAOF ""
rename-command MONITOR ""
"""


def main(arguments: list[str] | None = None) -> int:
    """Keep Valkey until the last user has gone. Says "ready" or what failed on `--report-fd`, once."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--lock-fd", type=int, required=True, help="the keeper's lock, already taken")
    parser.add_argument("--report-fd", type=int, required=True)
    parser.add_argument("servers", nargs="+", help="Valkey or Redis programs, the first that starts is used")
    options = parser.parse_args(arguments)
    for descriptor in (options.lock_fd, options.report_fd):
        os.set_inheritable(descriptor, False)
    # A stop is for the users. Who really means the keeper has kill -9, and the users start another.
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    return Keeper(options.data_dir, options.servers, _reporter(options.report_fd)).run()


class Keeper:
    """One Valkey, started again when it dies, ended when the exclusive lock of the users is had."""

    def __init__(self, data_dir: Path, servers: list[str], report: Callable[[str], None]) -> None:
        self.data_dir = data_dir
        self.servers = servers
        self.report = report
        self.valkey: subprocess.Popen[bytes] | None = None
        self.users_gone = threading.Event()
        self.guard = threading.Lock()  # so that no Valkey is started once the users are gone
        self.become_parent = _ends_with_parent()

    def run(self) -> int:
        """Returns when nobody uses Valkey any more and it has ended, or when it cannot be started at all."""
        failure = self._start()
        self.report(failure or "ready")
        if failure:
            return 1
        threading.Thread(target=self._wait_for_users, daemon=True).start()
        pause = LEAST_PAUSE
        while not self.users_gone.is_set():
            started = time.monotonic()
            if self.valkey is not None:
                self.valkey.wait()
            if time.monotonic() - started > MOST_PAUSE:
                pause = LEAST_PAUSE
            if not self.users_gone.wait(pause):
                pause = min(pause * 2, MOST_PAUSE)
                self._start()
        self._end()
        return 0

    def _start(self) -> str:
        """Start Valkey and wait until it answers. Returns what failed, or nothing."""
        failure = ""
        for server in self.servers:
            with self.guard:
                if self.users_gone.is_set():
                    return ""
                address = valkey_file.address(self.data_dir)
                if ask(address) is Answer.OURS:
                    end(address)  # it outlived its keeper: only where there is no PR_SET_PDEATHSIG
                failure = self._launch(server, address)
            failure = failure or self._wait_until_it_answers(server, address)
            if not failure:
                return ""
            self._end()
        return failure

    def _launch(self, server: str, address: valkey_file.ValkeyAddress) -> str:
        with contextlib.suppress(OSError):
            (self.data_dir / LOG).touch(mode=0o600)
        try:
            with open(self.data_dir / LOG, "wb") as log:
                self.valkey = subprocess.Popen(
                    [server, "-"],
                    stdin=subprocess.PIPE,
                    stdout=log,
                    stderr=log,
                    cwd=self.data_dir,
                    env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"},
                    preexec_fn=self.become_parent,
                )
            assert self.valkey.stdin is not None  # noqa: S101  it is a pipe
            text = CONFIGURATION.format(host=address.host, port=address.port, password=address.password)
            # By stdin: neither the command line nor a second file shows the password.
            with contextlib.suppress(BrokenPipeError), self.valkey.stdin as stdin:
                stdin.write(text.encode())
        except OSError as error:
            return f"{server} cannot be run ({error.strerror})"
        return ""

    def _wait_until_it_answers(self, server: str, address: valkey_file.ValkeyAddress) -> str:
        deadline = time.monotonic() + START_SECONDS
        while self.valkey is not None and self.valkey.poll() is None and time.monotonic() < deadline:
            if ask(address) is Answer.OURS and self.valkey.poll() is None:
                return ""
            time.sleep(0.01)
        return f"{server} did not start: {self._last_words()}"

    def _last_words(self) -> str:
        with contextlib.suppress(OSError):
            lines = (self.data_dir / LOG).read_text(errors="replace").split("\n")
            return next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")
        return "it said nothing"

    def _wait_for_users(self) -> None:
        handle = locks.open_lock(self.data_dir / USERS_LOCK)
        locks.wait_exclusive(handle)  # never given back: it goes with us, after Valkey has gone
        with self.guard:
            self.users_gone.set()
            if self.valkey is not None:
                self.valkey.terminate()

    def _end(self) -> None:
        if self.valkey is None:
            return
        self.valkey.terminate()
        try:
            self.valkey.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self.valkey.kill()
            self.valkey.wait()
        self.valkey = None


def _reporter(descriptor: int) -> Callable[[str], None]:
    def report(text: str) -> None:
        with contextlib.suppress(OSError):  # who asked may be gone
            os.write(descriptor, text.encode()[:2000])
            os.close(descriptor)

    return report


def _ends_with_parent() -> Callable[[], None] | None:
    """What Valkey's process does before it becomes Valkey: ask the kernel to be killed with its parent."""
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    keeper = os.getpid()
    pr_set_pdeathsig = 1

    def become() -> None:
        prctl(pr_set_pdeathsig, signal.SIGKILL, 0, 0, 0)
        for inherited in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(inherited, signal.SIG_DFL)
        if os.getppid() != keeper:  # it ended before the line above took
            os._exit(1)

    return become


if __name__ == "__main__":
    sys.exit(main())
