"""Remote pictures of a letter, for a reader who asked to see them: /i/<token>."""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import AsyncIterator
from functools import cache
from weakref import WeakKeyDictionary, WeakValueDictionary

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from inbox import executors, fetching, image_tokens, limits, pool
from inbox.limits import Rate
from inbox.resolver import Resolver, servers

logger = logging.getLogger(__name__)

#: Pictures of one mailbox. A letter has dozens; whoever has us fetch thousands is not reading.
RATE = Rate(burst=200, per_hour=600)
#: In a process; of these for one mailbox as many as a browser asks for. Others wait for their turn.
AT_ONCE = 16
AT_ONCE_EACH = 6
#: Each that waits has a thread of the server's.
MOST_WAITING, MOST_WAITING_EACH = 400, 100
PATIENCE_SECONDS = 20

POLICY = "sandbox; default-src 'none'"


@require_GET
async def picture(request: HttpRequest, token: str) -> HttpResponse:
    """The remote picture that the token stands for, drawn anew. Http404 where there is none to show."""
    try:
        ticket = image_tokens.read(token)
    except image_tokens.NotValid:
        raise Http404 from None
    wait = await executors.in_rows(limits.seconds_to_wait_for)(ticket.mailbox, "picture", RATE)
    if wait:
        return _empty(429, wait)
    try:
        async with _turn(ticket.mailbox):
            drawn = await fetching.fetch_picture(
                ticket.url,
                resolver=_resolver(settings.TEMPMAIL_RESOLVER),
                reader=f"pictures of {ticket.mailbox}",
                allow_loopback=getattr(settings, "PICTURES_FROM_LOOPBACK", False),
            )
    except fetching.FetchRefused as refused:
        logger.debug("a remote picture was refused: %s", refused.reason)
        return _empty(404)
    except (TimeoutError, pool.Busy):
        return _empty(503, PATIENCE_SECONDS)
    return _apart(HttpResponse(drawn.content, content_type=drawn.content_type))


class _Turns:
    """How many are on their way, on one event loop."""

    def __init__(self) -> None:
        self.all = asyncio.Semaphore(AT_ONCE)
        self.waiting: Counter[str] = Counter()
        self.each: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()


_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, _Turns] = WeakKeyDictionary()


@contextlib.asynccontextmanager
async def _turn(mailbox: str) -> AsyncIterator[None]:
    """A place among those that are fetched at once. Raises TimeoutError when none becomes free."""
    turns = _turns.setdefault(asyncio.get_running_loop(), _Turns())
    own = turns.each.setdefault(mailbox, asyncio.Semaphore(AT_ONCE_EACH))
    if turns.waiting.total() >= MOST_WAITING or turns.waiting[mailbox] >= MOST_WAITING_EACH:
        raise TimeoutError
    async with contextlib.AsyncExitStack() as places:
        turns.waiting[mailbox] += 1
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await places.enter_async_context(own)
                await places.enter_async_context(turns.all)
        finally:
            turns.waiting[mailbox] -= 1
            turns.waiting += Counter()  # nobody who waits no longer is remembered
        yield


@cache
def _resolver(setting: str) -> Resolver:
    try:
        return Resolver(servers(setting))
    except ValueError:
        logger.error("TEMPMAIL_RESOLVER is no address of a name server (host:port): no remote pictures")
        return Resolver(())


def _empty(status: int, retry_after: float = 0) -> HttpResponse:
    """For a place in a letter where a picture would stand: no page of ours."""
    response = HttpResponse(status=status, content_type="text/plain; charset=utf-8")
    if retry_after:
        response["Retry-After"] = str(int(retry_after) + 1)
    return _apart(response)


def _apart(response: HttpResponse) -> HttpResponse:
    # The frame is of an origin of its own, and its pictures come from elsewhere for it.
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    response["Content-Security-Policy"] = POLICY
    response["X-Content-Type-Options"] = "nosniff"
    response["Referrer-Policy"] = "no-referrer"
    response["Cache-Control"] = "no-store"
    return response
