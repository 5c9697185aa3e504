"""What fuzzing found once is tried with every run of the tests; and the fuzzer itself runs."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import pytest

from tests.fuzz.__main__ import CASES, NAMES
from tests.fuzz.alphabet import BLANKS, HTML, MAIL, TEXT, as_bytes, as_text, spelled
from tests.fuzz.targets import TARGETS, Broken, require
from tests.mail.corpus import MESSAGES
from tests.mail.vectors import VECTORS
from tests.support import ROOT

FOUND = [(path.parent.name, path) for path in sorted(CASES.glob("*/*"))]


@pytest.mark.parametrize(("name", "path"), FOUND, ids=[f"{name}-{path.name}" for name, path in FOUND])
def test_what_was_found_once_is_fine_now(name: str, path: pytest.FixtureRequest) -> None:
    TARGETS[name](path.read_bytes())  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", NAMES)
def test_every_target_takes_what_we_know(name: str) -> None:
    assert set(TARGETS) == set(NAMES)
    for data in (b"", b"\0", b"\1", bytes(range(256)), b"\0" + bytes(range(256))):
        TARGETS[name](data)
    for source in MESSAGES.values():
        TARGETS[name](b"\1" + source[:4000])
    for vector in VECTORS[::10]:
        TARGETS[name](b"\1" + vector.encode("utf-8", "replace"))


def test_bytes_are_taken_as_they_are_or_as_words() -> None:
    assert as_bytes(b"\1From: x", MAIL) == b"From: x"
    assert as_bytes(bytes((0, MAIL.index("From:"), MAIL.index("word"))), MAIL) == b"From:word"
    assert as_text(bytes((2, len(TEXT))), TEXT) == "\r\n"
    assert spelled(bytes((0, len(MAIL) + len(BLANKS) + 2)), MAIL) == MAIL[0] * 4
    assert len(spelled(bytes((1, *[255] * 4000)), MAIL)) == 200_000


@pytest.mark.parametrize("words", [MAIL, HTML, TEXT])
def test_every_word_can_be_spelled_by_one_byte(words: list[str]) -> None:
    assert len(words) + len(BLANKS) < 250


def test_a_result_that_must_not_be_is_noticed() -> None:
    with pytest.raises(Broken, match="why"):
        require(False, "why")


@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="atheris has no wheel here")
def test_the_fuzzer_runs() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz", "2", "codes"],
        cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "codes: " in done.stdout
