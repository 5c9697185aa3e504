"""The one-time code of a letter: what its reader came for, and no other number.

A number counts for nothing by itself. It is a code by the words beside it (wording.py): in the same sentence,
or above and below where it stands in a line or a box of its own, or in a subject that speaks of one. Words
for other numbers (orders, telephones, postcodes) nearer by take it away again. Linear, and few candidates.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass, field, replace

from inbox.mail import wording
from inbox.mail.candidates import Candidate, candidates, flat_text, likely_places, plain_text
from inbox.mail.searchtext import fold
from inbox.mail.wording import Label, Lexicon, is_unbroken

# Whoever sends a code says it soon.
_LONGEST_TEXT = 12 * 1024
# Pieces and candidates: no letter with a code in it has as many numbers in front of it.
_MOST_LOOKS = 100
_LONGEST_WINDOW = 240
_LONGEST_BEFORE = 160
_LONGEST_BEHIND = 150
_LONGEST_OVERLAP = 60
_LINES_ABOVE = 4
_LINES_BELOW = 2

# What words are worth. A candidate needs _ENOUGH: "code: 48291" has it, and so has a number in a line of its
# own with "login code" some lines above.
_STRONG = 4
_BARE = 2
_ENOUGH = 5
_ANOTHERS = -9

_NUMBERS = Lexicon(other=wording.OTHER_NUMBERS, strong=list(wording.CODES.values()), bare=wording.BARE_CODES)
_ACTS = Lexicon(
    confirm=wording.CONFIRM, activate=wording.ACTIVATE, reset=wording.RESET, enter=wording.SIGN_IN
)
_SELLING = Lexicon(selling=wording.SELLING)
_TRAVEL = Lexicon(travel=wording.TRAVEL)
_FORMER = Lexicon(former=wording.FORMER)
_USED = Lexicon(used=wording.USED)
_TYPED_STEMS = wording.phrases(wording.TYPED_STEMS)
_JOINED_HEADS = frozenset(("cod", "kod", "koo"))
_ABBREVIATIONS = frozenset(wording.phrases(wording.ABBREVIATIONS))
_COPULAS = frozenset(wording.phrases(wording.COPULAS))
_PLURALS = frozenset(("codes", "pins", "passwords", "codigos", "codici", "kody", "kodlar"))

# Stands for a dot that ends a sentence, in folded text.
_ENDED = "\x1e"
_EDGES = _ENDED + " \t\"'*_<>[](){}|:.,;=~`-#»«›‹→「」『』【】“”‘’。，！!"
_SENTENCE_END = re.compile(_ENDED + "|[。！？।\n]")
_MAY_END = re.compile(r"[.!?](?=['\")\]»”’]{0,2}\s+[\"'(\[«“„‘*_¿¡]{0,3}(.?))")
_LAST_WORD = re.compile(r"[^\W\d_]*\Z")
# What numbers a thing: right behind a word for a code, "n° 482913" is that code.
_NUMBERED = re.compile(r"(?<![^\W_])(?:n[°o]?|nr|nro|num|c|cis|br|st|sz|αρ)\.? ?(?=[0-9])")
_STANDARD = re.compile(r"(?<![a-z])(?:rfc|iso|din|iec|ieee|ecma|bcp) ?\d{3,5}")
_MIXED = re.compile(r"[a-z]\d+[a-z]+\d|\d[a-z]+\d+[a-z]")
_PREFIXED = re.compile(r"[A-Z]{1,2}-\d{4,8}")
# In India a postcode is called so; "Your PIN code" is nobody's address.
_INDIAN = frozenset(("pincode", "pincodes", "pin code", "pin codes"))
_OWNED = re.compile(
    r"(?<![a-z])(?:your|ur|this|uw|jouw|je|de|din|ihre?|tu|votre|secret|new|login|4|6)(?![a-z])"
)
_TOWN = re.compile(r", ?[A-Z][a-z]")
_WORD = re.compile(r"[^\W\d_]+")
_LONG_NUMBER = re.compile(r"\d{4,}|\d{2,4}[ -]\d{2,4}")
_DASHES = ("-", "–", "—", ":", "=", "(", "•", "|", "：")
_OPENING = " \"'*([«“<「【"
_CLOSING = " \"'*)]»”」】"
_COLONS = (":", "：", "=", "→")
# Four digits that look like a year are a code only right behind one of these.
_YEAR = re.compile(r"(?:19|20)\d\d(?![\w-])")
_BEFORE_A_YEAR = _COPULAS | {phrase.strip("*") for phrase in wording.phrases(wording.BARE_CODES)}
_RULERS = " \t\r\xa0>|*-_=+─━│┌┐└┘├┤┬┴┼═║╔╗╚╝"
# A word in a path or a file name ("net/code.c") is none.
_GOES_ON = re.compile(r"\.[a-z0-9]")
_JOINERS = frozenset(("", "de", "di", "da", "du", "d'", "do", "del", "della", "van", "of"))
_JOINER = re.compile(
    r" (?:(?:(?:de(?: la)?|di|da|du|do|del|della|za|na|pro|po|для|за|на|της?|του) |(?:dell|d)' ?))?"
)


def find_code(subject: str, text: str, html_boxes: Collection[str] = ()) -> str:
    """The one-time code in a letter as it is typed ("482913", "AB12-CD34"), or "".

    `text` is in lines; `html_boxes` holds short texts that fill an element of the HTML alone.
    """
    subject, text = subject[:_LONGEST_WINDOW], text[:_LONGEST_TEXT]
    places = likely_places(text)
    if not places and not likely_places(subject):
        return ""
    reading = _Reading(_line(subject), frozenset(map(plain_text, html_boxes)))
    reading.read_subject()
    reading.read(text, places)
    return reading.best()


def grouped(code: str) -> str:
    """A code as it is shown, its digits in groups: "482 913", "4829 1355"; others as they are."""
    if not (code.isascii() and code.isdecimal()) or len(code) < 5:
        return code
    if len(code) in (5, 7, 10):  # 2 3, 3 4, 3 3 4
        last = 3 if len(code) == 5 else 4
        return f"{grouped(code[:-last])} {code[-last:]}"
    size = 4 if len(code) == 8 else 3
    return " ".join(code[at : at + size] for at in range(0, len(code), size))


@dataclass(slots=True)
class _Line:
    """A line as it is looked at, twice of one length: as it may be copied, and folded with "-" as a blank."""

    plain: str
    flat: str
    _labels: list[Label] | None = None

    @property
    def labels(self) -> list[Label]:
        """The words for codes and for other numbers, from left to right."""
        if self._labels is None:
            self._labels = _merged(self.flat, _NUMBERS.labels(self.flat))
        return self._labels


def _line(raw: str) -> _Line:
    plain, flat = plain_text(raw), flat_text(raw).replace("-", " ").replace("\t", " ")
    ends = [match.start() for match in _MAY_END.finditer(plain) if _ends_sentence(plain, match)]
    for end in ends:
        flat = f"{flat[:end]}{_ENDED}{flat[end + 1 :]}"
    return _Line(plain, flat)


def _ends_sentence(plain: str, match: re.Match[str]) -> bool:
    """Whether a dot ends a sentence: not before a small letter, and not behind what is short for a word."""
    following = match[1]
    if following.islower():
        return False
    if match[0] != "." or not following.isalnum():
        return True
    word = _LAST_WORD.search(plain, max(0, match.start() - 12), match.start())
    said = word[0] if word is not None else ""
    return fold(said) not in _ABBREVIATIONS and not (len(said) == 1 and following.isupper())


def _unnumbered(line: _Line) -> _Line:
    """The line without "n°" and its like between a word for a code and its number."""
    marks = [match.span() for match in _NUMBERED.finditer(line.flat)]
    for start, end in marks:
        label = next((label for label in reversed(line.labels) if label.end <= start), None)
        if label is None or label.kind == "other" or line.flat[label.end : start].strip(_OPENING + ":,"):
            continue
        blank = " " * (end - start)
        line = _Line(
            line.plain[:start] + blank + line.plain[end:],
            line.flat[:start] + blank + line.flat[end:],
            line.labels,
        )
    return line


def _merged(flat: str, labels: list[Label]) -> list[Label]:
    """The labels as they are meant: "order code" and "code postal" are names of other numbers."""
    merged: list[Label] = []
    is_of_standards = bool(labels) and _STANDARD.search(flat) is not None
    for label in labels:
        beside = flat[max(0, label.start - 1) : label.start] + flat[label.end : label.end + 1]
        if "/" in beside or "_" in beside or _GOES_ON.match(flat, label.end):
            continue
        if label.kind == "bare" and (is_of_standards or _is_of_another_kind(flat, label)):
            label = label._replace(kind="other")
        last = merged[-1] if merged else None
        if last is not None and {last.kind, label.kind} == {"other", "bare"}:
            gap = flat[last.end : label.start]
            if len(gap) <= 7 and gap[:1] == " " and gap.strip() in _JOINERS:
                merged[-1] = Label(last.start, label.end, "other")
                continue
        merged.append(label)
    return merged


def _is_of_another_kind(flat: str, label: Label) -> bool:
    """Whether the words for a code are half of a name: "Bestellcode", "code retour", "iade kodu"."""
    head = flat[label.start : label.end][:3]
    start = max(0, label.start - 24)
    before = flat[start : label.start]
    if before[-1:].isalpha():
        if is_unbroken(before[-1]):
            return before.endswith(wording.OTHER_BEFORE.get(head, ()))
        joined = before.rpartition(" ")[2]
        return head in _JOINED_HEADS and not any(stem in joined for stem in _TYPED_STEMS)
    if before[-1:] == " " and f" {before.rstrip()}".endswith(_WITH_BLANK.get(head, ())):
        return True
    behind = wording.OTHER_BEHIND.get(head, ())
    if not behind:
        return False
    joiner = _JOINER.match(flat, label.end)
    start = joiner.end() if joiner is not None else label.end
    following = flat[start : start + 24]
    return following.startswith(behind) and any(
        following.startswith(name) and not following[len(name) : len(name) + 1].isalpha() for name in behind
    )


_WITH_BLANK = {head: tuple(f" {name}" for name in names) for head, names in wording.OTHER_BEFORE.items()}


@dataclass(slots=True)
class _Reading:
    """One letter: what its subject says, its lines, and the codes found with what speaks for each."""

    subject: _Line
    boxes: frozenset[str]
    lines: list[str] = field(default_factory=list)
    scores: dict[str, int] = field(default_factory=dict)
    left: int = _MOST_LOOKS
    known: dict[int, _Line] = field(default_factory=dict)
    subject_strength: int = 0
    subject_acts: bool = False
    subject_travels: bool = False
    subject_sells: bool = False

    def read_subject(self) -> None:
        """What the subject speaks of, and a code in it."""
        kinds = {label.kind for label in self.subject.labels}
        self.subject_strength = _STRONG if "strong" in kinds else _BARE if "bare" in kinds else 0
        self.subject_acts = bool(_ACTS.labels(self.subject.flat))
        self.subject_travels = bool(_TRAVEL.labels(self.subject.flat))
        self.subject_sells = bool(_SELLING.labels(self.subject.flat))
        self.subject = _unnumbered(self.subject)
        for candidate in candidates(self.subject.plain):
            score = self.sentence(self.subject, candidate, None)
            if score is not None:
                self.add(self.subject, candidate, score + 1)

    def read(self, text: str, places: list[int]) -> None:
        """What is around each place where a code may be, until enough has been looked at."""
        self.lines = text.split("\n")
        number = start = 0
        looked_until = -1
        for place in places:
            if place < looked_until:
                continue
            while start + len(self.lines[number]) < place:
                start += len(self.lines[number]) + 1
                number += 1
            line, at = self.lines[number], place - start
            if _is_of_no_interest(line, at):
                continue
            begin = max(0, place - start - _LONGEST_BEFORE)
            end = min(len(line), place - start + _LONGEST_BEHIND)
            looked_until = start + (end if end == len(line) else end - _LONGEST_OVERLAP)
            self.read_line(number, _unnumbered(_line(line[begin:end])))
            self.left -= 1
            if self.left <= 0:
                return

    def read_line(self, number: int, line: _Line) -> None:
        """The candidates of one line."""
        quoted = 2 if line.plain.lstrip().startswith(">") else 0
        for candidate in candidates(line.plain):
            self.left -= 1
            if self.left <= 0:
                return
            score = self.judge(number, line, candidate)
            if score is not None:
                again = candidate.code in self.scores and candidate.code in self.subject.plain
                self.add(line, candidate, score + again - quoted)

    def add(self, line: _Line, candidate: Candidate, score: int) -> None:
        """Remember a candidate. Of two that are worth the same, the one found first is the newer."""
        score += candidate.shape
        if score < _ENOUGH:
            return
        score -= self.selling(line, candidate) + _former(line, candidate)
        if score > self.scores.get(candidate.code, 0):
            self.scores[candidate.code] = score

    def best(self) -> str:
        """The code for which most speaks, if enough does."""
        code, score = max(self.scores.items(), key=lambda item: item[1], default=("", 0))
        return code if score >= _ENOUGH else ""

    def judge(self, number: int, line: _Line, candidate: Candidate) -> int | None:
        """What the words around a candidate are worth; None where they speak of something else."""
        in_box = line.plain[candidate.start : candidate.end] in self.boxes
        if not _is_alone(line, candidate):
            score = self.sentence(line, candidate, number)
            if score is not None:
                return score + in_box
            if _nearest_is_other(line, candidate):
                return None
            if not in_box:
                return self.entered(number, line, candidate)
        return self.own_line(number, line, candidate, in_box)

    # Words in the same sentence

    def sentence(self, line: _Line, candidate: Candidate, number: int | None) -> int | None:
        """What the words on both sides are worth, in the same sentence."""
        before = self.before(line, candidate, number)
        after = _after(line, candidate)
        if before == _ANOTHERS or (before is None and after is None):
            return None
        score = max(before or 0, after or 0)
        return score + (1 if self.subject_strength else 0)

    def before(self, line: _Line, candidate: Candidate, number: int | None) -> int | None:
        """The nearest label to the left. _ANOTHERS where it is another number's."""
        flat, start = line.flat, candidate.start
        seen_other = False
        for label in reversed(line.labels):
            if label.end > start:
                continue
            gap = flat[label.end : start]
            if _SENTENCE_END.search(gap):
                break
            taken = _LONG_NUMBER.search(gap) is not None
            if label.kind == "other":
                # One that has its number already says nothing of the next.
                seen_other = seen_other or (not taken and len(_WORD.findall(gap)) <= 3)
                continue
            if taken and not _is_others_number(line, label, start):
                break
            if seen_other and not _ACTS.labels(gap):
                return _ANOTHERS
            if not self.subject_strength and _is_postal(line, label, line, candidate):
                return _ANOTHERS
            return _said_before(candidate, label, line, taken)
        if seen_other:
            return _ANOTHERS
        if number and len(self.lines[number - 1]) >= 50 and not _SENTENCE_END.search(flat[:start]):
            return self.wrapped(line, candidate, number)
        return None

    def wrapped(self, line: _Line, candidate: Candidate, number: int) -> int | None:
        """The sentence may have begun in the line above, which was folded at its end."""
        above = _line(self.lines[number - 1][-120:].rstrip() + " ")
        joined = _Line(above.plain + line.plain, above.flat + line.flat)
        moved = len(above.plain)
        return self.before(
            joined, replace(candidate, start=candidate.start + moved, end=candidate.end + moved), None
        )

    def entered(self, number: int, line: _Line, candidate: Candidate) -> int | None:
        """ "Enter 482913 to sign in": no word for a code, but one for what it is for, right behind it."""
        if candidate.has_letters or candidate.is_year or len(candidate.code) > 8:
            return None
        behind = _SENTENCE_END.split(line.flat[candidate.end : candidate.end + 60])[0]
        acts = any(len(_WORD.findall(behind[: label.start])) <= 4 for label in _ACTS.labels(behind))
        if not acts and not self.subject_strength:
            return None
        around = max(self.above(number, line, candidate) or 0, self.below(number))
        if acts:
            is_spoken_of = self.subject_strength or self.subject_acts
            return 2 + (2 if around else 0) + (3 if is_spoken_of else 0)
        if around:
            return around
        before, behind = line.flat[: candidate.start], line.flat[candidate.end :]
        if not behind.strip(_EDGES) and len(before) <= 60 and _comes_now(before, _WORD.findall(before)):
            return self.subject_strength + (1 if self.subject_strength == _STRONG else 3)
        return None

    # Words above and below

    def own_line(self, number: int, line: _Line, candidate: Candidate, in_box: bool) -> int | None:
        """What the lines around a candidate are worth that stands in a line or a box of its own."""
        above = self.above(number, line, candidate)
        if above is None:
            return None
        best = max(above, self.below(number))
        here = {label.kind for label in line.labels if label.end <= candidate.start}
        if here - {"other"}:  # a box in a line that has spoken of it
            best = max(best, (_STRONG if "strong" in here else _BARE) + 2)
        if best:
            best += 1 if self.subject_strength else 0
        elif self.subject_strength and not (candidate.has_letters and not in_box):
            best = self.subject_strength + (1 if self.subject_strength == _STRONG else 2)
        else:
            return None
        return best + in_box

    def above(self, number: int, line: _Line, candidate: Candidate) -> int | None:
        """The labels in the lines above; None where the line right above names another number."""
        begins_line = not line.plain[: candidate.start].strip(_EDGES)
        for distance, above in enumerate(self.near(number, -1, _LINES_ABOVE), start=1):
            said = self.line_at(above)
            if not said.labels:
                continue
            if distance == 1 and begins_line and _names_another(said):
                return None
            kinds = {label.kind for label in said.labels if not _has_number(said, label)}
            if not self.subject_strength and _is_postal(said, said.labels[-1], line, candidate):
                return None
            if kinds - {"other"}:
                strength = _STRONG if "strong" in kinds else _BARE
                former = 2 if _FORMER.labels(said.flat) else 0
                return strength + (3 if distance == 1 else 2 if distance <= 3 else 1) - former
        return 0

    def below(self, number: int) -> int:
        """The labels in the lines below, where none is of another number."""
        for distance, below in enumerate(self.near(number, 1, _LINES_BELOW), start=1):
            said = self.line_at(below)
            label = next(iter(said.labels), None)
            if label is None or label.kind == "other":
                continue
            if _has_number(said, label):
                return 0
            return (_STRONG if label.kind == "strong" else _BARE) + (2 if distance == 1 else 1)
        return 0

    def near(self, number: int, step: int, most: int) -> list[int]:
        """The numbers of the nearest `most` lines above (-1) or below (1) that say something."""
        found: list[int] = []
        at = number + step
        while 0 <= at < len(self.lines) and len(found) < most and abs(at - number) < 40:
            if self.lines[at].strip(_RULERS):
                found.append(at)
            at += step
        return found

    def line_at(self, number: int) -> _Line:
        """A line, or beginning and end of a long one, looked at once."""
        known = self.known.get(number)
        if known is None:
            text = self.lines[number]
            if len(text) > _LONGEST_WINDOW:
                text = f"{text[:90]} \u2026 {text[-140:]}"
            known = self.known[number] = _line(text)
        return known

    def selling(self, line: _Line, candidate: Candidate) -> int:
        """What a letter that sells or books takes from a candidate: from one with letters, all."""
        window = line.flat[max(0, candidate.start - 90) : candidate.end + 90]
        if candidate.has_letters and (self.subject_travels or _TRAVEL.labels(window)):
            return 6
        if candidate.has_letters and "%" in window:
            return 6
        if self.subject_sells or _SELLING.labels(window):
            return 6 if candidate.has_letters else 3
        return 0


