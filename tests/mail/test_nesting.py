"""The estimate before the parser: never below what a parser really makes of a letter, and quick itself."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from inbox.mail.nesting import _Estimate, is_parsable

NAMES = """
    a b i font nobr p div span center address table tr td th tbody caption colgroup ul ol li dl dt dd h1 h2
    form button object marquee select option svg math g desc foreignObject mtext template style script title
    textarea xmp iframe noscript br hr img input col details fieldset frameset body html head x-y
    """.split()  # noqa: SIM905
OTHERS = [
    "<!--",
    "-->",
    "<![CDATA[",
    "]]>",
    "word",
    " ",
    "<!x>",
    "<p a='",
    "'>",
    '<p a=">">',
    "</",
    "<p",
    ">",
]
tags = st.builds(
    lambda slash, name, attribute: f"<{slash}{name}{attribute}>",
    st.sampled_from(["", "", "/"]),
    st.sampled_from(NAMES),
    st.sampled_from(["", "", "", " c=1", " c=2", " c='>'"]),
)
units = st.lists(st.one_of(tags, tags, tags, st.sampled_from(OTHERS)), min_size=1, max_size=7).map("".join)


def depth_of(html: str) -> int:
    greatest = depth = 0
    node = LexborHTMLParser(html).root
    while node is not None:
        greatest = max(depth, greatest)
        if node.first_child is not None:
            node, depth = node.first_child, depth + 1
            continue
        while node is not None and node.next is None:
            node, depth = node.parent, depth - 1
        node = node.next if node is not None else None
    return greatest


@settings(max_examples=400, deadline=None)
@given(units)
def test_nothing_that_is_repeated_nests_deeper_than_estimated(unit: str) -> None:
    html = unit * 60
    estimate = _Estimate(html)
    assert estimate.is_low()
    # A parser puts rows and bodies into tables that have none.
    assert depth_of(html) <= 3 * estimate.greatest_depth + 8


ROW = '<tr><td style="padding:4px" class="a"><a href="https://x.example/abc"><b>word</b></a><p>more<br>words</td>'


@pytest.mark.parametrize(
    "html",
    [
        "<table>" + ROW * 8_000 + "</table>",
        "<p>one<p>two" * 20_000,
        "<ul><li>one<li>two</ul>" * 5_000,
        "<table><tr><td>" * 100 + "x" + "</table>" * 100,
        "<p><font size=2>old <b>mail" * 2_000,
        "<div><b><i>crossed</b></i></div>" * 5_000,
        "<a href=x><div>block</div></a>" * 5_000,
        "<!--[if mso]><table><tr><td><![endif]-->x<!--[if mso]></td></tr></table><![endif]-->" * 5_000,
        "<style>" + "a>b{}" * 20_000 + "</style>x",
        "x < y <3 <> </ > <!x> &lt;" * 20_000,
    ],
    ids=lambda html: html[:30],
)
def test_a_letter_as_people_send_it_is_parsed(html: str) -> None:
    assert is_parsable(html)


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 100_000,
        "<div a>" * 50_000 + "</div>" * 50_000,
        "<div " + " ".join(f"a{number}=1" for number in range(100_000)) + ">",
        "<p>" + "".join(f"<font color={number}>" for number in range(500)) + "<p>word" * 50_000,
        "".join(f"<b c={number}>" for number in range(4_000)) + "<div>" * 8 + "x</b>" * 4_000,
        "<div><!--</div>-->" * 50_000,
        "<div title='</div>'>" * 50_000,
        "<div><style></div></style>" * 50_000,
        "<svg><g><style><!--</style></g>-->" * 50_000,
        "<div><table></div></table>" * 50_000,
        "<span><p></span></p>" * 50_000,
    ],
    ids=lambda html: html[:30],
)
def test_what_would_take_a_parser_minutes_is_not_given_to_one(html: str) -> None:
    assert not is_parsable(html)
