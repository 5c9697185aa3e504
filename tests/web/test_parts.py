"""Files and parts at URLs of their own: whole, in ranges, as one zip, and as something to look at."""

import io
import re
import warnings
import zipfile
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from inbox.views.parts import FRAME_POLICY
from tests.web.conftest import Browser, Inbox

GOLDEN = Path(__file__).parent.parent / "mail" / "golden"


def body(response: Any) -> bytes:
    """A streamed response's whole content."""
    with warnings.catch_warnings(action="ignore"):  # the client is synchronous, the server is not
        return b"".join(response)


def png(size: tuple[int, int] = (20, 10)) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, (200, 0, 0)).save(file, "PNG")
    return file.getvalue()


def with_files(*files: tuple[str, str, bytes]) -> bytes:
    """A message with these: name, type, content."""
    parts = [
        f'--b\r\nContent-Type: {kind}\r\nContent-Disposition: attachment; filename="{name}"\r\n'
        f"Content-Transfer-Encoding: base64\r\n\r\n{b64encode(content).decode()}\r\n"
        for name, kind, content in files
    ]
    head = "From: a@b.example\r\nSubject: Files\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    return f"{head}--b\r\n\r\nThe letter.\r\n{''.join(parts)}--b--\r\n".encode()


def test_all_files_come_as_one_zip_with_equal_names_told_apart(inbox: Inbox) -> None:
    inbox.receive_source(with_files(("a.txt", "text/plain", b"one"), ("a.txt", "text/plain", b"two")))
    page = inbox.browser.get(inbox.message_url()).content.decode()
    assert f"{inbox.message_url()}files.zip" in page
    response = inbox.browser.get(f"{inbox.message_url()}files.zip")
    assert response["Content-Disposition"] == 'attachment; filename="Files.zip"'
    archive = zipfile.ZipFile(io.BytesIO(body(response)))
    assert {name: archive.read(name) for name in archive.namelist()} == {"a.txt": b"one", "a (2).txt": b"two"}


def test_a_message_without_files_has_no_zip(inbox: Inbox) -> None:
    inbox.receive("Hello")
    assert inbox.browser.get(f"{inbox.message_url()}files.zip").status_code == 404


def test_any_part_can_be_downloaded(inbox: Inbox) -> None:
    inbox.receive_source(with_files(("a.txt", "text/plain", b"one")))
    page = inbox.browser.get(f"{inbox.message_url()}?view=parts").content.decode()
    urls = re.findall(r'href="([^"]*piece/\d+/)"', page)
    assert [body(inbox.browser.get(url)) for url in urls] == [b"The letter.", b"one"]
    assert inbox.browser.get(f"{inbox.message_url()}piece/99/").status_code == 404


def test_a_picture_is_looked_at_as_we_drew_it(inbox: Inbox) -> None:
    inbox.receive_source(with_files(("a.png", "image/png", png() + b"<script>hidden")))
    page = inbox.browser.get(f"{inbox.message_url()}part/0/look/")
    assert page.status_code == 200 and f'src="{inbox.message_url()}part/0/preview/' in page.content.decode()
    response = inbox.browser.get(f"{inbox.message_url()}part/0/preview/")
    assert response["Content-Type"] == "image/png" and b"hidden" not in response.content
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert Image.open(io.BytesIO(response.content)).size == (20, 10)


def test_text_tables_and_archives_are_text_on_a_page_of_ours(inbox: Inbox) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("<b>inside</b>.txt", "x" * 100)
    inbox.receive_source(
        with_files(
            ("n.txt", "text/plain", b"<script>alert(1)</script>"),
            ("t.csv", "text/csv", b"name,sum\r\nAda,<i>3</i>\r\n"),
            ("z.zip", "application/zip", packed.getvalue()),
        )
    )
    text, table, listing = (
        inbox.browser.get(f"{inbox.message_url()}part/{index}/look/").content.decode() for index in range(3)
    )
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text and "<script>alert" not in text
    assert '<td dir="auto">&lt;i&gt;3&lt;/i&gt;</td>' in table
    assert "&lt;b&gt;inside&lt;/b&gt;.txt" in listing and "100\xa0bytes" in listing


def test_what_cannot_be_shown_says_why_and_can_be_downloaded(inbox: Inbox) -> None:
    inbox.receive_source(with_files(("a.png", "image/png", png()[:40])))
    page = inbox.browser.get(f"{inbox.message_url()}part/0/look/").content.decode()
    assert "It is damaged, or not what it says it is." in page and "Download" in page
    assert inbox.browser.get(f"{inbox.message_url()}part/0/preview/").status_code == 404


def test_a_player_gets_the_range_it_asks_for(inbox: Inbox) -> None:
    sound = b"ID3\x03\x00\x00\x00\x00\x00\x00" + b"\xff\xfb\x90\x00" * 400
    inbox.receive_source(with_files(("a.mp3", "audio/mpeg", sound)))
    page = inbox.browser.get(f"{inbox.message_url()}part/0/look/")
    assert b"<audio controls" in page.content and "media-src 'self'" in page["Content-Security-Policy"]
    url = f"{inbox.message_url()}part/0/play/"
    whole = inbox.browser.get(url)
    assert body(whole) == sound and whole["Accept-Ranges"] == "bytes"
    part = inbox.browser.get(url, headers={"Range": "bytes=10-13"})
    assert part.status_code == 206 and body(part) == sound[10:14]
    assert part["Content-Range"] == f"bytes 10-13/{len(sound)}" and part["Content-Length"] == "4"
    beyond = inbox.browser.get(url, headers={"Range": "bytes=999999-"})
    assert beyond.status_code == 416 and beyond["Content-Range"] == f"bytes */{len(sound)}"


