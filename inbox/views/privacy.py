"""/privacy/: what is kept, for how long, and who can read it, from the settings in force."""

from typing import Any

from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from inbox import delivery, retention, timers, words
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
        "lifetime": words.duration(policy.lifetime),
        "from_creation": policy.timer_start == Policy.TimerStart.CREATION,
        "grace": words.duration(policy.grace) if policy.grace else "",
        "shortest_reading_time": words.duration(policy.shortest_reading_time)
        if policy.shortest_reading_time
        else "",
        "greatest_age": words.duration(policy.greatest_age),
        "at_the_very_most": words.duration(policy.greatest_age + policy.grace),
        "undo": words.duration(retention.UNDO),
        "unconfirmed": words.duration(timers.PROVISIONAL),
        "staff_mail_kept": words.duration(retention.STAFF_MAIL_KEPT),
        "largest_message": words.size(policy.max_message_bytes),
        "whole_mailbox": words.size(policy.quota_bytes),
        "repeat_within": words.duration(delivery.REPEAT_WITHIN),
    }
