"""What happens in a running instance with nobody's help: a saved policy is in force everywhere within two
seconds, and what is due is erased on schedule.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import smtplib
import socket
import sqlite3
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.faults.place import Box
from tests.faults.visitor import Socket, Visitor
from tests.running.staff import Staff
from tests.support import Running, busy, copied, wait_for

#: "Within two seconds", on a machine that has nothing else to do.
SOON = 2.0


@pytest.fixture(scope="module")
def instance(set_up_data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with copied(set_up_data_dir, tmp_path_factory.mktemp("tuned")) as running:
        running.start_and_wait("runall")
        yield running


@pytest.fixture(scope="module", autouse=True)
def due(instance: Running) -> Box:
    """A mailbox with mail whose time and grace are over; made first, for its sweep takes a minute to come."""
    box = Visitor(instance.http_port).mailbox()
    send(instance, box.address)
    set_columns(instance, box, expires_at="-2 hours", purge_at="-1 hours")
    return box


@pytest.fixture(scope="module")
def staff(instance: Running) -> Staff:
    staff = Staff(instance.http_port)
    staff.log_in()
    return staff


@pytest.fixture
def visitor(instance: Running) -> Visitor:
    return Visitor(instance.http_port)


def database(running: Running) -> sqlite3.Connection:
    """Another hand in the database, in autocommit."""
    return sqlite3.connect(running.data_dir / "mail.sqlite3", isolation_level=None, timeout=10)


def set_columns(running: Running, box: Box, **moved: str) -> None:
    """Put times of a mailbox to so long from now."""
    columns = ", ".join(f"{column} = strftime('%Y-%m-%d %H:%M:%f', 'now', ?)" for column in moved)
    with database(running) as connection:
        changed = connection.execute(
            f"UPDATE inbox_mailbox SET {columns} WHERE public_id = ?", (*moved.values(), box.id)
        )
    assert changed.rowcount == 1


def counted(running: Running, query: str, *arguments: object) -> int:
    """What a SELECT count(*) says."""
    with database(running) as connection:
        [(found,)] = connection.execute(f"SELECT count(*) FROM {query}", arguments)
    return int(found)


def send(running: Running, address: str, subject: str = "Hello") -> None:
    with smtplib.SMTP("127.0.0.1", running.smtp_port, timeout=15) as client:
        client.sendmail("ann@sender.example", [address], f"Subject: {subject}\r\n\r\nIt works.\r\n")


def rcpt(running: Running, address: str) -> int:
    with smtplib.SMTP("127.0.0.1", running.smtp_port, timeout=15) as client:
        client.ehlo("sender.example")
        client.mail("ann@sender.example")
        return client.rcpt(address)[0]


def soon(condition: Callable[[], bool], what: str) -> None:
    """It is so within two seconds."""
    wait_for(condition, what, SOON * busy())


def shown_end(visitor: Visitor, box: Box) -> datetime:
    """What the page's countdown counts to."""
    [said] = re.findall(
        r'data-testid="countdown"[^>]*data-expires-at="([^"]+)"', visitor.get(f"/m/{box.id}/")
    )
    return datetime.fromisoformat(said)


def test_a_lower_limit_of_size_is_what_the_listener_says_within_two_seconds(
    instance: Running, staff: Staff, visitor: Visitor
) -> None:
    box = visitor.mailbox()

    def mail_of_70_kb() -> int:
        with smtplib.SMTP("127.0.0.1", instance.smtp_port, timeout=15) as client:
            client.ehlo("sender.example")
            code, _text = client.mail("ann@sender.example", ["SIZE=70000"])
            return client.rcpt(box.address)[0] if code == 250 else code

    assert mail_of_70_kb() == 250
    staff.set_policy(max_message_bytes="64000")

    soon(lambda: mail_of_70_kb() == 552, "a smaller limit")
    with smtplib.SMTP("127.0.0.1", instance.smtp_port, timeout=15) as client:
        client.ehlo("sender.example")
        assert client.esmtp_features["size"] == "64000"
        client.mail("ann@sender.example")
        client.rcpt(box.address)
        assert client.data(b"Subject: large\r\n\r\n" + b"x" * 70_000)[0] == 552
    staff.set_policy(max_message_bytes="25000000")
    soon(lambda: mail_of_70_kb() == 250, "the old limit")


def test_a_smaller_quota_is_what_rcpt_answers_within_two_seconds(
    instance: Running, staff: Staff, visitor: Visitor
) -> None:
    box = visitor.mailbox()
    send(instance, box.address)
    assert rcpt(instance, box.address) == 250

    staff.set_policy(quota_messages="1")

    soon(lambda: rcpt(instance, box.address) == 452, "a full mailbox")
    staff.set_policy(quota_messages="500")
    soon(lambda: rcpt(instance, box.address) == 250, "room again")


