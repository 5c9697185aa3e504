"""The sender's HTML written anew from what a real HTML5 parser made of it, before the cleaner sees it.

The parser (lexbor) repairs what was sent as browsers repair it. Its tree is walked once, and only what is
known goes out again, with every value quoted and every element closed, at a bounded depth: the cleaner
(html.py), which is the wall, is quadratic in nesting and sees one attribute at a time. Whatever is read here
differently from a browser, the browser gets what was written here, not what was sent.

On the way: pictures and anchors get their addresses, what would have asked somebody's server is counted,
links are listed and marked, style sheets are taken out (sheets.py), the body's look moves to the wrapper,
and a text that cannot be read on its ground loses its colour (the ground may have been a picture, which comes
later or never).
"""

import re
from collections.abc import Callable
from dataclasses import replace
from html import escape
from urllib.parse import urljoin

from selectolax.lexbor import LexborHTMLParser, LexborNode

from inbox.mail.colours import WHITE, Colour, contrast, dark_ground, dark_ink, dark_line, parse_colour, to_hex
from inbox.mail.links import LONGEST_SAID, MOST_LINKS, drawn_of, link_view, target_of
from inbox.mail.nesting import is_parsable
from inbox.mail.sheets import (
    ASKED,
    NOT_THE_PAGES,
    Colours,
    Compound,
    Sheet,
    filter_sheets,
    picture_behind,
    prefixed,
)
from inbox.mail.styles import dark_style, filter_style, join_declarations, parse_attribute, parse_style
from inbox.mail.view import LinkView

GREATEST_DEPTH = 200
_MOST_ATTRIBUTES = 60
_MOST_ELEMENTS = 50_000
_MOST_CLASSES = 30
_LONGEST_VALUE = 16 * 1024
_MOST_REMOTE = 1_000
_MOST_SHEETS = 200
# No letter has as many links. What they say is not compared with where they lead any more: each tells that.
_MOST_COMPARED = 5_000
_LONGEST_SHOWN_TARGET = 200

#: Our own classes in the letter. A sender's are prefixed, so none of theirs is one of these.
MARK = "letter-mark"
OTHER_SCHEME = "letter-target"
#: The attribute that stands for the address of a picture that was not loaded; its value begins with a nonce.
REMOTE = "data-m-remote"
#: The same for the picture behind an element; a rule of the sheet has m-remote(…) in its place.
GROUND = "data-m-ground"

