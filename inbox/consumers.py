"""The websocket: one a tab, for every mailbox whose cookie came with the handshake.

It keeps secrets and never keys: for each event the grant is opened anew, so a mailbox that was deleted
elsewhere ends here at once. Events only raise a flag a mailbox; one task takes the flags and asks the
database what is newer than what the page has. So whatever comes, and however fast, there is one query
running a socket and nothing that queues.
"""

import asyncio
import json
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import redis
from channels.exceptions import StopConsumer
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.layers import get_channel_layer
from django.db import Error as DatabaseError
from django.http import HttpRequest
from django.http.cookie import parse_cookie
from django.utils import translation

from inbox import clock, cookies, executors, layer_watch, live, logs, origins
from inbox.access import OpenMailbox
from inbox.browser import open_with
from inbox.events import group_name

logger = logging.getLogger(__name__)

Ask = Callable[..., list[live.Update]]

#: Frames of a client in a minute. An honest page sends a ping each 20 s and a catch-up now and then.
FRAMES_A_MINUTE = 120
LARGEST_FRAME = 16_384

#: A page pings each 20 s; one that is not heard of for this long is gone.
SILENCE_SECONDS = 60.0

#: What a page that reads nothing can make us keep: the server's own pings find it within a minute.
BYTES_AT_ONCE = 4_000_000
BYTES_A_SECOND = 100_000

#: How long the channel layer may take to let a socket in.
LAYER_SECONDS = 3.0

POLICY_VIOLATION = 1008
TOO_BIG = 1009
FAULT = 1011
TRY_AGAIN_LATER = 1013
#: Ours: no mailbox is left to watch; connecting again makes no sense.
NOTHING_LEFT = 4004
GONE_QUIET = 4008


