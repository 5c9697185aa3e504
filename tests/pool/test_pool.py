"""Workers that can be lost: real processes, real bombs."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from inbox import pool as pools
from inbox.pool import Busy, Lost, Pool

BOMBS = ("-m", "tests.pool.worker_with_bombs")


@pytest.fixture
def pool() -> Iterator[Pool]:
    made = Pool(2, job_seconds=1.5, idle_seconds=1.0, command=BOMBS)
    yield made
    made.close()


def run(pool: Pool, job: str, source: bytes = b"", mailbox_id: str = "one", **arguments: Any) -> Any:
    return pool.run(job, arguments, [source], mailbox_id=mailbox_id)


def pid_of(pool: Pool) -> int:
    return int(run(pool, "environment").result["pid"])


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def wait_until(condition: Any, seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "did not happen within the time"
        time.sleep(0.02)


def test_a_source_in_pieces_arrives_whole(pool: Pool) -> None:
    pieces = [b"a" * 300_000, b"", b"b" * 5_000_000, b"c"]
    answer = pool.run("echo", {"k": "ü"}, iter(pieces), mailbox_id="one")
    assert (answer.result, answer.content) == ({"k": "ü"}, b"".join(pieces))


def test_a_worker_is_used_again(pool: Pool) -> None:
    assert pid_of(pool) == pid_of(pool)


def test_a_worker_has_nothing_of_ours_in_its_environment(pool: Pool) -> None:
    names = run(pool, "environment").result["names"]
    # What the interpreter sets for itself where no locale is named (PEP 538).
    assert set(names) <= {"LC_CTYPE"}


@pytest.mark.parametrize("job", ["loop", "crash", "eat_memory", "open_file", "connect", "exit_softly"])
def test_what_a_bomb_does_costs_its_own_job_only(pool: Pool, job: str) -> None:
    with pytest.raises(Lost):
        run(pool, job)
    assert run(pool, "echo", b"next").content == b"next"


def test_a_lost_worker_is_gone(pool: Pool) -> None:
    pid = pid_of(pool)
    with pytest.raises(Lost):
        run(pool, "loop")
    assert not is_running(pid)


def test_an_idle_worker_ends(pool: Pool) -> None:
    pid = pid_of(pool)
    wait_until(lambda: not is_running(pid))
    assert run(pool, "echo", b"again").content == b"again"


def test_a_worker_that_was_killed_while_idle_is_replaced(pool: Pool) -> None:
    pid = pid_of(pool)
    os.kill(pid, 9)
    wait_until(lambda: not pool._idle[0].is_alive)
    assert pid_of(pool) != pid


def test_a_source_that_cannot_be_read_is_said_as_it_is(pool: Pool) -> None:
    def broken() -> Iterator[bytes]:
        yield b"begins"
        raise KeyError("chunk")

    with pytest.raises(KeyError):
        pool.run("echo", {}, broken(), mailbox_id="one")
    assert run(pool, "echo", b"next").content == b"next"


def test_workers_leave_when_their_parent_is_killed(tmp_path: Any) -> None:
    told = tmp_path / "pid"
    code = (
        "from inbox.pool import Pool; import time, pathlib;"
        f"pool = Pool(1, command={BOMBS!r});"
        "answer = pool.run('environment', {}, [b''], mailbox_id='x');"
        f"pathlib.Path({str(told)!r}).write_text(str(answer.result['pid']));"
        "time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code])
    wait_until(lambda: told.exists() and told.read_text())
    pid = int(told.read_text())
    assert is_running(pid)
    parent.kill()
    parent.wait()
    wait_until(lambda: not is_running(pid) or _is_zombie(pid))


def _is_zombie(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_bombs_of_one_mailbox_leave_a_worker_for_the_others(pool: Pool) -> None:
    def bomb() -> None:
        with pytest.raises((Lost, Busy)):
            run(pool, "loop", mailbox_id="hostile")

    bombs = [threading.Thread(target=bomb) for _ in range(4)]
    for thread in bombs:
        thread.start()
    wait_until(lambda: pool._turns._running["hostile"] == 1)
    assert run(pool, "echo", b"mine", mailbox_id="other").content == b"mine"
    # The bombs take 1.5 s each, one after the other: all but the first still wait.
    assert sum(thread.is_alive() for thread in bombs) >= 3
    for thread in bombs:
        thread.join()


def test_mailboxes_take_turns_on_a_single_worker() -> None:
    pool = Pool(1, job_seconds=5, command=BOMBS)
    order: list[str] = []
    try:
        run(pool, "echo")

        def ask(mailbox_id: str) -> None:
            run(pool, "sleep", mailbox_id=mailbox_id, seconds=0.05)
            order.append(mailbox_id)

        first = threading.Thread(target=run, args=(pool, "sleep"), kwargs={"mailbox_id": "a", "seconds": 0.5})
        first.start()
        wait_until(lambda: pool._turns._running["a"] == 1)
        asking = []
        for number, mailbox_id in enumerate(["a", "a", "a", "b"], start=1):
            asking.append(threading.Thread(target=ask, args=(mailbox_id,)))
            asking[-1].start()
            wait_until(lambda number=number: pool._turns._count == number)
        for thread in [first, *asking]:
            thread.join()
    finally:
        pool.close()
    assert order == ["a", "b", "a", "a"]


def test_who_waits_too_long_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    turns = pools._Turns(1)
    with turns.turn("a"):
        with pytest.raises(Busy), turns.turn("b", patience_seconds=0.01):
            pytest.fail("both at once")
        monkeypatch.setattr(pools, "MOST_WAITING", 0)
        with pytest.raises(Busy), turns.turn("c"):
            pytest.fail("no limit")
    monkeypatch.undo()
    with turns.turn("b"):
        pass
    assert (turns._free, turns._count, dict(turns._running), dict(turns._waiting)) == (1, 0, {}, {})


def test_what_opens_pictures_is_loaded_by_workers_alone() -> None:
    script = (
        "import sys, django; django.setup(); import tempmail_site.urls, inbox.consumers, smtpd.server;"
        "assert 'inbox.mail.html' in sys.modules;"
        "assert not {'PIL', 'pypdfium2'} & set(sys.modules)"
    )
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tempmail_site.settings"}
    subprocess.run([sys.executable, "-c", script], check=True, env=environment)
