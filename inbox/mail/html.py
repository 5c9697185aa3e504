"""Wall one: the sender's HTML made fit for the message frame. (Wall two is the frame's own policy.)

Three steps: markup.py writes the letter anew from the tree of a real HTML5 parser, linear and bounded; nh3
(ammonia) cleans that by a list configured by hand, until cleaning changes nothing any more; the result goes
into a page of ours that asks nobody for anything, with the letter's style sheets as sheets.py leaves them.
Only data: pictures made here from the message's own parts stay; every other picture has its address taken
away, and remote ones are numbered.
"""

import re
from base64 import b64encode
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from html import escape
from urllib.parse import unquote

import nh3

from inbox.mail.colours import parse_colour, to_hex
from inbox.mail.fields import clean_text
from inbox.mail.markup import (
    GENERIC_ATTRIBUTES,
    GROUND,
    MARK,
    OTHER_SCHEME,
    REMOTE,
    SILENT,
    TAGS,
    Letter,
    Unparsable,
    filter_attribute,
    rewrite,
)
from inbox.mail.styles import join_declarations
from inbox.mail.tags import all_text, strip_tags
from inbox.mail.text import text_to_html
from inbox.mail.transfer import decode_base64
from inbox.mail.view import LinkView

InlineImage = Callable[[str], tuple[str, bytes] | None]

# Above this a letter is shown as its text. Pictures that it carries in data: addresses do not count.
MOST_HTML_CHARACTERS = 2 * 1024 * 1024
MOST_PICTURE_BYTES = 5 * 1024 * 1024

_DATA = r"data:image/(?:png|jpe?g|gif|webp|bmp)(?:;[\w=-]{1,40})?;base64,"
_DATA_BEGINS = re.compile("data:image/", re.I)
_DATA_PICTURE = re.compile(
    rf"(?<=\"){_DATA}([A-Za-z0-9+/=\s]*)(?=\")|(?<='){_DATA}([A-Za-z0-9+/=\s]*)(?=')|(?<==){_DATA}([A-Za-z0-9+/=]*)",
    re.I,
)
_CLEAN_PICTURE = re.compile(r"data:image/(?:png|jpeg|gif|webp|bmp);base64,[A-Za-z0-9+/]+={0,2}")
_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"BM", "image/bmp"),
)
_SENT_INSIDE = "data-picture-"

# What is said in "keep" no rule of a letter undoes: important rules of a layer win over those outside of all
# layers. "base" is the other way round: whatever a letter says goes before it (CSS Cascade 5, 6.4).
# A mark lies above all else: nothing of a letter's may be positioned, and what holds a mark is neither
# translucent (which would give it a layer of its own) nor does it cut off or push out.
_STYLE_SHEET = """
@layer base,keep;
@layer base{
:root{color-scheme:SCHEME;background:GROUND;-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;display:flow-root;color:INK;overflow-wrap:break-word;font-size:16px}
body{font-family:system-ui,"Segoe UI",Roboto,"Noto Sans","Liberation Sans",Arial,sans-serif}
.letter{margin:clamp(16px,3vw,24px)}
.letter img{max-width:calc(100vw - 16px)}
.letter img:not([src]){display:none;color:QUIET;font-style:italic;font-size:13px}
.letter img:not([src])[alt]:not([alt=""]){display:inline-block}
.letter img[REMOTE]{display:inline-block;background-color:BOX;box-sizing:border-box;overflow:hidden}
.letter a{color:LINK}
.letter pre{white-space:pre-wrap}
.letter blockquote{margin:8px 0 8px 8px;padding-left:12px;border-left:2px solid LINE}
.plain{white-space:pre-wrap}
}
@layer keep{
.letter .MARK,.letter .TARGET{all:initial!important;direction:ltr!important;unicode-bidi:isolate!important}
.letter .MARK,.letter .TARGET{font:600 12px/1.4 system-ui,sans-serif!important}
.letter .MARK,.letter .TARGET{padding:0 4px!important;border-radius:3px!important}
.letter .MARK::before,.letter .MARK::after{content:none!important}
.letter .TARGET::before,.letter .TARGET::after{content:none!important}
.letter .MARK{display:inline-block!important;position:relative!important;z-index:9!important}
.letter .MARK{box-sizing:border-box!important;max-width:calc(100vw - 32px)!important}
.letter .MARK{overflow-wrap:break-word!important;border:1px solid WARN!important}
.letter .MARK{color:WARN!important;background-color:WARNED!important}
.letter .TARGET{color:QUIET!important;background-color:BOX!important;overflow-wrap:anywhere!important}
.letter:has(.MARK),.letter :has(.MARK){overflow:visible!important;opacity:1!important}
.letter:has(.MARK),.letter :has(.MARK){text-indent:0!important;justify-content:normal!important}
.letter :has(.MARK){min-height:min-content!important}
}
"""
_LIGHT = {
    "SCHEME": "light",
    "GROUND": "#ffffff",
    "INK": "#1a1a1a",
    "QUIET": "#5f6368",
    "BOX": "#f1f3f4",
    "LINK": "#0b57d0",
    "LINE": "#c4c7c5",
    "WARNED": "#fff0cc",
    "WARN": "#6b3d00",
}
_DARK = {
    "SCHEME": "dark",
    "GROUND": "#17191a",
    "INK": "#e6e8e8",
    "QUIET": "#b9bec1",
    "BOX": "#2a2e30",
    "LINK": "#a8c7fa",
    "LINE": "#50565a",
    "WARNED": "#4a3200",
    "WARN": "#ffdc9a",
}


