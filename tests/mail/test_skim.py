"""The shape of a message, found without copying it."""

import base64
import time
import tracemalloc

from inbox.mail.skim import GREATEST_DEPTH, MOST_PARTS, skim, walk
from tests.mail.corpus import FROM, HTML, MESSAGES, MIXED, PDF, SUBJECT, TEXT, message, multipart, part


def contents(source: bytes) -> list[bytes]:
    return [source[leaf.start : leaf.end] for leaf in skim(source).leaves]


def types(source: bytes) -> list[str]:
    return [leaf.content_type for leaf in skim(source).leaves]


def test_the_line_end_before_a_delimiter_belongs_to_the_delimiter() -> None:
    source = message(MIXED, body=b"--outer\n\none\n--outer\n\ntwo\n\n--outer--\n")
    assert contents(source) == [b"one", b"two\r\n"]


def test_a_part_without_a_header_is_plain_text() -> None:
    assert types(message(MIXED, body=b"--outer\n\nwords\n--outer--")) == ["text/plain"]


def test_blanks_behind_a_boundary_do_not_count() -> None:
    assert contents(message(MIXED, body=b"--outer \t\n\none\n--outer--  \n")) == [b"one"]


def test_a_boundary_inside_a_line_is_text() -> None:
    assert contents(message(MIXED, body=b"--outer\n\na --outer b\n--outer--")) == [b"a --outer b"]


def test_a_boundary_that_begins_another_does_not_end_its_part() -> None:
    source = MESSAGES["boundaries that begin alike"]
    assert types(source) == ["text/plain", "text/html", "application/pdf"]


def test_what_stands_before_and_behind_the_parts_is_no_part() -> None:
    assert contents(message(MIXED, body=b"preamble\n--outer\n\none\n--outer--\nepilogue")) == [b"one"]


def test_an_outer_delimiter_ends_an_inner_container_that_was_never_closed() -> None:
    inner = b"Content-Type: multipart/alternative; boundary=in\r\n\r\n--in\r\n" + TEXT
    source = message(MIXED, body=multipart("", "outer", inner, PDF))
    assert types(source) == ["text/plain", "application/pdf"]


def test_a_missing_boundary_is_guessed_from_the_body() -> None:
    skimmed = skim(MESSAGES["no boundary"])
    assert [leaf.content_type for leaf in skimmed.leaves] == ["text/plain", "application/pdf"]
    assert skimmed.is_repaired


def test_a_container_without_delimiters_is_its_own_text() -> None:
    skimmed = skim(MESSAGES["no delimiter"])
    assert [leaf.content_type for leaf in skimmed.leaves] == ["text/plain"]
    assert skimmed.is_repaired


def test_text_behind_the_boundary_is_passed_over_when_nothing_stricter_fits() -> None:
    assert contents(message(MIXED, body=b"--outer and more\n\none\n--outer-- the end\n")) == [b"one"]


def test_parts_beyond_the_thousandth_are_one_part() -> None:
    skimmed = skim(MESSAGES["10,000 parts"])
    assert len(skimmed.leaves) <= MOST_PARTS
    assert skimmed.is_cut
    assert skimmed.leaves[-1].is_remainder
    assert skimmed.leaves[-1].end == len(MESSAGES["10,000 parts"])


def test_containers_beyond_the_hundredth_level_are_one_part() -> None:
    skimmed = skim(MESSAGES["nested 1,000 deep"])
    assert skimmed.is_cut
    assert sum(1 for _ in walk(skimmed.root)) <= GREATEST_DEPTH + 1
    (leaf,) = skimmed.leaves
    assert leaf.is_remainder


def test_a_line_that_is_no_header_loses_only_itself() -> None:
    for name in ("bad line in the header", "banner in front", "blank line in front"):
        skimmed = skim(MESSAGES[name])
        assert skimmed.first(b"subject") == b" Hello", name
        assert skimmed.first(b"from") == b" Ada <ada@sender.example>", name
        assert skimmed.is_repaired
        assert contents(MESSAGES[name]) == [b"body"]


def test_smtp_talk_pasted_into_the_header_loses_nothing() -> None:
    source = b"EHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n" + message(FROM, SUBJECT, body="body")
    skimmed = skim(source)
    assert [name for name, _ in skimmed.fields] == [b"From", b"Subject"]


def test_a_header_without_its_blank_line_leaves_the_body_its_lines() -> None:
    assert contents(MESSAGES["no separator"]) == [b"The body begins here\r\nwithout a blank line\r\n"]


def test_a_separator_of_blanks_separates() -> None:
    source = b"From: a@b\r\nSubject: s\r\n \r\nbody\r\n\r\nmore: of it\r\n"
    assert contents(source) == [b"body\r\n\r\nmore: of it\r\n"]


def test_a_message_without_header_is_all_body() -> None:
    assert contents(MESSAGES["only a body"]) == [MESSAGES["only a body"]]


def test_folded_lines_belong_to_their_field() -> None:
    skimmed = skim(b"Subject: one\r\n two\r\n\tthree\r\nFrom: a@b\r\n\r\n")
    assert skimmed.first(b"subject") == b" one\r\n two\r\n\tthree"


def test_blanks_before_the_colon_are_obsolete_and_fine() -> None:
    assert skim(b"Subject \t: s\r\n\r\n").first(b"subject") == b" s"


def test_a_header_of_megabytes_ends_at_the_cap() -> None:
    skimmed = skim(b"X-Line: y\r\n" * 1_000_000)
    assert skimmed.is_cut
    assert len(skimmed.fields) <= 2000
    assert skimmed.leaves


def test_a_digest_holds_messages() -> None:
    inner = b"\r\n" + message(FROM, "Subject: inner", body="words")
    source = message("Content-Type: multipart/digest; boundary=d", body=multipart("", "d", inner))
    assert types(source) == ["message/rfc822"]


def test_the_declared_name_is_read_from_either_header() -> None:
    source = message(
        MIXED,
        body=multipart(
            "",
            "outer",
            part("image/gif; name=one.gif", b"x"),
            part("image/gif", b"x", "Content-Disposition: attachment; filename=two.gif"),
            part(
                "image/gif; name=three.gif",
                b"x",
                "Content-Disposition: attachment; filename*=utf-8''dr%C3%AE.gif",
            ),
        ),
    )
    assert [leaf.name for leaf in skim(source).leaves] == ["one.gif", "two.gif", "drî.gif"]


def test_a_large_message_is_skimmed_without_a_copy() -> None:
    body = base64.b64encode(b"\0" * 6_000_000)
    source = bytearray(message(FROM, MIXED, body=multipart("", "outer", HTML, part("application/zip", body))))
    tracemalloc.start()
    leaves = skim(source).leaves
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(leaves) == 2
    assert peak < 200_000


def test_a_separator_of_blanks_leaves_the_body_its_colons() -> None:
    source = b"From: a@b\r\nSubject: s\r\n \r\nfirst line\r\nnote: second\r\n\r\nrest"
    assert contents(source) == [b"first line\r\nnote: second\r\n\r\nrest"]


def test_millions_of_almost_delimiters_cost_no_step_each() -> None:
    source = message(FROM, MIXED, body=b"--outerx\n" * 2_000_000)
    began = time.thread_time()
    assert skim(source).is_cut
    assert time.thread_time() - began < 0.3
