"""The letter's style sheets as one sheet for its frame: what styles it stays, what asks, covers or reaches
out goes.

Every selector is written anew below the letter's wrapper, with its ids and classes prefixed as markup.py
prefixes them, so that no rule meets anything of ours; `html`, `body` and `:root` mean the wrapper.
Declarations go through the same list as inline styles. What is not understood is dropped, rule by rule, as
browsers do it.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import tinycss2
from tinycss2.ast import Node
from tinycss2.serializer import serialize_identifier

from inbox.mail.colours import Colour, parse_colour
from inbox.mail.styles import dark_style, declarations_of, join_declarations, parse_style

MOST_SHEET_CHARACTERS = 256 * 1024
MOST_RULES = 5_000
_MOST_SELECTORS = 20_000
_DEEPEST_MEDIA = 3
_DEEPEST_BRACKETS = 100
_MOST_LOOKS = 400_000
_LONGEST_PRELUDE = 4_000
_LONGEST_CONTENT = 20

PREFIX = "m-"
WRAPPER = ".letter"

_NAME = re.compile(r"[^\s<>\"'&`\\\x00-\x1f\x7f]{1,100}")
_ELEMENT = re.compile(r"[a-zA-Z][a-zA-Z0-9-]{0,30}")
_ATTRIBUTE_NAME = re.compile(r"[a-zA-Z][\w:-]{0,60}")
_ATTRIBUTE_VALUE = re.compile(r"[\w\s.,:;/#?&=%@!+()*-]{0,200}")
_ATTRIBUTE_OPERATORS = frozenset(("=", "~=", "|=", "^=", "$=", "*="))
_CONTENT = re.compile(
    rf"[\w\s.,:;/#?&=%@!+()*\u2010-\u2027\u2030-\u205e\u2190-\u27bf-]{{0,{_LONGEST_CONTENT}}}"
)
_WORDS = re.compile(r"\w")
# What a link says is compared with where it leads: no sheet puts words into it.
_NOT_IN_A_LINK = ":not(a,a *)"
_STATES = frozenset(
    """
    active any-link checked disabled empty enabled first-child first-of-type focus focus-visible focus-within
    hover last-child last-of-type link only-child only-of-type visited
    """.split()  # noqa: SIM905
)
_COUNTING = frozenset(("nth-child", "nth-last-child", "nth-of-type", "nth-last-of-type", "lang", "dir"))
_COUNT = re.compile(r"[\w\s+-]{1,40}")
_OTHERS_INSIDE = frozenset(("not", "is", "where"))
_GENERATED = frozenset(("before", "after"))
_DRAWN = frozenset(("first-line", "first-letter"))
_PAGE = frozenset(("html", "body"))

_MEDIA = re.compile(r"[\w\s().,:/*+-]{0,600}")
_SCHEME = re.compile(r"\(\s*prefers-color-scheme\s*:\s*(dark|light)\s*\)", re.I)
_SCREEN = re.compile(r"(?:only\s+)?(?:screen|all)|", re.I)
#: What a style would ask somebody for; of a sheet or of an attribute.
ASKED = re.compile(r"(?:url|src|image-set)\(\s*+[\"']?\s*+((?:https?:)?//[^\s\"')]{1,2000})", re.I)
_BRACKETS = re.compile(r"[(){}\[\]]")
_IN_QUOTES = re.compile(r"[\"']\s*+((?:https?:)?//[^\s\"')]{1,2000})", re.I)

# The page's size and place are the frame's; the letter gives only its look.
NOT_THE_PAGES = frozenset(
    """
    width height min-width max-width min-height max-height display visibility opacity overflow float clear
    aspect-ratio order
    """.split()  # noqa: SIM905
)


class Compound(NamedTuple):
    """One element's part of a selector: names as they are in the cleaned markup."""

    element: str
    ids: tuple[str, ...]
    classes: tuple[str, ...]


class ColourRule(NamedTuple):
    """A rule that gives a ground or an ink, whatever the size of the window."""

    compounds: tuple[Compound, ...]
    """From the outside to the element itself."""
    is_child: tuple[bool, ...]
    """Whether each stands directly inside the one before it."""
    ground: Colour | None
    ink: Colour | None
    strength: tuple[bool, int, int, int]


class Sheet(NamedTuple):
    """What is left of the letter's style sheets, and what was found in them."""

    css: str
    rules: tuple[ColourRule, ...]
    pictures: tuple[str, ...]
    """Remote addresses that would have been asked for pictures."""
    other_requests: int
    """Fonts and further sheets."""
    has_dark: bool
    """Whether the letter has rules of its own for dark pages."""
    is_cut: bool


