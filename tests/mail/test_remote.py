"""What a letter would have asked of somebody's server: counted, told apart, shown later on demand only."""

import base64
import re

import pytest

from inbox.mail.html import Framed, frame
from tests.mail.corpus import PNG

NONCE = "0123456789abcdef"


def framed(html: str) -> Framed:
    return frame(html, inline_image=lambda _content_id: ("image/png", PNG), nonce=NONCE)


def body(found: Framed) -> str:
    return found.document[found.document.index("<body>") :]


@pytest.mark.parametrize(
    "html",
    [
        '<img src="https://i.example/a.png">',
        '<img src="//i.example/a.png">',
        "<img src='HTTP://i.example/a.png'>",
        '<img src=" https://i.example/a.png ">',
        '<img srcset="https://i.example/a.png 2x, https://i.example/b.png">',
        '<picture><source srcset="https://i.example/a.webp"><img src="https://i.example/a.png"></picture>',
        '<picture><source srcset="https://i.example/a.webp 1x"><img alt=x></picture>',
        '<image src="https://i.example/a.png">',
        '<base href="https://i.example/x/"><img src="a.png">',
        '<body background="https://i.example/a.png">',
        '<table background="https://i.example/a.png"><tr><td>x</table>',
        "<table><td background=//i.example/a.png>x</table>",
        '<input type=image src="https://i.example/a.png">',
        '<video poster="https://i.example/a.png"></video>',
        '<link rel="shortcut icon" href="https://i.example/a.ico">',
        "<p style='background:url(https://i.example/a.png)'>x",
        "<p style='background-image:url(\"//i.example/a.png\")'>x",
        "<p style='list-style-image:url(https://i.example/a.png)'>x",
        "<p style='cursor:url(https://i.example/a.cur),auto'>x",
        "<p style='background:image-set(\"https://i.example/a.png\" 1x)'>x",
        "<style>p{background:url(https://i.example/a.png)}</style>x",
        "<style media=print>p{border-image:url(https://i.example/a.png) 30}</style>x",
        '<img src="https://i.example/a.png"><img src="https://i.example/a.png">',
    ],
)
def test_a_remote_picture_is_counted_once_and_not_asked_for(html: str) -> None:
    found = framed(html + "<p>words")
    assert found.blocked_images == 1
    assert found.trackers == 0
    assert "i.example" not in found.document


@pytest.mark.parametrize(
    "html",
    [
        "<style>@import 'https://i.example/x.css';</style>",
        "<style>@font-face{font-family:x;src:url(https://i.example/x.woff2)}</style>",
        '<link rel=stylesheet href="https://i.example/x.css">',
        '<link rel="prefetch" href="https://i.example/x">',
        '<link rel="dns-prefetch" href="//i.example">',
        '<script src="https://i.example/x.js"></script>',
        '<iframe src="https://i.example/"></iframe>',
        '<video src="https://i.example/v.mp4"></video>',
        '<audio src="https://i.example/a.mp3"></audio>',
        '<object data="https://i.example/x"></object>',
        '<embed src="https://i.example/x">',
    ],
)
def test_what_is_asked_for_and_no_picture_is_counted_apart(html: str) -> None:
    found = framed(html + "<p>words")
    assert (found.blocked_images, found.other_requests) == (0, 1)
    assert "i.example" not in found.document


@pytest.mark.parametrize(
    "html",
    [
        "<img src=cid:x>",
        '<img src="picture.png">',
        '<img src="/picture.png">',
        '<img src="data:image/png;base64,AAAA">',
        "<img src='file:///etc/passwd'>",
        "<img src=javascript:alert(1)>",
        "<img alt=x>",
        '<link rel=canonical href="https://i.example/">',
        "<a href=https://i.example/a.png>x</a>",
    ],
)
def test_what_no_server_would_be_asked_for_is_not_counted(html: str) -> None:
    found = framed(html)
    assert (found.blocked_images, found.other_requests, found.remote) == (0, 0, ())


