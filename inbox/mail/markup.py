"""The sender's HTML written anew, before the cleaner sees it: plain, balanced, bounded.

The cleaner (html.py) is quadratic in nesting and in attributes, and it cannot see what belongs together. So
the letter is tokenised once, linearly, and only what is known goes out again, with every value quoted and
every element closed. Whatever this reads differently from a browser, the browser gets what was written here,
not what was sent. It is not the wall: the cleaner goes over the result with a list of its own.

On the way: pictures and anchors get their addresses, the body's colours move to a wrapper, and a text that
cannot be read on its ground loses its colour (the ground may have been a picture or a style sheet, which do
not stay).
"""

import re
from collections import Counter
from collections.abc import Callable
from html import escape, unescape

from inbox.mail.colours import WHITE, Colour, contrast, parse_colour, to_hex
from inbox.mail.styles import join_declarations, parse_style

GREATEST_DEPTH = 200
_MOST_ATTRIBUTES = 60
_MOST_TAGS = 50_000
_LONGEST_VALUE = 16 * 1024

PREFIX = "m-"

# Elements that are shown, and the attributes of each beside those that every element may have.
TAGS: dict[str, frozenset[str]] = {
    name: frozenset(attributes.split())
    for name, attributes in {
        "a": "href name target",
        "img": "src alt width height border hspace vspace align",
        "table": "width height border cellpadding cellspacing bgcolor",
        "td": "width height bgcolor colspan rowspan valign nowrap",
        "th": "width height bgcolor colspan rowspan valign nowrap",
        "tr": "height bgcolor valign",
        "tbody": "valign",
        "thead": "valign",
        "tfoot": "valign",
        "caption": "",
        "col": "span width",
        "colgroup": "span width",
        "font": "color face size",
        "ol": "start type",
        "ul": "type",
        "li": "value type",
        "hr": "width size noshade color",
        "br": "clear",
    }.items()
} | {
    name: frozenset()
    for name in """
    abbr acronym address article aside b bdi bdo big blockquote center cite code dd del dfn dir div dl dt em
    figcaption figure footer h1 h2 h3 h4 h5 h6 header i ins kbd main mark nav p pre q rp rt ruby s samp
    section small span strike strong sub sup tt u var wbr
    """.split()  # noqa: SIM905 - a table that is read
}
GENERIC_ATTRIBUTES = frozenset(("align", "dir", "id", "lang", "style", "title"))
# Elements whose content is not the letter's text.
SILENT = frozenset(
    """
    applet audio canvas embed frameset iframe head math noembed noframes noscript object script select style
    svg template textarea title video xml xmp
    """.split()  # noqa: SIM905
)
_SILENT_NOT_SKIPPED = frozenset(("head", "frameset"))
_VOID = frozenset(("br", "col", "hr", "img", "wbr"))
# End tags of these never close a block around which they were opened.
_INLINE = frozenset(
    """
    a abbr acronym b bdi bdo big cite code del dfn em font i ins kbd mark q rp rt ruby s samp small span
    strike strong sub sup tt u var
    """.split()  # noqa: SIM905
)
_SECTIONS = frozenset(("tbody", "thead", "tfoot", "tr", "caption", "colgroup"))
# A start tag of the first kind closes an open element of the second, up to a boundary of the third.
_CLOSES = {
    "li": (frozenset(("li",)), frozenset(("ul", "ol", "dir", "table", "td", "th"))),
    "dt": (frozenset(("dt", "dd")), frozenset(("dl", "table", "td", "th"))),
    "dd": (frozenset(("dt", "dd")), frozenset(("dl", "table", "td", "th"))),
    "td": (frozenset(("td", "th", "caption", "colgroup")), frozenset(("table", "tr"))),
    "th": (frozenset(("td", "th", "caption", "colgroup")), frozenset(("table", "tr"))),
    "tr": (frozenset(("tr", "caption", "colgroup")), frozenset(("table", "tbody", "thead", "tfoot"))),
    "tbody": (_SECTIONS, frozenset(("table",))),
    "thead": (_SECTIONS, frozenset(("table",))),
    "tfoot": (_SECTIONS, frozenset(("table",))),
    "a": (frozenset(("a",)), frozenset(("table", "td", "th"))),
}
_TABLE_ROWS = frozenset(("table", "tbody", "thead", "tfoot", "tr"))
_TABLE_PARTS = frozenset(("caption", "col", "colgroup", "tbody", "thead", "tfoot", "tr", "td", "th"))
_CLOSES_P = frozenset(
    """
    address article aside blockquote center dir div dl figcaption figure footer h1 h2 h3 h4 h5 h6 header hr
    main nav ol p pre section table ul
    """.split()  # noqa: SIM905
)
_P_BOUNDARY = frozenset(("table", "td", "th", "caption"))

