"""Several workers behind one bound socket: the parent starts them, starts them again, and ends them."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import logging
import os
import signal
import socket
import sys
from collections.abc import Sequence

from django.conf import settings

from inbox.running.lifeline import Lifeline
from smtpd.limits import Limits, option_of

log = logging.getLogger(__name__)

# A worker that died is started again after this long; each early death doubles it.
_FIRST_REST_SECONDS = 0.2
_LONGEST_REST_SECONDS = 10.0
_EARLY_SECONDS = 10.0
# What a worker may take beyond its own time to end, until it is killed.
_KILL_AFTER_SECONDS = 5


def supervise(sockets: Sequence[socket.socket], count: int, limits: Limits) -> None:
    """Run `count` workers on bound sockets until SIGTERM or SIGINT; a second one hurries them."""
    asyncio.run(_Workers(sockets, count, limits).run())


def options_of(limits: Limits) -> list[str]:
    """The options of runsmtp that make these limits."""
    return [
        f"{option_of(field.name)}={value}"
        for field in dataclasses.fields(limits)
        if (value := getattr(limits, field.name)) is not None
    ]


class _Workers:
    def __init__(self, sockets: Sequence[socket.socket], count: int, limits: Limits) -> None:
        self._sockets = sockets
        self._count = count
        self._limits = limits
        self._lifeline = Lifeline()
        self._running: set[asyncio.subprocess.Process] = set()
        self._ending = asyncio.Event()

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, self._end)
        log.info("SMTP has %d workers", self._count)
        kept = [asyncio.create_task(self._keep()) for _ in range(self._count)]
        await self._ending.wait()
        for bound in self._sockets:
            bound.close()
        _, late = await asyncio.wait(kept, timeout=self._limits.shutdown_seconds + _KILL_AFTER_SECONDS)
        if late:
            log.warning("%d workers did not end in time", len(late))
            for worker in self._running:
                worker.kill()
            await asyncio.wait(late)

    def _end(self) -> None:
        self._ending.set()
        for worker in self._running:
            with contextlib.suppress(ProcessLookupError):  # it has just ended by itself
                worker.send_signal(signal.SIGTERM)

    async def _keep(self) -> None:
        rest = _FIRST_REST_SECONDS
        loop = asyncio.get_running_loop()
        while not self._ending.is_set():
            began_at = loop.time()
            code = await self._run_one()
            if self._ending.is_set():
                return
            died_early = loop.time() - began_at < _EARLY_SECONDS
            rest = min(2 * rest, _LONGEST_REST_SECONDS) if died_early else _FIRST_REST_SECONDS
            log.error("an SMTP worker ended with %d; another one starts in %.1f s", code, rest)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), rest)

    async def _run_one(self) -> int:
        descriptors = [bound.fileno() for bound in self._sockets]
        worker = await asyncio.create_subprocess_exec(
            sys.executable,
            str(settings.BASE_DIR / "manage.py"),
            "runsmtp",
            *options_of(self._limits),
            f"--inherited-sockets={','.join(map(str, descriptors))}",
            pass_fds=(*descriptors, self._lifeline.fd),
            env=self._lifeline.environment(os.environ),
            # Ctrl-C reaches the parent alone, which tells them; else each would hear it twice, and hurry.
            start_new_session=True,
        )
        self._running.add(worker)
        try:
            if self._ending.is_set():
                worker.send_signal(signal.SIGTERM)
            return await worker.wait()
        finally:
            self._running.discard(worker)
