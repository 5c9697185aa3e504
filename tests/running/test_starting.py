"""Starting: in any order, all at once, and with one clear line where it cannot be."""

from __future__ import annotations

import os
import pty
import re
import socket
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from django.contrib.auth.hashers import check_password

from tests.support import ROOT, Running, wait_for


def test_all_commands_started_at_once_on_a_fresh_directory_set_it_up_once(fresh: Running) -> None:
    kinds = ("runsmtp", "qcluster", "runserver")
    commands = [(fresh.start(kind), kind) for kind in kinds]
    for command, kind in commands:
        fresh.wait_until_up(command, kind)

    assert fresh.get().status == 200
    assert len(fresh.processes("valkey-server 127")) == 1
    with sqlite3.connect(fresh.data_dir / "mail.sqlite3") as database:
        assert database.execute("SELECT count(*) FROM auth_user").fetchone() == (1,)
        assert database.execute("SELECT count(*) FROM inbox_domain").fetchone() == (2,)


def test_runall_says_where_everything_is(everything: Running) -> None:
    said = everything.commands[0].output()

    assert everything.url in said
    assert f"127.0.0.1:{everything.smtp_port}" in said
    assert f"{everything.url}admin/" in said
    assert "swaks" in said


def test_the_first_mail_of_the_greeting_arrives_as_it_is_written_there(everything: Running) -> None:
    page = everything.get().read().decode()
    [marked] = re.findall(r'data-testid="address"[^>]*>(.*?)</span>', page, re.S)
    address = re.sub(r"<[^>]*>|\s", "", marked)
    [line] = [line.strip() for line in everything.commands[0].output().splitlines() if "smtplib" in line]

    sent = subprocess.run(line.replace("ADDRESS", address), shell=True, capture_output=True, check=False)

    assert sent.returncode == 0, sent.stderr


def test_a_second_runall_on_the_same_directory_is_refused_with_one_line(everything: Running) -> None:
    code, output = everything.run("runall", TEMPMAIL_HTTP_PORT="1", TEMPMAIL_SMTP_PORT="2")

    assert code == 1
    [line] = output.splitlines()
    assert "Another runall" in line


@pytest.mark.parametrize(
    ("kind", "port"),
    [("runall", "http"), ("runall", "smtp"), ("runserver", "http"), ("runsmtp", "smtp")],
)
def test_a_port_in_use_is_one_clear_line(running: Running, kind: str, port: str) -> None:
    number = running.http_port if port == "http" else running.smtp_port
    with socket.create_server(("127.0.0.1", number)):
        code, output = running.run(kind)

    assert code == 1
    [line] = output.splitlines()
    assert f"{number} is in use" in line
    assert f"TEMPMAIL_{port.upper()}_PORT" in line
    wait_for(lambda: not running.processes(), "the end of everything")


@pytest.mark.parametrize("kind", ["runall", "qcluster"])
def test_a_data_directory_that_cannot_be_written_is_one_clear_line(fresh: Running, kind: str) -> None:
    (fresh.data_dir.parent / "file").touch()

    for unusable in ("/proc/self", str(fresh.data_dir.parent / "file" / "data")):  # not even for root
        code, output = fresh.run(kind, TEMPMAIL_DATA_DIR=unusable)

        assert code == 1
        [line] = output.splitlines()
        assert unusable in line
        assert "TEMPMAIL_DATA_DIR" in line


def test_an_address_key_that_is_not_the_databases_is_one_clear_line(running: Running) -> None:
    code, output = running.run("runserver", TEMPMAIL_ADDRESS_KEY="x" * 43)

    assert code == 1
    [line] = output.splitlines()
    assert "address key" in line


def test_settings_that_our_checks_call_an_error_do_not_start(running: Running) -> None:
    code, output = running.run("runserver", ALLOWED_HOSTS="*")

    assert code == 1
    [line] = output.splitlines()
    assert "ALLOWED_HOSTS" in line


