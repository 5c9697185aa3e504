"""Plain text as HTML: escaped, links made clickable, in time linear in its length."""

import re
from html import escape

_ATTRIBUTES = 'target="_blank" rel="noreferrer noopener nofollow"'
# Where a link may begin. Only a start is searched by pattern; the end is found by one run over what follows.
_LINK_START = re.compile(
    r"(?<![\w@.+%-])(?:https?://|mailto:|www\.(?=[\w-]))|(?<![\w@.+%/=&?-])[\w.+%-]{1,64}@(?=[\w-]+\.)", re.I
)
_NOT_IN_LINK = re.compile(r"[\s<>\"\x00-\x20\x7f-\xa0`{}|\\^\u2028\u2029\u3000\u2066-\u2069\u202a-\u202e]")
_DOMAIN = re.compile(r"[^\W_][\w-]{0,62}(?:\.[^\W_][\w-]{0,62}){1,10}")
_TRAILING = ".,;:!?'\u2019\u201d\u00bb\u3002\u3001\uff0c\uff01\uff1f\u2026*_~"
_PAIRS = {")": "(", "]": "[", "\uff09": "\uff08", "\u300d": "\u300c"}
_LONGEST_LINK = 4000
_LONGEST_ADDRESS = 320  # RFC 5321 4.5.3.1: 64 + 1 + 255
_MOST_LINKS = 20_000


def text_to_html(text: str) -> str:
    """`text` escaped for HTML, with http, https and mailto addresses as links. Line ends stay as they are."""
    out: list[str] = []
    position = 0
    links = 0
    for match in _LINK_START.finditer(text):
        if match.start() < position or links >= _MOST_LINKS:
            continue
        is_address = match[0].endswith("@")
        found = _domain_end(text, match) if is_address else _link_end(text, match)
        if found <= match.end():
            continue
        shown = text[match.start() : found]
        target = shown
        if is_address:
            target = "mailto:" + shown
        elif match[0][:4].lower() == "www.":
            target = "http://" + shown
        out.append(escape(text[position : match.start()]))
        out.append(f'<a href="{escape(target)}" {_ATTRIBUTES}>{escape(shown)}</a>')
        position = found
        links += 1
    out.append(escape(text[position:]))
    return "".join(out)


def _domain_end(text: str, match: re.Match[str]) -> int:
    domain = _DOMAIN.match(text, match.end(), min(len(text), match.end() + 260))
    return domain.end() if domain is not None else -1


def _link_end(text: str, match: re.Match[str]) -> int:
    """The end of the link that begins with `match`, punctuation that belongs to the sentence left out."""
    start = match.end()
    # What a few characters tell comes first: the run below may cost _LONGEST_LINK for each start.
    if not (text[start : start + 1].isalnum() or text[start : start + 1] in ("[", "_", "%")):
        return -1
    if match[0].lower() == "mailto:" and text.find("@", start, start + _LONGEST_ADDRESS) < 0:
        return -1
    limit = min(len(text), match.start() + _LONGEST_LINK)
    stop = _NOT_IN_LINK.search(text, start, limit)
    end = stop.start() if stop is not None else limit
    if match[0].lower() == "mailto:" and "@" not in text[start:end]:
        return -1
    counts = {bracket: text.count(bracket, start, end) for pair in _PAIRS.items() for bracket in pair}
    while end > start:
        last = text[end - 1]
        if last in _TRAILING:
            end -= 1
        elif last in _PAIRS.values() or (last in _PAIRS and counts[last] > counts[_PAIRS[last]]):
            counts[last] -= 1
            end -= 1
        else:
            break
    return end
