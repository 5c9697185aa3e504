"""Browsers, and mailboxes with mail in them, against a real database file and a real Valkey."""

import base64
import dataclasses
import html
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from inbox import cookies, delivery, sealing
from inbox.mail import summarise
from inbox.models import Policy
from tests.core.conftest import Clock, Held, deliver, held, incoming, moving, new_mailbox, rows

__all__ = ["Clock", "Held", "deliver", "held", "incoming", "moving", "new_mailbox", "rows"]

HTML_SOURCE = (
    b"From: Shop <no-reply@shop.example>\r\nTo: you@one.example\r\nSubject: Confirm\r\n"
    b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    b"--b\r\nContent-Type: multipart/alternative; boundary=a\r\n\r\n"
    b"--a\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nWelcome to the shop.\r\n"
    b"--a\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
    b"<p>Welcome <b>here</b></p><script>alert(1)</script><img src='https://spy.example/x.png'>\r\n"
    b"--a--\r\n"
    b"--b\r\nContent-Type: text/html; name=page.html\r\n"
    b'Content-Disposition: attachment; filename="a \xc3\xbc b.html"\r\n'
    b"Content-Transfer-Encoding: base64\r\n\r\nPHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==\r\n"
    b"--b--\r\n"
)


class Browser(Client):
    """Django's client with what a browser has and a person sees."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(enforce_csrf_checks=True, **kwargs)

    # -- cookies

    @property
    def secrets(self) -> dict[str, bytes]:
        """Mailbox id → secret, as the cookies have them."""
        values = {name: morsel.value for name, morsel in self.cookies.items() if morsel.value}
        return dict(cookies.read(values, secure=False).secrets)

    @property
    def current(self) -> str:
        morsel = self.cookies.get(cookies.name_of("current", secure=False))
        return morsel.value if morsel else ""

    def give(self, held: Held) -> str:
        """Put a mailbox's cookie into this browser; returns its id."""
        mailbox_id = held.open().mailbox_id
        self.set_secret(mailbox_id, held.secret)
        return mailbox_id

    def set_secret(self, mailbox_id: str, secret: bytes) -> None:
        value = base64.urlsafe_b64encode(secret).decode().rstrip("=")
        self.cookies[cookies.name_of(mailbox_id, secure=False)] = value

    # -- forms

    def submit(self, url: str, data: dict[str, str] | None = None, **kwargs: Any) -> Any:
        """Post a form with the token that a page of ours would have put into it."""
        if "csrftoken" not in self.cookies or not self.cookies["csrftoken"].value:
            self.cookies["csrftoken"] = "a" * 32
        data = {"csrfmiddlewaretoken": self.cookies["csrftoken"].value, **(data or {})}
        return self.post(url, data, **kwargs)

    def script(self, url: str, data: dict[str, str] | None = None) -> Any:
        """The same as the page's script does it."""
        return self.submit(url, data, headers={"accept": "application/json"})


@pytest.fixture
def browser(rows: Policy) -> Browser:
    return Browser()


@pytest.fixture
def stranger(rows: Policy) -> Browser:
    return Browser()


@dataclasses.dataclass
class Inbox:
    """A browser with one mailbox, and mail for it."""

    browser: Browser
    held: Held
    id: str
    messages: list[str] = dataclasses.field(default_factory=list)

    @property
    def url(self) -> str:
        return f"/m/{self.id}/"

    def message_url(self, index: int = -1) -> str:
        return f"{self.url}{self.messages[index]}/"

    def receive(self, subject: str = "Hello", **kwargs: Any) -> str:
        """Store one message; returns its id."""
        deliver(self.held.address, subject=subject, **kwargs)
        self.messages = [row.message_id for row in self.held.open().rows()]
        return self.messages[-1]

    def receive_summed(self, **fields: Any) -> str:
        """Store a message whose row says this."""
        message = incoming(self.held.address)
        summary = dataclasses.replace(message.summary, **fields)
        delivery.store([dataclasses.replace(message, summary=summary)])
        self.messages = [row.message_id for row in self.held.open().rows()]
        return self.messages[-1]

    def receive_source(self, source: bytes) -> str:
        """Store this very source."""
        message = dataclasses.replace(
            incoming(self.held.address), source=sealing.seal_source([source]), summary=summarise(source)
        )
        delivery.store([message])
        self.messages = [row.message_id for row in self.held.open().rows()]
        return self.messages[-1]


@pytest.fixture
def inbox(browser: Browser, new_mailbox: Callable[..., Held]) -> Inbox:
    held = new_mailbox()
    return Inbox(browser, held, browser.give(held))


SUBJECT = r'data-testid="message-subject">(.*?)</bdi>'


# -- what a page says ------------------------------------------------------------------------------


def text_of(response: HttpResponse, testid: str) -> str:
    """The text of the first element with this data-testid, without its tags."""
    page = response.content.decode()
    match = re.search(rf'<(\w+)[^>]*data-testid="{testid}"[^>]*>(.*?)</\1>', page, re.S)
    assert match, f"the page has no {testid}"
    return html.unescape(re.sub(r"<[^>]+>", "", match[2])).strip()


def address_of(response: HttpResponse) -> str:
    """The address that a page shows."""
    return text_of(response, "address")


def subjects_of(response: HttpResponse) -> list[str]:
    """The rows' subjects, from top to bottom."""
    page = response.content.decode()
    return [html.unescape(subject) for subject in re.findall(SUBJECT, page)]


def state_of(response: HttpResponse) -> str:
    match = re.search(r'data-state="(living|hidden|ended)"', response.content.decode())
    assert match
    return match[1]