def _sheet(colours: dict[str, str]) -> str:
    names = {"MARK": MARK, "TARGET": OTHER_SCHEME, "REMOTE": REMOTE} | colours
    return re.sub(r"\b[A-Z]{3,}\b", lambda found: names[found[0]], _STYLE_SHEET)


_SHEETS = {False: _sheet(_LIGHT), True: _sheet(_DARK)}
# A letter of mere text has our letters, and room between its lines; one with a look of its own has the lines
# that it was made with, and where it names no letters those of most readers.
_TEXT_LINES = "@layer base{.letter{line-height:1.5}}\n"
_LAID_OUT = "@layer base{.letter{font-family:Arial,Helvetica,sans-serif}}\n"

# So often a letter is cleaned before its text is shown in its place. Once is enough for all but contrived
# ones.
_MOST_CLEANINGS = 5


@dataclass(frozen=True, slots=True)
class Framed:
    """A letter as a document for the message frame, and what is to be said beside it."""

    document: str
    blocked_images: int = 0
    """Remote pictures that were not asked for, however they would have been; each address once."""
    trackers: int = 0
    """Those among them that nobody could have seen, or whose address is one for counting openings."""
    other_requests: int = 0
    """Fonts, further sheets, media and the like that were not asked for."""
    remote: tuple[str, ...] = ()
    """Addresses of pictures to show on demand; number n is the <img data-m-remote="<nonce>-n">, lies behind
    the elements with data-m-ground="<nonce>-n", or is m-remote(<nonce>-n) in the sheet."""
    links: tuple[LinkView, ...] = ()
    drawn: tuple[str, ...] = ()
    """What inline_image() was asked for and can be seen in the document."""
    has_dark: bool = False
    """Whether the letter brings rules of its own for dark pages."""


def is_html_showable(html: str) -> bool:
    """Whether the letter is small enough to be cleaned; else its text is shown."""
    if len(html) <= MOST_HTML_CHARACTERS:
        return True
    return _DATA_BEGINS.search(html) is not None and len(_DATA_PICTURE.sub("", html)) <= MOST_HTML_CHARACTERS


def frame_document(html: str, *, inline_image: InlineImage) -> str:
    """frame()'s document alone, in which no picture can be shown later."""
    return frame(html, inline_image=inline_image, nonce="").document


