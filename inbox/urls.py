"""The URLs people, scripts and programs hold on to."""

from django.urls import path, re_path

from inbox.consumers import Live, Nothing
from inbox.views import health, images, mailboxes, messages, pages, parts, pictures, privacy

app_name = "inbox"

_MAILBOX = "m/<str:mailbox_id>/"
_MESSAGE = f"{_MAILBOX}<str:message_id>/"

urlpatterns = [
    path("", pages.home, name="home"),
    path("new/", mailboxes.new, name="new"),
    path("updates/", pictures.updates, name="updates"),
    path("gone/", pages.gone, name="gone"),
    path("privacy/", privacy.privacy, name="privacy"),
    path("healthz", health.healthz, name="health"),
    path("i/<str:token>", images.picture, name="picture"),
    path("robots.txt", pictures.robots, name="robots"),
    path("favicon.ico", pictures.favicon, name="favicon"),
    path(_MAILBOX, pages.mailbox, name="mailbox"),
    path(f"{_MAILBOX}delete/", mailboxes.delete, name="delete"),
    path(f"{_MAILBOX}search/", pages.search, name="search"),
    path(f"{_MAILBOX}delete-read/", mailboxes.delete_read, name="delete_read"),
    path(f"{_MAILBOX}undelete-read/", mailboxes.undelete_read, name="undelete_read"),
    path(f"{_MAILBOX}dismiss/", mailboxes.dismiss, name="dismiss"),
    path(f"{_MAILBOX}extend/", mailboxes.extend, name="extend"),
    path(f"{_MAILBOX}revive/", mailboxes.revive, name="revive"),
    path(f"{_MAILBOX}label/", mailboxes.label, name="label"),
    path(f"{_MAILBOX}test/", mailboxes.test_message, name="test_message"),
    path(f"{_MAILBOX}qr.svg", pictures.qr, name="qr"),
    path(f"{_MAILBOX}seen.gif", pictures.seen, name="seen"),
    path(f"{_MAILBOX}seen.css", pictures.seen_style, name="seen_style"),
    path(_MESSAGE, pages.message, name="message"),
    *parts.urls(_MESSAGE, messages.found, lambda view: view),
    path(f"{_MESSAGE}read/", messages.read, name="read"),
    path(f"{_MESSAGE}unread/", messages.unread, name="unread"),
    path(f"{_MESSAGE}delete/", messages.delete_message, name="delete_message"),
    path(f"{_MESSAGE}undelete/", messages.undelete_message, name="undelete_message"),
]

websocket_urlpatterns = [
    path("ws/", Live.as_asgi()),
    re_path(r"", Nothing.as_asgi()),
]