def _is_postal(said: _Line, label: Label, line: _Line, candidate: Candidate) -> bool:
    """Whether a "pincode" is an Indian postcode: six digits, nobody's own, or a town behind it."""
    if said.flat[label.start : label.end] not in _INDIAN or "-" in said.plain[label.start : label.end]:
        return False
    if len(candidate.code) != 6 or candidate.has_letters or candidate.code[0] == "0":
        return False
    if _TOWN.match(line.plain, candidate.end):
        return True
    gap = said.flat[label.end : candidate.start] if said is line else ""
    return not (_WORD.search(gap) or _OWNED.search(said.flat, 0, label.start))


def _said_before(candidate: Candidate, label: Label, line: _Line, taken: bool) -> int | None:
    """What a label is worth that stands in front of a candidate in its line."""
    gap = line.flat[label.end : candidate.start]
    words = _WORD.findall(gap)
    comes_now = _comes_now(gap, words) or _comes_behind_dash(line, label, candidate)
    if label.kind == "strong":
        is_tight = len(words) <= 3 and not taken
    else:  # "codice negozio 4829" is a code of another kind; scripts without blanks put their particles here
        is_tight = not taken and (not words or (len(words) == 1 and is_unbroken(words[0][0])))
    is_tight = is_tight or (comes_now and len(words) <= 8)
    if candidate.is_year and not (is_tight and len(words) <= 2 and (comes_now or not words)):
        return None
    if not comes_now and words and _USED.labels(gap):
        return None
    score = _STRONG if label.kind == "strong" else _BARE
    if is_tight:
        if label.kind == "bare" and comes_now and not set(words) - _COPULAS:
            score += _is_meant(candidate, line)
        return score + 3
    score += 1 if len(words) <= 14 else 0
    if comes_now:
        return score + 1
    return score - 2 if candidate.has_letters else score


