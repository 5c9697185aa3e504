"""“Send me a test message”: a real message through a real SMTP server."""

import email
import email.policy
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope

from inbox import sample_mail
from tests.web.conftest import Browser, Inbox


class Listener:
    """Takes everything, or answers whatever it is told to."""

    def __init__(self) -> None:
        self.reply = "250 OK"
        self.envelopes: list[Envelope] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:
        self.envelopes.append(envelope)
        return self.reply


@pytest.fixture
def listener(settings: Any) -> Iterator[Listener]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        settings.TEMPMAIL_SMTP_PORT = probe.getsockname()[1]
    handler = Listener()
    controller = Controller(handler, hostname="127.0.0.1", port=settings.TEMPMAIL_SMTP_PORT)
    controller.start()
    yield handler
    controller.stop()


def test_it_comes_by_smtp_with_text_and_html(inbox: Inbox, listener: Listener) -> None:
    response = inbox.browser.submit(f"{inbox.url}test/")
    assert response["Location"] == f"{inbox.url}?notice=test_sent"
    [envelope] = listener.envelopes
    assert (envelope.mail_from, envelope.rcpt_tos) == ("<>", [inbox.held.address])
    assert isinstance(envelope.content, bytes)
    message = email.message_from_bytes(envelope.content, policy=email.policy.default)
    assert message["To"] == inbox.held.address and message["Subject"].startswith("It works")
    assert b"\n" not in envelope.content.replace(b"\r\n", b"")
    for kind in ("plain", "html"):
        part = message.get_body((kind,))
        assert part is not None and inbox.held.address in part.get_content()
    assert b"It should be here in a moment" in inbox.browser.get(response["Location"]).content


def test_a_script_is_answered_204(inbox: Inbox, listener: Listener) -> None:
    assert inbox.browser.script(f"{inbox.url}test/").status_code == 204
    assert len(listener.envelopes) == 1


@pytest.mark.parametrize("host", ["", "0.0.0.0", "127.0.0.1"])
def test_the_listener_is_found_wherever_it_listens(
    inbox: Inbox, listener: Listener, settings: Any, host: str
) -> None:
    settings.TEMPMAIL_SMTP_HOST = host
    sample_mail.send(inbox.held.address)
    assert len(listener.envelopes) == 1


def test_a_refusal_is_said(inbox: Inbox, listener: Listener, caplog: pytest.LogCaptureFixture) -> None:
    listener.reply = f"452 {inbox.held.address} is over quota"
    assert inbox.browser.submit(f"{inbox.url}test/")["Location"].endswith("?notice=no_test")
    response = inbox.browser.script(f"{inbox.url}test/")
    assert response.status_code == 503 and response.json()["error"]
    assert inbox.held.address not in caplog.text


def test_a_listener_that_is_away_is_said(inbox: Inbox, settings: Any) -> None:
    settings.TEMPMAIL_SMTP_PORT = 1
    response = inbox.browser.get(inbox.browser.submit(f"{inbox.url}test/")["Location"])
    assert b"could not be sent" in response.content


def test_one_that_says_nothing_is_not_waited_for_long(inbox: Inbox, settings: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(sample_mail, "PATIENCE_SECONDS", 0.1)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        settings.TEMPMAIL_SMTP_PORT = silent.getsockname()[1]
        with pytest.raises(sample_mail.NotSent):
            sample_mail.send(inbox.held.address)


def test_a_peer_gets_only_so_many(inbox: Inbox, listener: Listener) -> None:
    answers = [inbox.browser.script(f"{inbox.url}test/") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [204, 204, 204, 429, 429]
    assert int(answers[-1]["Retry-After"]) > 30 and answers[-1].json()["error"]
    assert len(listener.envelopes) == 3


def test_a_stranger_sends_none(inbox: Inbox, stranger: Browser, listener: Listener) -> None:
    assert stranger.submit(f"{inbox.url}test/").status_code == 404
    assert not listener.envelopes
