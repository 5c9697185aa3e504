"""The data directory: made private, and known to be writable before anything relies on it.

Imports no Django: the settings and the keeper use it.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path


class DataDirUnusable(Exception):
    """The data directory cannot be made or written. The message is one line for a person."""


def prepare(data_dir: Path) -> Path:
    """Make `data_dir` (0700) where it is missing, see that a file can be made in it, and return it.

    Raises DataDirUnusable.
    """
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=data_dir):
            pass
    except OSError as error:
        raise DataDirUnusable(
            f"The data directory {data_dir} cannot be written ({error.strerror}). "
            "Make it writable for this user, or set TEMPMAIL_DATA_DIR to one that is."
        ) from error
    return data_dir


def write_private(path: Path, content: bytes) -> None:
    """Write a 0600 file so that a reader sees all of the old content or all of the new one."""
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
