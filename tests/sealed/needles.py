"""Words that must be nowhere, in every form in which a program may have left them lying about."""

from __future__ import annotations

import base64
import os
import quopri
import re
import urllib.parse
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path


def forms(word: str | bytes) -> set[bytes]:
    """What to look for, in small letters where the form has letters."""
    text = word.encode() if isinstance(word, str) else word
    found = {text.lower(), text.hex().encode()}
    for cut in range(3):  # base64 of whatever comes before: three ways to fall into its groups
        kept = base64.b64encode(bytes(cut) + text).rstrip(b"=")
        inner = kept[(cut * 8 + 5) // 6 : -1]
        found |= {inner, inner.replace(b"+", b"-").replace(b"/", b"_")}
    if isinstance(word, str):
        for encoding in ("utf-16-le", "utf-16-be"):
            found.add(word.lower().encode(encoding))
        if not word.isascii():
            found |= {
                quopri.encodestring(text).strip(),
                urllib.parse.quote(word).encode(),
                word.encode("unicode_escape"),
            }
            with suppress(UnicodeEncodeError):
                found.add(word.encode("latin-1"))
    return {form for form in found if len(form) >= 5}


class Haystack:
    """Bytes by where they were found."""

    def __init__(self) -> None:
        self._hay: dict[str, bytes] = {}
        self._small: dict[str, bytes] = {}

    def add(self, where: str, text: bytes) -> None:
        self._hay[where] = text
        self._small[where] = text.lower()

    def add_files(self, directory: Path, *, without: Iterable[str] = ()) -> None:
        """Every file below a directory, except below some of it."""
        for path in sorted(directory.rglob("*")):
            inside = path.relative_to(directory)
            if path.is_file() and inside.parts[0] not in without:
                self.add(str(inside), path.read_bytes())

    @property
    def places(self) -> set[str]:
        return set(self._hay)

    def finds(self, words: Iterable[str | bytes]) -> list[tuple[str, bytes]]:
        """Where which of these words is, in whatever form and in letters of whatever size."""
        wanted = {form.lower() for word in words for form in forms(word)}
        return [(where, form) for where, text in self._small.items() for form in wanted if form in text]

    def has(self, text: bytes) -> bool:
        """Whether these very bytes are anywhere."""
        return any(text in hay for hay in self._hay.values())


def memory_of(pid: int) -> Iterator[bytes]:
    """What a process has in its writable memory. Raises PermissionError where we may not look."""
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for line in maps:
            matched = re.match(r"([0-9a-f]+)-([0-9a-f]+) rw", line)
            if matched is None:
                continue
            start, end = (int(text, 16) for text in matched.groups())
            with suppress(OSError, ValueError):
                memory.seek(start)
                yield os.read(memory.fileno(), end - start)