@pytest.mark.parametrize(
    "html",
    [
        '<img src="https://t.example/a" width=1 height=1>',
        '<img src="https://t.example/a" width="1px" height="1px">',
        '<img src="https://t.example/a" width=0 height=0>',
        '<img src="https://t.example/a" height=0>',
        '<img src="https://t.example/a" width=1>',
        '<img src="https://t.example/a" style="width:1px;height:1px">',
        '<img src="https://t.example/a" style="display:none">',
        '<img src="https://t.example/a" style="visibility: hidden !important">',
        '<div style="display:none"><span><img src="https://t.example/a" width=300></span></div>',
        '<img src="https://t.example/a" width=2 height=2>',
        '<img src="https://t.example/a" width=1 style="height:2px">',
        '<img src="https://t.example/a" hidden width=300>',
        '<div hidden="until-found"><img src="https://t.example/a" width=300></div>',
        '<div style="height:0;overflow:hidden"><img src="https://t.example/a" width=300></div>',
        '<div style="max-height:0px!important;overflow:hidden"><img src="https://t.example/a"></div>',
        '<div style="width:0;overflow:hidden"><img src="https://t.example/a" width=300></div>',
    ],
)
def test_a_picture_that_nobody_can_see_is_a_tracker_and_never_loaded(html: str) -> None:
    found = framed(html + "<p>words")
    assert (found.blocked_images, found.trackers, found.remote) == (1, 1, ())


@pytest.mark.parametrize(
    "address",
    [
        "https://t.example/open.gif?u=1",
        "https://t.example/track/open.php?u=8a7b&id=3",
        "https://t.example/wf/open?upn=abc",
        "https://t.example/e/o/abcdefghijklmnopqrstuvwx",
        "https://t.example/pixel.png",
        "https://t.example/mail/beacon?x",
    ],
)
def test_an_address_for_counting_openings_is_a_trackers(address: str) -> None:
    assert framed(f'<img src="{address}">x').trackers == 1
    assert framed(f'<img src="{address}" width=600 height=200>x').trackers == 0


@pytest.mark.parametrize(
    "html",
    [
        '<img src="https://i.example/line.gif" width=1 height=40>',
        '<img src="https://i.example/line.gif" width=600 height=1>',
        '<img src="https://i.example/line.gif" width=2>',
        '<div style="height:0"><img src="https://i.example/logo.png" width=100></div>',
        '<div style="height:10px;overflow:hidden"><img src="https://i.example/logo.png" width=100></div>',
        '<img src="https://i.example/logo.png" width=100>',
        '<img src="https://i.example/opening-hours.png">',
        '<img src="https://i.example/photo.jpg" style="width:100%;height:auto">',
    ],
)
def test_a_picture_that_can_be_seen_is_none(html: str) -> None:
    assert framed(html).trackers == 0


def test_pictures_to_be_shown_later_are_numbered_under_the_nonce() -> None:
    found = framed(
        '<img src="https://i.example/a.png" alt="A"><img src="//i.example/b.png?x=1&amp;y=2">'
        '<img src="https://i.example/a.png"><img src=cid:x>'
    )
    assert found.remote == ("https://i.example/a.png", "https://i.example/b.png?x=1&y=2")
    assert re.findall(rf'data-m-remote="{NONCE}-(\d)"', body(found)) == ["0", "1", "0"]
    assert f' data-m-remote="{NONCE}-1"' in body(found)
    assert body(found).count("src=") == 1


def test_nobody_can_write_the_mark_of_a_picture_to_be_shown() -> None:
    found = framed(
        f'<img data-m-remote="{NONCE}-0"><p data-m-remote="{NONCE}-1">x</p><img alt="data-m-remote">'
        f'<a title=\' data-m-remote="{NONCE}-2"\' href="https://x.example/">x</a>'
    )
    assert f'data-m-remote="{NONCE}' not in body(found)


def test_without_a_nonce_nothing_can_be_shown_later() -> None:
    found = frame('<img src="https://i.example/a.png">x', inline_image=lambda _cid: None, nonce="")
    assert (found.blocked_images, found.remote) == (1, ())
    assert "data-m-remote=" not in body(found)


