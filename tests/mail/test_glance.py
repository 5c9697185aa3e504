"""HTML at a glance: lines, boxes, links."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox.mail.finds import find
from inbox.mail.glance import Glance, Link, glance, joined_singles, links_of_text


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p>one</p><p>two</p>", "one\ntwo"),
        ("one<br>two<BR/>three", "one\ntwo\nthree"),
        ("one\n  two\tthree", "one two three"),
        ("<table><tr><td>a<td>b</table>", "a\nb"),
        ("a <b>b</b><i>c</i>", "a bc"),
        ("a &lt;b&gt; &amp; &euro;&nbsp;5", "a <b> & € 5"),
        ("<style>p{}</style>a<script>b</script>c<title>d</title>", "ac"),
        ("<head><style>x</style></head><body>b</body>", "b"),
        ("<style>never closed", "never closed"),
        ("<!-- no --><!--[if mso]>no<![endif]-->yes<!-->", "yes"),
        ("<!--[if !mso]><!--><p>yes</p><!--<![endif]-->", "yes"),
        ('<a title="a > b" href=x>link</a>', "link"),
        ('<img alt="x < y">3 < 4', "3 < 4"),
        ("ends in a <a href='x", "ends in a"),
        ("a\x02b\x03c", "a b c"),
        ("pre&#847;&zwnj;&nbsp;" * 60 + "end", ("pre " * 60 + "end")),
        ("<td>4</td>\n<td>8</td><td>2</td><td>9</td><td>1</td><td>3</td>", "482913"),
        ("&#" + "9" * 5000 + ";x", "\ufffd;x"),
        ("", ""),
    ],
)
def test_markup_is_seen_as_lines(markup: str, text: str) -> None:
    assert glance(markup).text == text


TARGET = "https://site.example/verify?token=9d8f7a6b"
HIDING = [
    'style="display:none"',
    "style='color:red; DISPLAY : None !important'",
    'style="visibility:hidden"',
    'style="visibility: collapse"',
    'style="font-size:0"',
    'style="font-size: 0px;line-height:0"',
    'style="max-height:0;overflow:hidden"',
    'style="overflow:hidden;max-height:0px"',
    'style="opacity:0"',
    "hidden",
    'class="x" hidden="hidden" id=y',
    "style=display:none",
]


@pytest.mark.parametrize("how", HIDING)
def test_what_its_own_style_hides_is_not_seen(how: str) -> None:
    link = "<a href='https://trap.example/verify?token=9d8f7a6b'>Verify your email</a>"
    page = f"<p>Your code is</p><div {how}><div>one <b>111222</b></div>{link}</div><p>482913</p>"
    seen = glance(page)
    assert seen.text == "Your code is\n482913"
    assert seen.links == ()
    assert "111222" not in seen.boxes
    assert "trap.example" in seen.hidden


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ('<div style="display:block">a</div>', "a"),
        ('<div style="max-height:none;overflow:hidden">a</div>', "a"),
        ('<div style="max-height:0.5em;overflow:hidden">a</div>', "a"),
        ('<div style="max-height:0">a</div>', "a"),
        ('<div style="opacity:0.8">a</div>', "a"),
        ('<div aria-hidden="true" class=hidden>a</div>', "a"),
        ('<div title="display:none" data-hidden="hidden">a</div>', "a"),
        ("display:none <b>a</b> hidden", "display:none a hidden"),
        ('<td style="font-size:0px">x<div style="font-size:16px">a</div></td>', "a"),
        ('<table><tr><td style="display:none">x<td>a</table>', "a"),
        ('<table><tr style="display:none"><td>x<tr><td>a</table>', "a"),
        ("<ul><li hidden>x<ul><li>y</ul><li>a</ul>", "a"),
        ("<p hidden>x<p>a", "a"),
        ('<div><span style="display:none">x</div>a', "a"),
        ('<img style="display:none" alt=x>a', "a"),
        ("<div hidden><div hidden>x</div>y</div>a<b hidden>z</b>c", "ac"),
        ('<div style="display:none">x never ends', ""),
        ("İ<b STYLE='DISPLAY:NONE'>x</b>a", "İa"),
        ("</div hidden>a", "a"),
        ('<div title="1 > 0" style="display:none">x</div>a', "a"),
    ],
)
def test_what_is_hidden_ends_where_its_element_does(markup: str, text: str) -> None:
    assert glance(markup).text == text


@pytest.mark.parametrize(
    "inside",
    [
        '<span style="font-size:14px">Verify your email</span>',
        '<img src=b.png alt="Verify your email">',
    ],
)
def test_a_link_that_hides_its_words_only_stays_where_it_has_others(inside: str) -> None:
    link = Link(TARGET, "Verify your email", "", "")
    assert glance(f'<a href="{TARGET}" style="font-size:0">x{inside}</a>').links == (link,)
    assert glance(f'<div style="font-size:0">x<a href="{TARGET}">x{inside}</a></div>').links == (link,)
    assert glance(f'<div style="font-size:0">x<a href="{TARGET}">x</a></div>').links == ()


def test_a_hidden_code_or_link_of_the_html_is_not_taken_from_the_text() -> None:
    link = "https://trap.example/verify?token=9d8f7a6b"
    page = f'<div hidden>Your code is 111222. <a href="{link}">Verify your email</a></div><p>Hello</p>'
    found = find("", f"Your code is 111222. Verify your email: {link}\nHello", page)
    assert (found.code, found.verify) == ("", None)


@pytest.mark.parametrize("target", ["https://user@evil.ex/verify?t=1", "https://evil.ex/verify?t=1"])
def test_an_address_that_a_link_shows_and_does_not_lead_to_is_not_taken(target: str) -> None:
    shown = "https://bank.com/verify?t=1"
    found = find("", f"Please verify: {shown}", f'Please verify: <a href="{target}">{shown}</a>')
    assert found.verify is None or found.verify.host == "evil.ex"
    found = find("", f"Please verify: {shown}", f'Please verify: <a href="{shown}">{shown}</a>')
    assert found.verify is not None
    assert found.verify.url == shown


@pytest.mark.parametrize(
    "piece",
    [
        "<div style=display:none>",
        "<div hidden></div>",
        "<i style=font-size:0>x<b class=y>",
        "<i style=font-size:0>x<img>",
        "<div hidden><b></i>",
        "display:none hidden font-size:0 ",
        '<b style="font-size:0',
        "<td hidden><table><tr>",
        "<p hidden></div>",
        "| 4 | 8 ",
    ],
)
def test_hidden_elements_without_number_are_passed_over(piece: str) -> None:
    assert len(glance(piece * (60_000 // len(piece))).text) <= 60_000


def test_a_text_that_fills_an_element_alone_is_a_box() -> None:
    assert glance("<p>Enter <b> 482913 </b> and <i>go on</i> <b>a1</b></p>").boxes == {"482913"}


def test_links_have_a_name_and_what_stands_around_them() -> None:
    page = "<p>First this.</p><p>Then <a href='https://a.example/?x=1&amp;y=2'>take <b>it</b></a> along.</p>"
    assert glance(page).links == (
        Link("https://a.example/?x=1&y=2", "take it", "First this.\nThen", " along."),
    )


def test_of_links_called_alike_a_few_count() -> None:
    page = "".join(f"<a href='https://a.example/{number}'>Read more</a> " for number in range(50))
    assert len(glance(page + "<a href='https://a.example/confirm'>Confirm</a>").links) == 5


def test_addresses_in_a_text_come_with_their_line() -> None:
    text = "Hello\nConfirm here: https://a.example/x_(y).\nOr (https://b.example/z)"
    assert list(links_of_text(text)) == [
        Link("https://a.example/x_(y)", "Confirm here:", "Hello\nConfirm here:"),
        Link("https://b.example/z", "Or", "Or ("),
    ]


def test_digits_of_one_line_each_are_one_number() -> None:
    assert joined_singles("Code:\n4\n8\n2\n9\n\nBye") == "Code:\n4829\n\nBye"
    assert joined_singles("1\n2\nthree") == "1\n2\nthree"


@pytest.mark.parametrize(
    ("row", "joined"),
    [
        ("| 4 | 8 | 2 | 9 | 1 | 3 |", "482913"),
        ("|4|8|2|9|", "4829"),
        ("│ 4 │ 8 │ 2 │ 9 │", "4829"),
        ("| 1 | 2 | 3 | 4 |", "| 1 | 2 | 3 | 4 |"),
        ("| 4 | 8 | 2 |", "| 4 | 8 | 2 |"),
        ("| 4 | 8 | 2 | 9 | more", "| 4 | 8 | 2 | 9 | more"),
    ],
)
def test_digits_in_cells_of_one_row_are_one_number(row: str, joined: str) -> None:
    assert joined_singles(row).strip() == joined


def test_more_than_64_kib_are_not_looked_at() -> None:
    seen = glance("<p>x</p>" * 20_000)
    assert seen.is_cut
    assert len(seen.text) < 20_000
    assert not glance("<p>x</p>").is_cut
    assert glance("") == Glance()


MARKUP = [
    "<",
    ">",
    "a",
    "p",
    " ",
    "=",
    '"',
    "'",
    "/",
    "<a href=",
    "</a>",
    "<td>",
    "<!--",
    "-->",
    "<style>",
    "<div hidden>",
    "</div>",
    "style=display:none",
    "font-size:0",
    "&amp;",
    "&#x",
    "\n",
    "\x02",
]


@given(st.lists(st.sampled_from(MARKUP), max_size=60).map("".join))
def test_any_markup_is_seen(markup: str) -> None:
    seen = glance(markup)
    assert not {"\x02", "\x03"} & set(seen.text)
    assert all(link.url for link in seen.links)
