"""Filters of the inbox templates."""

import math
from datetime import datetime

from django import template
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from inbox import clock

register = template.Library()


@register.filter
def age(moment: datetime) -> str:
    """Short age of a moment: now, 4m, 3h, 2d (the page's script keeps it fresh, in the same words)."""
    seconds = max(0, int((clock.now() - moment).total_seconds()))
    if seconds >= 86_400:
        return _("{n}d").format(n=seconds // 86_400)
    if seconds >= 3_600:
        return _("{n}h").format(n=seconds // 3_600)
    return _("{n}m").format(n=seconds // 60) if seconds >= 60 else _("now")


@register.filter
def time_left(moment: datetime) -> str:
    """Time until a moment, as people say it, rounded up: 1 h 23 min, 12 min, 45 s. As countdown.js."""
    seconds = max(0, math.ceil((moment - clock.now()).total_seconds()))
    if seconds < 60:
        return _("{s} s").format(s=seconds)
    hours, minutes = divmod(math.ceil(seconds / 60), 60)
    if hours >= 48:
        return _("{d} days").format(d=hours // 24)
    if hours:
        return _("{h} h {m} min").format(h=hours, m=minutes)
    return _("{m} min").format(m=minutes)


def _longer_side(address: str) -> int:
    return max(len(side) for side in address.rsplit("@", 1))


@register.filter
def address_size(address: str) -> str:
    """Class of the address by the longer side of its @ (look.md): large, medium or small."""
    longest = _longer_side(address)
    return "large" if longest <= 20 else "medium" if longest <= 28 else "small"


@register.filter
def breakable(address: str) -> SafeString:
    """The address escaped; it may break at its @ and, a long one, after dots and hyphens. Its text stays."""
    escaped = str(conditional_escape(address)).replace("@", "<wbr>@")
    if _longer_side(address) > 28:
        escaped = escaped.replace(".", ".<wbr>").replace("-", "-<wbr>")
    return mark_safe(escaped)  # noqa: S308 (escaped one line above; only <wbr> is added)
