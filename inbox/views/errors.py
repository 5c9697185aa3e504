"""Pages for what cannot be answered. None of them reads the database."""

import logging
import sys

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from inbox import logs

logger = logging.getLogger(__name__)

RETRY_SECONDS = 10


def wants_json(request: HttpRequest) -> bool:
    """Whether the page's script asks, and not somebody who navigates."""
    return "application/json" in request.headers.get("Accept", "")


def refusal(request: HttpRequest, status: int, sentence: str) -> JsonResponse:
    """A refusal as the script shows it."""
    return JsonResponse({"error": sentence}, status=status)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400. The one thing an operator needs to be told is a host that was not named."""
    if isinstance(exception, DisallowedHost):
        text = "This service does not answer to that host name. Its operator names hosts in ALLOWED_HOSTS.\n"
    else:
        text = "This request cannot be understood.\n"
    return HttpResponse(text, status=400, content_type="text/plain; charset=utf-8")


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403, for staff pages only."""
    return HttpResponse("Not for you.\n", status=403, content_type="text/plain; charset=utf-8")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403: a form without the cookie that proves where it came from."""
    if wants_json(request):
        return refusal(request, 403, _("The page was open for very long. Load it anew and try once more."))
    return render(request, "inbox/forged.html", status=403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404: the same bytes for what is somebody else's, what is gone and what never was."""
    if wants_json(request):
        return refusal(request, 404, _("This is not there any more."))
    return render(request, "inbox/not_found.html", status=404)


def unavailable(request: HttpRequest) -> HttpResponse:
    """503: not now."""
    if wants_json(request):
        response: HttpResponse = refusal(request, 503, _("That did not work just now. Try again."))
    else:
        response = HttpResponse(_page_without_fail("inbox/unavailable.html"), status=503)
    response["Retry-After"] = str(RETRY_SECONDS)
    return response


def broken(request: HttpRequest) -> HttpResponse:
    """500: a fault of ours."""
    if wants_json(request):
        return refusal(request, 500, _("That did not work: a fault of ours."))
    return HttpResponse(_page_without_fail("inbox/unavailable.html"), status=500)


def server_error(request: HttpRequest) -> HttpResponse:
    """500, where Django caught it."""
    error = sys.exc_info()[1]
    if error is not None:
        log(request, error)
    return broken(request)


def log(request: HttpRequest, error: BaseException) -> None:
    """One line: class and place of the fault and the name of the page, never its address or text."""
    match = request.resolver_match
    logger.error("%s failed: %s", match.view_name if match else "a request", logs.fault(error))


def _page_without_fail(template: str) -> str:
    try:
        return render_to_string(template)
    except Exception as error:  # the last page there is: whatever breaks it must not break the answer
        logger.error("the page for faults failed: %s", logs.fault(error))
        return "<!doctype html><title>Not now</title><p>Not now. No mail is lost. Try again in a minute.</p>"
