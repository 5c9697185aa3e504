"""Whatever arrives has a row and opens: our own messages, and every sample beside the repository."""

import os
import time
from pathlib import Path

import pytest

from inbox.mail import Parsed, Summary, attachment_pieces, frame_document, read, summarise, text_to_html
from inbox.mail.parse import NO_TEXT, NOTE_RAW
from tests.mail.corpus import MESSAGES

_BESIDE = Path(__file__).resolve().parents[3] / "shared" / "mail-samples"
SAMPLES = Path(os.environ.get("MAIL_SAMPLES", _BESIDE))

# Ours are always run; the samples belong to others and are not part of the repository.
CASES = dict(MESSAGES) | {
    str(path.relative_to(SAMPLES)): path.read_bytes()
    for path in (sorted(SAMPLES.rglob("*")) if SAMPLES.is_dir() else ())
    if path.is_file() and path.suffix in (".eml", ".msg", ".raw", ".txt") and path.name != "SOURCE"
}


@pytest.fixture(params=list(CASES), ids=str)
def source(request: pytest.FixtureRequest) -> bytes:
    return CASES[request.param]


@pytest.mark.skipif(not SAMPLES.is_dir(), reason=f"{SAMPLES} (MAIL_SAMPLES) is not there: no samples tried")
def test_the_samples_of_other_projects_are_among_them() -> None:
    assert len(CASES) > len(MESSAGES)


def test_it_has_a_row_that_says_something(source: bytes) -> None:
    summary = summarise(source)
    if source.strip():
        assert summary.subject or summary.snippet or summary.attachment_names or summary.sender_address
    assert_clean_lines(summary)
    assert Summary.from_json(summary.to_json()) == summary
    assert summarise(bytearray(source)) == summary


def test_it_opens_and_is_never_blank(source: bytes) -> None:
    began = time.monotonic()
    parsed = read(source)
    assert time.monotonic() - began < 2
    assert parsed.text.strip()
    assert NOTE_RAW not in parsed.notes
    if parsed.text == NO_TEXT:
        assert parsed.attachments or parsed.subject or parsed.sender.address or not source.strip()
    assert_valid_text(parsed)
    text_to_html(parsed.text).encode()
    if parsed.html:
        document = frame_document(parsed.html, inline_image=lambda _content_id: None)
        assert document.encode()


def test_a_file_is_the_same_file_in_the_list_and_in_the_download(source: bytes) -> None:
    for attachment in read(source).attachments[:50]:
        pieces = list(attachment_pieces(source, attachment.index))
        assert sum(map(len, pieces)) == attachment.size_bytes
        assert all(0 < len(piece) <= 256 * 1024 for piece in pieces)


def assert_clean_lines(summary: Summary) -> None:
    for text in (summary.sender_name, summary.sender_address, summary.subject, summary.snippet, summary.date):
        assert text.isprintable() or not any(ord(c) < 32 or 0x7F <= ord(c) < 0xA0 for c in text)
        text.encode()
    assert len(summary.snippet) <= 200


def assert_valid_text(parsed: Parsed) -> None:
    for text in (parsed.text, parsed.html, parsed.subject, parsed.recipients, parsed.cc, str(parsed.sender)):
        text.encode()
        assert not any(character in text for character in "\0\x07\x1b\x7f\x9b\r")
