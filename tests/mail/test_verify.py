"""The link that confirms, activates, resets or signs in. Whole letters are in labelled/."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox.mail.glance import Link, glance, links_of_text
from inbox.mail.verify import VerifyLink, find_verify_link, host_of

TOKEN = "https://site.example/go?token=9d8f7a6b"


@pytest.mark.parametrize(
    ("called", "kind"),
    [
        ("Confirm your email", "confirm"),
        ("VERIFY NOW", "confirm"),
        ("Activate account", "activate"),
        ("Reset password", "reset"),
        ("E-Mail-Adresse bestätigen", "confirm"),
        ("Réinitialiser le mot de passe", "reset"),
        ("Активировать аккаунт", "activate"),
        ("تأكيد البريد الإلكتروني", "confirm"),
        ("验证邮箱", "confirm"),
        ("パスワードを再設定", "reset"),
        ("Unsubscribe", ""),
        ("Confirm order", ""),
        ("Bestellung bestätigen", ""),
        ("Read more", ""),
        ("It wasn't me", ""),
        ("Privacy policy", ""),
        ("Sign in", ""),
    ],
)
def test_a_link_is_known_by_its_name(called: str, kind: str) -> None:
    found = find_verify_link([Link(TOKEN, called, "")])
    assert (found.kind if found else "") == kind


def test_a_link_to_sign_in_is_asked_for() -> None:
    link = Link(TOKEN, "Sign in", "Here is your magic link. ")
    assert find_verify_link([link]) == VerifyLink(TOKEN, "site.example", "sign-in")
    assert find_verify_link([link._replace(before="")], "Your sign-in link") is not None
    assert find_verify_link([link._replace(url="https://site.example/login")], "Sign in") is None


@pytest.mark.parametrize(
    "url",
    [
        "javascript:confirm(1)",
        "ftp://site.example/confirm?token=9d8f7a6b",
        "//site.example/confirm?token=9d8f7a6b",
        "https://user@site.example/confirm?token=9d8f7a6b",
        "https://bank.example\\@site.example/confirm?token=9d8f7a6b",
        "https:///confirm?token=9d8f7a6b",
        "https://site.example:99999/confirm?token=9d8f7a6b",
        "https://site.example/unsubscribe?token=9d8f7a6b",
        "https://site.example/confirm?token=9d8f7a6b\u202egpj",
        "https://apps.apple.com/app/id482913557?t=confirm",
        "https://www.facebook.com/site",
        "https://site.example/pixel.gif?confirm=9d8f7a6b",
        "https://site.example/" + "a" * 5000,
        "https://[::1/confirm?token=9d8f7a6b",
    ],
)
def test_no_name_makes_such_an_address_the_link(url: str) -> None:
    assert find_verify_link([Link(url, "Confirm your email", "")]) is None


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://Site.EXAMPLE/a", "site.example"),
        ("http://site.example:8080/a", "site.example"),
        ("https://bücher.example/", "xn--bcher-kva.example"),
        ("https://192.0.2.7/a", "192.0.2.7"),
        ("https://[2001:db8::1]/a", "2001:db8::1"),
        ("https://a b/", ""),
        ("https://" + "a" * 250 + "!/", ""),  # took for ever once
        ("https://" + "a" * 64 + ".example/", ""),
        ("https://" + "a." * 200 + "example/", ""),
        ("mailto:a@b.example", ""),
    ],
)
def test_the_real_host_is_named(url: str, host: str) -> None:
    assert host_of(url) == host


def test_what_says_nothing_takes_the_words_in_front_of_it() -> None:
    page = f'<p>To confirm your email address <a href="{TOKEN}">click here</a>.</p>'
    assert find_verify_link(glance(page).links) == VerifyLink(TOKEN, "site.example", "confirm")


def test_a_picture_is_called_by_its_description() -> None:
    page = f'<a href="{TOKEN}"><img src="b.png" alt="Confirm your email"></a>'
    assert find_verify_link(glance(page).links) == VerifyLink(TOKEN, "site.example", "confirm")


def test_an_address_in_a_text_ends_with_its_sentence() -> None:
    text = f"Confirm your email here:\n<{TOKEN}>.\n"
    assert find_verify_link(links_of_text(text)) == VerifyLink(TOKEN, "site.example", "confirm")


def test_of_several_the_likeliest_is_taken() -> None:
    links = [
        Link("https://site.example/", "Site", ""),
        Link("https://site.example/login?t=9d8f7a6b", "Log in", ""),
        Link(TOKEN, "Confirm your email", ""),
        Link("https://site.example/help/confirm", "How to confirm your email: help", ""),
    ]
    found = find_verify_link(links)
    assert found is not None
    assert found.url == TOKEN


PIECES = [
    "https://",
    "site.example",
    "/confirm",
    "?token=",
    "9d8f7a",
    "&amp;",
    "@",
    ":",
    "[",
    "]",
    "\\",
    "%",
    "#",
    "é",
    " ",
]


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join), st.text(max_size=30))
def test_whatever_is_found_leads_to_the_host_it_names(url: str, before: str) -> None:
    found = find_verify_link([Link(url, "Confirm your email", before)])
    if found is not None:
        assert found.url == url
        assert found.url.lower().startswith(("http://", "https://"))
        assert found.host
        assert found.host == host_of(url)
