"""Who may receive. RCPTs that wait together share one query."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import Generic, TypeVar

from smtpd import counters

log = logging.getLogger(__name__)

# What one query asks for at most.
_MOST_AT_ONCE = 200

Question = TypeVar("Question")
Answer = TypeVar("Answer")


class SharedLookup(Generic[Question, Answer]):
    """Asks `find` in a thread for everything that was asked while it answered the last time.

    A lone question goes out at once; under load many go out as one. Nothing is remembered: a 550 from
    memory would refuse a mailbox that was made a moment ago.
    """

    def __init__(self, find: Callable[[Sequence[Question]], Sequence[Answer]], executor: Executor) -> None:
        self._find = find
        self._executor = executor
        self._waiting: list[tuple[Question, asyncio.Future[Answer]]] = []
        self._asking: asyncio.Task[None] | None = None

    async def ask(self, question: Question) -> Answer:
        """The answer for one question. Raises what `find` raised."""
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, answer))
        if self._asking is None:
            self._asking = asyncio.create_task(self._ask_all())
        return await answer

    async def close(self) -> None:
        """Wait for what is being asked."""
        if self._asking is not None:
            await self._asking

    async def _ask_all(self) -> None:
        try:
            while self._waiting:
                together, self._waiting = self._waiting[:_MOST_AT_ONCE], self._waiting[_MOST_AT_ONCE:]
                await self._ask_together(together)
        finally:
            self._asking = None

    async def _ask_together(self, together: list[tuple[Question, asyncio.Future[Answer]]]) -> None:
        loop = asyncio.get_running_loop()
        questions = [question for question, _ in together]
        try:
            answers = await loop.run_in_executor(self._executor, self._find, questions)
        except Exception as error:
            if len(together) > 1:
                # One question that the database chokes on must not cost the others their answer.
                for one in together:
                    await self._ask_together([one])
                return
            counters.count("lookup_failed")
            log.error("looking up a recipient failed: %s", type(error).__name__)
            if not together[0][1].done():
                together[0][1].set_exception(error)
            return
        for (_, waiting), answer in zip(together, answers, strict=True):
            if not waiting.done():
                waiting.set_result(answer)
