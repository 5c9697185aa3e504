"""A message's parts as responses: its frame, its source, its files.

They take an open message and know nothing of how it was opened, so that the staff's reader has the same.
"""

from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.utils.http import content_disposition_header

from inbox import mail, sources
from inbox.access import OpenMessage

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


def frame(message: OpenMessage) -> HttpResponse:
    """The HTML body as a document of its own. Http404 where there is none."""
    document = sources.frame(message)
    if document is None:
        raise Http404
    response = HttpResponse(document)
    response["Content-Security-Policy"] = FRAME_POLICY
    response["X-Frame-Options"] = "SAMEORIGIN"
    _keep_apart(response)
    return response


def source(message: OpenMessage) -> StreamingHttpResponse:
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


def attachment(message: OpenMessage, index: int) -> StreamingHttpResponse:
    """One attachment. Http404 where there is none of that number."""
    span = sources.find_attachment(message, index)
    if span is None:
        raise Http404
    content_type = span.content_type if span.content_type in SAFE_TYPES else "application/octet-stream"
    response = StreamingHttpResponse(
        sources.streamed(sources.attachment_pieces(message, span)), content_type=content_type
    )
    response["Content-Length"] = str(span.size_bytes)
    _as_file(response, mail.safe_file_name(span.name))
    return response


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