def frame(html: str, *, inline_image: InlineImage, nonce: str, dark: bool = False) -> Framed:
    """The whole document for the message frame, cleaned, for a light page or for a dark one.

    `inline_image` gives the declared type and the bytes of the part with a Content-ID, or None. Whatever it
    gives is shown only if its content is a raster picture, and at most MOST_PICTURE_BYTES of them in all.
    `nonce` (hexadecimal digits) is what a sender cannot know: pictures to be shown later are marked with it.
    Never raises on account of `html`; what cannot be cleaned is shown as its text.
    """
    pictures = _Pictures(inline_image)
    shortened = clean_text(pictures.take_out(html))
    if len(shortened) > MOST_HTML_CHARACTERS:
        return Framed(_document(_plain(shortened), _TEXT_LINES, dark=dark))
    try:
        letter = rewrite(shortened, pictures.address, nonce=nonce, dark=dark)
    except Unparsable:
        return Framed(_document(_plain(shortened), _TEXT_LINES, dark=dark))
    cleaned = _cleaned(letter.markup)
    if cleaned is not None and _says_something(cleaned):
        lines = _LAID_OUT if letter.is_laid_out else _TEXT_LINES
        document = _document(_wrapped(cleaned, letter), lines + _canvas(letter) + letter.sheet.css, dark=dark)
        drawn = pictures.parts_among(letter.drawn)
    else:
        drawn = ()
        document = _document(_plain(shortened), _TEXT_LINES, dark=dark)
    return Framed(
        document,
        letter.blocked_images,
        letter.trackers,
        letter.other_requests,
        letter.remote,
        letter.links,
        drawn,
        letter.sheet.has_dark,
    )


def _wrapped(cleaned: str, letter: Letter) -> str:
    name = f' id="{escape(letter.body_id)}"' if letter.body_id else ""
    style = join_declarations(letter.body_style)
    language = f' lang="{escape(letter.language)}"' if letter.language else ""
    look = f' style="{escape(style)}"' if style else ""
    ground = f' {GROUND}="{letter.ground}"' if letter.ground else ""
    classes = escape(f"letter {letter.body_classes}".strip())
    direction = letter.direction or "auto"
    return f'<div class="{classes}" dir="{direction}"{language}{name}{look}{ground}>{cleaned}</div>'


def _canvas(letter: Letter) -> str:
    """The body's ground reaches to the edges of the frame, as on a page, and its links have its colour."""
    css = ""
    ground = parse_colour(letter.body_style.get("background-color", "").partition(" !")[0])
    if ground is not None:
        css += f":root{{background-color:{to_hex(ground)}}}\n"
    if letter.link_colour is not None:
        css += f"@layer base{{.letter a{{color:{to_hex(letter.link_colour)}}}}}\n"
    return css


def _plain(html: str) -> str:
    text = strip_tags(html) or all_text(html)
    return f'<div class="letter plain" dir="auto">{text_to_html(text)}</div>'


def _document(body: str, css: str, *, dark: bool) -> str:
    css = css.replace("<", "")
    return (
        '<!doctype html><html><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="referrer" content="no-referrer">'
        f"<title></title><style>{_SHEETS[dark]}{css}</style></head><body>{body}</body></html>"
    )


_ANYTHING = re.compile(r"<img [^>]*(?:src|data-m-remote)=|>[^<\S]*[^<\s&]|^[^<\s]|&(?!nbsp;)")


def _says_something(cleaned: str) -> bool:
    return _ANYTHING.search(cleaned) is not None


# Cleaning


_OURS = frozenset((MARK, OTHER_SCHEME))
_NUMBERED = re.compile(r"[0-9a-f]{1,64}-\d{1,5}")


def _filter(tag: str, attribute: str, value: str) -> str | None:
    """The cleaner's own look at every attribute that its list lets through."""
    if attribute == "src":
        return value if _CLEAN_PICTURE.fullmatch(value) else None
    if attribute == "rel" or (attribute == "class" and value in _OURS):
        return value
    if attribute in (REMOTE, GROUND):
        return value if _NUMBERED.fullmatch(value) else None
    return filter_attribute(attribute, value)


