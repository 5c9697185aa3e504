"""HTML to text, as it reads."""

import time

import pytest

from inbox.mail.tags import all_text, strip_tags


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p>one</p><p>two</p>", "one\n\ntwo"),
        ("one<br>two<br/>three", "one\ntwo\nthree"),
        ("<div>one</div><div>two</div>", "one\ntwo"),
        ("one\n  two\tthree", "one two three"),
        ("a &lt;b&gt; &amp; &euro;&nbsp;5", "a <b> & € 5"),
        ("3 < 4 <5 <b>x</b>", "3 < 4 <5 x"),
        ("<style>p{}</style>a<script>b</script>c<title>d</title>", "ac"),
        ("<head><title>t</title></head><body>b</body>", "b"),
        ("<STYLE>p{}</STYLE >x", "x"),
        ("<svg><text>no</text></svg>yes", "yes"),
        ("<style>never closed", "never closed"),
        ("<!-- no --><!--[if mso]>no<![endif]-->yes", "yes"),
        ("<!-- never closed", "never closed"),
        ('<a title="a > b" href=x>link</a>', "link"),
        ("<a title='\"'>link</a>", "link"),
        ('<img alt="Logo" src=x>', "Logo"),
        ("<ul><li>a<li>b</ul>", "- a\n- b"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
        ("<unknown>x</unknown><o:p>y</o:p>", "xy"),
        ("&#" + "9" * 5000 + ";x", "\ufffd;x"),
        ("a&#0;b", "a\ufffdb"),
        ("", ""),
        ("<", "<"),
        ("</", ""),
        ("<a", ""),
    ],
)
def test_markup_reads_as_text(markup: str, text: str) -> None:
    assert strip_tags(markup) == text


def test_for_a_snippet_everything_is_one_line() -> None:
    assert strip_tags("<p>one</p><ul><li>two</ul>\nthree", keep_lines=False) == "one - two three"


def test_the_padding_of_a_preheader_is_no_text() -> None:
    padded = "Preheader" + "&#847;&zwnj;&nbsp;" * 50 + "<p>Body</p>"
    assert strip_tags(padded, keep_lines=False) == "Preheader Body"


def test_it_stops_when_it_has_enough() -> None:
    assert len(strip_tags("<p>word</p>" * 100_000, 400)) < 1000


def test_it_stops_when_the_time_is_over() -> None:
    assert strip_tags("<p>word</p>" * 1000, is_spent=lambda: True).count("word") < 100


def test_where_nothing_is_said_everything_is_shown() -> None:
    assert all_text("<title>a</title><style>b</style>") == "a b"


@pytest.mark.parametrize(
    "unit",
    [
        "<",
        "<a ",
        "<!--",
        "<script>",
        "<style ",
        "<a b='\"",
        "</",
        "<!",
        "&lt",
        "&#1",
        "<p>",
        "<a 'b\"c>",
        ">",
    ],
)
def test_a_megabyte_of_almost_markup_is_linear(unit: str) -> None:
    began = time.process_time()
    strip_tags(unit * (1_000_000 // len(unit)))
    assert time.process_time() - began < 1.5


def test_megabytes_of_tags_end_somewhere() -> None:
    began = time.process_time()
    strip_tags("<" * 5_000_000)
    assert time.process_time() - began < 1.5
