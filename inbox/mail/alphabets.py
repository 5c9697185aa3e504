"""Which code page of Europe bytes are in: the one in which they are the letters of one language.

Most letters are ASCII in all of them, so what decides is few: each code page is tried, and one language has
to have what stands beyond ASCII. What is no letter inside a word speaks against, as does a capital.
"""

import re

# Letters beyond ASCII, behind the bar those that are seldom; the code pages in the order of how likely they
# are, which decides where nothing else does.
_WESTERN = ("äöüß", "àâæçéèêëîïôœùûüÿ", "áéíñóúü", "áâãàçéêíóôõúü", "àèéìíîòóùú", "åäöæøéü|š", "äëïéèöüáóê")
_CENTRAL = (
    "ąćęłńóśźż",
    "áčďéěíňóřšťúůýž",
    "áäčďéíňóôšťúýž|ľĺŕ",
    "áéíóöőúüű",
    "ăâîşţ",
    "čćđšž",
)
_ALPHABETS = {
    "cp1252": (*_WESTERN, "áðéíóúýþæö", "àçèéíïòóúü", "äõöüéšž"),
    "cp1254": ("çğıöşüİ|âîûé",),
    "cp1250": _CENTRAL,
    "iso8859-2": _CENTRAL,
    "cp1257": ("ąčęėįšųūž", "āčēģīķļņšūž"),
    "cp850": _WESTERN,
}
_SELDOM = 0.7
_SAMPLE_BYTES = 1024


def _weights(alphabet: str) -> dict[str, float]:
    """What each letter counts, small and capital."""
    frequent, _, seldom = alphabet.partition("|")
    weights = dict.fromkeys(seldom + seldom.upper(), _SELDOM) | dict.fromkeys(
        frequent + frequent.upper(), 1.0
    )
    return {letter: weight for letter, weight in weights.items() if not letter.isascii()}


_LETTERS = {name: tuple(map(_weights, alphabets)) for name, alphabets in _ALPHABETS.items()}
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")
# What stands at words without being of them; what stands alone, at a number, before a capital; and in words.
_AT_WORDS = frozenset("\u00a0\u00ad¿¡«»‹›‘’‚“”„…–—·•´×")
_AT_NUMBERS = frozenset("©®™§°€£¥¢±¹²³¼½¾†‡‰")
_INSIDE_WORDS = "’×"
# Signs that stand behind letters or before them: measures and ordinals.
_MEASURES = re.compile(
    r"(?:(?<![^\W\d_])[ckd]?m[²³]|µ[mgslLAVF]|(?<![^\W_])[nNmM][ºª])(?![^\W_])|\d[ºª](?![^\W\d_])"
)

# Turkish and Icelandic share six bytes, and one letter beyond them.
_SHARED = re.compile("[ÐÝÞðýþ]")
_NEVER_TURKISH = re.compile("[ÁÉÍÓÚÆáéíóúæ]|ð(?![^\\W_])")
_HARSH = re.compile(r"[^\W\d_]*ý[^\W\d_]*")
_NEVER_ICELANDIC = re.compile("[çÇüÜÝ]|(?<=[^\\W\\d_])þ")
_TURKISH_VOWELS = re.compile("[aeoiöüýáéíóúuæ]")


def european_codec(sample: bytes) -> str:
    """Python's name of the code page, or "" where the bytes are words in none."""
    sample = sample[:_SAMPLE_BYTES]
    best, best_score, is_clean = "", -0.1, False
    for name, alphabets in _LETTERS.items():
        if name == "cp850" and is_clean:
            break  # nobody has written it for long
        score, is_whole = _score(sample.decode(name, "replace"), alphabets)
        if score > best_score + 0.01:
            best, best_score, is_clean = name, score, is_whole
    if best in ("cp1252", "cp1254"):
        text = sample.decode("cp1252", "replace")
        turkish, _ = _score(sample.decode("cp1254", "replace"), _LETTERS["cp1254"])
        if _SHARED.search(text) is not None and turkish >= best_score - 0.01:
            best = "cp1254" if _is_rather_turkish(text) else "cp1252"
    return best


def _score(text: str, alphabets: tuple[dict[str, float], ...]) -> tuple[float, bool]:
    """How many letters the likeliest language has of those beyond ASCII, less what speaks against it.

    And whether nothing does.
    """
    letters: dict[str, float] = {}
    signs = against = 0.0
    measures = {at for found in _MEASURES.finditer(text) for at in range(*found.span())}
    for found in _BEYOND_ASCII.finditer(text):
        sign, at = found[0], found.start()
        before, after = text[at - 1 : at], text[at + 1 : at + 2]
        is_behind, is_before = before.isalpha(), after.isalpha()
        if at in measures:
            signs += not sign.isalpha() or sign in "ªºµ"
        elif sign.isalpha() and sign not in "ªºˆƒµ":
            if is_behind or is_before:
                letters[sign] = letters.get(sign, 0) + 1
                against += sign.isupper() and before.islower()
            elif before.isdigit() or after.isdigit():
                against += 0.5
            elif sign.islower():
                letters[sign] = letters.get(sign, 0) + 0.5  # "à", "ó": a word of one letter
        elif sign < "\xa0" or sign == "\ufffd":
            against += 1
        elif is_behind and is_before:
            against += sign not in _INSIDE_WORDS
        elif sign in _AT_WORDS:
            signs += 1
        elif sign in _AT_NUMBERS:
            signs += not is_before or after.isupper()
            against += 0.5 * (after.islower() or (is_behind and sign not in "©®™€£°"))
        else:
            against += 0.5
    known, missing = max(
        (
            (
                sum(one.get(sign, 0.0) * count for sign, count in letters.items()),
                -sum(count for sign, count in letters.items() if sign not in one),
            )
            for one in alphabets
        ),
        key=sum,
    )
    return known + missing + signs - against, not missing and not against


def _is_rather_turkish(text: str) -> bool:
    """Of a text read as Western in which only the six letters are odd.

    In Turkish the vowels of a word go together: "ı" stands beside "a" and "ı". "ş" is everywhere in a word,
    the Icelandic "þ" at its beginning; "ğ" seldom ends one, as "ð" does all the time.
    """
    turkish = sum(1 for _ in _NEVER_ICELANDIC.finditer(text))
    icelandic = sum(1 for _ in _NEVER_TURKISH.finditer(text))
    for word in _HARSH.finditer(text):
        before = _TURKISH_VOWELS.findall(word[0].partition("ý")[0])
        is_harmonic = not before or before[-1] in "aý"
        turkish += is_harmonic
        icelandic += not is_harmonic
    return turkish >= icelandic
