"""What stays of a letter's style sheets."""

import re

import pytest
import tinycss2
from hypothesis import given, settings
from hypothesis import strategies as st

from inbox.mail.colours import contrast, parse_colour
from inbox.mail.html import frame
from inbox.mail.sheets import MOST_RULES, MOST_SHEET_CHARACTERS, Sheet, filter_sheets


def sheet(css: str, *, dark: bool = False, media: str = "") -> Sheet:
    return filter_sheets([(css, media)], dark=dark)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("p{color:red}", ".letter p{color:red}"),
        ("P.Big, #Top > td.x:hover{color:red}", ".letter p.m-Big,.letter #m-Top>td.m-x:hover{color:red}"),
        ("a:link{color:red}", ".letter a:link{color:red}"),
        ("* {margin:0}", ".letter *{margin:0}"),
        ("body{margin:0;width:50px;height:100%}", ".letter{margin:0}"),
        ("html, body{padding:0}", ".letter,.letter{padding:0}"),
        ("html > body .x{color:red}", ".letter .m-x{color:red}"),
        ("body.dark p{color:red}", ".letter.m-dark p{color:red}"),
        (":root .x{color:red}", ".letter .m-x{color:red}"),
        ("body{background:#eee}", ".letter{background-color:#eeeeee}\n:root{background-color:#eeeeee}"),
        ("u + .body .x{color:red}", ".letter u+.m-body .m-x{color:red}"),
        ('a[href^="tel"]{color:red}', '.letter a[href^="tel"]{color:red}'),
        ('div[class="a b"]{color:red}', '.letter div[class="m-a m-b"]{color:red}'),
        ("td[class*=col]{color:red}", '.letter td[class*="col"]{color:red}'),
        ("p:nth-child(2n+1):not(.x){color:red}", ".letter p:nth-child(2n+1):not(.m-x){color:red}"),
        (".sm\\:w{width:50%}", ".letter .m-sm\\:w{width:50%}"),
        ('.x:before{content:"*"}', '.letter .m-x::before{content:"*"}'),
        ('a::after{content:" →"}', '.letter a::after{content:" →"}'),
        ('td:before{content:"Price:"}', '.letter td:not(a,a *)::before{content:"Price:"}'),
        (
            '.x > i::after,b:before{content:".com";color:red}',
            '.letter .m-x>i:not(a,a *)::after,.letter b:not(a,a *)::before{color:red;content:".com"}',
        ),
        (".x::first-letter{color:red}", ".letter .m-x::first-letter{color:red}"),
        (
            "@media (max-width:480px){.w{width:100%!important}}",
            "@media (max-width:480px){.letter .m-w{width:100% !important}}",
        ),
        (
            "@media (prefers-color-scheme: dark){.w{color:red}}",
            "@media (prefers-color-scheme: dark){.letter .m-w{color:red}}",
        ),
        ("<!-- p{color:red} -->", ".letter p{color:red}"),
        ("p{color:red}}q{color:red}", ".letter p{color:red}"),
        ("p{font-family:'Segoe UI',sans-serif}", '.letter p{font-family:"Segoe UI",sans-serif}'),
    ],
)
def test_what_styles_stays(sent: str, kept: str) -> None:
    assert sheet(sent).css == kept


@pytest.mark.parametrize(
    "sent",
    [
        "@import url(https://evil.example/x.css);",
        "@import 'https://evil.example/x.css' screen;",
        "@font-face{font-family:x;src:url(https://evil.example/x.woff)}",
        "@namespace svg url(http://www.w3.org/2000/svg);",
        "@charset 'utf-7';",
        "@supports (display:grid){p{color:red}}",
        "@container (width>1px){p{color:red}}",
        "@layer base,keep;",
        "@layer keep{.letter-mark{color:red}}",
        "@property --x{syntax:'*'}",
        "@keyframes x{from{color:red}}",
        "@page{margin:0}",
        "@view-transition{navigation:auto}",
        "p{background:url(https://evil.example/x)}",
        "p{background-image:image-set('https://evil.example/x' 1x)}",
        "p{position:fixed}",
        "p{position:absolute;inset:0;z-index:99999}",
        "p{behavior:url(x.htc)}",
        "p{-moz-binding:url(x.xml#x)}",
        "p{width:expression(alert(1))}",
        "p{--x:url(//evil.example)}",
        "p{color:var(--x)}",
        "p{content:attr(title)}",
        "p::before{content:url(//evil.example)}",
        "p::before{content:attr(href)}",
        "p::before{content:'a long text that would pass for the words of the page'}",
        "p::after{content:'\\</style>'}",
        "p::selection{color:red}",
        "p:has(a){color:red}",
        "p:not(html){color:red}",
        ".x body{color:red}",
        "p > html{color:red}",
        "svg|a{color:red}",
        "p{text-indent:-9999px}",
        "p:hover:foo{color:red}",
        "p::before p{color:red}",
        "a[href='</style><script>']{color:red}",
        "a[x\\<y]{color:red}",
        "> p{color:red}",
        "p >> q{color:red}",
        ".x,{color:red",
        "</style><script>alert(1)</script>",
        "@media (width<600px)/*</style>*/{p{color:red}}",
    ],
)
def test_what_asks_covers_or_reaches_out_goes(sent: str) -> None:
    css = sheet(sent).css
    assert "<" not in css
    assert not re.search(r"url|import|@(?!media)|evil|position|expression|var\(|attr\(|z-index|-9999", css), (
        css
    )
    assert css in ("", ".letter .m-x{color:red}")


