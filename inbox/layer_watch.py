"""Whether events can get lost at present.

A lost connection to Redis raises nothing in the layer: events are gone in silence. So each process that has
sockets open sends itself a beat through the layer; while beats fail to come back, and a moment longer, all
open sockets ask the database every few seconds instead.
"""

import asyncio
import logging
import secrets
import time
import weakref
from typing import Any, Protocol

from channels.layers import get_channel_layer

logger = logging.getLogger(__name__)

BEAT_SECONDS = 2.0
PATIENCE_SECONDS = 4.0
BREATH_SECONDS = 0.5
#: After this many beats the subscriptions are back too, not only the connection.
BEATS_TO_TRUST = 3
LOOK_AGAIN_SECONDS = 3.0

_spread = secrets.SystemRandom()


class Watcher(Protocol):
    """An open socket."""

    def look_again(self) -> None:
        """Ask the database what is newer, for every mailbox."""


class LayerWatch:
    """One an event loop; runs while any socket is open."""

    def __init__(self) -> None:
        self._watchers: set[Watcher] = set()
        self._task: asyncio.Task[None] | None = None
        self._beats = 0  # heard since it was last well
        self._heard_at = 0.0
        self._is_ill = False

    @property
    def is_well(self) -> bool:
        """Whether beats come back."""
        return self._beats > 0

    def add(self, watcher: Watcher) -> None:
        """A socket was opened."""
        self._watchers.add(watcher)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())

    def remove(self, watcher: Watcher) -> None:
        """A socket was closed; after the last one nobody is watched for."""
        self._watchers.discard(watcher)
        if not self._watchers and self._task is not None:
            self._task.cancel()
            self._task, self._beats = None, 0

    @property
    def _is_wanted(self) -> bool:
        """Asked beside every cancellation: redis-py can swallow one while it connects (on Python 3.11)."""
        return self._task is asyncio.current_task()

    @property
    def _is_overdue(self) -> bool:
        return time.monotonic() - self._heard_at > PATIENCE_SECONDS

    async def _run(self) -> None:
        while self._is_wanted:
            try:
                await self._keep_beating()
            except Exception as error:  # whatever is wrong with the layer, pages are to miss nothing
                self._fall_ill(error)
                self._all_look_again()
                await asyncio.sleep(LOOK_AGAIN_SECONDS)

    async def _keep_beating(self) -> None:
        """Until the beats stay away for too long: a single one may overtake its own subscription."""
        layer: Any = get_channel_layer()
        self._heard_at = time.monotonic()
        async with asyncio.timeout(PATIENCE_SECONDS):
            channel = await layer.new_channel()
        listening = asyncio.create_task(self._listen(layer, channel))
        try:
            while self._is_wanted:
                if self._is_overdue:
                    await asyncio.sleep(BREATH_SECONDS)  # this process itself may have been held up
                    if self._is_overdue:
                        raise TimeoutError
                async with asyncio.timeout(PATIENCE_SECONDS):
                    await layer.send(channel, {"type": "beat"})
                await asyncio.sleep(BEAT_SECONDS)
                if self._is_ill:
                    self._all_look_again()
                    self._get_well()
        finally:
            listening.cancel()  # which also ends the subscription
            await asyncio.gather(listening, return_exceptions=True)

    async def _listen(self, layer: Any, channel: str) -> None:
        while await layer.receive(channel):
            self._heard_at = time.monotonic()
            self._beats += 1

    def _fall_ill(self, error: Exception) -> None:
        self._beats = 0
        if not self._is_ill:
            self._is_ill = True
            logger.warning("the channel layer is away (%s): pages ask the database", type(error).__name__)

    def _get_well(self) -> None:
        """Only when some beats came: then the other subscriptions are back too."""
        if self._beats >= BEATS_TO_TRUST:
            self._is_ill = False
            logger.info("the channel layer is back")

    def _all_look_again(self) -> None:
        """Spread over a while, so that ten thousand sockets are not one heap of queries."""
        loop = asyncio.get_running_loop()
        longest = min(LOOK_AGAIN_SECONDS, len(self._watchers) / 500)
        for watcher in list(self._watchers):
            loop.call_later(_spread.uniform(0, longest), watcher.look_again)


_watches: "weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, LayerWatch]" = weakref.WeakKeyDictionary()


def of_this_loop() -> LayerWatch:
    """The running loop's watch."""
    return _watches.setdefault(asyncio.get_running_loop(), LayerWatch())
