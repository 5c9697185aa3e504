"""`manage.py runserver`: pages, websockets and the admin."""

from __future__ import annotations

import argparse
import os
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import autoreload

from inbox.running import begin, lifeline, listening


class Command(BaseCommand):
    help = "Serve the pages, websockets and the admin (daphne). Sets up whatever is missing first."
    requires_system_checks = ()  # set-up first: a check may want what it makes

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("address", nargs="?", metavar="[host:]port", help="short for --host and --port")
        parser.add_argument(
            "--host",
            default=settings.TEMPMAIL_HTTP_HOST,
            help="address to listen on; empty means IPv4 and IPv6 alike (TEMPMAIL_HTTP_HOST)",
        )
        parser.add_argument(
            "--port",
            type=int,
            default=settings.TEMPMAIL_HTTP_PORT,
            help="TCP port (TEMPMAIL_HTTP_PORT, %(default)s)",
        )
        parser.add_argument("--reload", action="store_true", help="start again when the code changes")

    def handle(self, *args: Any, **options: Any) -> None:
        host, port = options["host"], options["port"]
        if options["address"]:
            host, port = _split(options["address"], host)
        if options["reload"]:
            _tie_reloaded_child()
            autoreload.run_with_reloader(_serve, host, port)
        else:
            _serve(host, port)


def _serve(host: str, port: int) -> None:
    # Listen first: a port in use is said at once, and who connects during set-up waits instead of failing.
    sockets = listening.listen(host, port, "TEMPMAIL_HTTP")
    begin("web")
    from inbox.running import web

    web.serve(sockets)


def _tie_reloaded_child() -> None:
    """The reloader's child does the serving, and must not stay on the port when the reloader is killed."""
    if os.environ.get(autoreload.DJANGO_AUTORELOAD_ENV) == "true":
        return
    line = lifeline.Lifeline()
    os.set_inheritable(line.fd, True)  # the reloader starts its child with all inheritable descriptors
    os.environ.update(line.environment({}))


def _split(address: str, host: str) -> tuple[str, int]:
    before, _, port = address.rpartition(":")
    if not port.isdigit():
        raise CommandError(f"{address!r} is not [host:]port.")
    return before.strip("[]") or host, int(port)
