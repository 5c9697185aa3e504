"""/i/<token>: a letter's remote pictures, for a frame without cookies and for nobody else."""

import asyncio
import io
from collections.abc import AsyncIterator
from typing import Any

import pytest
from asgiref.sync import ThreadSensitiveContext
from django.test import AsyncClient
from PIL import Image

from inbox import image_tokens, limits
from inbox.limits import Rate
from inbox.views import images
from tests.core.conftest import Clock, moving
from tests.websites import Website, website

__all__ = ["moving"]

# The thread of a request lets go of its database connection, which it may have had.
pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "queue"])


def png() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (20, 10), (255, 0, 0)).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
async def site(settings: Any) -> AsyncIterator[Website]:
    settings.PICTURES_FROM_LOOPBACK = True
    async with website() as running:
        yield running


async def get(url: str, mailbox_id: str = "one") -> Any:
    async with ThreadSensitiveContext():  # each request has a thread of its own, as in the server
        return await AsyncClient().get(f"/i/{image_tokens.make(url, mailbox_id)}")


async def test_a_picture_comes_drawn_anew_and_kept_apart(site: Website) -> None:
    response = await get(site.show("/a.png", png() + b"hidden"))
    assert (response.status_code, response["Content-Type"]) == (200, "image/png")
    assert Image.open(io.BytesIO(response.content)).size == (20, 10)
    assert b"hidden" not in response.content
    assert response["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cache-Control"] == "no-store"
    assert response["Referrer-Policy"] == "no-referrer"
    assert not response.cookies


async def test_this_host_is_asked_in_tests_only(site: Website, settings: Any) -> None:
    url = site.show("/a.png", png())
    del settings.PICTURES_FROM_LOOPBACK
    assert (await get(url)).status_code == 404
    assert site.requests == []


async def test_what_cannot_be_fetched_is_not_there_and_says_nothing(site: Website) -> None:
    response = await get(site.show("/a.png", b"<svg/>"))
    assert (response.status_code, response.content) == (404, b"")
    assert response["Cross-Origin-Resource-Policy"] == "cross-origin"


async def test_a_wrong_or_old_token_is_not_found(site: Website, moving: Clock) -> None:
    token = image_tokens.make(site.show("/a.png", png()), "one")
    assert (await AsyncClient().get(f"/i/{token[:-3]}AAA")).status_code == 404
    moving.move(minutes=11)
    assert (await AsyncClient().get(f"/i/{token}")).status_code == 404
    assert site.requests == []


@pytest.mark.parametrize("method", ["head", "post", "put", "delete", "options"])
async def test_nothing_but_get_is_answered(method: str, site: Website) -> None:
    token = image_tokens.make(site.show("/a.png", png()), "one")
    assert (await getattr(AsyncClient(), method)(f"/i/{token}")).status_code == 405
    assert site.requests == []


async def test_a_mailbox_gets_so_many_and_another_is_not_held_up(
    site: Website, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(images, "RATE", Rate(burst=2, per_hour=1))
    url = site.show("/a.png", png())
    statuses = [(await get(url)).status_code for _ in range(3)]
    refused = await get(url)
    assert (statuses, refused.status_code) == ([200, 200, 429], 429)
    assert int(refused["Retry-After"]) > 60
    assert (await get(url, "another")).status_code == 200


async def test_mailboxes_are_counted_without_valkey_too(
    site: Website, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    monkeypatch.setattr(images, "RATE", Rate(burst=1, per_hour=1))
    settings.REDIS_URL = "redis://127.0.0.1:1"
    limits._client.cache_clear()
    try:
        url = site.show("/a.png", png())
        assert [(await get(url, "without")).status_code for _ in range(2)] == [200, 429]
        assert (await get(url, "without as well")).status_code == 200
    finally:
        limits._client.cache_clear()


async def test_only_so_many_of_a_mailbox_are_fetched_at_once(
    site: Website, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(images, "AT_ONCE_EACH", 2)
    monkeypatch.setattr(images, "AT_ONCE", 3)
    let_go = asyncio.Event()

    async def held(writer: asyncio.StreamWriter) -> None:
        await let_go.wait()
        writer.write(b"HTTP/1.0 200 OK\r\n\r\n" + png())

    site.pages = {"/a.png": held, "/b.png": held}
    asked = [asyncio.create_task(get(f"{site.url}/a.png", "a")) for _ in range(4)]
    await until(lambda: len(site.requests) + waiting() == 4)
    assert (len(site.requests), waiting()) == (2, 2)
    asked += [asyncio.create_task(get(f"{site.url}/b.png", "b")) for _ in range(2)]
    await until(lambda: len(site.requests) + waiting() == 6)
    assert (len(site.requests), waiting()) == (3, 3)
    let_go.set()
    assert {(await one).status_code for one in asked} == {200}


async def test_who_waits_too_long_is_asked_to_come_again(
    site: Website, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(images, "AT_ONCE_EACH", 1)
    monkeypatch.setattr(images, "PATIENCE_SECONDS", 0.1)
    let_go = asyncio.Event()

    async def held(writer: asyncio.StreamWriter) -> None:
        await let_go.wait()
        writer.write(b"HTTP/1.0 200 OK\r\n\r\n" + png())

    site.pages["/a.png"] = held
    first = asyncio.create_task(get(site.url + "/a.png"))
    await until(lambda: site.requests)
    assert (await get(site.url + "/a.png")).status_code == 503
    let_go.set()
    assert (await first).status_code == 200


async def test_where_too_many_of_a_mailbox_wait_a_further_one_is_turned_away(
    site: Website, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(images, "AT_ONCE_EACH", 1)
    monkeypatch.setattr(images, "MOST_WAITING_EACH", 2)
    let_go = asyncio.Event()

    async def held(writer: asyncio.StreamWriter) -> None:
        await let_go.wait()
        writer.write(b"HTTP/1.0 200 OK\r\n\r\n" + png())

    site.pages["/a.png"] = held
    asked = [asyncio.create_task(get(site.url + "/a.png")) for _ in range(3)]
    await until(lambda: waiting() == 2)
    assert (await get(site.url + "/a.png")).status_code == 503
    other = asyncio.create_task(get(site.url + "/a.png", "another"))
    await until(lambda: len(site.requests) == 2)
    let_go.set()
    assert [(await one).status_code for one in (*asked, other)] == [200] * 4
    assert waiting() == 0


def waiting() -> int:
    turns = images._turns.get(asyncio.get_running_loop())
    return sum(turns.waiting.values()) if turns is not None else 0


async def test_a_resolver_that_is_none_shows_no_picture(settings: Any) -> None:
    settings.TEMPMAIL_RESOLVER = "not an address"
    assert (await get("http://pictures.example/a.png")).status_code == 404


async def until(condition: Any) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.01)
