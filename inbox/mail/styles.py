"""Declarations of styles, inline ones and those of sheets (sheets.py): an allow-list of properties and of
what their values are made of.

nh3 filters the names of properties only; the values are the danger: url() asks a server, expression() and the
like run in old engines, a position lays a letter over something else.
"""

import re
from collections.abc import Callable
from functools import lru_cache

from inbox.mail.colours import Colour, dark_ground, dark_ink, dark_line, parse_colour, to_hex

_LONGEST_STYLE = 8 * 1024
_LONGEST_VALUE = 300
_MOST_DECLARATIONS = 100

_SIDES = ("top", "right", "bottom", "left")
_PROPERTIES = frozenset(
    """
    background background-color background-position background-repeat background-size
    color direction font font-family font-size font-style font-variant
    font-weight line-height letter-spacing word-spacing text-align text-decoration text-decoration-color
    text-decoration-line text-decoration-style text-indent text-overflow text-transform vertical-align
    white-space word-break word-wrap overflow-wrap hyphens unicode-bidi border border-collapse border-color
    border-radius border-spacing border-style border-width border-top-left-radius border-top-right-radius
    border-bottom-left-radius border-bottom-right-radius margin padding width height min-width max-width
    min-height max-height box-sizing display float clear overflow opacity visibility list-style
    list-style-type list-style-position table-layout caption-side empty-cells quotes tab-size
    object-fit aspect-ratio
    flex flex-basis flex-direction flex-flow flex-grow flex-shrink flex-wrap order
    align-content align-items align-self justify-content gap row-gap column-gap grid-template-columns
    """.split()  # noqa: SIM905 - a table that is read
) | {
    name
    for side in _SIDES
    for name in (
        f"border-{side}",
        f"border-{side}-color",
        f"border-{side}-style",
        f"border-{side}-width",
        f"margin-{side}",
        f"padding-{side}",
    )
}
# Letters, numbers, units, colours, quoted font names. No backslash (an escape spells anything), no colon, at
# sign, angle bracket or brace.
_VALUE = re.compile(r"[\w\s.,%#!+/*()'\"-]*")
_FUNCTION_NAME = re.compile(r"([\w-]*)\s*\(")
_FUNCTIONS = frozenset(("rgb", "rgba", "hsl", "hsla", "calc", "min", "max", "clamp", "repeat", "minmax"))
_COMMENT = re.compile(r"/\*(?:[^*]|\*(?!/))*\*/")
_PLAIN = re.compile(r"[\w\s.,%#-]*")
_COLOUR_IN_SHORTHAND = re.compile(r"#[0-9a-f]{3,8}\b|(?:rgb|hsl)a?\([\d\s.,%/]{1,60}\)|\b[a-z]{3,20}\b", re.I)
_URL = re.compile(r"[\w-]*\([^()]*(?:\([^()]*\)[^()]*)*\)", re.I)
# No margin is negative: with one an element lies over the words before it, or goes out of the page. Some mail
# services drop such, so few letters rest on them. Of other lengths, one below this does the same. A relative
# unit counts as one of ordinary text does (1em = 16px), and a function may reckon out anything: what can be
# negative in CSS is given none.
_LOWEST_PIXELS = -200
_NEGATIVE = re.compile(r"(?<![a-z_-])(-(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?)([a-z%]*)", re.I)
_PIXELS = {"": 1, "px": 1, "pt": 4 / 3, "pc": 16, "q": 0.945, "mm": 3.78, "cm": 37.8, "in": 96}
_RELATIVE_PIXELS = 16
_MARGIN = re.compile(r"margin(?:-\w+)?")
_MAY_BE_NEGATIVE = re.compile(r"text-indent|(?:letter|word)-spacing|vertical-align")
_DISPLAYS = re.compile(
    r"(?:block|inline|inline-block|none|table|table-row|table-cell|table-row-group|table-header-group"
    r"|table-footer-group|table-column|table-column-group|table-caption|inline-table|list-item|flex|inline-flex"
    r"|grid|inline-grid|flow-root|inherit|initial)"
    r"(?:\s*!\s*important)?",
    re.I,
)


def filter_style(style: str) -> str:
    """What is left of an inline style, as declarations joined by ";". Filtering twice is once."""
    return join_declarations(parse_attribute(style))


#: What our own sheet has to say of the elements around a mark of ours. An important declaration of theirs
#: would go before it, so in a style attribute none of these is important (CSS Cascade 5, 6.1).
NEVER_IMPORTANT = frozenset(("overflow", "opacity", "text-indent", "justify-content", "min-height"))


def parse_attribute(style: str) -> dict[str, str]:
    """The same of a style attribute."""
    return {
        name: value.removesuffix(" !important") if name in NEVER_IMPORTANT else value
        for name, value in parse_style(style).items()
    }


def join_declarations(declarations: dict[str, str]) -> str:
    """The text of a style attribute."""
    return ";".join(f"{name}:{value}" for name, value in declarations.items())


def parse_style(style: str) -> dict[str, str]:
    """The declarations of `style` that may stay; a later one of a name replaces an earlier one, as in CSS."""
    return dict(_parsed(style)) if len(style) <= _LONGEST_STYLE else {}


