"""Reading: the list, the reader, the frame, files, and deleting with a few seconds to regret it."""

import re
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from inbox import opened, pool, sources
from inbox.models import Message
from tests.web.conftest import HTML_SOURCE, Browser, Clock, Inbox, subjects_of, text_of


def body(response: Any) -> bytes:
    """A streamed response's whole content."""
    with warnings.catch_warnings(action="ignore"):  # the client is synchronous, the server is not
        return b"".join(response)


def test_the_list_is_newest_first_in_the_order_of_arrival(inbox: Inbox) -> None:
    for subject in ("One", "Two", "Three"):
        inbox.receive(subject)
    assert subjects_of(inbox.browser.get(inbox.url)) == ["Three", "Two", "One"]


def test_hostile_headers_are_text(inbox: Inbox) -> None:
    inbox.receive("<script>alert(1)</script>{{ 7|add:7 }}")
    page = inbox.browser.get(inbox.message_url()).content
    assert b"<script>alert" not in page and b"&lt;script&gt;alert(1)&lt;/script&gt;{{ 7|add:7 }}" in page


def test_opening_marks_read_and_starts_the_timer_anew(inbox: Inbox, moving: Clock) -> None:
    inbox.receive()
    before = inbox.held.row().expires_at
    moving.move(minutes=10)
    response = inbox.browser.get(inbox.message_url())
    assert response.status_code == 200 and text_of(response, "text-body").startswith("text")
    assert Message.objects.get().is_read and inbox.held.row().expires_at > before
    assert "data-unread" not in re.findall(r"<li[^>]*>", response.content.decode())[0]


def test_the_page_has_the_revision_after_its_own_read_mark(inbox: Inbox) -> None:
    inbox.receive()
    response = inbox.browser.get(inbox.message_url())
    assert f'data-revision="{inbox.held.row().revision}"' in response.content.decode()


def test_head_is_no_view(inbox: Inbox) -> None:
    inbox.receive()
    assert inbox.browser.head(inbox.message_url()).status_code == 200
    assert not Message.objects.get().is_read


def test_the_reader_alone_is_given_to_the_script(inbox: Inbox) -> None:
    inbox.receive()
    response = inbox.browser.get(inbox.message_url(), headers={"x-partial": "reader"})
    assert b"<html" not in response.content and b'data-testid="reader"' in response.content
    assert b"csrfmiddlewaretoken" in response.content and "X-Partial" in response["Vary"]
    assert Message.objects.get().is_read


def test_the_script_may_mark_read_alone(inbox: Inbox) -> None:
    inbox.receive()
    assert inbox.browser.script(f"{inbox.message_url()}read/").status_code == 204
    assert Message.objects.get().is_read


def test_a_tag_is_shown(inbox: Inbox) -> None:
    local_part, _, domain = inbox.held.address.partition("@")
    from tests.web.conftest import deliver

    deliver(f"{local_part}+news@{domain}")
    assert b">+news<" in inbox.browser.get(inbox.url).content


def test_html_is_shown_in_a_frame_on_its_own_url(inbox: Inbox) -> None:
    inbox.receive_source(HTML_SOURCE)
    page = inbox.browser.get(inbox.message_url()).content.decode()
    assert f'src="{inbox.message_url()}html/"' in page and "Welcome <b>" not in page
    response = inbox.browser.get(f"{inbox.message_url()}html/")
    document = response.content.decode()
    assert "Welcome <b>here</b>" in document
    assert "alert" not in document and "spy.example" not in document
    policy = response["Content-Security-Policy"]
    assert policy == (
        "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; "
        "img-src data:; form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
    )
    assert response["X-Frame-Options"] == "SAMEORIGIN" and response["Referrer-Policy"] == "no-referrer"
    assert response["Cache-Control"] == "no-store" and response["Content-Type"] == "text/html; charset=utf-8"
    assert response["Cross-Origin-Opener-Policy"] == "unsafe-none"


def test_the_text_is_one_click_away(inbox: Inbox) -> None:
    inbox.receive_source(HTML_SOURCE)
    page = inbox.browser.get(f"{inbox.message_url()}?view=text").content.decode()
    assert 'data-view="text"' in page and "Welcome to the shop." in page


