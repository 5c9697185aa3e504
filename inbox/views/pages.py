"""The pages people look at: the inbox, a mailbox, a message, and what is left after a deletion."""

from datetime import datetime, timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_POST, require_safe

from inbox import clock, cookies, creation, limits, reading, rotation, searching, showing
from inbox.access import OpenMailbox, State
from inbox.browser import Browser
from inbox.models import Domain, Policy
from inbox.views import parts
from inbox.views.visiting import only_when_asked_for, page

#: What a redirect may ask a page to say.
NOTICES = frozenset(["test_sent", "no_test", "revived", "too_late"])


class TooMany(Exception):
    """The peer has made as many mailboxes as it may for now."""

    def __init__(self, seconds: float):
        self.seconds = seconds


def home(request: HttpRequest) -> HttpResponseBase:
    """`/`: the mailbox looked at last; for whoever has none, a new one, at once."""
    return _empty(request) if request.method == "HEAD" else _home(request)


@require_safe
def _empty(request: HttpRequest) -> HttpResponse:
    """Whoever asks for the head alone gets no mailbox made."""
    return HttpResponse()


@require_safe
@only_when_asked_for
@page
def _home(request: HttpRequest, browser: Browser) -> HttpResponse:
    mailbox = browser.current
    if mailbox is not None:
        mailbox.view()
        return mailbox_page(request, browser, mailbox)
    notice = "ended" if browser.has_lost_one else ""
    try:
        mailbox = make_mailbox(request, browser)
    except TooMany as limit:
        return too_many(request, limit)
    except rotation.NoDomain:
        return no_domain(request)
    return mailbox_page(request, browser, mailbox, notice=notice)


@require_safe
@only_when_asked_for
@page
def mailbox(request: HttpRequest, browser: Browser, mailbox_id: str) -> HttpResponse:
    """A mailbox by its own URL; for the page's script also its switcher alone."""
    opened = browser.open(mailbox_id)
    if request.headers.get("X-Partial") == "switcher":
        return _partial(request, "inbox/_switcher.html", _switcher(browser, opened))
    if request.method == "GET":
        opened.view()
    deleted = request.GET.get("deleted", "")
    undo = deleted if cookies.is_id(deleted) and opened.can_undelete(deleted) else ""
    moment = moment_of(request.GET.get("deleted_read", ""))
    return mailbox_page(
        request,
        browser,
        opened,
        notice=_asked_notice(request),
        undo_message_id=undo,
        undo_read_moment=moment.isoformat() if moment and opened.can_undelete_read(moment) else "",
    )


@require_safe
@only_when_asked_for
@page
def message(request: HttpRequest, browser: Browser, mailbox_id: str, message_id: str) -> HttpResponse:
    """A message opened: a view, and from now on it is read."""
    opened = browser.open(mailbox_id)
    found = opened.message(message_id) if cookies.is_id(message_id) else None
    if found is None:
        raise Http404
    if request.method == "GET":
        found.mark_read()
        opened.view()
    try:
        shown = reading.reading(found, parts.looks_of(request), betters_row=request.method == "GET")
    except LookupError:
        raise Http404 from None
    if request.headers.get("X-Partial") == "reader":
        browser.looks_at(opened)
        return _partial(request, "inbox/_reader.html", {"message": shown})
    return mailbox_page(request, browser, opened, message=shown)


@require_POST
@page
def search(request: HttpRequest, browser: Browser, mailbox_id: str) -> HttpResponse:
    """What a query is in: for the page's script the rows alone. A POST, so that the query is in no URL."""
    opened = browser.open(mailbox_id)
    query = request.POST.get("query", "")[: searching.LONGEST_QUERY].strip()
    if request.headers.get("X-Partial") == "search":
        found = searching.search(opened.rows(), query)
        return _partial(request, "inbox/_found.html", {"found": found})
    opened.view()
    if not query:
        return redirect("inbox:mailbox", mailbox_id)
    found = searching.search(opened.rows(), query)
    return mailbox_page(request, browser, opened, rows=found.rows, query=query, found=found)


@require_safe
@page
def gone(request: HttpRequest, browser: Browser) -> HttpResponse:
    """After a deletion. Makes nothing by itself."""
    left = [mailbox for mailbox in browser.mailboxes if mailbox.state is State.LIVING]
    context = {"mailboxes": showing.boxes(left), "at_limit": is_at_limit(browser)}
    return render(request, "inbox/gone.html", context)


