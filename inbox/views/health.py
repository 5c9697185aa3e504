"""/healthz: 200 when all is well, 503 naming what is not."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from inbox import health


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """JSON for whoever watches the service; no host, path, address or secret in it."""
    report = health.report()
    response = JsonResponse(report.to_json(), status=200 if report.is_well else 503)
    response["Cache-Control"] = "no-store"
    return response
