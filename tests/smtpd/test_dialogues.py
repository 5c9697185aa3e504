"""The conversations of tests/dialogues, replayed against a listener that really listens.

    C: a line that the client sends, CRLF at its end; lines in a row leave in one write
    R: raw bytes, written as in Python, without a CRLF of their own
    S: one line of a reply; * stands for anything
    S: <closed>  the listener closes
    M: NAME 2    so many messages are in the mailbox
    B: NAME text the newest message of the mailbox is exactly this after the trace header (as in Python)
    T: NAME text its trace header has this in it

{live}, {second} and {third} are addresses of living mailboxes, {ended} of one whose time is over, {dead} of
none; {live_local} and {live_domain} are the parts of an address.
"""

from __future__ import annotations

import ast
import fnmatch
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from inbox.models import Mailbox
from tests.smtpd.conftest import Held, Listening, Talk

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "queue"])

DIALOGUES = Path(__file__).parent.parent / "dialogues"


@pytest.mark.parametrize("dialogue", sorted(path.stem for path in DIALOGUES.glob("*.txt")))
def test_dialogue(dialogue: str, listening: Listening, new_mailbox: Callable[[], Held]) -> None:
    held = {name: new_mailbox() for name in ("live", "second", "third", "ended")}
    end(held["ended"])
    names = {name: mailbox.address for name, mailbox in held.items()} | {"dead": "never.was@one.example"}
    for name, mailbox in held.items():
        names[f"{name}_local"], _, names[f"{name}_domain"] = mailbox.address.partition("@")
    talk = listening.talk()
    together = b""
    for number, line in enumerate((DIALOGUES / f"{dialogue}.txt").read_text().splitlines(), start=1):
        if not line or line.startswith("#"):
            continue
        kind, _, text = line.partition(": ") if ": " in line else (line.rstrip(":"), "", "")
        text = re.sub(r"\{(\w+)\}", lambda match: names[match[1]], text)
        if kind in ("C", "R"):
            together += f"{text}\r\n".encode() if kind == "C" else as_bytes(text)
            continue
        if together:
            talk.send(together)
            together = b""
        check(kind, text, talk, held, f"{dialogue}.txt:{number}")
    assert not together, "a dialogue ends with what the server says"


def check(kind: str, text: str, talk: Talk, held: dict[str, Held], where: str) -> None:
    name, _, rest = text.partition(" ")
    if kind == "S":
        said = talk.line()
        # The brackets of fnmatch are ordinary characters here.
        pattern = "" if text == "<closed>" else text.replace("[", "[[]").replace("?", "[?]")
        assert fnmatch.fnmatchcase(said, pattern), f"{where}: expected {text!r}, got {said!r}"
    elif kind == "M":
        assert held[name].count() == int(rest), where
    elif kind == "B":
        assert held[name].bodies()[-1] == as_bytes(rest), where
    elif kind == "T":
        trace = held[name].sources()[-1][: -len(held[name].bodies()[-1]) or None].decode()
        assert rest in trace.replace("\r\n\t", " "), f"{where}: {trace!r}"
    else:
        pytest.fail(f"{where}: what is {kind!r}?")


def as_bytes(text: str) -> bytes:
    """Text with Python's escapes, as bytes."""
    value = ast.literal_eval('b"' + text.replace('"', '\\"') + '"')
    assert isinstance(value, bytes)
    return value


def end(mailbox: Held) -> None:
    row = Mailbox.objects.get(pk=mailbox.pk)
    row.expires_at -= timedelta(days=1)
    row.save(update_fields=["expires_at"])
