"""/privacy/: what is kept, for how long, and who can read it, from the settings in force."""

from typing import Any

from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from inbox import delivery, retention, timers
from inbox.durations import in_words
from inbox.models import Policy


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """Every number on the page is the one that this server runs with now."""
    try:
        policy = Policy.current()
    except DatabaseError:
        return render(request, "inbox/unavailable.html", status=503)
    return render(request, "inbox/privacy.html", _facts(policy))


def _facts(policy: Policy) -> dict[str, Any]:
    return {
        "policy": policy,
        "lifetime": in_words(policy.lifetime),
        "from_creation": policy.timer_start == Policy.TimerStart.CREATION,
        "grace": in_words(policy.grace) if policy.grace else "",
        "shortest_reading_time": in_words(policy.shortest_reading_time)
        if policy.shortest_reading_time
        else "",
        "greatest_age": in_words(policy.greatest_age),
        "at_the_very_most": in_words(policy.greatest_age + policy.grace),
        "undo": in_words(retention.UNDO),
        "unconfirmed": in_words(timers.PROVISIONAL),
        "staff_mail_kept": in_words(retention.STAFF_MAIL_KEPT),
        "repeat_within": in_words(delivery.REPEAT_WITHIN),
    }
