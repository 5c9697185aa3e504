"""A message to a mailbox of ours, so that somebody sees that it works. It comes by SMTP as all mail does."""

import logging
import smtplib
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from inbox import clock, logs

logger = logging.getLogger(__name__)

PATIENCE_SECONDS = 5


class NotSent(Exception):
    """Our listener did not take it."""


def send(address: str) -> None:
    """Send it and wait for the reply: 250 means that it is on disk. Raises NotSent."""
    try:
        with smtplib.SMTP(
            _listener_host(),
            settings.TEMPMAIL_SMTP_PORT,
            local_hostname="localhost",
            timeout=PATIENCE_SECONDS,
        ) as client:
            # Without a reverse-path nobody answers it (RFC 5321 4.5.5).
            client.sendmail("", [address], _message(address).as_bytes(policy=SMTP))
    except (OSError, smtplib.SMTPException) as error:
        logger.warning("the test message was not taken: %s", logs.fault(error))
        raise NotSent from error


def _listener_host() -> str:
    """Where our own listener is reached from here."""
    host: str = settings.TEMPMAIL_SMTP_HOST
    return {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104


def _message(address: str) -> EmailMessage:
    domain = address.rpartition("@")[2]
    message = EmailMessage()
    message["From"] = f"tempmail <hello@{domain}>"
    message["To"] = address
    message["Subject"] = _("It works: mail to this address arrives here")
    message["Date"] = format_datetime(clock.now())
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(render_to_string("inbox/mail/test.txt", {"address": address}))
    message.add_alternative(render_to_string("inbox/mail/test.html", {"address": address}), subtype="html")
    return message
