"""Staff: who may log in here, and what they may do."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, Permission, User
from django.forms import CheckboxSelectMultiple, ModelMultipleChoiceField
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from inbox.admin.site import MAY_DELETE_MAIL, MAY_READ_MAIL, site

#: What there is to permit, as (permission, in words). Nothing else exists in this console.
PERMISSIONS = (
    (MAY_READ_MAIL, _("Read staff mail (with the staff secret)")),
    (MAY_DELETE_MAIL, _("Delete staff mail")),
    ("inbox.view_domain", _("See domains")),
    ("inbox.add_domain", _("Add domains")),
    ("inbox.change_domain", _("Change domains")),
    ("inbox.delete_domain", _("Delete domains")),
    ("inbox.view_policy", _("See the policy")),
    ("inbox.change_policy", _("Change the policy")),
    ("auth.view_user", _("See staff users")),
    ("auth.add_user", _("Add staff users")),
    ("auth.change_user", _("Change staff users")),
    ("auth.delete_user", _("Delete staff users")),
    ("auth.view_group", _("See groups")),
    ("auth.add_group", _("Add groups")),
    ("auth.change_group", _("Change groups")),
    ("auth.delete_group", _("Delete groups")),
)
_WORDS = dict(PERMISSIONS)


if TYPE_CHECKING:
    PermissionField = ModelMultipleChoiceField[Permission]
    AdminOfUsers = UserAdmin[User]
else:
    PermissionField = ModelMultipleChoiceField
    AdminOfUsers = UserAdmin


class PermissionBoxes(PermissionField):
    """Checkboxes with our words."""

    widget = CheckboxSelectMultiple

    def label_from_instance(self, obj: Any) -> str:
        return str(_WORDS.get(_name(obj), obj.name))


def _name(permission: Permission) -> str:
    return f"{permission.content_type.app_label}.{permission.codename}"


def _boxes(**kwargs: Any) -> PermissionBoxes:
    ours = [
        permission.pk
        for permission in Permission.objects.filter(
            content_type__app_label__in=["inbox", "auth"],
            codename__in=[name.partition(".")[2] for name, _words in PERMISSIONS],
        ).select_related("content_type")
        if _name(permission) in _WORDS
    ]
    return PermissionBoxes(
        queryset=Permission.objects.filter(pk__in=ours).select_related("content_type"),
        required=False,
        label=kwargs.get("label") or _("Permissions"),
    )


@admin.register(User, site=site)
class StaffUserAdmin(AdminOfUsers):
    """Only a superuser gives or takes rights, and nobody else touches a superuser."""

    filter_horizontal = ()

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "user_permissions":
            return _boxes(label=_("Permissions"))
        if db_field.name == "groups":
            kwargs["widget"] = CheckboxSelectMultiple()
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        fixed = ("last_login", "date_joined")
        if request.user.is_superuser:
            return fixed
        return (*fixed, "is_superuser", "groups", "user_permissions")

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_change_permission(request, obj) and _may_touch(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_delete_permission(request, obj) and _may_touch(request, obj)


@admin.register(Group, site=site)
class StaffGroupAdmin(GroupAdmin):
    """Only superusers change groups: a group's rights are those of its members."""

    filter_horizontal = ()

    def formfield_for_manytomany(
        self, db_field: Any, request: HttpRequest | None = None, **kwargs: Any
    ) -> Any:
        if db_field.name == "permissions":
            return _boxes()
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and bool(request.user.is_superuser)

    def has_change_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return super().has_change_permission(request, obj) and bool(request.user.is_superuser)

    def has_delete_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return super().has_delete_permission(request, obj) and bool(request.user.is_superuser)


def _may_touch(request: HttpRequest, user: User | None) -> bool:
    return user is None or not user.is_superuser or bool(request.user.is_superuser)
