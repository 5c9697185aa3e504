"""manage.py sweep: erase now what is due."""

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error as DatabaseError

from inbox import presence, retention
from inbox.logs import fault

EXIT_HELD = 3
EXIT_UNFINISHED = 4


class Command(BaseCommand):
    help = (
        "Erase now what is due: mailboxes whose time is over, deleted messages, sources nobody holds. "
        "Safe to interrupt and safe beside other sweeps. Exit codes: 0 all that was due is erased, "
        f"1 the database failed, {EXIT_HELD} erasing waits because the clock jumped, "
        f"{EXIT_UNFINISHED} more is due than fitted into --seconds."
    )

    requires_system_checks = ()  # works also where the web's part is broken

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--dry-run", action="store_true", help="only count what would be erased; write nothing"
        )
        parser.add_argument(
            "--trust-clock",
            action="store_true",
            help="the clock is right although it jumped: stop waiting and erase",
        )
        parser.add_argument(
            "--seconds",
            type=float,
            default=600.0,
            help="begin no more batches after this long (default: %(default)g)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["dry_run"]:
                self._say(retention.sweep_dry_run(), "would erase", "would re-time")
                return
            if options["trust_clock"]:
                presence.trust_clock()
            done = self._sweep(options["seconds"])
        except DatabaseError as error:
            raise CommandError(
                f"The database cannot be used ({fault(error)}). Was it set up? Run: make setup"
            ) from error
        if done.held is not None:
            raise CommandError("Nothing that was due is erased yet.", returncode=EXIT_HELD)
        if not done.finished:
            raise CommandError("More is due. Run it again.", returncode=EXIT_UNFINISHED)

    def _sweep(self, seconds: float) -> retention.Swept:
        """Sweeps until all is erased, or until time is up."""
        deadline, total = time.monotonic() + seconds, retention.Swept()
        while True:
            done = retention.sweep(seconds=max(0.0, min(50.0, deadline - time.monotonic())))
            total.mailboxes += done.mailboxes
            total.messages += done.messages
            total.sources += done.sources
            total.digests += done.digests
            total.retimed += done.retimed
            total.finished, total.truncated, total.held = done.finished, done.truncated, done.held
            total.to_retime = done.to_retime
            if done.finished or time.monotonic() >= deadline:
                break
        self._say(total, "erased", "re-timed")
        if not total.truncated:
            self.stdout.write(
                "The write-ahead log could not be cut: somebody reads from it. The next sweep tries again."
            )
        return total

    def _say(self, done: retention.Swept, erased: str, retimed: str) -> None:
        self.stdout.write(
            f"{erased}: {done.mailboxes} mailboxes, {done.messages} messages, {done.sources} sources, "
            f"{done.digests} repeat digests; {retimed}: {done.retimed} mailboxes"
        )
        if done.held is not None:
            self.stdout.write(f"Erasing waits: {done.held}.")
        if done.to_retime:
            self.stdout.write(
                f"Still owed: re-timing of {done.to_retime} mailboxes. The next sweep goes on with it."
            )
