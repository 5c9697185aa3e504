"""Plain text with its links made clickable."""

import html
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox.mail import text_to_folded_html, text_to_html

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
        ("请访问https://x.example/abc，谢谢", ["https://x.example/abc"]),
        ("请访问https://x.example谢谢", ["https://x.example"]),
        ("詳細はhttps://x.example/道。次の文", ["https://x.example/道"]),
        ("（https://x.example/a）", ["https://x.example/a"]),
        ("「https://x.example/a」", ["https://x.example/a"]),
        ("“https://x.example/straße” – or", ["https://x.example/straße"]),
        ("«https://x.example/a», »https://y.example/b«", ["https://x.example/a", "https://y.example/b"]),
        ("‚https://x.example/a‘ ’https://y.example/b’", ["https://x.example/a", "https://y.example/b"]),
        ("_https://x.example/a_", ["https://x.example/a"]),
        ("[text](https://x.example/a).", ["https://x.example/a"]),
        ("<URL:https://x.example/a>", ["https://x.example/a"]),
        ("https://пример.example/путь, и", ["https://пример.example/путь"]),
        ("https://例え.テスト/道", ["https://例え.テスト/道"]),
        ("https://مثال.example/صفحة؟ نعم", ["https://مثال.example/صفحة"]),
        ("联系ada@x.example谢谢", ["mailto:ada@x.example"]),
        ("jörg@x.example", ["mailto:jörg@x.example"]),
        ("https://x.example/?a=1&b=2&c", ["https://x.example/?a=1&b=2&c"]),
        ("https://x.example/a#:~:text=b", ["https://x.example/a#:~:text=b"]),
        ("myapp://open/https", []),
        ("tel:+491234 sms:1 intent://x", []),
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
        *("> a\n", "> a\n> b\n> c\n\n", ">", "中@a.", "http://中.ab中"),
    ],
)
def test_a_megabyte_of_almost_links_is_linear(unit: str) -> None:
    def cost(length: int) -> float:
        text = (unit * (length // len(unit) + 1))[:length]
        began = time.process_time()
        text_to_folded_html(text, str)
        return time.process_time() - began

    cost(10_000)
    assert cost(1_000_000) < 1.5


QUOTE = "> one\n> two\n> > three\n>\n"


def folded(text: str) -> str:
    return text_to_folded_html(text, lambda lines: f"{lines} lines & more")


def test_a_long_quote_is_folded_and_a_short_one_is_not() -> None:
    assert folded(f"Bob wrote:\n{QUOTE}\nI agree") == (
        'Bob wrote:\n<details class="quoted"><summary>4 lines &amp; more</summary>'
        "&gt; one\n&gt; two\n&gt; &gt; three\n&gt;\n</details>\nI agree"
    )
    assert "<details" not in folded("Bob wrote:\n> one\n> two\n> three\nI agree")


def test_each_quote_folds_by_itself_and_links_in_it_work() -> None:
    shown = folded(f"a\n{QUOTE}b\n{QUOTE}> https://x.example\nc\n> d")
    assert shown.count("<details") == 2
    assert "5 lines" in shown
    assert '&gt; <a href="https://x.example"' in shown
    assert shown.endswith("c\n&gt; d")


def test_a_letter_that_is_nothing_but_a_quote_stays_open() -> None:
    assert folded(QUOTE) == text_to_html(QUOTE)
    assert folded(f"\n{QUOTE}\n \n{QUOTE}") == text_to_html(f"\n{QUOTE}\n \n{QUOTE}")


@given(st.text(alphabet="> \na<&", max_size=200))
def test_folding_loses_no_letter_of_the_text(text: str) -> None:
    shown = re.sub(r'<details class="quoted"><summary>[^<]*</summary>|</details>', "", folded(text))
    assert html.unescape(shown) == text
