"""Wall one: the sender's HTML made fit for the message frame. (Wall two is the frame's own policy.)

Three steps: markup.py writes the letter anew, linear and bounded; nh3 (ammonia, a real HTML5 parser) cleans
that by a list configured by hand; the result goes into a page of ours that asks nobody for anything. Only
data: pictures made here from the message's own parts stay; every other picture has its address taken away.
"""

import re
from base64 import b64encode
from collections.abc import Callable
from html import escape
from urllib.parse import unquote

import nh3

from inbox.mail.fields import clean_text
from inbox.mail.markup import GENERIC_ATTRIBUTES, SILENT, TAGS, Letter, filter_attribute, rewrite
from inbox.mail.styles import filter_style
from inbox.mail.tags import all_text, strip_tags
from inbox.mail.text import text_to_html
from inbox.mail.transfer import decode_base64

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

_STYLE_SHEET = """
:root{color-scheme:light;background:#fff}
body{margin:0;background:#fff;color:#1a1a1a;overflow-wrap:break-word;font-size:16px;line-height:1.5}
body{font-family:system-ui,"Segoe UI",Roboto,"Noto Sans","Liberation Sans",Arial,sans-serif}
.letter{padding:clamp(16px,3vw,24px);min-height:100vh;box-sizing:border-box}
.letter img{max-width:100%}
.letter img:not([src]){display:none}
.letter img:not([src])[alt]:not([alt=""]){display:inline-block;width:auto!important;height:auto!important}
.letter img:not([src])[alt]{color:#5f6368;font-style:italic}
.letter a{color:#0b57d0}
.letter pre{white-space:pre-wrap}
.letter blockquote{margin:8px 0 8px 8px;padding-left:12px;border-left:2px solid #c4c7c5}
.plain{white-space:pre-wrap}
"""


def is_html_showable(html: str) -> bool:
    """Whether the letter is small enough to be cleaned; else its text is shown."""
    if len(html) <= MOST_HTML_CHARACTERS:
        return True
    return _DATA_BEGINS.search(html) is not None and len(_DATA_PICTURE.sub("", html)) <= MOST_HTML_CHARACTERS


def frame_document(html: str, *, inline_image: InlineImage) -> str:
    """The whole document for the message frame, cleaned.

    `inline_image` gives the declared type and the bytes of the part with a Content-ID, or None. Whatever it
    gives is shown only if its content is a raster picture, and at most MOST_PICTURE_BYTES of them in all.
    Never raises on account of `html`; what cannot be cleaned is shown as its text.
    """
    pictures = _Pictures(inline_image)
    shortened = clean_text(pictures.take_out(html))
    if len(shortened) > MOST_HTML_CHARACTERS:
        return _document(_plain(shortened))
    letter = rewrite(shortened, pictures.address)
    cleaned = _clean(letter.markup)
    if cleaned is None or not _says_something(cleaned):
        return _document(_plain(shortened))
    return _document(_wrapped(cleaned, letter))


def _wrapped(cleaned: str, letter: Letter) -> str:
    style = filter_style(letter.body_style)
    attributes = f' style="{escape(style)}"' if style else ""
    return f'<div class="letter" dir="{letter.direction or "auto"}"{attributes}>{cleaned}</div>'


def _plain(html: str) -> str:
    text = strip_tags(html) or all_text(html)
    return f'<div class="letter plain" dir="auto">{text_to_html(text)}</div>'


def _document(body: str) -> str:
    return (
        '<!doctype html><html><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="referrer" content="no-referrer">'
        f"<title></title><style>{_STYLE_SHEET}</style></head><body>{body}</body></html>"
    )


_ANYTHING = re.compile(r"<img [^>]*src=|>[^<\S]*[^<\s&]|^[^<\s]|&(?!nbsp;)")


def _says_something(cleaned: str) -> bool:
    return _ANYTHING.search(cleaned) is not None


# Cleaning


def _filter(tag: str, attribute: str, value: str) -> str | None:
    """The cleaner's own look at every attribute that its list lets through."""
    if attribute == "src":
        return value if _CLEAN_PICTURE.fullmatch(value) else None
    if attribute == "rel":
        return value
    return filter_attribute(attribute, value)


def _relative(address: str) -> str | None:
    return address if address.startswith("#") else None


_cleaner = nh3.Cleaner(
    tags=set(TAGS),
    clean_content_tags=set(SILENT) - {"head", "frameset"},
    attributes={"*": set(GENERIC_ATTRIBUTES)} | {tag: set(names) for tag, names in TAGS.items() if names},
    attribute_filter=_filter,
    strip_comments=True,
    link_rel="noreferrer noopener nofollow",
    # "data" for our own pictures: _filter lets nothing else of it through, and nothing outside of img.
    url_schemes={"http", "https", "mailto", "data"},
    url_relative=_relative,
)


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
        name = unquote(content_id).strip("<> ")
        if name not in self.known:
            self.known[name] = self._load(name)
        address = self.known[name]
        if not address or len(address) > self.bytes_left * 4 // 3:
            return None
        self.bytes_left -= len(address) * 3 // 4
        return address

    def _load(self, name: str) -> str:
        number = name.removeprefix(_SENT_INSIDE)
        if number != name and number.isdecimal() and len(number) < 6 and int(number) < len(self.sent_inside):
            return _data_address(_decoded(self.sent_inside[int(number)]))
        found = self.inline_image(name)
        return _data_address(found[1]) if found is not None else ""


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
