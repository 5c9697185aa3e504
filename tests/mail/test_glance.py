"""HTML at a glance: lines, boxes, links."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
