"""The print view: a page for paper, with the whole of the message."""

import re

from inbox.models import Message
from inbox.views.parts import FRAME_POLICY
from tests.web.conftest import HTML_SOURCE, Inbox


def test_the_letter_comes_whole_with_subject_and_sender_under_the_frames_policy(inbox: Inbox) -> None:
    inbox.receive_source(HTML_SOURCE)
    response = inbox.browser.get(f"{inbox.message_url()}print/")
    page = response.content.decode()
    assert "Welcome <b>here</b>" in page and "alert(1)" not in page and "<script" not in page
    assert page.index("no-reply@shop.example") < page.index("Welcome <b>here</b>")
    assert "<title>Confirm</title>" in page and page.count("<body>") == 1
    assert response["Content-Security-Policy"] == FRAME_POLICY
    assert response["Cache-Control"] == "no-store" and response["Referrer-Policy"] == "no-referrer"


def test_what_stands_above_the_letter_no_style_sheet_of_it_can_change(inbox: Inbox) -> None:
    inbox.receive_source(HTML_SOURCE)
    above = inbox.browser.get(f"{inbox.message_url()}print/").content.decode().partition("<body>")[2]
    above = above.partition('<div class="letter')[0]
    for element in ("div", "b", "span"):
        assert f"<{element} " in above
    styles = re.findall(r'style="([^"]*)"', above)
    assert len(styles) == above.count("all:")
    declarations = [declaration for style in styles for declaration in style.split(";")]
    assert [declaration for declaration in declarations if not declaration.endswith("!important")] == []


def test_hostile_fields_are_text_on_paper_too(inbox: Inbox) -> None:
    source = HTML_SOURCE.replace(b"Subject: Confirm", b"Subject: </title><img src=x><b>")
    inbox.receive_source(source)
    for view in ("html", "text"):
        page = inbox.browser.get(f"{inbox.message_url()}print/?view={view}").content.decode()
        assert "<img src=x" not in page and "&lt;/title&gt;&lt;img src=x&gt;&lt;b&gt;" in page


def test_the_text_is_a_page_of_ours(inbox: Inbox) -> None:
    inbox.receive("Hello <b>")
    page = inbox.browser.get(f"{inbox.message_url()}print/").content.decode()
    assert "Hello &lt;b&gt;" in page and "ann@sender.example" in page and "text" in page


def test_on_paper_no_quote_is_folded(inbox: Inbox) -> None:
    inbox.receive(body=b"Yes.\r\n" + b"> quoted line\r\n" * 9)
    assert b"<details" in inbox.browser.get(inbox.message_url()).content
    page = inbox.browser.get(f"{inbox.message_url()}print/").content
    assert b"<details" not in page and page.count(b"quoted line") == 9


def test_source_headers_and_parts_are_printed_as_they_are_shown(inbox: Inbox) -> None:
    inbox.receive_source(HTML_SOURCE)
    for view, shown in (
        ("source", "Content-Type: multipart/mixed"),
        ("headers", "<table"),
        ("parts", 'class="parts"'),
    ):
        assert shown in inbox.browser.get(f"{inbox.message_url()}print/?view={view}").content.decode()


def test_a_message_that_is_not_inside_is_not_there(inbox: Inbox) -> None:
    inbox.receive_source(HTML_SOURCE)
    for place in ("x", "0.0.0.0.0.0"):
        assert inbox.browser.get(f"{inbox.message_url()}print/?inside={place}").status_code == 404


def test_printing_is_no_reading(inbox: Inbox) -> None:
    inbox.receive()
    inbox.browser.get(f"{inbox.message_url()}print/")
    assert not inbox.held.open().rows()[0].is_read


def test_a_damaged_message_is_one_on_paper_too(inbox: Inbox) -> None:
    inbox.receive("One")
    source = Message.objects.get().source
    source.first_chunk = bytes(len(source.first_chunk))
    source.save()
    response = inbox.browser.get(f"{inbox.message_url()}print/")
    assert response.status_code == 200 and b"Damaged message" in response.content
