"""Generated keys: made once, kept in files that only their owner reads. No Django in here."""

import contextlib
import os
import secrets
from pathlib import Path


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
