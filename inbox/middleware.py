"""What every response carries, and what a fault looks like from outside."""

from collections.abc import Awaitable, Callable
from contextlib import suppress

import redis
from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.conf import settings
from django.core.exceptions import BadRequest, DisallowedHost, PermissionDenied, SuspiciousOperation
from django.db import Error as DatabaseError
from django.http import Http404, HttpRequest
from django.http.multipartparser import MultiPartParserError
from django.http.response import HttpResponseBase

from inbox.pool import Busy
from inbox.views import errors

GetResponse = Callable[[HttpRequest], HttpResponseBase] | Callable[[HttpRequest], Awaitable[HttpResponseBase]]

#: Pages: our own files and nothing else, nothing inline, shown in nobody's frame.
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src {connect}; "
    "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
ADMIN_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
PERMISSIONS = (
    "accelerometer=(), browsing-topics=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), "
    "magnetometer=(), microphone=(), midi=(), payment=(), usb=(), clipboard-write=(self)"
)


class _ForBoth:
    """A middleware for views of both kinds: beside an asynchronous one it is marked as such."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: GetResponse):
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        return self.get_response(request)


class SafeHeaders(_ForBoth):
    """Adds the headers that keep a page to itself. A view that sets one of them has its way."""

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        response = self.get_response(request)
        if isinstance(response, HttpResponseBase):
            return _with_headers(request, response)
        return _with_headers_later(request, response)


async def _with_headers_later(
    request: HttpRequest, response: Awaitable[HttpResponseBase]
) -> HttpResponseBase:
    return _with_headers(request, await response)


def _with_headers(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    headers = response.headers
    headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
    headers.setdefault("X-Robots-Tag", "noindex, nofollow")
    if request.path_info.startswith(settings.STATIC_URL):
        return response
    headers.setdefault("Content-Security-Policy", _policy_for(request))
    headers.setdefault("X-Frame-Options", "DENY")
    headers.setdefault("Referrer-Policy", "same-origin")
    # Or a browser may look up whom a letter links to, as soon as it is shown.
    headers.setdefault("X-DNS-Prefetch-Control", "off")
    headers.setdefault("Permissions-Policy", PERMISSIONS)
    headers.setdefault("Cache-Control", "no-store")
    if "no-store" not in headers["Cache-Control"]:
        headers["Cache-Control"] = "no-store"
    return response


def _policy_for(request: HttpRequest) -> str:
    if request.path_info.startswith("/admin/"):
        return ADMIN_POLICY
    connect = "'self'"
    with suppress(DisallowedHost):
        # Safari before 15.4 does not count the websocket of the same host as 'self'.
        connect += f" {'wss' if request.is_secure() else 'ws'}://{request.get_host()}"
    return PAGE_POLICY.format(connect=connect)


class Faults(_ForBoth):
    """What a view could not do becomes a page that says so, and a log line without anybody's data."""

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponseBase | None:
        """Also with DEBUG on: Django's own page would show cookies, and with them secrets."""
        if isinstance(error, Http404):
            return errors.not_found(request, error)
        if isinstance(error, Busy):
            return errors.unavailable(request)
        if isinstance(error, (PermissionDenied, SuspiciousOperation, BadRequest, MultiPartParserError)):
            return None  # Django asks our handlers for these
        if isinstance(error, (DatabaseError, redis.RedisError)):
            errors.log(request, error)
            return errors.unavailable(request)
        errors.log(request, error)
        return errors.broken(request)
