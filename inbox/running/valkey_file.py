"""Where the embedded Valkey listens and what its password is: one 0600 file in the data directory.

The settings read it (and make it, if they come first), the keeper starts Valkey by it. Imports no Django.
"""

from __future__ import annotations

import json
import secrets
import socket
from dataclasses import asdict, dataclass
from pathlib import Path

from inbox.running import locks
from inbox.running.data_dir import DataDirUnusable, prepare, write_private

HOST = "127.0.0.1"
#: Below those that systems give to outgoing connections (Linux: from 32768): one of them could have come to
#: sit on our port by the next start.
PORTS = range(20_000, 30_000)


@dataclass(frozen=True, slots=True)
class ValkeyAddress:
    """Host, TCP port and password of the embedded Valkey."""

    host: str
    port: int
    password: str

    @property
    def url(self) -> str:
        """The address as redis clients take it, password included: never log it."""
        return f"redis://:{self.password}@{self.host}:{self.port}/0"


def address(data_dir: Path) -> ValkeyAddress:
    """Return the address kept in `data_dir`; choose a free port and a password if there is none yet.

    Any number of processes may come first at once: all get the same answer. Raises DataDirUnusable.
    """
    known = _read(data_dir)
    if known is not None:
        return known
    prepare(data_dir)
    try:
        with locks.exclusive(data_dir / "valkey.json.lock"):
            return _read(data_dir) or _write(data_dir, secrets.token_urlsafe(32))
    except OSError as error:
        raise DataDirUnusable(f"{data_dir}: {error.strerror}.") from error


def move(data_dir: Path) -> ValkeyAddress:
    """Choose another port, because somebody else has the old one, and return the new address.

    Only for the first user of the embedded Valkey: who is running already has the old port in its settings.
    """
    with locks.exclusive(data_dir / "valkey.json.lock"):
        known = _read(data_dir)
        return _write(data_dir, known.password if known else secrets.token_urlsafe(32))


def _read(data_dir: Path) -> ValkeyAddress | None:
    try:
        return ValkeyAddress(**json.loads((data_dir / "valkey.json").read_bytes()))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise DataDirUnusable(f"{data_dir / 'valkey.json'} cannot be read ({error.strerror}).") from error
    except (ValueError, TypeError):
        return None  # cut short or edited by hand: nothing in it is worth keeping


def _write(data_dir: Path, password: str) -> ValkeyAddress:
    chosen = ValkeyAddress(HOST, _free_port(), password)
    write_private(data_dir / "valkey.json", json.dumps(asdict(chosen)).encode())
    return chosen


def can_be_listened_on(port: int, *, again: bool = False) -> bool:
    """Whether nobody has the port, be it to listen or as their end of a connection to somewhere else.

    `again`: what is left of connections to ourselves, for a minute after our end, does not count.
    """
    with socket.socket() as probe:
        if again:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def _free_port() -> int:
    for _ in range(100):
        port = secrets.choice(PORTS)
        if can_be_listened_on(port):
            return port
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
