"""How much work a real HTML parser would have with a letter: found out before it is given one, in linear
time.

A parser looks through its open elements at every tag, compares every attribute of a tag with those before it,
and opens formatting elements that were left open again in every paragraph. All of that is quadratic, and
none of it can be interrupted. So the tags are counted here first, with the rules by which they open and
close one another (HTML, 13.2.6). Where those rules are too many to be repeated, what is open counts as
staying open: an estimate is too high at times and never too low.
"""

import re
from collections import Counter
from typing import NamedTuple

# In steps of the parser: about a quarter of a second each.
_MOST_STEPS = 40_000_000
_MOST_ATTRIBUTE_STEPS = 60_000_000
_MOST_REOPENED = 300_000
# A formatting element is compared with those before it, and one that ends in the wrong place has everything
# above it opened again.
_START_WEIGHT = 2
_END_WEIGHT = 40
# In steps of the search here.
_MOST_LOOKS = 1_000_000

_SPACE = "\\t\\n\\f\\r "
_ATTRIBUTE = (
    rf"[^{_SPACE}/>][^{_SPACE}/>=]*+"
    rf"(?>[{_SPACE}]*+=[{_SPACE}]*+(?>\"[^\"]*+\"|'[^']*+'|(?=>)|[^{_SPACE}>\"'][^{_SPACE}>]*+)?+)?+"
)
_TAG = re.compile(rf"<(/?)([a-zA-Z][^{_SPACE}/>]*+)((?>[{_SPACE}/]++|{_ATTRIBUTE})*+)>?")
_MARKUP = re.compile(r"<[a-zA-Z/!?]")
_ATTRIBUTES = re.compile(_ATTRIBUTE)
_SEPARATORS = re.compile(rf"[{_SPACE}/]+")
_COMMENT_END = re.compile("--!?>")
_SHORT_TAG = 120


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_VOID = _names(
    "area base basefont bgsound br col embed frame hr image img input keygen link meta param source track wbr"
)
_BREAKS_OUT = _names("br embed hr img meta")
_NEVER_OPEN = _names("html head body")
_RAW = _names("script style xmp iframe noembed noframes textarea title")
# In these, other rules hold.
_STRANGE = _names("svg math template frameset select")
_FORMATTING = _names("a b big code em font i nobr s small strike strong tt u")
_CELLS = _names("td th")
_CLEARS = _names("td th caption")
_SLOW_ENDS = _CLEARS | {"form"}
# Begins without a look at what is open.
_PLAIN = _names("span abbr acronym cite sub sup label q bdo ins del mark time var kbd samp dfn")
_TABLE_PARTS = _names("table tbody thead tfoot tr td th caption colgroup")
_SCOPE = _names("applet caption table td th marquee object template")
_BUTTON_SCOPE = _SCOPE | {"button"}
_SCOPES = {"li": _SCOPE | _names("ol ul"), "p": _BUTTON_SCOPE}
_SPECIAL = _names(
    """
    address applet area article aside blockquote button caption center colgroup dd details dialog dir div dl
    dt fieldset figcaption figure footer form frameset h1 h2 h3 h4 h5 h6 header hgroup iframe li listing main
    marquee menu nav noembed noframes noscript object ol p pre script search section select
    style summary table tbody td template textarea tfoot th thead title tr ul xmp
    """
)
_CLOSES_P = _names(
    """
    address article aside blockquote center details dialog dir div dl dd dt fieldset figcaption figure footer
    form h1 h2 h3 h4 h5 h6 header hgroup hr li listing main menu nav ol p pre search section summary table ul
    xmp
    """
)
# One of these ends the one before it wherever that is, so it need not be there any more when its end tag
# comes.
_ENDED_BY_THEIR_LIKE = _names("a nobr")
_HEADINGS = _names("h1 h2 h3 h4 h5 h6")
# End tags of these close whatever stands between, up to the edge of a scope.
_CLOSES_OTHERS = _names(
    """
    address applet article aside blockquote button center dd details dialog dir div dl dt fieldset figcaption
    figure footer header hgroup li listing main marquee menu nav object ol p pre search section summary ul
    """
)
_ITEMS = {"li": _names("li"), "dd": _names("dd dt"), "dt": _names("dd dt")}
_ITEM_PASSES = _names("address div p")
_BODIES = _names("tbody thead tfoot")
# Beginning in a table, these close whatever is open inside the nearest of those.
_STANDS_IN = {
    "td": _BODIES | {"table", "tr"},
    "th": _BODIES | {"table", "tr"},
    "tr": _BODIES | {"table"},
} | dict.fromkeys(("tbody", "thead", "tfoot", "caption", "colgroup"), frozenset(("table",)))


