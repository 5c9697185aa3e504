"""Addresses have one canonical form, and some are nobody's to take."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox.addresses import (
    ALPHABET,
    RANDOM_LENGTH,
    RESERVED,
    Address,
    AddressError,
    check_chosen,
    is_reserved,
    parse,
    random_local_part,
)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("name@one.example", Address("name", "one.example")),
        ("NaMe@ONE.Example", Address("name", "one.example")),
        ("name@one.example.", Address("name", "one.example")),
        ("name+Shop@one.example", Address("name", "one.example", "Shop")),
        ("name+a+b@one.example", Address("name", "one.example", "a+b")),
        ("name+@one.example", Address("name", "one.example", "")),
        ('"name"@one.example', Address("name", "one.example")),
        (r'"na\me"@one.example', Address("name", "one.example")),
        ('"with blank"@one.example', Address("with blank", "one.example")),
        ('"a@b"@one.example', Address("a@b", "one.example")),
        ("name@bücher.example", Address("name", "xn--bcher-kva.example")),
        ("name@xn--bcher-kva.example", Address("name", "xn--bcher-kva.example")),
        ("jörg@one.example", Address("jörg", "one.example")),
    ],
)
def test_an_address_is_read_into_its_canonical_form(text: str, address: Address) -> None:
    assert parse(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "@",
        "name",
        "name@",
        "@one.example",
        ".name@one.example",
        "name.@one.example",
        "na..me@one.example",
        "na me@one.example",
        "name(comment)@one.example",
        "<name@one.example>",
        "name@one..example",
        "name@-one.example",
        "name@one.example..",
        "name@one_example",
        "name@[192.0.2.1]",
        "na\x00me@one.example",
        "name\r\n@one.example",
        "na\ud800me@one.example",
        '"unclosed@one.example',
        "n" * 65 + "@one.example",
        "name@" + "a" * 64 + ".example",
        "name@" + ".".join(["a" * 60] * 5),
        "=?utf-8?q?name?=@one.example\n",
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(AddressError):
        parse(text)


@given(st.text())
def test_reading_an_address_raises_nothing_else(text: str) -> None:
    try:
        address = parse(text)
    except AddressError:
        return
    if "+" not in address.local_part and '"' not in text:
        assert parse(str(address)) == Address(address.local_part, address.domain)


def test_a_random_local_part_carries_59_bits_and_no_look_alikes() -> None:
    made = {random_local_part() for _ in range(1000)}
    assert len(made) == 1000
    assert RANDOM_LENGTH * math.log2(len(ALPHABET)) >= 59
    assert all(set(name) <= set(ALPHABET) | {"."} for name in made)
    assert not set("01oil") & set(ALPHABET)
    assert all(parse(f"{name}@one.example").local_part == name for name in made)


@pytest.mark.parametrize("name", ["abc", "a-b.c_d", "Name", "  name ", "x" * 40, "123"])
def test_a_name_within_the_rules_may_be_chosen(name: str) -> None:
    assert check_chosen(name) == name.strip().lower()


@pytest.mark.parametrize(
    "name", ["", "ab", "x" * 41, "a b", "a+b", "ä-name", ".abc", "abc.", "-abc", "a..b", "a@b", "abc\n\x00"]
)
def test_a_name_that_breaks_a_rule_may_not(name: str) -> None:
    with pytest.raises(AddressError):
        check_chosen(name)


@pytest.mark.parametrize(
    "name", ["postmaster", "Abuse", "no-reply", "no.reply", "post-master", "admin_", "www"]
)
def test_reserved_names_are_nobodys_however_they_are_dressed(name: str) -> None:
    assert is_reserved(name.lower().strip("_"))
    with pytest.raises(AddressError):
        check_chosen(name)


def test_the_names_of_rfc_2142_are_reserved() -> None:
    business, network = "info marketing sales support", "abuse noc security"
    services = "postmaster hostmaster usenet news webmaster www uucp ftp"
    assert set(f"{business} {network} {services}".split()) <= RESERVED