def test_what_a_mailbox_in_grace_answers_changes_within_two_seconds(
    instance: Running, staff: Staff, visitor: Visitor
) -> None:
    box = visitor.mailbox()
    set_columns(instance, box, expires_at="-1 minutes", purge_at="+20 minutes")
    assert rcpt(instance, box.address) == 550

    staff.set_policy(grace_answer="accept")

    soon(lambda: rcpt(instance, box.address) == 250, "mail for a mailbox in grace")
    staff.set_policy(grace_answer="refuse")
    soon(lambda: rcpt(instance, box.address) == 550, "none any more")


def test_how_many_mailboxes_a_browser_has_changes_within_two_seconds(staff: Staff, visitor: Visitor) -> None:
    visitor.mailbox()
    assert visitor.post("/new/") == 302

    staff.set_policy(mailboxes_per_browser="2")

    soon(lambda: visitor.post("/new/") == 409, "the limit")
    staff.set_policy(mailboxes_per_browser="10")
    soon(lambda: visitor.post("/new/") == 302, "a third mailbox")


def test_a_timer_that_starts_at_creation_is_not_moved_by_a_view_within_two_seconds(
    instance: Running, staff: Staff, visitor: Visitor
) -> None:
    box = visitor.mailbox()
    visitor.get()  # its cookie came back
    half_over = {"timer_started_at": "-30 minutes", "expires_at": "+1 hours", "purge_at": "+90 minutes"}
    set_columns(instance, box, created_at="-30 minutes", **half_over)
    before = datetime.now().astimezone()
    assert shown_end(visitor, box) > before + timedelta(minutes=89), "a view starts the timer anew"

    staff.set_policy(timer_start="creation")
    set_columns(instance, box, **half_over)

    for _ in range(3):
        assert shown_end(visitor, box) < before + timedelta(minutes=61), "a view moved it"
    staff.set_policy(timer_start="last_view")
    soon(lambda: shown_end(visitor, box) > before + timedelta(minutes=89), "a view that counts again")


def test_an_open_page_is_told_its_new_end_within_two_seconds(staff: Staff, visitor: Visitor) -> None:
    box = visitor.mailbox()
    page = Socket(visitor)
    page.catch_up(box, 0)
    page.hear_until(lambda message: message["type"] == "mailboxes")
    made = datetime.now().astimezone()

    staff.set_policy(lifetime="00:20:00")

    def follows(message: dict[str, str]) -> bool:
        return message["type"] == "update" and ends(message) < made + timedelta(minutes=21)

    page.hear_until(follows, SOON * busy())
    page.close()
    staff.set_policy(lifetime="01:30:00")


def ends(message: dict[str, str]) -> datetime:
    return datetime.fromisoformat(message["expires_at"])


def test_open_websockets_cost_no_thread_and_no_database_connection(instance: Running) -> None:
    [web] = instance.processes("runserver")

    def open_sockets(number: int) -> list[Socket]:
        opened = []
        for _ in range(number):
            visitor = Visitor(instance.http_port)
            box = visitor.mailbox()
            opened.append(Socket(visitor))
            opened[-1].catch_up(box, 0)
            opened[-1].hear_until(lambda message: message["type"] == "mailboxes")
        return opened

    pages = open_sockets(10)  # by now the few threads are there that all of them share
    threads = len(os.listdir(f"/proc/{web}/task"))
    pages += open_sockets(30)

    assert len(os.listdir(f"/proc/{web}/task")) - threads < 10
    wait_for(lambda: not holds(web, "mail.sqlite3"), "no connection to the database")
    for page in pages:
        page.close()


def holds(pid: int, name: str) -> int:
    """How often a process has a file open."""
    targets = []
    for descriptor in os.listdir(f"/proc/{pid}/fd"):
        with suppress(OSError):
            targets.append(os.readlink(f"/proc/{pid}/fd/{descriptor}"))
    return sum(target.endswith(f"/{name}") for target in targets)


# -- a second listener, of two workers, whose name server never answers ------------------------------