def test_a_message_without_html_has_no_frame(inbox: Inbox) -> None:
    inbox.receive()
    assert inbox.browser.get(f"{inbox.message_url()}html/").status_code == 404


def test_an_attachment_is_a_file_and_nothing_else(inbox: Inbox) -> None:
    inbox.receive_source(HTML_SOURCE)
    response = inbox.browser.get(f"{inbox.message_url()}part/0/")
    assert body(response) == b"<script>alert(1)</script>"
    assert response["Content-Type"] == "application/octet-stream"
    assert response["Content-Disposition"] == "attachment; filename*=utf-8''a%20%C3%BC%20b.html"
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert response["X-Content-Type-Options"] == "nosniff" and response["Cache-Control"] == "no-store"
    assert response["Cross-Origin-Resource-Policy"] == "same-origin"
    assert response["Referrer-Policy"] == "no-referrer"
    assert inbox.browser.get(f"{inbox.message_url()}part/1/").status_code == 404
    assert inbox.browser.get(f"{inbox.message_url()}part/99999999999999999999/").status_code == 404


@pytest.mark.parametrize("content_type", ["image/png", "application/pdf"])
def test_a_harmless_type_is_told(inbox: Inbox, content_type: str) -> None:
    inbox.receive_source(
        b"Subject: x\r\nContent-Type: " + content_type.encode() + b"\r\n"
        b"Content-Disposition: attachment; filename=x\r\n\r\nbytes\r\n"
    )
    assert inbox.browser.get(f"{inbox.message_url()}part/0/")["Content-Type"] == content_type


@pytest.mark.parametrize(
    "content_type", ["text/html", "image/svg+xml", "text/xml", "application/xhtml+xml", "x/y"]
)
def test_a_type_that_a_browser_might_run_is_not(inbox: Inbox, content_type: str) -> None:
    inbox.receive_source(
        b"Subject: x\r\nContent-Type: " + content_type.encode() + b"; name=f\r\n"
        b"Content-Disposition: attachment; filename=x\r\n\r\nbytes\r\n"
    )
    assert inbox.browser.get(f"{inbox.message_url()}part/0/")["Content-Type"] == "application/octet-stream"


def test_a_hostile_file_name_stays_inside_its_header(inbox: Inbox) -> None:
    inbox.receive_source(
        b"Subject: x\r\nContent-Type: image/png\r\nContent-Disposition: attachment;\r\n"
        b" filename*=utf-8''..%2F%0D%0ASet-Cookie%3A%20x%3D%22y%E2%80%AEgpj.exe\r\n\r\nbytes\r\n"
    )
    response = inbox.browser.get(f"{inbox.message_url()}part/0/")
    assert "Set-Cookie" not in response.headers and "x" not in response.cookies
    name = response["Content-Disposition"]
    assert name.startswith("attachment; filename") and "/" not in name and "%E2%80%AE" not in name
    assert "\r" not in name and "%0A" not in name


def test_the_source_downloads_as_it_came_with_every_line_end_crlf(inbox: Inbox) -> None:
    source = b"Subject: Hi there\r\n\r\none\ntwo\rthree\r\n.\r\n\n\r\rend\r"
    inbox.receive_source(source)
    response = inbox.browser.get(f"{inbox.message_url()}source/")
    assert body(response) == b"Subject: Hi there\r\n\r\none\r\ntwo\r\nthree\r\n.\r\n\r\n\r\n\r\nend\r\n"
    assert response["Content-Disposition"] == 'attachment; filename="Hi there.eml"'
    assert response["Content-Type"] == "message/rfc822"
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"


def test_line_ends_do_not_depend_on_how_the_source_comes_in_pieces() -> None:
    source = b"a\r\n\r\rb\n\nc\r\n.\r\r\nd\r"

    class Message:
        def __init__(self, size: int) -> None:
            self.size = size

        def source_pieces(self) -> Iterator[bytes]:
            return (source[at : at + self.size] for at in range(0, len(source), self.size))

    exported = b"a\r\n\r\n\r\nb\r\n\r\nc\r\n.\r\n\r\nd\r\n"
    for size in range(1, len(source) + 1):
        assert b"".join(sources.source_pieces(Message(size))) == exported  # type: ignore[arg-type]