def is_parsable(html: str) -> bool:
    """Whether a parser is done with `html` in good time."""
    return _Estimate(html).is_low()


class _Open(NamedTuple):
    name: str
    key: str
    loose_before: int
    left_open_before: int


class _Estimate:
    def __init__(self, html: str) -> None:
        self.html = html
        self.stack: list[_Open] = []
        self.opened: Counter[str] = Counter()
        # Formatting elements that were closed by something else: they come back in what follows.
        self.loose: list[_Open] = []
        # A parser remembers three alike, but what it has opened again stays open for all of them.
        self.left_open = 0
        self.greatest_depth = 0
        self.steps = 0
        self.attribute_steps = 0
        self.reopened = 0
        self.looks = 0
        self.is_strange = False
        self.is_form_lost = False
        # From here on nothing closes: what looks like an end tag may be text.
        self.is_deaf = False

    def is_low(self) -> bool:
        html = self.html
        stack = self.stack
        position = 0
        while (found := _MARKUP.search(html, position)) is not None:
            match = _TAG.match(html, found.start())
            if match is None:
                position = self._behind_other(found.start())
                continue
            position = match.end()
            slash, name, attributes = match.groups()
            if not name.islower():
                name = name.lower()
            if len(attributes) > _SHORT_TAG:
                self._count_attributes(attributes)
            if slash:
                if stack and stack[-1].name == name and name not in _SLOW_ENDS and not self.is_deaf:
                    stack.pop()
                    self.opened[name] -= 1
                else:
                    self._end(name)
            elif name in _PLAIN and not self.is_strange:
                stack.append(_Open(name, "", len(self.loose), self.left_open))
                self.opened[name] += 1
            elif name not in _VOID or name == "hr" or (self.is_strange and name not in _BREAKS_OUT):
                self._start(name, attributes)
                if name == "plaintext":
                    return True
                if name in _RAW:
                    position = self._behind_raw(name, position)
            self.reopened += len(self.loose)
            depth = len(stack) + self.left_open
            if depth > self.greatest_depth:
                self.greatest_depth = depth
            self.steps += depth
            if self.steps > _MOST_STEPS or self._is_too_much():
                return False
        return True

    def _is_too_much(self) -> bool:
        return (
            self.attribute_steps > _MOST_ATTRIBUTE_STEPS
            or self.reopened > _MOST_REOPENED
            or self.looks > _MOST_LOOKS
        )

    def _count_attributes(self, text: str) -> None:
        count = len(_SEPARATORS.findall(text))
        if count > 30:
            count = len(_ATTRIBUTES.findall(text))
        self.attribute_steps += count * count

    def _behind_other(self, opening: int) -> int:
        """Behind a comment or a declaration."""
        html = self.html
        if self.is_deaf:
            return opening + 2
        if html.startswith("<!--", opening):
            if html.startswith((">", "->"), opening + 4):
                return opening + 5
            end = _COMMENT_END.search(html, opening + 4)
            return end.end() if end is not None else len(html)
        if self.is_strange and html.startswith("<![CDATA[", opening):
            self.is_deaf = True
            return opening + 2
        end_at = html.find(">", opening)
        return end_at + 1 if end_at >= 0 else len(html)

    def _behind_raw(self, name: str, position: int) -> int:
        if self.is_strange:
            self.is_deaf = True
            return position
        end = re.compile(f"</{name}(?=[{_SPACE}/>])", re.I).search(self.html, position)
        return end.start() if end is not None else len(self.html)

    # What opens

    def _start(self, name: str, attributes: str) -> None:
        if name in _NEVER_OPEN and not self.is_strange:
            return
        if name in _STRANGE:
            self.is_strange = True
        if not self.is_strange:
            if name in _STANDS_IN and not self.opened["table"]:
                return
            self._close_implied(name)
        if name == "hr":
            return
        key = ""
        if name in _FORMATTING:
            key = name + attributes
            self.steps += _START_WEIGHT * (len(self.stack) + self.left_open)
        self.stack.append(_Open(name, key, len(self.loose), self.left_open))
        self.opened[name] += 1

    def _close_implied(self, name: str) -> None:
        if name == "table" and self.opened["table"]:
            self._close_table()
        elif name == "button" and self.opened["button"]:
            self._close_through(frozenset(("button",)), _SCOPE)
        elif name in _ITEMS and any(self.opened[item] for item in _ITEMS[name]):
            self._close_item(_ITEMS[name])
        elif name in _STANDS_IN:
            self._close_inside(_STANDS_IN[name])
        elif self.stack and (
            (name == "a" and self.stack[-1].name == "a")
            or (name in _HEADINGS and self.stack[-1].name in _HEADINGS)
        ):
            self._pop(is_own_end=name == "a")
        if name in _CLOSES_P and self.opened["p"]:
            self._close_through(frozenset(("p",)), _BUTTON_SCOPE)

    def _close_item(self, names: frozenset[str]) -> None:
        for depth in range(len(self.stack) - 1, -1, -1):
            self.looks += 1
            found = self.stack[depth].name
            if found in names:
                self._pop_to(depth)
                return
            if found in _SPECIAL and found not in _ITEM_PASSES:
                return

    def _close_table(self) -> None:
        """A table that begins outside of a cell ends the one around it."""
        for depth in range(len(self.stack) - 1, -1, -1):
            self.looks += 1
            found = self.stack[depth].name
            if found == "table":
                self._pop_to(depth)
                return
            if found in _CLEARS:
                return

    def _close_inside(self, names: frozenset[str]) -> None:
        for depth in range(len(self.stack) - 1, -1, -1):
            self.looks += 1
            if self.stack[depth].name in names:
                self._pop_to(depth + 1)
                return

    # What closes

    def _end(self, name: str) -> None:
        if self.is_deaf:
            return
        if name == "form" and (self.is_form_lost or not self.stack or self.stack[-1].name != name):
            # From one that ended in the wrong place on, no end tag of a form need mean anything.
            self.is_form_lost = True
        elif self.stack and self.stack[-1].name == name:
            self._pop(is_own_end=True)
        elif self.is_strange:
            return
        elif name in _HEADINGS:
            self._close_through(_HEADINGS, _SCOPE)
        elif not self.opened[name] or name in _ENDED_BY_THEIR_LIKE:
            self._end_loose(name)
        elif name in _TABLE_PARTS:
            if self.opened["table"]:
                self._close_through(frozenset((name,)), frozenset(("table",)))
        elif name in _CLOSES_OTHERS:
            self._close_through(frozenset((name,)), _SCOPES.get(name, _SCOPE))
        else:
            if name in _FORMATTING:
                self.steps += _END_WEIGHT * (len(self.stack) + self.left_open)
            if not self._end_loose(name):
                self._close_through(frozenset((name,)), _SPECIAL)

    def _end_loose(self, name: str) -> bool:
        if name not in _FORMATTING:
            return False
        for at in range(len(self.loose) - 1, self._lost_since_scope() - 1, -1):
            self.looks += 1
            if self.loose[at].name == name:
                del self.loose[at]
                self.left_open -= 1
                return True
        return False

    def _lost_since_scope(self) -> int:
        """From which one on they were lost inside the innermost cell or the like, where end tags reach."""
        for element in reversed(self.stack):
            self.looks += 1
            if element.name in _SCOPE:
                return element.loose_before
        return 0

    def _close_through(self, names: frozenset[str], boundary: frozenset[str]) -> None:
        for depth in range(len(self.stack) - 1, -1, -1):
            self.looks += 1
            found = self.stack[depth].name
            if found in names:
                self._pop_to(depth + 1)
                self._pop(is_own_end=True)
                return
            if found in boundary:
                return

    def _pop_to(self, depth: int) -> None:
        while len(self.stack) > depth:
            self._pop(is_own_end=False)

    def _pop(self, *, is_own_end: bool) -> None:
        element = self.stack.pop()
        self.opened[element.name] -= 1
        if element.name in _CLEARS:
            # What a cell left open stays in it.
            del self.loose[element.loose_before :]
            self.left_open = element.left_open_before
        elif element.key and not is_own_end:
            self.left_open += 1
            if sum(one.key == element.key for one in self.loose[-50:]) < 3:
                self.loose.append(element)