@pytest.fixture(scope="module")
def silent() -> Iterator[socket.socket]:
    """A name server that takes questions and says nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.setblocking(False)
        yield server


@pytest.fixture(scope="module")
def second(instance: Running, silent: socket.socket) -> Iterator[Running]:
    """Another listener on the same data directory."""
    resolver = f"127.0.0.1:{silent.getsockname()[1]}"
    running = Running(instance.data_dir, TEMPMAIL_RESOLVER=resolver, TEMPMAIL_HTTP_HOST="")
    command = running.start("runsmtp", "--workers", "2")
    wait_for(running.smtp_answers, "the second listener")
    yield running
    assert command.terminate() == 0


def test_nothing_in_a_session_waits_for_a_name_server_that_never_answers(
    second: Running, silent: socket.socket, visitor: Visitor
) -> None:
    box = visitor.mailbox()

    def seconds(number: int) -> float:
        began = time.monotonic()
        send(second, box.address, f"number {number}")
        return time.monotonic() - began

    assert min(map(seconds, range(3))) < 0.7, "one question alone is waited for 0.75 s"
    wait_for(lambda: asked(silent), "the question about the sender, after the 250")


def asked(server: socket.socket) -> bool:
    """Whether anybody asked."""
    try:
        return bool(server.recv(2048))
    except BlockingIOError:
        return False


def test_a_deleted_mailbox_is_refused_by_every_worker_within_a_second(
    second: Running, visitor: Visitor
) -> None:
    box = visitor.mailbox()
    one, other = workers_of(second)
    with ExitStack() as stack:
        sessions = []
        for asleep in (one, other):  # so that the other of them takes these
            os.kill(asleep, signal.SIGSTOP)
            try:
                for _ in range(3):
                    session = stack.enter_context(smtplib.SMTP("127.0.0.1", second.smtp_port, timeout=15))
                    session.ehlo("sender.example")
                    session.mail("ann@sender.example")
                    assert session.rcpt(box.address)[0] == 250
                    sessions.append(session)
            finally:
                os.kill(asleep, signal.SIGCONT)

        assert visitor.post(f"/m/{box.id}/delete/") == 302

        deadline = time.monotonic() + 1.0 * busy()
        for session in sessions:
            session.rset()
            session.mail("ann@sender.example")
            assert session.rcpt(box.address)[0] == 550
        assert time.monotonic() < deadline


def workers_of(running: Running) -> list[int]:
    """The two that listen on its port, not those of others on the same data directory."""
    mark = os.fsencode(f"TEMPMAIL_SMTP_PORT={running.smtp_port}\0")

    def found() -> list[int]:
        every = running.processes("--inherited-sockets")
        return [pid for pid in every if mark in Path(f"/proc/{pid}/environ").read_bytes()]

    return wait_for(lambda: pids if len(pids := found()) == 2 else [], "two workers")


def test_without_a_host_the_page_is_there_on_ipv4_and_ipv6(second: Running) -> None:
    command = second.start("runserver")
    wait_for(second.web_answers, "the page on IPv4")

    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(f"http://[::1]:{second.http_port}/", timeout=10) as response:
        page = response.read().decode()

    assert response.status == 200
    assert 'data-testid="address"' in page
    assert command.terminate() == 0


# -- on the disk before the 250 ----------------------------------------------------------------------


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed: nobody sees the fsync")
def test_the_log_is_on_the_disk_before_the_250_leaves(
    instance: Running, visitor: Visitor, tmp_path: Path
) -> None:
    box = visitor.mailbox()
    trace = tmp_path / "trace"
    watched = [argument for pid in instance.processes("runsmtp") for argument in ("-p", str(pid))]
    strace = subprocess.Popen(
        [
            "strace",
            "-f",
            "-y",
            "-o",
            str(trace),
            "-e",
            "trace=fsync,fdatasync,write,writev,sendto,sendmsg",
            *watched,
        ],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert strace.stderr is not None
    if "attached" not in strace.stderr.readline():
        pytest.skip("strace may not attach to a process here (ptrace is not allowed)")
    try:
        for number in range(3):
            send(instance, box.address, f"number {number}")
    finally:
        strace.terminate()
        strace.communicate(timeout=10)

    seen = list(told_by(trace.read_text().splitlines()))
    assert seen.count("taken") == 3
    for number, kind in enumerate(seen):
        if kind == "taken":
            before = seen[:number][::-1]
            assert "synced" in before[: before.index("go on")], "a 250 without an fsync of the log"


def told_by(lines: list[str]) -> Iterator[str]:
    """What a trace shows, in order. A call is done where its result stands: maybe on a line of its own."""
    syncing = set()
    for line in lines:
        pid = line.split()[0]
        if re.search(r"sync\(.*mail\.sqlite3-wal>", line):
            syncing.add(pid)
        if pid in syncing and "sync" in line and line.endswith("= 0"):
            syncing.remove(pid)
            yield "synced"
        if '"354 ' in line:
            yield "go on"
        if '"250 2.0.0 Stored' in line:
            yield "taken"


def test_what_is_due_is_erased_on_schedule_by_the_cluster_that_runs(instance: Running, due: Box) -> None:
    assert rcpt(instance, due.address) == 550

    # The queue looks at its schedules every thirty seconds, and the sweep is due every minute.
    here = "inbox_mailbox WHERE public_id = ?"
    wait_for(lambda: not counted(instance, here, due.id), "a sweep", 100)

    for table in ("inbox_message", "inbox_grant"):
        left = f"{table} WHERE mailbox_id NOT IN (SELECT id FROM inbox_mailbox)"
        wait_for(lambda left=left: not counted(instance, left), f"the end of its {table}")  # type: ignore[misc]

    def swept() -> bool:
        age = json.load(instance.get("healthz"))["last_sweep_age_seconds"]
        return age is not None and age < 60

    wait_for(swept, "a word on the sweep in health")
