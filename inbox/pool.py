"""Worker processes that take mail apart, and may be lost (inbox/mail/worker.py is the other end).

Plain processes with pipes: a forked child of a threaded server inherits locks that nobody will ever open,
and the executors of the standard library refuse everything after one dead worker. Here a dead worker costs
the job it had. At most one a core; started when there is work, ended when there is none for a while.

The queue is fair a mailbox: jobs of one wait for each other, and while several mailboxes wait, one of them
never has all the workers. So a reader's bomb slows that reader's mail only.
"""

import contextlib
import json
import logging
import os
import struct
import subprocess
import sys
import threading
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

log = logging.getLogger(__name__)

#: How long a job may take once its source is over there.
JOB_SECONDS = 3.0
#: How long it may take to get there: it comes out of our own database.
FEED_SECONDS = 20.0
#: How long a job waits for its turn before its reader is asked to come again.
PATIENCE_SECONDS = 15.0
#: A worker without work ends after this.
IDLE_SECONDS = 30.0
#: A worker is replaced after so many jobs: what libraries forget to give back is given back then.
MOST_JOBS = 500
#: Jobs that may wait in all; more are turned away at once.
MOST_WAITING = 200
MOST_ANSWER_BYTES = 64 * 1024 * 1024

_LENGTH = struct.Struct(">I")
_ROOT = Path(__file__).resolve().parent.parent


class Busy(Exception):
    """No worker became free in time."""


class Lost(Exception):
    """The job took too long, or its worker ended: nothing is known of the message."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a job gave: plain values, and bytes."""

    result: dict[str, Any]
    content: bytes
    #: The length of `result` as it came: about what it takes in memory.
    result_bytes: int


class Pool:
    """The workers of one process. Every method may be called from any thread."""

    def __init__(
        self,
        most_workers: int,
        *,
        job_seconds: float = JOB_SECONDS,
        idle_seconds: float = IDLE_SECONDS,
        command: tuple[str, ...] = ("-m", "inbox.mail.worker"),
    ) -> None:
        self._turns = _Turns(most_workers)
        self._job_seconds = job_seconds
        self._idle_seconds = idle_seconds
        self._command = command
        self._lock = threading.Lock()
        self._idle: list[_Worker] = []
        self._sweeping = False

    def run(self, job: str, arguments: dict[str, Any], source: Iterable[bytes], *, mailbox_id: str) -> Answer:
        """Have `job` done on `source`, and wait for it. Raises Busy, Lost, and what `source` raises."""
        with self._turns.turn(mailbox_id):
            worker = self._take() or _Worker(self._command)
            try:
                answer = worker.run(job, arguments, source, self._job_seconds)
            except BaseException:
                worker.kill()
                raise
            self._give_back(worker)
            return answer

    def close(self) -> None:
        """End the workers that have no job."""
        with self._lock:
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.end()

    def _take(self) -> "_Worker | None":
        with self._lock:
            while self._idle:
                worker = self._idle.pop()
                if worker.is_alive:
                    return worker
                worker.kill()
        return None

    def _give_back(self, worker: "_Worker") -> None:
        if worker.jobs_done >= MOST_JOBS:
            worker.end()
            return
        worker.idle_since = time.monotonic()
        with self._lock:
            self._idle.append(worker)
            if self._sweeping:
                return
            self._sweeping = True
        threading.Thread(target=self._sweep, name="reading-idle", daemon=True).start()

    def _sweep(self) -> None:
        """End what has been idle for long; this thread ends with the last of them."""
        while True:
            time.sleep(self._idle_seconds / 2)
            with self._lock:
                before = time.monotonic() - self._idle_seconds
                ended = [worker for worker in self._idle if worker.idle_since <= before]
                self._idle = [worker for worker in self._idle if worker.idle_since > before]
                self._sweeping = bool(self._idle)
                goes_on = self._sweeping
            for worker in ended:
                worker.end()
            if not goes_on:
                return


