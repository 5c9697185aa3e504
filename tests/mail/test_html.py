"""Wall one: what of a sender's HTML reaches the frame, judged by a parser that is not the cleaner's."""

import base64
import re
import time
from collections.abc import Callable
from html.parser import HTMLParser

import pytest

from inbox.mail import html as cleaning
from inbox.mail.html import MOST_HTML_CHARACTERS, MOST_PICTURE_BYTES, Framed, is_html_showable
from tests.mail.corpus import PNG
from tests.mail.vectors import VECTORS

# Written here again on purpose: the test's own idea of what is harmless.
HARMLESS_ELEMENTS = set(
    """
    a abbr acronym address article aside b bdi bdo big blockquote br caption center cite code col colgroup
    dd del dfn dir div dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd li
    main mark nav ol p pre q rp rt ruby s samp section small span strike strong sub sup table tbody td tfoot
    th thead tr tt u ul var wbr
    """.split()  # noqa: SIM905
)
HARMLESS_ATTRIBUTES = set(
    """
    align alt bgcolor border bordercolor cellpadding cellspacing class clear color colspan
    data-m-ground data-m-remote dir face height href hspace id lang name noshade nowrap rel role rowspan scope
    size span src start style target title type valign value vspace width
    """.split()  # noqa: SIM905
)
LINK = re.compile(r"(?:https?://|mailto:|#m-)[^\s\"<>]*")
PICTURE = re.compile(r"data:image/(?:png|jpeg|gif|webp|bmp);base64,[A-Za-z0-9+/=]+")
OURS = ("letter-mark", "letter-target")
NONCE = "5eed5eed"
STYLE = re.compile(r"[a-z-]+:[\w\s.,%#!+/*()'\"-]+(?:;[a-z-]+:[\w\s.,%#!+/*()'\"-]+)*")


def no_picture(_content_id: str) -> None:
    return None


def framed(html: str, pictures: Callable[[str], tuple[str, bytes] | None] = no_picture) -> Framed:
    return cleaning.frame(html, inline_image=pictures, nonce=NONCE)


def frame(html: str, pictures: Callable[[str], tuple[str, bytes] | None] = no_picture) -> str:
    return framed(html, pictures).document


def letter(html: str, pictures: Callable[[str], tuple[str, bytes] | None] = no_picture) -> str:
    """What stands inside the wrapper."""
    document = frame(html, pictures)
    match = re.search(r'<body><div class="letter[^>]*>(.*)</div></body></html>$', document, re.S)
    assert match is not None
    return match[1]


class _Judge(HTMLParser):
    """Fails on everything that is not known to be harmless."""

    def __init__(self, targets: tuple[str, ...]) -> None:
        super().__init__()
        self.targets = targets

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in HARMLESS_ELEMENTS, tag
        found = {name: value or "" for name, value in attrs}
        assert set(found) <= HARMLESS_ATTRIBUTES, found
        if "href" in found:
            assert tag == "a"
            assert LINK.fullmatch(found["href"]), found["href"]
            own = "_self" if found["href"].startswith("#") else "_blank"
            assert found.get("target", "") in (self.targets or (own,))
            assert found["rel"] == "noreferrer noopener nofollow"
        if "src" in found:
            assert tag == "img"
            assert PICTURE.fullmatch(found["src"]), found["src"]
        if "style" in found:
            style = found["style"].lower().replace("background-position:", "")
            assert STYLE.fullmatch(style), style
            forbidden = (
                "url",
                "expression",
                "@",
                "\\",
                "position",
                "behavior",
                "binding",
                "var(",
                "attr(",
                "image",
            )
            assert not any(word in style for word in forbidden), style
        for name in ("id", "name"):
            assert found.get(name, "m-").startswith("m-")
        if "class" in found:
            assert found["class"] in OURS or all(name.startswith("m-") for name in found["class"].split())
        for name in ("data-m-remote", "data-m-ground"):
            assert re.fullmatch(rf"{NONCE}-\d+", found.get(name, f"{NONCE}-0"))

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(f"a declaration: {decl}")

    def handle_pi(self, data: str) -> None:
        raise AssertionError(f"an instruction: {data}")

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(f"a declaration: {data}")


def judge(html: str, targets: tuple[str, ...] = ()) -> None:
    parser = _Judge(targets)
    parser.feed(html)
    parser.close()