def test_a_sqlite_that_is_too_old_for_wal_is_said_in_one_line_and_still_works(fresh: Running) -> None:
    hidden = fresh.data_dir.parent / "no-pysqlite3"
    hidden.mkdir()
    (hidden / "pysqlite3.py").write_text("raise ImportError")
    (hidden / "sitecustomize.py").write_text("import sqlite3\nsqlite3.sqlite_version_info = (3, 40, 1)\n")

    code, output = fresh.run("setup", PYTHONPATH=str(hidden))

    assert code == 0, output
    assert sum("3.51.3" in line for line in output.splitlines()) == 1
    assert not list(fresh.data_dir.glob("*-wal"))
    with sqlite3.connect(fresh.data_dir / "mail.sqlite3") as database:
        assert database.execute("PRAGMA journal_mode").fetchone() != ("wal",)


def test_an_old_python_is_one_clear_line() -> None:
    pretend = (
        "import sys, runpy; sys.version_info = (3, 10, 2, 'final', 0);"
        "runpy.run_path(sys.argv[1], run_name='__main__')"
    )

    for script in ("manage.py", "scripts/install.py"):
        done = subprocess.run(
            [sys.executable, "-c", pretend, str(ROOT / script)],
            capture_output=True,
            text=True,
            env={"PATH": "/nowhere"},
            check=False,
        )

        assert done.returncode == 1
        assert done.stderr == "error: Python 3.11 or newer is needed; this is 3.10.\n"


def test_missing_packages_are_one_clear_line(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-S", str(ROOT / "manage.py"), "check"], capture_output=True, text=True, check=False
    )

    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "make setup" in done.stderr


def test_set_up_starts_nothing_and_leaves_private_files_and_a_password_made_once(fresh: Running) -> None:
    code, output = fresh.run("setup")

    assert code == 0, output
    assert not fresh.processes()
    assert stat.S_IMODE(fresh.data_dir.stat().st_mode) == 0o700
    for path in fresh.data_dir.iterdir():
        if path.is_file():
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path

    password = (fresh.data_dir / "admin-password").read_text()
    code, output = fresh.run("setup")

    assert code == 0
    assert (fresh.data_dir / "admin-password").read_text() == password
    assert password.strip() not in output
    assert is_the_admins(fresh, password.strip())


def test_the_password_of_the_environment_is_the_admins_and_is_written_nowhere(running: Running) -> None:
    assert not (running.data_dir / "admin-password").exists()
    assert is_the_admins(running, "a long password")


def test_the_password_is_shown_once_on_a_terminal(fresh: Running) -> None:
    first, second = (on_a_terminal(fresh, "setup") for _ in range(2))

    [password] = re.findall(r"password ([a-z2-9-]{23})", first)
    assert "password" not in second
    assert not (fresh.data_dir / "admin-password").exists()
    assert is_the_admins(fresh, password)


def is_the_admins(running: Running, password: str) -> bool:
    """Whether the admin's password is that."""
    with sqlite3.connect(running.data_dir / "mail.sqlite3") as database:
        query = "SELECT password FROM auth_user WHERE username = 'admin' AND is_superuser AND is_staff"
        [(kept,)] = database.execute(query).fetchall()
    return check_password(password, kept)


def on_a_terminal(running: Running, *arguments: str) -> str:
    """What a command shows to somebody who sits at a terminal."""
    ours, theirs = pty.openpty()
    command = [sys.executable, str(ROOT / "manage.py"), *arguments]
    process = subprocess.Popen(
        command, env=running.environment, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    )
    os.close(theirs)
    shown = b""
    while True:
        try:
            read = os.read(ours, 4096)
        except OSError:  # EIO: nobody holds the other end any more
            break
        if not read:
            break
        shown += read
    os.close(ours)
    assert process.wait(30) == 0, shown
    return shown.decode(errors="replace")