def test_a_large_source_downloads_whole(inbox: Inbox) -> None:
    line = b"0123456789" * 7 + b"\r\n"
    source = b"Subject: Large\r\n\r\n" + line * 20_000
    inbox.receive_source(source)
    assert body(inbox.browser.get(f"{inbox.message_url()}source/")) == source


@pytest.mark.parametrize("encoding", ["base64", "quoted-printable", "8bit", "x-uuencode"])
def test_a_large_attachment_is_decoded_as_it_goes_by(inbox: Inbox, encoding: str) -> None:
    import base64
    import binascii
    import quopri
    import random

    raw = random.Random(1).randbytes(1_500_000)
    if encoding == "base64":
        sent = base64.encodebytes(raw).replace(b"\n", b"\r\n")
    elif encoding == "quoted-printable":
        sent = quopri.encodestring(raw, quotetabs=True).replace(b"\n", b"\r\n")
        raw = quopri.decodestring(sent)
    elif encoding == "8bit":
        raw = sent = re.sub(rb"[\r\n\-]", b".", raw)
    else:
        lines = [binascii.b2a_uu(raw[at : at + 45]) for at in range(0, len(raw), 45)]
        sent = b"begin 644 x\r\n" + b"".join(lines).replace(b"\n", b"\r\n") + b"`\r\nend"
    inbox.receive_source(
        b"Subject: Large\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\ntext\r\n--b\r\n"
        b"Content-Type: application/zip; name=x.zip\r\nContent-Transfer-Encoding: "
        + encoding.encode()
        + b"\r\n\r\n"
        + sent
        + b"\r\n--b\r\nContent-Type: image/png; name=y\r\n\r\nlast\r\n--b--\r\n"
    )
    received = body(inbox.browser.get(f"{inbox.message_url()}part/0/"))
    assert received.rstrip(b"\r\n") == raw.rstrip(b"\r\n") if encoding != "base64" else received == raw
    assert body(inbox.browser.get(f"{inbox.message_url()}part/1/")) == b"last"


@pytest.fixture
def hasty_workers(monkeypatch: pytest.MonkeyPatch) -> Iterator[pool.Pool]:
    """Workers that never answer, so that every message is one that nobody can take apart."""
    silent = "import sys, time; sys.stdout.buffer.write(bytes(4)); sys.stdout.flush(); time.sleep(60)"
    hasty = pool.Pool(1, job_seconds=0.2, command=("-c", silent))
    monkeypatch.setattr(pool, "shared", lambda: hasty)
    yield hasty
    hasty.close()


def test_what_nobody_can_take_apart_opens_as_it_was_sent(inbox: Inbox, hasty_workers: pool.Pool) -> None:
    inbox.receive_source(b"Subject: Bomb\r\nContent-Type: text/html\r\n\r\n<b>bang</b> \x07\r\n")
    page = inbox.browser.get(inbox.message_url()).content.decode()
    assert "could not be taken apart in time" in page
    assert "Bomb" in page and "&lt;b&gt;bang&lt;/b&gt; ␇" in page
    assert inbox.browser.get(f"{inbox.message_url()}html/").status_code == 404
    assert b"<b>bang</b>" in body(inbox.browser.get(f"{inbox.message_url()}source/"))