def test_only_sounds_and_films_are_played(inbox: Inbox) -> None:
    inbox.receive_source(with_files(("a.mp3", "audio/mpeg", b"<html><script>alert(1)</script>")))
    assert inbox.browser.get(f"{inbox.message_url()}part/0/play/").status_code == 404


def test_a_program_is_marked(inbox: Inbox) -> None:
    inbox.receive_source(with_files(("invoice.pdf.exe", "application/pdf", b"MZ" + bytes(200))))
    page = inbox.browser.get(inbox.message_url()).content.decode()
    assert "A program. It can harm your computer." in page and "Its name hides what it is." in page


def test_a_message_inside_opens_with_its_own_files(inbox: Inbox) -> None:
    inner = with_files(("deep.txt", "text/plain", b"deep")).replace(b"Subject: Files", b"Subject: Inner")
    outer = b"From: o@b.example\r\nSubject: Outer\r\nContent-Type: multipart/mixed; boundary=o\r\n\r\n"
    outer += b"--o\r\n\r\nSee below.\r\n--o\r\nContent-Type: message/rfc822\r\n\r\n" + inner + b"--o--\r\n"
    inbox.receive_source(outer)
    page = inbox.browser.get(inbox.message_url()).content.decode()
    assert "Inner" in page and "?inside=0" in page
    inside = inbox.browser.get(f"{inbox.message_url()}?inside=0").content.decode()
    assert "deep.txt" in inside and "This is a message inside another." in inside
    assert body(inbox.browser.get(f"{inbox.message_url()}part/0/?inside=0")) == b"deep"
    assert body(inbox.browser.get(f"{inbox.message_url()}piece/2/?inside=0")) == b"deep"
    for place in ("1", "7", "0.0", "x", "0.0.0.0.0.0.0"):
        assert inbox.browser.get(f"{inbox.message_url()}?inside={place}").status_code == 404


@pytest.mark.parametrize("name", ["tnef", "uuencode-in-text"])
def test_what_is_unpacked_can_be_downloaded(inbox: Inbox, name: str) -> None:
    source = (GOLDEN / f"{name}.eml").read_bytes()
    inbox.receive_source(source)
    page = inbox.browser.get(inbox.message_url()).content.decode()
    urls = re.findall(r'data-testid="attachment" href="([^"]+)"', page)
    assert urls
    for url in urls:
        response = inbox.browser.get(url)
        assert response.status_code == 200 and len(body(response)) == int(response["Content-Length"]) > 0


REMOTE = (
    b"From: a@b.example\r\nSubject: Pictures\r\nContent-Type: text/html\r\n\r\n"
    b'<p>Hi</p><img src="https://img.example/a.png?x=1&amp;y=2" width=50 height=50>'
    b'<img src="https://img.example/t.gif" width=1 height=1>'
)


def test_pictures_wait_for_consent(inbox: Inbox) -> None:
    inbox.receive_source(REMOTE)
    page = inbox.browser.get(inbox.message_url()).content.decode()
    assert "2 pictures not loaded, 1 of them a tracker." in page and 'data-testid="show-images"' in page
    frame = inbox.browser.get(f"{inbox.message_url()}html/")
    assert "img.example" not in frame.content.decode() and "/i/" not in frame.content.decode()
    assert frame["Content-Security-Policy"] == FRAME_POLICY


def test_with_consent_pictures_come_from_our_one_path(inbox: Inbox) -> None:
    inbox.receive_source(REMOTE)
    frame = inbox.browser.get(f"{inbox.message_url()}html/?images=1")
    document = frame.content.decode()
    assert re.findall(r' src="(//[^/"]+/i/)[^"]+"', document) == ["//testserver/i/"]
    assert "img.example" not in document and "data-m-remote=" not in document
    assert "img-src data: testserver/i/;" in frame["Content-Security-Policy"]


BEHIND = (
    b"From: a@b.example\r\nSubject: Pictures\r\nContent-Type: text/html\r\n\r\n"
    b"<style>.hero{background:url(https://img.example/h.png)}</style>"
    b"<table class=hero><td background='https://img.example/t.png'>Hi</table>"
)


def test_with_consent_pictures_behind_the_words_come_from_there_too(inbox: Inbox) -> None:
    inbox.receive_source(BEHIND)
    frame = inbox.browser.get(f"{inbox.message_url()}html/?images=1")
    head, _, letter = frame.content.decode().partition("</style>")
    assert "img.example" not in head + letter
    [place] = re.findall(r' data-m-ground="([0-9a-f]+-\d+)"', letter)
    addresses = re.findall(r'background-image:url\("(//testserver/i/[\w-]+)"\)', head)
    assert len(set(addresses)) == 2
    assert f'[data-m-ground="{place}"]{{background-image:url("{addresses[1]}")}}' in head


def test_nothing_of_it_is_there_for_others(inbox: Inbox) -> None:
    inbox.receive_source(with_files(("a.png", "image/png", png()), ("b.txt", "text/plain", b"b")))
    for path in ("part/0/look/", "part/0/preview/", "part/1/play/", "piece/1/", "files.zip"):
        mine = inbox.browser.get(f"{inbox.message_url()}{path}").status_code
        assert mine == (404 if path == "part/1/play/" else 200)
        assert Browser().get(f"{inbox.message_url()}{path}").status_code == 404