_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/>]{0,40})")
_ATTRIBUTE = re.compile(
    r"[\s/]*([^\s/>=][^\s/>=]*)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>\"'][^\s>]*)?))?", re.S
)
_TAG_REST = re.compile(r"[\s/]*(>?)")
_LENGTH = re.compile(r"\d{1,4}(?:\.\d{1,3})?(?:px|%|\*)?")
_WORD = re.compile(r"[a-z-]{1,20}", re.I)
_FONT_SIZE = re.compile(r"[+-]?\d")
_FACE = re.compile(r"[\w\s,'\"-]{1,200}")
_LANG = re.compile(r"[A-Za-z0-9-]{1,40}")
_FRAGMENT = re.compile(r"[^\s\"'<>&\\]{1,200}")
_LINK = re.compile(r"(?:https?://|mailto:)", re.I)
_BLANKS_IN_URL = re.compile(r"[\x00-\x20\x7f-\xa0\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff]")
_NOT_IN_URL = re.compile(r"[ \"<>`]")
_LONG_NUMBER = re.compile(r"&#[xX]?[0-9a-fA-F]{8,};?")

# Below this contrast a text cannot be read at all; senders' own pale greys stay as they are.
_UNREADABLE = 1.6
_FAINT_LINK = 3.5
_LINK_COLOUR: Colour = (11, 87, 208)
_TEXT_COLOUR: Colour = (26, 26, 26)
# Preheaders are hidden like this on purpose.
_HIDDEN = re.compile(
    r"(?:^|;)(?:display:none|font-size:[01](?:\.\d+)?(?:px|pt|em)?\b|max-height:0|opacity:0(?:;|$))"
)


class Letter:
    """What rewrite() makes: the markup, and the style and direction that the body asked for."""

    __slots__ = ("body_style", "direction", "markup")

    def __init__(self, markup: str, body_style: str, direction: str) -> None:
        self.markup = markup
        self.body_style = body_style
        self.direction = direction


def rewrite(html: str, picture: Callable[[str], str | None]) -> Letter:
    """`html` written anew. `picture` gives the data: address of a cid: address, or None."""
    return _Rewriting(html, picture).run()


class _Open:
    __slots__ = ("ground", "ink", "name")

    def __init__(self, name: str, ground: Colour, ink: Colour) -> None:
        self.name = name
        self.ground = ground
        self.ink = ink


