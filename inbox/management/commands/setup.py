"""`manage.py setup`: first-run set-up and nothing else; every other command does it too."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from inbox.running import setup


class Command(BaseCommand):
    help = "Make keys, tables, static files and the admin where they are missing. Starts nothing."
    requires_system_checks = ()  # a check may want what this makes

    def handle(self, *args: Any, **options: Any) -> None:
        setup.tell(setup.ensure())
