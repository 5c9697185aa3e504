"""Listening sockets: on IPv4 and IPv6 alike where both exist, and a port in use is one clear line."""

from __future__ import annotations

import contextlib
import errno
import socket

from django.core.exceptions import ImproperlyConfigured

BACKLOG = 1024
#: What binding says where a family does not exist on this machine.
NO_SUCH_FAMILY = {errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL, errno.EPROTONOSUPPORT, errno.EINVAL}


def listen(host: str, port: int, setting: str) -> list[socket.socket]:
    """Bind and listen. An empty `host` means every address, IPv4 and IPv6, each on a socket of its own.

    `setting` names the setting to change, for the message. Raises ImproperlyConfigured when the port is in
    use, needs privileges, or the host is not one of this machine's.
    """
    sockets: list[socket.socket] = []
    refused: OSError | None = None
    for family, address in _addresses(host, port, setting):
        try:
            sockets.append(_listen(family, address))
        except OSError as error:
            refused = error
            if host or error.errno not in NO_SUCH_FAMILY:
                close(sockets)
                raise _explained(error, host, port, setting) from error
    if not sockets:
        raise _explained(refused or OSError(errno.EADDRNOTAVAIL, "no such address"), host, port, setting)
    return sockets


def check_free(host: str, port: int, setting: str) -> None:
    """Raise ImproperlyConfigured, as `listen` does, if it could not listen now."""
    close(listen(host, port, setting))


def close(sockets: list[socket.socket]) -> None:
    """Close them all."""
    for listening in sockets:
        with contextlib.suppress(OSError):
            listening.close()


def reachable(host: str) -> str:
    """A host by which a client on this machine reaches what listens on `host`."""
    return {"": "localhost", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104


def in_url(host: str) -> str:
    """`host` as a URL has it: IPv6 in brackets."""
    return f"[{host}]" if ":" in host else host


def _addresses(host: str, port: int, setting: str) -> list[tuple[socket.AddressFamily, tuple[str, int]]]:
    if not host:
        every = [(socket.AF_INET, ("0.0.0.0", port))]  # noqa: S104  what an empty host means
        return [*every, (socket.AF_INET6, ("::", port))] if socket.has_ipv6 else every
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except socket.gaierror as error:
        raise ImproperlyConfigured(f"{setting}_HOST: {host!r} is not a host of this machine.") from error
    unique = {(family, (str(address[0]), port)): None for family, _, _, _, address in found}
    return list(unique)


def _listen(family: socket.AddressFamily, address: tuple[str, int]) -> socket.socket:
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        # Not SO_REUSEPORT: a second listener would bind in silence and take half of the connections.
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listening.bind(address)
        listening.listen(BACKLOG)
    except OSError:
        listening.close()
        raise
    return listening


def _explained(error: OSError, host: str, port: int, setting: str) -> ImproperlyConfigured:
    where = f"{in_url(host)}:{port}" if host else f"{port}"
    if error.errno == errno.EADDRINUSE:
        return ImproperlyConfigured(
            f"Port {where} is in use by another program. Stop that, or set {setting}_PORT."
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return ImproperlyConfigured(
            f"Port {where} may not be used by this user. Set {setting}_PORT to one above 1023."
        )
    return ImproperlyConfigured(f"Cannot listen on {where} ({error.strerror}). Set {setting}_HOST.")