class _Rewriting:
    def __init__(self, html: str, picture: Callable[[str], str | None]) -> None:
        self.html = html
        self.picture = picture
        self.out: list[str] = []
        self.stack: list[_Open] = []
        # How many of each name are on the stack, so that the stack is searched only for what is there.
        self.opened: Counter[str] = Counter()
        self.body = _Open("body", WHITE, _TEXT_COLOUR)
        self.body_style = ""
        self.direction = ""
        self.no_more: set[str] = set()

    def run(self) -> Letter:
        html = self.html
        position = tags = 0
        while position < len(html):
            opening = html.find("<", position)
            if opening < 0:
                self._text(html[position:])
                break
            if opening > position:
                self._text(html[position:opening])
            tags += 1
            if tags > _MOST_TAGS:
                self._text("…")
                break
            match = _TAG.match(html, opening)
            if match is None:
                position = self._after_no_tag(opening)
                continue
            name = match[2].lower()
            attributes, position = self._attributes(match.end())
            if match[1]:
                self._end(name)
            elif name in SILENT:
                position = self._after_silent(name, position)
            else:
                self._start(name, attributes)
        while self.stack:
            self._pop()
        return Letter("".join(self.out), self.body_style, self.direction)

    # Tokens

    def _after_no_tag(self, opening: int) -> int:
        """Comments, declarations and processing instructions go; a lone "<" is text."""
        html = self.html
        if html.startswith("<!--", opening):
            if html.startswith(("<!-->", "<!--->"), opening):
                return html.index(">", opening) + 1
            return self._behind("-->", opening + 4)
        if html.startswith(("<!", "<?", "</"), opening):
            return self._behind(">", opening + 2)
        self._text("&lt;")
        return opening + 1

    def _behind(self, ending: str, position: int) -> int:
        if ending not in self.no_more:
            found = self.html.find(ending, position)
            if found >= 0:
                return found + len(ending)
            self.no_more.add(ending)
        return position

    def _after_silent(self, name: str, position: int) -> int:
        """Behind the end tag of an element whose content is not shown; one that never ends hides nothing."""
        if name in _SILENT_NOT_SKIPPED or name in self.no_more:
            return position
        match = re.compile(f"</{name}(?=[\\s/>])", re.I).search(self.html, position)
        if match is None:
            self.no_more.add(name)
            return position
        return self._behind(">", match.end())

    def _attributes(self, position: int) -> tuple[dict[str, str], int]:
        """The attributes behind a tag's name, values unescaped, and where the tag ends."""
        html = self.html
        found: dict[str, str] = {}
        while True:
            rest = _TAG_REST.match(html, position)
            if rest is not None and rest[1]:
                return found, rest.end()
            match = _ATTRIBUTE.match(html, position)
            if match is None or match.end() == position:
                return found, len(html) if rest is None else max(rest.end(), position)
            position = match.end()
            name = match[1].lower()
            if len(found) < _MOST_ATTRIBUTES and name not in found:
                value = match[2] or match[3] or match[4] or ""
                found[name] = _unescaped(value) if len(value) <= _LONGEST_VALUE else ""

    # Elements

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if name in ("body", "html"):
            self._take_body(attributes)
            return
        allowed = TAGS.get(name)
        if allowed is None:
            return
        self._close_implied(name)
        is_void = name in _VOID
        if not is_void and len(self.stack) >= GREATEST_DEPTH:
            return
        if name not in _TABLE_PARTS:
            self._open_cell()
        elif not self._fits_into_table(name):
            return
        around = self.stack[-1] if self.stack else self.body
        element = _Open(name, around.ground, around.ink)
        kept = self._kept(name, attributes, allowed)
        self._colour(element, kept, around)
        self.out.append(_written(name, kept))
        if not is_void:
            self.stack.append(element)
            self.opened[name] += 1

    def _text(self, text: str) -> None:
        if self.stack and self.stack[-1].name in _TABLE_ROWS and not text.isspace():
            self._open_cell()
        self.out.append(text)

    def _open_cell(self) -> None:
        """What stands in a table outside of its cells gets a cell; a browser would move it elsewhere."""
        if self.stack and self.stack[-1].name == "colgroup":
            self._pop()
        if self.stack and self.stack[-1].name in _TABLE_ROWS:
            if self.stack[-1].name != "tr":
                self._push("tr")
            self._push("td")

    def _fits_into_table(self, name: str) -> bool:
        """Whether a part of a table may begin here; a row that is missing above a cell is put in."""
        place = self.stack[-1].name if self.stack else ""
        if name in ("td", "th"):
            if place in ("table", "tbody", "thead", "tfoot"):
                self._push("tr")
                return True
            return place == "tr"
        if name == "tr":
            return place in ("table", "tbody", "thead", "tfoot")
        return place == "table" or (name == "col" and place == "colgroup")

    def _push(self, name: str) -> None:
        around = self.stack[-1]
        self.stack.append(_Open(name, around.ground, around.ink))
        self.opened[name] += 1
        self.out.append(f"<{name}>")

    def _end(self, name: str) -> None:
        if not self.opened[name]:
            return
        is_inline = name in _INLINE
        for depth in range(len(self.stack) - 1, -1, -1):
            found = self.stack[depth].name
            if found == name:
                while len(self.stack) > depth:
                    self._pop()
                return
            if is_inline and found not in _INLINE and found != "p":
                return
            if found == "table" or (
                found in ("td", "th") and name not in ("table", "tr", "tbody", "thead", "tfoot")
            ):
                return

    def _pop(self) -> None:
        name = self.stack.pop().name
        self.opened[name] -= 1
        self.out.append(f"</{name}>")

    def _close_implied(self, name: str) -> None:
        if name in _CLOSES_P and self.opened["p"]:
            self._close(frozenset(("p",)), _P_BOUNDARY)
        rule = _CLOSES.get(name)
        if rule is not None and any(self.opened[closed] for closed in rule[0]):
            self._close(*rule)

    def _close(self, names: frozenset[str], boundary: frozenset[str]) -> None:
        for depth in range(len(self.stack) - 1, -1, -1):
            found = self.stack[depth].name
            if found in names:
                while len(self.stack) > depth:
                    self._pop()
                return
            if found in boundary:
                return

    def _take_body(self, attributes: dict[str, str]) -> None:
        """Body's own look moves to the wrapper: the cleaner drops the element, and with it a dark ground."""
        direction = attributes.get("dir", "").lower()
        if direction in ("ltr", "rtl", "auto"):
            self.direction = direction
        declarations = parse_style(attributes.get("style", ""))
        ground = parse_colour(attributes.get("bgcolor", ""))
        if ground is not None:
            declarations.setdefault("background-color", to_hex(ground))
        ink = parse_colour(attributes.get("text", ""))
        if ink is not None:
            declarations.setdefault("color", to_hex(ink))
        # The page is the frame's: the letter does not set its size.
        for name in (
            "width",
            "height",
            "min-height",
            "max-height",
            "display",
            "visibility",
            "opacity",
            "overflow",
        ):
            declarations.pop(name, None)
        self._colour_declarations(self.body, declarations, _Open("", WHITE, _TEXT_COLOUR))
        if declarations:
            self.body_style = join_declarations(declarations)

    # Attributes

    def _kept(self, name: str, attributes: dict[str, str], allowed: frozenset[str]) -> dict[str, str]:
        kept: dict[str, str] = {}
        for attribute, value in attributes.items():
            if attribute in allowed or attribute in GENERIC_ATTRIBUTES:
                if name == "img" and attribute == "src":
                    filtered = self._picture(value)
                else:
                    filtered = filter_attribute(attribute, value)
                if filtered is not None:
                    kept[attribute] = filtered
        kept.pop("target", None)
        if "href" in kept:
            kept["target"] = "_self" if kept["href"].startswith("#") else "_blank"
        return kept

    def _picture(self, address: str) -> str | None:
        flat = _BLANKS_IN_URL.sub("", address[:2000])
        return self.picture(flat[4:]) if flat[:4].lower() == "cid:" else None

    # Colours

    def _colour(self, element: _Open, kept: dict[str, str], around: _Open) -> None:
        if "style" not in kept and "bgcolor" not in kept and "color" not in kept:
            if element.name == "a" and contrast(_LINK_COLOUR, element.ground) < _FAINT_LINK:
                kept["style"] = f"color:{to_hex(element.ink)}"
            return
        declarations = parse_style(kept.get("style", ""))
        if "bgcolor" in kept:
            ground = parse_colour(kept["bgcolor"])
            if ground is not None and parse_colour(declarations.get("background-color", "")) is None:
                element.ground = ground
        if "color" in kept and element.name == "font":
            ink = parse_colour(kept["color"])
            if ink is not None and contrast(ink, element.ground) < _UNREADABLE:
                del kept["color"]
            elif ink is not None:
                element.ink = ink
        self._colour_declarations(element, declarations, around)
        if declarations:
            kept["style"] = join_declarations(declarations)
        else:
            kept.pop("style", None)

    def _colour_declarations(self, element: _Open, declarations: dict[str, str], around: _Open) -> None:
        ground = parse_colour(_without_importance(declarations.get("background-color", "")))
        if ground is not None:
            element.ground = ground
        ink = parse_colour(_without_importance(declarations.get("color", "")))
        if ink is not None:
            if contrast(ink, element.ground) < _UNREADABLE and not _HIDDEN.search(
                join_declarations(declarations)
            ):
                del declarations["color"]
            else:
                element.ink = ink
        if contrast(element.ink, element.ground) < _UNREADABLE and element.ground != around.ground:
            # A ground of its own under an ink that was chosen for another: the ink that reads.
            element.ink = _TEXT_COLOUR if contrast(_TEXT_COLOUR, element.ground) > 4.5 else WHITE
            declarations["color"] = to_hex(element.ink)
        elif (
            element.name == "a"
            and "color" not in declarations
            and contrast(_LINK_COLOUR, element.ground) < _FAINT_LINK
        ):
            declarations["color"] = to_hex(element.ink)