def _is_meant(candidate: Candidate, line: _Line) -> int:
    """What "code is" right before it is worth to what looks like a year or a word, and ends its sentence."""
    if _WORD.match(line.flat[candidate.end :].lstrip(" \"')*")):
        return 0
    if candidate.is_year:
        return 2
    return 1 if candidate.has_letters and _MIXED.search(candidate.code) else 0


def _after(line: _Line, candidate: Candidate) -> int | None:
    """What the nearest label behind a candidate is worth: "482913 is your code"."""
    label = next((label for label in line.labels if label.start >= candidate.end), None)
    if label is None or label.kind == "other" or candidate.is_year:
        return None
    gap = line.flat[candidate.end : label.start]
    words = _WORD.findall(gap)
    if _SENTENCE_END.search(gap) or _LONG_NUMBER.search(gap) or len(words) > 8:
        return None
    if line.flat[label.start : label.end] in _PLURALS:
        return None
    if label.kind == "bare":
        is_said = words[:1] and words[0] in _COPULAS
        is_said = is_said or gap.lstrip(_CLOSING).startswith(_DASHES)
        if candidate.start > 40 or (len(words) >= 2 and not is_said):
            return None
        if is_said and _PREFIXED.fullmatch(candidate.code):
            return _ENOUGH
    score = _STRONG if label.kind == "strong" else _BARE
    score += 3 if len(words) <= 1 else 2 if len(words) <= 4 else 1
    if not line.plain[: candidate.start].strip(_EDGES):
        return score + 1
    return score - 1 if candidate.has_letters else score


