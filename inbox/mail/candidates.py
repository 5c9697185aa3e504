"""What in a line of text may be a one-time code, by its look and by the characters right beside it.

Nothing here knows words but units of measure: what the words around say is judged in codes.py.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from inbox.mail import wording
from inbox.mail.searchtext import fold
from inbox.mail.wording import Lexicon

_UNITS = Lexicon(unit=wording.UNITS)

# Where a code may be: a first look that begins at a digit, for most of a letter has none. It passes over what
# is longer than any code: numbers of accounts, hexadecimal, lines of one letter.
_LIKELY = (
    r"D(?![A-Za-z0-9-]{12})(?<![A-Za-z0-9-]{12}D)"
    r"(?:(?:[ \-–‑]{0,2}D){3}|[A-Za-z0-9-]{3}|(?<=[A-Za-z-]D)[A-Za-z0-9-]{2}|(?<=[A-Za-z-]{2}D)[A-Za-z0-9-]"
    r"|(?<=[A-Za-z]{3}D)|(?: [A-Z0-9]){3}|(?<=[A-Z0-9] [A-Z0-9] D)|(?<=[A-Z]D)[A-Z0-9]? [A-Z0-9]{3}"
    r"|[A-Z]{1,3} [A-Z0-9]{3}|(?<=[A-Z]{3} D)[A-Z0-9]{2})"
)
_LIKELY_DIGIT = re.compile(_LIKELY.replace("D", r"\d").replace("[ ", "[ \xa0\u2002-\u200a\u202f\u3000"))
_LIKELY_ASCII_DIGIT = re.compile(_LIKELY.replace("D", "[0-9]"))
_LIKELY_LETTERS = re.compile(r"-(?<=[A-Z]{4}-)[A-Z]{4,5}(?![A-Za-z0-9])")
_MOST_IN_A_PIECE = 40
_MOST_PLACES = 200
_NOT_TEXT = re.compile(r"(?:https?://|www\.)[^\s<>\"]+|[^\s@<>()\"]{1,64}@[^\s@<>()\"]{1,255}", re.I)
_RUN = re.compile(r"\d+(?:(?: {1,2}|-| - )\d+){0,11}")
_DIGITS = re.compile(r"\d+")
_TOKEN = re.compile(r"[A-Za-z0-9]+(?:-[A-Za-z0-9]+){0,5}")
_CAPITALS = re.compile(r"(?<![A-Za-z0-9-])[A-Z]{4,5}-[A-Z]{4,5}(?![A-Za-z0-9-])")
_MAY_BE_SPACED = re.compile(r"\d [A-Z0-9]|(?<=[A-Z] )\d")
_SPACED = re.compile(
    r"(?<![^\s:\"'(\[])(?:[A-Z0-9](?: [A-Z0-9]){3,9}|[A-Z0-9]{3} [A-Z0-9]{3}|[A-Z0-9]{4} [A-Z0-9]{4})"
    r"(?![^\s.,!?\"')\]])"
)
_NOT_BEFORE = ".,/#@&+$€£¥₽₹₺₩%_~\\^|°×"
_NOT_BEHIND = "@_/\\#+=^~&×"
_AREA_CODE = re.compile(r"\(\+?\d{2,5}\) $|\+ $")
# "482913'tür" says that it is the code.
_TURKISH = re.compile("['’](?:d[iıuü]r|t[iıuü]r)(?![a-zA-Z0-9])")
_MASKS = "*•·●×xX…."
_MASKED_TOKEN = re.compile("[xX]{2,}[0-9]|0x")
_MASKED = re.compile(r"(?:[*•·●×xX…]{2,}|\.{2,})[ -]?$")
# Said in front of a number: its currency, or that it is numbered.
_MONEY_SIGNS = "$€£¥₹₽₺₩฿₫₴₪°#"
_MONEY_WORDS = """
    eur usd gbp chf inr rs rp kr pln jpy cny rmb zar aed sar egp vnd idr thb huf czk ron uah rub sek nok dkk
    cad aud brl mxn myr php sgd hkd no nr
    """.split()  # noqa: SIM905 - a table that is read, not forty quotes
_MONEY_ENDS = (*_MONEY_SIGNS, *_MONEY_WORDS)
_MONEY_BEFORE = re.compile(rf"(?:[{_MONEY_SIGNS}]|(?<![a-z])(?:{'|'.join(_MONEY_WORDS)})\.?) ?$")
_UNIT_SIGNS = "年月日時时分秒元円圓号號名人件個个点點원분시간일년월점명건개%€$£¥₹₽₺₩฿₫₴₪°′″"
_DATE_SHAPE = re.compile(
    r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])|(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])(?:19|20)\d\d"
)
_MEASURE = re.compile(
    r"\d+(?:st|nd|rd|th|am|pm|h|hrs?|min|mins|sec|gb|mb|kb|tb|px|x|k|m|km|kg|ml|cm|mm|w|kw|kwh|v|mah|hz|ghz|mhz|fps|p|g|mg"
    r"|eur|usd|gbp|pln|er|ers|er|a|d|s|yo|bn|pts?|pcs?|in|ft|lb|lbs|oz)",
    re.I,
)
# Names of the trade that a letter is full of ("rfc822", "sha256", "utf8").
_NUMBERED_NAME = re.compile(
    r"(?:rfc|sha|utf|base|iso|ipv|win|windows|aes|rsa|tls|http|mp|usb|gpt|covid|gcc|python|java|node|ver|page|step|part"
    r"|fig|figure|table|chapter|room|gate|line|level|item|note|test|user|admin|mail)\d+",
    re.I,
)
_NAME_AND_NUMBER = re.compile(r"[A-Za-z]{3,}\d{1,4}|\d{1,2}[A-Za-z]{3,}")
_LETTERED_NUMBER = re.compile(
    r"(?:inv|ord|order|po|so|ref|re|tkt|ticket|case|cve|iso|rfc|sku|id|nr|no|bug|issue|jira|req|ups|dhl|rma|doc|crn|acc|cust"
    r"|ver|v|rev|art|mod|model|lot|pnr|awb|rg|kd|kdnr|fac|fact|cmd|bl|din|en|ean|isbn|usb|utf|sha|md|windows|win)-\d+",
    re.I,
)


@dataclass(slots=True)
class Candidate:
    start: int
    end: int
    code: str
    shape: int
    """What its look alone is worth."""
    is_year: bool = False
    has_letters: bool = False


def likely_places(text: str) -> list[int]:
    """Where in a text a code may be, for a closer look."""
    likely = _LIKELY_ASCII_DIGIT if text.isascii() else _LIKELY_DIGIT
    places = [match.start() for match in islice(likely.finditer(text), _MOST_PLACES)]
    if "-" in text:
        places += [match.start() for match in islice(_LIKELY_LETTERS.finditer(text), _MOST_PLACES)]
        places.sort()
    return places


def candidates(plain: str) -> Iterator[Candidate]:
    """What may be a code in a line, by its look and by the characters right beside it."""
    text = plain
    if "@" in text or "/" in text or "www." in text:
        text = _NOT_TEXT.sub(lambda match: " " * len(match[0]), text)
    spaced: list[Candidate] = []
    if _MAY_BE_SPACED.search(text) is not None:
        found = (_spaced(text, *match.span()) for match in islice(_SPACED.finditer(text), _MOST_IN_A_PIECE))
        spaced = [candidate for candidate in found if candidate is not None]
        yield from spaced
    if "-" in text:
        for match in islice(_CAPITALS.finditer(text), _MOST_IN_A_PIECE):
            candidate = _lettered(match[0], *match.span())
            if candidate is not None and _stands_free(text, *match.span()):
                yield candidate
    end = 0
    for digits in islice(_DIGITS.finditer(text), _MOST_IN_A_PIECE):
        start = digits.start()
        if start < end or any(candidate.start <= start < candidate.end for candidate in spaced):
            continue
        lettered = _token_around(text, start)
        if lettered is not None:
            end = lettered.end()
            candidate = _lettered(lettered[0], *lettered.span())
            if candidate is not None and _stands_free(text, *lettered.span()):
                yield candidate
            continue
        run = _RUN.match(text, start)
        if run is not None:
            end = run.end()
            yield from _numbers(text, start, end)


def _token_around(text: str, position: int) -> re.Match[str] | None:
    """The word of letters and digits around a digit; None where it has no letter."""
    start = position
    while start and start > position - 16 and (text[start - 1] == "-" or _is_ascii_alnum(text[start - 1])):
        start -= 1
    while text[start] == "-":
        start += 1
    match = _TOKEN.match(text, start)
    if match is None or match.end() <= position or match[0].replace("-", "").isdecimal():
        return None
    return match


def _is_ascii_alnum(character: str) -> bool:
    return character.isascii() and character.isalnum()


def _spaced(text: str, start: int, end: int) -> Candidate | None:
    code = text[start:end].replace(" ", "")
    if code.isdecimal() or code.isalpha():
        return None
    if sum(map(str.isdecimal, code)) < 2 or not _stands_free(text, start, end):
        return None
    return Candidate(start, end, code, -1, has_letters=True)


def _lettered(token: str, start: int, end: int) -> Candidate | None:
    parts = token.split("-")
    code = token.replace("-", "")
    if not 4 <= len(code) <= 10 or _MEASURE.fullmatch(token) or _LETTERED_NUMBER.fullmatch(token):
        return None
    shape = 0
    if len(parts) > 1:
        if code.isalpha():
            if len(parts) != 2 or len(parts[0]) != len(parts[1]) or len(parts[0]) not in (4, 5):
                return None
        elif len(parts) == 2 and len(parts[0]) <= 3 and parts[0].isalpha() and parts[1].isdecimal():
            if not parts[0].isupper() or len(parts[1]) < 4:
                return None
        elif len({len(part) for part in parts}) != 1 or len(parts[0]) < 3:
            return None
    elif code.isalpha() or _MASKED_TOKEN.match(code) or _NUMBERED_NAME.fullmatch(code):
        return None
    if not code.isupper():
        shape -= 1
        if _NAME_AND_NUMBER.fullmatch(code) and sum(map(str.isdecimal, code)) < 2:
            shape -= 2
    if re.fullmatch(r"[A-Za-z]{4,}\d{1,4}", code):
        shape -= 3
    return Candidate(start, end, token, shape, has_letters=True)


def _numbers(text: str, start: int, end: int) -> Iterator[Candidate]:
    run = text[start:end]
    groups = _DIGITS.findall(run)
    code = "".join(groups)
    if not 4 <= len(code) <= 16:
        return
    if not _stands_free(text, start, end):
        # "482913 10 minutes", "482913 2 hours": the first group may stand free by itself.
        if (
            len(groups) == 2
            and len(groups[0]) == 6
            and len(groups[1]) <= 2
            and _stands_free(text, start, start + 6, True)
        ):
            yield Candidate(start, start + 6, groups[0], 1)
        return
    if len(groups) == 1:
        if not 4 <= len(code) <= 10:
            return
        is_year = len(code) == 4 and code[:2] in ("19", "20")
        shape = 1 if len(code) == 6 else -1 if len(code) > 8 else 0
        if is_year or not code.strip("0"):
            shape = -2
        elif len(code) == 8 and _DATE_SHAPE.fullmatch(code):
            shape = -3
        yield Candidate(start, end, code, shape, is_year)
        return
    lengths = {len(group) for group in groups}
    if len(lengths) != 1 or not 4 <= len(code) <= 10:
        if len(groups[0]) == 6 and run[6] == " " and len(groups) == 2:
            yield Candidate(start, start + 6, groups[0], 1)
        return
    size = lengths.pop()
    years = size == 4 and all(group[:2] in ("19", "20") for group in groups)
    if years or (size == 2 and len(groups) in (4, 5)):
        yield Candidate(start, end, code, -3)
        return
    if size == 2 and len(groups) == 3 and "-" in run:  # perhaps a date
        yield Candidate(start, end, code, -2)
        return
    yield Candidate(start, end, code, 1 if len(code) == 6 else -1 if len(code) > 8 or len(code) == 4 else 0)


def _stands_free(text: str, start: int, end: int, more_follows: bool = False) -> bool:
    """Whether what is beside it leaves it a whole: no part of a price, a number, an address, a name."""
    if not _begins_free(text[max(0, start - 12) : start], text[end : end + 2]):
        return False
    return more_follows or _ends_free(text[end : end + 16])


def _begins_free(before: str, behind: str) -> bool:
    last, second = before[-1:], before[-2:-1]
    if not last:
        return True
    if last in _NOT_BEFORE:
        return last in ".," and not second.isalnum()
    if last.isalnum() and not _joins(last):
        return False
    if (last in ":-" and second.isdecimal()) or (last == "-" and second.isalpha()):
        return False
    nearest = before.rstrip(" -")[-1:]
    if nearest in ")+" and nearest and _AREA_CODE.search(before):
        return False
    if nearest in _MASKS and nearest and _MASKED.search(before):
        return before.endswith("**") and not before.endswith("***") and behind == "**"
    before = before.lower()
    return not before.rstrip(" .").endswith(_MONEY_ENDS) or _MONEY_BEFORE.search(before) is None


def _ends_free(after: str) -> bool:
    first, second = after[:1], after[1:2]
    if not first:
        return True
    if first in _NOT_BEHIND or first in _UNIT_SIGNS or (first.isalnum() and not _joins(first)):
        return False
    if first in ".,:'’-" and second.isalnum() and second.isascii() and not _TURKISH.match(after):
        return False
    rest = after.lstrip()
    if rest[:1] and rest[:1] in _UNIT_SIGNS:
        return False
    return not (rest and len(after) - len(rest) <= 1 and _UNITS.kind_at(rest.lower()))


def _joins(character: str) -> bool:
    """Whether words of this script are written without a blank to a number beside them."""
    return character > "\u0590" and wording.is_unbroken(character)


class _Table(dict[int, str]):
    """What str.translate() takes: worked out when it is first asked for."""

    def __init__(self, side: int) -> None:
        super().__init__()
        self._side = side

    def __missing__(self, code: int) -> str:
        seen = _both_ways(chr(code))[self._side]
        if len(self) < 10_000:
            self[code] = seen
        return seen


_PLAIN = _Table(0)
_FLAT = _Table(1)


def _both_ways(character: str) -> tuple[str, str]:
    """A character as it may be copied, and folded; of one length."""
    digit = unicodedata.decimal(character, None)
    if digit is not None:
        return str(digit), str(digit)
    if character.isascii():
        return character, character.lower()
    compatible = unicodedata.normalize("NFKC", character)
    if len(compatible) == 1 and compatible.isascii():
        if compatible.isalnum() or compatible == " ":
            return compatible, compatible.lower()
        # Punctuation stays: behind a number a full-width comma ends it, one of ASCII may stand in it.
        return character, character
    folded = fold(character)
    return (character * len(folded) if folded.isalnum() else folded), folded


def plain_text(raw: str) -> str:
    """`raw` as it may be copied: digits of every script and full-width letters in ASCII, without marks."""
    if raw.isascii():
        return raw
    return unicodedata.normalize("NFC", raw).translate(_PLAIN)


def flat_text(raw: str) -> str:
    """`raw` folded, character for character as long as plain_text() of it."""
    if raw.isascii():
        return raw.lower()
    return unicodedata.normalize("NFC", raw).translate(_FLAT)
