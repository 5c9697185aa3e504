"""What is fuzzed, and what must hold of every result. Each target takes bytes and raises when it does not."""

from __future__ import annotations

import html.parser
import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from inbox.mail import (
    Summary,
    attachment_pieces,
    read,
    safe_file_name,
    summarise,
    text_to_html,
)
from inbox.mail.codes import find_code, grouped
from inbox.mail.finds import find
from inbox.mail.glance import glance, links_of_text
from inbox.mail.html import frame as frame_letter
from inbox.mail.parse import NOTE_RAW
from inbox.mail.searchtext import fold, marks, search_text, terms
from inbox.mail.tags import strip_tags
from inbox.mail.verify import find_verify_link, host_of
from inbox.mail.view import View
from inbox.mail.viewing import view_of
from tests.fuzz.alphabet import HTML, MAIL, TEXT, as_bytes, as_text

# Processor time: a hundred times what anything of this size should take, instrumented as it is.
LONGEST_SECONDS = 3.0


def parse(data: bytes) -> None:
    """Any source opens, its view is plain values, and its files come out as long as they say."""
    source = as_bytes(data, MAIL)
    with in_time():
        parsed = read(source)
        view = view_of(source, parsed)
    require(NOTE_RAW not in parsed.notes, "a fault of ours was caught")
    require(bool(parsed.text.strip()), "nothing to show")
    require(View.from_json(json.loads(json.dumps(view.to_json()))) == view, "the view does not travel")
    for text in texts_of(view.to_json()):
        require("\0" not in text, "NUL")
        text.encode()
    for file in parsed.attachments:
        require(file.name == safe_file_name(file.name), "file name")
        require(sum(map(len, attachment_pieces(source, file.index))) == file.size_bytes, "size of a file")


def summary(data: bytes) -> None:
    """Any source has a row, in one line each, bounded, and it travels."""
    source = as_bytes(data, MAIL)
    with in_time():
        row = summarise(source)
    require(Summary.from_json(json.loads(json.dumps(row.to_json()))) == row, "the row does not travel")
    for text in texts_of(row.to_json()):
        require("\n" not in text and "\0" not in text, "a line end or NUL in a row")
        text.encode()
    require(len(row.search_text.encode()) <= 8192, "search text")
    require(not row.verify_link or bool(host_of(row.verify_link)), "a link without a host")
    row.matches(terms(row.subject))


def frame(data: bytes) -> None:
    """Any HTML makes a document in which nothing runs and nothing is asked for."""
    markup = as_text(data, HTML).encode("utf-8", "replace").decode()
    for dark in (False, True):
        with in_time():
            framed = frame_letter(markup, inline_image=lambda _content_id: None, nonce="5f3a9c1d", dark=dark)
        framed.document.encode()
        judge = _Judge()
        judge.feed(framed.document)
        judge.close()
        require(framed.blocked_images >= len(framed.remote), "pictures")
        for address in framed.remote:
            require(address.startswith(("http://", "https://", "//")), "a picture of another scheme")


def codes(data: bytes) -> None:
    """Any text has a code or none; one that is found can be typed, and is shown without being changed."""
    text = as_text(data, TEXT)
    subject, _, rest = text.partition("\n")
    boxes = set(rest.split()[:5])
    with in_time():
        code = find_code(subject, rest, boxes)
        again = find(subject, rest, rest).code
    for found in (code, again):
        require(not found or re.fullmatch(r"[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*", found) is not None, "no code")
        require("".join(grouped(found).split()) == found, "shown otherwise")
        require(not found or 4 <= len(found.replace("-", "")) <= 10, "length")


def links(data: bytes) -> None:
    """Any text and HTML has links or none; the one that is found leads to a host on the web."""
    text = as_text(data, [*TEXT, *HTML][:240])
    with in_time():
        seen = glance(text)
        strip_tags(text)
        linked = text_to_html(text)
        found = find_verify_link(seen.links, text[:100]) or find_verify_link(links_of_text(text), text[:100])
    require("<a href=" in linked or "<a" not in linked, "a link of another's making")
    require(not {"\x02", "\x03"} & set(seen.text), "a mark of ours is left")
    if found is not None:
        require(re.match(r"https?://[^/@\\\s]+(?:[/?#]|$)", found.url, re.I) is not None, "address")
        require(found.host == host_of(found.url) != "", "host")
        require(found.kind in ("confirm", "activate", "reset", "sign-in"), "kind")


def search(data: bytes) -> None:
    """Folding is stable, what is marked holds a term, and the marks are in order."""
    text = as_text(data, TEXT)
    query, _, rest = text.partition("\n")
    with in_time():
        folded, _ = search_text(rest)
        wanted = terms(query)
        found = marks(rest, wanted)
    require(fold(fold(rest)) == fold(rest), "folded twice is another text")
    require(len(folded.encode("utf-8", "surrogatepass")) <= 8192, "length")
    at = -1
    for start, end in found:
        require(at < start < end <= len(rest), "order")
        require(any(term in fold(rest[start:end]) for term in wanted), "marked for nothing")
        at = end


TARGETS: dict[str, Callable[[bytes], None]] = {
    target.__name__: target for target in (parse, summary, frame, codes, links, search)
}


class Broken(Exception):
    """A result that must not be."""


def require(holds: bool, what: str) -> None:
    """Raise Broken unless `holds`. Not assert: python -O would fuzz nothing."""
    if not holds:
        raise Broken(what)


@contextmanager
def in_time() -> Iterator[None]:
    """Processor time of what is inside is bounded."""
    began = time.thread_time()
    yield
    require(time.thread_time() - began < LONGEST_SECONDS, "too slow")


def texts_of(values: object) -> Iterator[str]:
    """Every text in plain values."""
    if isinstance(values, str):
        yield values
    elif isinstance(values, dict):
        for value in values.values():
            yield from texts_of(value)
    elif isinstance(values, (list, tuple)):
        for value in values:
            yield from texts_of(value)


_NEVER = frozenset(
    """
    script iframe frame object embed applet form input button base svg math noscript template
    """.split()  # noqa: SIM905
)
_ADDRESSES = frozenset(
    """
    href src srcset action formaction background poster data cite longdesc xlink:href ping
    """.split()  # noqa: SIM905
)


class _Judge(html.parser.HTMLParser):
    """Looks at a document as a browser's tokenizer would, and allows little."""

    def handle_data(self, data: str) -> None:
        if self.cdata_elem == "style":
            sheet = data.lower()
            for asks in ("url(", "@import", "@font-face", "expression(", "image-set(", "\\"):
                require(asks not in sheet, f"{asks} in a style sheet")

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        require(tag not in _NEVER, f"<{tag}>")
        for name, value in attributes:
            address = (value or "").strip().lower()
            require(not name.startswith("on"), name)
            require(name != "http-equiv" or tag == "meta", name)
            if name == "style":
                require("url(" not in address and "expression" not in address, "style")
            if name in _ADDRESSES and address:
                allowed: tuple[str, ...] = (
                    ("data:image/",) if tag == "img" else ("http://", "https://", "mailto:", "#")
                )
                require(address.startswith(allowed), f"{name}={address[:40]}")

    handle_startendtag = handle_starttag
