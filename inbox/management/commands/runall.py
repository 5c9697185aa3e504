"""`manage.py runall`: everything, for one machine."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand

from inbox.running import supervisor


class Command(BaseCommand):
    help = "Run the listener, the web server, the task cluster and the embedded Valkey under one supervisor."
    requires_system_checks = ()  # set-up first: a check may want what it makes

    def handle(self, *args: Any, **options: Any) -> None:
        sys.exit(supervisor.run())
