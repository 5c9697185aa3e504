"""Messages of our own, one of each kind that mail comes in, and what a reader is shown of each.

Beside every `name.eml` lies `name.json`. After a change that is meant, `python -m tests.mail.golden --update`
writes the JSON anew; what it changed is looked at (git diff) before it is believed.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

from inbox.mail import summarise
from inbox.mail.parse import attachment_bytes, read
from inbox.mail.viewing import view_of

FOLDER = Path(__file__).parent
NAMES = sorted(path.stem for path in FOLDER.glob("*.eml"))


def source_of(name: str) -> bytes:
    """The message, byte for byte."""
    return (FOLDER / f"{name}.eml").read_bytes()


def expected(name: str) -> dict[str, Any]:
    """What is written down."""
    shown: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text())
    return shown


def shown(source: bytes) -> dict[str, Any]:
    """What of a message makes the golden result: all that its sender meant, nothing that is found in it."""
    parsed = read(source)
    view = view_of(source, parsed).to_json()
    row = summarise(source).to_json()
    for name in ("code", "verify", "links", "sender_marks", "headers"):
        del view[name]
    for file in view["files"]:
        del file["kind"], file["marks"], file["preview"]
        file["sha256"] = hashlib.sha256(attachment_bytes(source, file["index"])).hexdigest()[:16]
    names = ("sender_name", "sender_address", "subject", "date", "snippet", "attachment_names")
    result = view | {"html": parsed.html, "row": {name: row[name] for name in names}}
    again: dict[str, Any] = json.loads(json.dumps(result))
    return again


def update() -> list[str]:
    """Write every result that differs; the names of those."""
    changed = []
    for name in NAMES:
        path = FOLDER / f"{name}.json"
        text = json.dumps(shown(source_of(name)), ensure_ascii=False, indent=1) + "\n"
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
            changed.append(name)
    return changed
