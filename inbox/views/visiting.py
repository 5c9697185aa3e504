"""Decorators: who visits, and what their browser is told."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from inbox.browser import Browser
from inbox.views import errors

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, Browser, P], HttpResponseBase]
Plain = Callable[Concatenate[HttpRequest, P], HttpResponseBase]

#: What browsers send with a page that nobody has asked for yet.
_SPECULATIVE = {"Sec-Purpose": "prefetch", "Purpose": "prefetch", "X-Moz": "prefetch", "X-Purpose": "preview"}


def with_browser(view: View[P]) -> Plain[P]:
    """Open what the request's cookies open, and hand it to the view."""

    @wraps(view)
    def inner(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        return view(request, Browser(request), *args, **kwargs)

    return cast("Plain[P]", inner)


def page(view: View[P]) -> Plain[P]:
    """The same for what people look at: its response keeps their cookies in order.

    Http404 passes by and leaves them alone: it is the same bytes and headers whatever was asked for.
    """

    @wraps(view)
    def inner(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        browser = Browser(request)
        response = view(request, browser, *args, **kwargs)
        browser.write_cookies(response)
        return response

    return cast("Plain[P]", inner)


def only_when_asked_for(view: Plain[P]) -> Plain[P]:
    """Refuse to be prefetched, prerendered, or loaded into a stranger's page as a picture or a frame.

    For a page is a mailbox made, counted against the visitor's limit, or a timer started anew.
    """

    @wraps(view)
    def inner(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if is_speculative(request) or is_embedded(request):
            return errors.unavailable(request)
        return view(request, *args, **kwargs)

    return cast("Plain[P]", inner)


def is_speculative(request: HttpRequest) -> bool:
    """Whether the browser asks on its own account."""
    return any(word in request.headers.get(name, "").lower() for name, word in _SPECULATIVE.items())


def is_embedded(request: HttpRequest) -> bool:
    """Whether another site's page asks for a part of itself, and not somebody who navigates here."""
    return request.headers.get("Sec-Fetch-Dest", "document") != "document" and request.headers.get(
        "Sec-Fetch-Site", "none"
    ) in ("cross-site", "same-site")


def answer(request: HttpRequest, otherwise: HttpResponse) -> HttpResponse:
    """Done: 204 for the page's script, `otherwise` for a form."""
    return HttpResponse(status=204) if errors.wants_json(request) else otherwise