@pytest.mark.parametrize("vector", VECTORS)
def test_nothing_hostile_reaches_the_frame(vector: str) -> None:
    document = frame(vector + "<p>end</p>")
    wrapper = re.search(r"<body>(<div class=\"letter[^>]*>)", document)
    assert wrapper is not None
    assert re.fullmatch(
        r'<div class="letter(?: plain)?" dir="(?:ltr|rtl|auto)"(?: style="[\w:;#%., -]+")?'
        rf'(?: data-m-ground="{NONCE}-\d+")?>',
        wrapper[1],
    )
    assert "url(" not in wrapper[1]
    once = letter(vector + "<p>end</p>")
    judge(once)
    assert cleaning._clean(once) == once  # and nothing changes its meaning when it is read again


@pytest.mark.parametrize("vector", VECTORS)
def test_the_cleaner_alone_lets_nothing_hostile_through(vector: str) -> None:
    cleaned = cleaning._clean(vector.encode("utf-8", "replace").decode())
    assert cleaned is not None
    judge(cleaned, targets=("", "_self", "_blank"))


def test_there_are_at_least_200_vectors() -> None:
    assert len(set(VECTORS)) >= 200


def test_the_document_declares_its_charset_and_asks_nobody() -> None:
    document = frame("<p>Grüße</p>")
    assert document.startswith('<!doctype html><html><head><meta charset="utf-8">')
    assert '<meta name="viewport"' in document
    head = document[: document.index("</head>")]
    assert "http" not in head.replace("http-equiv", "")
    assert "url(" not in head
    assert "<script" not in document


def test_the_style_sheet_is_whole() -> None:
    style = frame("x").partition("<style>")[2].partition("</style>")[0]
    for line in style.strip().splitlines():  # a string that a line end cuts takes its whole rule with it
        assert re.fullmatch(
            r"@layer base,keep;|@layer \w+\{(?:[^{}]+\{[^{}]+\}\})?|\}|[^{}]+\{[^{}]+\}(?:[^{}]+\{[^{}]+\})*",
            line,
        ), line
        assert line.count('"') % 2 == 0, line
    assert style.count("{") == style.count("}")
    assert not re.search(r"\b[A-Z]{3,}\b", style)  # every colour has got its value


# What stays


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("<p>a<b>b</b><i>c</i></p>", "<p>a<b>b</b><i>c</i></p>"),
        ("3 < 4 & 5 > 2", "3 &lt; 4 &amp; 5 &gt; 2"),
        ("a &lt;b&gt; &amp;amp; &nbsp;&euro;", "a &lt;b&gt; &amp;amp; &nbsp;€"),
        ("<p>one<p>two", "<p>one</p><p>two</p>"),
        ("<ul><li>a<li>b</ul>", "<ul><li>a</li><li>b</li></ul>"),
        (
            "<table><tr><td>a<td>b<tr><td>c</table>",
            "<table><tbody><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></tbody></table>",
        ),
        ("<b>bold<div>still</b> bold</div> and not", "<b>bold</b><div><b>still</b> bold</div> and not"),
        ("<o:p>word</o:p><custom>words</custom>", "wordwords"),
        ("<!-- no --><!--[if mso]>no<![endif]-->yes<![if !mso]> too<![endif]>", "yes too"),
        ('<p title="a &quot;b&quot;">x</p>', '<p title="a &quot;b&quot;">x</p>'),
        ("<center>c</center><font size=+1>f</font>", '<center>c</center><font size="+1">f</font>'),
        (
            "<a href=https://x.example/?a&amp;b>x</a>",
            '<a href="https://x.example/?a&amp;b" target="_blank" title="https://x.example/?a&amp;b" '
            'rel="noreferrer noopener nofollow">x</a>',
        ),
        (
            "<a href=mailto:a@b.example>x</a>",
            '<a href="mailto:a@b.example" target="_blank" title="mailto:a@b.example" '
            'rel="noreferrer noopener nofollow">x</a>',
        ),
        ("<title>never</title><style>p{}</style>words", "words"),
        ("<img src=https://x.example/p.gif alt=Logo>", f'<img alt="Logo" data-m-remote="{NONCE}-0">'),
    ],
)
def test_a_letter_stays_what_it_was(sent: str, shown: str) -> None:
    if sent.startswith("<img"):
        sent, shown = sent + "x", shown + "x"
    assert letter(sent) == shown


