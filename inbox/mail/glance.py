"""What one glance at a letter's HTML gives: its text in lines, its links, what stands in a box of its own.

For reception, where a letter is looked at once and in a hurry: a single pattern cuts the markup at its tags,
and nothing is built. What its own style hides is passed over. It decides nothing about safety. Linear: no tag
holds a "<", so no two searches for the end of one cover the same ground.
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

# Beyond these nothing is looked for.
LONGEST_MARKUP = 64 * 1024
LONGEST_TEXT = 40 * 1024
MOST_LINKS = 60
_MOST_CALLED_ALIKE = 4
_LONGEST_URL = 4000
_LONGEST_LINK_TEXT = 200
_MOST_SILENT = 2000
# Of a letter that hides more than this the rest is hidden too.
_MOST_HIDDEN = 1000


class Link(NamedTuple):
    """A link of a letter: where it leads, what it is called, what is said in front of it and behind."""

    url: str
    text: str
    before: str
    after: str = ""


@dataclass(frozen=True, slots=True)
class Glance:
    """The text in lines (each block is one), what short text fills an element alone, and the links.

    `hidden` is the markup that the letter's own style hides; none of it is in the others.
    """

    text: str = ""
    boxes: frozenset[str] = frozenset()
    links: tuple[Link, ...] = ()
    is_cut: bool = False
    hidden: str = ""


_LINK_BEGINS, _LINK_ENDS = "\x02", "\x03"
_TAG = re.compile(r"<(/?[a-zA-Z][a-zA-Z0-9:]{0,30})([^<>]*)>")
_SILENT = re.compile(
    r"<(?:!--|(style|script|head|title|noscript|template|svg|math|object|select|textarea)\b)", re.I
)
_TAGS = re.compile(r"</?[a-zA-Z][^<>]*>|\s+")
_OTHER_MARKUP = re.compile(r"<[!?/][^<>]*>|<[a-zA-Z/!?][^<>]*\Z")
_QUOTED = re.compile(r"=[ ]?(?:\"[^\"]{0,2000}\"|'[^']{0,2000}')")
_BRACKETS_AS_BLANKS = str.maketrans("<>", "  ")
# Line ends of the source are mere blanks, and nothing that is sent is taken for one of our marks.
_SOURCE_BLANKS = ("\r\n", "\n", "\r", "\t", _LINK_BEGINS, _LINK_ENDS)
_BOX = re.compile(r">\s*([0-9A-Za-z][0-9A-Za-z \-]{2,14}[0-9A-Za-z])\s*</")
_ATTRIBUTE = r"""(?:^|\s){}\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))"""
_STYLE = re.compile(_ATTRIBUTE.format("style"), re.I)
_HREF = re.compile(_ATTRIBUTE.format("href"), re.I)
_ALT = re.compile(_ATTRIBUTE.format("alt"), re.I)
# One digit an element, as code boxes are drawn.
_ROW = re.compile(r"[|│](?:[ \t]{0,8}[0-9A-Z][ \t]{0,8}[|│]){4,10}(?![ \t]{0,8}[0-9A-Za-z])")
_COUNTED = "0123456789|1234567890|9876543210"
_SINGLE = re.compile("\n[ ]{0,20}[0-9A-Z][ ]{0,20}\n")
_SINGLES = re.compile(
    r"(?:(?<=\n)|\A)[ ]{0,20}[0-9A-Z](?:[ ]{0,20}\n[ \n]{0,20}[0-9A-Z]){3,9}[ ]{0,20}(?=\n|\Z)"
)
_FILLERS = re.compile("[\u034f\u200b\u200c\u200d\u2007\u00ad\u2060\ufeff]+")
_ENTITY_FILLERS = (
    "&zwnj;",
    "&#847;",
    "&#8203;",
    "&#8204;",
    "&#8205;",
    "&shy;",
    "&#173;",
    "&zwj;",
    "&#xfeff;",
    "&#65279;",
)
_LONG_NUMBER = re.compile(r"&#[xX]?[0-9a-fA-F]{8,}")


class _Marks(dict[str, str]):
    """What stands for a tag in the text: a line end for blocks, a mark for links, else nothing."""

    def __missing__(self, name: str) -> str:
        found: str = self.get(name.lower(), "")
        if len(self) < 1000:  # names are the sender's to choose
            self[name] = found
        return found


_MARKS = _Marks(
    {
        "a": _LINK_BEGINS,
        "/a": _LINK_ENDS,
        "br": "\n",
        "hr": "\n",
        "li": "\n",
        "img": "",
        "td": "\n",
        "th": "\n",
    }
)
_MARKS |= {
    slash + name: "\n"
    for slash in ("", "/")
    for name in """
        p div tr ul ol dl dt dd h1 h2 h3 h4 h5 h6 table blockquote pre section article header footer center
        address body main form figure figcaption aside nav caption fieldset td th li
        """.split()  # noqa: SIM905 - a table that is read, not thirty quotes
}


def glance(markup: str) -> Glance:
    """What can be seen of `markup` (its first 64 KiB). Raises nothing."""
    is_cut = len(markup) > LONGEST_MARKUP
    markup = markup[:LONGEST_MARKUP]
    for blank in _SOURCE_BLANKS:
        markup = markup.replace(blank, " ")
    markup, hidden = _shown(_said(markup))
    text, names, attributes = _cut_at_tags(markup)
    if "<" in text or ">" in text:
        # Perhaps a bracket inside of a quoted value (alt="a > b"), which ends no tag.
        markup = _QUOTED.sub(lambda quoted: quoted[0].translate(_BRACKETS_AS_BLANKS), markup)
        markup, more = _shown(markup)
        hidden += more
        text, names, attributes = _cut_at_tags(markup)
        text = _OTHER_MARKUP.sub("", text)
    is_cut = is_cut or len(text) > LONGEST_TEXT
    text = _in_lines(_unescaped(text[:LONGEST_TEXT]))
    links = tuple(_links(text, names, attributes)) if _LINK_BEGINS in text else ()
    text = text.replace(_LINK_BEGINS, "").replace(_LINK_ENDS, "").strip()
    boxes = frozenset(box for box in _BOX.findall(markup) if not box.replace(" ", "").isalpha())
    return Glance(joined_singles(text), boxes, links, is_cut, hidden)


def _said(markup: str) -> str:
    """`markup` without what is not said: comments, styles, titles. What never ends hides nothing."""
    kept: list[str] = []
    position = searched = 0
    endless: set[str] = set()
    for _ in range(_MOST_SILENT):
        match = _SILENT.search(markup, searched)
        if match is None:
            break
        ending = f"</{match[1].lower()}" if match[1] else "-->"
        end = -1 if ending in endless else _end_of(markup, ending, match.end())
        if end < 0:
            endless.add(ending)
            searched = match.end()
            continue
        kept.append(markup[position : match.start()])
        position = searched = end
    kept.append(markup[position:])
    return "".join(kept)


# What hides: a word that is in hardly any tag, and what must follow it to be worth a closer look.
_HIDING = {
    "display": re.compile(r"display\s*:\s*none"),
    "visibility": re.compile(r"visibility\s*:\s*(?:hidden|collapse)"),
    "hidden": re.compile(r"hidden(?=[\s=/>])"),
    "max-height": re.compile(r"max-height\s*:\s*0"),
    "font-size": re.compile(r"font-size\s*:\s*0"),
    "opacity": re.compile(r"opacity\s*:\s*0"),
}
_HIDDEN_ATTRIBUTE = re.compile(r"(?:^|[\s\"'])hidden(?:[\s=/]|$)", re.I)
_VALUE = re.compile(r"=\s*(?:\"[^\"]*\"|'[^']*'|[^\s\"'>]+)")
# As templates have it: no size in a cell for the blanks between what is in it, which has one.
_SIZED = re.compile(r"\s{0,200}<(?:table|[a-z][^<>]*(?:font|class))")
_NO_SIZE = re.compile(r"0+(?:\.0*)?(?:[a-z]{2,4}|%)?")
_CAPITALS = re.compile("[A-Z]+")
_EMPTY = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr")
)
_CELLS = frozenset(("td", "th", "tr", "tbody", "thead", "tfoot"))
# Whose end ends what is open inside of it, though it was begun outside of what is looked at.
_BLOCKS = _CELLS | {
    "body",
    "html",
    "div",
    "table",
    "section",
    "article",
    "main",
    "center",
    "form",
    "blockquote",
    "ul",
    "ol",
    "li",
}
# Until which next of their kind those last that need no end, and what holds both.
_UNTIL_NEXT = {
    "td": (_CELLS, ("table",)),
    "th": (_CELLS, ("table",)),
    "tr": (_CELLS - {"td", "th"}, ("table",)),
    "li": (frozenset(("li",)), ("ul", "ol")),
    "p": (frozenset(("p", "div", "table", "ul", "ol", "h1", "h2", "h3", "h4", "blockquote")), ()),
}


def _shown(markup: str) -> tuple[str, str]:
    """`markup` without the elements that their own style hides, and those."""
    lowered = markup.lower()
    if len(lowered) != len(markup):
        lowered = _CAPITALS.sub(lambda match: match[0].lower(), markup)
    places = [
        match.start()
        for word, pattern in _HIDING.items()
        if word in lowered
        for match in pattern.finditer(lowered)
    ]
    if not places:
        return markup, ""
    kept: list[str] = []
    hidden: list[str] = []
    known: dict[str, str] = {}
    position = looked_until = 0
    for place in sorted(places):
        start = markup.rfind("<", looked_until, place)
        looked_until = max(looked_until, place)
        tag = _TAG.match(markup, start) if start >= position else None
        if tag is None or tag.end() < place or tag[1][0] == "/":
            continue
        how = known.get(tag[2])
        if how is None:
            how = known[tag[2]] = _hides(tag[2])
        if not how or (how == "text" and _SIZED.match(lowered, tag.end())):
            continue
        end, is_over = len(markup), True
        if len(hidden) < _MOST_HIDDEN:
            end, is_over = _end_of_element(markup, tag, how)
        if how == "text" and not (is_over and "<img" not in lowered[start:end]):
            # Only words have no size: tags between them stay, as around pictures and what has one of its own.
            inside = markup[tag.end() : end]
            tags = _TAGS.findall(inside)
            if sum(map(len, tags)) < len(inside):
                kept += (markup[position : tag.end()], *tags)
                hidden.append(inside)
                position = end
            looked_until = max(looked_until, tag.end())
            continue
        kept.append(markup[position:start])
        hidden.append(markup[start:end])
        position = looked_until = end
    kept.append(markup[position:])
    return "".join(kept), "".join(hidden)


def _hides(attributes: str) -> str:
    """How attributes hide their element: "all" of it, "text" that has no size of its own, or ""."""
    if _HIDDEN_ATTRIBUTE.search(_VALUE.sub(" ", attributes)):
        return "all"
    found: dict[str, str] = {}
    for declaration in _attribute(_STYLE, attributes).lower().split(";"):
        name, _, value = declaration.partition(":")
        found[name.strip()] = value.partition("!")[0].strip()
    if found.get("display") == "none" or found.get("visibility") in ("hidden", "collapse"):
        return "all"
    if _NO_SIZE.fullmatch(found.get("max-height") or "1") and found.get("overflow", "") in ("hidden", "clip"):
        return "all"
    if _NO_SIZE.fullmatch(found.get("opacity") or "1"):
        return "all"
    return "text" if _NO_SIZE.fullmatch(found.get("font-size") or "1") else ""


def _end_of_element(markup: str, tag: re.Match[str], how: str) -> tuple[int, bool]:
    """Where what `tag` hides ends, and whether its element is over there, which may be that of `markup`."""
    name = tag[1].lower()
    if name in _EMPTY:
        return tag.end(), True
    until, holders = _UNTIL_NEXT.get(name, (frozenset[str](), ()))
    inside = [name]
    count = {name: 1}
    for other in _TAG.finditer(markup, tag.end()):
        called = other[1].lower()
        if called.startswith("/"):
            called = called[1:]
            if not count.get(called):
                if called in _BLOCKS and (name not in _CELLS or called in _CELLS or called == "table"):
                    return other.start(), True
                continue
            while True:
                last = inside.pop()
                count[last] -= 1
                if last == called:
                    break
            if not inside:
                return other.end(), True
        elif called in until and not any(count.get(holder) for holder in holders):
            return other.start(), True
        elif how == "text" and _has_size(called, other[2]):
            return other.start(), False
        elif called not in _EMPTY:
            inside.append(called)
            count[called] = count.get(called, 0) + 1
    return len(markup), True


def _has_size(name: str, attributes: str) -> bool:
    """Whether an element may have a size of text of its own: by its style, by a sheet, as tables may."""
    if name == "table":
        return True
    lowered = attributes.lower()
    return "font" in lowered or "class" in lowered or "size" in lowered or " id" in lowered


def _cut_at_tags(markup: str) -> tuple[str, list[str], list[str]]:
    """The text with line ends and marks for tags, and each tag's name and attributes in order."""
    pieces = _TAG.split(markup)
    names, attributes = pieces[1::3], pieces[2::3]
    pieces[1::3] = map(_MARKS.__getitem__, names)
    pieces[2::3] = [""] * len(names)
    return "".join(pieces), names, attributes


