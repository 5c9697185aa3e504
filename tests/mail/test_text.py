"""Plain text with its links made clickable."""

import html
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox.mail import text_to_html

REST = 'target="_blank" rel="noreferrer noopener nofollow"'


def links(text: str) -> list[str]:
    return [html.unescape(target) for target in re.findall(r'<a href="([^"]*)"', text_to_html(text))]


@pytest.mark.parametrize(
    ("text", "targets"),
    [
        ("see https://x.example/a?b=c&d=e#f now", ["https://x.example/a?b=c&d=e#f"]),
        ("HTTP://X.EXAMPLE", ["HTTP://X.EXAMPLE"]),
        ("https://x.example.", ["https://x.example"]),
        ("https://x.example/a, and", ["https://x.example/a"]),
        ("really https://x.example/a?!", ["https://x.example/a"]),
        ("(https://x.example/a)", ["https://x.example/a"]),
        ("(see https://x.example/a_(b))", ["https://x.example/a_(b)"]),
        ("[https://x.example/a]", ["https://x.example/a"]),
        ("<https://x.example/a>", ["https://x.example/a"]),
        ('"https://x.example/a"', ["https://x.example/a"]),
        ("'https://x.example/a'", ["https://x.example/a"]),
        ("*https://x.example/a*", ["https://x.example/a"]),
        ("https://x.example/a\u3002", ["https://x.example/a"]),
        ("https://ü.example/straße", ["https://ü.example/straße"]),
        ("https://例え.example/道", ["https://例え.example/道"]),
        ("https://[2001:db8::1]:8080/x", ["https://[2001:db8::1]:8080/x"]),
        ("https://user:pw@x.example/", ["https://user:pw@x.example/"]),
        ("www.x.example/a", ["http://www.x.example/a"]),
        ("mail ada@x.example.", ["mailto:ada@x.example"]),
        ("<ada@x.example>", ["mailto:ada@x.example"]),
        ("mailto:ada@x.example?subject=hi", ["mailto:ada@x.example?subject=hi"]),
        ("a.b+c@x.co.uk, d@e.fr", ["mailto:a.b+c@x.co.uk", "mailto:d@e.fr"]),
        ("https://x.example/a https://y.example/b", ["https://x.example/a", "https://y.example/b"]),
        ("https://x.example/a\nhttps://y.example/b", ["https://x.example/a", "https://y.example/b"]),
        ("https://x.example/a|https://y.example", ["https://x.example/a", "https://y.example"]),
        ("javascript:alert(1)", []),
        ("data:text/html,x", []),
        ("ftp://x.example", []),
        ("xhttps://x.example", []),
        ("https://", []),
        ("https:// x", []),
        ("http://'", []),
        ("www.", []),
        ("a@b", []),
        ("@x.example", []),
        ("1@2.3", ["mailto:1@2.3"]),
        ("mailto:", []),
        ("mailto:nobody", []),
        ("no links here.", []),
        ("https://x.example/\u202egpj.exe", ["https://x.example/"]),
    ],
)
def test_a_link_ends_where_people_would_end_it(text: str, targets: list[str]) -> None:
    assert links(text) == targets


def test_a_link_opens_elsewhere_and_tells_nobody_where_from() -> None:
    assert text_to_html("https://x.example") == f'<a href="https://x.example" {REST}>https://x.example</a>'


def test_what_is_markup_is_shown_as_text() -> None:
    assert text_to_html("<b>&amp;\"'") == "&lt;b&gt;&amp;amp;&quot;&#x27;"
    assert text_to_html('https://x.example/"onclick=alert(1)') == (
        f'<a href="https://x.example/" {REST}>https://x.example/</a>&quot;onclick=alert(1)'
    )


@given(st.text(alphabet="<>\"'&;:/.@()[]ahtpsw \n\u202e\u3002é", max_size=300))
def test_the_text_comes_back_whole_and_no_markup_is_anothers(text: str) -> None:
    shown = text_to_html(text)
    assert html.unescape(re.sub(r'<a href="[^"<>]*" target="_blank" rel="[a-z ]*">|</a>', "", shown)) == text
    assert "<" not in re.sub(r'<a href="[^"<>]*" target="_blank" rel="[a-z ]*">|</a>', "", shown)
    for target in re.findall(r'href="([^"]*)"', shown):
        assert re.match(r"(?:https?://|mailto:)", html.unescape(target), re.I)


@pytest.mark.parametrize(
    "unit",
    [
        *("http://", "www.", "a@", "a@b.", "mailto:a@b", "mailto:", "http://(", "https://x("),
        *("(", ")", "a.", "@", "http://x]", "x" * 9),
    ],
)
def test_a_megabyte_of_almost_links_is_linear(unit: str) -> None:
    def cost(length: int) -> float:
        text = (unit * (length // len(unit) + 1))[:length]
        began = time.process_time()
        text_to_html(text)
        return time.process_time() - began

    cost(10_000)
    assert cost(1_000_000) < 1.5