def test_an_anchor_scrolls_inside_the_frame() -> None:
    shown = letter('<a href="#top">up</a><a name="top">here</a><h2 id="top2">x</h2>')
    assert '<a href="#m-top" target="_self"' in shown
    assert 'name="m-top"' in shown
    assert 'id="m-top2"' in shown


def test_the_bodys_look_moves_to_the_wrapper() -> None:
    document = frame('<html dir="rtl"><body bgcolor="#000" text="white"><p>x</p></body></html>')
    assert (
        '<div class="letter" dir="rtl" style="background-color:#000000;color:#ffffff"><p>x</p></div>'
        in document
    )


# Styles


@pytest.mark.parametrize(
    ("style", "kept"),
    [
        ("color:red", "color:red"),
        ("COLOR: Red ;; margin : 0 auto", "color:Red;margin:0 auto"),
        ("color:red !important", "color:red !important"),
        ("background:#fff url(x) no-repeat", "background-repeat:no-repeat;background-color:#ffffff"),
        ("background:rgb(0, 128, 0)", "background-color:#008000"),
        ("background-color:transparent", "background-color:transparent"),
        ("background:none", ""),
        (
            "font:bold 12px/1.5 'Segoe UI', Arial, sans-serif",
            "font:bold 12px/1.5 'Segoe UI', Arial, sans-serif",
        ),
        ("width:calc(100% - 20px)", "width:calc(100% - 20px)"),
        ("color:rgba(0,0,0,.87)", "color:rgba(0,0,0,.87)"),
        ("mso-line-height-rule:exactly;color:red", "color:red"),
        ("color:red;color:blue", "color:blue"),
        ("position:absolute;color:red", "color:red"),
        ("font-family:'never closed", ""),
        ("/* note */color:red/**/", "color:red"),
        ("display:inline-block", "display:inline-block"),
        ("display:contents", ""),
        ("border:1px solid #ccc;border-radius:4px", "border:1px solid #ccc;border-radius:4px"),
        ("margin:0 -12px 0 -5.4pt", "margin:0 0 0 0"),
        ("margin-left:-200px", "margin-left:0"),
        ("margin:-10px auto 5px;color:red", "margin:0 auto 5px;color:red"),
        ("margin-top:-99999PX !important", "margin-top:0 !important"),
        ("margin:-.3e4px", "margin:0"),
        ("margin:0-9999px", "margin:0 0"),
        ("margin:0%-3in", "margin:0% 0"),
        ("margin:1e-1px", "margin:1e-1px"),
        ("text-indent:-18pt", "text-indent:-18pt"),
        ("text-indent:-9999px", ""),
        ("text-indent:-160pt", ""),
        ("text-indent:0-9999px", ""),
        ("overflow:hidden!important;color:red!important", "overflow:hidden;color:red !important"),
        ("opacity:.5 ! important;text-indent:1px!important", "opacity:.5;text-indent:1px"),
        ("letter-spacing:-1em", "letter-spacing:-1em"),
        ("letter-spacing:-20em", ""),
        ("vertical-align:-100%", ""),
        ("margin-left:calc(0px - 9999px)", ""),
        ("margin-left:calc(-1 * 9999px)", ""),
        ("word-spacing:min(0px,1px - 5000px)", ""),
        ("width:calc(100% - 300px)", "width:calc(100% - 300px)"),
        ("font-family:Inter-500, 'Face -500'", "font-family:Inter-500, 'Face -500'"),
    ],
)
def test_a_style_keeps_what_is_harmless(style: str, kept: str) -> None:
    shown = letter(f'<table><tr><td style="{style}">x</td></tr></table>')
    match = re.search(r'<td(?: style="([^"]*)")?>', shown)
    assert match is not None
    assert (match[1] or "").replace("&quot;", '"') == kept


@pytest.mark.parametrize(
    "sent",
    [
        '<div style="background:url(night.jpg)"><p style="color:#fff">words</p></div>',
        '<table background=night.jpg><tr><td><font color="#ffffff">words</font></td></tr></table>',
        '<p style="color:white">words</p>',
        '<body text="#fefefe">words',
        '<div style="background:#fff;color:#fff">words</div>',
        '<div style="background:linear-gradient(black,black)"><span style="color:ivory">words</span></div>',
    ],
)
def test_a_text_whose_ground_did_not_stay_loses_its_colour(sent: str) -> None:
    document = frame(sent)
    body = document[document.index("<body>") :]
    assert not re.search(r"(?<!-)color:|color=", body), body


