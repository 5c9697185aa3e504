"""Project wiring. Every entry point imports this package first, so the SQLite choice is made here.

SQLite before 3.51.3 can lose a commit when a checkpoint and a commit of two connections race at a
WAL reset. Where the interpreter's own library is older, pysqlite3's stands in for it, before Django
gets to import the old one.
"""

import sqlite3
import sys

#: The first release whose WAL reset is sound.
SOUND_SQLITE = (3, 51, 3)


def _use_sound_sqlite() -> None:
    if sqlite3.sqlite_version_info >= SOUND_SQLITE:
        return
    try:
        import pysqlite3
        import pysqlite3.dbapi2
    except ImportError:
        return  # settings fall back to a rollback journal, which has no WAL to race
    if pysqlite3.sqlite_version_info < SOUND_SQLITE:
        return
    sys.modules["sqlite3"] = pysqlite3
    sys.modules["sqlite3.dbapi2"] = pysqlite3.dbapi2


_use_sound_sqlite()
