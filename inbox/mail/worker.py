"""Takes mail apart for a web process, in a process that can be lost: `python -m inbox.mail.worker`.

Whatever a message does to the libraries that read it (a crash, a loop, memory without end) happens here,
where nothing else is: no Django, no key, no environment, and after the imports no new file or socket. The
other end is inbox/pool.py.

On stdin and stdout, frames: four bytes of length (big-endian), then the bytes. A job is a frame of JSON
{"job": name, "arguments": {…}}, the source in any number of frames, and an empty one. The answer is a frame
of JSON, {"result": {…}} or {"fault": the exception's name}, and a frame of bytes. Before all of that an empty
frame says that the worker is ready.
"""

import encodings
import importlib
import io
import json
import os
import pkgutil
import resource
import signal
import struct
import sys
from typing import Any, BinaryIO

from inbox.mail.jobs import JOBS

#: What a job may take of the processor. The parent looks at the clock on the wall, and is the stricter one.
JOB_SECONDS = 4
#: Address space beyond what the imports took: a message of 25 MB several times over, or a page of a PDF.
JOB_BYTES = 512 * 1024 * 1024
#: A frame longer than this is no frame of ours.
MOST_FRAME_BYTES = 64 * 1024 * 1024

_LENGTH = struct.Struct(">I")


class EndOfJobs(Exception):
    """The other end is gone."""


def main() -> None:
    """Answer jobs until stdin ends."""
    # Ctrl-C reaches the whole terminal; when to end is the parent's business.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    jobs, answers = sys.stdin.buffer, sys.stdout.buffer
    _load_codecs()
    _shut_in()
    try:
        # The other end counts a job's seconds from here on, not those of the imports.
        _write_frame(answers, b"")
        answers.flush()
        while True:
            _allow_a_job()
            _answer(jobs, answers)
    except (EndOfJobs, BrokenPipeError):
        # Nothing is left to flush, and whatever a library would do at the end needs files.
        os._exit(0)


def _answer(jobs: BinaryIO, answers: BinaryIO) -> None:
    asked = json.loads(_read_frame(jobs))
    source = _read_source(jobs)
    try:
        result, content = JOBS[asked["job"]](asked["arguments"], source)
        head: dict[str, Any] = {"result": result}
    except BaseException as error:
        # A Rust panic is a BaseException. The name says enough; the text might hold mail.
        head, content = {"fault": type(error).__name__}, b""
    _write_frame(answers, json.dumps(head).encode())
    _write_frame(answers, content)
    answers.flush()


def _read_source(jobs: BinaryIO) -> bytes:
    """The frames up to the empty one, put together in place."""
    whole = io.BytesIO()
    while frame := _read_frame(jobs):
        whole.write(frame)
    return whole.getvalue()


def _read_frame(stream: BinaryIO) -> bytes:
    length = stream.read(_LENGTH.size)
    if len(length) < _LENGTH.size:
        raise EndOfJobs
    (size,) = _LENGTH.unpack(length)
    content = stream.read(size)
    if len(content) < size:
        raise EndOfJobs
    return content


def _write_frame(stream: BinaryIO, content: bytes) -> None:
    stream.write(_LENGTH.pack(len(content)))
    stream.write(content)


def _load_codecs() -> None:
    """Python opens a codec's file when it is first asked for it, and later no file can be opened."""
    for module in pkgutil.iter_modules(encodings.__path__):
        if module.name not in ("mbcs", "oem"):  # Windows' own
            importlib.import_module(f"encodings.{module.name}")


def _shut_in() -> None:
    """No core dump, no file or socket from here on, and memory that ends somewhere."""
    space = _address_space()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
    if space:
        resource.setrlimit(resource.RLIMIT_AS, (space + JOB_BYTES, space + JOB_BYTES))


def _address_space() -> int:
    """What this process has of it, in bytes; 0 where the system does not say, and would not keep to it."""
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[0]) * resource.getpagesize()
    except (OSError, ValueError):
        return 0


def _allow_a_job() -> None:
    """RLIMIT_CPU counts what was used since the start, so it is set anew before each job."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime) + 1 + JOB_SECONDS
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    if hard == resource.RLIM_INFINITY or soft <= hard:
        resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))


if __name__ == "__main__":
    main()
