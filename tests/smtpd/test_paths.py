"""The arguments of MAIL and RCPT."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtpd.paths import Fault, Path, PathError, declared_size, parse_forward_path, parse_reverse_path


def fault_of(argument: bytes) -> Fault:
    with pytest.raises(PathError) as caught:
        parse_forward_path(argument)
    return caught.value.fault


@pytest.mark.parametrize(
    ("argument", "address"),
    [
        (b"FROM:<ann@sender.example>", "ann@sender.example"),
        (b"from:<ann@sender.example>", "ann@sender.example"),
        (b"FROM: <ann@sender.example>", "ann@sender.example"),
        (b"FROM:ann@sender.example", "ann@sender.example"),
        (b"FROM: ann@sender.example", "ann@sender.example"),
        (b"FROM:<>", ""),
        (b"FROM: <>", ""),
        (b"FROM:<root>", "root"),
        (b"FROM:<ann@sender.example.>", "ann@sender.example."),
        (b"FROM:<an..n.@mobile.example>", "an..n.@mobile.example"),
        (b"FROM:<ann@[192.0.2.1]>", "ann@[192.0.2.1]"),
        (b"FROM:<ann@[IPv6:2001:db8::1]>", "ann@[IPv6:2001:db8::1]"),
        (b"FROM:<ann@my_host.example>", "ann@my_host.example"),
        (b'FROM:<"ann > bob"@sender.example>', '"ann > bob"@sender.example'),
        (b'FROM:<"a\\"b"@sender.example>', '"a\\"b"@sender.example'),
        (b"FROM:<@one.example,@two.example:ann@sender.example>", "ann@sender.example"),
        (b"FROM:<bounce+ann=reader.example@list.example>", "bounce+ann=reader.example@list.example"),
        ("FROM:<änn@sänder.example>".encode(), "änn@sänder.example"),
    ],
)
def test_paths_of_real_senders_pass(argument: bytes, address: str) -> None:
    assert parse_reverse_path(argument).address == address


@pytest.mark.parametrize(
    "argument",
    [
        b"TO:<ann@one.example",
        b"TO:ann@one.example>",
        b'TO:<"ann@one.example>',
        b'TO:<"',
        b"TO:<u@[d.e>",
        b"TO:<u@[d.e]>",
        b"TO:<u@[IPv6:zz]>",
        b"TO:<(comment)ann@one.example>",
        b"TO:<ann(comment)@one.example>",
        b"TO:<ann@one.example(comment)>",
        b"TO:<ann @one.example>",
        b"TO:<ann@ one.example>",
        b"TO:< ann@one.example>",
        b"TO:<ann@one.example >",
        b"TO:<=?utf-8?q?ann?=@one.example>",
        b"TO:<=?US-ASCII?B?YW5u?=@one.example>",
        b"TO:<ann@one..example>",
        b"TO:<ann@.one.example>",
        b"TO:<ann@-one.example>",
        b"TO:<ann@>",
        b"TO:<@one.example>",
        b"TO:<@one.example:>",
        b"TO:<ann@one.example,bob@one.example>",
        b"TO:<ann@one@example>",
        b"TO:<>",
        b"TO:<ann>",
        b'TO:<"postmaster">',
        b"TO:<" + b"a" * 600 + b"@one.example>",
        b"TO:<ann@" + b"a." * 200 + b"example>",
    ],
)
def test_what_is_no_address_is_refused_and_never_repaired(argument: bytes) -> None:
    assert fault_of(argument) is Fault.ADDRESS


@pytest.mark.parametrize(
    "argument",
    [
        b"",
        b"TO",
        b"TO:",
        b"TO: ",
        b"TO <ann@one.example>",
        b"FROM:<ann@one.example>",
        b"TO:<ann@one.example>SIZE=1",
        b"TO:<ann@one.example>\tNOTIFY=NEVER",
        b"TO:<an\0n@one.example>",
        b"TO:<an\rn@one.example>",
        b"TO:<an\nn@one.example>",
        b"TO:<an\x7fn@one.example>",
        b"TO:<an\xc2\x85n@one.example>",
        b"TO:<an\xffn@one.example>",
        b"TO:<an\xed\xa0\x80n@one.example>",
    ],
)
def test_what_is_no_argument_at_all_is_refused(argument: bytes) -> None:
    assert fault_of(argument) is Fault.SYNTAX


def test_a_name_before_the_brackets_is_no_path() -> None:
    assert fault_of(b"TO: Ann <ann@one.example>") is Fault.PARAMETER


def test_the_bare_postmaster_is_the_only_forward_path_without_a_domain() -> None:
    assert parse_forward_path(b"TO:<PostMaster>").address == "PostMaster"
    assert fault_of(b"TO:<abuse>") is Fault.ADDRESS


def test_quoted_local_parts_and_source_routes_are_valid_and_said_to_be_so() -> None:
    assert parse_forward_path(b'TO:<"ann"@one.example>').is_quoted
    assert parse_forward_path(b"TO:<@relay.example:ann@one.example>").is_routed
    assert parse_forward_path(b"TO:<ann@[192.0.2.1]>").is_literal


def test_parameters_that_we_do_not_use_are_ignored() -> None:
    path = parse_reverse_path(b"FROM:<ann@a.example> AUTH=<> BODY=8BITMIME ret=HDRS ENVID=QQ314159 X-UNKNOWN")
    assert path.address == "ann@a.example"
    assert path.parameters["RET"] == "HDRS"
    assert declared_size(path) is None


@pytest.mark.parametrize("size", ["²", "１２", "-1", "+1", "1_000", "0x10", "1" * 21, "1e3", ""])
def test_a_size_that_is_no_number_is_refused_and_raises_nothing_else(size: str) -> None:
    with pytest.raises(PathError) as caught:
        declared_size(parse_reverse_path(f"FROM:<ann@a.example> SIZE={size}".encode()))
    assert caught.value.fault is Fault.PARAMETER


def test_a_size_is_read() -> None:
    assert declared_size(parse_reverse_path(b"FROM:<ann@a.example> SIZE=00025000000")) == 25_000_000


_ODDMENTS = st.sampled_from(
    [
        "<",
        ">",
        '"',
        "\\",
        "@",
        ".",
        ",",
        ":",
        " ",
        "[",
        "]",
        "(",
        ")",
        "=",
        "?",
        "=?x?q?y?=",
        "IPv6:",
        "a",
        "é",
        "\0",
    ]
)
_ARGUMENTS = st.one_of(
    st.binary(max_size=80),
    st.lists(_ODDMENTS, max_size=30).map("".join).map(str.encode),
    st.lists(_ODDMENTS, max_size=30).map(lambda parts: f"TO:<{''.join(parts)}>".encode()),
)


@given(_ARGUMENTS)
def test_whatever_comes_is_a_path_or_a_path_error(argument: bytes) -> None:
    for parse in (parse_forward_path, parse_reverse_path):
        try:
            path: Path = parse(argument)
        except PathError:
            continue
        assert path.address.isprintable() or not path.address.isascii()
        assert not set("\r\n\0") & set(path.address)
        assert path.address.encode() in argument


@given(st.text("abcXYZ019.!#$%&'*+/=?^_`{|}~-", min_size=1, max_size=60))
def test_every_dot_string_of_the_grammar_passes(local_part: str) -> None:
    if "=?" not in local_part:
        assert parse_forward_path(f"TO:<{local_part}@one.example>".encode()).local_part == local_part