def prefixed(name: str) -> str | None:
    """An id or a class as it is called in the frame, None for one that cannot be. Prefixing twice is once."""
    if not _NAME.fullmatch(name):
        return None
    return name if name.startswith(PREFIX) else PREFIX + name


def picture_behind(style: str) -> str:
    """The remote picture that these declarations put behind an element, the first where there are several."""
    found = ""
    if "(" in style:
        for declaration in declarations_of(style):
            name, _, value = declaration.partition(":")
            if name.strip().lower() in ("background", "background-image"):
                asked = ASKED.search(value)
                found = asked[1] if asked is not None else ""
    return found


def _no_number(address: str, style: str) -> str:
    return ""


def filter_sheets(
    sheets: Iterable[tuple[str, str]], number: Callable[[str, str], str] = _no_number, *, dark: bool = False
) -> Sheet:
    """The letter's sheets, each with the media it is for, as one.

    For a dark page the letter's own rules for dark pages hold, and what colours are left are made dark ones.
    On a light one a picture behind an element is m-remote(…), which no browser knows, with what `number` says
    of its address and of the rule's style in it, or is left out where that is "". Never raises on account of
    what the sheets hold.
    """
    return _Filter(number, dark).run(sheets)


def is_for(media: str) -> bool:
    """Whether a sheet's own media may be looked at at all."""
    return _MEDIA.fullmatch(media) is not None


