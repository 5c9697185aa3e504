"""What people do with mailboxes: new, chosen, labelled, extended, revived, deleted. By form and by script."""

import itertools
from collections.abc import Callable

from inbox import clock
from inbox.models import Domain, Grant, Mailbox, Message, Policy
from tests.web.conftest import Browser, Clock, Held, Inbox, address_of, state_of


def test_one_more_address_comes_beside_the_first(inbox: Inbox) -> None:
    response = inbox.browser.submit("/new/")
    assert response.status_code == 303 or response.status_code == 302
    page = inbox.browser.get(response["Location"])
    assert address_of(page) != inbox.held.address
    assert set(inbox.browser.secrets) == {inbox.id, inbox.browser.current}
    assert inbox.held.address.encode() in page.content.replace(b"<wbr>", b"")


def test_the_same_domain_does_not_come_twice_running(browser: Browser) -> None:
    domains = [address_of(browser.get("/")).rpartition("@")[2]]
    for _ in range(6):
        domains.append(address_of(browser.get(browser.submit("/new/")["Location"])).rpartition("@")[2])
    assert all(one != other for one, other in itertools.pairwise(domains))


def test_the_domain_alone_may_be_chosen(inbox: Inbox) -> None:
    for name in ("one.example", "one.example"):
        page = inbox.browser.get(inbox.browser.submit("/new/", {"domain": name})["Location"])
        assert address_of(page).endswith("@one.example")


def test_a_name_may_be_chosen(inbox: Inbox) -> None:
    response = inbox.browser.submit("/new/", {"name": " My.Name-1 ", "domain": "two.example"})
    assert address_of(inbox.browser.get(response["Location"])) == "my.name-1@two.example"


def test_a_name_that_breaks_a_rule_is_told_the_rule_and_kept(inbox: Inbox) -> None:
    for name in ["ab", "a" * 41, "über", "a b", "a..b", ".ab", "ab-", "a@b.c", "a+b", "x" * 300]:
        response = inbox.browser.submit("/new/", {"name": name, "domain": "two.example"})
        assert response.status_code == 422 and address_of(response) == inbox.held.address
        page = response.content.decode()
        assert "with a letter or digit at either end" in page and f'value="{name[:200]}"' in page
        assert '<option value="two.example" selected>' in page
    assert Mailbox.objects.count() == 1


def test_taken_ended_and_reserved_names_are_answered_alike(inbox: Inbox, moving: Clock) -> None:
    other = Browser()
    other.submit("/new/", {"name": "taken", "domain": "one.example"})
    other.submit("/new/", {"name": "ended", "domain": "one.example"})
    other.submit(f"/m/{other.current}/delete/")
    pages = []
    for name in ("taken", "ended", "postmaster", "ad-min"):
        response = inbox.browser.submit("/new/", {"name": name, "domain": "one.example"})
        assert response.status_code == 422
        pages.append([line for line in response.content.decode().splitlines() if "new-error" in line][-1])
    assert all("This name is not to be had. Try another." in page for page in pages)


def test_a_domain_that_is_not_offered_is_refused(inbox: Inbox) -> None:
    Domain.objects.filter(name="two.example").update(state=Domain.State.RESTING)
    for domain in ("two.example", "elsewhere.example"):
        response = inbox.browser.submit("/new/", {"name": "some-name", "domain": domain})
        assert response.status_code == 422 and b"not offered" in response.content
    assert Mailbox.objects.count() == 1


def test_at_the_limit_a_sentence_says_what_to_do(inbox: Inbox) -> None:
    Policy.objects.update(mailboxes_per_browser=2)
    Policy.forget_current()
    inbox.browser.submit("/new/")
    response = inbox.browser.submit("/new/")
    assert response.status_code == 409
    assert b"2 addresses is the most. Delete one to make another." in response.content
    assert Mailbox.objects.count() == 2
    inbox.browser.submit(f"{inbox.url}delete/")
    assert inbox.browser.submit("/new/").status_code == 302


def test_a_peer_over_its_rate_gets_429_for_a_form_too(inbox: Inbox) -> None:
    policy = Policy.objects.get(id=1)
    policy.new_mailboxes_burst, policy.new_mailboxes_per_hour = 1, 1
    policy.save()
    inbox.browser.submit("/new/")
    response = inbox.browser.submit("/new/")
    assert response.status_code == 429 and int(response["Retry-After"]) > 3000


