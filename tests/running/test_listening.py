"""Listening on IPv4 and IPv6, and the one clear line where that cannot be."""

from __future__ import annotations

import errno
import socket

import pytest
from django.core.exceptions import ImproperlyConfigured

from inbox.running import listening
from tests.support import free_port


def families(sockets: list[socket.socket]) -> set[socket.AddressFamily]:
    return {each.family for each in sockets}


def test_no_host_means_ipv4_and_ipv6_each_on_a_socket_of_its_own() -> None:
    port = free_port()
    sockets = listening.listen("", port, "TEMPMAIL_HTTP")
    try:
        assert families(sockets) == {socket.AF_INET, socket.AF_INET6}
        for host in ("127.0.0.1", "::1"):
            socket.create_connection((host, port), 2).close()
    finally:
        listening.close(sockets)


@pytest.mark.parametrize("missing", [socket.AF_INET, socket.AF_INET6])
def test_a_machine_with_one_family_listens_on_that(
    missing: socket.AddressFamily, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = listening._listen

    def listen(family: socket.AddressFamily, address: tuple[str, int]) -> socket.socket:
        if family == missing:
            raise OSError(errno.EAFNOSUPPORT, "no such family here")
        return real(family, address)

    monkeypatch.setattr(listening, "_listen", listen)
    sockets = listening.listen("", free_port(), "TEMPMAIL_HTTP")
    listening.close(sockets)

    assert families(sockets) == {socket.AF_INET, socket.AF_INET6} - {missing}


def test_a_port_in_use_on_one_family_only_is_in_use() -> None:
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as other:
        port = other.getsockname()[1]
        with pytest.raises(ImproperlyConfigured, match=f"{port} is in use.*TEMPMAIL_SMTP_PORT"):
            listening.listen("", port, "TEMPMAIL_SMTP")

    listening.check_free("", port, "TEMPMAIL_SMTP")  # what was bound before the failure has been let go


def test_a_host_that_is_not_ours_is_named_with_its_setting() -> None:
    for host in ("192.0.2.1", "no-such-host.invalid"):
        with pytest.raises(ImproperlyConfigured, match="TEMPMAIL_HTTP_HOST"):
            listening.listen(host, free_port(), "TEMPMAIL_HTTP")


def test_a_host_to_reach_is_one_that_a_client_can_use() -> None:
    assert listening.reachable("") == "localhost"
    assert listening.reachable("0.0.0.0") == "127.0.0.1"
    assert listening.reachable("::") == "::1"
    assert listening.in_url("::1") == "[::1]"
    assert listening.in_url("mail.example") == "mail.example"
