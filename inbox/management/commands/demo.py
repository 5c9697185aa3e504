"""manage.py demo: realistic mail for a running instance, by SMTP like any other."""

import smtplib
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error as DatabaseError

from inbox import clock
from inbox.addresses import AddressError, parse
from inbox.demo_mail import demo_mails
from inbox.health import smtp_hosts
from inbox.logs import fault
from inbox.models import Mailbox

PATIENCE_SECONDS = 20


class Command(BaseCommand):
    help = (
        "Send a dozen realistic mails (sign-up code, newsletter, receipt with PDF, Arabic, Japanese, "
        "invitation, delivery report …) by SMTP to the newest living mailbox of this instance, "
        "which has to be running."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--address", help="send to this address instead of the newest living mailbox's")

    def handle(self, *args: Any, **options: Any) -> None:
        address = _checked(options["address"]) if options["address"] else _newest_address()
        with _listener() as client:
            for mail in demo_mails(address, clock.now()):
                try:
                    client.sendmail(mail.reverse_path, [address], mail.source)
                except smtplib.SMTPRecipientsRefused as error:
                    [(code, _text)] = error.recipients.values()
                    raise CommandError(f"The listener refuses mail for {address} ({code}).") from error
                except (smtplib.SMTPException, OSError) as error:
                    raise CommandError(f"The listener did not take the mail ({fault(error)}).") from error
                self.stdout.write(f"  {mail.what}")
        self.stdout.write(f"Sent to {address}. Look at the page: they are there.")


def _newest_address() -> str:
    try:
        address = (
            Mailbox.objects.living(clock.now())
            .filter(kind=Mailbox.Kind.PERSON)
            .order_by("-created_at")
            .values_list("address", flat=True)
            .first()
        )
    except DatabaseError as error:
        raise CommandError("The database cannot be used. Is the instance running? Run: make run") from error
    if address is None:
        raise CommandError("No mailbox lives. Open the page first, or name one with --address.")
    return str(address)


def _checked(address: str) -> str:
    try:
        return str(parse(address))
    except AddressError as error:
        raise CommandError(f"{address!r} is not an address.") from error


def _listener() -> smtplib.SMTP:
    for host in smtp_hosts():
        try:
            return smtplib.SMTP(
                host, settings.TEMPMAIL_SMTP_PORT, local_hostname="demo.example", timeout=PATIENCE_SECONDS
            )
        except (smtplib.SMTPException, OSError):
            continue
    raise CommandError(
        f"Nobody listens for mail on port {settings.TEMPMAIL_SMTP_PORT}. "
        "Is the instance running? Run: make run"
    )
