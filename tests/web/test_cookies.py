"""One cookie a mailbox: what it looks like, how long it stays, and when it goes."""

from collections.abc import Callable
from http.cookies import Morsel
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from inbox import cookies
from inbox.models import Policy
from tests.web.conftest import Browser, Clock, Held, Inbox, address_of


def set_cookies(response: Any) -> dict[str, Morsel[str]]:
    """The Set-Cookie headers of one response."""
    return dict(response.cookies.items())


def test_it_is_httponly_lax_and_lasts_as_long_as_the_mailbox_can(browser: Browser) -> None:
    morsels = set_cookies(browser.get("/"))
    morsel = morsels[f"tm_{settings.COOKIE_MARK}_{browser.current}"]
    assert len(morsel.value) == 43
    assert (morsel["httponly"], morsel["samesite"], morsel["path"], morsel["secure"]) == (
        True,
        "Lax",
        "/",
        "",
    )
    policy = Policy.current()
    longest = (policy.greatest_age + policy.grace).total_seconds()
    assert longest - 5 <= morsel["max-age"] <= longest
    assert morsels[f"tm_{settings.COOKIE_MARK}_current"]["httponly"] is True


def test_over_https_it_is_secure_and_host_only(browser: Browser) -> None:
    morsels = set_cookies(browser.get("/", secure=True))
    ours = {name: morsel for name, morsel in morsels.items() if "tm_" in name}
    assert len(ours) == 2
    for name, morsel in ours.items():
        assert name.startswith(f"__Host-tm_{settings.COOKIE_MARK}_")
        assert morsel["secure"] is True and morsel["path"] == "/" and not morsel["domain"]


def test_over_https_a_name_that_plain_http_can_set_is_not_read(inbox: Inbox) -> None:
    assert inbox.browser.get(inbox.url, secure=True).status_code == 404
    assert inbox.browser.get(inbox.url).status_code == 200


def test_every_page_unsets_what_opens_nothing_and_renews_what_does(
    inbox: Inbox, new_mailbox: Callable[..., Held]
) -> None:
    gone = new_mailbox()
    gone_id = inbox.browser.give(gone)
    gone.open().delete()
    for url in ["/", inbox.url, "/gone/", f"{inbox.url}delete/"]:
        inbox.browser.set_secret(gone_id, gone.secret)
        morsels = set_cookies(inbox.browser.get(url))
        assert morsels[cookies.name_of(gone_id, secure=False)]["max-age"] == 0, url
        assert morsels[cookies.name_of(inbox.id, secure=False)]["max-age"] > 600_000, url
        assert gone_id not in inbox.browser.secrets


def test_a_longer_policy_reaches_cookies_that_are_out_already(inbox: Inbox) -> None:
    policy = Policy.objects.get(id=1)
    policy.greatest_age *= 2
    policy.save()
    morsel = set_cookies(inbox.browser.get("/"))[cookies.name_of(inbox.id, secure=False)]
    assert morsel["max-age"] > policy.greatest_age.total_seconds()


def test_none_is_touched_while_the_database_fails(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE inbox_grant RENAME TO elsewhere")
    try:
        response = inbox.browser.get("/")
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE elsewhere RENAME TO inbox_grant")
    assert response.status_code == 503 and not set_cookies(response)
    assert address_of(inbox.browser.get("/")) == inbox.held.address


def test_deleting_unsets_it(inbox: Inbox) -> None:
    inbox.browser.get("/")
    morsels = set_cookies(inbox.browser.submit(f"{inbox.url}delete/"))
    assert morsels[cookies.name_of(inbox.id, secure=False)]["max-age"] == 0
    assert morsels[cookies.name_of("current", secure=False)]["max-age"] == 0


def test_a_404_sets_and_unsets_nothing(inbox: Inbox) -> None:
    inbox.browser.set_secret("0" * 32, bytes(32))
    response = inbox.browser.get(f"/m/{'0' * 32}/")
    assert response.status_code == 404 and not set_cookies(response)


@pytest.mark.parametrize("count", [60, 120])
def test_a_heap_of_dead_cookies_is_gone_after_some_pages_and_never_fills_a_header(
    inbox: Inbox, count: int
) -> None:
    for number in range(count):
        inbox.browser.set_secret(f"{number:032x}", bytes(32))
    for _page in range(count // 12):
        response = inbox.browser.get("/")
        assert response.status_code == 200
        assert sum(len(morsel.OutputString()) + 14 for morsel in response.cookies.values()) < 3000
    assert set(inbox.browser.secrets) == {inbox.id}


@pytest.mark.parametrize(
    "value", ["", "x", "a" * 42, "a" * 44, "a" * 42 + "!", "a" * 42 + "é", '"' + "a" * 41 + '"']
)
def test_a_cookie_that_is_no_secret_opens_nothing_and_goes(browser: Browser, value: str) -> None:
    name = cookies.name_of("0" * 32, secure=False)
    response = browser.get("/gone/", headers={"cookie": f"{name}={value}"})
    assert response.status_code == 200
    assert response.cookies[name]["max-age"] == 0


@pytest.mark.parametrize("suffix", ["", "x", "../x", "current", "A" * 32, "0" * 31])
def test_a_cookie_with_an_odd_name_breaks_nothing(browser: Browser, suffix: str) -> None:
    response = browser.get(
        "/gone/", headers={"cookie": f"{cookies.name_of(suffix, secure=False)}={'a' * 43}"}
    )
    assert response.status_code == 200


def test_another_installations_cookies_are_left_alone(browser: Browser) -> None:
    name = f"tm_ffff{'_'}{'0' * 32}" if settings.COOKIE_MARK != "ffff" else f"tm_eeee_{'0' * 32}"
    response = browser.get("/", headers={"cookie": f"{name}={'a' * 43}; other=1"})
    assert name not in response.cookies and "other" not in response.cookies


def test_a_secret_under_another_mailboxs_name_opens_neither(
    browser: Browser, new_mailbox: Callable[..., Held]
) -> None:
    one, other = new_mailbox(), new_mailbox()
    one_id, other_id = one.open().mailbox_id, other.open().mailbox_id
    browser.set_secret(one_id, other.secret)
    assert browser.get(f"/m/{one_id}/").status_code == 404
    assert browser.get(f"/m/{other_id}/").status_code == 404


def test_nothing_is_kept_in_a_session(inbox: Inbox) -> None:
    response = inbox.browser.get("/")
    assert settings.SESSION_COOKIE_NAME not in response.cookies
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM django_session")
        assert cursor.fetchone()[0] == 0


def test_a_cookie_of_a_mailbox_in_grace_stays(inbox: Inbox, moving: Clock) -> None:
    moving.move(minutes=100)
    inbox.browser.get("/")
    assert inbox.id in inbox.browser.secrets
