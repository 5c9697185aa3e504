"""What a reader is shown of a message, and that it survives the way from the worker."""

import json
import time

import pytest

from inbox.mail.view import View
from inbox.mail.viewing import view_of
from tests.mail.corpus import FROM, MESSAGES, SUBJECT, message


@pytest.mark.parametrize("name", list(MESSAGES))
def test_a_view_comes_back_from_json_as_it_was(name: str) -> None:
    view = view_of(MESSAGES[name])
    assert View.from_json(json.loads(json.dumps(view.to_json()))) == view
    assert view.text.strip()


def test_the_structure_names_each_part_and_the_number_of_its_file() -> None:
    view = view_of(MESSAGES["mixed with a file"])
    assert [(node.depth, node.content_type, node.index) for node in view.structure] == [
        (0, "multipart/mixed", -1),
        (1, "text/plain", -1),
        (1, "application/pdf", 0),
    ]
    assert view.structure[2].size_bytes == view.files[0].size_bytes
    assert view.structure[2].name == "report.pdf"
    assert view.structure[1].charset == "utf-8"


def test_an_answer_that_goes_elsewhere_is_said_and_one_to_the_sender_is_not() -> None:
    assert view_of(message(FROM, "Reply-To: Other <o@else.example>", body="x")).reply_to == (
        "Other <o@else.example>"
    )
    assert view_of(message(FROM, "Reply-To: ADA@sender.example", body="x")).reply_to == ""


def test_hops_are_told_with_their_delays_the_newest_first() -> None:
    view = view_of(
        message(
            "Received: from b.example ([192.0.2.1])\r\n\tby us.example with ESMTPS id 1;\r\n"
            "\tTue, 24 Nov 2026 10:00:30 +0000",
            "Received: from a.example (helo a [198.51.100.7])\r\n by b.example (Postfix) with SMTP\r\n"
            " id 2 for <x@y.example>; Tue, 24 Nov 2026 11:00:00 +0100",
            "Received: (qmail 17 invoked by uid 0); 24 Nov 2026 09:59:59 -0000",
            "Received: nonsense",
            FROM,
            body="x",
        )
    )
    first, second, third, last = view.hops
    assert (first.by, first.from_, first.with_) == ("us.example", "b.example ([192.0.2.1])", "ESMTPS")
    assert first.at == "2026-11-24T10:00:30+00:00"
    assert first.delay_seconds == 30
    assert (second.by, second.from_, second.with_) == (
        "b.example",
        "a.example (helo a [198.51.100.7])",
        "SMTP",
    )
    assert second.delay_seconds == 1
    assert (third.by, third.with_) == ("", "qmail 17 invoked by uid 0")
    assert third.delay_seconds is None
    assert (last.at, last.with_) == ("", "nonsense")


def test_hops_end_at_fifty_and_hostile_ones_are_quick() -> None:
    received = b"Received: " + b"(" * 5000 + b" from by with ; ;" * 50 + b"\r\n"
    source = received * 1000 + message(FROM, SUBJECT, body="x")
    began = time.thread_time()
    view = view_of(source)
    assert time.thread_time() - began < 2
    assert len(view.hops) <= 50


@pytest.mark.parametrize(
    ("sender", "marks"),
    [
        ("Ada <ada@sender.example>", ()),
        ("=?utf-8?Q?Ada_=F0=9F=91=A9=E2=80=8D=F0=9F=92=BB?=\r\n    <ada@sender.example>", ()),
        ("ada@sender.example <ada@sender.example>", ()),
        ('"service@bank.example" <ada@sender.example>', ("other-address",)),
        ("=?utf-8?Q?Bank=E2=80=AE?= <ada@sender.example>", ("hidden",)),
        ("Bank" + " " * 40 + "x <ada@sender.example>", ("hidden",)),
    ],
)
def test_a_name_that_hides_the_address_is_marked_as_it_was_sent(sender: str, marks: tuple[str, ...]) -> None:
    assert view_of(message(f"From: {sender}", SUBJECT, body="x")).sender_marks == marks


def test_nothing_that_is_declared_of_a_part_brings_controls_along() -> None:
    source = message(
        FROM,
        b'Content-Type: text/plain\0\x1b[m; charset=utf\0-8\x07; name="a\0b"',
        b"Content-Transfer-Encoding: 8b\0it",
        b"Content-Disposition: attachment\0",
        body="x",
    )
    (node,) = view_of(source).structure
    assert (node.content_type, node.charset, node.encoding) == ("text/plain", "utf-8", "8bit")
    assert "\0" not in json.dumps(view_of(source).to_json(), ensure_ascii=False)
