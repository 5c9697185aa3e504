"""A message's parts as responses: its frame, its source, its files.

They take an open message and know nothing of how it was opened: people and staff have the same reader, each
at URLs of their own (urls()).
"""

from collections.abc import Callable, Iterator
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from inbox import mail, opened, pool, reading, sources
from inbox.access import OpenMessage
from inbox.mail.view import FileView
from inbox.reading import Looks

#: The frame's second wall: no script, no origin, no request to anywhere; links open outside of it.
FRAME_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; "
    "img-src data:; form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
)
FILE_POLICY = "sandbox; default-src 'none'"

#: Types a browser may be told of. Everything else is bytes.
SAFE_TYPES = frozenset(
    [
        "application/pdf",
        "application/zip",
        "audio/mpeg",
        "audio/ogg",
        "image/gif",
        "image/jpeg",
        "image/png",
        "image/webp",
        "video/mp4",
        "video/webm",
    ]
)

#: How many messages inside messages are opened.
GREATEST_INSIDE = 5

#: (request, mailbox id, message id) → the message, or Http404.
Opening = Callable[[HttpRequest, str, str], OpenMessage]
View = Callable[..., HttpResponseBase]


def urls(prefix: str, opening: Opening, guard: Callable[[View], View]) -> list[URLPattern]:
    """The parts' URLs below a message's own; `guard` decides who may come at all."""

    def part(view: Callable[..., HttpResponseBase]) -> View:
        def inner(request: HttpRequest, mailbox_id: str, message_id: str, **more: Any) -> HttpResponseBase:
            return view(request, opening(request, mailbox_id, message_id), **more)

        return require_safe(guard(inner))

    return [
        path(f"{prefix}html/", part(frame), name="frame"),
        path(f"{prefix}source/", part(source), name="source"),
        path(f"{prefix}print/", part(printed), name="print"),
        path(f"{prefix}part/<int:index>/", part(attachment), name="attachment"),
    ]


def looks_of(request: HttpRequest) -> Looks:
    """How the request asks to see a message. Http404 for a place inside that is none."""
    asked = request.GET
    return Looks(
        view=asked.get("view", ""),
        images="images" in asked,
        dark="dark" in asked,
        marked="marked" in asked,
        inside=_inside(asked.get("inside", "")),
        app=request.resolver_match.namespace if request.resolver_match else "inbox",
    )


def _inside(text: str) -> tuple[int, ...]:
    if not text:
        return ()
    numbers = text.split(".")
    if len(numbers) > GREATEST_INSIDE or not all(
        number.isascii() and number.isdigit() and len(number) < 5 for number in numbers
    ):
        raise Http404
    return tuple(map(int, numbers))


def frame(request: HttpRequest, message: OpenMessage) -> HttpResponse:
    """The HTML body as a document of its own. Http404 where there is none."""
    looks = looks_of(request)
    try:
        found = opened.frame(message, looks.inside, dark=looks.dark)
    except (opened.Unsealed, pool.Lost, LookupError):
        found = None
    if found is None:
        raise Http404
    response = HttpResponse(found.document)
    response["Content-Security-Policy"] = FRAME_POLICY
    response["X-Frame-Options"] = "SAMEORIGIN"
    _keep_apart(response)
    return response


def printed(request: HttpRequest, message: OpenMessage) -> HttpResponse:
    """The message for paper: who, when, and the whole of it.

    A frame is cut at its edge when its page is printed, and nobody can measure what a sandbox holds. So the
    letter comes as itself, under the frame's own policy, with subject and sender above it.
    """
    try:
        shown = reading.reading(message, looks_of(request))
    except LookupError:
        raise Http404 from None
    context = {"message": shown, "lines": reading.facts(shown)}
    if shown.view != "html":
        return render(request, "inbox/print.html", context)
    document = frame(request, message)
    head, opening, body = document.content.decode().partition("<body>")
    above = render_to_string("inbox/print/above.html", context)
    head = head.replace("<title></title>", format_html("<title>{}</title>", shown.subject), 1)
    document.content = f"{head}{opening}{above}{body}"
    return document


def source(request: HttpRequest, message: OpenMessage) -> StreamingHttpResponse:
    """The source as an .eml file."""
    summary = message.row.summary
    if summary is None:
        raise Http404
    name = mail.safe_file_name(summary.subject or "message")
    response = StreamingHttpResponse(
        sources.streamed(sources.source_pieces(message)), content_type="message/rfc822"
    )
    _as_file(response, f"{name.removesuffix('.eml')}.eml")
    return response


def attachment(request: HttpRequest, message: OpenMessage, index: int) -> StreamingHttpResponse:
    """One attachment. Http404 where there is none of that number."""
    file, pieces = _file(message, looks_of(request).inside, index)
    content_type = file.content_type if file.content_type in SAFE_TYPES else "application/octet-stream"
    response = StreamingHttpResponse(sources.streamed(pieces), content_type=content_type)
    response["Content-Length"] = str(file.size_bytes)
    _as_file(response, mail.safe_file_name(file.name))
    return response


def _file(message: OpenMessage, inside: tuple[int, ...], index: int) -> tuple[FileView, Iterator[bytes]]:
    """What is known of a file, and its content in pieces. Http404 where there is none of that number."""
    try:
        found = opened.open_message(message, inside)
        file = found.view.files[index]
    except (opened.Unsealed, pool.Lost, LookupError):
        raise Http404 from None
    return file, sources.file_pieces(message, found.spans[index])


def _as_file(response: StreamingHttpResponse, name: str) -> None:
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    response["Content-Security-Policy"] = FILE_POLICY
    response["X-Content-Type-Options"] = "nosniff"
    _keep_apart(response)


def _keep_apart(response: HttpResponse | StreamingHttpResponse) -> None:
    response["Referrer-Policy"] = "no-referrer"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = "no-store"
    # A sandboxed document with an opener policy is a network error when its URL is opened by itself (HTML,
    # cross-origin opener policies).
    response["Cross-Origin-Opener-Policy"] = "unsafe-none"
