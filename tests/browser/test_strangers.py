"""Only the browser that holds a mailbox's cookie can open it; to all others it looks like nothing."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest
from playwright.sync_api import APIResponse, expect

from tests.browser.conftest import Visitor, send
from tests.browser.test_the_main_job import letter_with_everything
from tests.support import Running

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]


def seen_of(response: APIResponse) -> tuple[int, bytes, dict[str, str]]:
    headers = {name: value for name, value in response.headers.items() if name != "date"}
    return response.status, response.body(), headers


def test_a_second_browser_gets_the_same_404_for_everything(site: Running, visit: Visit) -> None:
    holder, stranger = visit(site), visit(site)
    page = holder.tab()
    send(site, page.get_by_test_id("address").inner_text(), letter_with_everything())
    page.get_by_test_id("message").click()
    expect(page.get_by_test_id("reader")).to_be_visible()
    mailbox = page.locator("main").get_attribute("data-mailbox")
    message = page.get_by_test_id("reader").get_attribute("data-message-id")
    stranger.tab()

    paths = ["", "qr.svg", "seen.gif", "delete/"]
    paths += [f"{message}/{tail}" for tail in ("", "html/", "source/", "part/0/", "delete/")]
    for path in paths:
        assert holder.context.request.get(f"/m/{mailbox}/{path}").status == 200, path
    never = uuid.uuid4().hex
    tried = [f"/m/{mailbox}/{path}" for path in paths]
    tried += [path.replace(str(mailbox), never) for path in tried]
    tried += [f"/m/{never}/{uuid.uuid4().hex}/source/", "/m/not-an-id/", "/nowhere/"]
    answers = {str(seen_of(stranger.context.request.get(path))) for path in tried}
    assert len(answers) == 1
    assert next(iter(answers)).startswith("(404,")


def test_a_strangers_socket_is_told_nothing(site: Running, visit: Visit) -> None:
    page = visit(site).tab()
    mailbox = page.locator("main").get_attribute("data-mailbox")
    stranger = visit(site).tab()
    heard = stranger.evaluate(
        """async mailbox => {
            const heard = [];
            const socket = new WebSocket(`ws://${location.host}/ws/`);
            socket.onmessage = event => heard.push(event.data);
            await new Promise(done => { socket.onopen = done });
            socket.send(JSON.stringify({type: "catch_up", mailboxes: {[mailbox]: 0}, current: mailbox}));
            await new Promise(done => setTimeout(done, 500));
            socket.close();
            return heard.join(" ");
        }""",
        mailbox,
    )
    assert '"mailboxes"' in heard
    assert str(mailbox) not in heard
