"""Small things that are not pages."""

import io

import segno
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.templatetags.static import static
from django.views.decorators.http import require_safe

from inbox import clock, cookies, live
from inbox.browser import Browser
from inbox.views.visiting import with_browser

_ONE_PIXEL = bytes.fromhex(
    "47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b"
)


@require_safe
@with_browser
def qr(request: HttpRequest, browser: Browser, mailbox_id: str) -> HttpResponse:
    """The address as a QR code, dark on light whatever the theme, for cameras."""
    mailbox = browser.open(mailbox_id)
    drawing = io.BytesIO()
    segno.make(mailbox.address, error="m").save(
        drawing, kind="svg", scale=8, border=4, dark="#000", light="#fff", xmldecl=False
    )
    response = HttpResponse(drawing.getvalue(), content_type="image/svg+xml")
    response["Content-Security-Policy"] = "default-src 'none'"
    return response


@require_safe
@with_browser
def seen(request: HttpRequest, browser: Browser, mailbox_id: str) -> HttpResponse:
    """A picture in the page, so that the cookie comes back also where no script runs."""
    browser.open(mailbox_id)
    return HttpResponse(_ONE_PIXEL, content_type="image/gif")


@require_safe
@with_browser
def seen_style(request: HttpRequest, browser: Browser, mailbox_id: str) -> HttpResponse:
    """Where no script runs: takes away, for eyes and ears, the words that cookies are off."""
    browser.open(mailbox_id)
    return HttpResponse(".cookies-off { display: none }\n", content_type="text/css; charset=utf-8")


@require_safe
@with_browser
def updates(request: HttpRequest, browser: Browser) -> JsonResponse:
    """What the socket says, by plain HTTP: for where no websocket gets through."""
    told = {}
    for pair in request.GET.getlist("m")[: cookies.MOST_LOOKED_AT]:
        mailbox_id, _, said = pair.rpartition(":")
        revision = live.read_revision(said)
        if cookies.is_id(mailbox_id) and revision is not None:
            told[mailbox_id] = revision
    changed = [
        mailbox for mailbox in browser.mailboxes if live.is_news(mailbox, told.get(mailbox.mailbox_id))
    ]
    objects = live.updates(changed, told, request.GET.get("current", "")) if changed else []
    objects += [live.ended(mailbox_id, told) for mailbox_id in told if browser.find(mailbox_id) is None]
    return JsonResponse(
        {
            "updates": [update.to_json() for update in objects],
            "mailboxes": [mailbox.mailbox_id for mailbox in browser.mailboxes],
            "server_now": clock.now().isoformat(),
        }
    )


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """Nothing here is for a search engine."""
    return HttpResponse("User-agent: *\nDisallow: /\n", content_type="text/plain; charset=utf-8")


@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    """For what asks without reading the page."""
    return HttpResponseRedirect(static("inbox/favicon.svg"))
