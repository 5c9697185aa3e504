"""HTML to text, in one pass and without a parser: for snippets, for messages that have no text of their own.

It decides nothing about safety (the cleaner does, html.py); it must only be linear on whatever arrives, and
read the way the letter reads.
"""

import html
import re
from collections.abc import Callable

# What these hold is not said to the reader.
_SILENT = frozenset(
    """
    script style head title noscript template svg math object iframe textarea select xml noembed noframes
    applet audio video canvas
    """.split()  # noqa: SIM905
)
# Elements that begin and end a line of their own.
_BLOCKS = frozenset(
    """
    p div br tr li ul ol dl dt dd h1 h2 h3 h4 h5 h6 table blockquote pre hr section article header footer
    center address body main form figure figcaption aside nav caption fieldset
    """.split()  # noqa: SIM905
)
_PARAGRAPHS = frozenset("p h1 h2 h3 h4 h5 h6 table blockquote ul ol dl pre".split())  # noqa: SIM905
_TAG_NAME = re.compile(r"/?([a-zA-Z][a-zA-Z0-9:-]{0,30})")
_TAG_END = re.compile(r"[^>\"']*")
# About a third of a second of work; no letter has as many tags.
_MOST_STEPS = 200_000
# A number of this length names no character, and int() refuses 4,300 digits with an exception.
_LONG_NUMBER = re.compile(r"&#[xX]?[0-9a-fA-F]{8,}")
_ALT = re.compile(r"""\salt\s*=\s*(?:"([^"]{1,300})"|'([^']{1,300})')""", re.I)
_BLANKS = re.compile(r"[ \t\r\n\f\xa0]+")
_MANY_LINES = re.compile(r"\n[ \n]*\n")
# Preheaders are padded with these so that nothing follows them in a list.
_FILLERS = re.compile(
    "[\u034f\u200b\u200c\u200d\u2007\u00ad\u2060\ufeff]{2,}|(?:[\u034f\u200c\u200b\u2007\u00ad\ufeff] ?){3,}"
)


def strip_tags(
    markup: str,
    longest: int = 1_000_000,
    is_spent: Callable[[], bool] | None = None,
    *,
    keep_lines: bool = True,
) -> str:
    """The text of `markup`, until about `longest` characters of it are found or `is_spent()` says stop.

    Linear in the length of `markup`: every search for the end of something either finds it and goes on from
    there, or learns that there is none and never searches again.
    """
    # Thousands of short strings take many times their text: they are joined as they come.
    joined_so_far: list[str] = []
    out: list[str] = []
    length = position = steps = 0
    no_more: set[str] = set()
    while position < len(markup) and length < longest:
        steps += 1
        if steps > _MOST_STEPS or (is_spent is not None and steps % 64 == 0 and is_spent()):
            break
        if steps % 2048 == 0:
            joined_so_far.append("".join(out))
            out.clear()
        opening = markup.find("<", position)
        text = markup[position:] if opening < 0 else markup[position:opening]
        if text:
            text = text[: longest * 2]
            out.append(text)
            length += len(text) if not text.isspace() else 1
        if opening < 0:
            break
        position = _after_tag(markup, opening, out, no_more)
    joined = _unescape("".join([*joined_so_far, *out]))
    if not keep_lines:
        return " ".join(
            _FILLERS.sub("", joined.replace(_EDGE, " ").replace(_BREAK, " ").replace(_PARAGRAPH, " ")).split()
        )
    joined = _BLANKS.sub(" ", joined)
    joined = _EDGES.sub("\n", joined.replace(_PARAGRAPH, "\n\n")).replace(_BREAK, "\n")
    joined = "\n".join(line.strip() for line in joined.split("\n"))
    return _FILLERS.sub("", _MANY_LINES.sub("\n\n", joined)).strip()


# Stand for line ends that elements make, while the ones in the source are mere blanks: a <br>; the edge
# of a block (however many meet in one place are one line end, and a <br> before them adds none); the edge of
# a paragraph. All are controls that no cleaned text keeps, so nothing that is sent is taken for them.
_BREAK = "\x1f"
_EDGE = "\x1e"
_PARAGRAPH = "\x1d"
_EDGES = re.compile(r"\x1f? ?\x1e[\x1e ]*")


def _after_tag(markup: str, opening: int, out: list[str], no_more: set[str]) -> int:
    """Where the text goes on behind the markup at `opening`; what that adds to the text goes to `out`."""
    if markup.startswith("<!--", opening):
        return _behind(markup, "-->", opening + 4, no_more)
    match = _TAG_NAME.match(markup, opening + 1)
    if match is None:
        if markup[opening + 1 : opening + 2] in ("!", "?", "/"):
            return _behind(markup, ">", opening + 1, no_more)
        out.append("<")  # "3 < 4"
        return opening + 1
    name = match[1].lower()
    end = _tag_end(markup, match.end(), no_more)
    is_closing = markup[opening + 1] == "/"
    if name in _SILENT and not is_closing:
        if markup[end - 2 : end] == "/>" and name not in ("script", "style", "title"):
            return end
        return _behind_element(markup, name, end, no_more)
    if name == "img":
        alt = _ALT.search(markup, match.end(), min(end, match.end() + 4000))
        if alt is not None:
            out.append(f" {alt[1] or alt[2]} ")
    elif name in _BLOCKS:
        out.append(_PARAGRAPH if name in _PARAGRAPHS else _BREAK if name == "br" else _EDGE)
        if name == "li" and not is_closing:
            out.append("- ")
    elif name in ("td", "th"):
        out.append(" ")
    return end


def _behind(markup: str, ending: str, position: int, no_more: set[str]) -> int:
    if ending in no_more:
        return len(markup) if ending == ">" else position
    found = markup.find(ending, position)
    if found < 0:
        no_more.add(ending)
        # An unclosed comment hides the rest from a browser; from us it hides nothing.
        return len(markup) if ending == ">" else position
    return found + len(ending)


def _tag_end(markup: str, position: int, no_more: set[str]) -> int:
    """Behind the ">" that ends a tag; one inside a quoted value does not (alt="a > b")."""
    while True:
        match = _TAG_END.match(markup, position)
        position = match.end() if match is not None else position
        if position >= len(markup):
            return len(markup)
        stopper = markup[position]
        if stopper == ">":
            return position + 1
        if stopper in no_more:
            position += 1
            continue
        closing = markup.find(stopper, position + 1)
        if closing < 0:
            no_more.add(stopper)
            position += 1
        else:
            position = closing + 1


def _behind_element(markup: str, name: str, position: int, no_more: set[str]) -> int:
    ending = f"</{name}"
    if ending in no_more:
        return position
    match = re.compile(re.escape(ending), re.I).search(markup, position)
    if match is None:
        no_more.add(ending)
        return position
    return _behind(markup, ">", match.end(), no_more)


def _unescape(text: str) -> str:
    if "&" not in text:
        return text
    if "&#" in text:
        text = _LONG_NUMBER.sub("\ufffd", text)
    return html.unescape(text)


_ANY_TAG = re.compile(r"<[^<>]*>")


def all_text(markup: str, longest: int = 100_000) -> str:
    """Everything between tags, titles and styles too: for a letter of which strip_tags() leaves nothing."""
    return " ".join(_unescape(_ANY_TAG.sub(" ", markup[: longest * 4])).split())[:longest]