def _in_lines(text: str) -> str:
    """`text` without needless blanks and empty lines. Each round halves what there is too much of."""
    while "  " in text:
        text = text.replace("  ", " ")
    text = text.replace(" \n", "\n").replace("\n ", "\n")
    while "\n\n" in text:
        text = text.replace("\n\n", "\n")
    return text


def _end_of(markup: str, ending: str, start: int) -> int:
    """Behind `ending`, searched from `start`; -1 where there is none."""
    if ending == "-->":
        # "<!-->" is a whole comment.
        found = markup.find(ending, max(0, start - 2))
        return found + 3 if found >= 0 else -1
    found = markup.find(ending, start)
    if found < 0:
        match = re.compile(ending, re.I).search(markup, start)
        if match is None:
            return -1
        found = match.start()
    end = markup.find(">", found)
    return end + 1 if end >= 0 else len(markup)


def _unescaped(text: str) -> str:
    if "&" in text:
        if text.count("&") > 50:  # a preheader's padding: its thousand entities take a microsecond each
            for filler in _ENTITY_FILLERS:
                text = text.replace(filler, "")
            text = text.replace("&nbsp;", " ")
        if "&#" in text:
            text = _LONG_NUMBER.sub("\ufffd", text)
        text = html.unescape(text)
    return text if text.isascii() else _FILLERS.sub("", text.replace("\xa0", " "))


