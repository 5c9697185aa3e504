"""Domains: added, offered, rested, weighed."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from inbox.admin.site import site
from inbox.models import Domain, Mailbox

if TYPE_CHECKING:
    DomainModelAdmin = admin.ModelAdmin[Domain]
else:
    DomainModelAdmin = admin.ModelAdmin


@admin.register(Domain, site=site)
class DomainAdmin(DomainModelAdmin):
    list_display = ("name", "state", "weight", "created_at")
    list_filter = ("state",)
    search_fields = ("name",)
    show_facets = admin.ShowFacets.NEVER
    fields = ("name", "state", "weight")
    actions = ("offer", "rest")

    def get_readonly_fields(self, request: HttpRequest, obj: Domain | None = None) -> tuple[str, ...]:
        """Addresses carry the name: another name is another domain."""
        return ("name",) if obj else ()

    def get_deleted_objects(
        self, objs: Iterable[Any], request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[str], list[Any]]:
        """What stands in the way is told in a sentence, for the list of mailboxes may be endless."""
        domains = list(objs)
        in_use = Mailbox.objects.filter(domain__in=domains).values_list("domain__name", flat=True).distinct()
        protected = [
            _(
                "%(domain)s still has mailboxes. Let it rest, which keeps their mail coming, "
                "and delete it when they have ended."
            )
            % {"domain": name}
            for name in in_use
        ]
        missing = set() if self.has_delete_permission(request) else {str(Domain._meta.verbose_name)}
        return [str(domain) for domain in domains], {"domains": len(domains)}, missing, protected

    def save_model(self, request: HttpRequest, obj: Domain, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        self._warn_if_none_is_offered(request)

    def delete_model(self, request: HttpRequest, obj: Domain) -> None:
        super().delete_model(request, obj)
        self._warn_if_none_is_offered(request)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Domain]) -> None:
        super().delete_queryset(request, queryset)
        self._warn_if_none_is_offered(request)

    @admin.action(description=_("Offer to new mailboxes"), permissions=["change"])
    def offer(self, request: HttpRequest, domains: QuerySet[Domain]) -> None:
        self._set_state(request, domains, Domain.State.OFFERED)

    @admin.action(description=_("Rest: take mail, but give out no new addresses"), permissions=["change"])
    def rest(self, request: HttpRequest, domains: QuerySet[Domain]) -> None:
        self._set_state(request, domains, Domain.State.RESTING)

    def _set_state(self, request: HttpRequest, domains: QuerySet[Domain], state: Domain.State) -> None:
        changed = list(domains.exclude(state=state))
        for domain in changed:
            domain.state = state
            domain.save(update_fields=["state"])
            self.log_change(request, domain, [{"changed": {"fields": ["state"]}}])
        count = len(changed)
        if state == Domain.State.OFFERED:
            said = ngettext("%d domain is offered now.", "%d domains are offered now.", count) % count
        else:
            said = ngettext("%d domain rests now.", "%d domains rest now.", count) % count
        self.message_user(request, said, messages.SUCCESS)
        self._warn_if_none_is_offered(request)

    def _warn_if_none_is_offered(self, request: HttpRequest) -> None:
        if not Domain.objects.filter(state=Domain.State.OFFERED, weight__gt=0).exists():
            self.message_user(
                request, _("No domain is offered now, so nobody gets a new address."), messages.WARNING
            )
