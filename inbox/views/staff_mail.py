"""Mail to postmaster@ and abuse@: /admin/mail/, for staff who hold the staff secret, in the same reader.

The reader's URLs exist a second time here, in an instance namespace of their own: what is rendered for a
request to it finds `inbox:message`, `inbox:frame` and their like below /admin/mail/. What opens the mail is
the secret alone, in a cookie that only /admin/ gets to see; the login decides who may bring it.
"""

import itertools
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from django.views.generic import RedirectView

from inbox import access, cookies, opened, reading, showing, staff
from inbox.access import OpenMailbox, OpenMessage
from inbox.admin.site import MAY_DELETE_MAIL, MAY_READ_MAIL, site
from inbox.retention import TooLate
from inbox.views import parts

COOKIE_PATH = "/admin/"
#: Secrets one browser may hold; after `staffsecret --new` both the old and the new are of use.
MOST_SECRETS = 8

View = Callable[..., HttpResponseBase]


def for_staff(permission: str) -> Callable[[View], View]:
    """Only logged-in staff with `permission`; others are asked to log in, or told no."""

    def decorate(view: View) -> View:
        @wraps(view)
        def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.has_perm(permission):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return site.admin_view(inner)

    return decorate


# -- the secrets -----------------------------------------------------------------------------------


def cookie_name(request: HttpRequest) -> str:
    """Over HTTPS only the name that plain HTTP cannot set."""
    return "__Secure-staff" if request.is_secure() else "staff"


def _held(request: HttpRequest) -> list[bytes]:
    """The secrets this browser brings, in the order they were typed."""
    texts = request.COOKIES.get(cookie_name(request), "").split(".")[:MOST_SECRETS]
    return [secret for text in texts if (secret := staff.from_text(text)) is not None]


def _opened(secrets: list[bytes]) -> list[OpenMailbox]:
    """The staff mailboxes these open, newest first; a person's mailbox is never shown here."""
    return [mailbox for mailbox in access.open_all(secrets) if mailbox.is_staff]


def _find(request: HttpRequest, mailbox_id: str) -> OpenMailbox:
    for mailbox in _opened(_held(request)):
        if mailbox.mailbox_id == mailbox_id:
            return mailbox
    raise Http404


def _find_message(request: HttpRequest, mailbox_id: str, message_id: str) -> OpenMessage:
    message = _find(request, mailbox_id).message(message_id) if cookies.is_id(message_id) else None
    if message is None:
        raise Http404
    return message


@require_POST
@for_staff(MAY_READ_MAIL)
def unlock(request: HttpRequest) -> HttpResponse:
    """Somebody typed a secret: keep it in this browser if it opens a staff mailbox."""
    secret = staff.from_text(request.POST.get("secret", "")[:200])
    if secret is None or not _opened([secret]):
        return _page(
            request, status=422, wrong=_("This secret opens no staff mail. It is 43 characters long.")
        )
    kept = [known for known in _held(request) if known != secret and _opened([known])]
    response = redirect("staff:index")
    response.set_cookie(
        cookie_name(request),
        ".".join(staff.to_text(known) for known in [*kept, secret][-MOST_SECRETS:]),
        path=COOKIE_PATH,
        secure=request.is_secure(),
        httponly=True,
        samesite="Lax",
    )
    return response


@require_POST
@for_staff(MAY_READ_MAIL)
def lock(request: HttpRequest) -> HttpResponse:
    """Forget the secrets in this browser."""
    response = redirect("staff:index")
    response.delete_cookie(cookie_name(request), path=COOKIE_PATH, samesite="Lax")
    return response


# -- reading ---------------------------------------------------------------------------------------


@require_safe
@for_staff(MAY_READ_MAIL)
def index(request: HttpRequest) -> HttpResponse:
    """The list, or the form for the secret."""
    return _page(request)


@require_safe
@for_staff(MAY_READ_MAIL)
def mailbox(request: HttpRequest, mailbox_id: str) -> HttpResponse:
    """There is one list for all staff mailboxes that are open."""
    return redirect("staff:index")


