"""What the web process says and believes at its front door, over a real connection."""

from __future__ import annotations

import pytest

from tests.support import Running

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