def joined_singles(text: str) -> str:
    """`text` with digits that stand in a line each, or in cells drawn in a line, joined to one word."""
    if "|" in text or "│" in text:
        text = _ROW.sub(_joined_row, text)
    if _SINGLE.search(text) is None:
        return text
    return _SINGLES.sub(lambda match: "".join(match[0].split()), text)


def _joined_row(match: re.Match[str]) -> str:
    cells = "".join(match[0].replace("|", " ").replace("│", " ").split())
    # What counts from one to the next is the head of a table.
    return match[0] if cells in _COUNTED else f" {cells} "


def _links(text: str, names: list[str], attributes: list[str]) -> Iterator[Link]:
    """The links, each begun by a mark in `text`, in the order of their tags."""
    called: dict[str, int] = {}
    tags = [at for at, name in enumerate(names) if name in ("a", "A")]
    segments = text.split(_LINK_BEGINS)
    for number, at in enumerate(tags[: min(2 * MOST_LINKS, len(segments) - 1)]):
        inside, is_ended, after = segments[number + 1].partition(_LINK_ENDS)
        said = " ".join(inside[:_LONGEST_LINK_TEXT].split()) if is_ended else ""
        # Where ten links are called "Read more", the tenth is not what a letter is about.
        count = called[said] = called.get(said, 0) + 1
        if count > _MOST_CALLED_ALIKE:
            continue
        url = _attribute(_HREF, attributes[at])
        if not url:
            continue
        said = said or _picture_text(names, attributes, at)
        yield Link(url, said, _before(segments, number), after[:80].partition("\n")[0])


