"""Words for what the pure parts say in codes: notes, marks, labels. All of it for translation."""

import re
from datetime import timedelta
from itertools import accumulate, pairwise

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from inbox import words
from inbox.mail import calendars, reports
from inbox.mail.senders import Checks, Verdict
from inbox.notices import Reason

_FILE_MARKS = {
    "double-extension": gettext_noop("Its name hides what it is."),
    "executable": gettext_noop("A program. It can harm your computer."),
    "macros": gettext_noop("A document with macros. They can harm your computer."),
    "type-differs": gettext_noop("Not what its name or type says."),
    "encrypted-archive": gettext_noop("Locked with a password: nobody has looked inside."),
}

_CARD_TITLES = {
    "event": gettext_noop("Invitation"),
    "contact": gettext_noop("Contact"),
    "report": gettext_noop("Delivery report"),
    "complaint": gettext_noop("A report about a message"),
    "message": gettext_noop("A message inside"),
    "signed": gettext_noop("Signed; the signature was not checked."),
    "encrypted": gettext_noop("Encrypted: only its receiver's own program can open it."),
    "partial": gettext_noop("One piece of a message that was sent in several."),
    "external": gettext_noop("Its contents are somewhere else and were not fetched."),
}

_CARD_LABELS = {
    "what": gettext_noop("What"),
    "when": gettext_noop("When"),
    "until": gettext_noop("Until"),
    "where": gettext_noop("Where"),
    "who": gettext_noop("From"),
    "guests": gettext_noop("Guests"),
    "method": gettext_noop("It is"),
    "repeats": gettext_noop("Repeats"),
    "note": gettext_noop("Note"),
    "name": gettext_noop("Name"),
    "mail": gettext_noop("Mail"),
    "phone": gettext_noop("Phone"),
    "organisation": gettext_noop("Organisation"),
    "address": gettext_noop("Address"),
    "web": gettext_noop("Web"),
    "failed": gettext_noop("Not delivered to"),
    "delayed": gettext_noop("Delayed for"),
    "delivered": gettext_noop("Delivered to"),
    "read": gettext_noop("Opened by"),
    "why": gettext_noop("Because"),
    "said": gettext_noop("The server said"),
    "server": gettext_noop("Server"),
    "reported": gettext_noop("It says"),
    "from": gettext_noop("From"),
    "to": gettext_noop("To"),
    "subject": gettext_noop("Subject"),
    "date": gettext_noop("Date"),
    "part": gettext_noop("Part"),
}

_VIEWS = {
    "html": gettext_noop("HTML"),
    "text": gettext_noop("Text"),
    "source": gettext_noop("Source"),
    "headers": gettext_noop("Headers"),
    "parts": gettext_noop("Parts"),
}

_VERIFY = {
    "confirm": gettext_noop("Open the confirmation link"),
    "activate": gettext_noop("Open the activation link"),
    "reset": gettext_noop("Open the reset link"),
    "sign-in": gettext_noop("Open the sign-in link"),
}

_LINK_MARKS = {
    "differs": gettext_noop("The text names another site: this leads to %(host)s."),
    "punycode": gettext_noop("The site's name is written in letters that can be mistaken: %(host)s."),
    "mixed-scripts": gettext_noop("The site's name mixes alphabets: %(host)s."),
    "number": gettext_noop("Leads to a bare number, not to a name: %(host)s."),
    "userinfo": gettext_noop("What stands before the @ is no site: this leads to %(host)s."),
    "other-scheme": gettext_noop("Would open another program. It is shown to be copied only."),
}

_SENDER_MARKS = {
    "other-address": gettext_noop("The sender's name looks like an address; the real one is %(address)s."),
    "hidden": gettext_noop(
        "The sender's name has characters that hide something; the real address is %(address)s."
    ),
}


def note(text: str) -> str:
    """A quiet line of the parser's, translated."""
    return _(text)


def file_mark(mark: str) -> str:
    """What is odd about a file."""
    return _(_FILE_MARKS[mark]) if mark in _FILE_MARKS else ""


def card_title(kind: str) -> str:
    """What a card is."""
    return _(_CARD_TITLES[kind]) if kind in _CARD_TITLES else ""


def card_label(label: str) -> str:
    """What one line of a card says; a label nobody knows stays as it is."""
    return _(_CARD_LABELS[label]) if label in _CARD_LABELS else label


def card_value(label: str, value: str) -> str:
    """What a line of a card says, where that is not the sender's own words."""
    if label in ("method", "reported"):
        return _(value)
    if label == "why":
        why = value.removesuffix(reports.LATER).strip()
        return " ".join(_(sentence) for sentence in (why, reports.LATER) if sentence and sentence in value)
    if label == "repeats":
        return _repeats(*value.split(";"))
    if label == "guests":
        return _ANSWER.sub(lambda answer: f"({_(answer[1])})", value)
    return value