@require_safe
@for_staff(MAY_READ_MAIL)
def message(request: HttpRequest, mailbox_id: str, message_id: str) -> HttpResponse:
    """A message opened; from now on it is read."""
    found = _find_message(request, mailbox_id, message_id)
    if request.method == "GET":
        found.mark_read()
    try:
        shown = reading.reading(found, parts.looks_of(request), betters_row=request.method == "GET")
    except LookupError:
        raise Http404 from None
    return _page(request, message=shown)


@require_POST
@for_staff(MAY_READ_MAIL)
def unread(request: HttpRequest, mailbox_id: str, message_id: str) -> HttpResponse:
    """As if it had not been opened: back to the list."""
    _find_message(request, mailbox_id, message_id).mark_unread()
    return redirect("staff:index")


@require_POST
@for_staff(MAY_DELETE_MAIL)
def delete_message(request: HttpRequest, mailbox_id: str, message_id: str) -> HttpResponse:
    """Out of sight at once; for a few seconds it can be taken back."""
    _find_message(request, mailbox_id, message_id).delete()
    opened.forget(mailbox_id, message_id)
    return redirect(f"{reverse('staff:index')}?deleted={message_id}&in={mailbox_id}")


@require_POST
@for_staff(MAY_DELETE_MAIL)
def undelete_message(request: HttpRequest, mailbox_id: str, message_id: str) -> HttpResponse:
    """Take a deletion back."""
    if not cookies.is_id(message_id):
        raise Http404
    try:
        _find(request, mailbox_id).undelete_message(message_id)
    except TooLate:
        return redirect(f"{reverse('staff:index')}?too_late=1")
    return redirect("staff:index")


def _page(
    request: HttpRequest, *, status: int = 200, message: reading.Reading | None = None, wrong: str = ""
) -> HttpResponse:
    mailboxes = _opened(_held(request))
    rows = sorted(
        itertools.chain.from_iterable(mailbox.rows() for mailbox in mailboxes),
        key=lambda row: (row.received_at, row.number),
        reverse=True,
    )
    context = {
        "opened": mailboxes,
        "is_set_up": staff.is_set_up(),
        "others_locked": staff.count() > len(mailboxes),
        "rows": [showing.row(row) for row in rows],
        "unread": sum(not row.is_read for row in rows),
        "message": message,
        "wrong": wrong,
        "undo": _undo(request, mailboxes),
        "too_late": "too_late" in request.GET,
    }
    return render(request, "admin/mail/page.html", context, status=status)


def _undo(request: HttpRequest, mailboxes: list[OpenMailbox]) -> str:
    """Where a deletion that has just been made can be taken back, or ""."""
    message_id, mailbox_id = request.GET.get("deleted", ""), request.GET.get("in", "")
    if cookies.is_id(message_id) and any(
        mailbox.mailbox_id == mailbox_id and mailbox.can_undelete(message_id) for mailbox in mailboxes
    ):
        return reverse("staff:undelete_message", args=[mailbox_id, message_id])
    return ""


_MESSAGE = "<str:mailbox_id>/<str:message_id>/"

urlpatterns = [
    path("", index, name="index"),
    # What the shared templates link to from every page, such as the one for 404.
    path("", index, name="home"),
    path("privacy/", RedirectView.as_view(url="/privacy/"), name="privacy"),
    path("unlock/", unlock, name="unlock"),
    path("lock/", lock, name="lock"),
    path("<str:mailbox_id>/", mailbox, name="mailbox"),
    path(_MESSAGE, message, name="message"),
    *parts.urls(_MESSAGE, _find_message, for_staff(MAY_READ_MAIL)),
    path(f"{_MESSAGE}unread/", unread, name="unread"),
    path(f"{_MESSAGE}delete/", delete_message, name="delete_message"),
    path(f"{_MESSAGE}undelete/", undelete_message, name="undelete_message"),
]
