"""What people do with a mailbox. Each is a form that works without JavaScript, and a script's request."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from inbox import cookies, limits, live, opened, rotation, sample_mail, showing
from inbox.access import OpenMailbox
from inbox.addresses import AddressError
from inbox.browser import Browser
from inbox.creation import NotFree
from inbox.forms import LabelForm, NewMailboxForm
from inbox.retention import TooLate
from inbox.views import errors, pages
from inbox.views.visiting import answer, page

#: Test messages a peer may ask for.
TEST_RATE = limits.Rate(burst=3, per_hour=30)


@require_POST
@page
def new(request: HttpRequest, browser: Browser) -> HttpResponse:
    """One more mailbox, with a chosen name or a made-up one."""
    form = NewMailboxForm(request.POST)
    form.is_valid()
    name = str(form.cleaned_data.get("name", "")).strip()
    wanted = str(form.cleaned_data.get("domain", "")).strip()
    if pages.is_at_limit(browser):
        return _asked_again(request, browser, status=409, notice="at_limit")
    try:
        if form.errors:
            raise AddressError("too long")
        domain = next((each for each in rotation.offered_domains() if each.name == wanted), None)
        if wanted and domain is None:
            problem = _("This domain is not offered at present. Choose another.")
            return _refused(request, browser, name, wanted, problem)
        mailbox = pages.make_mailbox(request, browser, name=name, domain=domain)
    except AddressError:
        problem = _("3 to 40 of a–z, 0–9, dot, hyphen and underscore, with a letter or digit at either end.")
        return _refused(request, browser, str(request.POST.get("name", ""))[:200], wanted, problem)
    except NotFree:
        problem = _("This name is not to be had. Try another.")
        return _refused(request, browser, name, wanted, problem)
    except pages.TooMany as limit:
        return pages.too_many(request, limit)
    except rotation.NoDomain:
        return pages.no_domain(request)
    browser.looks_at(mailbox)
    return redirect("inbox:mailbox", mailbox.mailbox_id)


def _refused(request: HttpRequest, browser: Browser, name: str, domain: str, problem: str) -> HttpResponse:
    """The page again, with what was typed and why it did not do."""
    return _asked_again(request, browser, status=422, new_name=name, new_domain=domain, new_error=problem)


def _asked_again(request: HttpRequest, browser: Browser, *, status: int, **more: str) -> HttpResponse:
    mailbox = browser.current
    try:
        # Whoever has no mailbox left still gets the page, as at `/`.
        shown = mailbox or pages.make_mailbox(request, browser)
    except pages.TooMany as limit:
        return pages.too_many(request, limit)
    except rotation.NoDomain:
        return pages.no_domain(request)
    return pages.mailbox_page(request, browser, shown, status=status, **more)


@require_http_methods(["GET", "HEAD", "POST"])
@page
def delete(request: HttpRequest, browser: Browser, mailbox_id: str) -> HttpResponse:
    """Erase a mailbox and all that is in it; without JavaScript asked once more on a page of its own."""
    mailbox = browser.open(mailbox_id)
    if request.method != "POST":
        (box,) = showing.boxes([mailbox])
        return render(request, "inbox/confirm_delete.html", {"mailbox": box, "message": None})
    mailbox.delete()
    opened.forget(mailbox_id)
    browser.forget(mailbox)
    return redirect("inbox:gone")


@require_http_methods(["GET", "HEAD", "POST"])
@page
def delete_read(request: HttpRequest, browser: Browser, mailbox_id: str) -> HttpResponse:
    """All read messages out of sight at once; for a few seconds they can be taken back."""
    mailbox = browser.open(mailbox_id)
    if request.method != "POST":
        (box,) = showing.boxes([mailbox])
        return render(request, "inbox/confirm_delete_read.html", {"mailbox": box})
    moment, count = mailbox.delete_read()
    opened.forget(mailbox_id)
    said = moment.isoformat()
    if errors.wants_json(request):
        return JsonResponse({"moment": said, "count": count})
    url = reverse("inbox:mailbox", args=[mailbox_id], query={"deleted_read": said} if count else {})
    return redirect(url)


@require_POST
@page
def undelete_read(request: HttpRequest, browser: Browser, mailbox_id: str) -> HttpResponse:
    """Take that back."""
    mailbox = browser.open(mailbox_id)
    moment = pages.moment_of(request.POST.get("moment", ""))
    try:
        if moment is None:
            raise TooLate
        mailbox.undelete_read(moment)
    except TooLate:
        if errors.wants_json(request):
            return errors.refusal(request, 409, _("Too late: the messages are gone."))
        return _back_to(mailbox, "too_late")
    return answer(request, _back_to(mailbox))


@require_POST
@page
def dismiss(request: HttpRequest, browser: Browser, mailbox_id: str) -> HttpResponse:
    """A line about mail that did not arrive has been seen."""
    mailbox = browser.open(mailbox_id)
    notice = request.POST.get("notice", "")
    if notice == showing.MORE:
        mailbox.dismiss_more()
    elif cookies.is_id(notice):
        mailbox.dismiss_notice(notice)
    return answer(request, _back_to(mailbox))


@require_POST
@page
def extend(request: HttpRequest, browser: Browser, mailbox_id: str) -> HttpResponse:
    """Start the timer anew."""
    mailbox = browser.open(mailbox_id)
    try:
        mailbox.extend()
    except TooLate:
        return _too_late(request, mailbox)
    return _moved(request, mailbox)


@require_POST
@page
def revive(request: HttpRequest, browser: Browser, mailbox_id: str) -> HttpResponse:
    """Bring an ended mailbox back."""
    mailbox = browser.open(mailbox_id)
    try:
        mailbox.revive()
    except TooLate:
        return _too_late(request, mailbox)
    return _moved(request, mailbox, notice="revived")


def _moved(request: HttpRequest, mailbox: OpenMailbox, notice: str = "") -> HttpResponse:
    """The new end at once for a script that says which revision it has; else the socket brings it."""
    if errors.wants_json(request):
        revision = live.read_revision(request.POST.get("revision"))
        told = (
            []
            if revision is None
            else live.updates([mailbox], {mailbox.mailbox_id: revision}, mailbox.mailbox_id)
        )
        return JsonResponse(told[0].to_json()) if len(told) == 1 else HttpResponse(status=204)
    return _back_to(mailbox, notice)


@require_POST
@page
def label(request: HttpRequest, browser: Browser, mailbox_id: str) -> HttpResponse:
    """Give it a name of one's own."""
    mailbox = browser.open(mailbox_id)
    form = LabelForm(request.POST)
    if not form.is_valid():
        problem = str(form.errors["label"][0])
        if errors.wants_json(request):
            return errors.refusal(request, 422, problem)
        return pages.mailbox_page(request, browser, mailbox, status=422, label_error=problem)
    mailbox.set_label(form.cleaned_data["label"])
    return answer(request, _back_to(mailbox))


