"""What a row says of a message: its code, who sent it, and what is known of that."""

import dataclasses
import html
import re
from typing import Any

import pytest
from django.db import OperationalError

from inbox import clock, delivery, live, sealing
from inbox.mail import summarise
from inbox.mail.senders import Checks, Verdict
from inbox.models import Message
from tests.web.conftest import Inbox, incoming

SENDER = r'data-testid="message-sender"[^>]*>(.*?)</bdi>'


def row_of(inbox: Inbox) -> str:
    """The newest row, as the page has it."""
    page = inbox.browser.get(inbox.url).content.decode()
    return page[page.index('<li class="row') : page.index("</li>", page.index('<li class="row'))]


def sender_in(row: str) -> str:
    match = re.search(SENDER, row)
    assert match
    return html.unescape(match[1])


def latest(inbox: Inbox) -> Any:
    [update] = live.updates([inbox.held.open()], {inbox.id: 0}, inbox.id)
    return update.to_json()["latest"]


def check(inbox: Inbox, checks: Checks) -> None:
    """The sender of the newest message was looked into."""
    delivery.add_checks([delivery.Checked((Message.objects.latest("number").pk,), checks)])


@pytest.mark.parametrize(
    ("code", "groups"),
    [
        ("482913", ["482", "913"]),
        ("12345678", ["1234", "5678"]),
        ("1234567", ["123", "4567"]),
        ("1234567890", ["123", "456", "7890"]),
        ("4829", ["4829"]),
        ("K7PX22QD", ["K7PX22QD"]),
        ("482-913", ["482-913"]),
    ],
)
def test_a_code_is_grouped_for_reading_and_copied_plain(inbox: Inbox, code: str, groups: list[str]) -> None:
    inbox.receive_summed(code=code)
    row = row_of(inbox)
    assert f'data-testid="code" data-copy="{code}"' in row
    shown = row[row.index('<b class="mono">') : row.index("</b>")]
    assert re.findall(r"<span>(.*?)</span>", shown) == groups
    assert re.sub(r"<[^>]*>", "", shown) == code, "selected and copied by hand it is as it was sent"


def test_the_code_is_told_with_the_news(inbox: Inbox) -> None:
    inbox.receive_summed(code="482913", subject="Your code")
    assert latest(inbox) == {"sender": "Ann", "subject": "Your code", "code": "482913"}


def test_a_message_without_a_code_offers_none(inbox: Inbox) -> None:
    inbox.receive_summed(code="")
    assert "data-copy" not in row_of(inbox) and "code" not in latest(inbox)


@pytest.mark.parametrize(
    "name",
    [
        "security@bank.example",
        "Bank <security@bank.example>",
        "security\uff20bank.example",
        "Bank\u202egnihtemos",
        "B\u200bank",
        "Bank \u2800\u2800",
        "Bank         security",
        "",
    ],
)
def test_a_name_that_could_hide_the_address_gives_way_to_it(inbox: Inbox, name: str) -> None:
    inbox.receive_summed(sender_name=name, sender_address="x9@evil.example")
    assert sender_in(row_of(inbox)) == "x9@evil.example"
    assert latest(inbox)["sender"] == "x9@evil.example"


@pytest.mark.parametrize("name", ["Ann", "Jürgen Groß", "山田書店", "مكتبة النور", "O'Brien & Sons"])
def test_an_honest_name_stays_with_the_address_one_look_away(inbox: Inbox, name: str) -> None:
    inbox.receive_summed(sender_name=name, sender_address="ann@sender.example")
    row = row_of(inbox)
    assert sender_in(row) == name and 'title="ann@sender.example"' in row


def test_the_row_says_nothing_of_a_sender_that_is_not_known_yet(inbox: Inbox) -> None:
    inbox.receive()
    assert "sure" not in row_of(inbox)


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        (Verdict.CONFIRMED, "Confirmed: sent by shop.example"),
        (Verdict.FAILED, "Claims shop.example; its check failed"),
        (Verdict.UNCONFIRMED, "Sender not confirmed: shop.example"),
    ],
)
def test_row_and_reader_say_what_was_found_out(inbox: Inbox, verdict: Verdict, words: str) -> None:
    inbox.receive()
    check(inbox, Checks(verdict, "shop.example"))
    assert (words in row_of(inbox)) == (verdict is not Verdict.UNCONFIRMED)
    reader = inbox.browser.get(inbox.message_url(), headers={"x-partial": "reader"}).content.decode()
    assert words in reader and f'class="verdict {verdict.value}"' in reader
    assert "authentic" not in reader


