"""A real browser before a real service.

Playwright keeps an event loop in the main thread while it is started, in which Django refuses to query. So it
lives as long as this folder's tests, and nothing in them touches the database: they look from outside.
"""

from __future__ import annotations

import smtplib
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect, sync_playwright

from tests.inspector import Inspector
from tests.support import Clock, Running, chromium, copied, wait_for

expect.set_options(timeout=20_000)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Chromium, for all tests of this folder."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**chromium())
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def whole_browser(browser: Browser) -> Iterator[Browser]:
    """A Chromium with all that people have: notifications, a profile."""
    whole = browser.browser_type.launch(**chromium(whole=True))
    yield whole
    whole.close()


@pytest.fixture(scope="package")
def site(tmp_path_factory: pytest.TempPathFactory, set_up_data_dir: Path) -> Iterator[Running]:
    """One service for the tests that leave it as it was."""
    with copied(set_up_data_dir, tmp_path_factory.mktemp("site")) as running:
        running.start_and_wait("runall")
        yield running


@pytest.fixture
def timed(running: Running, moved_clock: Callable[[Running], Clock]) -> tuple[Running, Clock]:
    """A service of the test's own whose clock it moves."""
    clock = moved_clock(running)
    running.start_and_wait("runall")
    return running, clock


class Visitor:
    """Somebody with a browser of their own, at a service."""

    def __init__(self, browser: Browser, running: Running, **options: Any) -> None:
        self.running = running
        # Drawn in software, what moves all the time takes a tenth of a core for each open page.
        options = {"reduced_motion": "reduce", "viewport": {"width": 1280, "height": 800}, **options}
        self.context: BrowserContext = browser.new_context(base_url=running.url, **options)
        self.context.set_default_timeout(40_000)
        self.errors: list[str] = []
        self.context.on("weberror", lambda error: self.errors.append(str(error.error)))
        self.context.on("console", self._note)

    def _note(self, message: Any) -> None:
        if message.type == "error" and "violates the following Content Security Policy" in message.text:
            self.errors.append(message.text)

    def tab(self, path: str = "", *, live: bool = True) -> Page:
        """A new tab on a page of the service; `live` waits for its socket."""
        page = self.context.new_page()
        page.goto(path)
        if live:
            expect(page.get_by_test_id("connection")).to_have_attribute("data-state", "live")
        return page


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Visitor]]:
    """Makes visitors; a script error or a policy violation on any of their pages fails the test."""
    visitors: list[Visitor] = []

    def make(running: Running, by: Browser = browser, **options: Any) -> Visitor:
        visitors.append(Visitor(by, running, **options))
        return visitors[-1]

    yield make
    errors = [error for visitor in visitors for error in visitor.errors]
    for visitor in visitors:
        visitor.context.close()
    assert not errors, errors


@pytest.fixture
def inspector() -> Iterator[Inspector]:
    """axe; whatever it finds fails the test."""
    inspector = Inspector()
    yield inspector
    assert not inspector.found, "\n".join(inspector.found)


def take_cookies_away(visitor: Visitor) -> None:
    """Nothing the server sets is kept, and nothing is sent: fetched for the browser by somebody else."""

    def fetch(route: Route) -> None:
        response = visitor.running.get(route.request.url.removeprefix(visitor.running.url))
        headers = {name: value for name, value in response.headers.items() if name.lower() != "set-cookie"}
        route.fulfill(status=response.status, headers=headers, body=response.read())

    visitor.context.route("**/*", fetch)


def address_on(page: Page) -> str:
    """The address that the page shows."""
    return page.get_by_test_id("address").inner_text().strip()


def mail(
    subject: str = "Hello", text: str = "It works.\n", sender: str = "Ann <ann@sender.example>"
) -> EmailMessage:
    """A plain message."""
    message = EmailMessage()
    message["From"] = sender
    message["To"] = "somebody@elsewhere.example"
    message["Subject"] = subject
    message["Date"] = "Wed, 25 Nov 2026 10:00:00 +0000"
    message.set_content(text)
    return message


def send(running: Running, address: str, message: EmailMessage | bytes | None = None, **kwargs: str) -> None:
    """Hand a message to the service; returns after its 250."""
    source = message if isinstance(message, bytes) else (message or mail(**kwargs)).as_bytes()
    with smtplib.SMTP("127.0.0.1", running.smtp_port, timeout=15) as client:
        client.sendmail("ann@sender.example", [address], source)


def rcpt(running: Running, address: str) -> int:
    """The listener's reply code to RCPT for an address."""
    with smtplib.SMTP("127.0.0.1", running.smtp_port, timeout=15) as client:
        client.ehlo("sender.example")
        client.mail("ann@sender.example")
        return client.rcpt(address)[0]


def refuse_as_too_large(running: Running, address: str) -> int:
    """Announce more than the service takes; the listener's reply code to it."""
    with smtplib.SMTP("127.0.0.1", running.smtp_port, timeout=15) as client:
        client.ehlo("sender.example")
        client.mail("big@sender.example", ["SIZE=999000000"])
        return client.rcpt(address)[0]


def subjects(page: Page) -> list[str]:
    """The list's subjects, from the top."""
    return [text.strip() for text in page.get_by_test_id("message-subject").all_inner_texts()]


def wait_for_subjects(page: Page, *wanted: str) -> None:
    """Wait until the list is exactly this, from the top."""
    wait_for_page(page, lambda: subjects(page) == list(wanted), f"{wanted} in the list")


def wait_for_page(page: Page, condition: Callable[[], object], what: str, seconds: float = 30.0) -> None:
    """As `wait_for`, while the browser goes on."""

    def step() -> object:
        page.wait_for_timeout(50)
        return condition()

    wait_for(step, what, seconds)
