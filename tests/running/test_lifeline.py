"""Lifelines, on small processes of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.support import ROOT, wait_for

# Each process writes its id into a file; the last one of a line says so when all are there.
FORKS = """
import os, sys, time
from inbox.running import lifeline
lifeline.cover_forks()
for generation in range(2):
    if os.fork():
        break
open(os.path.join(sys.argv[1], str(os.getpid())), "w").close()
time.sleep(60)
"""
CHILDREN = """
import os, subprocess, sys, time
from inbox.running import lifeline
if len(sys.argv) == 2:
    line = lifeline.Lifeline()
    for _ in range(2):
        subprocess.Popen([sys.executable, "-c", open(sys.argv[1] + "/program").read(), sys.argv[1], "child"],
                         env=line.environment(os.environ), pass_fds=[line.fd], start_new_session=True)
else:
    assert lifeline.watch()
    assert lifeline.VARIABLE not in os.environ
open(os.path.join(sys.argv[1], str(os.getpid())), "w").close()
time.sleep(60)
"""
STUBBORN = """
import os, signal, sys, time
from datetime import timedelta
from inbox.running import lifeline
signal.signal(signal.SIGTERM, signal.SIG_IGN)
lifeline.watch(timedelta(seconds=0.2))
open(os.path.join(sys.argv[1], str(os.getpid())), "w").close()
time.sleep(60)
"""


def start(program: str, place: Path, **more: object) -> subprocess.Popen[bytes]:
    (place / "program").write_text(program)
    return subprocess.Popen([sys.executable, "-c", program, str(place)], cwd=ROOT, **more)  # type: ignore[call-overload, no-any-return]


def wait_for_pids(place: Path, count: int) -> list[int]:
    def found() -> list[int]:
        pids = [int(path.name) for path in place.iterdir() if path.name.isdigit()]
        return pids if len(pids) == count else []

    return wait_for(found, f"{count} processes")


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def test_forked_children_and_grandchildren_leave_when_the_first_is_killed(tmp_path: Path) -> None:
    first = start(FORKS, tmp_path)
    pids = wait_for_pids(tmp_path, 3)

    first.kill()
    first.wait()

    wait_for(lambda: not any(map(lives, pids)), "the end of all three")


def test_grandchildren_leave_when_only_the_one_between_is_killed(tmp_path: Path) -> None:
    first = start(FORKS, tmp_path)
    pids = wait_for_pids(tmp_path, 3)
    [between] = [pid for pid in pids if parent(pid) == first.pid]
    [last] = [pid for pid in pids if parent(pid) == between]

    os.kill(between, signal.SIGKILL)

    wait_for(lambda: not lives(last), "the end of the last")
    assert lives(first.pid)
    first.kill()
    first.wait()


def test_started_children_leave_when_their_parent_is_killed(tmp_path: Path) -> None:
    first = start(CHILDREN, tmp_path)
    pids = wait_for_pids(tmp_path, 3)

    first.kill()
    first.wait()

    wait_for(lambda: not any(map(lives, pids)), "the end of all three")


def test_a_child_that_does_not_end_in_time_is_ended(tmp_path: Path) -> None:
    ours, theirs = os.pipe()  # ours: what the child reads
    environment = os.environ | {"TEMPMAIL_LIFELINE_FD": str(ours)}
    child = start(STUBBORN, tmp_path, env=environment, pass_fds=[ours], stderr=subprocess.PIPE)
    wait_for_pids(tmp_path, 1)

    os.close(theirs)

    assert child.wait(10) == 1
    os.close(ours)
    assert child.stderr is not None
    with child.stderr as said:
        assert b"took too long" in said.read()


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
