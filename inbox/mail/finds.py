"""What most people open a letter for: its code and its link, from its text and its HTML together."""

import html
import re
from dataclasses import dataclass

from inbox.mail.candidates import plain_text
from inbox.mail.codes import find_code
from inbox.mail.glance import Glance, glance, joined_singles, links_of_text
from inbox.mail.verify import find_verify_link, host_of
from inbox.mail.view import VerifyLink

_NOTHING = Glance()
_BETWEEN = re.compile(r"<[^<>]*>|[^A-Za-z0-9]+")
_ADDRESS = re.compile(r"https?://\S{3,2000}", re.I)


@dataclass(frozen=True, slots=True)
class Finds:
    """The code as it is typed, or ""; the link that confirms, activates, resets or signs in, or None."""

    code: str = ""
    verify: VerifyLink | None = None


def find(subject: str, text: str, page: str) -> Finds:
    """What is found in a letter; `text` and its HTML `page` are alternatives, either may be ""."""
    return find_seen(subject, text, glance(page) if page else _NOTHING)


def find_seen(subject: str, text: str, seen: Glance) -> Finds:
    """The same, where the HTML has been looked at already."""
    code = find_code(subject, joined_singles(text), seen.boxes) if text else ""
    if code and seen.hidden and _is_only_hidden(code, seen):
        code = ""
    if not code and (seen.text or not text):
        code = find_code(subject, seen.text, seen.boxes)
    # A link of the HTML has a name; one in a text has only what stands in front of it.
    verify = find_verify_link(seen.links, subject) if seen.links else None
    if verify is None and "://" in text:
        disowned, hidden = _disowned(seen), html.unescape(seen.hidden)
        seen_urls = {link.url for link in seen.links}
        links = (
            link
            for link in links_of_text(text)
            if link.url in seen_urls or not (link.url in hidden or host_of(link.url) in disowned)
        )
        verify = find_verify_link(links, subject)
    return Finds(code, verify)


def _is_only_hidden(code: str, seen: Glance) -> bool:
    """Whether the HTML has a code where its reader does not see it, and nowhere else."""
    bare = code.replace("-", "")
    return bare in _bare(html.unescape(seen.hidden)) and bare not in _bare(seen.text)


def _bare(text: str) -> str:
    return _BETWEEN.sub("", plain_text(text))


def _disowned(seen: Glance) -> frozenset[str]:
    """The hosts that links of the HTML show and do not lead to."""
    shown = (
        (host_of(match[0]), link.url)
        for link in seen.links
        if "://" in link.text and (match := _ADDRESS.search(link.text)) is not None
    )
    return frozenset(host for host, url in shown if host and host != host_of(url))
