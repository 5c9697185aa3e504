"""One request's browser: the mailboxes its cookies open, and what its cookies become with the response."""

from collections.abc import Mapping
from datetime import timedelta

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase

from inbox import access, cookies
from inbox.access import OpenMailbox, State
from inbox.creation import NewMailbox


class Browser:
    """Opened once a request, with one read. A cookie that opens its mailbox confirms it."""

    def __init__(self, request: HttpRequest):
        self._secure = request.is_secure()
        self._brought = cookies.read(request.COOKIES, secure=self._secure)
        self._secrets = dict(self._brought.secrets)
        self._mailboxes = {mailbox.mailbox_id: mailbox for mailbox in open_with(self._secrets)}
        self._changes = cookies.Changes()
        self._current = self._brought.current

    # -- what it opens

    @property
    def mailboxes(self) -> list[OpenMailbox]:
        """All, newest first, hidden ones included."""
        return list(self._mailboxes.values())

    @property
    def own(self) -> list[OpenMailbox]:
        """Those that were made here: not those of a link."""
        return [mailbox for mailbox in self._mailboxes.values() if not mailbox.is_shared]

    def find(self, mailbox_id: str) -> OpenMailbox | None:
        """The mailbox, if a cookie of this browser opens it."""
        return self._mailboxes.get(mailbox_id)

    def open(self, mailbox_id: str) -> OpenMailbox:
        """The same, or Http404: a stranger's, one that is gone, and one that never was are all alike."""
        mailbox = self.find(mailbox_id)
        if mailbox is None:
            raise Http404
        return mailbox

    @property
    def current(self) -> OpenMailbox | None:
        """The one looked at last, else the newest living, else the newest that can be brought back."""
        own = self.own
        for mailbox in own:
            if mailbox.mailbox_id == self._current:
                return mailbox
        living = [mailbox for mailbox in own if mailbox.state is State.LIVING]
        return next(iter(living or own), None)

    @property
    def has_lost_one(self) -> bool:
        """Whether a cookie came whose mailbox is gone for good."""
        return any(mailbox_id not in self._mailboxes for mailbox_id in self._brought.secrets)

    # -- what happens to it

    def add(self, new: NewMailbox) -> OpenMailbox:
        """A mailbox was made for this browser."""
        mailbox = access.just_made(new.mailbox, new.secret)
        self._secrets[mailbox.mailbox_id] = new.secret
        self._mailboxes = {mailbox.mailbox_id: mailbox, **self._mailboxes}
        self._changes.kept[mailbox.mailbox_id] = (new.secret, mailbox.cookie_lifetime)
        return mailbox

    def looks_at(self, mailbox: OpenMailbox) -> None:
        """Remember it as the current one; what a link opened never becomes that."""
        if not mailbox.is_shared:
            self._current = mailbox.mailbox_id
            self._changes.current = (mailbox.mailbox_id, mailbox.cookie_lifetime)

    def forget(self, mailbox: OpenMailbox) -> None:
        """It was deleted."""
        self._mailboxes.pop(mailbox.mailbox_id, None)
        self._changes.unset.append(cookies.name_of(mailbox.mailbox_id, secure=self._secure))
        if self._current == mailbox.mailbox_id:
            self._changes.unset.append(cookies.name_of("current", secure=self._secure))

    def write_cookies(self, response: HttpResponseBase) -> None:
        """Unset what opens nothing any more, renew what does. Only after everything was read."""
        shut = self._brought.secrets.keys() - self._mailboxes.keys()
        kept = access.with_grant(self._brought.secrets[mailbox_id] for mailbox_id in shut) if shut else set()
        self._changes.unset += [
            cookies.name_of(mailbox_id, secure=self._secure)
            for mailbox_id in self._brought.secrets
            if mailbox_id in shut - kept
        ]
        self._changes.unset = list(dict.fromkeys([*self._changes.unset, *self._brought.unreadable]))
        self._changes.renewed = {
            mailbox_id: (self._secrets[mailbox_id], _lifetime(mailbox))
            for mailbox_id, mailbox in self._mailboxes.items()
            if mailbox_id not in self._changes.kept
        }
        cookies.write(response, self._changes, secure=self._secure)


def open_with(secrets: Mapping[str, bytes]) -> list[OpenMailbox]:
    """The mailboxes that these secrets open under their own ids, newest first, confirmed.

    A secret under another mailbox's id opens nothing: a cookie's name is part of what it says.
    """
    opened = [mailbox for mailbox in access.open_all(secrets.values()) if mailbox.mailbox_id in secrets]
    for mailbox in opened:
        mailbox.confirm()
    return opened


def _lifetime(mailbox: OpenMailbox) -> timedelta:
    return mailbox.cookie_lifetime
