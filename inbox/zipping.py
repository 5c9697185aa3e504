"""All files of a message as one zip, written as it is read. Pure.

Nothing is whole in memory: each file comes in pieces and leaves in pieces. They are packed (deflate), for
only that says by itself where a file ends whose length was not known before; stored ones are refused or
misread by many programs (APPNOTE.TXT 4.4.4, bit 3). The dates are all the same: when somebody asked is
nobody's business.
"""

import re
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator

from inbox.mail.names import LONGEST_NAME, safe_file_name

PIECE_BYTES = 64 * 1024
_FIRST_DATE = (1980, 1, 1, 0, 0, 0)
#: Mail is mostly packed already; more effort takes time and saves nothing.
_EFFORT = 1
_EXTENSION = re.compile(r"(?:\.tar)?\.[^.]{1,16}$", re.I)


def zip_pieces(files: Iterable[tuple[str, Iterator[bytes]]]) -> Iterator[bytes]:
    """The zip's bytes. `files` are names, which may be equal, unsafe or empty, and contents in pieces."""
    names = Names()
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=_EFFORT) as archive:
        for name, pieces in files:
            entry = zipfile.ZipInfo(names.take(name), _FIRST_DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # UNIX, so that the next line is read as its permissions
            entry.external_attr = 0o100600 << 16
            with archive.open(entry, "w") as file:
                for piece in pieces:
                    file.write(piece)
                    yield from sink.full()
    yield sink.rest()


class Names:
    """Gives out names that no two files of one folder may have, on any system."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._next: dict[str, int] = {}

    def take(self, name: str) -> str:
        """The name made safe; "a.txt", then "a (2).txt"."""
        safe = safe_file_name(name)
        if self._is_free(safe):
            return safe
        found = _EXTENSION.search(safe)
        extension = found[0] if found is not None and found.start() else ""
        stem = safe.removesuffix(extension)
        number = self._next.get(_folded(safe), 2)
        while True:
            ending = f" ({number}){extension}"
            numbered = f"{stem[: LONGEST_NAME - len(ending)].rstrip()}{ending}"
            number += 1
            if self._is_free(numbered):
                self._next[_folded(safe)] = number
                return numbered

    def _is_free(self, name: str) -> bool:
        """Takes it, if it is."""
        folded = _folded(name)
        is_free = folded not in self._taken
        self._taken.add(folded)
        return is_free


def _folded(name: str) -> str:
    """Equal for names that some system takes for the same: by case, or by how an accent is written."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


class _Sink:
    """What zipfile writes to, which cannot go back: so it puts sizes behind the contents."""

    def __init__(self) -> None:
        self._written: list[bytes] = []
        self._size = 0

    def write(self, content: bytes) -> int:
        self._written.append(bytes(content))
        self._size += len(content)
        return len(content)

    def flush(self) -> None:
        """zipfile wants it."""

    def close(self) -> None:
        """As above."""

    def full(self) -> Iterator[bytes]:
        """What there is, once it is worth a piece."""
        if self._size >= PIECE_BYTES:
            yield self.rest()

    def rest(self) -> bytes:
        content = b"".join(self._written)
        self._written.clear()
        self._size = 0
        return content
