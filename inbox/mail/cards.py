"""What a message is beside its words: an invitation, a contact, a report, signed, encrypted, one inside."""

from collections.abc import Callable, Iterator

from inbox.mail import charsets
from inbox.mail.bodies import attachment_parts, body_parts, is_body
from inbox.mail.calendars import contact_cards, event_cards
from inbox.mail.cms import read_cms
from inbox.mail.fields import clean_text, decode_field, one_line, parse_date
from inbox.mail.parse import MESSAGE_TYPES
from inbox.mail.reports import complaint_lines, delivery_lines, receipt_lines, told_lines
from inbox.mail.skim import Part, Skimmed, skim, walk
from inbox.mail.summary import sender_of
from inbox.mail.transfer import decoded_prefix
from inbox.mail.unpacking import Unpacked, is_cms, unpacked_files
from inbox.mail.view import Card

MOST_CARDS = 30
_LARGEST_BYTES = 256 * 1024
_LONGEST_VALUE = 400

#: What it was signed or encrypted with; names, not for translation.
OPENPGP = "OpenPGP"
SMIME = "S/MIME"

_CALENDARS = frozenset(("text/calendar", "application/ics", "text/x-vcalendar"))
_CONTACTS = frozenset(("text/vcard", "text/x-vcard", "text/directory", "text/x-vcf", "application/vcard"))
_DELIVERY = frozenset(("message/delivery-status", "message/global-delivery-status"))
_RECEIPTS = frozenset(("message/disposition-notification", "message/global-disposition-notification"))

_PGP_MESSAGE = b"-----BEGIN PGP MESSAGE-----"
_PGP_SIGNED = b"-----BEGIN PGP SIGNED MESSAGE-----"


def cards_of(source: bytes, skimmed: Skimmed) -> tuple[Card, ...]:
    """The cards of a message in the order of its parts, at most MOST_CARDS."""
    cards: list[Card] = []
    numbers = {id(part): number for number, part in enumerate(attachment_parts(skimmed))}
    for part in walk(skimmed.root):
        for card in _cards(source, part, numbers.get(id(part), -1)):
            # One message is signed or encrypted once, for whoever reads it.
            if card.kind not in ("signed", "encrypted") or all(card.kind != one.kind for one in cards):
                cards.append(card)
        if len(cards) >= MOST_CARDS:
            return tuple(cards[:MOST_CARDS])
    if not any(card.kind == "report" for card in cards):
        cards[:0] = _told(source, skimmed)
    for index, file in enumerate(unpacked_files(source, skimmed), start=len(numbers)):
        cards += _of_file(file, index)
    return tuple(cards[:MOST_CARDS])


def _told(source: bytes, skimmed: Skimmed) -> Iterator[Card]:
    """What a mailer says in its own words: only where it is one that writes, by the way its mail is sent."""
    sender = sender_of(skimmed)
    name = (sender.address or sender.name).partition("@")[0]
    if (skimmed.first(b"return-path") or b"").strip() != b"<>" and name.lower() != "mailer-daemon":
        return
    part = next(body_parts(skimmed), None)
    if part is not None and part.content_type == "text/plain":
        lines = tuple(told_lines(_text(_content(source, part), part.charset)))
        if lines:
            yield Card("report", lines)


def _cards(source: bytes, part: Part, index: int) -> Iterator[Card]:
    if part.children:
        yield from _of_container(part)
        return
    kind = part.content_type
    of_text = _of_type(kind, part.name)
    if of_text is not None:
        text = _text(_content(source, part), part.charset)
        yield from (Card(card, lines, index) for card, lines in of_text(text) if lines)
    elif kind in MESSAGE_TYPES:
        content = _content(source, part)
        if content.strip():
            yield _message_card(content, index)
    elif kind == "message/partial":
        yield Card("partial", tuple(_partial_lines(part)), index)
    elif kind == "message/external-body":
        yield Card("external", tuple(_external_lines(part)), index)
    elif is_cms(part):
        found = read_cms(decoded_prefix(source, part.start, part.end, part.encoding, 4096)).kind
        if found or part.parameters.get("smime-type", "").startswith("enveloped"):
            yield Card(found or "encrypted", (("method", SMIME),), index)
    elif is_body(part) and kind == "text/plain":
        beginning = decoded_prefix(source, part.start, part.end, part.encoding, 4096)
        if _PGP_SIGNED in beginning:
            yield Card("signed", (("method", OPENPGP),))
        elif _PGP_MESSAGE in beginning:
            yield Card("encrypted", (("method", OPENPGP),))