def _is_of_no_interest(line: str, at: int) -> bool:
    """A quick look: most numbers are years, prices, sizes and times."""
    if len(line) > 30 and _YEAR.match(line, at) is not None:
        before = line[max(0, at - 24) : at].rstrip(_OPENING)
        word = before.rpartition(" ")[2]
        if not before.endswith(_COLONS) and word and fold(word) not in _BEFORE_A_YEAR:
            return True
    piece = line[max(0, at - 30) : at + 40]
    return not any(candidates(plain_text(piece))) and _NUMBERED.search(flat_text(piece)) is None


def _comes_now(gap: str, words: list[str]) -> bool:
    """Whether the words before a number say that now it comes: a colon, "is"."""
    bare = gap.rstrip(_OPENING)
    if words[-1:] == ["le"]:  # "votre code est le 482913"
        words, bare = words[:-1], bare[:-2].rstrip()
    return bare.endswith(_COLONS) or (bool(words) and words[-1] in _COPULAS and bare.endswith(words[-1]))


def _comes_behind_dash(line: _Line, label: Label, candidate: Candidate) -> bool:
    """Whether a dash says "is", as in Russian and Ukrainian."""
    is_cyrillic = "\u0400" <= line.flat[label.start] < "\u0530"
    return is_cyrillic and line.plain[label.end : candidate.start].rstrip(_OPENING).endswith((" -", "—"))


