"""The letter's document once its pictures may be shown: whatever was sent, only our one path is asked."""

import re

import pytest

from inbox.mail import html
from inbox.opened import Frame
from tests.browser.wall_vectors import WALL_VECTORS
from tests.mail.vectors import VECTORS

NONCE = "5eed5eed"
OURS = "//mail.example/i/token"


def shown(letter: str) -> str:
    framed = html.frame(letter, inline_image=lambda _content_id: None, nonce=NONCE)
    frame = Frame(framed.document, NONCE, framed.remote, framed.blocked_images, framed.trackers)
    return frame.with_pictures(lambda _url: OURS)


@pytest.mark.parametrize("vector", [*VECTORS, *WALL_VECTORS])
def test_nothing_hostile_gets_in_with_the_pictures(vector: str) -> None:
    ours = "<style>.x{background:url(//i.example/x.png)}</style><td background=//i.example/t.png>words"
    document = shown((ours + vector).encode("utf-8", "replace").decode())
    assert document.count("<style>") == document.count("</style>") == 1
    sheet, _, letter = document.partition("</style>")
    assert set(re.findall(r"url\(([^)]*)\)", sheet)) == {f'"{OURS}"'}
    assert not re.search(r"style=\"[^\"]*(?:url|image)\(", letter)
    sources = {
        found for found in re.findall(r' src="([^"]*)"', letter) if not found.startswith("data:image/")
    }
    assert sources == {OURS}
    assert "m-remote(" not in document and "data-m-remote=" not in document


def test_an_address_that_is_none_of_ours_is_left_out() -> None:
    framed = html.frame(
        "<p style='background:url(//i.example/x.png)'>words<img src='//i.example/y.png'>",
        inline_image=lambda _content_id: None,
        nonce=NONCE,
    )
    frame = Frame(framed.document, NONCE, framed.remote, 0, 0)
    document = frame.with_pictures(lambda _url: '//h/i/"onerror=alert(1)')
    assert "onerror" not in document and "url(" not in document


def test_all_that_lies_behind_is_asked_for_at_once() -> None:
    """Else the moment at which a rule begins to hold would be told to the sender."""
    document = shown(
        "<style>a:hover{background:url(//i.example/h.png)}"
        "@media print{p{background:url(//i.example/p.png)}}</style>"
        "<p>words <a href='https://i.example/'>link</a><table background=//i.example/t.png><td>x</table>"
    )
    assert document.count(f'<img src="{OURS}" alt="" hidden>') == 3