# Elements that are shown, and the attributes of each beside those that every element may have.
TAGS: dict[str, frozenset[str]] = {
    name: frozenset(attributes.split())
    for name, attributes in {
        "a": "href name target",
        "img": "src alt width height border hspace vspace align",
        "table": "width height border cellpadding cellspacing bgcolor bordercolor role",
        "td": "width height bgcolor bordercolor colspan rowspan valign nowrap",
        "th": "width height bgcolor bordercolor colspan rowspan valign nowrap scope",
        "tr": "height bgcolor bordercolor valign",
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
GENERIC_ATTRIBUTES = frozenset(("align", "class", "dir", "id", "lang", "style", "title"))
# Elements whose content is not the letter's text.
SILENT = frozenset(
    """
    applet audio canvas embed frameset iframe math noembed noframes noscript object script select style
    svg template textarea title video xml xmp
    """.split()  # noqa: SIM905
)
_VOID = frozenset(("br", "col", "hr", "img", "wbr"))
# Shown as something that we know.
_STANDS_FOR = dict.fromkeys(
    ("details", "dialog", "fieldset", "form", "hgroup", "legend", "marquee", "menu", "search", "summary"),
    "div",
) | {"button": "span", "label": "span", "listing": "pre"}
_PAGE = frozenset(("html", "head", "body"))

_LENGTH = re.compile(r"\d{1,4}(?:\.\d{1,3})?(?:px|%|\*)?")
_WORD = re.compile(r"[a-z-]{1,20}", re.I)
_FONT_SIZE = re.compile(r"[+-]?\d")
_FACE = re.compile(r"[\w\s,'\"-]{1,200}")
_LANG = re.compile(r"[A-Za-z0-9-]{1,40}")
_FRAGMENT = re.compile(r"[^\s\"'<>&\\]{1,100}")
_LINK = re.compile(r"(?:https?://|mailto:)", re.I)
_WEB_SCHEME = re.compile(r"(https?:)[/\\]*", re.I)
_TWO_SLASHES = re.compile(r"[/\\]{2}")
_BLANKS_IN_URL = re.compile(r"[\x00-\x20\x7f-\xa0\xad\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff]")
_NOT_IN_URL = re.compile(r"[ \"<>`]")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.I)
_REMOTE_PICTURE = re.compile(r"(?:https?:)?//[^/\\\s]", re.I)
_SMALL = re.compile(r"\s*([0-2])(?:\.\d*)?(?:px|pt)?\s*(?:!\s*important)?", re.I)
_ZERO = re.compile(r"\s*0(?:\.0*)?(?:px|pt|%)?\s*(?:!\s*important)?", re.I)
# Addresses that pictures have when they are there to be asked for: ".../open?…", ".../wf/open",
# ".../pixel.gif".
_COUNTED_OPENING = re.compile(
    r"/(?:open|opens|opened|o|pixel|px|beacon|track|tracking|tracker|trk|t|imp|impression|openrate|mail_?open|"
    r"email_?open|open_?track(?:ing)?|logopen|read_?receipt|1x1)(?:\.(?:gif|png|jpg|php|aspx|ashx|asp|jsp))?(?:$|\?|/[^/]{16,})"
    r"|/(?:wf|e|trk|track|ls|ss|q)/(?:open|o)(?:$|[/?])",
    re.I,
)

# Below this contrast a text cannot be read at all; senders' own pale greys stay as they are.
_UNREADABLE = 1.6
_FAINT_LINK = 3.5
_LINK_COLOUR: Colour = (11, 87, 208)
_TEXT_COLOUR: Colour = (26, 26, 26)
# Preheaders are hidden like this on purpose.
_HIDDEN = re.compile(
    r"(?:^|;)(?:display:none|visibility:hidden|font-size:[01](?:\.\d+)?(?:px|pt|em)?\b|max-height:0|opacity:0(?:[;!\s]|$))"
)


class Unparsable(Exception):
    """The letter is made so that a parser would be at it for minutes."""


class Letter:
    """What rewrite() makes of a letter: its markup, and what was found on the way."""

    __slots__ = (
        "blocked_images",
        "body_classes",
        "body_id",
        "body_style",
        "direction",
        "drawn",
        "ground",
        "is_laid_out",
        "language",
        "link_colour",
        "links",
        "markup",
        "other_requests",
        "remote",
        "sheet",
        "trackers",
    )

    def __init__(self) -> None:
        self.markup = ""
        self.body_style: dict[str, str] = {}
        self.body_classes = ""
        self.body_id = ""
        self.direction = ""
        self.language = ""
        # What <body link> asks for.
        self.link_colour: Colour | None = None
        self.sheet: Sheet = filter_sheets(())
        self.links: tuple[LinkView, ...] = ()
        # cid: addresses of the pictures that are in the markup, large enough to be seen and not hidden.
        self.drawn: tuple[str, ...] = ()
        # What stands for the picture behind it all.
        self.ground = ""
        self.remote: tuple[str, ...] = ()
        self.blocked_images = 0
        self.trackers = 0
        self.other_requests = 0
        # Whether it brings a look of its own; else it is a page of text.
        self.is_laid_out = False


def rewrite(
    html: str, picture: Callable[[str], str | None], *, nonce: str = "", dark: bool = False
) -> Letter:
    """`html` written anew. `picture` gives the data: address of a cid: address, or None.

    Raises Unparsable.
    """
    if not is_parsable(html):
        raise Unparsable
    return _Rewriting(LexborHTMLParser(html), picture, nonce, dark).run()


class _Open:
    __slots__ = ("before", "compound", "ground", "ink", "is_hidden", "link", "name")

    def __init__(self, name: str, ground: Colour, ink: Colour) -> None:
        self.name = name
        self.ground = ground
        self.ink = ink
        self.is_hidden = False
        self.compound = Compound(name, (), ())
        self.link = ""
        # Where in what is written there is room before it.
        self.before = 0


class _Said:
    """What a link says: all of it, and what of that is seen."""

    __slots__ = ("all", "left", "seen")

    def __init__(self) -> None:
        self.all: list[str] = []
        self.seen: list[str] = []
        self.left = LONGEST_SAID

    def add(self, text: str, *, is_hidden: bool) -> None:
        if self.left <= 0:
            return
        text = drawn_of(text)
        self.left -= len(text) + 1
        self.all.append(text)
        if not is_hidden:
            self.seen.append(text)


class _Rewriting:
    def __init__(
        self, parser: LexborHTMLParser, picture: Callable[[str], str | None], nonce: str, dark: bool
    ) -> None:
        self.parser = parser
        self.picture = picture
        self.nonce = nonce
        self.dark = dark
        self.letter = Letter()
        self.out: list[str] = []
        self.body = _Open("body", WHITE, _TEXT_COLOUR)
        self.stack: list[_Open] = [self.body]
        self.path: list[Compound] = [self.body.compound]
        self.base = ""
        self.colours = Colours(())
        self.remote: dict[str, int] = {}
        self.drawn: dict[str, None] = {}
        self.blocked: set[str] = set()
        self.trackers: set[str] = set()
        self.links: list[LinkView] = []
        self.links_closed = 0
        # What the links that are open at this place say, the innermost last.
        self.link_texts: list[_Said] = []
        # Where the link right before this place leads, and what it says.
        self.link_before = ("", "")
        # What a <picture> would have taken instead of its <img>'s own address.
        self.other_source = ""

    def run(self) -> Letter:
        letter = self.letter
        self._take_sheets()
        self._walk()
        letter.markup = "".join(self.out)
        letter.links = tuple(self.links)
        letter.remote = tuple(self.remote)
        letter.drawn = tuple(self.drawn)
        letter.blocked_images = len(self.blocked)
        letter.trackers = len(self.trackers)
        return letter

    def _take_sheets(self) -> None:
        sheets: list[tuple[str, str]] = []
        for node in self.parser.css("style")[:_MOST_SHEETS]:
            attributes = node.attributes
            if (attributes.get("type") or "text/css").strip().lower() == "text/css":
                text = node.first_child.text_content if node.first_child is not None else None
                sheets.append((text or "", attributes.get("media") or ""))
        sheet = filter_sheets(sheets, self._number_of_rule, dark=self.dark)
        self.letter.sheet = sheet
        self.letter.other_requests = sheet.other_requests
        self.letter.is_laid_out = bool(sheet.css)
        self.colours = Colours(sheet.rules)
        for address in sheet.pictures:
            self._block(address)

    # The tree

    def _walk(self) -> None:
        """Through the tree from its root, without recursion."""
        node = self.parser.root
        elements = 0
        opened: list[_Open | None] = []
        while node is not None:
            inside: LexborNode | None = None
            if node.is_text_node:
                self._text(node.text_content or "")
            elif node.is_element_node:
                elements += 1
                if elements > _MOST_ELEMENTS:
                    self.out.append("…")
                    break
                inside = self._enter(node, opened)
            if inside is not None:
                node = inside
                continue
            while node is not None:
                following = node.next
                if following is not None:
                    node = following
                    break
                node = node.parent
                if node is None or not opened:
                    node = None
                    break
                element = opened.pop()
                if element is not None:
                    self._leave(element)
        for element in reversed(opened):
            if element is not None:
                self._leave(element)

    def _enter(self, node: LexborNode, opened: list[_Open | None]) -> LexborNode | None:
        """The node's first child, if what is inside it is to be shown."""
        name = (node.tag or "").lower()
        attributes = self._attributes(node)
        if name in _PAGE:
            if name != "head":
                self._take_page(attributes)
        elif name in SILENT:
            self._count_silent(name, attributes)
            return None
        first = node.first_child
        if name in _PAGE:
            element = None
        else:
            element = self._open(name, attributes, has_children=first is not None)
            if element is not None and first is None:
                self._leave(element)
        if first is not None:
            opened.append(element)
        return first

    def _attributes(self, node: LexborNode) -> dict[str, str]:
        found = node.attributes
        if len(found) > _MOST_ATTRIBUTES:
            found = dict(list(found.items())[:_MOST_ATTRIBUTES])
        return {
            name: value if value is not None and len(value) <= _LONGEST_VALUE else ""
            for name, value in found.items()
        }

    def _text(self, text: str) -> None:
        is_hidden = self.stack[-1].is_hidden
        if self.link_texts:
            self.link_texts[-1].add(text, is_hidden=is_hidden)
        elif not is_hidden:
            self.link_before = ("", "")
        self.out.append(escape(text, quote=False))

    # Elements

    def _open(self, name: str, attributes: dict[str, str], *, has_children: bool) -> _Open | None:
        """Writes the start of what is known; None for what is not, and for what never ends."""
        is_shown_as = _STANDS_FOR.get(name, name)
        ground = self._ground(attributes)
        allowed = TAGS.get(is_shown_as)
        if allowed is None:
            self._count_unknown(name, attributes)
            return None
        is_void = is_shown_as in _VOID
        if not is_void and len(self.stack) > GREATEST_DEPTH:
            return None
        around = self.stack[-1]
        element = _Open(is_shown_as, around.ground, around.ink)
        element.is_hidden = around.is_hidden
        kept = self._kept(is_shown_as, attributes, allowed)
        if "hidden" in attributes:
            kept["style"] = join_declarations({"display": "none"} | parse_style(kept.get("style", "")))
        if is_shown_as == "table":
            self.letter.is_laid_out = True
        element.compound = Compound(name, _as_tuple(kept.get("id")), tuple(kept.get("class", "").split()))
        self.path.append(element.compound)
        self._colour(element, kept, around)
        if "style" in kept and _hides(kept["style"]):
            element.is_hidden = True
        if name == "img":
            self._picture(attributes, kept, is_hidden=element.is_hidden)
        elif name == "a":
            element = self._link_open(element, attributes, kept)
        if ground and (number := self._number_of_ground(ground, attributes, is_hidden=element.is_hidden)):
            kept[GROUND] = number
        if is_void:
            self.path.pop()
            self.out.append(_written(is_shown_as, kept))
            return None
        self.out.append(_written(element.name, kept))
        self.stack.append(element)
        return element

    def _leave(self, element: _Open) -> None:
        self.stack.pop()
        self.path.pop()
        self.out.append(f"</{element.name}>")
        if element.link:
            self._link_close(element)

    def _take_page(self, attributes: dict[str, str]) -> None:
        """Body's own look moves to the wrapper: the cleaner drops the element, and with it a dark ground."""
        letter = self.letter
        direction = attributes.get("dir", "").lower()
        if direction in ("ltr", "rtl", "auto"):
            letter.direction = direction
        letter.language = filter_attribute("lang", attributes.get("lang", "")) or letter.language
        link_colour = parse_colour(attributes.get("link", ""))
        if link_colour is not None:
            letter.link_colour = dark_ink(link_colour) if self.dark else link_colour
        classes = filter_attribute("class", attributes.get("class", ""))
        if classes:
            letter.body_classes = f"{letter.body_classes} {classes}".strip()
        letter.body_id = filter_attribute("id", attributes.get("id", "")) or letter.body_id
        declarations = parse_attribute(attributes.get("style", ""))
        if any(_ZERO.fullmatch(attributes.get(name, "")) for name in ("leftmargin", "marginwidth")):
            declarations.setdefault("margin", "0")
        ground = parse_colour(attributes.get("bgcolor", ""))
        if ground is not None:
            declarations.setdefault("background-color", to_hex(ground))
        ink = parse_colour(attributes.get("text", ""))
        if ink is not None:
            declarations.setdefault("color", to_hex(ink))
        # The page is the frame's: the letter does not set its size.
        declarations = {key: value for key, value in declarations.items() if key not in NOT_THE_PAGES}
        if picture := self._ground(attributes):
            letter.ground = self._number_of_ground(picture, {}) or letter.ground
        self.body.compound = Compound("body", _as_tuple(letter.body_id), tuple(letter.body_classes.split()))
        self.path[0] = self.body.compound
        if self.dark:
            declarations = dark_style(declarations)
        else:
            self._take_sheets_colours(self.body)
            self._colour_declarations(self.body, declarations, _Open("", WHITE, _TEXT_COLOUR))
        letter.body_style |= declarations

    # Attributes

    def _kept(self, name: str, attributes: dict[str, str], allowed: frozenset[str]) -> dict[str, str]:
        kept: dict[str, str] = {}
        for attribute, value in attributes.items():
            if attribute in ("src", "target", "href"):
                continue
            if attribute in allowed or attribute in GENERIC_ATTRIBUTES:
                filtered = filter_attribute(attribute, value)
                if filtered is not None:
                    kept[attribute] = filtered
        return kept

    # Links

    def _link_open(self, element: _Open, attributes: dict[str, str], kept: dict[str, str]) -> _Open:
        """An anchor of the letter, a link, or a text with the target that we do not open."""
        sent = attributes.get("href", "")
        if not sent:
            return element
        flat = _flat(sent)
        if (
            self.base
            and not _SCHEME.match(flat)
            and not flat.startswith("#")
            and not _TWO_SLASHES.match(flat)
        ):
            sent = _joined(self.base, sent)
        href = _link(sent)
        if href is not None:
            # What a pointer resting on it shows is where it leads, whatever the sender would like to be
            # shown.
            kept.pop("title", None)
            kept = _put_first(kept, "href", href)
            kept["target"] = "_self" if href.startswith("#") else "_blank"
            if href.startswith("#"):
                return element
            kept["title"] = href[:500]
        elif not flat or flat.startswith("#"):
            return element
        else:
            # A scheme that we do not open, or a page of a site that is not told.
            kept.pop("name", None)
            element.name = "span"
        element.link = href or _flat(sent)
        element.before = len(self.out)
        self.out.append("")
        self.link_texts.append(_Said())
        return element

    def _link_close(self, element: _Open) -> None:
        said = self.link_texts.pop()
        if self.link_texts:
            self.link_texts[-1].add("".join(said.all), is_hidden=element.is_hidden)
        self.links_closed += 1
        if self.links_closed <= _MOST_COMPARED:
            link = self._link_view(said, element.link)
        else:
            target = target_of(element.link)
            link = LinkView("", element.link, target.shown_host, (*target.marks, "differs"))
        if len(self.links) < MOST_LINKS and (element.name == "a" or link.marks):
            self.links.append(link)
        if element.name != "a":
            shown = element.link[:_LONGEST_SHOWN_TARGET]
            if (shown.partition(":")[2].strip("/") or shown) not in link.text:
                self.out.append(f' <span class="{OTHER_SCHEME}">({escape(shown)})</span>')
        elif link.marks and link.host:
            # Before the link: what cuts off, pushes or covers then does so to the link first.
            self.out[element.before] = f'<span class="{MARK}">⚠ {escape(link.host)}</span> '

    def _link_view(self, said: _Said, url: str) -> LinkView:
        whole, seen = "".join(said.all), "".join(said.seen)
        link = link_view(seen if seen.strip() else whole, url)
        target, before = self.link_before
        # Two links to one place with nothing in between read as one.
        joined = before + seen if target == url else seen
        self.link_before = (url, joined[-LONGEST_SAID:])
        if "differs" not in link.marks:
            readings = {whole, joined} - {seen}
            if any("differs" in link_view(reading, url).marks for reading in readings):
                return replace(link, marks=("differs", *link.marks))
        return link

    # Pictures, and whatever else would ask a server

    def _picture(self, attributes: dict[str, str], kept: dict[str, str], *, is_hidden: bool) -> None:
        alternative = kept.get("alt", "")
        if alternative and self.link_texts:
            self.link_texts[-1].add(f" {alternative[:200]} ", is_hidden=is_hidden)
        address = _flat(attributes.get("src", "")[:_LONGEST_VALUE])
        is_pixel = is_hidden or _is_pixel(attributes)
        if address[:4].lower() == "cid:":
            source = self.picture(address[4:])
            if source is not None:
                _put_first(kept, "src", source)
                if not is_pixel:
                    self.drawn[address[4:]] = None
            return
        sources = (address, _first_of_set(attributes.get("srcset", "")), self.other_source)
        self.other_source = ""
        address = next(filter(None, map(self._remote_address, sources)), "")
        if not address:
            return
        self._block(address)
        if is_pixel or (_COUNTED_OPENING.search(address) and not _has_size(attributes)):
            self.trackers.add(address)
        if not is_pixel and (number := self._number(address)):
            kept[REMOTE] = number

    def _number(self, address: str) -> str:
        """What stands for the picture until it may be shown; "" where that will not be."""
        if address.startswith("//"):
            address = "https:" + address
        if not self.nonce or (address not in self.remote and len(self.remote) >= _MOST_REMOTE):
            return ""
        return f"{self.nonce}-{self.remote.setdefault(address, len(self.remote))}"

    def _remote_address(self, address: str) -> str:
        """With its scheme; "" for what no server would have been asked for."""
        if address and self.base and not _SCHEME.match(address) and not address.startswith("//"):
            address = _joined(self.base, address)
        if not _REMOTE_PICTURE.match(address):
            return ""
        return "https:" + address if address.startswith("//") else address

    def _block(self, address: str) -> None:
        if len(self.blocked) < 10_000:
            self.blocked.add("https:" + address if address.startswith("//") else address)

    def _ground(self, attributes: dict[str, str]) -> str:
        """Counts the pictures in an element's attributes and styles; the address of the one behind it."""
        ground = self._remote_address(_flat(attributes.get("background", "")))
        if ground:
            self._block(ground)
        style = attributes.get("style", "")
        if "(" in style:
            for address in ASKED.findall(style):
                self._block(address)
            ground = self._remote_address(picture_behind(style)) or ground
        return ground

    def _number_of_ground(self, address: str, attributes: dict[str, str], *, is_hidden: bool = False) -> str:
        """What stands for the picture behind an element: as for others, but on a dark page there is none."""
        is_pixel = is_hidden or _is_pixel(attributes)
        if is_pixel or (_COUNTED_OPENING.search(address) and not _has_size(attributes)):
            self.trackers.add(address)
        return "" if is_pixel or self.dark else self._number(address)

    def _number_of_rule(self, address: str, style: str) -> str:
        return self._number_of_ground(self._remote_address(address), {"style": style})

    def _count_silent(self, name: str, attributes: dict[str, str]) -> None:
        if "poster" in attributes and (address := self._remote_address(_flat(attributes["poster"]))):
            self._block(address)
        if name in ("audio", "video", "iframe", "embed", "script", "object"):
            asked = _flat(attributes.get("data" if name == "object" else "src", ""))
            self.letter.other_requests += bool(self._remote_address(asked))

    def _count_unknown(self, name: str, attributes: dict[str, str]) -> None:
        if name == "base" and not self.base and _LINK.match(_flat(attributes.get("href", ""))):
            self.base = _flat(attributes["href"])
        elif name == "input" and attributes.get("type", "").lower() == "image":
            address = self._remote_address(_flat(attributes.get("src", "")))
            if address:
                self._block(address)
        elif name == "link" and attributes.get("rel"):
            asked = self._remote_address(_flat(attributes.get("href", "")))
            kinds = attributes["rel"].lower().split()
            if asked and any("icon" in kind for kind in kinds):
                self._block(asked)
            elif asked and not {"alternate", "canonical", "author", "license"} & set(kinds):
                self.letter.other_requests += 1
        elif name == "source" and "srcset" in attributes:
            self.other_source = _first_of_set(attributes["srcset"])

    # Colours

    def _take_sheets_colours(self, element: _Open) -> None:
        ground, ink = self.colours.of(self.path)
        element.ground = ground or element.ground
        element.ink = ink or element.ink

    def _colour(self, element: _Open, kept: dict[str, str], around: _Open) -> None:
        if self.dark:
            _darken(element, kept)
            return
        self._take_sheets_colours(element)
        if self.colours.is_spent:
            return
        is_styled = element.ground != around.ground or element.ink != around.ink
        if not is_styled and "style" not in kept and "bgcolor" not in kept and "color" not in kept:
            if self._is_faint_link(element):
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
        is_own = element.ground != around.ground or (element.ink != around.ink and ink is None)
        if contrast(element.ink, element.ground) < _UNREADABLE and is_own and not element.is_hidden:
            # A ground of its own under an ink that was chosen for another, or an ink whose ground did not
            # stay: the ink that reads.
            element.ink = _TEXT_COLOUR if contrast(_TEXT_COLOUR, element.ground) > 4.5 else WHITE
            declarations["color"] = to_hex(element.ink)
        elif "color" not in declarations and element.ink == around.ink and self._is_faint_link(element):
            declarations["color"] = to_hex(element.ink)

    def _is_faint_link(self, element: _Open) -> bool:
        colour = self.letter.link_colour or _LINK_COLOUR
        return element.name == "a" and contrast(colour, element.ground) < _FAINT_LINK


def _darken(element: _Open, kept: dict[str, str]) -> None:
    for attribute, change in (("bgcolor", dark_ground), ("bordercolor", dark_line), ("color", dark_ink)):
        colour = parse_colour(kept.get(attribute, ""))
        if colour is not None:
            kept[attribute] = to_hex(change(colour))
    if "style" in kept:
        declarations = dark_style(parse_style(kept["style"]))
        kept["style"] = join_declarations(declarations)
        if not declarations:
            del kept["style"]


def _as_tuple(value: str | None) -> tuple[str, ...]:
    return (value,) if value else ()


def _hides(style: str) -> bool:
    """Whether nothing can be seen of what has this style."""
    if _HIDDEN.search(style):
        return True
    if "overflow:hidden" not in style:
        return False
    declarations = parse_style(style)
    sizes = ("height", "max-height", "width", "max-width")
    return any(_ZERO.fullmatch(declarations.get(name, "")) for name in sizes)


def _put_first(kept: dict[str, str], name: str, value: str) -> dict[str, str]:
    rest = dict(kept)
    kept.clear()
    kept[name] = value
    kept.update(rest)
    return kept


def _joined(base: str, address: str) -> str:
    try:
        return urljoin(base, address)
    except ValueError:  # "http://[x"
        return ""


def _first_of_set(srcset: str) -> str:
    first = srcset[:_LONGEST_VALUE].split(None, 1)
    return _flat(first[0].rstrip(",")) if first else ""


def _is_pixel(attributes: dict[str, str]) -> bool:
    """Whether the picture is too small to be seen, so that it can only be there to be asked for."""
    width, height = (_size(attributes, name) for name in ("width", "height"))
    if "0" in (width, height) or {width, height} <= {"1", "2"}:
        return True
    return {width, height} == {"1", ""}


def _has_size(attributes: dict[str, str]) -> bool:
    return any(_size(attributes, name) in ("2", "more") for name in ("width", "height"))


def _size(attributes: dict[str, str], name: str) -> str:
    """ "0", "1", "2", "more" or "", where none is said."""
    declarations = parse_style(attributes.get("style", ""))
    said = declarations.get(name) or declarations.get(f"max-{name}") or attributes.get(name, "")
    if not said or said.strip().lower() == "auto":
        return ""
    match = _SMALL.fullmatch(said)
    return match[1] if match is not None else "more"


def filter_attribute(attribute: str, value: str) -> str | None:
    """What may stay of one attribute's value (img's src apart), or None. Filtering twice is once."""
    if attribute == "style":
        return filter_style(value) or None
    if attribute == "href":
        return _link(value)
    if attribute in ("id", "name"):
        return _anchor(value)
    if attribute == "class":
        return " ".join(filter(None, map(prefixed, value.split()[:_MOST_CLASSES]))) or None
    if attribute in ("bgcolor", "bordercolor", "color"):
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
    "role": re.compile(r"presentation|none", re.I),
    "scope": _WORD,
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
    flat = _flat(value)
    if flat.startswith("#"):
        target = _anchor(flat[1:])
        return f"#{target}" if target is not None else None
    if _TWO_SLASHES.match(flat):
        flat = f"https:{flat}"
    web = _WEB_SCHEME.match(flat)
    if web is not None and web.end() < len(flat):
        # "http:\\x" and "http:x" lead browsers to x too (WHATWG URL).
        flat = f"{web[1]}//{flat[web.end() :]}"
    elif web is not None or not _LINK.match(flat):
        return None
    return _NOT_IN_URL.sub(lambda found: f"%{ord(found[0]):02X}", flat)


def _flat(address: str) -> str:
    flat = address.strip()
    return flat if flat.isascii() and flat.isprintable() and " " not in flat else _BLANKS_IN_URL.sub("", flat)


def _anchor(name: str) -> str | None:
    return prefixed(name) if _FRAGMENT.fullmatch(name) else None


def _written(name: str, attributes: dict[str, str]) -> str:
    if not attributes:
        return f"<{name}>"
    return f"<{name} " + " ".join(f'{key}="{escape(value)}"' for key, value in attributes.items()) + ">"


def _without_importance(value: str) -> str:
    return value.partition("!")[0]
