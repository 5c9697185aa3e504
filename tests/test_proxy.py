"""Who the visitor is when a proxy stands between."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from inbox.proxy import TrustedProxies

NETWORKS = ["10.0.0.0/8", "2001:db8::/32"]


async def seen(
    peer: str | None, *headers: tuple[str, str], kind: str = "http", scheme: str = ""
) -> dict[str, Any]:
    """The scope that the application gets."""
    taken: dict[str, Any] = {}

    async def application(scope: Any, receive: Any, send: Any) -> None:
        taken.update(scope)

    scope: dict[str, Any] = {
        "type": kind,
        "client": [peer, 4711] if peer else None,
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers],
    }
    if scheme:
        scope["scheme"] = scheme
    await TrustedProxies(application, NETWORKS)(scope, None, None)
    return taken


@pytest.mark.parametrize("kind", ["http", "websocket"])
async def test_a_trusted_proxy_is_believed_about_the_visitor_and_the_scheme(kind: str) -> None:
    scope = await seen(
        "10.1.2.3", ("X-Forwarded-For", "198.51.100.7"), ("X-Forwarded-Proto", "https"), kind=kind
    )

    assert scope["client"][0] == "198.51.100.7"
    assert scope["scheme"] == {"http": "https", "websocket": "wss"}[kind]


async def test_of_several_hops_the_rightmost_that_is_no_proxy_of_ours_is_the_visitor() -> None:
    scope = await seen("10.1.2.3", ("X-Forwarded-For", "203.0.113.66, 198.51.100.7, 10.9.9.9"))

    assert scope["client"][0] == "198.51.100.7"


async def test_several_header_lines_are_one_list() -> None:
    scope = await seen(
        "10.1.2.3", ("X-Forwarded-For", "203.0.113.66"), ("X-Forwarded-For", "198.51.100.7, 10.9.9.9")
    )

    assert scope["client"][0] == "198.51.100.7"


@pytest.mark.parametrize(
    ("hop", "visitor"),
    [
        ("198.51.100.7:1234", "198.51.100.7"),
        ("[2a00:1450::1]:1234", "2a00:1450::1"),
        ("[2a00:1450::1]", "2a00:1450::1"),
        ("2a00:1450::1", "2a00:1450::1"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
    ],
)
async def test_a_hop_may_have_a_port_or_brackets(hop: str, visitor: str) -> None:
    assert (await seen("2001:db8::1", ("X-Forwarded-For", hop)))["client"][0] == visitor


@pytest.mark.parametrize("value", ["", "unknown", "198.51.100.7, junk", "a" * 10_000, "," * 5000, "10.1.1.1"])
async def test_what_names_no_visitor_leaves_the_proxy(value: str) -> None:
    assert (await seen("10.1.2.3", ("X-Forwarded-For", value)))["client"][0] == "10.1.2.3"


@pytest.mark.parametrize("kind", ["http", "websocket"])
async def test_anybody_else_is_not_believed_and_that_is_said_once(
    kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        assert scope["client"] == ["192.0.2.9", 4711]
        assert scope["scheme"] == {"http": "http", "websocket": "ws"}[kind]
        assert scope["headers"] == [(b"host", b"x")]

    headers = [(b"host", b"x"), (b"x-forwarded-for", b"198.51.100.7"), (b"x-forwarded-proto", b"https")]
    wrapped = TrustedProxies(application, NETWORKS)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            scope = {"type": kind, "client": ["192.0.2.9", 4711], "headers": list(headers)}
            await wrapped(scope, None, None)

    assert len(caplog.records) == 1
    assert "192.0.2.9" not in caplog.text
    assert "198.51.100.7" not in caplog.text


@pytest.mark.parametrize("peer", ["192.0.2.9", "10.1.2.3"])
async def test_no_forwarding_header_is_passed_on(peer: str) -> None:
    told = ("X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Port", "Forwarded")

    scope = await seen(peer, *((name, "198.51.100.7") for name in told), ("Host", "mail.example"))

    assert scope["headers"] == [(b"host", b"mail.example")]


async def test_without_a_word_of_the_proxy_the_scheme_stays() -> None:
    assert (await seen("10.1.2.3", ("X-Forwarded-For", "198.51.100.7"), scheme="https"))["scheme"] == "https"
    assert (await seen("10.1.2.3", ("X-Forwarded-Proto", "gopher")))["scheme"] == "http"


async def test_a_peer_without_an_address_is_not_believed() -> None:
    assert (await seen(None, ("X-Forwarded-For", "198.51.100.7")))["client"] is None


async def test_a_mapped_peer_belongs_to_its_ipv4_network() -> None:
    scope = await seen("::ffff:10.1.2.3", ("X-Forwarded-For", "198.51.100.7"))

    assert scope["client"][0] == "198.51.100.7"


def test_a_network_that_is_none_is_a_clear_error() -> None:
    async def application(scope: Any, receive: Any, send: Any) -> None: ...

    with pytest.raises(ImproperlyConfigured, match="TEMPMAIL_TRUSTED_PROXIES"):
        TrustedProxies(application, ["10.0.0.0/99"])