class _Worker:
    """One process, used by one thread at a time."""

    def __init__(self, command: tuple[str, ...]) -> None:
        self.jobs_done = 0
        self._is_ready = False
        self.idle_since = 0.0
        # Nothing of ours is in its environment, and what it says on stderr might be mail.
        self._process = subprocess.Popen(
            [sys.executable, "-E", "-s", *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=_ROOT,
            env={},
            bufsize=0,
        )

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def run(self, job: str, arguments: dict[str, Any], source: Iterable[bytes], job_seconds: float) -> Answer:
        """One job. Whatever is raised, this worker is of no more use."""
        with self._killed_after(FEED_SECONDS), _pipe_faults():
            if not self._is_ready:
                self._receive()
                self._is_ready = True
            self._send(json.dumps({"job": job, "arguments": arguments}).encode())
            for piece in source:
                if piece:
                    self._send(piece)
            self._send(b"")
        with self._killed_after(job_seconds), _pipe_faults():
            described = self._receive()
            content = self._receive()
            head = json.loads(described)
        self.jobs_done += 1
        if "fault" in head:
            # MemoryError and the like leave nothing that could be relied on.
            log.warning("a reading job failed: %s", head["fault"])
            raise Lost(head["fault"])
        return Answer(cast("dict[str, Any]", head["result"]), content, len(described))

    def end(self) -> None:
        """Let it go in order."""
        with contextlib.suppress(OSError):
            self._input.close()
        try:
            self._process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            self.kill()
        self._output.close()

    def kill(self) -> None:
        """Let it go now."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._input, self._output):
            with contextlib.suppress(OSError):
                pipe.close()

    @property
    def _input(self) -> Any:
        return self._process.stdin

    @property
    def _output(self) -> Any:
        return self._process.stdout

    @contextmanager
    def _killed_after(self, seconds: float) -> Iterator[None]:
        """A pipe to a process that hangs blocks for ever; one to a dead process ends."""
        timer = threading.Timer(seconds, self._process.kill)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _send(self, content: bytes) -> None:
        _write_all(self._input, _LENGTH.pack(len(content)))
        if content:
            _write_all(self._input, content)

    def _receive(self) -> bytes:
        (size,) = _LENGTH.unpack(_read_exactly(self._output, _LENGTH.size))
        if size > MOST_ANSWER_BYTES:
            raise Lost("answer")
        return _read_exactly(self._output, size)


@contextmanager
def _pipe_faults() -> Iterator[None]:
    try:
        yield
    except (BrokenPipeError, EOFError, ValueError) as error:
        log.warning("a reading worker was lost")
        raise Lost("worker") from error


def _write_all(pipe: Any, content: bytes) -> None:
    left = memoryview(content)
    while left:
        left = left[pipe.write(left) :]


def _read_exactly(pipe: Any, size: int) -> bytes:
    content = bytearray()
    while len(content) < size:
        piece = pipe.read(min(size - len(content), 1 << 20))
        if not piece:
            raise EOFError
        content += piece
    return bytes(content)


class _Turns:
    """Who is next: mailboxes in turn, each with its own queue."""

    def __init__(self, most: int) -> None:
        self._free = most
        self._most_each = max(1, most - 1)
        self._running: Counter[str] = Counter()
        self._waiting: OrderedDict[str, deque[threading.Event]] = OrderedDict()
        self._count = 0
        self._lock = threading.Lock()

    @contextmanager
    def turn(self, mailbox_id: str, patience_seconds: float = PATIENCE_SECONDS) -> Iterator[None]:
        """Wait for a worker's place. Raises Busy."""
        ticket = threading.Event()
        with self._lock:
            if self._count >= MOST_WAITING:
                raise Busy
            self._waiting.setdefault(mailbox_id, deque()).append(ticket)
            self._count += 1
            self._call_next()
        if not ticket.wait(patience_seconds) and self._withdraw(mailbox_id, ticket):
            raise Busy
        try:
            yield
        finally:
            with self._lock:
                self._free += 1
                self._running[mailbox_id] -= 1
                if not self._running[mailbox_id]:
                    del self._running[mailbox_id]
                self._call_next()

    def _withdraw(self, mailbox_id: str, ticket: threading.Event) -> bool:
        """Whether the ticket was still waiting; it may have been called a moment ago."""
        with self._lock:
            if ticket.is_set():
                return False
            self._waiting[mailbox_id].remove(ticket)
            self._count -= 1
            if not self._waiting[mailbox_id]:
                del self._waiting[mailbox_id]
            return True

    def _call_next(self) -> None:
        """Hand out what is free. Linear in the mailboxes that wait, which are bounded."""
        for mailbox_id in list(self._waiting):
            if not self._free:
                return
            if self._running[mailbox_id] >= self._most_each:
                continue
            queue = self._waiting[mailbox_id]
            self._free -= 1
            self._running[mailbox_id] += 1
            self._count -= 1
            queue.popleft().set()
            # To the end of the line, if it has more to ask for.
            if queue:
                self._waiting.move_to_end(mailbox_id)
            else:
                del self._waiting[mailbox_id]


def _cores() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS
        return os.cpu_count() or 1


_shared: Pool | None = None
_shared_lock = threading.Lock()


def shared() -> Pool:
    """This process's pool: at most one worker a core, and none before there is work."""
    global _shared
    with _shared_lock:
        if _shared is None:
            _shared = Pool(_cores())
        return _shared
