"""Runs a piece of Python as the worker runs a job: after the imports no file and no memory without end."""

from __future__ import annotations

import subprocess
import sys

from tests.support import ROOT

_BEFORE = """
import resource, sys
from inbox.mail import {modules}
with open("/proc/self/statm") as file:
    space = int(file.read().split()[0]) * resource.getpagesize() + {megabytes} * 1024 * 1024
content = sys.stdin.buffer.read()
resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
resource.setrlimit(resource.RLIMIT_AS, (space, space))
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
"""


def shut_in(code: str, content: bytes = b"", *, modules: str, megabytes: int = 512) -> bytes:
    """What `code` wrote to stdout; it finds the bytes in `content`. Fails when it does."""
    done = subprocess.run(
        [sys.executable, "-E", "-s", "-c", _BEFORE.format(modules=modules, megabytes=megabytes) + code],
        input=content,
        capture_output=True,
        cwd=ROOT,
        env={},
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode(errors="replace")[-2000:]
    return done.stdout