def test_whoever_has_no_mailbox_left_and_mistypes_still_gets_a_page(browser: Browser) -> None:
    response = browser.submit("/new/", {"name": "no", "domain": "one.example"})
    assert response.status_code == 422 and b"3 to 40 of" in response.content
    assert address_of(response)


def test_a_label_is_kept_inside_the_grant(inbox: Inbox) -> None:
    assert inbox.browser.submit(f"{inbox.url}label/", {"label": " Shop trial "}).status_code == 302
    assert b"Shop trial" in inbox.browser.get(inbox.url).content
    assert b"Shop trial" not in bytes(Grant.objects.get().wrapped)
    assert inbox.browser.script(f"{inbox.url}label/", {"label": ""}).status_code == 204
    assert inbox.held.open().label == ""


def test_a_label_that_is_too_long_is_refused_beside_its_field(inbox: Inbox) -> None:
    response = inbox.browser.submit(f"{inbox.url}label/", {"label": "x" * 61})
    assert response.status_code == 422 and b"At most 60 characters." in response.content
    response = inbox.browser.script(f"{inbox.url}label/", {"label": "x" * 61})
    assert response.status_code == 422 and response.json() == {"error": "At most 60 characters."}


def test_extend_starts_the_timer_anew(inbox: Inbox, moving: Clock) -> None:
    moving.move(minutes=60)
    assert inbox.browser.submit(f"{inbox.url}extend/").status_code == 302
    assert inbox.held.row().expires_at - clock.now() > Policy.current().lifetime * 0.99


def test_a_script_that_says_its_revision_gets_the_new_end_at_once(inbox: Inbox, moving: Clock) -> None:
    inbox.receive()
    moving.move(minutes=60)
    revision = inbox.held.row().revision
    answer = inbox.browser.script(f"{inbox.url}extend/", {"revision": str(revision)}).json()
    assert answer["type"] == "update" and answer["mailbox"] == inbox.id and answer["state"] == "living"
    assert answer["expires_at"] == inbox.held.row().expires_at.isoformat()
    latest_end = inbox.held.row().created_at + Policy.current().greatest_age
    assert answer["latest_end"] == latest_end.isoformat()
    assert answer["revision"] == revision + 1 and answer["rows"] == []
    assert inbox.browser.script(f"{inbox.url}extend/").status_code == 204


def test_extend_never_passes_the_greatest_age(inbox: Inbox, moving: Clock) -> None:
    policy = Policy.objects.get(id=1)
    policy.greatest_age = policy.lifetime
    policy.save()
    why = b'id="extend-why">It has reached its greatest age.'
    moving.move(minutes=60)
    inbox.browser.submit(f"{inbox.url}extend/")
    row = inbox.held.row()
    assert row.expires_at == row.created_at + policy.greatest_age
    assert why in inbox.browser.get(inbox.url).content
    policy.greatest_age *= 2
    policy.save()
    assert why not in inbox.browser.get(inbox.url).content


def test_what_cannot_come_back_is_not_offered_to(inbox: Inbox, moving: Clock) -> None:
    offered = b'<form id="revive" method'
    policy = Policy.objects.get(id=1)
    policy.greatest_age = policy.lifetime * 2
    policy.save()
    moving.move(minutes=95)
    assert offered in inbox.browser.get(inbox.url).content
    policy.greatest_age = policy.lifetime
    policy.save()
    page = inbox.browser.get(inbox.url)
    assert state_of(page) == "hidden" and offered not in page.content
    assert b'id="revive-not">It has reached its greatest age' in page.content


def test_an_ended_mailbox_is_brought_back_with_its_mail(inbox: Inbox, moving: Clock) -> None:
    inbox.receive("Still here")
    moving.move(minutes=95)
    assert state_of(inbox.browser.get(inbox.url)) == "hidden"
    response = inbox.browser.submit(f"{inbox.url}revive/")
    page = inbox.browser.get(response["Location"])
    assert state_of(page) == "living" and b"Still here" in page.content and b"It is back." in page.content


