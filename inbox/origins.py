"""Whether a websocket was opened by a page of ours.

Browsers send cookies with a websocket whoever's page opens it, and no CSRF token can be asked for, so the
Origin is all there is. It is judged as Django's CSRF check judges a form's.
"""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import split_domain_port, validate_host
from django.utils.http import is_same_domain


def is_ours(scope: Mapping[str, Any]) -> bool:
    """Whether the handshake's Origin is this site, or one of CSRF_TRUSTED_ORIGINS. Missing or null: no."""
    origins = _values(scope, b"origin")
    hosts = _values(scope, b"host")
    if len(origins) != 1 or len(hosts) != 1:
        return False
    origin, host = origins[0].lower(), hosts[0].lower()
    domain, _port = split_domain_port(host)
    if not domain or not validate_host(domain, _allowed_hosts()):
        return False
    scheme = "https" if scope.get("scheme") in ("wss", "https") else "http"
    return origin == f"{scheme}://{host}" or _is_trusted(origin)


def _allowed_hosts() -> list[str]:
    """Without `*`, by which every Origin would be right; with DEBUG on, as Django has it."""
    allowed = list(settings.ALLOWED_HOSTS)
    if settings.DEBUG:
        return allowed or [".localhost", "127.0.0.1", "[::1]"]
    return [host for host in allowed if host != "*"]


def _is_trusted(origin: str) -> bool:
    try:
        said = urlsplit(origin)
    except ValueError:
        return False
    for trusted in map(str.lower, settings.CSRF_TRUSTED_ORIGINS):
        if origin == trusted:
            return True
        wanted = urlsplit(trusted)
        if (
            wanted.netloc.startswith("*")
            and said.scheme == wanted.scheme
            and is_same_domain(said.netloc, wanted.netloc.removeprefix("*"))
        ):
            return True
    return False


def _values(scope: Mapping[str, Any], name: bytes) -> list[str]:
    headers: Iterable[tuple[bytes, bytes]] = scope.get("headers", ())
    return [value.decode("latin-1").strip() for key, value in headers if key.lower() == name]
