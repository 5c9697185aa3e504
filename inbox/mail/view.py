"""What a reader is shown of a message: plain values that travel from the worker as JSON.

Nothing in it is HTML, and nothing in it is to be believed: all of it is what the message says of itself,
decoded and bounded. The letter's own HTML goes another way (html.py), straight into its frame.
"""

from dataclasses import asdict, dataclass
from typing import Any

#: The text of a message that has none; a page says it in its own language.
NO_TEXT = "This message has no text."


@dataclass(frozen=True, slots=True)
class FileView:
    """A file of the message; `index` is what attachment_pieces() takes."""

    index: int
    name: str
    content_type: str
    """As declared."""
    size_bytes: int
    inline: bool = False
    """A picture that the letter shows inside itself."""
    kind: str = ""
    """What the content is ("png", "pdf", "zip", "exe"); "" where that cannot be told."""
    marks: tuple[str, ...] = ()
    """Of "double-extension", "executable", "macros", "type-differs", "encrypted-archive"."""
    preview: str = ""
    """How it can be looked at: "picture", "pdf", "text", "table", "audio", "video", "archive"; or ""."""
    derived: bool = False
    """Taken out of another file or out of the text: it has no place of its own in the source."""
    unpacked: bool = False
    """What it holds is shown, or listed as files of their own."""


@dataclass(frozen=True, slots=True)
class Card:
    """Something the message is, beside its words: an invitation, a contact, a report."""

    kind: str
    """Of "event", "contact", "report", "complaint", "message", "signed", "encrypted", "partial",
    "external".
    """
    lines: tuple[tuple[str, str], ...] = ()
    """Label codes ("what", "when", "where", "who", "failed", "why"…) and values; times in ISO 8601."""
    index: int = -1
    """The file it was read from, or -1."""


@dataclass(frozen=True, slots=True)
class Hop:
    """One Received field, as it says itself; the newest first."""

    by: str
    from_: str
    with_: str
    at: str
    """ISO 8601 in UTC, or ""."""
    delay_seconds: int | None = None
    """Since the hop before it; None where one of the two times is missing."""


@dataclass(frozen=True, slots=True)
class Node:
    """A part of the message, with those inside it; `depth` counts from 0, in the order of the source."""

    depth: int
    content_type: str
    name: str
    size_bytes: int
    charset: str
    encoding: str
    index: int = -1
    """The number of the file that it is, or -1."""


@dataclass(frozen=True, slots=True)
class LinkView:
    """A link of the letter, and where it really leads."""

    text: str
    url: str
    host: str
    marks: tuple[str, ...] = ()
    """Of "differs", "punycode", "mixed-scripts", "number", "userinfo", "other-scheme"."""


@dataclass(frozen=True, slots=True)
class VerifyLink:
    """The one link most people came for; `kind` is "confirm", "activate", "reset" or "sign-in"."""

    url: str
    host: str
    kind: str


@dataclass(frozen=True, slots=True)
class View:
    """A message ready to be shown."""

    subject: str = ""
    sender_name: str = ""
    sender_address: str = ""
    recipients: str = ""
    cc: str = ""
    reply_to: str = ""
    date: str = ""
    """The Date field in ISO 8601, or ""."""
    text: str = ""
    has_html: bool = False
    notes: tuple[str, ...] = ()
    """Quiet lines about what was guessed, repaired or cut: constants of parse.py."""
    files: tuple[FileView, ...] = ()
    cards: tuple[Card, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    hops: tuple[Hop, ...] = ()
    structure: tuple[Node, ...] = ()
    code: str = ""
    verify: VerifyLink | None = None
    links: tuple[LinkView, ...] = ()
    sender_marks: tuple[str, ...] = ()
    is_cut: bool = False

    def to_json(self) -> dict[str, Any]:
        """Plain values, for json.dumps()."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "View":
        """The view that to_json() gave. Raises TypeError or ValueError for anything else."""
        verify = values["verify"]
        return cls(
            **{
                **values,
                "notes": tuple(values["notes"]),
                "files": tuple(FileView(**_with_tuple(file, "marks")) for file in values["files"]),
                "cards": tuple(
                    Card(card["kind"], tuple((label, value) for label, value in card["lines"]), card["index"])
                    for card in values["cards"]
                ),
                "headers": tuple((name, value) for name, value in values["headers"]),
                "hops": tuple(Hop(**hop) for hop in values["hops"]),
                "structure": tuple(Node(**node) for node in values["structure"]),
                "verify": None if verify is None else VerifyLink(**verify),
                "links": tuple(LinkView(**_with_tuple(link, "marks")) for link in values["links"]),
                "sender_marks": tuple(values["sender_marks"]),
            }
        )


def _with_tuple(values: dict[str, Any], name: str) -> dict[str, Any]:
    return {**values, name: tuple(values[name])}
