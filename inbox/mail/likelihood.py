"""Which charset bytes are most likely in, where nothing says it: by what is frequent in each.

Cheap enough for reception: one pass over a bounded sample, and only where the bytes are neither ASCII nor
UTF-8 and their sender said nothing true about them.
"""

import re

from inbox.mail.alphabets import european_codec

_SAMPLE_BYTES = 2048
_PAIR = re.compile(rb"[\x81-\xfe][\x40-\x7e\x80-\xfe]")
_TWO_PAIRS = re.compile(rb"(?:[\x81-\xfe][\x40-\x7e\x80-\xfe]){2}")
# A letter beyond ASCII behind one of ASCII: a word of a Latin alphabet.
_MIXED = re.compile(rb"[A-Za-z][\x80-\xff]")
_ASCII = bytes(range(128))
_HIGH = bytes(range(128, 256))

# Letters that make up well over half of any text in the language, and about a third of one misread.
_FREQUENT = {
    "koi8-u": "оеаинтсрвлі",
    "cp1251": "оеаинтсрвлі",
    "iso8859-5": "оеаинтсрвл",
    "cp866": "оеаинтсрвл",
    "cp1253": "αοιετσνηρκυπάόίλ",
    "cp1255": "יוהלאתרמשבנ",
    "cp1256": "اليمونرتبةهد",
    "cp874": "านรกเองมลยท่้วิีัดสคุบปหข",
}
_PUNCTUATION = frozenset((0x85, *range(0x91, 0x98)))
_LEAST_FREQUENT_SHARE = 0.35
# Of the letters: below the first it is a Latin alphabet, above the second it is none.
_LEAST_HIGH_SHARE = 0.35
_GREATEST_HIGH_SHARE = 0.6


def likely_codec(raw: bytes) -> str:
    """Python's name of the codec that `raw` is most likely in, or "" where nothing speaks for any."""
    sample = raw[:_SAMPLE_BYTES]
    high = len(sample.translate(None, _ASCII))
    if not high:
        return ""
    found = _of_pairs(sample, high)
    if found and _is_valid(sample, found):
        return found
    letters = high + sum(map(str.isalpha, sample.translate(None, _HIGH).decode("ascii")))
    if high >= letters * _LEAST_HIGH_SHARE and high >= 4 and len(_MIXED.findall(sample)) * 4 < high:
        found = _of_letters(sample)
        if found or high > letters * _GREATEST_HIGH_SHARE:
            return found
    return european_codec(sample)


def _of_pairs(sample: bytes, high: int) -> str:
    """Of the East Asian ones, which write a character as two bytes. "" where the bytes do not pair up."""
    pairs = _PAIR.findall(sample)
    runs = re.findall(rb"[\x80-\xff]+", sample)
    if len(pairs) < 2 or 2 * len(pairs) < high * 0.9:
        return ""
    leads = [pair[0] for pair in pairs]
    low_trails = sum(pair[1] < 0x80 for pair in pairs)
    if sum(lead in (0x82, 0x83) for lead in leads) * 4 > len(leads):
        return "cp932"  # kana, as every Japanese text has them
    if sum(lead in (0xA4, 0xA5) for lead in leads) * 5 > len(leads) and not low_trails:
        return "euc_jp"
    # Single letters in one byte each seldom stand in even numbers everywhere.
    odd = sum(len(run) % 2 for run in runs)
    if odd * 4 > len(runs) and not low_trails:
        return ""
    if low_trails * 8 > len(pairs):
        if _TWO_PAIRS.search(sample) is None:
            return ""
        if sum(0xA4 <= lead <= 0xC6 for lead in leads) * 10 > len(leads) * 8:
            return "big5hkscs"
        # Quotation marks and dashes of windows-1252 begin no word of Japanese by themselves.
        is_japanese = sum(0x88 <= lead <= 0x98 for lead in leads) * 2 > len(leads)
        return "cp932" if is_japanese and not set(leads) <= _PUNCTUATION else ""
    hangul = sum(0xB0 <= lead <= 0xC8 for lead in leads)
    if hangul * 10 >= len(leads) * 9 and len(pairs) >= 4:
        return "cp949"
    if sum(0xA1 <= lead <= 0xF7 for lead in leads) * 10 >= len(leads) * 9 and odd * 8 <= len(runs):
        return "gb18030" if not _is_cyrillic(sample) else ""
    return ""


def _is_cyrillic(sample: bytes) -> bool:
    """Whether words in which every letter is a byte fit too: they are long, and their letters frequent."""
    return any(_share(sample, name) >= 0.5 for name in ("cp1251", "koi8-u"))


def _of_letters(sample: bytes) -> str:
    best, best_share = "", _LEAST_FREQUENT_SHARE
    for name in _FREQUENT:
        share = _share(sample, name)
        if share > best_share:
            best, best_share = name, share
    return best


def _share(sample: bytes, name: str) -> float:
    """How much of what is not ASCII is frequent in the language; capitals inside of words count against."""
    foreign = len(sample.translate(None, _ASCII))
    if not foreign:
        return 0.0
    frequent, turned = _TABLES[name]
    good = len(sample) - len(sample.translate(None, frequent))
    # The more letters count as frequent, the more of anything is.
    return (good - len(turned.findall(sample))) / foreign - len(frequent) / 256


def _tables(name: str, letters: str) -> tuple[bytes, re.Pattern[bytes]]:
    """The bytes of frequent letters, small and capital, and a small letter in front of a capital."""
    text = bytes(range(128, 256)).decode(name, "replace")
    small = bytes(128 + at for at, letter in enumerate(text) if letter.islower())
    capital = bytes(128 + at for at, letter in enumerate(text) if letter.isupper())
    turned = b"[%s][%s]" % (re.escape(small), re.escape(capital)) if small and capital else rb"(?!)"
    return (letters + letters.upper()).encode(name, "ignore"), re.compile(turned)


_TABLES = {name: _tables(name, letters) for name, letters in _FREQUENT.items()}


def _is_valid(sample: bytes, name: str) -> bool:
    text = sample.decode(name, "ignore")
    return len(text.encode(name, "ignore")) >= len(sample) - 2