def test_a_blocked_picture_keeps_its_words_and_its_measures() -> None:
    found = framed('<img src="https://i.example/a.png" alt="Our shop" width=300 height="120">')
    assert f'<img alt="Our shop" width="300" height="120" data-m-remote="{NONCE}-0">' in body(found)


def test_a_letter_that_is_only_blocked_pictures_is_a_letter() -> None:
    assert 'class="letter plain"' not in framed('<img src="https://i.example/a.png">').document


def test_a_letter_sent_with_pictures_inside_needs_nobody() -> None:
    data = base64.b64encode(PNG).decode()
    found = framed(f'<img src="data:image/png;base64,{data}"><img src="cid:a">')
    assert (found.blocked_images, found.remote) == (0, ())
    assert body(found).count("src=") == 2


def test_very_many_pictures_are_counted_and_bounded() -> None:
    found = framed("".join(f'<img src="https://i.example/{number}">' for number in range(3_000)))
    assert found.blocked_images == 3_000
    assert len(found.remote) == 1_000


def test_the_bodys_ground_reaches_to_the_edges() -> None:
    assert ":root{background-color:#123456}" in framed("<body bgcolor=#123456 text=white>x").document
    assert (
        ":root{background-color:#123456}"
        in framed("<style>body{background:#123456}</style><p style=color:#fff>x").document
    )


def test_what_a_page_says_of_its_language_and_its_links_stays() -> None:
    found = framed('<html lang="ja"><body link=#123456><a href="https://x.example/">x</a>')
    assert '<div class="letter" dir="auto" lang="ja">' in found.document
    assert "@layer base{.letter a{color:#123456}}" in found.document
    dark = frame("<body link=#000066>x", inline_image=lambda _cid: None, nonce="", dark=True).document
    assert "#000066" not in dark


def test_the_lines_of_a_table_keep_their_colour() -> None:
    html = "<table border=1 bordercolor=Silver><tr><td>x</table>"
    assert '<table border="1" bordercolor="#c0c0c0">' in body(framed(html))


def test_a_body_of_full_height_does_not_cut_the_letter() -> None:
    found = framed('<body style="height:100%;overflow:hidden;width:50px" id=top class="a b">x')
    assert '<div class="letter m-a m-b" dir="auto" id="m-top">x</div>' in found.document


def test_white_words_stay_white_on_the_ground_that_a_sheet_gives() -> None:
    html = '<style>.hero{background:#112233}</style><div class="hero"><p style="color:#fff">words</p></div>'
    assert '<p style="color:#fff">' in body(framed(html))


def test_white_words_of_a_sheet_whose_ground_was_a_picture_can_be_read() -> None:
    html = (
        "<style>.hero{background:url(https://i.example/a.jpg);color:#fff}</style><div class=hero>words</div>"
    )
    assert '<div class="m-hero" style="color:#1a1a1a">' in body(framed(html))


def test_a_rule_for_elsewhere_changes_nothing_here() -> None:
    html = "<style>.night p{background:#000;color:#fff}</style><p>words</p>"
    assert body(framed(html)).startswith('<body><div class="letter" dir="auto"><p>words</p>')


def test_page_and_letter_are_dark_together() -> None:
    html = (
        '<body bgcolor="#ffffff"><p style="color:#000;border:1px solid #eee">x</p><font color=navy>y</font>'
    )
    dark = frame(html, inline_image=lambda _cid: None, nonce="", dark=True).document
    assert ":root{color-scheme:dark;background:#17191a" in dark
    assert "color-scheme:light" not in dark
    assert 'style="background-color:#1c1c1c"' in dark
    assert "#ffffff" not in dark[dark.index("<body>") :]


# Pictures behind the words