def test_a_script_that_revives_gets_every_row(inbox: Inbox, moving: Clock) -> None:
    inbox.receive("One")
    inbox.receive("Two")
    moving.move(minutes=95)
    answer = inbox.browser.script(f"{inbox.url}revive/", {"revision": "0"}).json()
    assert answer["state"] == "living" and len(answer["rows"]) == 2 and len(answer["living"]) == 2


def test_an_ended_mailbox_is_not_extended(inbox: Inbox, moving: Clock) -> None:
    moving.move(minutes=95)
    assert inbox.browser.submit(f"{inbox.url}extend/")["Location"].endswith("?notice=too_late")
    assert inbox.browser.script(f"{inbox.url}extend/").status_code == 409


def test_looking_starts_the_timer_anew_and_asking_for_updates_does_not(inbox: Inbox, moving: Clock) -> None:
    before = inbox.held.row().expires_at
    moving.move(minutes=30)
    for url in ("/updates/", f"{inbox.url}seen.gif", f"{inbox.url}qr.svg", "/gone/", f"{inbox.url}delete/"):
        inbox.browser.get(url)
    inbox.browser.head(inbox.url)
    inbox.browser.get(inbox.url, headers={"x-partial": "switcher"})
    assert inbox.held.row().expires_at == before
    inbox.browser.get(inbox.url)
    assert inbox.held.row().expires_at > before


def test_delete_asks_first_and_says_how_many_messages_go(inbox: Inbox) -> None:
    inbox.receive()
    inbox.receive()
    response = inbox.browser.get(f"{inbox.url}delete/")
    assert b"2 messages go with it" in response.content and inbox.held.opens()


def test_delete_erases_and_leads_to_a_page_that_makes_none(inbox: Inbox) -> None:
    inbox.receive()
    response = inbox.browser.submit(f"{inbox.url}delete/")
    assert response["Location"] == "/gone/"
    assert not (Mailbox.objects.exists() or Grant.objects.exists() or Message.objects.exists())
    page = inbox.browser.get("/gone/")
    assert b"Gone for good." in page.content and b'data-testid="new-address"' in page.content
    assert not Mailbox.objects.exists() and not inbox.browser.secrets


def test_after_a_deletion_the_others_are_offered(inbox: Inbox, new_mailbox: Callable[..., Held]) -> None:
    other = new_mailbox()
    inbox.browser.give(other)
    inbox.browser.submit(f"{inbox.url}delete/")
    page = inbox.browser.get("/gone/").content.replace(b"<wbr>", b"")
    assert other.address.encode() in page and inbox.held.address.encode() not in page


def test_a_deletion_in_one_tab_is_final_for_a_form_in_another(inbox: Inbox) -> None:
    inbox.browser.submit(f"{inbox.url}delete/")
    inbox.browser.set_secret(inbox.id, inbox.held.secret)
    for form in ("delete", "extend", "revive", "label", "test"):
        assert inbox.browser.submit(f"{inbox.url}{form}/").status_code == 404


def test_a_notice_is_one_that_we_know(inbox: Inbox) -> None:
    assert b"It is back." in inbox.browser.get(f"{inbox.url}?notice=revived").content
    assert b"You won" not in inbox.browser.get(f"{inbox.url}?notice=You%20won").content


def test_the_qr_code_is_dark_on_light_svg(inbox: Inbox) -> None:
    response = inbox.browser.get(f"{inbox.url}qr.svg")
    assert response["Content-Type"] == "image/svg+xml" and response.content.startswith(b"<svg")
    assert b'fill="#fff"' in response.content and b"<script" not in response.content


def test_the_picture_that_proves_the_cookie_is_never_stored(inbox: Inbox) -> None:
    response = inbox.browser.get(f"{inbox.url}seen.gif")
    assert response["Content-Type"] == "image/gif" and response.content.startswith(b"GIF89a")
    assert response["Cache-Control"] == "no-store"


def test_the_switcher_alone_is_given_to_the_script(inbox: Inbox) -> None:
    response = inbox.browser.get(inbox.url, headers={"x-partial": "switcher"})
    assert b"<html" not in response.content and inbox.id.encode() in response.content
    assert "X-Partial" in response["Vary"]