_ANSWER = re.compile(rf"\(({'|'.join(calendars.ANSWERS.values())})\)(?=,| \+|$)")


def _repeats(often: str, interval: str, count: str, until: str) -> str:
    every = int(interval)
    said = {
        "DAILY": ngettext("every day", "every %(count)d days", every),
        "WEEKLY": ngettext("every week", "every %(count)d weeks", every),
        "MONTHLY": ngettext("every month", "every %(count)d months", every),
        "YEARLY": ngettext("every year", "every %(count)d years", every),
    }[often] % {"count": every}
    if count:
        said += ", " + ngettext("%(count)d time", "%(count)d times", int(count)) % {"count": int(count)}
    if until:
        said += ", " + _("until %(day)s") % {"day": until}
    return said


def quoted(lines: int) -> str:
    """What stands in the place of a folded quote."""
    return ngettext("%(count)d quoted line", "%(count)d quoted lines", lines) % {"count": lines}


def view(name: str) -> str:
    """The word on the tab of a view."""
    return _(_VIEWS[name])


def verify(kind: str) -> str:
    """What the link does that most people came for."""
    return _(_VERIFY.get(kind, _VERIFY["confirm"]))


def link_warning(marks: tuple[str, ...], host: str) -> str:
    """What is odd about a link, in one sentence or several; "" where nothing is."""
    return " ".join(_(_LINK_MARKS[mark]) % {"host": host} for mark in marks if mark in _LINK_MARKS)


def sender_warning(marks: tuple[str, ...], address: str) -> str:
    """What is odd about the sender's name."""
    return " ".join(_(_SENDER_MARKS[mark]) % {"address": address} for mark in marks if mark in _SENDER_MARKS)


def refused(reason: Reason, size_bytes: int | None, reverse_path: str) -> str:
    """What did not arrive, how large it was, and why."""
    sentences = {
        Reason.TOO_LARGE: _("Refused, because it is too large: %(what)s."),
        Reason.OVER_QUOTA: _("Refused, because this mailbox is full: %(what)s."),
        Reason.BLOCKED: _("Refused, because its sender is blocked here: %(what)s."),
    }
    sender = _one_line(reverse_path) or _("a delivery report")
    if size_bytes is None:
        what = _("mail from %(sender)s") % {"sender": sender} if reverse_path else sender
    else:
        what = _("%(size)s from %(sender)s") % {"size": words.size(size_bytes), "sender": sender}
    return sentences[reason] % {"what": what}


def _one_line(text: str) -> str:
    return _UNSEEN.sub("", text)


def verdict(checks: Checks | None) -> str:
    """What was found out about the sender, always with the domain; "" where nothing is known."""
    if checks is None:
        return ""
    if checks.verdict is Verdict.CONFIRMED:
        return _("Confirmed: sent by %(domain)s") % {"domain": checks.domain}
    if checks.verdict is Verdict.FAILED:
        return _("Claims %(domain)s; its check failed") % {"domain": checks.domain}
    if checks.domain:
        return _("Sender not confirmed: %(domain)s") % {"domain": checks.domain}
    return _("Sender not confirmed")


def delay(seconds: int) -> str:
    """How long a server held the message; clocks differ, so it may be less than nothing."""
    if seconds < 0:
        return _("its clock is behind")
    if seconds < 1:
        return _("at once")
    return words.duration(timedelta(seconds=seconds))


#: Long runs of digits as they are read aloud.
_GROUPS = {6: (3, 3), 7: (3, 4), 8: (4, 4), 9: (3, 3, 3), 10: (3, 3, 4)}


def grouped(code: str) -> tuple[str, ...]:
    """A code in groups for reading. They are set apart by space alone: copied is what was sent."""
    sizes = _GROUPS.get(len(code), ()) if code.isascii() and code.isdigit() else ()
    ends = list(accumulate(sizes)) or [len(code)]
    return tuple(code[start:end] for start, end in pairwise([0, *ends]) if code)


# Controls, and what turns the direction of writing round or cannot be seen.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]"
)


def printable(text: str) -> str:
    """Source text with controls made visible, and one kind of line end."""
    return _UNSEEN.sub(_visible, text.replace("\r\n", "\n"))


def marked(text: str) -> str:
    """The same with every line end and tab marked as well."""
    return _UNSEEN.sub(_visible, _ENDS.sub(lambda found: _MARKED_ENDS[found[0]], text))


_ENDS = re.compile(r"\r\n|\r|\n|\t")
_MARKED_ENDS = {"\r\n": "\u240d\u240a\n", "\r": "\u240d\n", "\n": "\u240a\n", "\t": "\u2409\t"}


def _visible(found: re.Match[str]) -> str:
    number = ord(found[0])
    if number < 0x20:
        return chr(0x2400 + number)
    return "\u2421" if number == 0x7F else f"<U+{number:04X}>"
