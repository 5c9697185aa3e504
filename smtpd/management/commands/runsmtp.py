"""`manage.py runsmtp`: receives mail."""

from __future__ import annotations

import dataclasses
import socket
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from inbox import running
from inbox.running import listening
from smtpd import server, workers
from smtpd.limits import Limits, option_of

_HELP = {
    "connections": "connections at once in a worker (421 beyond; fewer where the limit of open files is low)",
    "connections_per_peer": "connections at once from one IPv4 address or IPv6 /64 in a worker (421 beyond). "
    "Unless given: 100, and no limit for loopback, where a proxy or a local mail server speaks for everybody",
    "recipients": "mailboxes that one message may name (452 beyond)",
    "command_seconds": "how long to wait for the next command",
    "transaction_seconds": "how long a message may take from MAIL to its final dot",
    "session_seconds": "after how long a session ends at its next message or pause",
    "unread_seconds": "how long a peer may leave our replies unread",
    "least_bytes_per_second": "rate below which a message is given up, measured over --command-seconds",
    "bad_commands": "errors in a session (421 beyond)",
    "idle_commands": "NOOP, RSET, EHLO, VRFY and HELP without a message in between (421 beyond)",
    "refused_recipients": "refused recipients in a session (421 beyond)",
    "bytes_in_flight": "bytes of mail that all sessions of a worker may hold in memory (452 beyond)",
    "drain_bytes": "how much of a message that is too large is read on, so that it can be answered 552",
    "drain_seconds": "how long a message that is too large is read on",
    "shutdown_seconds": "how long open sessions have to finish when we end",
    "pressed_seconds": "how long anybody is waited for while four fifths of the connections are taken",
}


class Command(BaseCommand):
    help = "Receives mail by SMTP. SIGTERM or Ctrl-C ends it in order, a second one in haste."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--host",
            default=settings.TEMPMAIL_SMTP_HOST,
            help="address to listen on; empty: IPv4 and IPv6, where they exist (TEMPMAIL_SMTP_HOST)",
        )
        parser.add_argument(
            "--port",
            type=int,
            default=settings.TEMPMAIL_SMTP_PORT,
            help="port to listen on (TEMPMAIL_SMTP_PORT, %(default)s)",
        )
        parser.add_argument(
            "--workers",
            type=int,
            default=1,
            help="processes that share the port (%(default)s; on SQLite one is best, for it has one writer)",
        )
        # The bound sockets that a parent gives its workers.
        parser.add_argument("--inherited-sockets", default="", help="descriptors from a parent; not for you")
        limits = parser.add_argument_group("limits")
        for field in dataclasses.fields(Limits):
            number = float if isinstance(field.default, float) or field.name.endswith("_seconds") else int
            default = "" if field.default is None else f" ({field.default})"
            limits.add_argument(
                option_of(field.name),
                type=number,
                default=field.default,
                metavar="N",
                dest=field.name,
                help=_HELP[field.name] + default,
            )

    def handle(self, *args: Any, **options: Any) -> None:
        running.begin("smtp")
        limits = Limits(**{field.name: options[field.name] for field in dataclasses.fields(Limits)})
        if options["inherited_sockets"]:
            descriptors = map(int, options["inherited_sockets"].split(","))
            server.serve([socket.socket(fileno=descriptor) for descriptor in descriptors], limits)
            return
        sockets = listening.listen(options["host"], options["port"], "TEMPMAIL_SMTP")
        if options["workers"] > 1:
            workers.supervise(sockets, options["workers"], limits)
        else:
            server.serve(sockets, limits)