class _Filter:
    def __init__(self, number: Callable[[str, str], str], dark: bool) -> None:
        self.number = number
        self.dark = dark
        self.out: list[str] = []
        self.colours: list[ColourRule] = []
        self.pictures: dict[str, None] = {}
        self.other_requests = 0
        self.has_dark = False
        self.is_cut = False
        self.rules = 0
        self.selectors = 0

    def run(self, sheets: Iterable[tuple[str, str]]) -> Sheet:
        left = MOST_SHEET_CHARACTERS
        for text, media in sheets:
            if len(text) > left:
                self.is_cut = True
                text = text[:left]
            left -= len(text)
            if _is_deep(text):
                self.is_cut = True
                continue
            try:
                self._sheet(text, media)
            except (RecursionError, ValueError):
                # ValueError: a number of thousands of digits: Python does not read it.
                self.is_cut = True
        return Sheet(
            "\n".join(self.out),
            tuple(self.colours),
            tuple(self.pictures),
            self.other_requests,
            self.has_dark,
            self.is_cut,
        )

    def _sheet(self, text: str, media: str) -> None:
        rules = tinycss2.parse_stylesheet(text, skip_comments=True, skip_whitespace=True)
        if media.strip():
            self._media(media, rules, 1)
        else:
            self._rules(rules, 0, is_everywhere=True)

    def _rules(self, rules: Sequence[Node], depth: int, *, is_everywhere: bool) -> None:
        for rule in rules:
            if self.rules >= MOST_RULES or self.selectors >= _MOST_SELECTORS:
                self.is_cut = True
                return
            if rule.type == "qualified-rule":
                self._qualified(rule, is_everywhere)
            elif rule.type == "at-rule":
                self._at_rule(rule, depth)

    def _at_rule(self, rule: Node, depth: int) -> None:
        self.rules += 1
        name = rule.lower_at_keyword
        if name == "media" and rule.content is not None and depth < _DEEPEST_MEDIA:
            inner = tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True)
            self._media(tinycss2.serialize(rule.prelude), inner, depth + 1)
        elif name == "import":
            self.other_requests += bool(_remote(tinycss2.serialize(rule.prelude), _IN_QUOTES, ASKED))
        elif name == "font-face" and rule.content is not None:
            self.other_requests += bool(_remote(tinycss2.serialize(rule.content), ASKED))

    def _media(self, media: str, content: Sequence[Node], depth: int) -> None:
        wanted = self._query(" ".join(media.split()))
        if wanted is None:
            return
        outside, self.out = self.out, []
        try:
            self._rules(content, depth, is_everywhere=_SCREEN.fullmatch(wanted) is not None)
        finally:
            inside, self.out = self.out, outside
        if inside:
            rules = "\n".join(inside)
            self.out.append(f"@media {wanted}{{{rules}}}" if wanted else rules)

    def _query(self, media: str) -> str | None:
        """The media as they are written out, or None where the rules never hold."""
        if not _MEDIA.fullmatch(media) or media.count("(") != media.count(")") or "/*" in media:
            return None
        self.has_dark |= any(scheme.lower() == "dark" for scheme in _SCHEME.findall(media))
        if not self.dark:
            return media
        queries = [
            _SCHEME.sub("(min-width:0px)", query)
            for query in media.split(",")
            if not any(scheme.lower() == "light" for scheme in _SCHEME.findall(query))
        ]
        return ",".join(queries) if queries else None

    def _qualified(self, rule: Node, is_everywhere: bool) -> None:
        self.rules += 1
        content = tinycss2.serialize(rule.content)
        for address in ASKED.findall(content):
            self.pictures[address] = None
        declarations = parse_style(content)
        if self.dark:
            declarations = dark_style(declarations)
        elif (behind := picture_behind(content)) and (
            number := self.number(behind, join_declarations(declarations))
        ):
            declarations = {**declarations, "background-image": f"m-remote({number})"}
        text = join_declarations(declarations)
        page_text = join_declarations(
            {name: value for name, value in declarations.items() if name not in NOT_THE_PAGES}
        )
        generated = _content_of(content)
        selectors = list(self._selectors(rule.prelude))
        self._write([one for one in selectors if not one.is_page and not one.generates], text)
        self._write([one for one in selectors if one.is_page], page_text)
        if generated is not None:
            made = [one for one in selectors if one.generates]
            if _WORDS.search(generated) is not None:
                made = [
                    one._replace(text=f"{_NOT_IN_A_LINK}::".join(one.text.rsplit("::", 1))) for one in made
                ]
            self._write(made, f'{text};content:"{generated}"'.lstrip(";"))
        if any(one.is_page for one in selectors) and "background-color" in declarations:
            # Where the letter's ground is given, the canvas around it has it too (CSS Backgrounds, 2.11.2).
            self.out.append(f":root{{background-color:{declarations['background-color']}}}")
        if is_everywhere and ("color" in declarations or "background-color" in declarations):
            for one in selectors:
                self._remember(one, declarations)

    def _write(self, selectors: "list[_Selector]", declarations: str) -> None:
        if selectors and declarations:
            self.out.append(",".join(one.text for one in selectors) + "{" + declarations + "}")

    def _selectors(self, prelude: list[Node]) -> "Iterator[_Selector]":
        if len(prelude) > _LONGEST_PRELUDE:
            return
        for tokens in _split(prelude):
            self.selectors += 1
            selector = _selector(tokens)
            if selector is not None:
                yield selector

    def _remember(self, selector: "_Selector", declarations: dict[str, str]) -> None:
        if selector.compounds is None or len(self.colours) >= 1_000:
            return
        ground = declarations.get("background-color", "")
        ink = declarations.get("color", "")
        self.colours.append(
            ColourRule(
                selector.compounds,
                selector.is_child,
                parse_colour(ground.partition(" !")[0]) if ground else None,
                parse_colour(ink.partition(" !")[0]) if ink else None,
                (
                    "!important" in ground + ink,
                    sum(len(one.ids) for one in selector.compounds),
                    sum(len(one.classes) for one in selector.compounds),
                    sum(one.element != "" for one in selector.compounds) * 10_000 + len(self.colours),
                ),
            )
        )


def _is_deep(text: str) -> bool:
    """Whether brackets nest as in no sheet: reading them would be quadratic, and recursive."""
    depth = 0
    for bracket in _BRACKETS.findall(text):
        depth = depth + 1 if bracket in "([{" else max(0, depth - 1)
        if depth > _DEEPEST_BRACKETS:
            return True
    return False


def _remote(text: str, *patterns: re.Pattern[str]) -> bool:
    return any(pattern.search(text) is not None for pattern in patterns)


def _content_of(declarations: str) -> str | None:
    """The short plain text that a rule generates; a picture or a counter is none."""
    if "content" not in declarations.lower():
        return None
    for declaration in tinycss2.parse_declaration_list(
        declarations, skip_comments=True, skip_whitespace=True
    ):
        if declaration.type == "declaration" and declaration.lower_name == "content":
            value = [token for token in declaration.value if token.type != "whitespace"]
            if len(value) == 1 and value[0].type == "string" and _CONTENT.fullmatch(value[0].value):
                return str(value[0].value)
    return None


# Selectors


class _Selector(NamedTuple):
    text: str
    is_page: bool
    """Whether it is the wrapper itself that it means."""
    generates: bool
    compounds: tuple[Compound, ...] | None
    """None where more than names is looked at."""
    is_child: tuple[bool, ...]


class _NotUnderstood(Exception):
    pass


