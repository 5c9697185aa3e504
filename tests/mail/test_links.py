"""Where a link leads, and whether it says so; what a sender's name hides."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox.mail.html import frame
from inbox.mail.links import LONGEST_TEXT, LONGEST_URL, link_view, links_of, sender_marks, target_of
from inbox.mail.text import text_to_html
from tests.mail.shut_in import shut_in


@pytest.mark.parametrize(
    ("text", "url", "host", "marks"),
    [
        ("Shop", "https://shop.example/x", "shop.example", ()),
        ("https://shop.example", "https://www.shop.example/x", "www.shop.example", ()),
        ("shop.co.uk", "https://login.shop.co.uk", "login.shop.co.uk", ()),
        ("https://shop.example…", "https://shop.example/long", "shop.example", ()),
        ("(www.shop.example)", "http://shop.example:8080/", "shop.example", ()),
        ("www.shop.example", "https://evil.example/", "evil.example", ("differs",)),
        ("Visit https://shop.example now", "https://evil.example", "evil.example", ("differs",)),
        ("shop.co.uk", "https://evil.co.uk", "evil.co.uk", ("differs",)),
        ("ｗｗｗ．shop．example", "https://evil.example", "evil.example", ("differs",)),
        ("www.sh\u200bop.example", "https://evil.example", "evil.example", ("differs",)),
        ("https://shop.example@x", "https://evil.example", "evil.example", ("differs",)),
        ("report.pdf", "https://files.example/", "files.example", ()),
        ("Node.js", "https://files.example/", "files.example", ()),
        ("1.2.3", "https://files.example/", "files.example", ()),
        ("ann@shop.example", "mailto:ann@shop.example?subject=x", "shop.example", ()),
        ("ann@shop.example", "mailto:ann@evil.example", "evil.example", ("differs",)),
        ("ann@a.example, bob@b.example", "mailto:ann@a.example,bob@b.example", "b.example", ()),
        ("x", "https://xn--bcher-kva.example", "bücher.example (xn--bcher-kva.example)", ("punycode",)),
        ("x", "https://bücher.example", "bücher.example (xn--bcher-kva.example)", ("punycode",)),
        (
            "x",
            "https://p\u0430ypal.example",
            "p\u0430ypal.example (xn--pypal-4ve.example)",
            ("punycode", "mixed-scripts"),
        ),
        ("x", "https://日本カフェ.example", "日本カフェ.example (xn--hckh0kw77tzlb.example)", ("punycode",)),
        ("x", "http://192.0.2.7/x", "192.0.2.7", ("number",)),
        ("x", "http://3221225991/", "192.0.2.7", ("number",)),
        ("x", "http://0xC0.0x00.0x02.0x07", "192.0.2.7", ("number",)),
        ("x", "http://0300.0.02.07/", "192.0.2.7", ("number",)),
        ("x", "http://192.519/", "192.0.2.7", ("number",)),
        ("x", "http://[2001:db8::1]:80/", "[2001:db8::1]", ("number",)),
        ("x", "https://shop.example@evil.example/", "evil.example", ("userinfo",)),
        ("x", "https://a:b@c:d@evil.example:443/@x", "evil.example", ("userinfo",)),
        ("x", "https:\\\\shop.example\\@evil.example", "shop.example", ()),
        ("x", "https://shop.example?@evil.example", "shop.example", ()),
        ("x", "https://EVIL%2Eexample/", "evil.example", ()),
        ("x", "https://evil。example/", "evil.example", ()),
        ("x", "app://open/7", "", ("other-scheme",)),
        ("x", "java\tscript:alert(1)", "", ("other-scheme",)),
        ("x", "#part", "", ()),
        ("x", "/page", "", ()),
        ("x", "", "", ()),
    ],
)
def test_a_link_says_where_it_leads(text: str, url: str, host: str, marks: tuple[str, ...]) -> None:
    found = link_view(text, url)
    assert (found.host, found.marks) == (host, marks)


# Where each leads, and what it says: half of these lie, half do not.
LYING = [
    ("https://evil.com/", "Login at www.bank.com now"),
    ("https://evil.com/", "Visit bank.com"),
    ("https://evil.com/", "Bank (bank.com)"),
    ("https://evil.com/", "Bank [bank.com]"),
    ("https://evil.com/", "Your account at bank.com."),
    ("https://evil.com/", "bank.com/login: confirm"),
    ("https://evil.com/", "bank.com:8443"),
    ("https://evil.com/", "support@bank.com"),
    ("https://evil.com/", "<support@bank.com>"),
    ("https://evil.com/", "//bank.com"),
    ("https://evil.com/", "Open //bank.com/x"),
    ("https://evil.com/", "hxxps://bank.com"),
    ("https://evil.com/", "hxxp://bank[.]com/x"),
    ("https://evil.com/", "bank[.]com"),
    ("https://evil.com/", "ftp://files.bank.com"),
    ("https://evil.com/", "https:\\\\bank.com"),
    ("https://evil.com/", "Sign in to BANK.COM today"),
    ("https://evil.com/", "Bank.Com account"),
    ("https://evil.com/", "bücher.de besuchen"),
    ("https://evil.com/", "www.bank.example is waiting"),
    ("https://evil.com/", "bank.co.uk – accounts"),
    ("https://evil.com/", "Mein Konto bei sparkasse.de öffnen"),
    ("https://evil.com/", "163.com mail"),
    ("https://evil.com/", "Visit ｂａｎｋ．ｃｏｍ"),
    ("https://evil.com/", "https：／／bank.com"),
    ("https://evil.com/", "ba\u00adnk.com login"),
    ("https://evil.com/", "→ bank.com"),
    ("https://evil.com/", "bank.com、ログイン"),
    ("https://evil.com/bank.com", "bank.com"),
    ("https://bank.com.evil.com/", "Visit bank.com"),
    ("https://evil.github.io/", "bank.github.io"),
    ("https://evil.github.io/", "Docs: bank.github.io/guide"),
    ("https://evil.blogspot.com/", "https://bank.blogspot.com/"),
    ("https://evil.co.uk/", "Visit bank.co.uk"),
    ("https://evil.com.au/", "bank.com.au"),
    ("https://evil.kawasaki.jp/", "x.bank.kawasaki.jp"),
    ("http://192.0.2.7/", "Visit bank.com"),
    ("https://evil.com/", "bank.com (evil.com)"),
    ("mailto:x@evil.com", "support@bank.com"),
]
HONEST = [
    ("https://bank.com/", "Login at www.bank.com now"),
    ("https://www.bank.com/x", "Visit bank.com"),
    ("https://login.bank.com/", "Bank (bank.com)"),
    ("https://bank.com/contact", "support@bank.com"),
    ("https://bank.com/contact", "support@mail.bank.com"),
    ("https://evil.com/", "unsubscribe ann@mail.com"),
    ("https://bank.github.io/x", "bank.github.io"),
    ("https://www.blogspot.com/", "blogspot.com"),
    ("https://github.io/", "www.github.io"),
    ("https://a.bank.co.uk/", "bank.co.uk – accounts"),
    ("https://x.bank.com/", "bank.com or www.bank.com"),
    ("http://192.0.2.7/", "http://192.0.2.7/"),
    ("http://192.0.2.7/", "192.0.2.7"),
    ("http://xn--bcher-kva.de/", "bücher.de besuchen"),
    ("https://t.click.com/?u=7", "Confirm your address"),
    ("https://t.click.com/?u=7", "Version 2.11.3 is out"),
    ("https://t.click.com/?u=7", "v1.0.dev"),
    ("https://t.click.com/?u=7", "Download report.pdf"),
    ("https://t.click.com/?u=7", "archive.zip (3 MB)"),
    ("https://t.click.com/?u=7", "holiday.mov"),
    ("https://t.click.com/?u=7", "See README.md for more"),
    ("https://t.click.com/?u=7", "readme.md"),
    ("https://t.click.com/?u=7", "setup.py and run.sh"),
    ("https://t.click.com/?u=7", "docs/bank.com.pdf"),
    ("https://t.click.com/?u=7", "Learn node.js and Next.js"),
    ("https://t.click.com/?u=7", "ASP.NET hosting"),
    ("https://t.click.com/?u=7", "e.g. this one"),
    ("https://t.click.com/?u=7", "e.g."),
    ("https://t.click.com/?u=7", "i.e. now"),
    ("https://t.click.com/?u=7", "a.k.a. the sale"),
    ("https://t.click.com/?u=7", "10.am"),
    ("https://t.click.com/?u=7", "from 9.am to 5.pm"),
    ("https://t.click.com/?u=7", "at 10 a.m. or p.m."),
    ("https://t.click.com/?u=7", "z.B. heute, u.a. morgen, d.h. bald"),
    ("https://t.click.com/?u=7", "St.Gallen"),
    ("https://t.click.com/?u=7", "U.S. only"),
    ("https://t.click.com/?u=7", "Save now.Shop today"),
    ("https://t.click.com/?u=7", "Thanks for joining.It is free"),
    ("https://t.click.com/?u=7", "M.Sc. course"),
    ("https://t.click.com/?u=7", "Acme Co.Ltd"),
    ("https://t.click.com/?u=7", "1.299,00 € statt 1.499,00"),
    ("https://t.click.com/?u=7", "$9.99/month"),
    ("https://t.click.com/?u=7", "only 19.95"),
    ("https://t.click.com/?u=7", "24.12.2026 18.30"),
    ("https://t.click.com/?u=7", "wait... what?"),
    ("https://t.click.com/?u=7", "and//or"),
    ("https://t.click.com/?u=7", "// more"),
    ("https://t.click.com/?u=7", "report.draft"),
    ("https://t.click.com/?u=7", "Org.nr 556677-8899"),
    ("https://t.click.com/?u=7", "first.last"),
    ("https://t.click.com/?u=7", "file.name_x.doc"),
]


@pytest.mark.parametrize(("url", "text"), LYING)
def test_a_text_that_names_another_site_differs(url: str, text: str) -> None:
    assert "differs" in link_view(text, url).marks


@pytest.mark.parametrize(("url", "text"), HONEST)
def test_a_text_that_names_its_own_site_or_none_does_not(url: str, text: str) -> None:
    assert "differs" not in link_view(text, url).marks


def test_whose_a_site_is_is_known_without_a_file() -> None:
    code = "import sys; sys.stdout.write(str(links.link_view('a.github.io', 'https://b.github.io').marks))"
    assert shut_in(code, modules="jobs, links") == b"('differs',)"


def test_the_links_of_a_letter_are_listed_in_order_with_their_texts() -> None:
    found = links_of(
        '<a href="https://a.example/1"><b>First</b> link</a><a href="#x">inside</a><a name=x>here</a>'
        '<a href="https://b.example"><img src="https://i.example/l.png" alt="Logo"></a>'
        '<a href="app://x">app</a><a href="javascript:alert(1)">run</a>'
    )
    assert [(link.text, link.url, link.marks) for link in found] == [
        ("First link", "https://a.example/1", ()),
        ("Logo", "https://b.example", ()),
        ("app", "app://x", ("other-scheme",)),
        ("run", "javascript:alert(1)", ("other-scheme",)),
    ]


def test_plain_text_has_links_too() -> None:
    found = links_of(text_to_html("See https://a.example/x (or ask ann@b.example)."))
    assert [link.url for link in found] == ["https://a.example/x", "mailto:ann@b.example"]


def test_a_letter_that_is_not_parsed_has_none() -> None:
    assert links_of("<div>" * 100_000 + "<a href=https://x.example>x</a>") == ()


def letter(html: str) -> str:
    document = frame(html, inline_image=lambda _content_id: None, nonce="ab").document
    return document[document.index("<body>") :]


def test_a_link_that_says_something_else_has_the_host_beside_it() -> None:
    shown = letter('<a href="https://evil.example/x" title="https://bank.example">www.bank.example</a>')
    assert 'title="https://evil.example/x"' in shown
    assert '<span class="letter-mark">⚠ evil.example</span> <a href="https://evil.example/x"' in shown


def test_an_honest_link_has_no_mark() -> None:
    assert "letter-mark" not in letter('<a href="https://bank.example/x">www.bank.example</a>')


def test_in_a_letter_of_very_many_links_each_says_where_it_leads() -> None:
    shown = letter("".join(f'<a href="https://{n}.bank.example/">{n}.bank.example</a>' for n in range(5_100)))
    assert shown.count("letter-mark") == 100
    assert '⚠ 5099.bank.example</span> <a href="https://5099.bank.example/"' in shown


@pytest.mark.parametrize(
    "html",
    [
        '<a href="https://evil.com/">bank<i style="display:none"> </i>.com</a>',
        '<a href="https://evil.com/">www.bank.com<i hidden> evil.com</i></a>',
        '<a href="https://evil.com/">bank<i style="font-size:0">, </i>.com<i hidden>x</i></a>',
        '<a href="https://evil.com/">www.ba</a><a href="https://evil.com/">nk.com</a>',
        '<a href="https://evil.com/"><b>bank</b></a><i><a href="https://evil.com/">.c</a></i>'
        '<a href="https://evil.com/">om</a>',
        '<div style="display:none"><a href="https://evil.com/">bank.com</a></div>',
    ],
)
def test_a_site_that_is_named_in_pieces_is_named(html: str) -> None:
    assert "⚠ evil.com" in letter(html)


@pytest.mark.parametrize(
    "html",
    [
        '<a href="https://t.click.com/">Home.</a> <a href="https://t.click.com/">in the shop</a>',
        '<a href="https://t.click.com/1">Home.</a><a href="https://t.click.com/2">in the shop</a>',
        '<a href="https://t.click.com/">bank</a>, <a href="https://t.click.com/">.com</a>',
    ],
)
def test_links_that_do_not_read_as_one_are_not_read_so(html: str) -> None:
    assert "letter-mark" not in letter(html)


def test_the_list_has_what_is_seen_of_a_links_text() -> None:
    found = links_of('<a href="https://a.example/">Seen<i hidden> and not</i></a>')
    assert [link.text for link in found] == ["Seen"]


def test_no_sheet_of_a_letter_hides_the_mark() -> None:
    document = frame(
        "<style>.letter-mark,.mark,span,*{display:none!important}</style>"
        '<a href="https://1.2.3.4/">x</a><p class="letter-mark">mine</p>',
        inline_image=lambda _content_id: None,
        nonce="ab",
    ).document
    assert ".m-letter-mark" in document
    assert '<p class="m-letter-mark">' in document
    assert document.count('class="letter-mark"') == 1


def test_a_scheme_that_is_not_opened_is_a_text_with_its_target() -> None:
    shown = letter('<a href="bank-app://pay?to=7" class=x>Pay</a>')
    assert '<span class="m-x">Pay</span> <span class="letter-target">(bank-app://pay?to=7)</span>' in shown
    assert "<a" not in shown


@pytest.mark.parametrize(
    ("sent", "leads"),
    [
        (r"http:\\evil.example", "http://evil.example"),
        ("http:evil.example/x", "http://evil.example/x"),
        ("HTTPS:///evil.example", "HTTPS://evil.example"),
        ("//evil.example/x", "https://evil.example/x"),
        (r"\\evil.example/x", "https://evil.example/x"),
        ("ht\ntp:/\tevil.example", "http://evil.example"),
        ("https://evil.example//x", "https://evil.example//x"),
    ],
)
def test_a_link_written_oddly_leads_where_a_browser_takes_it(sent: str, leads: str) -> None:
    shown = letter(f'<a href="{sent}">www.bank.example</a>')
    assert f'<a href="{leads}" target="_blank"' in shown
    assert "⚠ evil.example" in shown
    assert [link.url for link in links_of(f'<a href="{sent}">x</a>')] == [leads]


@pytest.mark.parametrize("target", ["page.html", "/x?y", "?a=b", "www.bank.example", "{{link}}", "http:"])
def test_a_link_that_leads_nowhere_from_here_is_a_text_with_its_target(target: str) -> None:
    html = f'<a href="{target}" name=n>Pay</a>'
    shown = letter(html)
    assert f'<span>Pay</span> <span class="letter-target">({target})</span>' in shown
    assert links_of(html) == ()


@pytest.mark.parametrize("target", ["", "#", "#top", "  "])
def test_a_place_in_the_letter_is_no_target_to_copy(target: str) -> None:
    assert "letter-target" not in letter(f'<a href="{target}">Up</a>')


def test_a_target_that_is_the_text_is_not_said_twice() -> None:
    assert "letter-target" not in letter('<a href="www.bank.example">www.bank.example</a>')


def test_with_a_base_a_relative_link_is_one() -> None:
    assert '<a href="https://a.example/x/page"' in letter(
        '<base href="https://a.example/x/"><a href=page>x</a>'
    )


def test_a_number_to_call_that_is_its_own_text_is_not_said_twice() -> None:
    assert "letter-target" not in letter('<a href="tel:+4930123">Call +4930123</a>')


@pytest.mark.parametrize(
    ("name", "address", "marks"),
    [
        ("Ann", "ann@x.example", ()),
        ("Ann (Sales) / X", "ann@x.example", ()),
        ("ann@x.example", "Ann@X.example", ()),
        ("service@bank.example", "x@evil.example", ("other-address",)),
        ("Bank <service@bank.example>", "x@evil.example", ("other-address",)),
        ("service＠bank．example", "x@evil.example", ("other-address",)),
        ("ser\u200bvice@bank.example", "x@evil.example", ("other-address", "hidden")),
        ("Bank \u202eelpmaxe", "x@evil.example", ("hidden",)),
        ("Bank \u2066x", "x@evil.example", ("hidden",)),
        ("Bank" + " " * 40 + "x", "x@evil.example", ("hidden",)),
        ("Bank\u3000\u3000\u3000\u3000x", "x@evil.example", ("hidden",)),
        ("Bank\u3164x", "x@evil.example", ("hidden",)),
        ("👩\u200d👩\u200d👧 Ann", "x@y.example", ()),
        ("نامه\u200cها", "x@y.example", ()),
        ("", "x@y.example", ()),
    ],
)
def test_a_senders_name_that_hides_the_address_is_told(
    name: str, address: str, marks: tuple[str, ...]
) -> None:
    assert sender_marks(name, address) == marks


@given(st.text(max_size=80), st.text(max_size=80))
def test_any_text_and_any_address_make_a_link(text: str, url: str) -> None:
    found = link_view(text, f"https://{url}")
    assert len(found.text) <= LONGEST_TEXT
    assert set(found.marks) <= {"differs", "punycode", "mixed-scripts", "number", "userinfo", "other-scheme"}
    assert target_of(url).host == target_of(url).host.lower()
    sender_marks(text, url)


@pytest.mark.parametrize("unit", ["a.", "@", "a@", "https://", "xn--", "0x", "\u0430.", "[", "%2e", " "])
def test_half_a_megabyte_of_anything_is_read_to_its_end(unit: str) -> None:
    """Were anything in it quadratic, this would take hours."""
    text = unit * (500_000 // len(unit))
    assert len(link_view(text, "https://" + text).url) <= LONGEST_URL
    assert link_view(text, text)
    assert set(sender_marks(text[:10_000], "x@y.example")) <= {"other-address", "hidden"}
