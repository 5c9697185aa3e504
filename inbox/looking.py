"""What the page is given that shows a file: pictures by their URL, text and tables as plain values."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from inbox.mail.view import FileView

_REFUSED = {
    "damaged": gettext_noop("It is damaged, or not what it says it is."),
    "too-large": gettext_noop("It is too large to be shown here."),
    "encrypted": gettext_noop("It is locked with a password."),
    "empty": gettext_noop("It is empty."),
    "unknown": gettext_noop("Nothing here can show it."),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """A file in an archive; `size_bytes` is None where the archive does not say."""

    name: str
    size_bytes: int | None
    is_folder: bool
    is_encrypted: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """A file as it is looked at."""

    refused: str = ""
    text: str = ""
    rows: Sequence[Sequence[str]] = ()
    entries: Sequence[Entry] = ()
    is_cut: bool = False
    page: int = 0
    pages: int = 0

    @property
    def next_page(self) -> int | None:
        """The number of the page after this one, from 0."""
        return self.page + 1 if self.page + 1 < self.pages else None

    @property
    def page_before(self) -> int | None:
        """The number of the page before this one."""
        return self.page - 1 if self.page > 0 else None

    @property
    def page_said(self) -> int:
        """The page as people count."""
        return self.page + 1


def shown(file: FileView, result: dict[str, Any], content: bytes, *, page: int) -> Shown:
    """The outcome of a preview, ready for its page."""
    if "refused" in result:
        return Shown(refused=_(_REFUSED.get(result["refused"], _REFUSED["unknown"])))
    is_cut = bool(result.get("is_cut"))
    if file.preview == "text":
        return Shown(text=content.decode("utf-8", "replace"), is_cut=is_cut)
    if file.preview == "table":
        return Shown(rows=json.loads(content), is_cut=is_cut)
    if file.preview == "archive":
        return Shown(entries=[_entry(values) for values in json.loads(content)], is_cut=is_cut)
    return Shown(page=page, pages=int(result.get("pages", 0)))


def _entry(values: dict[str, Any]) -> Entry:
    size = int(values["size_bytes"])
    return Entry(
        values["name"], size if size >= 0 else None, bool(values["is_folder"]), bool(values["is_encrypted"])
    )
