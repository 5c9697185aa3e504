"""Searching mail: text without case and diacritics, whether a query is in it, and where in the original.

A letter is folded once, at reception, for folding costs a hundred times what looking does. What is folded one
way for the letter is folded the same way for the query; nobody reads the result.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence

LONGEST_SEARCH_TEXT_BYTES = 8 * 1024
# Some of what is read is blanks; more is read only of letters that are longer than what is kept.
_LONGEST_READ = 12 * 1024
_FOLDED_AT_ONCE = 4400
_MOST_TERMS = 10
_LONGEST_QUERY = 200
_LONGEST_MARKED = 20_000
_MOST_MARKS = 200
# Every character there is would fill a table of this size a hundred times over; an ordinary mailbox has some
# hundreds.
_MOST_REMEMBERED = 10_000

# Letters that Unicode holds to be letters of their own, and people type without their stroke or joined.
_OWN_LETTERS = {
    "ø": "o",
    "đ": "d",
    "ð": "d",
    "ł": "l",
    "ħ": "h",
    "ŧ": "t",
    "ı": "i",
    "ŋ": "n",
    "æ": "ae",
    "œ": "oe",
    "þ": "th",
    "ς": "σ",
    "ى": "ي",
    "ی": "ي",
    "ک": "ك",
    "ة": "ه",
    "ـ": "",
    "’": "'",
    "‘": "'",
    "ʼ": "'",
    "“": '"',
    "”": '"',
    "‐": "-",
    "‑": "-",
    "–": "-",
    "—": "-",
}
# Accents, points and vowel signs that may be left out in writing. The vowel signs of Indian scripts and Thai
# are not among them: there they are letters.
_MARKS_LEFT_OUT = re.compile(
    "[\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f"
    "\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+"
)
# Soft hyphens, joiners, direction marks, fillers: between the letters of a word they hide it from a search.
_INVISIBLE = frozenset(
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e"
    "\u2060\u2061\u2062\u2063\u2064\u2066\u2067\u2068\u2069\u3164\ufeff"
)
# What may belong to the character in front of it in Unicode's canonical composition: combining marks, and the
# vowels and finals of Korean syllables that are written as their pieces.
_CLUSTER = re.compile(".[\u0300-\u036f\u3099\u309a\u1161-\u11ff]*", re.S)


_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


class _Folding(dict[int, str]):
    """What str.translate() takes: worked out when it is first asked for."""

    def __missing__(self, code: int) -> str:
        folded = _folded(chr(code))
        if len(self) < _MOST_REMEMBERED:
            self[code] = folded
        return folded


def _folded(character: str) -> str:
    if character in _INVISIBLE:
        return ""
    digit = unicodedata.decimal(character, None)
    if digit is not None:
        return str(digit)
    character = character.casefold()
    character = "".join(_OWN_LETTERS.get(letter, letter) for letter in character)
    bare = _MARKS_LEFT_OUT.sub("", unicodedata.normalize("NFKD", character)).casefold()
    bare = "".join(_OWN_LETTERS.get(letter, letter) for letter in bare)
    return unicodedata.normalize("NFC", bare)


_FOLDING = _Folding()


def fold(text: str) -> str:
    """`text` without case and diacritics, each character by itself after Unicode's composition (NFC)."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFC", text).translate(_FOLDING)


def search_text(text: str) -> tuple[str, bool]:
    """What of a letter's text is kept for searching, at most 8 KiB of UTF-8, and whether that is not all."""
    collapsed = " ".join(text[:_LONGEST_READ].split())
    is_cut = len(text) > _LONGEST_READ or len(collapsed) > LONGEST_SEARCH_TEXT_BYTES
    if collapsed.isascii():
        return _without_controls(collapsed[:LONGEST_SEARCH_TEXT_BYTES].lower()), is_cut
    kept = b""
    # In pieces, since folding costs the most and letters of two bytes and more fill the room soon.
    for at in range(0, min(len(collapsed), LONGEST_SEARCH_TEXT_BYTES), _FOLDED_AT_ONCE):
        piece = _without_controls(fold(collapsed[at : at + _FOLDED_AT_ONCE]))
        kept += piece.encode("utf-8", "ignore")
        if len(kept) > LONGEST_SEARCH_TEXT_BYTES:
            is_cut = True
            break
    return kept[:LONGEST_SEARCH_TEXT_BYTES].decode("utf-8", "ignore"), is_cut


def _without_controls(text: str) -> str:
    return text if text.isprintable() else " ".join(_CONTROLS.sub("", text).split())


_TERM = re.compile(r'"([^"]+)"|([^\s"]+)')


def terms(query: str) -> tuple[str, ...]:
    """The words that a query asks for, folded; what stands in quotes is one. At most ten."""
    found: dict[str, None] = {}
    for match in _TERM.finditer(fold(query[:_LONGEST_QUERY])):
        term = " ".join((match[1] or match[2]).split())
        if term:
            found[term] = None
        if len(found) >= _MOST_TERMS:
            break
    return tuple(found)


def matches(wanted: Sequence[str], texts: Sequence[str], folded: str = "") -> bool:
    """Whether each of terms() is in one of `texts`, or in `folded`, which fold() has been through already."""
    missing = [term for term in wanted if term not in folded]
    if not missing:
        return bool(wanted)
    joined = fold("\n".join(texts))
    return all(term in joined for term in missing)


def marks(text: str, wanted: Sequence[str]) -> list[tuple[int, int]]:
    """Where in `text` a term of terms() is: ranges of its characters in order, none touching another."""
    text = text[:_LONGEST_MARKED]
    folded, starts = _folded_with_starts(text)
    found: list[tuple[int, int]] = []
    for term in wanted:
        position = folded.find(term) if term else -1
        while position >= 0 and len(found) < _MOST_MARKS:
            end = position + len(term)
            found.append((starts[position], _end(starts, end)))
            position = folded.find(term, end)
    return _joined(found)


def around(folded: str, wanted: Sequence[str], characters: int = 160) -> str:
    """The piece of a search text around the first term that is in it, or ""."""
    places = [place for term in wanted if (place := folded.find(term)) >= 0]
    if not places:
        return ""
    start = max(0, min(places) - characters // 3)
    if start:
        blank = folded.find(" ", start, min(places))
        start = blank + 1 if blank >= 0 else start
    return folded[start : start + characters]


def _folded_with_starts(text: str) -> tuple[str, Sequence[int]]:
    """The folded text, and for each of its characters (and one behind them) where its original begins."""
    if text.isascii():
        return text.lower(), range(len(text) + 1)
    pieces: list[str] = []
    starts: list[int] = []
    for start, cluster in _clusters(text):
        piece = fold(cluster)
        pieces.append(piece)
        starts += [start] * len(piece)
    starts.append(len(text))
    return "".join(pieces), starts


def _clusters(text: str) -> Iterator[tuple[int, str]]:
    """The pieces of `text` that composition can not reach across, and where they begin."""
    for match in _CLUSTER.finditer(text):
        yield match.start(), match[0]


def _end(starts: Sequence[int], end: int) -> int:
    """Where the original of the character before `end` is over: a letter and its accents are marked whole."""
    last = starts[end - 1]
    while end < len(starts) - 1 and starts[end] == last:
        end += 1
    return starts[end]


def _joined(found: list[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for start, end in sorted(found):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined
