"""The websocket: who gets in, what is told, and what ends it. Against the real channel layer."""

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from channels.db import database_sync_to_async
from channels.testing import WebsocketCommunicator
from django.test import override_settings
from django.utils import translation

from inbox import consumers, executors, live, retention
from tempmail_site.asgi import application
from tests.web.conftest import Browser, Clock, Held, Inbox, deliver

OURS = "http://testserver"
NEVER = "0" * 32


def in_thread(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Awaitable[Any]:
    """Database work, as another process would do it."""
    return database_sync_to_async(function, thread_sensitive=False)(*args, **kwargs)  # type: ignore[no-any-return]


class Socket(WebsocketCommunicator):
    """A page's end of the socket."""

    def __init__(self, secrets: dict[str, bytes], *, origin: str | None = OURS, path: str = "/ws/") -> None:
        browser = Browser()
        for mailbox_id, secret in secrets.items():
            browser.set_secret(mailbox_id, secret)
        cookie = "; ".join(f"{name}={morsel.value}" for name, morsel in browser.cookies.items())
        headers = [(b"host", b"testserver"), (b"cookie", cookie.encode())]
        if origin is not None:
            headers.append((b"origin", origin.encode()))
        super().__init__(application, path, headers=headers)

    async def say(self, **message: Any) -> None:
        await self.send_to(text_data=json.dumps(message))

    async def hear(self, timeout: float = 5) -> dict[str, Any]:
        return json.loads(await self.receive_from(timeout=timeout))  # type: ignore[no-any-return]

    async def hear_until(self, matches: Callable[[dict[str, Any]], bool]) -> list[dict[str, Any]]:
        heard = [await self.hear()]
        while not matches(heard[-1]):
            heard.append(await self.hear())
        return heard

    async def catch_up(self, current: str = "", **revisions: int) -> list[dict[str, Any]]:
        """What is answered, the list of mailboxes last."""
        await self.say(type="catch_up", mailboxes=revisions, current=current)
        return await self.hear_until(lambda message: message["type"] == "mailboxes")

    async def closed_with(self) -> int:
        while True:
            message = await self.receive_output(timeout=5)
            if message["type"] == "websocket.close":
                return int(message.get("code", 1000))


@asynccontextmanager
async def opened(secrets: dict[str, bytes]) -> AsyncIterator[Socket]:
    socket = Socket(secrets)
    accepted, _ = await socket.connect(timeout=5)
    assert accepted
    try:
        yield socket
    finally:
        await socket.disconnect(timeout=5)


async def is_let_in(socket: Socket) -> bool:
    accepted, _code = await socket.connect(timeout=5)
    if accepted:
        await socket.disconnect(timeout=5)
    return bool(accepted)


@pytest.fixture
def secrets(inbox: Inbox) -> dict[str, bytes]:
    return inbox.browser.secrets


@pytest.fixture(autouse=True)
def settled(rows: object) -> Iterator[None]:
    """What a socket that was shut had asked for is answered before its database is taken away."""
    yield
    together = threading.Barrier(4)
    for waiting in [executors.rows.submit(together.wait, 10) for _ in range(4)]:
        waiting.result()


@pytest.fixture(autouse=True)
def names() -> Iterator[None]:
    with override_settings(ALLOWED_HOSTS=["testserver"]):
        yield


# -- who gets in -----------------------------------------------------------------------------------


async def test_a_page_of_ours_gets_in(secrets: dict[str, bytes]) -> None:
    assert await is_let_in(Socket(secrets))


@pytest.mark.parametrize(
    "origin",
    [None, "null", "", "http://elsewhere.example", "https://testserver", "http://testserver:81",
     "http://testserver.elsewhere.example", "http://testserver@elsewhere.example", "file://", "testserver"],
)  # fmt: skip
async def test_another_origin_does_not(secrets: dict[str, bytes], origin: str | None) -> None:
    assert not await is_let_in(Socket(secrets, origin=origin))


async def test_a_star_in_allowed_hosts_lets_nobody_in(secrets: dict[str, bytes]) -> None:
    with override_settings(ALLOWED_HOSTS=["*"]):
        assert not await is_let_in(Socket(secrets))


async def test_a_trusted_origin_gets_in(secrets: dict[str, bytes]) -> None:
    with override_settings(CSRF_TRUSTED_ORIGINS=["https://front.example", "https://*.many.example"]):
        for origin in ("https://front.example", "https://a.many.example"):
            assert await is_let_in(Socket(secrets, origin=origin))
        for origin in ("http://front.example", "https://many.example.evil.example"):
            assert not await is_let_in(Socket(secrets, origin=origin))


async def test_a_strangers_cookie_is_like_one_that_never_was(inbox: Inbox) -> None:
    refusals = []
    for forged in ({inbox.id: bytes(32)}, {NEVER: bytes(32)}, {}):
        socket = Socket(forged)
        await socket.send_input({"type": "websocket.connect"})
        refusals.append(await socket.receive_output(timeout=5))
    assert refusals == [{"type": "websocket.close"}] * 3


async def test_another_websocket_url_is_refused(secrets: dict[str, bytes]) -> None:
    assert not await is_let_in(Socket(secrets, path="/ws/other/"))


async def test_the_handshake_confirms_a_provisional_mailbox(
    rows: object, new_mailbox: Callable[..., Held]
) -> None:
    held = await in_thread(new_mailbox, provisional=True)
    async with opened({(await in_thread(held.row)).mailbox_id: held.secret}):
        assert not (await in_thread(held.row)).provisional


# -- what is told ----------------------------------------------------------------------------------


async def test_new_mail_is_told_with_its_row(inbox: Inbox, secrets: dict[str, bytes]) -> None:
    await in_thread(inbox.receive, "Stale")
    async with opened(secrets) as socket:
        *_, listed = await socket.catch_up(inbox.id, **{inbox.id: 1})
        assert listed["ids"] == [inbox.id]
        await in_thread(announced, inbox.held, "Fresh")
        update = await socket.hear()
    assert (update["type"], update["mailbox"], update["state"]) == ("update", inbox.id, "living")
    assert (update["revision"], update["unread"], update["living"]) == (2, 2, None)
    assert update["latest"] == {"sender": "Ann", "subject": "Fresh"}
    [row] = update["rows"]
    assert row["number"] == 2 and row["html"].strip().startswith("<li") and "Fresh" in row["html"]


def announced(held: Held, subject: str) -> None:
    """Store a message and tell, as the listener does."""
    from inbox import events

    events.announce_from_sync(deliver(held.address, subject=subject).stored)


async def test_the_row_is_the_one_the_page_has(inbox: Inbox, secrets: dict[str, bytes]) -> None:
    await in_thread(inbox.receive, "The same")
    page = (await in_thread(inbox.browser.get, inbox.url)).content.decode()
    async with opened(secrets) as socket:
        *_, update, _ = await socket.catch_up(inbox.id, **{inbox.id: 0})
    assert update["rows"][0]["html"].strip() in page


async def test_a_page_that_was_away_is_told_what_it_missed_in_order(
    inbox: Inbox, secrets: dict[str, bytes]
) -> None:
    for subject in ("One", "Two", "Three"):
        await in_thread(inbox.receive, subject)
    async with opened(secrets) as socket:
        *_, update, _ = await socket.catch_up(inbox.id, **{inbox.id: 1})
    assert [row["number"] for row in update["rows"]] == [2, 3] and update["revision"] == 3


async def test_a_page_that_missed_nothing_is_told_so_without_rows(
    inbox: Inbox, secrets: dict[str, bytes]
) -> None:
    await in_thread(inbox.receive)
    async with opened(secrets) as socket:
        *_, update, _ = await socket.catch_up(inbox.id, **{inbox.id: 1})
    assert update["rows"] == [] and update["living"] is None and update["latest"] is None


async def test_a_revision_from_another_life_is_healed(inbox: Inbox, secrets: dict[str, bytes]) -> None:
    message_id = await in_thread(inbox.receive)
    async with opened(secrets) as socket:
        *_, update, _ = await socket.catch_up(inbox.id, **{inbox.id: 500})
    assert update["living"] == {message_id: False} and update["revision"] == 1


async def test_read_deleted_and_extended_are_told(inbox: Inbox, secrets: dict[str, bytes]) -> None:
    first, second = [await in_thread(inbox.receive, subject) for subject in ("One", "Two")]
    async with opened(secrets) as socket:
        await socket.catch_up(inbox.id, **{inbox.id: 2})
        await in_thread(lambda: inbox.held.open().message(first).mark_read())
        read = await socket.hear()
        await in_thread(lambda: inbox.held.open().message(second).delete())
        deleted = await socket.hear()
        await in_thread(lambda: inbox.held.open().extend())
        extended = await socket.hear()
    assert read["living"] == {first: True, second: False} and read["unread"] == 1
    assert deleted["living"] == {first: True} and deleted["unread"] == 0
    assert extended["expires_at"] > deleted["expires_at"] and extended["rows"] == []


async def test_another_mailbox_of_the_browser_is_told_without_rows(
    inbox: Inbox, new_mailbox: Callable[..., Held]
) -> None:
    other = await in_thread(new_mailbox)
    other_id = await in_thread(inbox.browser.give, other)
    async with opened(inbox.browser.secrets) as socket:
        await socket.catch_up(inbox.id, **{inbox.id: 0, other_id: 0})
        await in_thread(announced, other, "Elsewhere")
        update = await socket.hear()
    assert update["mailbox"] == other_id and update["unread"] == 1
    assert update["rows"] == [] and update["latest"] == {"sender": "Ann", "subject": "Elsewhere"}


async def test_a_long_absence_comes_in_several_updates_of_which_the_last_has_the_revision(
    inbox: Inbox, secrets: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inbox.live.ROWS_AT_ONCE", 2)
    for number in range(5):
        await in_thread(inbox.receive, str(number))
    async with opened(secrets) as socket:
        *updates, _ = await socket.catch_up(inbox.id, **{inbox.id: 1})
    assert [len(update["rows"]) for update in updates] == [2, 2]
    assert [update["revision"] for update in updates] == [1, 5]


async def test_many_events_are_one_more_question_however_long_the_first_takes(
    inbox: Inbox, secrets: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    all_stored = threading.Event()
    asked = []
    real = consumers._news

    def slow(*args: Any) -> Any:
        asked.append(1)
        found = real(*args)
        all_stored.wait(20)
        return found

    monkeypatch.setattr(consumers, "_news", slow)
    async with opened(secrets) as socket:
        await socket.catch_up(inbox.id, **{inbox.id: 0})
        for number in range(30):
            await in_thread(announced, inbox.held, str(number))
        all_stored.set()
        heard = await socket.hear_until(lambda update: update["revision"] == 30)
    # One that came while an answer was put together is told again rather than missed.
    numbers = dict.fromkeys(row["number"] for update in heard for row in update["rows"])
    assert list(numbers) == list(range(1, 31)) and len(asked) <= 3


async def test_what_a_page_says_is_not_overtaken_by_an_answer_that_was_on_its_way(
    inbox: Inbox, secrets: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    began = threading.Event()
    real = consumers._news

    def slow(*args: Any) -> Any:
        began.set()
        time.sleep(0.2)
        return real(*args)

    monkeypatch.setattr(consumers, "_news", slow)
    await in_thread(inbox.receive, "One")
    async with opened(secrets) as socket:
        await socket.catch_up(inbox.id, **{inbox.id: 1})
        await in_thread(announced, inbox.held, "Two")
        assert await asyncio.to_thread(began.wait, 5)
        heard = await socket.catch_up(inbox.id, **{inbox.id: 0})
    assert [row["number"] for row in heard[-2]["rows"]] == [1, 2]


async def test_ping_is_answered_with_the_servers_time(secrets: dict[str, bytes]) -> None:
    async with opened(secrets) as socket:
        await socket.say(type="ping")
        answer = await socket.hear()
    assert answer["type"] == "pong" and answer["server_now"]


async def test_an_id_that_is_not_ones_own_is_as_if_not_said(
    inbox: Inbox, new_mailbox: Callable[..., Held]
) -> None:
    other = await in_thread(new_mailbox)
    other_id = (await in_thread(other.row)).mailbox_id
    secrets = {inbox.id: inbox.held.secret}
    async with opened(secrets) as socket:
        answers = await socket.catch_up(other_id, **{other_id: 0, NEVER: 0, "x": 0})
        await in_thread(announced, other, "Not for you")
        await socket.say(type="ping")
        assert (await socket.hear())["type"] == "pong"
    assert {answer.get("mailbox") for answer in answers} == {inbox.id, None}


# -- what ends it ----------------------------------------------------------------------------------


async def test_a_mailbox_deleted_elsewhere_ends_here_at_once(inbox: Inbox, secrets: dict[str, bytes]) -> None:
    async with opened(secrets) as socket:
        await socket.catch_up(inbox.id, **{inbox.id: 0})
        began = time.monotonic()
        await in_thread(lambda: inbox.held.open().delete())
        update = await socket.hear()
        assert update["state"] == "ended" and update["mailbox"] == inbox.id
        assert await socket.closed_with() == consumers.NOTHING_LEFT
        assert time.monotonic() - began < 1


async def test_the_others_go_on(inbox: Inbox, new_mailbox: Callable[..., Held]) -> None:
    other = await in_thread(new_mailbox)
    other_id = await in_thread(inbox.browser.give, other)
    async with opened(inbox.browser.secrets) as socket:
        await socket.catch_up(inbox.id, **{inbox.id: 0, other_id: 0})
        await in_thread(lambda: inbox.held.open().delete())
        assert (await socket.hear())["state"] == "ended"
        await in_thread(announced, other, "Still here")
        assert (await socket.hear())["latest"]["subject"] == "Still here"
        assert (await socket.catch_up())[-1]["ids"] == [other_id]


async def test_at_its_end_a_mailbox_is_told_to_be_hidden_and_its_mail_is_not(
    inbox: Inbox, secrets: dict[str, bytes], moving: Clock
) -> None:
    await in_thread(inbox.receive, "Secret")
    async with opened(secrets) as socket:
        await socket.catch_up(inbox.id, **{inbox.id: 1})
        moving.move(minutes=91)
        for revision in (0, 1):  # the page keeps what it has
            *_, update, _ = await socket.catch_up(inbox.id, **{inbox.id: revision})
            assert (update["state"], update["revision"], update["rows"]) == ("hidden", revision, [])
            assert update["living"] is None and update["latest"] is None and update["unread"] == 0
        moving.move(minutes=30)
        assert (await socket.catch_up(inbox.id, **{inbox.id: 0}))[-2]["state"] == "ended"


async def test_the_end_is_told_by_itself_to_the_second(inbox: Inbox, secrets: dict[str, bytes]) -> None:
    def end_in(seconds: float) -> None:
        from datetime import timedelta

        from inbox import clock
        from inbox.models import Mailbox, Policy

        started = clock.now() + timedelta(seconds=seconds) - Policy.current().lifetime
        Mailbox.objects.update(timer_started_at=started, expires_at=clock.now() + timedelta(seconds=seconds))

    await in_thread(end_in, 0.8)
    async with opened(secrets) as socket:
        *_, update, _ = await socket.catch_up(inbox.id, **{inbox.id: 0})
        assert update["state"] == "living"
        assert (await socket.hear())["state"] == "hidden"


async def test_a_revival_brings_every_row_that_the_page_has_not(
    inbox: Inbox, secrets: dict[str, bytes], moving: Clock
) -> None:
    message_id = await in_thread(inbox.receive, "Back again")
    moving.move(minutes=91)
    async with opened(secrets) as loaded_while_hidden, opened(secrets) as loaded_before:
        await loaded_while_hidden.catch_up(inbox.id, **{inbox.id: 0})
        await loaded_before.catch_up(inbox.id, **{inbox.id: 1})
        await in_thread(lambda: inbox.held.open().revive())
        updates = [await loaded_while_hidden.hear(), await loaded_before.hear()]
    assert [update["state"] for update in updates] == ["living", "living"]
    assert [len(update["rows"]) for update in updates] == [1, 0]
    assert [update["living"] for update in updates] == [{message_id: False}] * 2


async def test_a_sweep_ends_it(inbox: Inbox, secrets: dict[str, bytes], moving: Clock) -> None:
    async with opened(secrets) as socket:
        await socket.catch_up(inbox.id, **{inbox.id: 0})
        moving.move(minutes=121)
        await in_thread(retention.sweep)
        assert (await socket.hear())["state"] == "ended"
        assert await socket.closed_with() == consumers.NOTHING_LEFT


# -- what it withstands ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("x", 1008), ("[]", 1008), ("[" * 5000, 1008), ('"' + "x" * 20_000 + '"', 1009),
        ('{"type":"catch_up"}', None), ('{"type":"catch_up","mailboxes":[1],"current":{}}', None),
        ('{"type":"nothing"}', None), ("{}", None), ('{"type":["ping"]}', None),
    ],
)  # fmt: skip
async def test_odd_frames_end_it_or_are_passed_over(
    secrets: dict[str, bytes], frame: str, code: int | None
) -> None:
    async with opened(secrets) as socket:
        await socket.send_to(text_data=frame)
        if code is not None:
            assert await socket.closed_with() == code
            return
        await socket.say(type="ping")
        await socket.hear_until(lambda message: message["type"] == "pong")


@pytest.mark.parametrize("revision", [-1, 1.5, "1", None, True, 10**30, [], {}])
async def test_an_odd_revision_is_as_if_not_said(
    inbox: Inbox, secrets: dict[str, bytes], revision: Any
) -> None:
    await in_thread(inbox.receive)
    async with opened(secrets) as socket:
        *_, update, _ = await socket.catch_up(inbox.id, **{inbox.id: revision})
    assert update["rows"] == [] and update["revision"] == 1


async def test_bytes_end_it(secrets: dict[str, bytes]) -> None:
    async with opened(secrets) as socket:
        await socket.send_to(bytes_data=b"\x00")
        assert await socket.closed_with() == 1008


async def test_more_frames_than_a_page_sends_end_it(secrets: dict[str, bytes]) -> None:
    async with opened(secrets) as socket:
        for _ in range(consumers.FRAMES_A_MINUTE + 5):
            await socket.say(type="ping")
        assert await socket.closed_with() == 1008


async def test_a_page_that_fell_silent_is_let_go(
    secrets: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumers, "SILENCE_SECONDS", 0.3)
    async with opened(secrets) as socket:
        assert await socket.closed_with() == consumers.GONE_QUIET


async def test_what_is_sent_is_paced_for_a_page_that_does_not_read(
    inbox: Inbox, secrets: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumers, "BYTES_AT_ONCE", 100)
    monkeypatch.setattr(consumers, "BYTES_A_SECOND", 3_000)
    await in_thread(inbox.receive)
    async with opened(secrets) as socket:
        await socket.catch_up(inbox.id, **{inbox.id: 0})
        began = time.monotonic()
        await socket.catch_up(inbox.id, **{inbox.id: 0})
        assert time.monotonic() - began > 0.3


async def test_a_database_that_is_away_lets_the_page_try_again(
    inbox: Inbox, secrets: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import OperationalError

    def fail(*args: Any) -> None:
        raise OperationalError("locked")

    async with opened(secrets) as socket:
        monkeypatch.setattr(consumers, "_all_updates", fail)
        await socket.say(type="catch_up", mailboxes={}, current="")
        assert await socket.closed_with() == consumers.TRY_AGAIN_LATER


async def test_without_a_channel_layer_the_page_is_told_to_ask_by_itself(
    secrets: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Away:
        async def send(self, *args: Any) -> None:
            raise ConnectionError

    monkeypatch.setattr(consumers, "get_channel_layer", Away)
    assert not await is_let_in(Socket(secrets))


async def test_while_the_layer_is_ill_open_pages_are_told_all_the_same(
    inbox: Inbox, secrets: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    from inbox import layer_watch

    class Away:
        async def new_channel(self) -> str:
            raise ConnectionError

    monkeypatch.setattr(layer_watch, "BEAT_SECONDS", 0.05)
    monkeypatch.setattr(layer_watch, "LOOK_AGAIN_SECONDS", 0.05)
    async with opened(secrets) as socket:
        await socket.catch_up(inbox.id, **{inbox.id: 0})
        monkeypatch.setattr(layer_watch, "get_channel_layer", Away)
        watch = layer_watch.of_this_loop()
        [watcher] = watch._watchers
        watch.remove(watcher)
        watch.add(watcher)
        await in_thread(deliver, inbox.held.address, subject="Told by nobody")
        update = await socket.hear()
    assert "Told by nobody" in update["rows"][0]["html"]


async def test_nothing_is_left_behind(inbox: Inbox, secrets: dict[str, bytes]) -> None:
    from channels.layers import get_channel_layer

    from inbox import layer_watch

    async with opened(secrets) as socket:
        await socket.catch_up(inbox.id, **{inbox.id: 0})
    layer: Any = get_channel_layer()
    here = layer._get_layer()
    assert not here.groups and not layer_watch.of_this_loop()._watchers
    deadline = time.monotonic() + 10
    while here.channels and time.monotonic() < deadline:
        await asyncio.sleep(0.01)
    assert not here.channels


async def test_the_plain_questions_get_the_same_objects(inbox: Inbox, secrets: dict[str, bytes]) -> None:
    await in_thread(inbox.receive, "Either way")
    async with opened(secrets) as socket:
        *_, by_socket, _ = await socket.catch_up(inbox.id, **{inbox.id: 0})
    url = f"/updates/?current={inbox.id}&m={inbox.id}:0"
    answer = (await in_thread(inbox.browser.get, url)).json()
    [by_question] = answer["updates"]
    assert answer["mailboxes"] == [inbox.id] and answer["server_now"]
    for update in (by_socket, by_question):
        del update["server_now"]
    assert by_socket == by_question


# -- in whose language -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cookie", "accepts", "wanted"),
    [(None, "", "en"), (None, "de-AT, en;q=0.5", "de"), ("ar", "de", "ar"), ("xx", "fr", "en")],
)
async def test_rows_come_in_the_language_of_the_page(
    secrets: dict[str, bytes],
    inbox: Inbox,
    monkeypatch: pytest.MonkeyPatch,
    cookie: str | None,
    accepts: str,
    wanted: str,
) -> None:
    spoken: list[str | None] = []
    render = live._rendered

    def rendered(rows: Any) -> Any:
        spoken.append(translation.get_language())
        return render(rows)

    monkeypatch.setattr(live, "_rendered", rendered)
    socket = Socket(secrets)
    headers = dict(socket.scope["headers"])
    if cookie:
        headers[b"cookie"] += f"; django_language={cookie}".encode()
    headers[b"accept-language"] = accepts.encode()
    socket.scope["headers"] = list(headers.items())
    with override_settings(LANGUAGES=[("en", "English"), ("de", "Deutsch"), ("ar", "العربية")]):
        accepted, _ = await socket.connect(timeout=5)
        assert accepted
        await in_thread(deliver, inbox.held.address)
        await socket.catch_up(inbox.id, **{inbox.id: 0})
        await socket.disconnect(timeout=5)
    assert set(spoken) == {wanted}