def _split(tokens: list[Node]) -> Iterator[list[Node]]:
    part: list[Node] = []
    for token in tokens:
        if token.type == "literal" and token.value == ",":
            yield part
            part = []
        elif token.type != "comment":
            part.append(token)
    yield part


def _selector(tokens: list[Node]) -> _Selector | None:
    try:
        return _Reader(tokens).read()
    except _NotUnderstood:
        return None


class _Reader:
    """One selector without commas, read token by token and written anew."""

    def __init__(self, tokens: list[Node], *, is_inner: bool = False) -> None:
        self.tokens = tokens
        self.position = 0
        self.is_inner = is_inner
        self.is_plain = True
        self.generates = False

    def read(self) -> _Selector:
        texts: list[tuple[str, str]] = []  # combinator before, text
        compounds: list[Compound] = []
        is_child: list[bool] = []
        is_page = False
        combinator = ""
        while True:
            is_blank = self._skip_blanks()
            token = self._peek()
            if token is None:
                break
            if token.type == "literal" and token.value in (">", "+", "~"):
                if combinator.strip() or not texts:
                    raise _NotUnderstood
                combinator = token.value
                self.position += 1
                continue
            if is_blank and not combinator and texts:
                combinator = " "
            text, compound, means_page = self._compound()
            if means_page and texts and not is_page:
                raise _NotUnderstood  # a page inside of something
            if means_page and is_page:
                # "html body .x": the page is one, whatever it is called.
                if combinator not in (" ", ">"):
                    raise _NotUnderstood
                texts[-1] = ("", text if len(text) > len(texts[-1][1]) else texts[-1][1])
                compounds[-1] = compound
            else:
                texts.append((combinator, text))
                compounds.append(compound)
                is_child.append(combinator == ">")
                self.is_plain &= combinator in ("", " ", ">")
                is_page = means_page and len(texts) == 1
            combinator = ""
            if not means_page:
                is_page = False
        if not texts or combinator.strip():
            raise _NotUnderstood
        starts_at_page = texts[0][1].startswith(WRAPPER)
        written = "".join(before + text for before, text in texts)
        if not starts_at_page and not self.is_inner:
            written = f"{WRAPPER} {written}"
        return _Selector(
            written,
            is_page and not self.generates,
            self.generates,
            tuple(compounds) if self.is_plain and not self.generates else None,
            tuple(is_child),
        )

    def _peek(self) -> Node | None:
        return self.tokens[self.position] if self.position < len(self.tokens) else None

    def _skip_blanks(self) -> bool:
        start = self.position
        while (token := self._peek()) is not None and token.type == "whitespace":
            self.position += 1
        return self.position > start

    def _compound(self) -> tuple[str, Compound, bool]:
        start = self.position
        text = ""
        element = ""
        ids: list[str] = []
        classes: list[str] = []
        means_page = False
        while (token := self._peek()) is not None and token.type != "whitespace":
            if self.generates:
                raise _NotUnderstood  # nothing follows a pseudo-element
            if token.type == "ident" and self.position == start:
                element = token.value.lower()
                if not _ELEMENT.fullmatch(element):
                    raise _NotUnderstood
                if element in _PAGE:
                    means_page = True
                    text += WRAPPER
                else:
                    text += element
            elif token.type == "hash" and (name := prefixed(token.value)) is not None:
                ids.append(name)
                text += "#" + serialize_identifier(name)
            elif token.type == "[] block":
                self.is_plain = False
                text += _attribute(token.content)
            elif token.type == "literal" and token.value == "*" and self.position == start:
                text += "*"
            elif token.type == "literal" and token.value == ".":
                name = self._next_name()
                classes.append(name)
                text += "." + serialize_identifier(name)
            elif token.type == "literal" and token.value == ":":
                state = self._state()
                if state == ":root":
                    means_page = True
                    text = WRAPPER + text
                else:
                    self.is_plain = False
                    text += state
            else:
                if token.type == "literal" and token.value in (">", "+", "~"):
                    break
                raise _NotUnderstood
            self.position += 1
        if self.position == start or (means_page and self.is_inner):
            raise _NotUnderstood
        return text, Compound("body" if means_page else element, tuple(ids), tuple(classes)), means_page

    def _next_name(self) -> str:
        self.position += 1
        token = self._peek()
        name = prefixed(token.value) if token is not None and token.type == "ident" else None
        if name is None:
            raise _NotUnderstood
        return name

    def _state(self) -> str:
        """A pseudo-class or a pseudo-element."""
        self.position += 1
        token = self._peek()
        is_element = False
        if token is not None and token.type == "literal" and token.value == ":":
            is_element = True
            self.position += 1
            token = self._peek()
        if token is None:
            raise _NotUnderstood
        if token.type == "ident":
            name = token.lower_value
            if name in _GENERATED and not self.is_inner:
                self.generates = True
                return f"::{name}"
            if name in _DRAWN and not self.is_inner:
                return f"::{name}"
            if name == "root" and not is_element:
                return ":root"
            if name in _STATES and not is_element:
                return f":{name}"
        elif token.type == "function" and not is_element:
            name = token.lower_name
            if name in _COUNTING:
                argument = tinycss2.serialize(token.arguments).replace("/**/", "").strip()
                if _COUNT.fullmatch(argument):
                    return f":{name}({argument})"
            elif name in _OTHERS_INSIDE and not self.is_inner:
                inner = [_Reader(part, is_inner=True).read().text for part in _split(token.arguments)]
                return f":{name}({','.join(inner)})"
        raise _NotUnderstood


