"""Codes and links against letters of our own that say what is right: half of them are traps."""

import json
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import pytest

from inbox.mail.finds import find
from tests.support import ROOT

FOLDER = ROOT / "tests" / "mail" / "labelled"
HELD_OUT = "held_out"


@dataclass
class Tally:
    """How often something was right, said wrongly, and missed."""

    right: int = 0
    wrong: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)

    def count(self, found: str, expected: str, example: dict[str, Any]) -> None:
        if found == expected:
            self.right += bool(expected)
            return
        said = f"{example['language']} {example['subject']!r}: {found!r}, not {expected!r}"
        if found:
            self.wrong.append(said)
        if expected:
            self.missed.append(said)

    @property
    def precision(self) -> float:
        return self.right / (self.right + len(self.wrong))

    @property
    def recall(self) -> float:
        return self.right / (self.right + len(self.missed))


def examples(*, held_out: bool) -> list[dict[str, Any]]:
    return [
        example
        for path in sorted(FOLDER.glob("*.json"))
        if path.name.startswith(HELD_OUT) == held_out
        for example in json.loads(path.read_text(encoding="utf-8"))
    ]


@cache
def tallies(*, held_out: bool) -> dict[str, Tally]:
    codes, links = Tally(), Tally()
    for example in examples(held_out=held_out):
        finds = find(example["subject"], example.get("text", ""), example.get("html", ""))
        codes.count(finds.code, example["code"], example)
        links.count(finds.verify.url if finds.verify else "", example["link"], example)
    return {"codes": codes, "links": links}


def test_there_are_enough_examples_and_half_are_traps() -> None:
    known = examples(held_out=False)
    assert len(known) >= 300
    assert sum(not example["code"] and not example["link"] for example in known) * 2 >= len(known)
    assert len({example["language"] for example in known}) >= 25
    assert len(examples(held_out=True)) >= 80


@pytest.mark.parametrize("held_out", [False, True])
@pytest.mark.parametrize("what", ["codes", "links"])
def test_hardly_one_is_wrong_and_few_are_missed(what: str, held_out: bool) -> None:
    tally = tallies(held_out=held_out)[what]
    print(
        f"{what}: precision {tally.precision:.3f}, recall {tally.recall:.3f}",
        *tally.wrong,
        *tally.missed,
        sep="\n  ",
    )
    assert tally.precision >= 0.99
    assert tally.recall >= 0.95
