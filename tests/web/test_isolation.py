"""Another browser gets the same 404 for whatever is not its own, byte for byte."""

from typing import Any

import pytest
from django.test import override_settings

from inbox.models import Mailbox
from tests.web.conftest import Browser, Clock, Inbox

NEVER = "0" * 32
ODD = ["x", "0" * 31, "0" * 33, "A" * 32, "%00", "😀", "0" * 31 + "g", "a" * 4000, "{0}"]

GETS = [
    "/m/{box}/",
    "/m/{box}/delete/",
    "/m/{box}/delete-read/",
    "/m/{box}/qr.svg",
    "/m/{box}/seen.gif",
    "/m/{box}/seen.css",
    "/m/{box}/{message}/",
    "/m/{box}/{message}/?view=text",
    "/m/{box}/{message}/html/",
    "/m/{box}/{message}/source/",
    "/m/{box}/{message}/print/",
    "/m/{box}/{message}/part/0/",
    "/m/{box}/{message}/part/7/",
    "/m/{box}/{message}/delete/",
]
POSTS = [
    "/m/{box}/delete/",
    "/m/{box}/delete-read/",
    "/m/{box}/undelete-read/",
    "/m/{box}/search/",
    "/m/{box}/dismiss/",
    "/m/{box}/extend/",
    "/m/{box}/revive/",
    "/m/{box}/label/",
    "/m/{box}/test/",
    "/m/{box}/{message}/read/",
    "/m/{box}/{message}/unread/",
    "/m/{box}/{message}/delete/",
    "/m/{box}/{message}/undelete/",
]


def seen(response: Any) -> tuple[int, bytes, list[tuple[str, str]], list[str]]:
    """All that the other side sees, but the date."""
    headers = sorted((name, value) for name, value in response.headers.items() if name != "Date")
    return response.status_code, response.content, headers, sorted(map(str, response.cookies.values()))


def same_404(responses: list[Any]) -> None:
    first = seen(responses[0])
    assert first[0] == 404 and first[1]
    for response in responses[1:]:
        assert seen(response) == first


@pytest.fixture
def secret_mail(inbox: Inbox) -> Inbox:
    inbox.receive("Secret plans")
    return inbox


def test_a_strangers_page_is_like_one_that_never_was(secret_mail: Inbox, stranger: Browser) -> None:
    box, message = secret_mail.id, secret_mail.messages[0]
    for url in GETS:
        same_404(
            [
                stranger.get(url.format(box=box, message=message)),
                stranger.get(url.format(box=box, message=NEVER)),
                stranger.get(url.format(box=NEVER, message=message)),
                stranger.get(url.format(box=NEVER, message=NEVER)),
                *(stranger.get(url.format(box=odd, message=odd)) for odd in ODD),
            ]
        )


def test_the_same_for_a_stranger_who_has_a_mailbox_of_their_own(
    secret_mail: Inbox, stranger: Browser
) -> None:
    stranger.get("/")
    own, theirs = stranger.current, secret_mail.messages[0]
    for url in GETS:
        same_404(
            [
                stranger.get(url.format(box=secret_mail.id, message=theirs)),
                stranger.get(url.format(box=NEVER, message=NEVER)),
                *(
                    stranger.get(url.format(box=own, message=message))
                    for message in (theirs, NEVER, "x")
                    if "{message}" in url
                ),
            ]
        )


def test_the_same_with_a_cookie_that_does_not_open_it(secret_mail: Inbox, stranger: Browser) -> None:
    for url in GETS:
        for box in (secret_mail.id, NEVER):
            stranger.set_secret(box, bytes(32))
        same_404(
            [
                stranger.get(url.format(box=secret_mail.id, message=secret_mail.messages[0])),
                stranger.get(url.format(box=NEVER, message=NEVER)),
            ]
        )


@pytest.mark.parametrize("as_script", [False, True])
def test_a_strangers_form_does_nothing_and_says_nothing(
    secret_mail: Inbox, stranger: Browser, as_script: bool
) -> None:
    post = stranger.script if as_script else stranger.submit
    before = secret_mail.held.row()
    for url in POSTS:
        same_404(
            [
                post(url.format(box=secret_mail.id, message=secret_mail.messages[0])),
                post(url.format(box=NEVER, message=NEVER)),
                *(post(url.format(box=odd, message=odd)) for odd in ODD),
            ]
        )
    after = secret_mail.held.row()
    assert (before.revision, before.expires_at) == (after.revision, after.expires_at)


def test_a_forged_form_gets_403_whatever_it_is_for(secret_mail: Inbox) -> None:
    browser = secret_mail.browser
    for url in POSTS:
        own = browser.post(url.format(box=secret_mail.id, message=secret_mail.messages[0]))
        never = browser.post(url.format(box=NEVER, message=NEVER))
        assert own.status_code == 403 and seen(own) == seen(never)
    assert secret_mail.held.opens()


def test_hidden_mail_is_like_mail_that_never_was(secret_mail: Inbox, moving: Clock) -> None:
    moving.move(minutes=91)
    browser = secret_mail.browser
    for url in GETS:
        if "{message}" in url:
            same_404(
                [
                    browser.get(url.format(box=secret_mail.id, message=secret_mail.messages[0])),
                    browser.get(url.format(box=secret_mail.id, message=NEVER)),
                    browser.get(url.format(box=NEVER, message=NEVER)),
                ]
            )


def test_a_purged_mailbox_is_like_one_that_never_was_though_nothing_swept(
    secret_mail: Inbox, moving: Clock
) -> None:
    moving.move(minutes=121)
    browser = secret_mail.browser
    for url in GETS:
        same_404(
            [
                browser.get(url.format(box=secret_mail.id, message=secret_mail.messages[0])),
                browser.get(url.format(box=NEVER, message=NEVER)),
            ]
        )
        assert Mailbox.objects.filter(address=secret_mail.held.address).exists()


def test_a_deleted_mailbox_is_like_one_that_never_was(secret_mail: Inbox) -> None:
    box, secret = secret_mail.id, secret_mail.held.secret
    secret_mail.browser.submit(f"/m/{box}/delete/")
    secret_mail.browser.set_secret(box, secret)
    same_404([secret_mail.browser.get(f"/m/{box}/"), secret_mail.browser.get(f"/m/{NEVER}/")])


@override_settings(DEBUG=True)
def test_the_same_with_debug_on(secret_mail: Inbox, stranger: Browser) -> None:
    same_404([stranger.get(secret_mail.url), stranger.get(f"/m/{NEVER}/")])
    assert b"URLconf" not in stranger.get(secret_mail.url).content


def test_plain_updates_tell_a_stranger_nothing(secret_mail: Inbox, stranger: Browser) -> None:
    said = [
        stranger.get(f"/updates/?current={box}&m={box}:7").json()["updates"][0]
        for box in (secret_mail.id, NEVER)
    ]
    for update in said:
        assert update["state"] == "ended" and update["rows"] == [] and update["revision"] == 7
        for differs in ("mailbox", "server_now", "expires_at", "purge_at", "latest_end"):
            del update[differs]
    assert said[0] == said[1]


def test_a_message_opens_in_its_own_mailbox_only(secret_mail: Inbox) -> None:
    secret_mail.browser.submit("/new/")
    other = secret_mail.browser.current
    assert secret_mail.browser.get(f"/m/{other}/{secret_mail.messages[0]}/").status_code == 404
    assert secret_mail.browser.get(secret_mail.message_url()).status_code == 200
