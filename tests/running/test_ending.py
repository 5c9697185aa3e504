"""Ending in order, hurrying when asked twice, and starting again what died by itself."""

from __future__ import annotations

import os
import signal
import smtplib
import socket
import time

import pytest

from tests.support import Running, busy, listens, wait_for


def test_ctrl_c_ends_everything_in_order_soon_after_a_quick_second_start(running: Running) -> None:
    begun = time.monotonic()
    command = running.start_and_wait("runall")
    assert time.monotonic() - begun < 5 * busy()

    command.send(signal.SIGINT)

    assert command.wait() == 0
    wait_for(lambda: not running.processes(), "the end of Valkey", seconds=5)
    assert not listens(running.http_port)
    assert "Traceback" not in command.output()
    assert "too long" not in command.output()


def test_an_open_smtp_session_finishes_while_the_page_is_still_served(running: Running) -> None:
    command = running.start_and_wait("runall")
    client = smtplib.SMTP("127.0.0.1", running.smtp_port, timeout=10)
    client.ehlo("client.example")
    client.mail("me@else.example")

    command.send(signal.SIGTERM)

    wait_for(lambda: not listens(running.smtp_port), "no more new sessions")
    assert running.get("healthz") is not None
    assert command.is_running()
    client.close()
    assert command.wait() == 0


def test_a_second_signal_hurries(running: Running) -> None:
    command = running.start_and_wait("runall")
    with socket.create_connection(("127.0.0.1", running.smtp_port)) as idle:
        idle.recv(100)
        idle.sendall(b"EHLO x\r\nMAIL FROM:<a@b.example>\r\n")
        command.send(signal.SIGTERM)
        wait_for(lambda: not listens(running.smtp_port), "the listener draining")

        command.send(signal.SIGTERM)

        # The listener alone would give the session ten seconds.
        wait_for(lambda: not running.processes("runsmtp"), "the end of the listener", seconds=6)
        assert command.wait() == 0
        wait_for(lambda: not running.processes(), "the end of everything", seconds=8)


@pytest.mark.parametrize("kind", ["runserver", "runsmtp", "qcluster"])
def test_a_command_alone_ends_in_order_too(running: Running, kind: str) -> None:
    command = running.start_and_wait(kind)

    assert command.terminate() == 0
    wait_for(lambda: not running.processes(), "the end of everything", seconds=5)
    assert "Traceback" not in command.output()


def test_a_child_that_dies_is_started_again_and_said_so(everything: Running) -> None:
    running, command = everything, everything.commands[0]
    [web] = running.processes("runserver")

    os.kill(web, signal.SIGKILL)

    wait_for(lambda: running.processes("runserver") not in ([], [web]) and running.web_answers(), "the page")
    [line] = [line for line in command.output().splitlines() if "(runserver) was killed" in line]
    assert "starting it again" in line
    assert "SIGKILL" in line


def test_a_child_that_dies_young_again_and_again_is_started_later_each_time(running: Running) -> None:
    from inbox.running.supervisor import MOST_PAUSE, Child

    child = Child("runserver", "web server", drain_seconds=1)
    child.started_at = float("inf")  # it never gets old

    pauses = [child.schedule() for _ in range(12)]

    assert pauses == sorted(pauses)
    assert pauses[0] < 1
    assert pauses[-1] == MOST_PAUSE


def test_a_child_that_cannot_start_ends_the_rest(running: Running) -> None:
    code, output = running.run("runall", TEMPMAIL_TRUSTED_PROXIES="nonsense")

    assert code == 1
    assert "Traceback" not in output
    assert "TEMPMAIL_TRUSTED_PROXIES" in output
    wait_for(lambda: not running.processes(), "the end of everything", seconds=8)
