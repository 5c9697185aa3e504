"""Delivery reports (RFC 3464), receipts (RFC 8098) and complaints (RFC 5965) as lines that people understand.

And what mailers say in their own words where they write no report that programs read.
"""

import re
from collections.abc import Iterator
from itertools import islice

from inbox.mail.fields import one_line, parse_date
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

# What somebody told a provider about a message (RFC 5965 7.3, RFC 6591); for translation.
COMPLAINTS = {
    "abuse": gettext_noop("Somebody reported a message as unwanted."),
    "fraud": gettext_noop("Somebody reported a message as fraud."),
    "virus": gettext_noop("Somebody reported that a message carries a virus."),
    "not-spam": gettext_noop("Somebody said that a message is not unwanted."),
    "auth-failure": gettext_noop("The sender of a message could not be confirmed."),
    "opt-out": gettext_noop("Somebody asks for no more mail."),
    "other": gettext_noop("Somebody reported a message."),
}

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


def complaint_lines(text: str) -> Iterator[Line]:
    """What was said about which message (message/feedback-report)."""
    fields = _fields(text)
    kind = fields.get("feedback-type", "").lower()
    if not kind:
        return
    yield "reported", COMPLAINTS.get(kind, COMPLAINTS["other"])
    for label, name in (("from", "original-mail-from"), ("to", "original-rcpt-to")):
        address = one_line(_behind_type(fields.get(name, "")), _LONGEST)
        if address:
            yield label, address
    date = fields.get("arrival-date") or fields.get("received-date", "")
    moment = parse_date(date.encode()) if date else None
    if moment is not None:
        yield "date", moment.isoformat()
    server = one_line(fields.get("source-ip", ""), 60)
    if server:
        yield "server", server


# How mailers begin what they write to people: qmail (its bounce message format), Postfix, Exim, Sendmail.
_PARAGRAPHS_BEGIN = re.compile(
    r"^(?:Hi\. This is the \S{1,60} program at |This is the (?:Postfix program|mail system) at host )", re.M
)
_LINES_BEGIN = re.compile(
    r"^This message was created automatically by mail delivery software|"
    r"^[ ]{0,10}-{3,10} The following addresses had .{1,60} -{3,10}",
    re.M,
)
_STILL_TRIED = re.compile(
    r"not yet been delivered|THIS IS A WARNING ONLY|transient non-fatal|could not be delivered for", re.I
)
_BEGINS_WITHIN = 2000
_LONGEST_TOLD = 32 * 1024
_MOST_TOLD_LINES = 2000
_NAMED = re.compile(r"<([^<>\s]{1,320})>[^:\n]{0,400}:(.*)", re.S)
_NAMED_IN_A_LINE = re.compile(r" {0,3}<?([^<>\s@]{1,256}@[^<>\s@]{1,255}?)>?:?")
_REASON = re.compile(r"\(reason: (.*)\)")
# What mailers and servers write where they give no number; the first that is found counts.
_WORDS = (
    (r"over ?quota|quota exceeded|mailbox (?:is )?full|insufficient storage", "2.2"),
    (r"too large|size limit|message size exceeds", "3.4"),
    (r"no mailbox here|no such (?:user|mailbox|recipient)|mailbox unavailable|does not exist", "1.1"),
    (r"(?:user|recipient|mailbox|address) (?:is )?unknown", "1.1"),
    (r"unknown (?:user|recipient|mailbox|local part)", "1.1"),
    (r"unroute?able|couldn't find any host|domain not found", "1.2"),
    (r"host (?:or domain name )?(?:unknown|not found)", "1.2"),
    (r"timed? ?out|connection refused|unable to connect|could not connect|no route to host", "4.1"),
    (r"spam|black ?list|block ?list|blocked|by policy|policy reasons", "7.1"),
)
_WORDS_FOUND = tuple((re.compile(words, re.I), status) for words, status in _WORDS)


def told_lines(text: str) -> Iterator[Line]:
    """What a mailer says in its own words became of a message, or nothing where they are not its words."""
    text = text[:_LONGEST_TOLD]
    begin = _PARAGRAPHS_BEGIN.search(text, 0, _BEGINS_WITHIN)
    if begin is not None:
        told = _in_paragraphs(text[begin.start() :])
    else:
        begin = _LINES_BEGIN.search(text, 0, _BEGINS_WITHIN)
        if begin is None:
            return
        told = _in_lines(text[begin.start() :])
    label = "delayed" if _STILL_TRIED.search(text, begin.start()) is not None else "failed"
    for address, said in islice(told, MOST_RECIPIENTS):
        yield label, one_line(address, _LONGEST)
        why = (_why("", said) or _why_by_words(said)).removesuffix(LATER)
        # Whether it is still tried is what the mailer says, not the server.
        why = f"{why.strip()} {LATER if label == 'delayed' else ''}".strip()
        if why:
            yield "why", why
        if said:
            yield "said", one_line(said, _LONGEST)


def _in_paragraphs(text: str) -> Iterator[Line]:
    """Addresses and what is said of them, where each has a paragraph that begins with it."""
    for paragraph in re.split(r"\n[ \t]*\n", text)[1:_MOST_TOLD_LINES]:
        if paragraph.startswith("-"):
            return
        named = _NAMED.match(paragraph)
        if named is not None:
            yield named[1], named[2].strip()


def _in_lines(text: str) -> Iterator[Line]:
    """The same where each has a line of its own, and what is said of it is indented deeper."""
    address, said = "", list[str]()
    for line in text.split("\n")[1:_MOST_TOLD_LINES]:
        named = _NAMED_IN_A_LINE.fullmatch(line.rstrip())
        is_deeper = line.startswith("    ") and bool(address) and not line.lstrip().startswith("-----")
        if is_deeper:
            reason = _REASON.fullmatch(line.strip())
            said.append(reason[1] if reason is not None else line.strip())
            continue
        if address:
            yield address, " ".join(said)
        address, said = named[1] if named is not None else "", []
        if line.lstrip().startswith("-----"):
            return
    if address:
        yield address, " ".join(said)


def _why_by_words(said: str) -> str:
    for words, status in _WORDS_FOUND:
        if words.search(said[:4000]) is not None:
            return WHY[status]
    return ""


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