# -- shared with the forms' views ------------------------------------------------------------------


def mailbox_page(
    request: HttpRequest, browser: Browser, mailbox: OpenMailbox, *, status: int = 200, **more: Any
) -> HttpResponse:
    """The one page that home, mailbox and message are; `more` is what differs."""
    browser.looks_at(mailbox)
    # Revision first, rows after it: what comes between is told again rather than missed.
    boxes = showing.boxes(browser.mailboxes)
    shown = next(box for box in boxes if box.id == mailbox.mailbox_id)
    offered = [domain.name for domain in rotation.offered_domains()]
    context = {
        "server_now": clock.now(),
        "mailbox": shown,
        "mailboxes": boxes,
        "rows": [] if "found" in more else lines_of(mailbox),
        "query": "",
        "found": None,
        "message": None,
        "domains": offered,
        "other_domain": next((name for name in offered if name != mailbox.domain), ""),
        "at_limit": is_at_limit(browser),
        "mailboxes_limit": Policy.current().mailboxes_per_browser,
        "new_name": "",
        "new_domain": "",
        "new_error": "",
        "label_error": "",
        "notice": "",
        "undo_message_id": "",
        "undo_read_moment": "",
        **more,
    }
    response = render(request, "inbox/mailbox.html", context, status=status)
    patch_vary_headers(response, ["X-Partial"])
    return response


def make_mailbox(
    request: HttpRequest, browser: Browser, *, name: str = "", domain: Domain | None = None
) -> OpenMailbox:
    """A new mailbox for this browser. Raises TooMany, NoDomain, AddressError or NotFree.

    Without a domain the rotation picks one, and not the same twice running where there is a choice.
    """
    offered = rotation.offered_domains()
    if not offered:
        raise rotation.NoDomain
    policy = Policy.current()
    rate = limits.Rate(policy.new_mailboxes_burst, policy.new_mailboxes_per_hour)
    wait = limits.seconds_to_wait("new", limits.peer_of(request), rate)
    if wait > 0:
        raise TooMany(wait)
    if domain is None:
        newest = next(iter(browser.own), None)
        domain = rotation.pick(offered, not_again=newest.domain if newest else "")
    provisional = not browser.mailboxes
    if name:
        return browser.add(creation.create_chosen(name, domain, provisional=provisional))
    return browser.add(creation.create_random(domain, provisional=provisional))


def lines_of(mailbox: OpenMailbox) -> list[showing.Row | showing.Refused]:
    """The list: what came and what did not, newest first."""
    rows = [showing.row(row) for row in reversed(mailbox.rows())]
    return showing.in_time(rows, showing.refused(mailbox.notices()))


def moment_of(said: str) -> datetime | None:
    """A moment as a page of ours wrote it, or None where that is none."""
    try:
        moment = datetime.fromisoformat(said[:40])
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None


def is_at_limit(browser: Browser) -> bool:
    """Whether this browser may make no more. Ended ones count: they have a cookie too."""
    return len(browser.own) >= Policy.current().mailboxes_per_browser


def too_many(request: HttpRequest, limit: TooMany) -> HttpResponse:
    """429, and when the next one can be made."""
    seconds = max(1, int(limit.seconds + 0.999))
    context = {"retry_at": clock.now() + timedelta(seconds=seconds), "retry_after_seconds": seconds}
    response = render(request, "inbox/too_many.html", context, status=429)
    response["Retry-After"] = str(seconds)
    return response


def no_domain(request: HttpRequest) -> HttpResponse:
    """503: nobody has named a domain that takes mail."""
    return render(request, "inbox/no_domain.html", status=503)


def _partial(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    response = render(request, template, context)
    patch_vary_headers(response, ["X-Partial"])
    return response


def _switcher(browser: Browser, current: OpenMailbox) -> dict[str, Any]:
    boxes = showing.boxes(browser.mailboxes)
    return {
        "mailboxes": boxes,
        "mailbox": next(box for box in boxes if box.id == current.mailbox_id),
    }


def _asked_notice(request: HttpRequest) -> str:
    asked = request.GET.get("notice", "")
    return asked if asked in NOTICES else ""