def filter_attribute(attribute: str, value: str) -> str | None:
    """What may stay of one attribute's value (img's src apart), or None. Filtering twice is once."""
    if attribute == "style":
        return join_declarations(parse_style(value)) or None
    if attribute == "href":
        return _link(value)
    if attribute in ("id", "name"):
        return _prefixed(value)
    if attribute in ("bgcolor", "color"):
        colour = parse_colour(value)
        return to_hex(colour) if colour is not None else None
    if attribute in ("title", "alt"):
        return value[:1000]
    pattern = _PATTERNS.get(attribute)
    value = value.strip()
    return value if pattern is not None and pattern.fullmatch(value) else None


_PATTERNS = dict.fromkeys(
    """
    width height border hspace vspace cellpadding cellspacing colspan rowspan span start value
    """.split(),  # noqa: SIM905
    _LENGTH,
) | {
    "align": _WORD,
    "valign": _WORD,
    "clear": _WORD,
    "dir": re.compile(r"ltr|rtl|auto", re.I),
    "type": re.compile(r"[1aAiI]|disc|circle|square", re.I),
    "nowrap": re.compile(r"(?:nowrap)?", re.I),
    "noshade": re.compile(r"(?:noshade)?", re.I),
    "size": _FONT_SIZE,
    "face": _FACE,
    "lang": _LANG,
    "target": re.compile(r"_blank|_self"),
}


def _link(value: str) -> str | None:
    """http, https, mailto, or a place in the letter itself.

    Browsers skip blanks and controls in front of a scheme and inside it: they go before it is judged.
    """
    flat = value.strip()
    if not flat.isascii() or not flat.isprintable():
        flat = _BLANKS_IN_URL.sub("", flat)
    if flat.startswith("#"):
        target = _prefixed(flat[1:])
        return f"#{target}" if target is not None else None
    if not _LINK.match(flat):
        return None
    return _NOT_IN_URL.sub(lambda found: f"%{ord(found[0]):02X}", flat)


def _prefixed(name: str) -> str | None:
    if not _FRAGMENT.fullmatch(name):
        return None
    return name if name.startswith(PREFIX) else PREFIX + name


def _written(name: str, attributes: dict[str, str]) -> str:
    if not attributes:
        return f"<{name}>"
    return f"<{name} " + " ".join(f'{key}="{escape(value)}"' for key, value in attributes.items()) + ">"


def _unescaped(value: str) -> str:
    if "&" not in value:
        return value
    return unescape(_LONG_NUMBER.sub("\ufffd", value))


def _without_importance(value: str) -> str:
    return value.partition("!")[0]