@pytest.mark.parametrize(
    "sent",
    [
        '<table bgcolor="#000000"><tr><td>words</td></tr></table>',
        '<div style="background:#111">words</div>',
        "<body bgcolor=black>words",
    ],
)
def test_a_dark_ground_without_an_ink_gets_one_that_reads(sent: str) -> None:
    document = frame(sent)
    assert "color:#ffffff" in document[document.index("<body>") :]


def test_a_chosen_pair_of_colours_stays() -> None:
    sent = (
        '<td style="background-color:#123456;color:#fff"><a style="color:#ff0" href="https://x.example">x</a>'
    )
    shown = letter(f"<table><tr>{sent}</table>")
    assert "background-color:#123456;color:#fff" in shown
    assert "color:#ff0" in shown


def test_a_link_on_a_dark_ground_takes_the_ink_of_its_text() -> None:
    shown = letter('<div style="background:#000080;color:#fff"><a href="https://x.example">x</a></div>')
    assert re.search(r'<a href="https://x.example" style="color:#ffffff"', shown)


def test_a_hidden_preheader_stays_hidden() -> None:
    shown = letter('<div style="display:none;color:#ffffff">preheader</div>words')
    assert "display:none" in shown


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("<div hidden>preheader</div>", '<div style="display:none">preheader</div>'),
        ("<p hidden=until-found>x</p>", '<p style="display:none">x</p>'),
        (
            '<p hidden style="color:#000">x</p>',
            '<p style="display:none;color:#000">x</p>',
        ),
        ('<p hidden style="display:block">x</p>', '<p style="display:block">x</p>'),
        ("<form hidden>x</form>", '<div style="display:none">x</div>'),
    ],
)
def test_what_is_hidden_by_its_attribute_stays_hidden(sent: str, shown: str) -> None:
    assert letter(f"{sent}words") == f"{shown}words"


# Pictures


def test_a_picture_of_the_letter_is_shown_inside_it() -> None:
    asked: list[str] = []

    def pictures(content_id: str) -> tuple[str, bytes]:
        asked.append(content_id)
        return "image/png", PNG

    shown = letter('<img src="cid:dot%40x.example" alt="d"><img src="CID:dot@x.example">', pictures)
    data = base64.b64encode(PNG).decode()
    assert shown.count(f'src="data:image/png;base64,{data}"') == 2
    assert asked == ["dot@x.example"]


def test_a_picture_that_is_none_is_not_shown() -> None:
    for content in (b"<svg onload=alert(1)>", b"<script>", b"", b"GIF8", b"%PDF-1.4"):
        assert "src=" not in letter(
            "<img src=cid:x>words", lambda _cid, content=content: ("image/png", content)
        )


def test_what_a_picture_is_called_does_not_matter() -> None:
    assert 'src="data:image/png;' in letter("<img src=cid:x>", lambda _cid: ("text/html", PNG))


def test_pictures_are_bounded_together() -> None:
    large = PNG + b"\0" * (2 * 1024 * 1024)
    shown = letter("<img src=cid:x>" * 10, lambda _cid: ("image/png", large))
    assert shown.count("src=") == 2
    assert len(shown) < MOST_PICTURE_BYTES * 4 // 3 + 10_000


def test_a_picture_sent_inside_the_letter_is_shown() -> None:
    data = base64.b64encode(PNG).decode()
    for quoted in (
        f'"data:image/png;base64,{data}"',
        f"'data:image/PNG;base64,{data}'",
        f"data:image/png;base64,{data}",
    ):
        assert f'src="data:image/png;base64,{data}"' in letter(f"<img alt=x src={quoted}>words")


def test_a_large_picture_inside_does_not_count_as_html() -> None:
    data = base64.b64encode(PNG + b"\0" * (2 * 1024 * 1024)).decode()
    html = f'<p>words</p><img src="data:image/png;base64,{data}">'
    assert len(html) > MOST_HTML_CHARACTERS
    assert is_html_showable(html)
    assert "src=" in letter(html)


def test_a_letter_that_is_only_a_picture_is_a_letter() -> None:
    assert letter("<img src=cid:x>", lambda _cid: ("image/png", PNG)).startswith("<img src=")


