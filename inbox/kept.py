"""A small memory for what was worked out lately: bounded in bytes and in time.

It decides nothing about who may see what: whoever asks has shown in this very request that it may.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Kept(Generic[K, V]):
    """The newest `most_bytes` of values, each for `seconds`. For any number of threads."""

    def __init__(self, most_bytes: int, seconds: float) -> None:
        self._most_bytes = most_bytes
        self._seconds = seconds
        self._values: OrderedDict[K, tuple[float, int, V]] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()
        self._sweeping = False

    def get(self, key: K) -> V | None:
        """The value, if it is still there and not too old."""
        with self._lock:
            found = self._values.get(key)
            if found is None or found[0] <= time.monotonic():
                return None
            self._values.move_to_end(key)
            return found[2]

    def put(self, key: K, value: V, size_bytes: int) -> None:
        """Keep `value`, whose size the caller knows; what is too large to share the room is not kept."""
        if size_bytes > self._most_bytes // 2:
            return
        with self._lock:
            self._drop(key)
            self._values[key] = (time.monotonic() + self._seconds, size_bytes, value)
            self._bytes += size_bytes
            while self._bytes > self._most_bytes:
                self._drop(next(iter(self._values)))
            if self._sweeping:
                return
            self._sweeping = True
        threading.Thread(target=self._sweep, name="kept", daemon=True).start()

    def forget_those(self, are_meant: Callable[[K], bool]) -> None:
        """Drop every value whose key is meant, now."""
        with self._lock:
            for key in [key for key in self._values if are_meant(key)]:
                self._drop(key)

    def __len__(self) -> int:
        return len(self._values)

    def _drop(self, key: K) -> None:
        dropped = self._values.pop(key, None)
        if dropped is not None:
            self._bytes -= dropped[1]

    def _sweep(self) -> None:
        """Old values go though nobody asks: plaintext is not to lie about. Ends with the last of them."""
        while True:
            time.sleep(min(self._seconds / 4, 15))
            with self._lock:
                now = time.monotonic()
                for key in [key for key, (until, _, _) in self._values.items() if until <= now]:
                    self._drop(key)
                if not self._values:
                    self._sweeping = False
                    return
