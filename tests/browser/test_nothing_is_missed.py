"""A page that was away catches up: all mail of the gap, once each, in order."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visitor, address_on, send, subjects, wait_for_page, wait_for_subjects
from tests.support import Running, wait_for

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]


def test_offline_and_back(site: Running, visit: Visit) -> None:
    visitor = visit(site)
    page = visitor.tab()
    address = address_on(page)
    send(site, address, subject="before")
    wait_for_subjects(page, "before")

    visitor.context.set_offline(True)
    expect(page.get_by_test_id("connection")).to_have_attribute("data-state", "reconnecting")
    for subject in ("one", "two", "three"):
        send(site, address, subject=subject)
    visitor.context.set_offline(False)

    wait_for_subjects(page, "three", "two", "one", "before")
    expect(page.get_by_test_id("connection")).to_have_attribute("data-state", "live")
    expect(page.get_by_text("Back. 3 came in.").first).to_be_attached()


def test_the_web_process_is_killed_and_comes_back(running: Running, visit: Visit) -> None:
    running.start_and_wait("runall")
    page = visit(running).tab()
    address = address_on(page)
    send(running, address, subject="before")
    wait_for_subjects(page, "before")

    [web] = running.processes("runserver")
    os.kill(web, signal.SIGKILL)
    expect(page.get_by_test_id("connection")).not_to_have_attribute("data-state", "live")
    send(running, address, subject="meanwhile")
    wait_for(running.web_answers, "the web server's restart")

    wait_for_page(page, lambda: subjects(page) == ["meanwhile", "before"], "the mail of the gap", 30)
    expect(page.get_by_test_id("connection")).to_have_attribute("data-state", "live", timeout=30_000)


def test_where_no_websocket_passes_the_page_asks_by_http_and_disturbs_nothing(
    site: Running, visit: Visit
) -> None:
    visitor = visit(site)
    visitor.context.route_web_socket("**/ws/", lambda socket: socket.close())
    page = visitor.tab(live=False)
    address = address_on(page)
    expect(page.get_by_test_id("connection")).to_have_attribute("data-state", "polling", timeout=30_000)

    send(site, address, subject="one")
    wait_for_subjects(page, "one")
    page.get_by_test_id("message").click()
    expect(page.get_by_test_id("reader")).to_be_visible()
    page.evaluate("document.querySelector('[data-testid=message]').mark = 'the same node'")

    send(site, address, subject="two")
    wait_for_subjects(page, "two", "one")
    expect(page.get_by_test_id("reader")).to_be_visible()
    assert page.evaluate("document.querySelectorAll('[data-testid=message]')[1].mark") == "the same node"
