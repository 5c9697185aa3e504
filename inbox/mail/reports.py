"""Delivery reports (RFC 3464) and receipts (RFC 8098) as lines that people understand."""

import re
from collections.abc import Iterator

from inbox.mail.fields import one_line
from inbox.mail.noop import gettext_noop

MOST_RECIPIENTS = 10
_LONGEST = 400
_FIELD = re.compile(r"^([A-Za-z-]{1,60})[ \t]*:(.*(?:\n[ \t].*)*)", re.M)
_STATUS = re.compile(r"([245])\.(\d{1,3})\.(\d{1,3})")
_STATUS_IN_TEXT = re.compile(r"(?<![\d.])([45])\.(\d{1,2})\.(\d{1,2})(?![\d.])")

# RFC 3463 3 in plain words, by subject and detail; for translation. A subject alone stands for the rest.
WHY = {
    "0": gettext_noop("The server did not say why."),
    "1": gettext_noop("There is something wrong with the address."),
    "1.1": gettext_noop("There is no such mailbox."),
    "1.2": gettext_noop("There is no such domain."),
    "1.3": gettext_noop("The address is not written as an address should be."),
    "1.4": gettext_noop("The address may mean several mailboxes."),
    "1.6": gettext_noop("The mailbox has moved, and nobody said where to."),
    "1.7": gettext_noop("The sender's address is not written as an address should be."),
    "1.8": gettext_noop("The sender's domain does not exist."),
    "1.10": gettext_noop("The domain takes no mail."),
    "2": gettext_noop("There is something wrong with the mailbox."),
    "2.1": gettext_noop("The mailbox is switched off."),
    "2.2": gettext_noop("The mailbox is full."),
    "2.3": gettext_noop("The message is larger than the mailbox takes."),
    "2.4": gettext_noop("A mailing list could not be read."),
    "3": gettext_noop("There is something wrong with the server."),
    "3.1": gettext_noop("The server's disk is full."),
    "3.2": gettext_noop("The server takes no mail at the moment."),
    "3.4": gettext_noop("The message is too large for the server."),
    "4": gettext_noop("The server could not be reached."),
    "4.1": gettext_noop("The server did not answer."),
    "4.2": gettext_noop("The connection broke."),
    "4.3": gettext_noop("The way to the server could not be found."),
    "4.4": gettext_noop("The way to the server could not be found."),
    "4.6": gettext_noop("The message went in a circle."),
    "4.7": gettext_noop("Delivery took too long and was given up."),
    "5": gettext_noop("The servers did not understand one another."),
    "6": gettext_noop("The server could not handle the contents."),
    "6.1": gettext_noop("The server does not take this kind of contents."),
    "7": gettext_noop("The server refused the message by its own rules."),
    "7.1": gettext_noop("The server refused the message by its own rules."),
    "7.20": gettext_noop("The signature of the message did not fit."),
    "7.23": gettext_noop("The sender's domain does not allow the server that sent it."),
    "7.25": gettext_noop("The sending server has no name of its own."),
    "7.26": gettext_noop("The sender could not be confirmed."),
}
LATER = gettext_noop("It is still being tried.")

_ACTIONS = {
    "failed": "failed",
    "delayed": "delayed",
    "delivered": "delivered",
    "relayed": "delivered",
    "expanded": "delivered",
}

Line = tuple[str, str]


def delivery_lines(text: str) -> Iterator[Line]:
    """What became of the message for each of its recipients (message/delivery-status)."""
    count = 0
    for block in re.split(r"\n[ \t]*\n", text)[: MOST_RECIPIENTS * 4]:
        fields = _fields(block)
        recipient = fields.get("final-recipient") or fields.get("original-recipient")
        if recipient is None or count >= MOST_RECIPIENTS:
            continue
        count += 1
        action = fields.get("action", "").lower()
        label = next((label for word, label in _ACTIONS.items() if action.startswith(word)), "failed")
        address = _behind_type(recipient)
        original = _behind_type(fields.get("original-recipient", ""))
        if original and original.lower() != address.lower():
            address = f"{original} ({address})"
        yield label, one_line(address, _LONGEST)
        diagnostic = _behind_type(fields.get("diagnostic-code", ""))
        why = _why(fields.get("status", ""), diagnostic)
        if why and label != "delivered":
            yield "why", why
        if diagnostic:
            yield "said", one_line(diagnostic, _LONGEST)
        server = _behind_type(fields.get("remote-mta", ""))
        if server:
            yield "server", one_line(server, _LONGEST)


def receipt_lines(text: str) -> Iterator[Line]:
    """Who opened the message, or did what with it (message/disposition-notification)."""
    fields = _fields(text)
    recipient = fields.get("final-recipient") or fields.get("original-recipient")
    if recipient is None:
        return
    disposition = one_line(fields.get("disposition", "").rpartition(";")[2], 100).lower()
    yield ("read" if "displayed" in disposition else "delivered"), one_line(_behind_type(recipient), _LONGEST)
    if disposition and "displayed" not in disposition:
        yield "said", disposition


def _fields(block: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in _FIELD.findall(block[:20_000])[:100]:
        found.setdefault(name.lower(), " ".join(value.split()))
    return found


def _behind_type(value: str) -> str:
    """ "rfc822; a@b.example" without its type."""
    kind, semicolon, rest = value.partition(";")
    return (rest if semicolon and " " not in kind.strip() else value).strip().strip("<>")


def _why(status: str, diagnostic: str) -> str:
    match = _STATUS.search(status)
    if match is None or match[2] == "0":
        # What the server said is often exacter than what was made of it.
        match = _STATUS_IN_TEXT.search(diagnostic) or match
    if match is None:
        return ""
    subject, detail = str(int(match[2])), str(int(match[3]))
    why = WHY.get(f"{subject}.{detail}") or WHY.get(subject, "")
    return f"{why} {LATER}".strip() if match[1] == "4" else why
