"""Policy: the one row of settings that is tuned while everything runs."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from inbox import tasks, words
from inbox.admin.site import site
from inbox.models import Policy

if TYPE_CHECKING:
    PolicyModelAdmin = admin.ModelAdmin[Policy]
else:
    PolicyModelAdmin = admin.ModelAdmin


@admin.register(Policy, site=site)
class PolicyAdmin(PolicyModelAdmin):
    fieldsets = (
        (
            _("Time"),
            {
                "description": _(
                    "Durations are written hours:minutes:seconds, with days in front where needed: "
                    "1:30:00 is an hour and a half, 7 00:00:00 is seven days. What you save is in force "
                    "within two seconds, for the mailboxes that are there too; open pages follow."
                ),
                "fields": (
                    "lifetime",
                    "timer_start",
                    "grace",
                    "grace_answer",
                    "shortest_reading_time",
                    "greatest_age",
                ),
            },
        ),
        (
            _("Size"),
            {"fields": ("max_message_bytes", "quota_messages", "quota_bytes", "free_disk_floor_bytes")},
        ),
        (
            _("People"),
            {"fields": ("mailboxes_per_browser", "new_mailboxes_burst", "new_mailboxes_per_hour")},
        ),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Policy | None = None) -> bool:
        return False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """There is one row: straight to it."""
        if not self.has_view_or_change_permission(request):
            return super().changelist_view(request, extra_context)
        return HttpResponseRedirect(reverse("admin:inbox_policy_change", args=[1]))

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Policy | None:
        Policy.objects.get_or_create(id=1)
        return super().get_object(request, object_id, from_field)

    def get_form(
        self, request: HttpRequest, obj: Policy | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """Beside each field its present value as people say it."""
        form = super().get_form(request, obj, change=change, **kwargs)
        if obj is not None:
            for name, field in form.base_fields.items():
                if said := _said(obj, name):
                    field.help_text = " ".join(part for part in (str(field.help_text), said) if part)
        return form

    def save_model(self, request: HttpRequest, obj: Policy, form: Any, change: bool) -> None:
        # The version is what tells a mailbox that it is behind: two saves at once must not share one.
        obj.version = Policy.objects.select_for_update().get(id=1).version
        super().save_model(request, obj, form, change)
        transaction.on_commit(tasks.retime_soon)


def _said(policy: Policy, name: str) -> str:
    field, value = Policy._meta.get_field(name), getattr(policy, name)
    if isinstance(field, models.DurationField):
        return str(_("Now: %(value)s.") % {"value": words.duration(value)})
    if name.endswith("_bytes"):
        return str(_("Now: %(value)s.") % {"value": words.size(value)})
    return ""
