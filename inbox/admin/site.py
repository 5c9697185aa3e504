"""The site: its name, its first page, and a login that survives whatever is down."""

from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from inbox import health

#: What a member of staff needs to read, and to delete, mail to postmaster@ and abuse@.
MAY_READ_MAIL = "inbox.view_message"
MAY_DELETE_MAIL = "inbox.delete_message"


class Console(AdminSite):
    site_header = _("tempmail console")
    site_title = _("tempmail console")
    index_title = _("Console")
    empty_value_display = "–"

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """The first page says whether all is well."""
        return super().index(request, {"health": health.report(), **(extra_context or {})})

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[dict[str, Any]]:
        """What is tuned daily comes first; who may log in is called by what it is."""
        apps: list[dict[str, Any]] = super().get_app_list(request, app_label)
        for app in apps:
            if app["app_label"] == "auth":
                app["name"] = _("Staff")
        return sorted(apps, key=lambda app: app["app_label"] == "auth")

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        may_read = self.has_permission(request) and request.user.has_perm(MAY_READ_MAIL)
        return {**super().each_context(request), "may_read_staff_mail": may_read}

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        response = super().login(request, extra_context)
        response["Cache-Control"] = "no-store"
        return response


site = Console(name="admin")
