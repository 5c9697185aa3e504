"""The row of a message, made while it is received."""

import base64
import time
import tracemalloc

import pytest

from inbox.mail import Summary, summarise
from inbox.mail import summary as module
from inbox.mail.finds import Finds
from inbox.mail.searchtext import terms
from inbox.mail.summary import finds_of
from inbox.mail.view import VerifyLink
from tests.mail.corpus import (
    FROM,
    HTML,
    MESSAGES,
    MIXED,
    PDF,
    PICTURE,
    SUBJECT,
    TEXT,
    message,
    multipart,
    part,
)


def test_a_row_has_what_a_list_shows() -> None:
    source = message(
        "=?utf-8?Q?From?=: x".replace("=?utf-8?Q?From?=", "X-Other"),
        "From: =?utf-8?Q?J=C3=B6rg_M=C3=BCller?= <joerg@shop.example>",
        "Subject: =?utf-8?Q?Ihre_Bestellung_=E2=9C=94?=",
        "Date: Tue, 24 Nov 2026 10:00:00 +0100",
        MIXED,
        body=multipart("", "outer", TEXT, PDF),
    )
    assert summarise(source) == Summary(
        sender_name="Jörg Müller",
        sender_address="joerg@shop.example",
        subject="Ihre Bestellung ✔",
        date="2026-11-24T09:00:00+00:00",
        snippet="Grüße aus dem Text",
        attachment_names=("report.pdf",),
        search_text="grusse aus dem text",
    )


CONFIRM = "https://site.example/confirm?token=9d8f7a6b"
SIGN_UP = part(
    "text/html", f"<p>Your code: <b>482 913</b></p><a href='{CONFIRM}'>Confirm your email</a>".encode()
)


@pytest.mark.parametrize(
    "body",
    [
        SIGN_UP,
        multipart("multipart/alternative", "b", part("text/plain", b"Please look at the HTML."), SIGN_UP),
        part("text/plain", f"Your code: 482 913\nConfirm your email: {CONFIRM}".encode()),
    ],
)
def test_a_row_has_the_code_and_the_link(body: bytes) -> None:
    kind = "multipart/alternative; boundary=b" if body.startswith(b"--b") else ""
    source = (f"Content-Type: {kind}\r\n\r\n".encode() if kind else b"") + body
    summary = summarise(b"From: a@b.example\r\nMIME-Version: 1.0\r\n" + source)
    assert (summary.code, summary.verify_link, summary.verify_kind) == ("482913", CONFIRM, "confirm")


def test_a_code_in_the_subject_needs_no_letter() -> None:
    assert summarise(message(FROM, "Subject: 482 913 is your login code", body="")).code == "482913"


def test_a_reader_has_what_the_row_has_and_what_only_the_whole_letter_has() -> None:
    source = message(FROM, "Subject: 482 913 is your login code", body="")
    later = f'<a href="{CONFIRM}">Confirm your email</a>'
    assert finds_of(source, "Your code: 771204", later) == Finds(
        "482913", VerifyLink(CONFIRM, "site.example", "confirm")
    )
    assert finds_of(message(FROM, body=""), "", "") == Finds()


def test_the_search_text_is_the_letter_without_case_and_diacritics() -> None:
    html = "<p>Ärger&nbsp;mit</p><style>p{}</style><p>der   STRASSE</p>"
    summary = summarise(message(FROM, "Content-Type: text/html; charset=utf-8", body=html))
    assert summary.search_text == "arger mit der strasse"
    assert not summary.search_is_cut


def test_a_letter_longer_than_its_search_text_says_so() -> None:
    summary = summarise(message(FROM, "Content-Type: text/plain; charset=utf-8", body="wörter " * 3000))
    assert summary.search_is_cut
    assert 8000 < len(summary.search_text.encode()) <= 8192
    second = multipart("", "outer", TEXT, part("text/plain", b"more of it"))
    assert summarise(message(FROM, MIXED, body=second)).search_is_cut


