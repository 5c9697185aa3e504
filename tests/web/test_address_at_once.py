"""The first visit, and which mailbox `/` shows."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from inbox import address_key, clock, retention, timers
from inbox.models import Domain, Grant, Mailbox, Policy, Tombstone
from tests.web.conftest import Browser, Clock, Held, Inbox, address_of, state_of


def test_the_first_get_answers_200_with_a_living_mailbox(browser: Browser) -> None:
    response = browser.get("/")
    assert response.status_code == 200
    assert Mailbox.objects.get().address == address_of(response)
    assert state_of(response) == "living"
    assert set(browser.secrets) == {Mailbox.objects.get().mailbox_id} == {browser.current}


def test_the_second_get_shows_the_same_mailbox(browser: Browser) -> None:
    first, second = browser.get("/"), browser.get("/")
    assert address_of(first) == address_of(second)
    assert Mailbox.objects.count() == 1


def test_a_new_mailbox_is_provisional_but_shows_its_full_end(browser: Browser) -> None:
    page = browser.get("/").content.decode()
    mailbox = Mailbox.objects.get()
    assert mailbox.provisional and mailbox.purge_at - mailbox.created_at == timers.PROVISIONAL
    end = mailbox.created_at + Policy.current().lifetime
    assert f'data-expires-at="{end.isoformat(timespec="seconds")[:16]}' in page


@pytest.mark.parametrize("ask", ["/", "/gone/", "/m/{id}/seen.gif", "/updates/", "/m/{id}/qr.svg"])
def test_any_request_with_its_cookie_confirms_a_mailbox(browser: Browser, ask: str) -> None:
    browser.get("/")
    browser.get(ask.format(id=browser.current))
    mailbox = Mailbox.objects.get()
    assert not mailbox.provisional
    assert mailbox.expires_at - mailbox.timer_started_at == Policy.current().lifetime


def test_a_cookie_that_opens_nothing_confirms_nothing(browser: Browser, stranger: Browser) -> None:
    browser.get("/")
    stranger.set_secret(browser.current, bytes(32))
    stranger.get("/updates/")
    assert Mailbox.objects.get().provisional


def test_head_makes_none(browser: Browser) -> None:
    response = browser.head("/")
    assert (response.status_code, response.content) == (200, b"")
    assert not Mailbox.objects.exists() and not browser.cookies


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-purpose": "prefetch"},
        {"sec-purpose": "prefetch;prerender"},
        {"purpose": "prefetch"},
        {"x-moz": "prefetch"},
    ],
)
def test_a_prefetch_gets_503_and_makes_none(browser: Browser, headers: dict[str, str]) -> None:
    response = browser.get("/", headers=headers)
    assert response.status_code == 503 and response["Cache-Control"] == "no-store"
    assert not Mailbox.objects.exists() and not browser.cookies


@pytest.mark.parametrize(
    ("dest", "site"), [("image", "cross-site"), ("iframe", "cross-site"), ("empty", "same-site")]
)
def test_a_strangers_page_that_embeds_ours_makes_none(browser: Browser, dest: str, site: str) -> None:
    headers = {"sec-fetch-dest": dest, "sec-fetch-site": site}
    assert browser.get("/", headers=headers).status_code == 503
    assert not Mailbox.objects.exists() and not browser.cookies


@pytest.mark.parametrize("site", ["none", "cross-site", "same-origin"])
def test_somebody_who_follows_a_link_to_us_gets_one(browser: Browser, site: str) -> None:
    headers = {"sec-fetch-dest": "document", "sec-fetch-mode": "navigate", "sec-fetch-site": site}
    assert browser.get("/", headers=headers).status_code == 200


def test_a_prefetch_of_a_mailbox_is_no_view(inbox: Inbox, moving: Clock) -> None:
    moving.move(minutes=10)
    assert inbox.browser.get(inbox.url, headers={"sec-purpose": "prefetch"}).status_code == 503
    assert inbox.held.row().timer_started_at < clock.now() - timedelta(minutes=9)


def test_with_no_domain_offered_the_page_says_so(browser: Browser) -> None:
    Domain.objects.update(state=Domain.State.RESTING)
    response = browser.get("/")
    assert response.status_code == 503 and b"No domain yet" in response.content
    assert not Mailbox.objects.exists()


def test_a_peer_makes_only_so_many(rows: Policy) -> None:
    rows.new_mailboxes_burst, rows.new_mailboxes_per_hour = 3, 60
    rows.save()
    made = [Browser().get("/").status_code for _ in range(4)]
    assert made == [200, 200, 200, 429]
    refused = Browser().get("/")
    assert 50 < int(refused["Retry-After"]) <= 60
    assert b"many addresses" in refused.content
    said = re.search(rb'<time datetime="([^"]+)"', refused.content)
    assert said is not None
    wait = datetime.fromisoformat(said[1].decode()) - clock.now()
    assert timedelta(seconds=45) < wait <= timedelta(seconds=60)
    assert Mailbox.objects.count() == 3
    assert Browser(REMOTE_ADDR="192.0.2.9").get("/").status_code == 200


def test_an_ipv6_peer_is_limited_by_its_64(rows: Policy) -> None:
    rows.new_mailboxes_burst, rows.new_mailboxes_per_hour = 1, 60
    rows.save()
    assert Browser(REMOTE_ADDR="2001:db8::1").get("/").status_code == 200
    assert Browser(REMOTE_ADDR="2001:db8::ffff:2").get("/").status_code == 429
    assert Browser(REMOTE_ADDR="2001:db8:0:1::1").get("/").status_code == 200


def test_the_mailbox_looked_at_last_is_shown(browser: Browser, new_mailbox: Callable[..., Held]) -> None:
    older, newer = (browser.give(new_mailbox()) for _ in range(2))
    assert browser.get("/").status_code == 200
    assert browser.current == newer
    browser.get(f"/m/{older}/")
    assert browser.current == older
    browser.get("/")
    assert browser.current == older


def test_current_is_believed_only_if_its_own_cookie_opens(
    browser: Browser, stranger: Browser, inbox: Inbox, new_mailbox: Callable[..., Held]
) -> None:
    own = stranger.give(new_mailbox())
    browser.get("/")
    for name, morsel in browser.cookies.items():
        if name.endswith("_current"):
            stranger.cookies[name] = morsel.value
    stranger.get("/")
    assert stranger.current == own


def test_a_mailbox_in_grace_is_shown_ended_with_revive(inbox: Inbox, moving: Clock) -> None:
    inbox.receive("Secret plans")
    moving.move(minutes=100)
    response = inbox.browser.get("/")
    assert response.status_code == 200 and state_of(response) == "hidden"
    assert b'data-testid="revive"' in response.content and b"Secret plans" not in response.content
    assert Mailbox.objects.count() == 1


def test_after_a_purge_a_new_one_is_made_and_the_page_says_so(inbox: Inbox, moving: Clock) -> None:
    moving.move(minutes=121)
    response = inbox.browser.get("/")
    assert b"Your last address has ended" in response.content
    assert address_of(response) != inbox.held.address
    assert b"Your last address has ended" not in inbox.browser.get("/").content


def test_its_cookie_goes_with_its_grant_and_not_before(inbox: Inbox, moving: Clock) -> None:
    # A clock that is wrong must not cost anybody a mailbox: it only looks ended until somebody swept.
    moving.move(minutes=121)
    inbox.browser.get("/")
    assert inbox.id in inbox.browser.secrets and len(inbox.browser.secrets) == 2
    retention.sweep()
    inbox.browser.get("/")
    assert inbox.id not in inbox.browser.secrets and len(inbox.browser.secrets) == 1


def test_a_links_mailbox_is_shown_as_shared_and_never_becomes_current(
    browser: Browser, new_mailbox: Callable[..., Held]
) -> None:
    shared = new_mailbox()
    Grant.objects.update(kind=Grant.Kind.LINK)
    mailbox_id = browser.give(shared)
    browser.get(f"/m/{mailbox_id}/")
    assert browser.current == ""
    response = browser.get("/")
    assert address_of(response) != shared.address
    assert b">shared<" in response.content


def test_an_address_is_never_given_twice(browser: Browser) -> None:
    address = address_of(browser.get("/"))
    assert Tombstone.objects.filter(digest=address_key.tombstone_digest(address)).exists()