def _relative(address: str) -> str | None:
    return address if address.startswith("#") else None


_cleaner = nh3.Cleaner(
    tags=set(TAGS),
    clean_content_tags=set(SILENT) - {"frameset"},
    attributes={"*": set(GENERIC_ATTRIBUTES) | {GROUND}}
    | {tag: set(names) for tag, names in TAGS.items() if names}
    | {"img": set(TAGS["img"]) | {REMOTE}},
    attribute_filter=_filter,
    strip_comments=True,
    link_rel="noreferrer noopener nofollow",
    # "data" for our own pictures: _filter lets nothing else of it through, and nothing outside of img.
    url_schemes={"http", "https", "mailto", "data"},
    url_relative=_relative,
)


def _cleaned(markup: str) -> str | None:
    """`markup` cleaned until cleaning changes nothing, so that a browser reads what was judged."""
    for _ in range(_MOST_CLEANINGS):
        cleaned = _clean(markup)
        if cleaned is None or cleaned == markup:
            return cleaned
        markup = cleaned
    return None


def _clean(markup: str) -> str | None:
    try:
        return _cleaner.clean(markup)
    except BaseException as error:
        # A Rust panic arrives as a BaseException that cannot be imported by name; nothing else is caught
        # here.
        if type(error).__name__ != "PanicException":
            raise
        return None


# Pictures


class _Pictures:
    """The pictures of one letter as data: addresses, under one bound together."""

    def __init__(self, inline_image: InlineImage) -> None:
        self.inline_image = inline_image
        self.bytes_left = MOST_PICTURE_BYTES
        self.known: dict[str, str] = {}
        self.sent_inside: list[str] = []

    def take_out(self, html: str) -> str:
        """`html` with data: pictures as short cid: addresses, so that the cleaner need not carry them."""
        if _DATA_BEGINS.search(html) is None:
            return html
        return _DATA_PICTURE.sub(self._remember, html)

    def _remember(self, match: re.Match[str]) -> str:
        self.sent_inside.append(match[1] or match[2] or match[3] or "")
        return f"cid:{_SENT_INSIDE}{len(self.sent_inside) - 1}"

    def address(self, content_id: str) -> str | None:
        """The data: address of the picture with this Content-ID. Each showing costs its bytes anew."""
        name = _name_of(content_id)
        if name not in self.known:
            self.known[name] = self._load(name)
        address = self.known[name]
        if not address or len(address) > self.bytes_left * 4 // 3:
            return None
        self.bytes_left -= len(address) * 3 // 4
        return address

    def parts_among(self, content_ids: Iterable[str]) -> tuple[str, ...]:
        """Those that are parts of the message; others were sent in the letter's own addresses."""
        names = map(_name_of, content_ids)
        return tuple(name for name in names if self._number_inside(name) is None)

    def _load(self, name: str) -> str:
        number = self._number_inside(name)
        if number is not None:
            return _data_address(_decoded(self.sent_inside[number]))
        found = self.inline_image(name)
        return _data_address(found[1]) if found is not None else ""

    def _number_inside(self, name: str) -> int | None:
        number = name.removeprefix(_SENT_INSIDE)
        if number != name and number.isdecimal() and len(number) < 6 and int(number) < len(self.sent_inside):
            return int(number)
        return None


def _name_of(content_id: str) -> str:
    return unquote(content_id).strip("<> ")


def _decoded(text: str) -> bytes:
    return decode_base64(text.encode("ascii", "ignore")) if len(text) <= MOST_PICTURE_BYTES * 3 // 2 else b""


def _data_address(content: bytes) -> str:
    """By what the content is, not by what it is called: an SVG or a page is never an address."""
    kind = next((kind for magic, kind in _MAGIC if content.startswith(magic)), "")
    if not kind and content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        kind = "image/webp"
    if not kind or len(content) > MOST_PICTURE_BYTES:
        return ""
    return f"data:{kind};base64,{b64encode(content).decode('ascii')}"
