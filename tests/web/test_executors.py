"""Row work has threads of its own, so that somebody's large message holds up nobody's new row."""

import asyncio
import threading

from inbox import executors


async def test_row_work_goes_on_while_every_reading_thread_is_busy(rows: object) -> None:
    release = threading.Event()
    busy = [asyncio.ensure_future(executors.in_reading(release.wait)(10)) for _ in range(8)]
    try:
        names = await asyncio.wait_for(executors.in_rows(lambda: threading.current_thread().name)(), 5)
        assert names.startswith("rows")
    finally:
        release.set()
        await asyncio.gather(*busy)


async def test_a_hundred_jobs_use_a_few_threads(rows: object) -> None:
    seen: set[int] = set()
    await asyncio.gather(*(executors.in_rows(lambda: seen.add(threading.get_ident()))() for _ in range(100)))
    assert 1 <= len(seen) <= 4