def _names_another(line: _Line) -> bool:
    """Whether a line is hardly more than the name of another number ("Order number:")."""
    last = line.labels[-1]
    if last.kind != "other" or any(label.kind == "strong" for label in line.labels):
        return False
    letters = sum(map(len, _WORD.findall(line.flat)))
    return (last.end - last.start) * 2 >= letters and not _LONG_NUMBER.search(line.flat, last.end)


def _has_number(line: _Line, label: Label) -> bool:
    """Whether a label has its number on its own line."""
    rest = line.flat[label.end : label.end + 30]
    return _LONG_NUMBER.search(_SENTENCE_END.split(rest, maxsplit=1)[0]) is not None


def _is_others_number(line: _Line, label: Label, start: int) -> bool:
    """Whether a number between a label and `start` belongs to a label of another kind."""
    between = [other for other in line.labels if label.end <= other.start and other.end <= start]
    return any(other.kind == "other" and _has_number(line, other) for other in between)


def _nearest_is_other(line: _Line, candidate: Candidate) -> bool:
    before = [label for label in line.labels if label.end <= candidate.start]
    return bool(before) and before[-1].kind == "other"


def _former(line: _Line, candidate: Candidate) -> int:
    """What it costs that the words before a candidate call it an old one."""
    before = _SENTENCE_END.split(line.flat[max(0, candidate.start - 32) : candidate.start])[-1]
    return 4 if _FORMER.labels(before) else 0


def _is_alone(line: _Line, candidate: Candidate) -> bool:
    """Whether nothing but punctuation is on a candidate's line."""
    before, behind = line.plain[: candidate.start], line.plain[candidate.end :]
    return not before.strip(_EDGES) and not behind.strip(_EDGES)