def test_a_row_is_searched_by_sender_subject_files_and_text() -> None:
    source = message(
        "From: =?utf-8?Q?J=C3=B6rg?= <joerg@shop.example>",
        SUBJECT,
        MIXED,
        body=multipart("", "outer", TEXT, PDF),
    )
    summary = summarise(source)
    for query in ("jorg", "SHOP.example", "hello", "Report.PDF", "grüße", "hello text jörg"):
        assert summary.matches(terms(query)), query
    assert not summary.matches(terms("hello absent"))


def test_a_summary_of_before_the_search_is_still_one() -> None:
    old = {"subject": "x", "snippet": "y", "code": "", "verify_link": "", "search_text": ""}
    assert Summary.from_json(old) == Summary(subject="x", snippet="y")
    assert Summary.from_json({"search_is_cut": "yes"}) == Summary()
    whole = Summary(subject="x", code="1234", verify_kind="reset", search_is_cut=True)
    assert Summary.from_json(whole.to_json()) == whole


def test_the_snippet_is_plain_text_before_html_whatever_their_order() -> None:
    body = multipart("", "b", HTML, TEXT)
    source = message(FROM, "Content-Type: multipart/alternative; boundary=b", body=body)
    assert summarise(source).snippet == "Grüße aus dem Text"


def test_an_empty_plain_text_gives_way_to_the_html() -> None:
    body = multipart("", "b", part("text/plain", b" \r\n"), HTML)
    source = message(FROM, "Content-Type: multipart/alternative; boundary=b", body=body)
    assert summarise(source).snippet == "Grüße aus dem HTML"


def test_the_snippet_skips_what_html_does_not_say() -> None:
    html = "<html><head><title>T</title><style>p{}</style></head><body><script>x</script><p>Said</p></body>"
    assert summarise(message(FROM, "Content-Type: text/html", body=html)).snippet == "Said"


def test_the_snippet_is_one_line_of_at_most_200_characters() -> None:
    source = message(FROM, SUBJECT, body="one\n\ttwo   three\n" * 100)
    snippet = summarise(source).snippet
    assert snippet.startswith("one two three one")
    assert len(snippet) <= 200
    assert snippet.endswith("…")


def test_nothing_invisible_that_acts_is_in_a_row() -> None:
    source = message(
        "From: =?utf-8?Q?A=00=1B=E2=80=AEda?= <a@b.example>",
        "Subject: =?utf-8?Q?s=0D=0Au=E2=81=A6b?=",
        MIXED,
        body=multipart(
            "",
            "outer",
            part("text/plain; charset=utf-8", "x\u202ey\x07z\u2028w".encode()),
            PDF.replace(b"rep", b"r\x01p"),
        ),
    )
    summary = summarise(source)
    assert summary.sender_name == "Ada"
    assert summary.subject == "s ub"
    assert summary.snippet == "xyz w"
    assert summary.attachment_names == ("rport.pdf",)


def test_a_lone_surrogate_never_leaves() -> None:
    source = message(FROM, "Subject: x", "Content-Type: text/plain; charset=utf-7", body="a+2D8-b")
    assert summarise(source).snippet == "ab"


def test_a_picture_inside_the_letter_is_no_attachment_of_the_row() -> None:
    body = multipart("", "r", HTML, PICTURE)
    source = message(FROM, "Content-Type: multipart/related; boundary=r", body=body)
    assert summarise(source).attachment_names == ()


def test_the_sender_is_found_elsewhere_when_from_is_missing() -> None:
    assert summarise(message("Sender: s@x.example", body="x")).sender_address == "s@x.example"
    assert summarise(message("From: ,,,", "Reply-To: p@x.example", body="x")).sender_address == "p@x.example"


def test_the_first_of_two_headers_counts() -> None:
    assert summarise(MESSAGES["two of everything"]).subject == "Hello"


def test_a_message_without_anything_shows_its_beginning() -> None:
    assert summarise(b"X-Nothing: here\r\n\r\n").snippet == "X-Nothing: here"


