"""What the reader's templates are given: a message taken apart, in words and plain values."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from urllib.parse import urlsplit

from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from inbox import access, mail, opened, pool, sayings, zones
from inbox.access import OpenMessage
from inbox.mail import Summary
from inbox.mail.view import NO_TEXT, Card, FileView, LinkView, VerifyLink, View

#: The ways to look at a message, in the order of their tabs.
VIEWS = ("html", "text", "source", "headers", "parts")

#: Of a source, this much is shown; the download has all of it.
SHOWN_SOURCE_BYTES = 256 * 1024

_NO_TEXT = SafeString("")


@dataclass(frozen=True, slots=True)
class Looks:
    """How somebody asked to see a message."""

    view: str = ""
    images: bool = False
    dark: bool = False
    marked: bool = False
    inside: tuple[int, ...] = ()
    #: The instance namespace of the reader's URLs: people's or staff's.
    app: str = "inbox"

    @property
    def inside_text(self) -> str:
        """The place of the message inside, as it stands in a URL."""
        return ".".join(map(str, self.inside))

    @property
    def query(self) -> dict[str, str]:
        """The same as a URL says it."""
        said = {"view": self.view, "inside": self.inside_text}
        said |= {name: "1" for name in ("images", "dark", "marked") if getattr(self, name)}
        return {name: value for name, value in said.items() if value}


@dataclass(frozen=True, slots=True)
class Tab:
    """One of the ways to look at the message."""

    name: str
    words: str
    url: str
    current: bool


@dataclass(frozen=True, slots=True)
class File:
    """A file of the message, as it is offered."""

    index: int
    name: str
    content_type: str
    size_bytes: int
    marks: Sequence[str]
    preview: str
    query: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a card; `moment` where the value is a time."""

    label: str
    value: str
    moment: datetime | None


@dataclass(frozen=True, slots=True)
class ShownCard:
    """Something the message is, beside its words."""

    kind: str
    title: str
    lines: Sequence[Line]
    open_url: str


