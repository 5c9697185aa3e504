"""A message's parts as responses: its frame, its source, its files.

They take an open message and know nothing of how it was opened: people and staff have the same reader, each
at URLs of their own (urls()).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from inbox import image_tokens, looking, mail, opened, pool, reading, sources
from inbox.access import OpenMessage
from inbox.mail.kinds import PLAYED_AS
from inbox.mail.names import default_file_name
from inbox.mail.view import FileView
from inbox.ranges import Unsatisfiable, parse_range, slice_pieces
from inbox.reading import Looks
from inbox.zipping import zip_pieces

#: The frame's second wall: no script, no origin, no request to anywhere; links open outside of it.
FRAME_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; "
    "img-src data:; form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
)
FILE_POLICY = "sandbox; default-src 'none'"
#: A page of ours around a picture that we drew, or a player.
LOOK_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

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
        path(f"{prefix}part/<int:index>/look/", part(look), name="look"),
        path(f"{prefix}part/<int:index>/preview/", part(preview), name="preview"),
        path(f"{prefix}part/<int:index>/play/", part(play), name="play"),
        path(f"{prefix}piece/<int:number>/", part(piece), name="piece"),
        path(f"{prefix}files.zip", part(all_files), name="all_files"),
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
    # Only after consent, and only the one path of ours that fetches for the reader.
    shows_pictures = looks.images and bool(found.remote)
    host = request.get_host()
    document = found.document
    if shows_pictures:
        document = found.with_pictures(lambda url: _picture_address(host, url, message.row.mailbox_id))
    response = HttpResponse(document)
    response["Content-Security-Policy"] = (
        FRAME_POLICY.replace("img-src data:", f"img-src data: {host}/i/") if shows_pictures else FRAME_POLICY
    )
    response["X-Frame-Options"] = "SAMEORIGIN"
    _keep_apart(response)
    return response


def _picture_address(host: str, url: str, mailbox_id: str) -> str:
    token = image_tokens.make(url, mailbox_id)
    return f"//{host}{reverse('inbox:picture', args=[token])}" if token else ""


def printed(request: HttpRequest, message: OpenMessage) -> HttpResponse:
    """The message for paper: who, when, and the whole of it: nobody unfolds a quote on paper.

    A frame is cut at its edge when its page is printed, and nobody can measure what a sandbox holds. So the
    letter comes as itself, under the frame's own policy, with subject and sender above it.
    """
    try:
        shown = reading.reading(message, looks_of(request), folded=False)
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


def piece(request: HttpRequest, message: OpenMessage, number: int) -> StreamingHttpResponse:
    """Any part of the message, decoded. Http404 where there is none of that number."""
    inside = looks_of(request).inside
    with _or_404():
        found = opened.open_message(message, inside)
        node, span = found.view.structure[number], found.pieces[number]
        pieces = (
            iter([opened.content(message, inside, piece=number)])
            if inside
            else sources.file_pieces(message, span)
        )
    response = StreamingHttpResponse(sources.streamed(pieces), content_type="application/octet-stream")
    name = node.name or default_file_name(node.content_type, number + 1)
    _as_file(response, mail.safe_file_name(name))
    return response


def all_files(request: HttpRequest, message: OpenMessage) -> StreamingHttpResponse:
    """All its files as one zip."""
    inside = looks_of(request).inside
    with _or_404():
        files = opened.open_message(message, inside).view.files
    if not files:
        raise Http404
    pieces = zip_pieces((file.name, _file(message, inside, file.index)[1]) for file in files)
    response = StreamingHttpResponse(sources.streamed(pieces), content_type="application/zip")
    summary = message.row.summary
    name = mail.safe_file_name(summary.subject if summary and summary.subject else "files")
    _as_file(response, f"{name}.zip")
    return response


def play(request: HttpRequest, message: OpenMessage, index: int) -> HttpResponseBase:
    """A sound or a film, for a player on our own page; by ranges, since players jump."""
    file, pieces = _file(message, looks_of(request).inside, index)
    if file.kind not in PLAYED_AS or file.preview not in ("audio", "video"):
        raise Http404
    try:
        wanted = parse_range(request.headers.get("Range", ""), file.size_bytes)
    except Unsatisfiable as error:
        return HttpResponse(status=416, headers={"Content-Range": error.content_range})
    if wanted is None or "If-Range" in request.headers:
        response = StreamingHttpResponse(sources.streamed(pieces), content_type=PLAYED_AS[file.kind])
        response["Content-Length"] = str(file.size_bytes)
    else:
        response = StreamingHttpResponse(
            sources.streamed(slice_pieces(pieces, wanted)), status=206, content_type=PLAYED_AS[file.kind]
        )
        response["Content-Range"] = wanted.content_range(file.size_bytes)
        response["Content-Length"] = str(wanted.length)
    response["Accept-Ranges"] = "bytes"
    response["Content-Disposition"] = "inline"
    response["Content-Security-Policy"] = FILE_POLICY
    response["X-Content-Type-Options"] = "nosniff"
    _keep_apart(response)
    return response


def preview(request: HttpRequest, message: OpenMessage, index: int) -> HttpResponse:
    """A picture, or a page of a PDF, as a picture that we drew."""
    file, result, content = _previewed(request, message, index)
    if file.preview not in ("picture", "pdf") or "refused" in result:
        raise Http404
    response = HttpResponse(content, content_type=result["content_type"])
    response["Content-Security-Policy"] = FILE_POLICY
    response["X-Content-Type-Options"] = "nosniff"
    _keep_apart(response)
    return response


def look(request: HttpRequest, message: OpenMessage, index: int) -> HttpResponse:
    """A page to look at a file without opening it in a program."""
    looks = looks_of(request)
    file, _pieces = _file(message, looks.inside, index)
    if not file.preview:
        raise Http404
    result: dict[str, Any] = {}
    content = b""
    if file.preview not in ("audio", "video"):
        _file_view, result, content = _previewed(request, message, index)
    response = render(
        request,
        "inbox/look.html",
        {
            "file": file,
            "shown": looking.shown(file, result, content, page=_page_number(request)),
            "message": message.row,
            "place": f"inside={looks.inside_text}" if looks.inside else "",
        },
    )
    response["Content-Security-Policy"] = LOOK_POLICY
    return response


def _previewed(
    request: HttpRequest, message: OpenMessage, index: int
) -> tuple[FileView, dict[str, Any], bytes]:
    file, pieces = _file(message, looks_of(request).inside, index)
    asked = {"as": file.preview, "page": _page_number(request), "charset": "", "name": file.name}
    with _or_404():
        result, content = opened.preview(message.row.mailbox_id, pieces, asked)
    return file, result, content


def _page_number(request: HttpRequest) -> int:
    asked = request.GET.get("page", "0")
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 6 else 0


def _file(message: OpenMessage, inside: tuple[int, ...], index: int) -> tuple[FileView, Iterator[bytes]]:
    """What is known of a file, and its content in pieces. Http404 where there is none of that number."""
    with _or_404():
        found = opened.open_message(message, inside)
        file = found.view.files[index]
    if inside or index >= len(found.spans):
        # Out of a message or a container inside: taken out when the first piece is asked for.
        return file, _taken_out(message, inside, index)
    return file, sources.file_pieces(message, found.spans[index])


def _taken_out(message: OpenMessage, inside: tuple[int, ...], index: int) -> Iterator[bytes]:
    whole = opened.content(message, inside, index=index)
    for start in range(0, len(whole), sources.PIECE_BYTES):
        yield whole[start : start + sources.PIECE_BYTES]


@contextmanager
def _or_404() -> Iterator[None]:
    """What does not fit its seal, cannot be taken apart, or is not there: not found."""
    try:
        yield
    except (opened.Unsealed, pool.Lost, LookupError):
        raise Http404 from None


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
