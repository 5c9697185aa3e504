"""Chromium, where there is one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support import chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@contextmanager
def launched() -> Iterator[Browser | None]:
    """A browser for the block, or None where there is none."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        yield None
        return
    with sync_playwright() as playwright:
        options = chromium(whole=True)
        if not Path(options.get("executable_path") or playwright.chromium.executable_path).exists():
            yield None
            return
        browser = playwright.chromium.launch(**options)
        try:
            yield browser
        finally:
            browser.close()