def test_what_nobody_can_take_apart_costs_one_worker_not_one_a_click(
    inbox: Inbox, hasty_workers: pool.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox.receive("Bomb")
    inbox.browser.get(inbox.message_url())
    monkeypatch.setattr(pool, "shared", lambda: pytest.fail("asked again"))
    assert b"could not be taken apart" in inbox.browser.get(inbox.message_url()).content


def test_without_a_free_worker_the_page_asks_to_come_again(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox.receive("One")
    monkeypatch.setattr(pool, "MOST_WAITING", 0)
    response = inbox.browser.get(inbox.message_url())
    assert response.status_code == 503 and response["Retry-After"]
    monkeypatch.undo()
    assert inbox.browser.get(inbox.message_url()).status_code == 200


def test_a_message_is_taken_apart_once(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    inbox.receive_source(b"Subject: Once\r\nContent-Type: text/html\r\n\r\n<b>hello</b>\r\n")
    inbox.browser.get(inbox.message_url())
    monkeypatch.setattr(pool, "shared", lambda: pytest.fail("asked again"))
    assert b"Once" in inbox.browser.get(inbox.message_url()).content
    assert b"<b>hello</b>" in inbox.browser.get(f"{inbox.message_url()}html/").content


def test_what_is_in_memory_opens_for_nobody_else(inbox: Inbox) -> None:
    inbox.receive("Secret")
    assert inbox.browser.get(inbox.message_url()).status_code == 200
    assert Browser().get(inbox.message_url()).status_code == 404
    inbox.browser.submit(f"{inbox.message_url()}delete/")
    assert inbox.browser.get(inbox.message_url()).status_code == 404


def test_what_was_deleted_is_not_in_memory_either(inbox: Inbox) -> None:
    inbox.receive("Secret")
    inbox.browser.get(inbox.message_url())
    assert any(inbox.messages[0] in key for key in opened._opened._values)
    inbox.browser.submit(f"{inbox.message_url()}delete/")
    assert not any(inbox.messages[0] in key for key in opened._opened._values)


def test_a_damaged_message_is_shown_as_one(inbox: Inbox) -> None:
    inbox.receive("One")
    inbox.receive("Two")
    one, two = Message.objects.order_by("number")
    Message.objects.filter(pk=two.pk).update(box=one.box)
    page = inbox.browser.get(inbox.url).content
    assert b"Damaged message" in page and b"Two" not in page
    response = inbox.browser.get(inbox.message_url())
    assert response.status_code == 200 and b"seal of this message does not fit" in response.content
    for part in ("html/", "source/", "part/0/"):
        assert inbox.browser.get(f"{inbox.message_url()}{part}").status_code == 404


def test_a_damaged_source_is_shown_as_a_damaged_message(inbox: Inbox) -> None:
    inbox.receive("One")
    source = Message.objects.get().source
    source.first_chunk = bytes(len(source.first_chunk))
    source.save()
    response = inbox.browser.get(inbox.message_url())
    assert response.status_code == 200 and b"seal of this message does not fit" in response.content


def test_delete_and_undo_work_as_forms(inbox: Inbox) -> None:
    inbox.receive("One")
    inbox.receive("Two")
    assert b"Delete this message?" in inbox.browser.get(f"{inbox.message_url()}delete/").content
    response = inbox.browser.submit(f"{inbox.message_url()}delete/")
    assert response["Location"] == f"{inbox.url}?deleted={inbox.messages[-1]}"
    page = inbox.browser.get(response["Location"])
    assert subjects_of(page) == ["One"] and f"{inbox.message_url()}undelete/".encode() in page.content
    assert inbox.browser.get(inbox.message_url()).status_code == 404
    inbox.browser.submit(f"{inbox.message_url()}undelete/")
    assert subjects_of(inbox.browser.get(inbox.url)) == ["Two", "One"]


def test_delete_and_undo_work_as_a_script(inbox: Inbox, moving: Clock) -> None:
    inbox.receive("One")
    assert inbox.browser.script(f"{inbox.message_url()}delete/").status_code == 204
    assert inbox.browser.script(f"{inbox.message_url()}undelete/").status_code == 204
    inbox.browser.script(f"{inbox.message_url()}delete/")
    moving.move(seconds=11)
    response = inbox.browser.script(f"{inbox.message_url()}undelete/")
    assert response.status_code == 409 and "error" in response.json()
    assert inbox.browser.submit(f"{inbox.message_url()}undelete/")["Location"].endswith("?notice=too_late")
    page = inbox.browser.get(f"{inbox.url}?deleted={inbox.messages[0]}")
    assert b'id="undo"' not in page.content


def test_hidden_mail_is_not_in_the_page_and_cannot_be_deleted(inbox: Inbox, moving: Clock) -> None:
    inbox.receive("Secret")
    moving.move(minutes=91)
    assert b"Secret" not in inbox.browser.get(inbox.url).content
    assert inbox.browser.submit(f"{inbox.message_url()}delete/").status_code == 404
