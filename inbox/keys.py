"""Generated keys: made once, kept in files that only their owner reads. No Django in here: settings ask."""

import contextlib
import os
import secrets
from pathlib import Path

from inbox import sealing

#: Digests are made under a key derived from the address key for them.
ADDRESS_KEY_USE = b"tempmail address key"


def read_or_make_key(path: Path) -> str:
    """The key in `path`; 43 random characters are put there first if nothing is.

    Safe against others doing the same: whoever links the file first has made the key.
    """
    try:
        return _read(path)
    except FileNotFoundError:
        pass
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(32) + "\n")
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
        _sync_directory(path.parent)
    finally:
        draft.unlink(missing_ok=True)
    return _read(path)


def cookie_mark(address_key: str) -> str:
    """Four hex digits in our cookies' names, this installation's own, for cookies ignore ports."""
    key = sealing.hkdf(address_key.encode(), ADDRESS_KEY_USE)
    return sealing.keyed_digest(key, b"cookie mark").hex()[:4]


def _read(path: Path) -> str:
    key = path.read_text().strip()
    if not key:
        raise ValueError(f"{path.name} in the data directory is empty. Put it back from a backup.")
    return key


def _sync_directory(directory: Path) -> None:
    """A file's name is on disk only once its directory is."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