def test_what_a_sheet_would_have_asked_for_is_counted() -> None:
    found = sheet(
        "@import 'https://f.example/css'; @font-face{src:url(//f.example/w)} "
        "p{background:url(https://i.example/a.png)} q{cursor:url('//i.example/b.cur'),auto} "
        "i{background:url(https://i.example/a.png)} b{background:url(data:image/png;base64,AAAA)}"
    )
    assert found.pictures == ("https://i.example/a.png", "//i.example/b.cur")
    assert found.other_requests == 2


def test_a_sheet_for_some_media_is_held_to_them() -> None:
    assert sheet("p{color:red}", media="print").css == "@media print{.letter p{color:red}}"
    assert sheet("p{color:red}", media="x</style>").css == ""


def test_a_page_for_the_dark_has_the_letters_own_rules_for_it() -> None:
    css = (
        "@media (prefers-color-scheme:dark){p{color:#fff}}@media (prefers-color-scheme:light){p{color:#000}}"
    )
    assert sheet(css, dark=True).css == "@media (min-width:0px){.letter p{color:#ffffff}}"
    assert sheet(css).has_dark
    assert not sheet("p{color:red}").has_dark


colours = st.one_of(
    st.tuples(*[st.integers(0, 255)] * 3).map(lambda c: "#{:02x}{:02x}{:02x}".format(*c)),
    st.sampled_from(["white", "black", "navy", "yellow", "silver", "rgba(0,0,0,.5)", "hsl(200,50%,50%)"]),
)


@settings(max_examples=200, deadline=None)
@given(colours, colours, colours, colours)
def test_on_a_dark_page_any_ink_can_be_read_on_any_ground(ink: str, ground: str, bg: str, font: str) -> None:
    """Whatever rule wins: attributes, inline styles and sheets together."""
    document = frame(
        f'<style>.a{{color:{ink}}}.b{{background:{ground}}}</style><table bgcolor="{bg}"><tr>'
        f'<td class="a b" style="background-color:{ink};color:{ground}"><font color="{font}">words</font>',
        inline_image=lambda _content_id: None,
        nonce="ab",
        dark=True,
    ).document
    page = document[document.rindex("@layer keep") :]
    rest = page[page.index("\n}\n") :]
    found_inks = [parse_colour(one) for one in re.findall(r"(?<![-\w])color[:=]\"?(#\w+)", rest)]
    found_grounds = [parse_colour(one) for one in re.findall(r"(?:background-color:|bgcolor=\")(#\w+)", rest)]
    assert len(found_inks) >= 3
    assert len(found_grounds) >= 3
    inks = [one for one in [*found_inks, parse_colour("#e6e8e8"), parse_colour("#a8c7fa")] if one]
    grounds = [one for one in [*found_grounds, parse_colour("#17191a")] if one]
    assert min(contrast(one, other) for one in inks for other in grounds) >= 4.5


def test_sizes_are_bounded() -> None:
    found = sheet("p{color:red}" * (MOST_RULES * 2))
    assert found.is_cut
    assert found.css.count("color:red") == MOST_RULES
    found = sheet("p{color:red} " * 100_000)
    assert len(found.css) < 2 * MOST_SHEET_CHARACTERS


@pytest.mark.parametrize(
    "css",
    [
        "(" * 250_000,
        "{" * 250_000,
        "[" * 250_000,
        "@media x{" * 25_000,
        "p:not(" * 40_000,
        "/*" * 125_000,
        '"' * 250_000,
        "\\" * 250_000,
        "a," * 125_000 + "{color:red}",
        "a " * 125_000 + "{color:red}",
        ".x.x.x " * 35_000 + "{color:red}",
        "p{" + "color:red;" * 25_000 + "}",
        "p{" + "a:" * 100_000 + "}",
        "@import '" + "x" * 250_000,
        "p{background:url(" + " " * 250_000,
        "p{background:" + "url( " * 50_000,
    ],
    ids=lambda css: css[:12],
)
def test_a_quarter_of_a_megabyte_of_anything_is_read_to_its_end(css: str) -> None:
    """Were anything in it quadratic, this would take hours."""
    assert "<" not in sheet("b{color:red}" + css).css


selectors = st.text(alphabet="abp.#:>+~*[]()=\"'\\ ,-html<{}@/", max_size=30)
declarations = st.text(alphabet="abcdeurlimportx:;()\\/*'\"@#!{}<>0,- ", max_size=60)


@settings(max_examples=400, deadline=None)
@given(st.lists(st.tuples(selectors, declarations), max_size=4))
def test_every_rule_that_stays_is_below_the_wrapper_and_harmless(rules: list[tuple[str, str]]) -> None:
    css = sheet("".join(f"{selector}{{{content}}}" for selector, content in rules)).css
    assert "<" not in css
    assert "@" not in css.replace("@media", "")
    assert "url(" not in css.lower()
    for rule in tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True):
        assert rule.type == "qualified-rule"
        for selector in tinycss2.serialize(rule.prelude).split(","):
            assert selector.startswith((".letter", ":root")) or "(" in tinycss2.serialize(rule.prelude)
    # Filtered once more, as another letter's sheet, nothing new comes of it.
    again = sheet(css.replace(".letter ", "").replace(".letter", "body")).css
    assert set(re.findall(r"[\w-]+(?=:)", again)) <= set(re.findall(r"[\w-]+(?=:)", css))
