"""The contact sheet: how each message looks in the reader, one picture each on a page to go through."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.bench.site import Site
from tests.corpus.trial import Trial
from tests.support import chromium

WIDTH, HEIGHT = 1100, 760
_HEAD = """<!doctype html><meta charset="utf-8"><title>Contact sheet</title><style>
body { font: 14px system-ui, sans-serif; margin: 16px; background: #ddd; }
main { display: grid; grid-template-columns: repeat(auto-fill, minmax(520px, 1fr)); gap: 16px; }
figure { margin: 0; } img { width: 100%; } figcaption { overflow-wrap: anywhere; } b { color: #b3261e; }
</style>"""


def write(site: Site, trials: Sequence[Trial], folder: Path) -> None:
    """Open every message that arrived in Chromium; write its picture, and `index.html`, into `folder`, which
    is made. Needs the web process; asks the database nothing. Raises OSError and Playwright's errors.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**chromium())
        figures = list(_figures(browser, site, trials, folder))
        browser.close()
    (folder / "index.html").write_text(f"{_HEAD}<main>{''.join(figures)}</main>\n", "utf-8")


def _figures(browser: Browser, site: Site, trials: Sequence[Trial], folder: Path) -> Iterator[str]:
    for number, trial in enumerate(trials):
        told = "".join(
            f"<br><b>{problem.kind}: {html.escape(problem.what)}</b>" for problem in trial.problems
        )
        picture = ""
        if trial.opened is not None:
            picture = f"{number:04d}.png"
            held, message_id = trial.opened
            context = browser.new_context(
                viewport={"width": WIDTH, "height": HEIGHT}, reduced_motion="reduce"
            )
            context.add_cookies([{"name": held.cookie_name, "value": held.cookie_value, "url": site.url}])
            page = context.new_page()
            page.goto(f"{site.url}/m/{held.mailbox_id}/{message_id}/")
            page.screenshot(path=folder / picture)
            context.close()
            picture = f'<a href="{picture}"><img src="{picture}" alt="" loading="lazy"></a>'
        yield f"<figure>{picture}<figcaption>{html.escape(str(trial.path))}{told}</figcaption></figure>\n"
