"""What the worker answers when a message is opened: which files the letter shows inside itself."""

import base64

import pytest

from inbox.mail.jobs import LARGEST_INLINE_BYTES, open_message
from inbox.mail.view import View
from tests.mail.corpus import FROM, PNG

BOUNDARY = "Content-Type: multipart/related; boundary=b"


def letter(html: str, *files: tuple[str, str, bytes]) -> bytes:
    """A letter with files: type, Content-ID and content of each."""
    parts = [b"Content-Type: text/html\r\n\r\n" + html.encode()]
    for number, (content_type, content_id, content) in enumerate(files):
        head = (
            f"Content-Type: {content_type}; name=file-{number}\r\nContent-ID: <{content_id}>\r\n"
            "Content-Transfer-Encoding: base64\r\n\r\n"
        )
        parts.append(head.encode() + base64.encodebytes(content).replace(b"\n", b"\r\n"))
    body = b"".join(b"--b\r\n" + part + b"\r\n" for part in parts)
    return f"{FROM}\r\n{BOUNDARY}\r\n\r\n".encode() + body + b"--b--\r\n"


def inside(source: bytes) -> list[bool]:
    """Of each file, whether it is left out of the list because the letter shows it."""
    result, document = open_message({"inside": [], "nonce": "ab"}, source)
    view = View.from_json(result["view"])
    assert view.has_html == bool(document)
    return [file.inline for file in view.files]


@pytest.mark.parametrize(
    "html",
    [
        "<img src=cid:x>",
        '<p>words<img src="CID:%58">',
        '<img src="cid:x"><img src="cid:x">',
        '<div style="display:none"><img src=cid:x></div><img src=cid:x>',
        '<img src="cid:x" width=2 height=40>',
    ],
)
def test_a_picture_that_the_letter_draws_is_in_no_list(html: str) -> None:
    assert inside(letter(html, ("image/png", "x", PNG))) == [True]


@pytest.mark.parametrize(
    "html",
    [
        "<p>words <a href=cid:x>x</a>",
        '<p>words<table background="cid:x"><tr><td>x</table>',
        '<p style="background:url(cid:x)">words',
        "<style>p{background:url(cid:x)}</style><p>words",
        "<!-- cid:x --><p>words",
        "words cid:x",
        '<p title="cid:x">words',
        "<p>words<video poster=cid:x></video>",
        '<p>words<img src="cid:x" width=1 height=1>',
        '<p>words<img src="cid:x" width=0>',
        '<p>words<div style="display:none"><img src="cid:x"></div>',
        "<p>words<img hidden src=cid:x>",
        "<title>words</title><textarea><img src=cid:x></textarea>",
    ],
)
def test_a_file_that_the_letter_only_names_is_listed(html: str) -> None:
    assert inside(letter(html, ("image/png", "x", PNG))) == [False]


@pytest.mark.parametrize(
    ("content_type", "content"),
    [
        ("image/png", PNG + b"\0" * LARGEST_INLINE_BYTES),
        ("image/heic", b"\0\0\0\x18ftypheic" + b"\0" * 200),
        ("image/tiff", b"II*\0" + b"\0" * 200),
        ("image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        ("application/octet-stream", b"MZ" + b"\0" * 200),
        ("image/png", b"not a picture"),
        ("application/pdf", b"%PDF-1.4"),
    ],
)
def test_a_file_that_cannot_be_drawn_is_listed(content_type: str, content: bytes) -> None:
    assert inside(letter("<p>words<img src=cid:x>", (content_type, "x", content))) == [False]


def test_pictures_beyond_what_a_letter_may_hold_are_listed() -> None:
    large = PNG + b"\0" * (LARGEST_INLINE_BYTES - len(PNG))
    html = "words" + "".join(f"<img src=cid:x{number}>" for number in range(4))
    files = [("image/png", f"x{number}", large) for number in range(4)]
    assert inside(letter(html, *files)) == [True, True, False, False]


def test_of_two_files_with_one_name_the_one_that_is_drawn_is_inside() -> None:
    first, second = ("image/png", "x", PNG), ("image/png", "x", PNG + b"other")
    assert inside(letter("words<img src=cid:x>", first, second)) == [True, False]
    too_large = ("image/png", "x", PNG + b"\0" * LARGEST_INLINE_BYTES)
    assert inside(letter("words<img src=cid:x>", too_large, second)) == [False, True]


def test_a_picture_sent_in_the_address_takes_no_file_out_of_the_list() -> None:
    data = base64.b64encode(PNG).decode()
    html = f'words<img src="data:image/png;base64,{data}"><a href="cid:data-picture-0">x</a>'
    assert inside(letter(html, ("image/png", "data-picture-0", PNG))) == [False]


def test_in_a_letter_that_is_shown_as_its_text_nothing_is_drawn() -> None:
    html = "words<img src=cid:x>" + "<div>" * 300_000
    assert inside(letter(html, ("image/png", "x", PNG))) == [False]
