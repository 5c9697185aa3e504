"""Plain text as HTML: escaped, links made clickable, in time linear in its length."""

import re
from collections.abc import Callable
from html import escape
from itertools import islice, zip_longest

_ATTRIBUTES = 'target="_blank" rel="noreferrer noopener nofollow"'
# Scripts that are written without blanks: an address may stand right behind or before their letters.
_UNSPACED = "\u0e00-\u0eff\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\uff66-\uff9f"
# Where a link may begin. Only a start is searched by pattern; the end is found by one run over what follows.
_LINK_START = re.compile(
    r"(?<![A-Za-z0-9@.+%-])(?:https?://|mailto:|www\.(?=[\w-]))|"
    rf"(?:(?<![\w@.+%/=&?-])|(?<=[{_UNSPACED}]))(?:(?![{_UNSPACED}])[\w.+%-]){{1,64}}@(?=[\w-]+\.)",
    re.I,
)
# Besides blanks and what no address has unescaped: quotation marks and the punctuation of wide scripts.
_NOT_IN_LINK = re.compile(
    r"[\s<>\"\x00-\x20\x7f-\xa0`{}|\\^\u2028\u2029\u3000\u2066-\u2069\u202a-\u202e"
    r"\xab\xbb\u2018\u201a-\u201f\u2026\u2039\u203a\u3001\u3002\u3008-\u3011\u3014-\u301b\uff01\uff08\uff09\uff0c"
    r"\uff0e\uff1a\uff1b\uff1f\u060c\u061b\u061f\u06d4\u0964\u0965]"
)
_HOST_END = re.compile(r"[/?#]")
# A last label in Latin letters, and behind it a script that needs no blank: the link is over there.
_GLUED = re.compile(rf"\.(?:[A-Za-z]{{2,63}}|[A-Za-z][A-Za-z0-9-]{{0,61}}[A-Za-z0-9])(?=[{_UNSPACED}])")
_DOMAIN = re.compile(r"[^\W_][\w-]{0,62}(?:\.[^\W_][\w-]{0,62}){1,10}")
_TRAILING = ".,;:!?'\u2019\u00b7*_~"
_PAIRS = {")": "(", "]": "["}
_LONGEST_LINK = 4000
_LONGEST_ADDRESS = 320  # RFC 5321 4.5.3.1: 64 + 1 + 255
_MOST_LINKS = 20_000


# Blanks and controls; what only joins, parts or turns what stands around it (Unicode's Cf); fillers that take
# room at most; and a mailer's blank as HTML writes it, left in a plain text.
_NOTHING = re.compile(
    "(?:[\\s\x00-\x1f\x7f-\x9f\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5"
    "\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb"
    "\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
    "|&(?:nbsp|zwnj|zwj|shy|#160|#173|#847|#8203|#8204|#8205|#65279|#xfeff|#xa0);)*+",
    re.I,
)


def says_something(text: str) -> bool:
    """Whether anything in `text` can be read; it stops at the first character that can."""
    nothing = _NOTHING.match(text)
    return nothing is None or nothing.end() < len(text)


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


# More than three lines of what somebody else wrote before.
_QUOTE = re.compile(r"(?:^ ?>.*(?:\n|\Z)){4,}", re.M)
_MOST_QUOTES = 500


def text_to_folded_html(text: str, words: Callable[[int], str]) -> str:
    """The same with quotes of more than three lines in <details>; `words` says so many lines are in there.

    A letter that is nothing but a quote stays open. Linear.
    """
    quotes = list(islice(_QUOTE.finditer(text), _MOST_QUOTES))
    own = (
        text[: quotes[0].start()]
        + "".join(
            text[one.end() : other.start() if other is not None else len(text)]
            for one, other in zip_longest(quotes, quotes[1:])
        )
        if quotes
        else text
    )
    if not quotes or not own.strip():
        return text_to_html(text)
    out: list[str] = []
    position = 0
    for quote in quotes:
        out.append(text_to_html(text[position : quote.start()]))
        lines = quote[0].count("\n") + (not quote[0].endswith("\n"))
        shown = text_to_html(quote[0])
        out.append(f'<details class="quoted"><summary>{escape(words(lines))}</summary>{shown}</details>')
        position = quote.end()
    out.append(text_to_html(text[position:]))
    return "".join(out)


def _domain_end(text: str, match: re.Match[str]) -> int:
    domain = _DOMAIN.match(text, match.end(), min(len(text), match.end() + 260))
    return _before_unspaced(text, match.end(), domain.end()) if domain is not None else -1


def _before_unspaced(text: str, start: int, end: int) -> int:
    """`end`, or where in the host between words begin that are not the address's."""
    if text[start:end].isascii():
        return end
    slash = _HOST_END.search(text, start, end)
    glued = _GLUED.search(text, start, slash.start() if slash is not None else end)
    return glued.end() if glued is not None else end


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
    end = _before_unspaced(text, start, stop.start() if stop is not None else limit)
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