@require_POST
@page
def test_message(request: HttpRequest, browser: Browser, mailbox_id: str) -> HttpResponseBase:
    """Send the mailbox a real message, through the door that everybody's mail comes by."""
    mailbox = browser.open(mailbox_id)
    wait = limits.seconds_to_wait("test", limits.peer_of(request), TEST_RATE)
    if wait > 0:
        if not errors.wants_json(request):
            return _back_to(mailbox, "no_test")
        response = errors.refusal(
            request, 429, _("Enough test messages for now. Try again in a few minutes.")
        )
        response["Retry-After"] = str(int(wait) + 1)
        return response
    try:
        sample_mail.send(mailbox.address)
    except sample_mail.NotSent:
        if not errors.wants_json(request):
            return _back_to(mailbox, "no_test")
        return errors.refusal(
            request, 503, _("The test message could not be sent: the mail server does not take it.")
        )
    return answer(request, _back_to(mailbox, "test_sent"))


def _too_late(request: HttpRequest, mailbox: OpenMailbox) -> HttpResponse:
    if errors.wants_json(request):
        return errors.refusal(request, 409, _("Too late: this mailbox has ended."))
    return _back_to(mailbox, "too_late")


def _back_to(mailbox: OpenMailbox, notice: str = "") -> HttpResponse:
    url = reverse("inbox:mailbox", args=[mailbox.mailbox_id])
    return redirect(f"{url}?notice={notice}" if notice else url)
