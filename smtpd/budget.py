"""The bytes that all sessions together may hold between the socket and the disk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from smtpd.limits import KIB, MIB

# The last part of the budget is kept for small messages, so that large ones never shut everybody out.
_KEPT_FOR_SMALL = 1 / 8
_SMALL_BYTES = 1 * MIB
# When the budget is spent, shares that have grown for this long at less than this rate make room first:
# otherwise a few peers could fill it quickly, go on at a drip, and have every honest sender refused.
_SLOW_AFTER_SECONDS = 10
_SLOW_BYTES_PER_SECOND = 64 * KIB


@dataclass(eq=False, slots=True)
class Share:
    """What one message holds. `evicted` is set when its place was given to others; `drop` then gives its
    bytes back at once, for its peer may be silent for minutes.
    """

    budget: Budget
    began_at: float
    drop: Callable[[], None]
    held_bytes: int = 0
    evicted: bool = False
    # Read whole: it leaves soon by itself, and is not evicted any more.
    settled: bool = False

    def take(self, size_bytes: int) -> bool:
        """Hold so many bytes more; False when there is no room for them (or no longer for this share)."""
        return not self.evicted and self.budget._take(self, size_bytes)

    def release(self) -> None:
        """Hold nothing any more. May be called twice."""
        self.budget._release(self)


@dataclass(eq=False, slots=True)
class Budget:
    """`total_bytes` for all shares. `clock` is the event loop's."""

    total_bytes: int
    clock: Callable[[], float]
    held_bytes: int = 0
    _shares: set[Share] = field(default_factory=set)

    def open(self, drop: Callable[[], None]) -> Share:
        """A share that holds nothing yet. `drop` is called when its place is given to others."""
        return Share(self, self.clock(), drop)

    @property
    def is_spent(self) -> bool:
        """Not even a small message has room."""
        return self.held_bytes + _SMALL_BYTES > self.total_bytes and not self._slow_shares()

    @property
    def is_half_spent(self) -> bool:
        """There is room for mail, and none to keep longer than needed what has arrived."""
        return 2 * self.held_bytes > self.total_bytes

    def _take(self, share: Share, size_bytes: int) -> bool:
        if not self._has_room(share, size_bytes):
            for slow in self._slow_shares():
                if slow is not share:
                    self._release(slow)
                    slow.evicted = True
                    slow.drop()
                if self._has_room(share, size_bytes):
                    break
            else:
                return False
        self._shares.add(share)
        share.held_bytes += size_bytes
        self.held_bytes += size_bytes
        return True

    def _has_room(self, share: Share, size_bytes: int) -> bool:
        small = share.held_bytes + size_bytes <= _SMALL_BYTES
        open_to_it = self.total_bytes if small else int(self.total_bytes * (1 - _KEPT_FOR_SMALL))
        return self.held_bytes + size_bytes <= open_to_it

    def _release(self, share: Share) -> None:
        self.held_bytes -= share.held_bytes
        share.held_bytes = 0
        self._shares.discard(share)

    def _slow_shares(self) -> list[Share]:
        now = self.clock()
        rates = [
            (share.held_bytes / (now - share.began_at), index, share)
            for index, share in enumerate(self._shares)
            if not share.settled and now - share.began_at > _SLOW_AFTER_SECONDS
        ]
        return [share for rate, _, share in sorted(rates) if rate < _SLOW_BYTES_PER_SECOND]
