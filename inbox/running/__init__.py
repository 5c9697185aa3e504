"""Starting, supervising and ending our processes."""

from __future__ import annotations


def begin(kind: str) -> None:
    """Make this process one of ours; every long-running command calls it first.

    `kind` is "smtp", "web" or "tasks". In this order: leave when the parent does, first-run set-up (under a
    lock, whichever command comes first), the embedded Valkey, and the minute beat that keeps "last seen".
    Raises ImproperlyConfigured or DataDirUnusable with one line for a person.
    """
    from inbox.running.beginning import begin_process

    begin_process(kind)