@dataclass(frozen=True, slots=True)
class Link:
    """A link of the letter, and what is odd about it."""

    text: str
    url: str
    host: str
    warning: str
    opens: bool


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the message; `depth` counts from 0, and `url` is "" where it holds others."""

    depth: int
    content_type: str
    name: str
    size_bytes: int
    charset: str
    encoding: str
    url: str


@dataclass(frozen=True, slots=True)
class Hop:
    """A server that the message says it came through."""

    by: str
    from_: str
    with_: str
    at: datetime | None
    delay: str


@dataclass(frozen=True, slots=True)
class Reading:
    """The opened message."""

    id: str
    mailbox_id: str
    number: int
    received_at: datetime
    subject: str
    sender_name: str
    sender_address: str
    tag: str
    view: str = "text"
    damaged: bool = False
    unreadable: bool = False
    looks: Looks = field(default_factory=Looks)
    tabs: Sequence[Tab] = ()
    outer_url: str = ""
    date: datetime | None = None
    recipients: str = ""
    cc: str = ""
    reply_to: str = ""
    text_html: SafeString = _NO_TEXT
    has_html: bool = False
    frame_url: str = ""
    blocked_images: int = 0
    trackers: int = 0
    show_images_url: str = ""
    other_page_url: str = ""
    print_url: str = ""
    files: Sequence[File] = ()
    zip_url: str = ""
    cards: Sequence[ShownCard] = ()
    links: Sequence[Link] = ()
    notes: Sequence[str] = ()
    code: str = ""
    code_groups: Sequence[str] = ()
    verify_url: str = ""
    verify_host: str = ""
    verify_words: str = ""
    sender_warning: str = ""
    verdict: str = ""
    verdict_words: str = ""
    headers: Sequence[tuple[str, str]] = ()
    hops: Sequence[Hop] = ()
    parts: Sequence[Part] = ()
    marked_url: str = ""
    source_text: str = ""
    source_is_cut: bool = False


def reading(message: OpenMessage, looks: Looks, *, folded: bool = True, betters_row: bool = False) -> Reading:
    """The whole message, taken apart, its long quotes folded or not; with `betters_row` its row has from now
    on what only the whole letter says.

    Raises Busy, and LookupError where nothing is inside at that place.
    """
    shown = message.row
    try:
        found = opened.open_message(message, looks.inside)
    except opened.Unsealed:
        return _bare(shown, looks, damaged=True)
    except pool.Lost:
        return _unreadable(message, looks)
    view = found.view
    views = [name for name in VIEWS if name != "html" or view.has_html]
    asked = looks.view if looks.view in views else views[0]
    frame = found.frame
    # Of a message inside nothing is known: it came with the one around it.
    checks = shown.checks if not looks.inside else None
    code, verify = _finds(view, shown.summary if not looks.inside else None)
    if betters_row and shown.summary is not None and not looks.inside:
        message.improve(mail.better_summary(shown.summary, view))
    text = "" if view.text == NO_TEXT else view.text
    text_html = mail.text_to_folded_html(text, sayings.quoted) if folded else mail.text_to_html(text)
    source_text, source_is_cut = _source(message, looks) if asked == "source" else ("", False)
    # What the letter shows inside itself, and what was unpacked, is there already.
    files = [
        _file(file, looks) for file in view.files if not (file.inline and view.has_html) and not file.unpacked
    ]
    return Reading(
        id=shown.message_id,
        mailbox_id=shown.mailbox_id,
        number=shown.number,
        received_at=shown.received_at,
        subject=view.subject,
        sender_name=view.sender_name,
        sender_address=view.sender_address,
        tag=shown.tag,
        view=asked,
        looks=looks,
        tabs=_tabs(shown, views, asked, looks),
        outer_url=_url(shown, replace(looks, view="", inside=looks.inside[:-1])) if looks.inside else "",
        date=parse_datetime(view.date) if view.date else None,
        recipients=view.recipients,
        cc=view.cc,
        reply_to=view.reply_to,
        text_html=mark_safe(text_html),  # noqa: S308 (they escape)
        has_html=view.has_html,
        frame_url=_url(shown, replace(looks, view=""), "inbox:frame"),
        blocked_images=frame.blocked_images if frame else 0,
        trackers=frame.trackers if frame else 0,
        show_images_url=(
            _url(shown, replace(looks, images=True)) if frame and frame.remote and not looks.images else ""
        ),
        other_page_url=_url(shown, replace(looks, dark=not looks.dark)),
        print_url=_url(shown, replace(looks, view=asked, dark=False, marked=False), "inbox:print"),
        files=files,
        zip_url=_url(shown, Looks(inside=looks.inside, app=looks.app), "inbox:all_files")
        if len(files) > 1
        else "",
        cards=[_card(card, shown, looks) for card in view.cards],
        links=[_link(link) for link in view.links],
        notes=[sayings.note(note) for note in view.notes],
        code=code,
        code_groups=sayings.grouped(code),
        verify_url=verify.url if verify else "",
        verify_host=verify.host if verify else "",
        verify_words=sayings.verify(verify.kind) if verify else "",
        sender_warning=sayings.sender_warning(view.sender_marks, view.sender_address),
        verdict=checks.verdict.value if checks else "",
        verdict_words=sayings.verdict(checks),
        headers=view.headers,
        hops=_hops(view),
        parts=_parts(view, shown, looks),
        marked_url=_url(shown, replace(looks, view="source", marked=not looks.marked)),
        source_text=source_text,
        source_is_cut=source_is_cut,
    )


def _finds(view: View, summary: Summary | None) -> tuple[str, VerifyLink | None]:
    """The code and the link most people came for: the row's, where the whole letter has no better."""
    code, verify = view.code, view.verify
    if summary is not None:
        code = code or summary.code
        if verify is None and summary.verify_link:
            host = urlsplit(summary.verify_link).hostname or ""
            verify = VerifyLink(summary.verify_link, host, summary.verify_kind)
    return code, verify


def facts(message: Reading) -> list[tuple[str, str]]:
    """Who, to whom and when, as lines for paper."""
    name, address = message.sender_name, message.sender_address
    when = message.date or message.received_at
    lines = [
        (_("From"), f"{name} <{address}>" if name and address else name or address),
        (_("To"), message.recipients),
        (_("Cc"), message.cc),
        (_("Date"), f"{date_format(when, 'DATETIME_FORMAT')} UTC"),
        (_("Sender"), message.verdict_words),
    ]
    return [(label, value) for label, value in lines if value]


