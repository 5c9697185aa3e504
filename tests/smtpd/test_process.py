"""`manage.py runsmtp` as an operator starts it."""

from __future__ import annotations

import os
import signal
import smtplib
import socket

from tests.support import Running, listens, wait_for


def test_help_names_every_option_and_what_it_does(running: Running) -> None:
    code, output = running.run("runsmtp", "--help")
    assert code == 0
    for option in (
        "--host",
        "--port",
        "--workers",
        "--max-connections",
        "--max-recipients",
        "--bytes-in-flight",
    ):
        assert option in output


def test_a_port_in_use_is_one_clear_line(running: Running) -> None:
    with socket.create_server(("127.0.0.1", running.smtp_port)):
        code, output = running.run("runsmtp")
    assert code != 0
    [line] = [line for line in output.splitlines() if str(running.smtp_port) in line]
    assert "in use" in line
    assert "Traceback" not in output


def test_without_a_host_it_listens_on_ipv4_and_ipv6(running: Running) -> None:
    command = running.start("runsmtp", "--host", "")
    wait_for(running.smtp_answers, "IPv4")
    with smtplib.SMTP("::1", running.smtp_port, timeout=5) as client:
        assert client.noop()[0] == 250
    assert command.terminate() == 0


def test_ctrl_c_ends_it_with_code_0_and_a_second_one_hurries(running: Running) -> None:
    command = running.start_and_wait("runsmtp")
    client = smtplib.SMTP("127.0.0.1", running.smtp_port, timeout=10)
    client.ehlo()
    client.mail("a@b.example")
    command.send(signal.SIGINT)
    wait_for(lambda: not listens(running.smtp_port), "no new sessions")
    assert command.is_running()
    command.send(signal.SIGINT)
    assert command.wait() == 0
    client.close()


def test_a_worker_that_dies_is_replaced_and_no_connection_is_refused(running: Running) -> None:
    command = running.start("runsmtp", "--workers", "2")
    wait_for(lambda: len(workers(running)) == 2 and running.smtp_answers(), "two workers")
    before = workers(running)

    os.kill(before[0], signal.SIGKILL)

    assert all(running.smtp_answers() for _ in range(20))
    wait_for(lambda: len(set(workers(running)) - set(before)) == 1, "another worker")
    wait_for(lambda: "another one starts" in command.output(), "a line that says so")
    assert command.terminate() == 0
    wait_for(lambda: not running.processes(), "the end of all")


def workers(running: Running) -> list[int]:
    return running.processes("--inherited-sockets")
