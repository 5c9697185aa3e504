"""From the source to what a reader is shown: one View out of what the parts of this package find.

Codes, links and the kinds of files are filled in by those who know about them.
"""

from collections.abc import Iterator

from inbox.mail.bodies import attachment_parts
from inbox.mail.cards import cards_of
from inbox.mail.charsets import decode_header_bytes
from inbox.mail.fields import LONGEST_HEADER_BYTES, decode_words, parse_mailboxes
from inbox.mail.hops import hops_of
from inbox.mail.links import sender_marks
from inbox.mail.parse import Attachment, Parsed, read
from inbox.mail.skim import Part, Skimmed, skim, walk
from inbox.mail.transfer import decoded_size
from inbox.mail.view import FileView, Node, View

_MOST_REPLY_ADDRESSES = 5


def view_of(source: bytes, parsed: Parsed | None = None) -> View:
    """The message as it is shown; `parsed` is read(source) where that is known already. Never raises."""
    parsed = read(source) if parsed is None else parsed
    try:
        skimmed = skim(source)
        structure = tuple(_structure(source, skimmed, parsed.attachments))
        cards = cards_of(source, skimmed)
        hops = hops_of(skimmed.fields)
        reply_to = _reply_to(skimmed)
        marks = sender_marks(_sender_as_sent(skimmed), parsed.sender.address)
        is_cut = skimmed.is_cut
    except Exception:  # what is told beside the letter must not take the letter away
        structure, cards, hops, reply_to, marks, is_cut = (), (), (), "", (), False
    return View(
        subject=parsed.subject,
        sender_name=parsed.sender.name,
        sender_address=parsed.sender.address,
        recipients=parsed.recipients,
        cc=parsed.cc,
        reply_to=reply_to,
        date=parsed.date.isoformat() if parsed.date else "",
        text=parsed.text,
        has_html=bool(parsed.html),
        notes=parsed.notes,
        files=tuple(
            FileView(
                index=file.index,
                name=file.name,
                content_type=file.content_type,
                size_bytes=file.size_bytes,
                inline=file.inline,
                derived=file.derived,
                unpacked=file.unpacked,
            )
            for file in parsed.attachments
        ),
        cards=cards,
        headers=parsed.headers,
        hops=hops,
        structure=structure,
        sender_marks=marks,
        is_cut=is_cut,
    )


def structure_parts(skimmed: Skimmed) -> Iterator[Part]:
    """The parts in the order of View.structure: part number n of one is part number n of the other."""
    return walk(skimmed.root)


def _structure(source: bytes, skimmed: Skimmed, attachments: tuple[Attachment, ...]) -> Iterator[Node]:
    numbers = {id(part): number for number, part in enumerate(attachment_parts(skimmed))}
    for part in structure_parts(skimmed):
        index = numbers.get(id(part), -1)
        yield Node(
            depth=_depth(part),
            content_type=part.content_type,
            name=part.name,
            size_bytes=_size(source, part) if index < 0 else attachments[index].size_bytes,
            charset=part.charset,
            encoding=part.encoding,
            index=index,
        )


def _depth(part: Part) -> int:
    depth = 0
    while part.parent is not None:
        part, depth = part.parent, depth + 1
    return depth


def _size(source: bytes, part: Part) -> int:
    """Of a container as sent, of a leaf decoded."""
    if part.is_multipart:
        return part.end - part.start
    return decoded_size(source, part.start, part.end, part.encoding)


def _sender_as_sent(skimmed: Skimmed) -> str:
    """The line that names the sender, decoded but not yet made harmless."""
    raw = skimmed.first(b"from") or b""
    text = decode_header_bytes(raw[:LONGEST_HEADER_BYTES], skimmed.hints())
    return decode_words(" ".join(line.strip() for line in text.split("\n"))).strip()


def _reply_to(skimmed: Skimmed) -> str:
    """Where answers go, where that is elsewhere than to the sender."""
    raw = skimmed.first(b"reply-to")
    if raw is None:
        return ""
    asked = parse_mailboxes(raw, _MOST_REPLY_ADDRESSES)
    sender = skimmed.first(b"from")
    senders = {one.address.lower() for one in parse_mailboxes(sender, 1)} if sender is not None else set()
    if {one.address.lower() for one in asked} <= senders:
        return ""
    return ", ".join(map(str, asked))