@lru_cache(maxsize=2048)
def _parsed(style: str) -> dict[str, str]:
    if "/*" in style:
        style = _COMMENT.sub(" ", style)
    kept: dict[str, str] = {}
    for declaration in declarations_of(style)[:_MOST_DECLARATIONS]:
        name, colon, value = declaration.partition(":")
        name = name.strip().lower()
        value = _IMPORTANT.sub(" !important", " ".join(value.split()))
        if not colon or name not in _PROPERTIES or not value or len(value) > _LONGEST_VALUE:
            continue
        if name in ("background", "background-color"):
            # The colour of a background stays, and how its picture would lie; that would be a request.
            if name == "background" and "url(" in value.lower():
                kept |= _lie_of(value)
            name, value = "background-color", _background_colour(value)
        elif not _is_harmless(name, value):
            continue
        elif _MARGIN.fullmatch(name):
            value = " ".join(_NEGATIVE.sub(" 0", value).split())
        if value and not (kept.get(name, "").endswith("!important") and not value.endswith("!important")):
            kept.pop(name, None)
            kept[name] = value
    return kept


def declarations_of(style: str) -> list[str]:
    """`style` cut at semicolons outside quotes and brackets."""
    if "(" not in style and '"' not in style and "'" not in style:
        return style.split(";")
    found: list[str] = []
    quote = ""
    depth = start = 0
    for match in _STRUCTURE.finditer(style):
        character = match[0]
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character == "(":
            depth += 1
        elif character == ")":
            depth = max(0, depth - 1)
        elif not depth:
            found.append(style[start : match.start()])
            start = match.end()
    if not quote and not depth:
        found.append(style[start:])
    return found  # what was left open swallows the rest in a browser too: dropped


_IMPORTANT = re.compile(r"\s*!\s*important$", re.I)
_STRUCTURE = re.compile(r"[;'\"()]")


def dark_style(declarations: dict[str, str]) -> dict[str, str]:
    """`declarations` for a dark page: every ground dark, every ink light, whatever stands on what.

    A colour that cannot be worked out goes, ground and ink alike.
    """
    dark: dict[str, str] = {}
    for name, value in declarations.items():
        if name == "background-color":
            value = _replaced(value, dark_ground)
        elif name == "color":
            value = _replaced(value, dark_ink)
        elif name.startswith(("border", "text-decoration")):
            value = _COLOUR_IN_SHORTHAND.sub(_dark_line, value)
        if value:
            dark[name] = value
    return dark


def _replaced(value: str, change: Callable[[Colour], Colour]) -> str:
    bare, important, _ = value.partition(" !important")
    if bare.lower() in ("inherit", "transparent") and not (
        bare.lower() == "transparent" and change is dark_ink
    ):
        return value
    colour = parse_colour(bare)
    return to_hex(change(colour)) + important if colour is not None else ""


def _dark_line(match: re.Match[str]) -> str:
    colour = parse_colour(match[0])
    return to_hex(dark_line(colour)) if colour is not None else match[0]


def _is_harmless(name: str, value: str) -> bool:
    if _MARGIN.fullmatch(name) and "(" in value:
        return False
    if _MAY_BE_NEGATIVE.fullmatch(name) and ("(" in value or _goes_far_back(value)):
        return False
    if name == "display":
        return _DISPLAYS.fullmatch(value) is not None
    if _PLAIN.fullmatch(value):
        return True
    if not _VALUE.fullmatch(value):
        return False
    if value.count("'") % 2 or value.count('"') % 2 or value.count("(") != value.count(")"):
        return False
    return all(found.lower() in _FUNCTIONS for found in _FUNCTION_NAME.findall(value))


def _goes_far_back(value: str) -> bool:
    return any(
        float(number) * _PIXELS.get(unit.lower(), _RELATIVE_PIXELS) < _LOWEST_PIXELS
        for number, unit in _NEGATIVE.findall(value)
    )


def _background_colour(value: str) -> str:
    important = " !important" if value.endswith("!important") else ""
    for candidate in _COLOUR_IN_SHORTHAND.findall(_without_pictures(value)):
        if candidate.lower() == "transparent":
            return "transparent" + important
        colour = parse_colour(candidate)
        if colour is not None:
            return to_hex(colour) + important
    return ""


def _lie_of(value: str) -> dict[str, str]:
    """How the picture of a `background` repeats, how large it is and where it lies, where words say so."""
    place, _, size = _without_pictures(value).lower().partition("/")
    found = {
        "background-repeat": _REPEAT.findall(value.lower())[:1],
        "background-size": _SIZE.findall(size)[:1],
        "background-position": _PLACE.findall(place)[:2],
    }
    return {name: " ".join(words) for name, words in found.items() if words}


_REPEAT = re.compile(r"(?<![\w-])(?:no-repeat|repeat-x|repeat-y)(?![\w-])")
_SIZE = re.compile(r"\b(?:cover|contain)\b")
_PLACE = re.compile(r"\b(?:left|right|top|bottom|center)\b")


def _without_pictures(value: str) -> str:
    return _URL.sub(lambda found: found[0] if parse_colour(found[0]) is not None else " ", value)