def _bare(shown: access.Row, looks: Looks, *, damaged: bool = False) -> Reading:
    """What the row knows, and no more."""
    summary = shown.summary
    return Reading(
        id=shown.message_id,
        mailbox_id=shown.mailbox_id,
        number=shown.number,
        received_at=shown.received_at,
        subject=summary.subject if summary and not damaged else "",
        sender_name=summary.sender_name if summary and not damaged else "",
        sender_address=summary.sender_address if summary and not damaged else "",
        tag=shown.tag,
        damaged=damaged,
        looks=looks,
    )


def _unreadable(message: OpenMessage, looks: Looks) -> Reading:
    """Nothing could take it apart in time: it is shown as it was sent."""
    text, is_cut = _source(message, looks)
    return replace(
        _bare(message.row, looks),
        unreadable=True,
        view="source",
        print_url=_url(message.row, replace(looks, view="source"), "inbox:print"),
        marked_url=_url(message.row, replace(looks, marked=not looks.marked)),
        source_text=text,
        source_is_cut=is_cut,
    )


def _source(message: OpenMessage, looks: Looks) -> tuple[str, bool]:
    """The beginning of the source as text, and whether there is more of it."""
    raw = b""
    for piece in islice(message.source_pieces(), 1 + SHOWN_SOURCE_BYTES // (64 * 1024)):
        raw += piece
        if len(raw) > SHOWN_SOURCE_BYTES:
            break
    shown = raw[:SHOWN_SOURCE_BYTES].decode("utf-8", "backslashreplace")
    return sayings.marked(shown) if looks.marked else sayings.printable(shown), len(raw) > SHOWN_SOURCE_BYTES


def _url(shown: access.Row, looks: Looks, name: str = "inbox:message") -> str:
    return reverse(name, args=[shown.mailbox_id, shown.message_id], query=looks.query, current_app=looks.app)


def _tabs(shown: access.Row, views: Sequence[str], asked: str, looks: Looks) -> list[Tab]:
    return [
        Tab(name, sayings.view(name), _url(shown, replace(looks, view=name)), name == asked) for name in views
    ]


def _file(file: FileView, looks: Looks) -> File:
    return File(
        index=file.index,
        name=file.name,
        content_type=file.content_type,
        size_bytes=file.size_bytes,
        marks=[sayings.file_mark(mark) for mark in file.marks],
        preview=file.preview,
        query=f"?inside={looks.inside_text}" if looks.inside else "",
    )


def _card(card: Card, shown: access.Row, looks: Looks) -> ShownCard:
    inside = Looks(dark=looks.dark, inside=(*looks.inside, card.index), app=looks.app)
    return ShownCard(
        kind=card.kind,
        title=sayings.card_title(card.kind),
        lines=[_line(label, value) for label, value in card.lines],
        open_url=_url(shown, inside) if card.kind == "message" and card.index >= 0 else "",
    )


#: The lines of a card whose values are times; whatever another says, it is not read as one.
_TIMES = frozenset(("when", "until", "date"))


def _line(label: str, value: str) -> Line:
    moment = _moment(value) or zones.moment_of(value) if label in _TIMES else None
    return Line(sayings.card_label(label), sayings.card_value(label, value), moment)


def _moment(value: str) -> datetime | None:
    """A value that is a time with its zone; a date alone stays as it is."""
    try:
        found = parse_datetime(value)
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None


def _link(link: LinkView) -> Link:
    return Link(
        text=link.text,
        url=link.url,
        host=link.host,
        warning=sayings.link_warning(link.marks, link.host),
        opens="other-scheme" not in link.marks,
    )


def _parts(view: View, shown: access.Row, looks: Looks) -> list[Part]:
    return [
        Part(
            depth=min(node.depth, 12),
            content_type=node.content_type,
            name=node.name,
            size_bytes=node.size_bytes,
            charset=node.charset,
            encoding=node.encoding,
            url="" if node.content_type.startswith("multipart/") else _piece_url(shown, looks, number),
        )
        for number, node in enumerate(view.structure)
    ]


def _piece_url(shown: access.Row, looks: Looks, number: int) -> str:
    return reverse(
        "inbox:piece",
        args=[shown.mailbox_id, shown.message_id, number],
        query={"inside": looks.inside_text} if looks.inside else None,
        current_app=looks.app,
    )


def _hops(view: View) -> list[Hop]:
    return [
        Hop(
            by=hop.by,
            from_=hop.from_,
            with_=hop.with_,
            at=_moment(hop.at),
            delay="" if hop.delay_seconds is None else sayings.delay(hop.delay_seconds),
        )
        for hop in view.hops
    ]
