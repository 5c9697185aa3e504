"""Starts processes of one installation by forking, and dies with whoever started it.

`python -m tests.faults.launcher`, in the environment of an installation. It imports the application once;
what it forks runs the project's own commands, as manage.py would. A life may be told where to die
(deaths.py). Requests are JSON lines on stdin, answers JSON lines on stdout; at the end of stdin everything
that is left is killed.

    {"run": ["runsmtp"], "death": "committed:3", "stderr": "/path", "overrides": {…}}  → {"pid": 17}
    {"reap": 17}                                                      → {"code": null} while it runs
    {"call": "read", "arguments": {…}}     a function of inside.py, in a process of its own → {"result": …}
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable
from typing import Any


def main() -> None:
    """Answer requests until stdin ends."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tempmail_site.settings")
    import django

    django.setup()
    _import_what_is_run()
    children: set[int] = set()
    print(json.dumps({"ready": True}), flush=True)
    try:
        for line in sys.stdin:
            print(json.dumps(_answer(json.loads(line), children)), flush=True)
    finally:
        for pid in children:
            os.kill(pid, signal.SIGKILL)


def _answer(request: dict[str, Any], children: set[int]) -> dict[str, Any]:
    if "run" in request:
        pid = _fork(lambda: _run(request))
        children.add(pid)
        return {"pid": pid}
    if "reap" in request:
        pid, status = os.waitpid(request["reap"], os.WNOHANG)
        children.discard(pid)
        return {"code": os.waitstatus_to_exitcode(status) if pid else None}
    return _call(request["call"], request["arguments"])


def _import_what_is_run() -> None:
    """So that a life begins in a moment. Not the web's: its reactor must not be made before the fork."""
    for module in (
        "inbox.access",
        "inbox.running.beginning",
        "smtpd.management.commands.runsmtp",
        "tests.faults.deaths",
        "tests.faults.inside",
    ):
        importlib.import_module(module)


def _fork(child: Callable[[], int]) -> int:
    sys.stdout.flush()
    pid = os.fork()
    if pid:
        return pid
    code = 70
    try:
        code = child()
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else 1
        if isinstance(leaving.code, str):
            sys.stderr.write(leaving.code + "\n")
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def _run(request: dict[str, Any]) -> int:
    _be_nobodys_child(request["stderr"])
    from django.conf import settings

    for name, value in request.get("overrides", {}).items():
        if name == "busy_seconds":
            settings.DATABASES["default"]["OPTIONS"]["timeout"] = value
        else:
            setattr(settings, name, value)
    if request.get("death"):
        from tests.faults import deaths

        deaths.arrange(request["death"])
    from django.core.management import execute_from_command_line

    execute_from_command_line(["manage.py", *request["run"]])
    return 0


def _be_nobodys_child(stderr: str) -> None:
    """No hold on the launcher's pipes: its end must be seen by whoever reads them."""
    nothing = os.open(os.devnull, os.O_RDWR)
    log = os.open(stderr, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for source, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    os.close(nothing)
    os.close(log)


def _call(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    reading, writing = os.pipe()

    def child() -> int:
        os.close(reading)
        from tests.faults import inside

        try:
            answer = {"result": getattr(inside, name)(**arguments)}
        except Exception:
            answer = {"error": traceback.format_exc()}
        with os.fdopen(writing, "w") as pipe:
            json.dump(answer, pipe, default=str)
        return 0

    pid = _fork(child)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        text = pipe.read()
    os.waitpid(pid, 0)
    return json.loads(text) if text else {"error": f"{name} died"}


if __name__ == "__main__":
    main()