def test_a_mail_without_a_word_shows_none_of_its_header() -> None:
    blank = part("text/plain", b"")
    assert summarise(message(FROM, MIXED, body=multipart("", "outer", blank, blank))).snippet == ""
    assert summarise(message(MIXED, body=multipart("", "outer", blank))).snippet == ""


def test_attachment_names_are_capped() -> None:
    source = message(FROM, MIXED, body=multipart("", "outer", *[PDF] * 500))
    assert len(summarise(source).attachment_names) == 50


def test_when_the_budget_is_spent_the_row_has_no_code(monkeypatch: pytest.MonkeyPatch) -> None:
    source = message(FROM, SUBJECT, body="Your code: 482913")
    assert summarise(source).code == "482913"
    monkeypatch.setattr(module, "BUDGET_SECONDS", -1.0)
    summary = summarise(source)
    assert (summary.code, summary.snippet, summary.search_is_cut) == ("", "Your code: 482913", True)


def test_when_the_budget_is_spent_no_further_text_is_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BUDGET_SECONDS", -1.0)
    blank = part("text/plain", b" ")
    summary = summarise(message(FROM, SUBJECT, MIXED, body=multipart("", "outer", blank, TEXT, PDF)))
    assert (summary.subject, summary.sender_name) == ("Hello", "Ada")
    assert (summary.snippet, summary.attachment_names) == ("", ("report.pdf",))


def test_html_is_read_until_the_budget_is_spent(monkeypatch: pytest.MonkeyPatch) -> None:
    source = message(FROM, "Content-Type: text/html", body="<i></i>" * 500 + "too late")
    assert summarise(source).snippet == "too late"
    monkeypatch.setattr(module, "BUDGET_SECONDS", -1.0)
    assert "too late" not in summarise(source).snippet


def test_long_headers_of_many_parts_do_not_add_up() -> None:
    parts = [part("text/plain" + '; a="\\"' * 2000, b"x") for _ in range(1000)]
    source = message(FROM, SUBJECT, MIXED, body=multipart("", "outer", TEXT, *parts))
    began = time.thread_time()
    summary = summarise(source)
    assert time.thread_time() - began < 0.75
    assert summary.snippet == "Grüße aus dem Text"


def test_a_fault_of_ours_costs_the_row_and_not_the_mail(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(module, "skim", failing)
    assert summarise(MESSAGES["plain"]).snippet.startswith("From: Ada")


def test_json_that_is_not_a_summary_gives_an_empty_one() -> None:
    assert Summary.from_json({}) == Summary()
    assert Summary.from_json({"subject": 5, "attachment_names": "x", "other": None}) == Summary()
    assert Summary.from_json({"attachment_names": ["a", 5]}).attachment_names == ("a",)


def test_a_summary_of_25_mb_makes_no_copy_of_it() -> None:
    body = base64.b64encode(bytes(3_000_000)) * 6
    source = bytearray(message(FROM, MIXED, body=multipart("", "outer", TEXT, part("application/zip", body))))
    assert len(source) > 24_000_000
    tracemalloc.start()
    summary = summarise(source)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert summary.snippet
    assert peak < 1_000_000
    source.append(0)  # no view of it is left that would forbid this


@pytest.mark.parametrize("name", list(MESSAGES))
def test_a_row_costs_little_whatever_arrives(name: str) -> None:
    source = MESSAGES[name]
    began = time.thread_time()
    summarise(source)
    assert time.thread_time() - began < 0.2


def test_an_ordinary_mail_costs_a_fraction_of_a_millisecond() -> None:
    plain = message(FROM, SUBJECT, "Date: Tue, 24 Nov 2026 10:00:00 +0100", body="word " * 400)
    rows = (
        "<table><tr><td style='color:#333'><a href='https://x.example/?a=1'>Words</a></td></tr></table>\n"
        * 300
    )
    large = message(FROM, SUBJECT, "Content-Type: text/html; charset=utf-8", body=rows)
    for source, milliseconds in ((plain, 1.0), (large, 5.0)):  # five times what it takes
        summarise(source)
        began = time.thread_time()
        for _ in range(50):
            summarise(source)
        assert (time.thread_time() - began) / 50 * 1000 < milliseconds
