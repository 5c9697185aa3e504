"""What people do with a message."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from inbox import cookies, opened, showing
from inbox.access import OpenMailbox, OpenMessage
from inbox.browser import Browser
from inbox.retention import TooLate
from inbox.views import errors
from inbox.views.visiting import answer, page, with_browser


def _open(browser: Browser, mailbox_id: str, message_id: str) -> tuple[OpenMailbox, OpenMessage]:
    """Both, or Http404. What the URL asks for is looked for only in what the cookies open."""
    mailbox = browser.open(mailbox_id)
    message = mailbox.message(message_id) if cookies.is_id(message_id) else None
    if message is None:
        raise Http404
    return mailbox, message


def found(request: HttpRequest, mailbox_id: str, message_id: str) -> OpenMessage:
    """The message, for its parts."""
    return _open(Browser(request), mailbox_id, message_id)[1]


@require_POST
@with_browser
def read(request: HttpRequest, browser: Browser, mailbox_id: str, message_id: str) -> HttpResponse:
    """It was opened in a page that had it already."""
    _mailbox, message = _open(browser, mailbox_id, message_id)
    message.mark_read()
    return answer(request, redirect("inbox:message", mailbox_id, message_id))


@require_POST
@with_browser
def unread(request: HttpRequest, browser: Browser, mailbox_id: str, message_id: str) -> HttpResponse:
    """As if it had not been opened: back to the list, for to show it would be to open it."""
    _mailbox, message = _open(browser, mailbox_id, message_id)
    message.mark_unread()
    return answer(request, redirect("inbox:mailbox", mailbox_id))


@require_http_methods(["GET", "HEAD", "POST"])
@page
def delete_message(request: HttpRequest, browser: Browser, mailbox_id: str, message_id: str) -> HttpResponse:
    """Out of sight at once; for a few seconds it can be taken back."""
    mailbox, message = _open(browser, mailbox_id, message_id)
    if request.method != "POST":
        (box,) = showing.boxes([mailbox])
        context = {"mailbox": box, "message": showing.row(message.row)}
        return render(request, "inbox/confirm_delete.html", context)
    message.delete()
    opened.forget(mailbox_id, message_id)
    url = reverse("inbox:mailbox", args=[mailbox_id])
    return answer(request, redirect(f"{url}?deleted={message_id}"))


@require_POST
@page
def undelete_message(
    request: HttpRequest, browser: Browser, mailbox_id: str, message_id: str
) -> HttpResponse:
    """Take a deletion back."""
    mailbox = browser.open(mailbox_id)
    if not cookies.is_id(message_id):
        raise Http404
    url = reverse("inbox:mailbox", args=[mailbox_id])
    try:
        mailbox.undelete_message(message_id)
    except TooLate:
        if errors.wants_json(request):
            return errors.refusal(request, 409, _("Too late: the message is gone."))
        return redirect(f"{url}?notice=too_late")
    return answer(request, redirect(url))