class Live(AsyncWebsocketConsumer):  # type: ignore[misc]
    """See inbox/live.py for what is said, and the page's live.js for who says it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._secrets: dict[str, bytes] = {}
        self._revisions: dict[str, int] = {}  # what the page has, as far as it was told
        self._said: dict[str, int] = {}  # what it says it has, when it catches up
        self._turns: dict[str, datetime] = {}  # when a mailbox changes by itself: is hidden, is gone
        self._current = ""
        self._language = ""
        self._due: set[str] = set()
        self._wants_list = False
        self._wake = asyncio.Event()
        self._pump: asyncio.Task[None] | None = None
        self._closed = False
        self._heard_at = time.monotonic()
        self._frames = Allowance(FRAMES_A_MINUTE, FRAMES_A_MINUTE / 60)
        self._bytes = Allowance(BYTES_AT_ONCE, BYTES_A_SECOND)

    # -- the connection

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Without a channel layer there is no live page: refuse, and the page asks by plain HTTP."""
        self._watch = layer_watch.of_this_loop()
        if not (self._watch.is_well or await _layer_answers()):
            await _refuse(receive, send)
            return
        try:
            await super().__call__(scope, receive, send)
        except (redis.RedisError, OSError) as error:
            logger.warning("a websocket lost the channel layer: %s", logs.fault(error))
            await send({"type": "websocket.close", "code": TRY_AGAIN_LATER})

    async def dispatch(self, message: Mapping[str, Any]) -> None:
        """Without the base class' trip to Django's one shared thread for each message."""
        kind = message["type"]
        if kind == "mailbox.changed":
            self._on_event(message)
        elif kind == "websocket.receive":
            await self._on_frame(message)
        elif kind == "websocket.connect":
            await self._on_connect()
        elif kind == "websocket.disconnect":
            await self._on_disconnect()

    async def _on_connect(self) -> None:
        if not origins.is_ours(self.scope):
            await self.close()
            return
        self._secrets = _secrets_of(self.scope)
        self._language = _language_of(self.scope)
        try:
            opened = await executors.in_rows(_opened)(self._secrets)
            async with asyncio.timeout(LAYER_SECONDS):
                for mailbox_id in opened:
                    await self.channel_layer.group_add(group_name(mailbox_id), self.channel_name)
        except Exception as error:
            logger.warning("a websocket could not be opened: %s", logs.fault(error))
            await self.close()
            return
        self._secrets = {
            mailbox_id: secret for mailbox_id, secret in self._secrets.items() if mailbox_id in opened
        }
        if not self._secrets:
            await self.close()
            return
        self._revisions = {mailbox_id: revision for mailbox_id, (revision, _turn) in opened.items()}
        self._turns = {mailbox_id: turn for mailbox_id, (_revision, turn) in opened.items()}
        await self.accept()
        self._pump = asyncio.create_task(self._keep_telling())
        self._watch.add(self)

    async def _on_disconnect(self) -> None:
        self._closed = True
        self._watch.remove(self)
        if self._pump is not None:
            self._pump.cancel()
            await asyncio.gather(self._pump, return_exceptions=True)
        for mailbox_id in list(self._secrets):
            await self._leave(mailbox_id)
        raise StopConsumer

    async def _leave(self, mailbox_id: str) -> None:
        self._secrets.pop(mailbox_id, None)
        self._revisions.pop(mailbox_id, None)
        self._turns.pop(mailbox_id, None)
        try:
            async with asyncio.timeout(LAYER_SECONDS):
                await self.channel_layer.group_discard(group_name(mailbox_id), self.channel_name)
        except Exception as error:  # the layer forgets the channel with the connection anyway
            logger.debug("a group could not be left: %s", type(error).__name__)

    async def _end(self, code: int) -> None:
        if not self._closed:
            self._closed = True
            await self.close(code)

    # -- what comes in

    def _on_event(self, event: Mapping[str, Any]) -> None:
        mailbox_id = event["mailbox"]
        if mailbox_id in self._secrets and event["revision"] > self._revisions.get(mailbox_id, 0):
            self._due.add(mailbox_id)
            self._wake.set()

    def look_again(self) -> None:
        """Events may have been lost: see for every mailbox."""
        self._due.update(self._secrets)
        self._wake.set()

    async def _on_frame(self, frame: Mapping[str, Any]) -> None:
        text = frame.get("text")
        if self._closed:
            return
        if self._frames.wait_for(1) > 0 or text is None:
            await self._end(POLICY_VIOLATION)
            return
        if len(text) > LARGEST_FRAME:
            await self._end(TOO_BIG)
            return
        self._heard_at = time.monotonic()
        try:
            said = json.loads(text)
        except (ValueError, RecursionError):
            said = None
        if not isinstance(said, dict):
            await self._end(POLICY_VIOLATION)
        elif said.get("type") == "ping":
            # At once: while an answer waits, frames would pile up unread and uncounted.
            await self._send({"type": "pong", "server_now": clock.now().isoformat()})
        elif said.get("type") == "catch_up":
            self._on_catch_up(said)

    def _on_catch_up(self, said: Mapping[str, Any]) -> None:
        told = said.get("mailboxes")
        for mailbox_id, number in told.items() if isinstance(told, dict) else ():
            revision = live.read_revision(number)
            if mailbox_id in self._secrets and revision is not None:
                self._said[mailbox_id] = revision
        current = said.get("current")
        self._current = current if isinstance(current, str) and current in self._secrets else ""
        self._due.update(self._secrets)
        self._wants_list = True
        self._wake.set()

    # -- what goes out

    async def _keep_telling(self) -> None:
        """The socket's one task: wakes for flags, for ends that come by the clock, and for silence."""
        try:
            while not self._closed:
                await self._wait()
                if time.monotonic() - self._heard_at > SILENCE_SECONDS:
                    await self._end(GONE_QUIET)
                    return
                if self._due or self._wants_list:
                    await self._tell()
        except DatabaseError as error:
            logger.warning("a websocket was closed: %s", logs.fault(error))
            await self._end(TRY_AGAIN_LATER)
        except Exception as error:
            logger.error("a websocket failed: %s", logs.fault(error))
            await self._end(FAULT)

    async def _wait(self) -> None:
        """Until a flag is up, or something is due by the clock."""
        now = clock.now()
        ends = self._heard_at + SILENCE_SECONDS - time.monotonic() + 0.1
        for turn in self._turns.values():
            ends = min(ends, (turn - now).total_seconds() + 0.01)
        try:
            async with asyncio.timeout(max(0.05, ends)):
                await self._wake.wait()
        except TimeoutError:
            pass
        self._wake.clear()
        now = clock.now()
        for mailbox_id in [mailbox_id for mailbox_id, turn in self._turns.items() if turn <= now]:
            del self._turns[mailbox_id]
            self._due.add(mailbox_id)

    async def _tell(self) -> None:
        due, self._due = self._due & self._secrets.keys(), set()
        wants_list, self._wants_list = self._wants_list, False
        # Now, and not when it came: an answer to something earlier may have been on its way.
        said, self._said = self._said, {}
        self._revisions.update((key, value) for key, value in said.items() if key in self._secrets)
        secrets = {mailbox_id: self._secrets[mailbox_id] for mailbox_id in due}
        ask = executors.in_rows(_in_language(self._language, _all_updates if wants_list else _news))
        updates = await ask(secrets, dict(self._revisions), self._current)
        for update in updates:
            await self._say(update.to_json())
            if update.state == live.ENDED:
                await self._leave(update.mailbox_id)
                continue
            self._revisions[update.mailbox_id] = update.revision
            self._turns[update.mailbox_id] = update.turns_at
        if wants_list:
            ids = list(self._secrets)
            await self._say({"type": "mailboxes", "ids": ids, "server_now": clock.now().isoformat()})
        if not self._secrets:
            await self._end(NOTHING_LEFT)

    async def _say(self, message: Mapping[str, Any]) -> None:
        """Send, at a pace that bounds what piles up for a page that does not read."""
        await asyncio.sleep(self._bytes.wait_for(0))
        await self._send(message)

    async def _send(self, message: Mapping[str, Any]) -> None:
        text = json.dumps(message, ensure_ascii=False, separators=(",", ":"))
        self._bytes.wait_for(len(text))
        if not self._closed:
            await self.send(text_data=text)


