"""Each of our own messages is shown as it was meant (tests/mail/golden says how to write results anew)."""

import pytest

from inbox.mail.parse import attachment_bytes, inner_source, read
from tests.mail import golden
from tests.mail.test_parse import traced


@pytest.mark.parametrize("name", golden.NAMES)
def test_a_message_is_shown_as_its_sender_meant(name: str) -> None:
    assert golden.shown(golden.source_of(name)) == golden.expected(name)


@pytest.mark.parametrize("name", golden.NAMES)
def test_a_message_that_was_stored_is_shown_as_it_was_sent(name: str) -> None:
    source = golden.source_of(name)
    sent, stored = read(source), read(traced(source))
    assert (stored.sender, stored.subject, stored.text) == (sent.sender, sent.subject, sent.text)
    assert [file.name for file in stored.attachments] == [file.name for file in sent.attachments]
    assert stored.notes == sent.notes


def test_a_message_inside_is_a_source_of_its_own() -> None:
    inner = inner_source(golden.source_of("message-inside"), 0)
    parsed = read(inner)
    assert (parsed.subject, parsed.text) == ("Ursprünglich", "Inner words.")
    assert attachment_bytes(inner, parsed.attachments[0].index) == b"%PDF inner"
    assert read(inner_source(golden.source_of("message-inside-base64"), 0)).text.strip() == "Inner words."
    assert read(inner_source(golden.source_of("digest"), 1)).text == "Text two."


@pytest.mark.parametrize(
    ("name", "index"), [("names-rfc2231", 0), ("message-inside", 1), ("message-inside", -1)]
)
def test_a_file_that_is_no_message_is_no_source(name: str, index: int) -> None:
    with pytest.raises(IndexError):
        inner_source(golden.source_of(name), index)
