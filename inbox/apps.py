"""The app's name and its checks."""

import gc

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class InboxConfig(AppConfig):
    name = "inbox"
    verbose_name = _("Mailboxes")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from inbox import checks  # noqa: F401  registers the checks

        # Programs, models, settings: hardly any of that is ever garbage, so it is not looked through again.
        # (A whole collection stops a process for 0.1 s otherwise, and copies the pages that forks share.)
        gc.freeze()
        gc.enable()
