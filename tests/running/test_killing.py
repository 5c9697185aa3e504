"""kill -9 of any parent: nothing is left behind, and the ports are free again."""

from __future__ import annotations

import os
import signal

import pytest

from tests.support import Running, listens, wait_for


def nothing_is_left(running: Running) -> None:
    """No process, and soon after the last one's end no port."""
    wait_for(lambda: not running.processes(), "the end of everything it had started")
    for port in (running.http_port, running.smtp_port):
        wait_for(lambda port=port: not listens(port), "a free port", 2)  # type: ignore[misc]


@pytest.mark.parametrize("kind", ["runserver", "runsmtp", "qcluster"])
def test_kill_9_of_a_command_alone_orphans_nothing(running: Running, kind: str) -> None:
    command = running.start_and_wait(kind)
    assert len(running.processes()) >= 3  # itself, the keeper, Valkey, and what it forked

    command.kill()

    nothing_is_left(running)


def test_kill_9_of_runall_orphans_nothing(running: Running) -> None:
    command = running.start_and_wait("runall")
    assert len(running.processes()) >= 9

    command.kill()

    nothing_is_left(running)


def test_kill_9_of_a_listener_with_workers_orphans_none_of_them(running: Running) -> None:
    command = running.start("runsmtp", "--workers", "2")
    wait_for(lambda: len(running.processes("runsmtp")) == 3 and running.smtp_answers(), "two workers")

    command.kill()

    nothing_is_left(running)


def test_kill_9_of_the_sentinel_takes_its_workers_and_the_cluster_starts_again(
    everything: Running,
) -> None:
    running = everything
    wait_for(lambda: len(running.processes("qcluster")) >= 5, "the cluster")
    clusters = running.processes("qcluster")
    parent = min(clusters)
    [sentinel] = [pid for pid in clusters if _parent(pid) == parent]

    os.kill(sentinel, signal.SIGKILL)

    wait_for(lambda: not set(clusters) & set(running.processes("qcluster")), "the end of the old cluster")
    wait_for(lambda: len(running.processes("qcluster")) >= 5, "another cluster")


def test_the_reloaders_child_does_not_stay_on_the_port(running: Running) -> None:
    reloader = running.start("runserver", "--reload")
    wait_for(running.web_answers, "the page")

    reloader.kill()

    nothing_is_left(running)


def _parent(pid: int) -> int:
    with open(f"/proc/{pid}/stat") as stat:
        return int(stat.read().rpartition(")")[2].split()[1])
