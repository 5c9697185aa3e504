"""What every response carries."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from inbox.models import Policy
from tests.web.conftest import HTML_SOURCE, Browser, Held, Inbox

PAGES = ["/", "/gone/", "/privacy/", "/nowhere/", "{box}", "{box}delete/", "{message}", "{message}?view=text"]
APART = ["{message}html/", "{message}source/", "{message}part/0/"]
OTHERS = ["{box}seen.gif", "{box}seen.css", "{box}qr.svg", "/updates/", *APART]


@pytest.fixture
def responses(inbox: Inbox) -> dict[str, Any]:
    inbox.receive_source(HTML_SOURCE)
    return {
        url: inbox.browser.get(url.format(box=inbox.url, message=inbox.message_url()))
        for url in PAGES + OTHERS
    }


def test_nothing_behind_the_cookie_is_stored_indexed_or_framed(responses: dict[str, Any]) -> None:
    for url, response in responses.items():
        headers = response.headers
        assert headers["Cache-Control"] == "no-store", url
        assert headers["X-Robots-Tag"] == "noindex, nofollow", url
        assert headers["X-Content-Type-Options"] == "nosniff", url
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin", url
        assert "Content-Security-Policy" in headers and "Permissions-Policy" in headers, url
        assert headers["X-Frame-Options"] == ("SAMEORIGIN" if url.endswith("html/") else "DENY"), url
        assert headers["Referrer-Policy"] == ("no-referrer" if url in APART else "same-origin"), url
        assert headers["X-DNS-Prefetch-Control"] == "off", url


def test_pages_run_and_load_nothing_but_our_own_files(responses: dict[str, Any]) -> None:
    for url in PAGES:
        policy = responses[url]["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'"), url
        assert "unsafe" not in policy and "frame-ancestors 'none'" in policy and "base-uri 'none'" in policy
        assert "connect-src 'self' ws://testserver;" in policy


def test_over_https_the_websocket_is_named_so(browser: Browser) -> None:
    assert "wss://testserver;" in browser.get("/", secure=True)["Content-Security-Policy"]


def test_no_page_has_anything_inline_or_foreign(responses: dict[str, Any]) -> None:
    for url in PAGES:
        page = responses[url].content.decode()
        assert not re.search(r"<script(?![^>]*\ssrc=)", page), url
        assert "<style" not in page and not re.search(r"\sstyle=|\son\w+=", page), url
        assert not re.search(r"""(?:src|href|action)=["']?(?:https?:)?//""", page), url


def test_every_text_says_its_charset(responses: dict[str, Any]) -> None:
    for url, response in responses.items():
        if response["Content-Type"].startswith("text/"):
            assert response["Content-Type"].endswith("charset=utf-8"), url


def test_robots_are_sent_away(rows: Policy) -> None:
    assert Client().get("/robots.txt").content == b"User-agent: *\nDisallow: /\n"


def test_the_icon_is_where_browsers_look(rows: Policy) -> None:
    assert re.search(r"/favicon[.0-9a-f]*\.svg$", Client().get("/favicon.ico")["Location"])


def test_the_admin_has_a_policy_of_its_own_that_it_works_under(rows: Policy) -> None:
    response = Client().get("/admin/login/")
    assert response.status_code == 200
    assert "script-src 'self'" in response["Content-Security-Policy"]
    assert "unsafe" not in response["Content-Security-Policy"] and response["Cache-Control"] == "no-store"


def test_no_page_is_exempt_from_the_csrf_check(inbox: Inbox, new_mailbox: Callable[..., Held]) -> None:
    inbox.receive()
    for url in (
        "/new/",
        *(f"{inbox.url}{form}/" for form in ("delete", "extend", "revive", "label", "test")),
        *(f"{inbox.message_url()}{form}/" for form in ("read", "delete", "undelete")),
    ):
        response = inbox.browser.post(url)
        assert response.status_code == 403, url
        assert b"Not done." in response.content
        answer = inbox.browser.post(url, headers={"accept": "application/json"})
        assert answer.status_code == 403 and answer.json()["error"], url


def test_a_get_changes_nothing(inbox: Inbox) -> None:
    inbox.receive()
    for url in (
        "/new/",
        *(f"{inbox.url}{form}/" for form in ("extend", "revive", "label", "test")),
        *(f"{inbox.message_url()}{form}/" for form in ("read", "undelete")),
    ):
        assert inbox.browser.get(url).status_code == 405, url