def _of_container(part: Part) -> Iterator[Card]:
    protocol = part.parameters.get("protocol", "").lower()
    method = SMIME if "pkcs7" in protocol else OPENPGP if "pgp" in protocol else ""
    lines = (("method", method),) if method else ()
    if part.content_type == "multipart/signed":
        yield Card("signed", lines)
    elif part.content_type == "multipart/encrypted":
        yield Card("encrypted", lines)


def _of_file(file: Unpacked, index: int) -> Iterator[Card]:
    of_text = _of_type(file.content_type, file.name)
    if of_text is not None:
        text = _text(file.content[:_LARGEST_BYTES], "")
        yield from (Card(card, lines, index) for card, lines in of_text(text) if lines)
    elif file.content_type in MESSAGE_TYPES:
        yield _message_card(file.content[:_LARGEST_BYTES], index)


_Lines = tuple[tuple[str, str], ...]


def _of_type(content_type: str, name: str) -> Callable[[str], Iterator[tuple[str, _Lines]]] | None:
    """What makes cards of a text of this type."""
    extension = name.rpartition(".")[2].lower() if content_type == "application/octet-stream" else ""
    if content_type in _CALENDARS or extension == "ics":
        return lambda text: (("event", lines) for lines in event_cards(text))
    if content_type in _CONTACTS or extension == "vcf":
        return lambda text: (("contact", lines) for lines in contact_cards(text))
    if content_type in _DELIVERY:
        return lambda text: iter([("report", tuple(delivery_lines(text)))])
    if content_type == "message/feedback-report":
        return lambda text: iter([("complaint", tuple(complaint_lines(text)))])
    if content_type in _RECEIPTS:
        return lambda text: iter([("report", tuple(receipt_lines(text)))])
    return None


def _message_card(raw: bytes, index: int) -> Card:
    inner = skim(raw)
    lines = []
    sender = str(sender_of(inner))
    if sender:
        lines.append(("from", one_line(sender, _LONGEST_VALUE)))
    subject = inner.first(b"subject")
    if subject is not None and (said := decode_field(subject, _LONGEST_VALUE, inner.hints())):
        lines.append(("subject", said))
    date = inner.first(b"date")
    moment = parse_date(date) if date is not None else None
    if moment is not None:
        lines.append(("date", moment.isoformat()))
    return Card("message", tuple(lines), index)


def _partial_lines(part: Part) -> Iterator[tuple[str, str]]:
    number, total = part.parameters.get("number", ""), part.parameters.get("total", "")
    if number:
        yield "part", one_line(f"{number} / {total}" if total else number, 40)


def _external_lines(part: Part) -> Iterator[tuple[str, str]]:
    parameters = part.parameters
    for label, name in (("name", "name"), ("web", "url"), ("server", "site"), ("method", "access-type")):
        value = one_line(parameters.get(name, ""), _LONGEST_VALUE)
        if value:
            yield label, value


def _content(source: bytes, part: Part) -> bytes:
    return decoded_prefix(source, part.start, part.end, part.encoding, _LARGEST_BYTES)


def _text(raw: bytes, label: str) -> str:
    # Calendars and contacts are UTF-8 unless they say otherwise (RFC 5545 3.1.4, RFC 6350 3.1).
    return clean_text(charsets.decode(raw, label, cut=len(raw) == _LARGEST_BYTES, thorough=True)[0])