class Nothing(AsyncWebsocketConsumer):  # type: ignore[misc]
    """Any other websocket URL."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await _refuse(receive, send)


class Allowance:
    """A bucket of `burst` that fills again by `a_second`."""

    __slots__ = ("_a_second", "_burst", "_left", "_seen_at")

    def __init__(self, burst: float, a_second: float):
        self._burst, self._a_second = burst, a_second
        self._left, self._seen_at = burst, time.monotonic()

    def wait_for(self, amount: float) -> float:
        """Take `amount`; how long to wait, in seconds, until it has filled up to that again."""
        now = time.monotonic()
        self._left = min(self._burst, self._left + (now - self._seen_at) * self._a_second)
        self._seen_at = now
        self._left -= amount
        return max(0.0, -self._left / self._a_second)


async def _layer_answers() -> bool:
    """Whether the channel layer takes a message at all."""
    try:
        async with asyncio.timeout(LAYER_SECONDS):
            await get_channel_layer().send("tempmail.nobody", {"type": "nothing"})
    except Exception as error:  # redis, timeouts, sockets: all mean that it is away
        logger.info("a websocket was refused: the channel layer is away (%s)", type(error).__name__)
        return False
    return True


async def _refuse(receive: Any, send: Any) -> None:
    """Before it is accepted: the handshake is answered 403."""
    await receive()
    await send({"type": "websocket.close"})


def _secrets_of(scope: Mapping[str, Any]) -> dict[str, bytes]:
    headers = [value for name, value in scope["headers"] if name == b"cookie"]
    brought = parse_cookie("; ".join(value.decode("latin-1") for value in headers))
    return dict(cookies.read(brought, secure=scope.get("scheme") == "wss").secrets)


def _language_of(scope: Mapping[str, Any]) -> str:
    """The language that the page has, which came with the same cookies and headers."""
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    request = HttpRequest()
    request.COOKIES = parse_cookie(headers.get("cookie", ""))
    request.META["HTTP_ACCEPT_LANGUAGE"] = headers.get("accept-language", "")
    return translation.get_language_from_request(request)


def _in_language(language: str, ask: Ask) -> Ask:
    def asked(*arguments: Any) -> list[live.Update]:
        with translation.override(language):
            return ask(*arguments)

    return asked


def _opened(secrets: Mapping[str, bytes]) -> dict[str, tuple[int, datetime]]:
    """Revision, and when it changes by itself, of what these open."""
    return {mailbox.mailbox_id: (mailbox.revision, live.turn_of(mailbox)) for mailbox in open_with(secrets)}


def _all_updates(secrets: Mapping[str, bytes], told: Mapping[str, int], current: str) -> list[live.Update]:
    """How each of them is."""
    opened = open_with(secrets)
    return live.updates(opened, told, current) + _gone(secrets, told, opened)


def _news(secrets: Mapping[str, bytes], told: Mapping[str, int], current: str) -> list[live.Update]:
    """How those are that are not as the page has them."""
    opened = open_with(secrets)
    changed = [mailbox for mailbox in opened if live.is_news(mailbox, told.get(mailbox.mailbox_id))]
    return (live.updates(changed, told, current) if changed else []) + _gone(secrets, told, opened)


def _gone(
    secrets: Mapping[str, bytes], told: Mapping[str, int], opened: Sequence[OpenMailbox]
) -> list[live.Update]:
    still = {mailbox.mailbox_id for mailbox in opened}
    return [live.ended(mailbox_id, told) for mailbox_id in secrets if mailbox_id not in still]
