"""What the web process says and believes at its front door, over a real connection."""

from __future__ import annotations

import base64
import http.client
import os
import re
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.support import Running, copied

BEHIND_A_PROXY = {"TEMPMAIL_HTTPS": "1", "TEMPMAIL_TRUSTED_PROXIES": "127.0.0.1/32"}


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ({}, "max-age=31536000"),
        ({"TEMPMAIL_HSTS_SUBDOMAINS": "1"}, "max-age=31536000; includeSubDomains; preload"),
    ],
)
def test_https_is_asked_for_other_names_of_the_domain_only_where_the_operator_says_so(
    running: Running, chosen: dict[str, str], said: str
) -> None:
    running.start_and_wait("runserver", **BEHIND_A_PROXY, **chosen)

    response = running.get("robots.txt", **{"X-Forwarded-Proto": "https"})

    assert response.status == 200
    assert response.headers["Strict-Transport-Security"] == said


@pytest.mark.parametrize("told", ["/elsewhere", "/privacy", "%2F%2Fevil.example"])
def test_no_visitor_says_below_which_path_the_service_lives(everything: Running, told: str) -> None:
    """daphne has a header for it, of its own."""
    page = everything.get("privacy/")
    other = everything.get("privacy/", **{"Daphne-Root-Path": told})

    assert other.status == page.status == 200
    assert other.read() == page.read()


# -- behind a proxy that ends TLS -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def proxied(set_up_data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with copied(set_up_data_dir, tmp_path_factory.mktemp("proxied")) as running:
        running.start_and_wait("runserver", ALLOWED_HOSTS="mail.example", **BEHIND_A_PROXY)
        yield running


@dataclass
class Person:
    """Somebody at https://mail.example/, as the proxy on this machine passes them on."""

    running: Running
    cookies: dict[str, str] = field(default_factory=dict)
    set_by_server: list[str] = field(default_factory=list)

    def ask(
        self, method: str, path: str, form: dict[str, str] | None = None, **headers: str
    ) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection("127.0.0.1", self.running.http_port, timeout=20)
        sent = {
            "Host": "mail.example",
            "X-Forwarded-For": "198.51.100.7",
            "X-Forwarded-Proto": "https",
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        if form is not None:
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        connection.request(method, path, urllib.parse.urlencode(form) if form is not None else None, sent)
        response = connection.getresponse()
        for cookie in response.headers.get_all("Set-Cookie", []):
            self.set_by_server.append(cookie)
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        return response

    def post(self, path: str, origin: str) -> http.client.HTTPResponse:
        return self.ask("POST", path, {"csrfmiddlewaretoken": self.cookies["csrftoken"]}, Origin=origin)

    def websocket(self, origin: str) -> int:
        key = base64.b64encode(os.urandom(16)).decode()
        return self.ask(
            *("GET", "/ws/"),
            Origin=origin,
            Upgrade="websocket",
            Connection="Upgrade",
            Sec_WebSocket_Key=key,
            Sec_WebSocket_Version="13",
        ).status


@pytest.fixture
def person(proxied: Running) -> Person:
    person = Person(proxied)
    response = person.ask("GET", "/")
    assert response.status == 200
    assert b'data-testid="address"' in response.read()
    return person


def test_behind_a_proxy_a_mailboxs_cookie_is_secure_and_of_this_host_alone(person: Person) -> None:
    ours = [cookie for cookie in person.set_by_server if "tm_" in cookie]
    assert len(ours) == 2  # the mailbox and which was looked at last
    for cookie in ours:
        name = cookie.partition("=")[0]
        attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
        assert name.startswith("__Host-tm_")
        assert {"secure", "httponly", "path=/", "samesite=lax"} <= attributes
        assert not any(part.startswith("domain") for part in attributes)
    [token] = [cookie for cookie in person.set_by_server if cookie.startswith("csrftoken")]
    assert "secure" in token.lower()


def test_behind_a_proxy_a_form_of_the_https_page_is_taken_and_one_of_a_plain_page_is_not(
    person: Person,
) -> None:
    taken = person.post("/new/", "https://mail.example")
    assert taken.status == 302
    assert re.fullmatch(r"/m/[0-9a-f]{32}/", taken.headers["Location"])

    for foreign in ("http://mail.example", "https://evil.example"):
        assert person.post("/new/", foreign).status == 403


def test_behind_a_proxy_the_https_page_gets_its_websocket_and_a_plain_one_does_not(person: Person) -> None:
    assert person.websocket("https://mail.example") == 101
    for foreign in ("http://mail.example", "https://evil.example"):
        assert person.websocket(foreign) == 403


def test_behind_a_proxy_plain_http_is_sent_to_https(person: Person) -> None:
    answer = person.ask("GET", "/privacy/", X_Forwarded_Proto="http")
    assert answer.status == 301
    assert answer.headers["Location"] == "https://mail.example/privacy/"
