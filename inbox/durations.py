"""Durations as people say them."""

from datetime import timedelta

from django.utils.translation import gettext, ngettext


def in_words(duration: timedelta) -> str:
    """`1 hour 30 minutes`, `7 days`; parts that are zero are left out, and seconds are whole."""
    seconds = int(duration.total_seconds())
    days, seconds = divmod(seconds, 86_400)
    hours, seconds = divmod(seconds, 3600)
    minutes, seconds = divmod(seconds, 60)
    parts = [
        ngettext("%(count)d day", "%(count)d days", days) % {"count": days} if days else "",
        ngettext("%(count)d hour", "%(count)d hours", hours) % {"count": hours} if hours else "",
        ngettext("%(count)d minute", "%(count)d minutes", minutes) % {"count": minutes} if minutes else "",
        ngettext("%(count)d second", "%(count)d seconds", seconds) % {"count": seconds} if seconds else "",
    ]
    return " ".join(part for part in parts if part) or gettext("no time")
