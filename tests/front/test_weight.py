"""What the first visit costs: under 80 KB on the wire, one style sheet, nothing from elsewhere."""

import gzip
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.test import RequestFactory

from inbox import clock
from inbox.showing import Box

STATIC = Path(__file__).parents[2] / "inbox/static"
LIMIT = 80 * 1024


@pytest.fixture
def context() -> dict[str, Any]:
    now = clock.now()
    box = Box(
        id="f" * 32,
        address="kbvra7.mx2tqz@one.example",
        domain="one.example",
        label="",
        shared=False,
        state="living",
        expires_at=now + timedelta(minutes=90),
        purge_at=now + timedelta(minutes=120),
        revision=0,
        unread=0,
        message_count=0,
        can_extend=True,
        can_revive=True,
        latest_end=now + timedelta(days=7),
        ring=100,
        lifetime_seconds=5400,
    )
    return {
        "server_now": now,
        "mailbox": box,
        "mailboxes": [box],
        "rows": [],
        "message": None,
        "domains": ["one.example", "two.example"],
        "other_domain": "two.example",
        "mailboxes_limit": 10,
    }


@pytest.fixture
def page(context: dict[str, Any], settings: Any) -> str:
    """A first visit's page, with its files under their plain names."""
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = settings.STORAGES | {"staticfiles": plain}
    return render_to_string("inbox/mailbox.html", context, request=RequestFactory().get("/"))


def fetched(page: str) -> dict[Path, bytes]:
    """The files a browser asks for before anybody touches the page: linked ones and what modules import."""
    wanted = [STATIC / path for path in re.findall(r'(?:src|href)="/static/([^"]+)"', page)]
    found: dict[Path, bytes] = {}
    while wanted:
        path = wanted.pop()
        if path in found:
            continue
        found[path] = path.read_bytes()
        if path.suffix == ".js":
            imports = re.findall(r'^import (?:.* from )?"\./([^"]+)";', found[path].decode(), re.M)
            wanted += [path.parent / name for name in imports]
    return found


def test_the_first_visit_stays_under_80_kb(page: str) -> None:
    files = fetched(page)
    assert len(files) > 10
    weight = len(page.encode()) + sum(len(gzip.compress(content)) for content in files.values())
    headers = 700 * (len(files) + 1)
    assert weight + headers < LIMIT


def test_the_first_visit_asks_for_one_style_sheet_and_nothing_from_elsewhere(page: str) -> None:
    files = fetched(page)
    assert [path.name for path in files if path.suffix == ".css"] == ["app.css"]
    assert re.findall(r'(?:src|href|action)="(?:https?:)?//[^"]*"', page) == []
    styles = (STATIC / "inbox/app.css").read_text("utf-8")
    assert "@import" not in styles
    assert "url(" not in styles
