"""What every long-running process of ours does first, and once a minute from then on."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import logging
import resource
import threading
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.db import connections

from inbox import presence
from inbox.logs import fault
from inbox.running import lifeline, setup, valkey, valkey_file

logger = logging.getLogger(__name__)

_M_MMAP_THRESHOLD = -3  # malloc.h

_membership: valkey.Membership | None = None


def begin_process(kind: str) -> None:
    """See inbox.running.begin."""
    is_child = lifeline.watch()
    done = prepare_process()
    if not is_child:  # else the supervisor tells
        setup.tell(done)
    gc.freeze()  # as InboxConfig.ready() does: the command and what it needs have come meanwhile
    keep_beating(kind)


def prepare_process() -> setup.Done:
    """Limits, first-run set-up, Valkey: what a process needs that is seen by nobody (the supervisor)."""
    set_limits()
    refuse_what_is_unsafe()
    done = setup.ensure()
    join_valkey()
    return done


def refuse_what_is_unsafe() -> None:
    """Do not start with settings that our checks call an error. Raises ImproperlyConfigured."""
    found = checks.run_checks(tags=[checks.Tags.security, checks.Tags.database])
    errors = [message for message in found if message.is_serious() and not message.is_silenced()]
    if errors:
        raise ImproperlyConfigured(" ".join(f"{error.msg} {error.hint or ''}".strip() for error in errors))


def set_limits() -> None:
    """As many descriptors as we may have; and no core dump, which would hold mail in the clear."""
    give_memory_back()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with contextlib.suppress(ValueError, OSError):  # macOS says infinity and takes less
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def give_memory_back() -> None:
    """Let what a large message took go back to the system with it (glibc; elsewhere nothing)."""
    # Unless told, glibc raises this to 32 MB with the first large block that is freed. From then on such
    # blocks come from the heap, where one small thing above them keeps them all (mallopt(3)).
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, 256 * 1024)


def join_valkey() -> None:
    """Use the embedded Valkey from here to the end of the process, unless REDIS_URL names another server."""
    global _membership
    if not settings.TEMPMAIL_EMBEDDED_VALKEY or _membership is not None:
        return
    data_dir: Path = settings.TEMPMAIL_DATA_DIR
    _membership = valkey.join(data_dir)
    use_valkey_at(valkey_file.address(data_dir).url)


def leave_valkey() -> None:
    """Stop using the embedded Valkey; it ends when nobody else does."""
    global _membership
    if _membership is not None:
        _membership.leave()
        _membership = None


def use_valkey_at(url: str) -> None:
    """Correct the settings, which were read before the first user may have had to choose another port."""
    if url == settings.REDIS_URL:
        return
    before, settings.REDIS_URL = settings.REDIS_URL, url
    for cache in settings.CACHES.values():
        if cache.get("LOCATION") == before:
            cache["LOCATION"] = url
    layer: dict[str, Any] = settings.CHANNEL_LAYERS["default"]
    for host in layer["CONFIG"]["hosts"]:
        if host["address"] == before:
            host["address"] = url


def keep_beating(kind: str) -> None:
    """Say now, and then each minute, that this process runs and what its clock shows."""
    beat_once(kind)
    threading.Thread(target=_beat, args=(kind,), name="presence", daemon=True).start()


def beat_once(kind: str) -> None:
    """One beat; a database that fails just now must not end the process for it."""
    try:
        presence.beat(kind)
        if kind == "tasks":
            from inbox import tasks

            tasks.ensure_schedules()  # heals a schedule that a clock since put back had left years ahead
    except Exception as error:
        logger.warning("Could not write that this process lives: %s", fault(error))
    finally:
        connections.close_all()


def _beat(kind: str) -> None:
    pause = threading.Event()
    while not pause.wait(presence.BEAT.total_seconds()):
        beat_once(kind)
