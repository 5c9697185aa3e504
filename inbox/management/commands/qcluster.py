"""`manage.py qcluster`: sweeps and everything else that is done in the background (django-q2)."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.db import connections

from inbox.running import begin, lifeline


class Command(BaseCommand):
    help = "Run the background tasks (sweeps and the like). Sets up whatever is missing first."
    requires_system_checks = ()  # set-up first: a check may want what it makes

    def handle(self, *args: Any, **options: Any) -> None:
        begin("tasks")
        # django-q2 forks a sentinel, which forks the workers: none of them may outlive who forked it.
        lifeline.cover_forks()
        connections.close_all()  # a forked child must not share them
        from django_q.cluster import Cluster

        cluster = Cluster()  # takes SIGTERM and SIGINT: running tasks finish
        cluster.start()
        while cluster.sentinel.is_alive():
            cluster.sentinel.join(1)
        if cluster.sentinel.exitcode:
            raise SystemExit(f"The task cluster ended by itself ({cluster.sentinel.exitcode}).")