def _attribute(tokens: list[Node]) -> str:
    """[name], [name=value] and the like; what is compared with an id or a class is prefixed as they are."""
    found = [token for token in tokens if token.type not in ("whitespace", "comment")]
    if not found or found[0].type != "ident" or not _ATTRIBUTE_NAME.fullmatch(found[0].value):
        raise _NotUnderstood
    name = found[0].lower_value
    written = serialize_identifier(name)
    if len(found) == 1:
        return f"[{written}]"
    # The tokeniser gives "^=" as one token or as two.
    operator = "".join(token.value for token in found[1:-1] if token.type == "literal")
    value = found[-1]
    if len(found) > 4 or operator not in _ATTRIBUTE_OPERATORS or value.type not in ("string", "ident"):
        raise _NotUnderstood
    text = value.value
    if not _ATTRIBUTE_VALUE.fullmatch(text):
        raise _NotUnderstood
    if name in ("id", "class") and operator in ("=", "~=", "|=", "^="):
        names = [prefixed(part) for part in text.split()]
        text = " ".join(part for part in names if part is not None)
    return f'[{written}{operator}"{text}"]'


# Which rule holds


class Colours:
    """Which ground and ink the sheet gives an element; rules that look at more than names are left out."""

    def __init__(self, rules: Iterable[ColourRule]) -> None:
        self.by_key: dict[str, list[ColourRule]] = {}
        self.looks_left = _MOST_LOOKS
        for rule in rules:
            last = rule.compounds[-1]
            key = f"#{last.ids[0]}" if last.ids else f".{last.classes[0]}" if last.classes else last.element
            found = self.by_key.setdefault(key, [])
            if len(found) < 50:
                found.append(rule)

    @property
    def is_spent(self) -> bool:
        """Whether so much was asked for that nothing more is known."""
        return self.looks_left < 0

    def of(self, path: Sequence[Compound]) -> tuple[Colour | None, Colour | None]:
        """Ground and ink of the last element of `path`, which begins at the page."""
        if not self.by_key or self.is_spent:
            return None, None
        last = path[-1]
        keys = ["", last.element, *(f".{name}" for name in last.classes), *(f"#{name}" for name in last.ids)]
        candidates = [rule for key in keys for rule in self.by_key.get(key, ())]
        self.looks_left -= sum(1 if len(rule.compounds) == 1 else len(path) for rule in candidates)
        rules = [rule for rule in candidates if _holds(rule, path, len(path) - 1, -1)]
        rules.sort(key=_strength)
        ground = ink = None
        for rule in rules:
            ground = rule.ground or ground
            ink = rule.ink or ink
        return ground, ink


_strength: Callable[[ColourRule], tuple[bool, int, int, int]] = lambda rule: rule.strength  # noqa: E731


def _holds(rule: ColourRule, path: Sequence[Compound], at: int, number: int) -> bool:
    """Whether compound `number` of the rule, counted from its end, and those before it fit path[at]."""
    while True:
        if not _fits(rule.compounds[number], path[at]):
            return False
        if -number == len(rule.compounds):
            return True
        is_child = rule.is_child[number]
        number -= 1
        at -= 1
        while at >= 0 and not is_child and not _fits(rule.compounds[number], path[at]):
            at -= 1
        if at < 0:
            return False


def _fits(wanted: Compound, found: Compound) -> bool:
    return (
        wanted.element in ("", found.element)
        and all(name in found.classes for name in wanted.classes)
        and all(name in found.ids for name in wanted.ids)
    )
