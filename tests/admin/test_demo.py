"""`make demo`: a dozen realistic mails, by real SMTP, into the newest living mailbox."""

import subprocess

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from inbox import clock, mail
from inbox.demo_mail import demo_mails
from tests.admin.conftest import command
from tests.core.conftest import Held

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "queue"])


def test_every_demo_mail_can_be_read_in_full() -> None:
    mails = demo_mails("somebody@one.example", clock.now())
    assert len(mails) == 12 == len({each.what for each in mails})
    for each in mails:
        parsed = mail.read(each.source)
        assert parsed.subject and parsed.sender.address and (parsed.text or parsed.html), each.what
        assert parsed.date is not None and parsed.date <= clock.now(), each.what
        assert not parsed.notes, (each.what, parsed.notes)


@pytest.mark.parametrize(
    ("what", "begins", "name"),
    [
        ("receipt with PDF, sent to a +tag", b"%PDF-1.4", "receipt-2024-11.pdf"),
        ("photo attached", b"\x89PNG", "view from the pass.png"),
    ],
)
def test_its_attachments_are_real_files(what: str, begins: bytes, name: str) -> None:
    [source] = [each.source for each in demo_mails("somebody@one.example", clock.now()) if each.what == what]
    [part] = mail.read(source).attachments
    assert part.name == name
    data = b"".join(mail.attachment_pieces(source, part.index))
    assert data.startswith(begins) and len(data) == part.size_bytes


def test_when_nobody_listens_it_says_so_in_one_line(held: Held, settings: Settings) -> None:
    arguments, environment = command("demo")
    environment["TEMPMAIL_SMTP_PORT"] = "1"
    done = subprocess.run(arguments, env=environment, capture_output=True, text=True, timeout=30)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1 and "Nobody listens for mail on port 1." in done.stderr


def test_when_no_mailbox_lives_it_says_so(rows: object) -> None:
    with pytest.raises(CommandError, match="No mailbox lives"):
        call_command("demo")


def test_what_is_no_address_is_refused(rows: object) -> None:
    with pytest.raises(CommandError, match="is not an address"):
        call_command("demo", "--address", "not an address")
