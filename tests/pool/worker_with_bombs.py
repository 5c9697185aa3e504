"""The real worker, with jobs beside its own that do what a hostile message might bring a library to."""

import os
import socket
import time
from typing import Any

from inbox.mail import worker
from inbox.mail.jobs import JOBS

Result = tuple[dict[str, Any], bytes]


def echo(arguments: dict[str, Any], source: bytes) -> Result:
    return arguments, source


def loop(arguments: dict[str, Any], source: bytes) -> Result:
    while True:
        pass


def sleep(arguments: dict[str, Any], source: bytes) -> Result:
    time.sleep(arguments["seconds"])
    return {}, b""


def crash(arguments: dict[str, Any], source: bytes) -> Result:
    os.abort()


def eat_memory(arguments: dict[str, Any], source: bytes) -> Result:
    eaten = []
    while True:
        eaten.append(bytes(16 << 20))


def open_file(arguments: dict[str, Any], source: bytes) -> Result:
    with open("/etc/passwd", "rb") as file:
        return {}, file.read()


def connect(arguments: dict[str, Any], source: bytes) -> Result:
    socket.create_connection(("127.0.0.1", 9), timeout=1)
    return {}, b""


def environment(arguments: dict[str, Any], source: bytes) -> Result:
    return {"names": sorted(os.environ), "pid": os.getpid()}, b""


def exit_softly(arguments: dict[str, Any], source: bytes) -> Result:
    raise SystemExit(3)


JOBS.update(
    {
        function.__name__: function
        for function in (echo, loop, sleep, crash, eat_memory, open_file, connect, environment, exit_softly)
    }
)

if __name__ == "__main__":
    worker.main()