# Bounds


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 40_000 + "words" + "</div>" * 40_000,
        "<div>" * 400_000,
        "<div " + " ".join(f"a{number}=1" for number in range(100_000)) + ">words</div>",
        "".join(f"<font color=#{number:06d}>" for number in range(2_000)) + "<p>words" * 100_000,
        "<a href=x>" * 100_000 + "words",
        "<table>" * 50_000 + "words",
        "<b><i>" * 100_000 + "words",
        "words" + "<" * 1_000_000,
        "words" + "<!--" * 250_000,
        "words" + "<style>" * 200_000,
        "words" + "<a b='\"" * 150_000,
        "words" + "<p style='" + "a:(" * 300_000 + "'>",
        "words<p style='" + "/*" * 500_000 + "'>",
        "words" + "&#" + "1" * 1_000_000 + ";",
        "words<img alt='" + "x" * 1_500_000 + "'>",
        "words" + ("<p style='background:url(" + " " * 16_000 + "'>") * 100,
        "<style>" + "".join(f".c{n} .c{n % 7}{{color:red}}" for n in range(900)) + "</style>words"
        "<div class='c0 c1'>" * 100 + "<p class='c0 c1 c2 c3 c4 c5 c6'>x" * 40_000,
        "words<img src='data:image/png;base64," + "A" * 1_900_000,
    ],
    ids=lambda html: html[:24],
)
def test_a_bomb_costs_at_most_a_second_and_shows_its_words(html: str) -> None:
    began = time.process_time()
    document = frame(html)
    assert time.process_time() - began < 1.5
    judge(
        document[document.index("<body>") + 6 : document.index("</body>")]
        .replace(' class="letter"', "")
        .replace(' class="letter plain"', "")
    )
    if "words" in html[:20] or html.startswith("<div " + " "):
        assert "words" in document


def test_a_letter_over_the_cap_is_shown_as_its_text() -> None:
    html = "<p>some words</p>" * 200_000
    assert not is_html_showable(html)
    assert '<div class="letter plain"' in frame(html)
    assert "some words" in frame(html)


def test_a_letter_with_nothing_to_see_shows_what_there_is() -> None:
    assert "only a title" in frame("<title>only a title</title>")
    assert "swallowed" in frame("<style>swallowed</style>")


def test_a_panic_of_the_cleaner_shows_the_text(monkeypatch: pytest.MonkeyPatch) -> None:
    class PanicException(BaseException):
        pass

    class Panicking:
        def clean(self, _html: str) -> str:
            raise PanicException

    monkeypatch.setattr(cleaning, "_cleaner", Panicking())
    assert '<div class="letter plain" dir="auto">words</div>' in frame("<p>words</p>")


def test_any_other_base_exception_is_not_ours_to_catch(monkeypatch: pytest.MonkeyPatch) -> None:
    class Interrupted:
        def clean(self, _html: str) -> str:
            raise KeyboardInterrupt

    monkeypatch.setattr(cleaning, "_cleaner", Interrupted())
    with pytest.raises(KeyboardInterrupt):
        frame("<p>words</p>")


def test_tags_beyond_the_cap_end_the_letter_with_a_mark() -> None:
    shown = letter("<p>word" * 60_000)
    assert 40_000 < shown.count("<p>") <= 50_000
    assert shown.endswith("…")


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("<table>a<tr>b<td>c", "ab<table><tbody><tr><td>c</td></tr></tbody></table>"),
        ("<table><tr><b>a</b></tr>", "<b>a</b><table><tbody><tr></tr></tbody></table>"),
        (
            "<table><td>a<tbody><td>b",
            "<table><tbody><tr><td>a</td></tr></tbody><tbody><tr><td>b</td></tr></tbody></table>",
        ),
        (
            "<table><colgroup><col width=5><p>a",
            '<p>a</p><table><colgroup><col width="5"></colgroup></table>',
        ),
    ],
)
def test_what_stands_between_the_cells_of_a_table_goes_before_it_as_in_browsers(
    sent: str, shown: str
) -> None:
    assert letter(sent + "</table>") == shown


def test_a_cell_without_a_table_is_its_content() -> None:
    assert letter("<td>a</td><tr><th>b") == "ab"


def test_only_what_is_a_picture_becomes_an_address() -> None:
    assert cleaning._data_address(b"<svg/>") == ""
    assert cleaning._data_address(PNG + bytes(MOST_PICTURE_BYTES)) == ""
    assert cleaning._data_address(PNG).startswith("data:image/png;base64,")