@pytest.mark.parametrize(
    "html",
    [
        '<body background="https://i.example/a.png"><p>words',
        '<body style="background:url(https://i.example/a.png)"><p>words',
        '<table background="https://i.example/a.png"><tr><td>words</table>',
        "<table><td background=//i.example/a.png>words</table>",
        "<div style='background:#fff url(https://i.example/a.png) no-repeat center / cover'>words</div>",
        "<p style='background-image:url(\"//i.example/a.png\")'>words",
    ],
)
def test_a_picture_behind_an_element_is_marked_to_be_shown_later(html: str) -> None:
    found = framed(html)
    assert found.remote == ("https://i.example/a.png",)
    assert body(found).count(f' data-m-ground="{NONCE}-0"') == 1
    assert "i.example" not in found.document


def test_how_a_picture_behind_an_element_lies_stays_though_it_is_not_there() -> None:
    found = framed("<p style='background:#fff url(https://i.example/a.png) no-repeat left top / cover'>words")
    style = re.findall(r'style="([^"]*)"', body(found))[-1]
    assert set(style.split(";")) == {
        "background-repeat:no-repeat",
        "background-size:cover",
        "background-position:left top",
        "background-color:#ffffff",
    }


def test_a_rule_of_the_sheet_keeps_the_place_of_its_picture() -> None:
    found = framed(
        "<style>body{background:url(//i.example/b.png)} @media (min-width:600px){.x{background-image:"
        "url('https://i.example/a.png')}} .y{list-style-image:url(https://i.example/c.png)}</style>"
        "<p class=x>words"
    )
    assert found.remote == ("https://i.example/b.png", "https://i.example/a.png")
    assert f".letter{{background-image:m-remote({NONCE}-0)}}" in found.document
    assert f".m-x{{background-image:m-remote({NONCE}-1)}}" in found.document
    assert found.document.count("m-remote(") == 2


def test_what_stands_for_a_picture_is_ours_alone_to_write() -> None:
    found = framed(
        f"<style>p{{background-image:m-remote({NONCE}-0);color:red}}</style>"
        f"<p data-m-ground='{NONCE}-0' style='background-image:m-remote({NONCE}-0)'>words"
    )
    assert "m-remote(" not in found.document
    assert "data-m-ground" not in found.document


def test_on_a_dark_page_the_ground_stays_dark() -> None:
    html = "<style>td{background:url(//i.example/a.png)}</style><td background='//i.example/b.png'>words"
    found = frame(f"<table>{html}", inline_image=lambda _content_id: None, nonce=NONCE, dark=True)
    assert found.remote == ()
    assert "m-remote(" not in found.document
    assert "data-m-ground" not in found.document


@pytest.mark.parametrize(
    "html",
    [
        "<div style='width:1px;height:1px;background:url(//t.example/p.gif)'></div>",
        "<table background='//t.example/p.gif' width=1 height=1><td>x</table>",
        "<div style='display:none'><p style='background:url(//t.example/p.gif)'>x</div>",
        "<style>.x{width:1px;height:1px;background:url(//t.example/p.gif)}</style><p class=x>y",
    ],
)
def test_a_tracker_behind_an_element_is_one_and_never_comes(html: str) -> None:
    found = framed(f"{html}<p>words")
    assert (found.blocked_images, found.trackers, found.remote) == (1, 1, ())


@pytest.mark.parametrize(
    ("style", "picture"),
    [
        ("background:url(//i.example/a.png);background:none", ""),
        ("background-image:url(//i.example/a.png);background-image:none", ""),
        ("background:none;background:url(//i.example/a.png)", "https://i.example/a.png"),
        ("background:url(//i.example/a.png);background-color:red", "https://i.example/a.png"),
        ("background:rgba(0,0,0,.4) url(//i.example/a.png)", "https://i.example/a.png"),
        ("background:linear-gradient(red,blue), url('//i.example/a.png')", "https://i.example/a.png"),
        ("quotes:'background:url(//i.example/a.png)'", ""),
        ("list-style-image:url(//i.example/a.png)", ""),
    ],
)
def test_the_picture_is_the_one_that_css_puts_behind(style: str, picture: str) -> None:
    escaped = style.replace('"', "&quot;")
    assert framed(f'<p style="{escaped}">words').remote == ((picture,) if picture else ())
    assert framed(f"<style>.x{{{style}}}</style><p class=x>words").remote == ((picture,) if picture else ())