def _attribute(pattern: re.Pattern[str], attributes: str) -> str:
    match = pattern.search(attributes)
    if match is None:
        return ""
    value = match[1] or match[2] or match[3] or ""
    if len(value) > _LONGEST_URL:
        return ""
    return html.unescape(value).strip() if "&" in value else value.strip()


def _picture_text(names: list[str], attributes: list[str], at: int) -> str:
    for position in range(at + 1, min(at + 8, len(names))):
        name = names[position].lower()
        if name == "/a":
            break
        if name == "img":
            return _attribute(_ALT, attributes[position])[:_LONGEST_LINK_TEXT]
    return ""


def _before(segments: list[str], number: int) -> str:
    """What stands in front of link `number`, up to 240 characters, lines kept."""
    before = segments[number][-240:]
    if len(before) < 240 and number:
        before = segments[number - 1][-(240 - len(before)) :] + " " + before
    return before.replace(_LINK_ENDS, " ").strip()


_URL = re.compile(r"https?://[^\s<>\"\\^`{|}\x00-\x1f\x7f\u3000\u3001\u3002\uff08\uff09\uff0c]{4,4000}", re.I)
_TRAILING = ".,;:!?'*_~)]\u2019\u201d\u00bb\u2026"


def links_of_text(text: str) -> Iterator[Link]:
    """The addresses in a plain text, what is said on their line, and in front of it."""
    last_end = 0
    for number, match in enumerate(_URL.finditer(text)):
        if number >= MOST_LINKS:
            return
        # A bracket that was opened inside belongs to the address.
        url = match[0].rstrip(_TRAILING if "(" not in match[0] else _TRAILING.replace(")", ""))
        start = max(last_end, match.start() - 300)
        before = text[start : match.start()]
        last_end = match.end()
        lines = before.rstrip("<([*\" \t'").rsplit("\n", 1)
        label = lines[-1].strip()
        yield Link(url, label[-_LONGEST_LINK_TEXT:], before[-240:].strip())
