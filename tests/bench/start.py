"""`runall`, when everything is set up already: until the page answers and mail is taken."""

from __future__ import annotations

import time
from collections.abc import Iterator

from tests.bench.figures import Figure, Line
from tests.bench.site import Process, Site, wait_until

RUNS = 4


def measure(site: Site) -> Iterator[Line]:
    """The first run sets up."""
    pages, mails, ends, first = [], [], [], 0.0
    for run in range(RUNS + 1):
        began_at = time.perf_counter()
        process = Process("runall", log=site.data_dir / "runall.log")
        try:
            wait_until(site.web_answers, "page")
            page = time.perf_counter() - began_at
            wait_until(site.smtp_answers, "greeting")
            mail = time.perf_counter() - began_at
        finally:
            began_at = time.perf_counter()
            process.stop()
        if run == 0:
            first = page
            continue
        pages.append(page)
        mails.append(mail)
        ends.append(time.perf_counter() - began_at)
    yield Figure("first start, set-up included, to the page", "s", [first])
    yield Figure("second start to the page", "s", pages)
    yield Figure("second start to page and SMTP greeting", "s", mails)
    yield Figure("SIGTERM to the end", "s", ends)
