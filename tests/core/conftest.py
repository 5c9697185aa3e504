"""Mailboxes and mail for tests of the core, in a real database file."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from inbox import access, clock, creation, delivery, first_run, retention, rotation, sealing
from inbox.mail import summarise
from inbox.models import Mailbox, Policy
from tests.support import wait_for


class Clock:
    """The project's one clock, moved by hand."""

    def __init__(self) -> None:
        self._moved = timedelta(0)

    def move(self, **by: float) -> None:
        """Go on by `by` (timedelta's arguments)."""
        self._moved += timedelta(**by)

    def now(self) -> datetime:
        return _real_now() + self._moved


_real_now = clock.now


@pytest.fixture
def moving(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A clock that the test moves."""
    moved = Clock()
    monkeypatch.setattr(clock, "now", moved.now)
    return moved


@pytest.fixture
def rows(transactional_db: None) -> Iterator[Policy]:
    """What a first start puts into the database."""
    Policy.forget_current()
    first_run.ensure_rows()
    yield Policy.objects.get(id=1)
    Policy.forget_current()
    # It works on the database, which the next test has for itself.
    wait_for(lambda: not retention.truncating(), "the end of what a deletion began in the background")


@dataclass(frozen=True, slots=True)
class Held:
    """A mailbox and the secret that opens it."""

    pk: int
    address: str
    secret: bytes

    def open(self) -> access.OpenMailbox:
        opened = access.open_all([self.secret])
        assert opened, "the mailbox does not open"
        return opened[0]

    def opens(self) -> bool:
        return bool(access.open_all([self.secret]))

    def row(self) -> Mailbox:
        return Mailbox.objects.get(pk=self.pk)


@pytest.fixture
def new_mailbox(rows: Policy) -> Callable[..., Held]:
    def make(*, provisional: bool = False) -> Held:
        new = creation.create_random(rotation.pick(rotation.offered_domains()), provisional=provisional)
        return Held(new.mailbox.pk, str(new.mailbox.address), new.secret)

    return make


@pytest.fixture
def held(new_mailbox: Callable[..., Held]) -> Held:
    return new_mailbox()


def recipient(address: str) -> delivery.Recipient:
    """The recipient that RCPT would find."""
    from inbox.addresses import parse

    [lookup] = delivery.find_recipients([parse(address)])
    assert lookup.recipient is not None, lookup.verdict
    return lookup.recipient


def incoming(
    *addresses: str, subject: str = "Hello", body: bytes = b"text\r\n", padding: int = 0
) -> delivery.Incoming:
    """A message as the listener hands it over."""
    source = (
        b"From: Ann <ann@sender.example>\r\nSubject: "
        + subject.encode()
        + b"\r\n\r\n"
        + body
        + bytes(padding)
    )
    return delivery.Incoming(
        recipients=tuple(recipient(address) for address in addresses),
        reverse_path="ann@sender.example",
        source=sealing.seal_source([b"Return-Path: <ann@sender.example>\r\n", source]),
        summary=summarise(source),
        received_at=clock.now(),
        body_digest=delivery.digest_body([source]),
    )


def deliver(*addresses: str, **kwargs: object) -> delivery.Outcome:
    """Store one message; tells its fate."""
    [outcome] = delivery.store([incoming(*addresses, **kwargs)])  # type: ignore[arg-type]
    return outcome
