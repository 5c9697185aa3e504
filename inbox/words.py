"""Durations and sizes as people say them."""

from datetime import timedelta

from django.utils.formats import number_format
from django.utils.translation import gettext, ngettext


def duration(length: timedelta) -> str:
    """`1 hour 30 minutes`, `7 days`; parts that are zero are left out, and seconds are whole."""
    seconds = int(length.total_seconds())
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


def size(size_bytes: int) -> str:
    """`25 MB`, `1.5 GB`: powers of ten, as the settings are written in; one digit where it says something."""
    for unit, power in ((gettext("GB"), 1_000_000_000), (gettext("MB"), 1_000_000), (gettext("kB"), 1000)):
        if size_bytes >= power:
            tenths = round(size_bytes / power * 10)
            return f"{number_format(tenths / 10, 1 if tenths % 10 else 0)} {unit}"
    return ngettext("%(count)d byte", "%(count)d bytes", size_bytes) % {"count": size_bytes}
