"""What most people open a letter for: its code and its link, from its text and its HTML together."""

from dataclasses import dataclass

from inbox.mail.codes import find_code
from inbox.mail.glance import Glance, glance, joined_singles, links_of_text
from inbox.mail.verify import find_verify_link
from inbox.mail.view import VerifyLink

_NOTHING = Glance()


@dataclass(frozen=True, slots=True)
class Finds:
    """The code as it is typed, or ""; the link that confirms, activates, resets or signs in, or None."""

    code: str = ""
    verify: VerifyLink | None = None


def find(subject: str, text: str, html: str) -> Finds:
    """What is found in a letter; `text` and `html` are alternatives, either may be ""."""
    return find_seen(subject, text, glance(html) if html else _NOTHING)


def find_seen(subject: str, text: str, seen: Glance) -> Finds:
    """The same, where the HTML has been looked at already."""
    code = find_code(subject, joined_singles(text), seen.boxes) if text else ""
    if not code and (seen.text or not text):
        code = find_code(subject, seen.text, seen.boxes)
    # A link of the HTML has a name; one in a text has only what stands in front of it.
    verify = find_verify_link(seen.links, subject) if seen.links else None
    if verify is None and "://" in text:
        verify = find_verify_link(links_of_text(text), subject)
    return Finds(code, verify)