def test_what_is_found_out_later_is_told_as_a_row_and_no_news(inbox: Inbox) -> None:
    inbox.receive()
    revision = inbox.held.row().revision
    check(inbox, Checks(Verdict.CONFIRMED, "shop.example"))
    [update] = live.updates([inbox.held.open()], {inbox.id: revision}, inbox.id)
    [row] = update.rows
    assert "Confirmed: sent by shop.example" in row.html and update.latest is None


# -- what opening finds -----------------------------------------------------------------------------

DIGEST = (
    b"From: list@lists.example\r\nTo: you@one.example\r\nSubject: Digest\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: multipart/digest; boundary=d\r\n\r\n--d\r\n\r\n"
    b"From: ann@sender.example\r\nSubject: Inside\r\n\r\nThe zebra has arrived.\r\n--d--\r\n"
)
SECOND_TEXT = (
    b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\n\r\nWelcome.\r\n"
    b"--m\r\nContent-Type: application/pdf; name=a.pdf\r\n\r\n%PDF\r\n"
    b"--m\r\n\r\nYour verification code is 482913.\r\n--m--\r\n"
)


def test_what_only_the_whole_letter_has_is_in_its_row_once_it_was_opened(inbox: Inbox) -> None:
    inbox.receive_source(SECOND_TEXT)
    assert "482" not in row_of(inbox)
    inbox.browser.get(inbox.message_url())
    assert 'data-copy="482913"' in row_of(inbox)


def test_words_of_a_message_inside_are_shown_and_found_once_it_was_opened(inbox: Inbox) -> None:
    inbox.receive_source(DIGEST)
    assert "zebra" not in row_of(inbox)
    inbox.browser.get(inbox.message_url())
    assert "The zebra has arrived." in row_of(inbox)
    found = inbox.browser.submit(f"{inbox.url}search/", {"query": "Zebra"}).content.decode()
    assert found.count('data-testid="message"') == 1


def test_open_pages_are_told_of_the_better_row_and_only_once(inbox: Inbox) -> None:
    inbox.receive_source(SECOND_TEXT)
    before = inbox.held.row().revision
    inbox.browser.get(inbox.message_url())
    read_and_better = inbox.held.row().revision
    assert read_and_better == before + 2
    [changed] = inbox.held.open().changes_since(read_and_better - 1).rows
    assert changed.summary is not None and changed.summary.code == "482913" and changed.is_read
    inbox.browser.get(inbox.message_url())
    assert inbox.held.row().revision == read_and_better


def test_a_better_row_keeps_its_tag_and_opens_its_source(inbox: Inbox) -> None:
    local, _, domain = inbox.held.address.partition("@")
    message = incoming(f"{local}+shop@{domain}")
    source = sealing.seal_source([SECOND_TEXT])
    delivery.store([dataclasses.replace(message, source=source, summary=summarise(SECOND_TEXT))])
    inbox.messages = [row.message_id for row in inbox.held.open().rows()]
    inbox.browser.get(inbox.message_url())
    [row] = inbox.held.open().rows()
    assert (row.tag, row.summary and row.summary.code) == ("shop", "482913")
    opened = inbox.held.open().message(row.message_id)
    assert opened is not None and opened.source() == SECOND_TEXT


def test_a_row_that_went_while_it_was_read_is_none(inbox: Inbox) -> None:
    inbox.receive()
    message = Message.objects.get()
    key, summary = b"k" * 32, incoming(inbox.held.address).summary
    assert delivery.replace_summary(message.pk, b"another reader's", key, summary, "") == []
    Message.objects.update(deleted_at=clock.now())
    assert delivery.replace_summary(message.pk, bytes(message.box), key, summary, "") == []
    message.delete()
    assert delivery.replace_summary(message.pk, bytes(message.box), key, summary, "") == []


def test_only_opening_betters_a_row(inbox: Inbox) -> None:
    inbox.receive_source(SECOND_TEXT)
    before = inbox.held.row().revision
    inbox.browser.head(inbox.message_url())
    inbox.browser.get(f"{inbox.message_url()}print/")
    assert inbox.held.row().revision == before


def test_a_message_can_be_read_though_its_row_cannot_be_bettered(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(*args: object) -> list[delivery.Stored]:
        raise OperationalError("database is locked")

    inbox.receive_source(SECOND_TEXT)
    monkeypatch.setattr(delivery, "replace_summary", locked)
    page = inbox.browser.get(inbox.message_url())
    assert page.status_code == 200 and b"482913" in page.content
