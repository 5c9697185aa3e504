"""A page that was away, cut off, asleep or not told catches up: all mail of the gap, once each, in order, and
nothing on screen is disturbed.
"""

from __future__ import annotations

import json
import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from tests.browser.conftest import Visitor, address_on, send, subjects, wait_for_page, wait_for_subjects
from tests.support import Running, copied, wait_for

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]

ANSWER_PATIENCE = 8_000  # live.js

#: Plain questions that the page has asked, and those whose answer it has.
COUNT_QUESTIONS = """
    window.asked = window.answered = 0;
    const ask = window.fetch;
    window.fetch = async (url, ...more) => {
        if (!String(url).includes("/updates/")) return ask(url, ...more);
        window.asked += 1;
        const answer = await ask(url, ...more);
        const read = answer.json.bind(answer);
        answer.json = () => read().finally(() => { window.answered += 1; });
        return answer;
    };
"""


@dataclass
class Line:
    """Stands between a visitor's pages and the server's websocket, and lets through what the test says."""

    open: list[tuple[WebSocketRoute, float]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)  # types of what pages said
    count: int = 0
    blocked: bool = False  # as by a proxy that knows no websockets
    silent: bool = False  # TCP that is dead without a word, both ways
    told: bool = True  # whether the server's news arrive
    lost: int = 0  # those that did not

    def between(self, visitor: Visitor) -> Line:
        visitor.context.route_web_socket("**/ws/", self._take)
        return self

    def _take(self, route: WebSocketRoute) -> None:
        self.count += 1
        if self.blocked:
            route.close()
            return
        server = route.connect_to_server()
        dead = False

        def up(text: str | bytes) -> None:
            nonlocal dead
            dead = dead or self.silent  # what was dead stays so: only another connection helps
            if not dead:
                self.said.append(json.loads(text)["type"])
                server.send(text)

        def down(text: str | bytes) -> None:
            nonlocal dead
            dead = dead or self.silent
            if not self.told and json.loads(text)["type"] == "update":
                self.lost += 1
            elif not dead:
                route.send(text)

        route.on_message(up)
        server.on_message(down)
        self.open.append((route, time.monotonic()))

    def cut(self, *, older_than: float = 0.0) -> None:
        """End connections, as a proxy does that holds none for longer."""
        for route, since in list(self.open):
            if time.monotonic() - since >= older_than:
                self.open.remove((route, since))
                route.close()


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory, set_up_data_dir: Path) -> Iterator[Running]:
    """A service whose parts are stopped and killed."""
    with copied(set_up_data_dir, tmp_path_factory.mktemp("own")) as running:
        running.start_and_wait("runall")
        yield running


@pytest.fixture
def visitor(own: Running, visit: Visit) -> Visitor:
    return visit(own)


@pytest.fixture
def line(visitor: Visitor) -> Line:
    return Line().between(visitor)


def state(page: Page) -> str:
    return page.get_by_test_id("connection").get_attribute("data-state") or ""


def pass_time(page: Page, seconds: float, *, step: float = 1.0) -> None:
    """Let the page's own time pass, with room in between for what it asks to be answered."""
    for _ in range(int(seconds / step)):
        page.clock.run_for(int(step * 1000))
        page.wait_for_timeout(15)


def stop_the_clock(page: Page) -> None:
    """From now on the page's time passes when the test says so (its clock was installed before it opened)."""
    page.clock.pause_at(page.evaluate("Date.now()") + 1)


def test_a_websocket_cut_every_two_seconds_becomes_plain_questions_that_disturb_nothing(
    own: Running, visitor: Visitor, line: Line
) -> None:
    page = visitor.tab()
    page.set_viewport_size({"width": 1280, "height": 320})
    address = address_on(page)
    for number in range(8):
        send(own, address, subject=f"old {number}")
    expect(page.get_by_test_id("message")).to_have_count(8)
    page.get_by_test_id("message").nth(5).click()
    reader = page.get_by_test_id("reader")
    expect(reader).to_be_visible()
    page.get_by_test_id("message").nth(4).locator("a").first.focus()
    page.evaluate(
        """() => {
            window.rows = [...document.querySelectorAll('[data-testid=message]')];
            window.reader = document.querySelector('[data-testid=reader]');
            window.focused = document.activeElement;
            window.scroller = document.querySelector('section.list');
            window.scroller.scrollTop = 200;
            window.gone = 0;
            const watch = new MutationObserver((records) => records.forEach((record) => {
                window.gone += [...record.removedNodes].filter((node) => node.nodeType === 1).length;
            }));
            watch.observe(document.getElementById('rows'), { childList: true });
            watch.observe(document.getElementById('pane'), { childList: true, subtree: true });
        }"""
    )
    top = page.evaluate("window.rows[5].getBoundingClientRect().top")

    def cut_until_it_asks() -> bool:
        line.cut(older_than=2.0)
        return state(page) == "polling"

    wait_for_page(page, cut_until_it_asks, "plain questions")
    send(own, address, subject="new one")
    send(own, address, subject="new two")

    expect(page.get_by_test_id("message")).to_have_count(10)
    assert subjects(page)[:3] == ["new two", "new one", "old 7"]
    same = page.evaluate(
        """() => {
            const rows = [...document.querySelectorAll('[data-testid=message]')].slice(2);
            return {
                rows: rows.length === 8 && rows.every((row, at) => row === window.rows[at]),
                reader: document.querySelector('[data-testid=reader]') === window.reader,
                focus: document.activeElement === window.focused,
                gone: window.gone,
            };
        }"""
    )
    assert same == {"rows": True, "reader": True, "focus": True, "gone": 0}
    assert page.evaluate("window.scroller.scrollTop") > 200, "the list moved down to keep what was in sight"
    assert abs(page.evaluate("window.rows[5].getBoundingClientRect().top") - top) < 2
    line.cut()


def test_a_page_that_was_not_told_catches_up_on_focus(own: Running, visitor: Visitor, line: Line) -> None:
    page = visitor.tab()
    address = address_on(page)
    lose_the_news(page, line, own, address)
    line.told = True

    def looked_at() -> bool:
        page.evaluate("dispatchEvent(new Event('focus'))")  # once a second it asks
        return subjects(page) == ["not told of"]

    wait_for_page(page, looked_at, "the mail", 5)
    assert line.count == 1, "over the line that was there"


def test_a_page_that_was_not_told_catches_up_every_45_seconds(
    own: Running, visitor: Visitor, line: Line
) -> None:
    visitor.context.clock.install()
    page = visitor.tab()
    address = address_on(page)
    stop_the_clock(page)
    lose_the_news(page, line, own, address)
    before = line.said.count("catch_up")

    pass_time(page, 40)
    assert subjects(page) == []
    assert line.said.count("catch_up") == before
    line.told = True
    pass_time(page, 6)

    wait_for_subjects(page, "not told of")
    assert line.said.count("catch_up") > before
    assert line.count == 1, "over the line that was there"


def lose_the_news(page: Page, line: Line, own: Running, address: str) -> None:
    """A message comes of which the page is not told."""
    line.told = False
    send(own, address, subject="not told of")
    wait_for_page(page, lambda: line.lost > 0, "word from the server")
    assert subjects(page) == []


def test_plain_questions_come_every_five_seconds_and_further_apart_while_nothing_changes(
    own: Running, visitor: Visitor, line: Line
) -> None:
    line.blocked = True
    visitor.context.clock.install()
    visitor.context.add_init_script(COUNT_QUESTIONS)
    page = visitor.tab(live=False)
    address = address_on(page)
    expect(page.get_by_test_id("connection")).to_have_attribute("data-state", "polling")
    stop_the_clock(page)

    def questions() -> int:
        """All that it asked so far, and their answers are there. No time passes meanwhile."""
        asked = int(page.evaluate("window.asked"))
        wait_for_page(page, lambda: page.evaluate("window.answered") == asked, "the answer")
        return asked

    def seconds_until_it_asks() -> int:
        before = questions()
        for seconds in range(1, 30):
            page.clock.run_for(1000)
            if questions() > before:
                return seconds
        raise AssertionError("no question in 30 s")

    questions()
    send(own, address, subject="something")
    while subjects(page) != ["something"]:
        seconds_until_it_asks()
    pauses = [seconds_until_it_asks()]
    while min(pauses[-2:]) < 14:
        pauses.append(seconds_until_it_asks())
        assert len(pauses) < 12, pauses
    # What is found out about the sender comes later, and is a change too: the pauses begin anew.
    rise = pauses[max(at for at, pause in enumerate(pauses) if pause <= 6) :]
    assert 4 <= rise[0] <= 6 and rise == sorted(rise) and rise[-1] <= 16, pauses


def test_a_laptop_that_slept_asks_again_is_told_all_and_counts_down_right(
    own: Running, visitor: Visitor, line: Line
) -> None:
    visitor.context.clock.install()
    page = visitor.tab()
    address = address_on(page)
    send(own, address, subject="before")
    wait_for_subjects(page, "before")
    line.silent = True  # nobody says that the connection is gone
    for subject in ("one", "two"):
        send(own, address, subject=subject)

    page.clock.fast_forward("10:00")
    line.silent = False
    page.clock.run_for(ANSWER_PATIENCE + 100)  # the question on the dead connection stays without an answer

    def back() -> bool:
        page.clock.run_for(300)
        return subjects(page) == ["two", "one", "before"]

    wait_for_page(page, back, "the mail of the gap")
    expect(page.get_by_test_id("connection")).to_have_attribute("data-state", "live")
    assert line.count == 2
    page.clock.run_for(1100)
    ends = page.get_by_test_id("countdown").get_attribute("data-expires-at") or ""
    left = (datetime.fromisoformat(ends).timestamp() - time.time()) / 60
    hours, minutes = re.findall(r"\d+", page.get_by_test_id("countdown").locator("time").inner_text())
    assert abs(int(hours) * 60 + int(minutes) - left) < 1.5


# -- the server's side --------------------------------------------------------------------------------


def test_valkey_stopped_and_started_under_an_open_page_costs_it_no_mail(own: Running, visit: Visit) -> None:
    page = visit(own).tab()
    address = address_on(page)
    [keeper] = own.processes("inbox.running.keeper")
    [valkey] = own.processes("valkey-server 127")
    os.kill(keeper, signal.SIGSTOP)  # it would start another at once
    os.kill(valkey, signal.SIGKILL)
    try:
        for subject in ("while there is none", "still none"):
            send(own, address, subject=subject)
        wait_for_subjects(page, "still none", "while there is none")
    finally:
        os.kill(keeper, signal.SIGCONT)

    wait_for(lambda: own.processes("valkey-server 127") not in ([], [valkey]), "another Valkey")
    send(own, address, subject="with another one")
    wait_for_subjects(page, "with another one", "still none", "while there is none")
    expect(page.get_by_test_id("connection")).to_have_attribute("data-state", "live")


def test_a_web_process_that_stood_still_is_noticed_and_come_back_to(own: Running, visit: Visit) -> None:
    visitor = visit(own)
    visitor.context.clock.install()
    page = visitor.tab()
    address = address_on(page)
    [web] = own.processes("runserver")
    os.kill(web, signal.SIGSTOP)
    try:
        send(own, address, subject="meanwhile")
        pass_time(page, 32, step=4)  # a ping, and no answer to it
        expect(page.get_by_test_id("connection")).to_have_attribute("data-state", "reconnecting")
    finally:
        os.kill(web, signal.SIGCONT)

    def back() -> bool:
        page.clock.run_for(500)
        return subjects(page) == ["meanwhile"] and state(page) == "live"

    wait_for_page(page, back, "the page's return")
    expect(page.get_by_text("Back. 1 came in.").first).to_be_attached()


def test_offline_and_back(own: Running, visit: Visit) -> None:
    visitor = visit(own)
    visitor.context.clock.install()
    page = visitor.tab()
    address = address_on(page)
    send(own, address, subject="before")
    wait_for_subjects(page, "before")

    visitor.context.set_offline(True)
    expect(page.get_by_test_id("connection")).to_have_attribute("data-state", "reconnecting")
    for subject in ("one", "two", "three"):
        send(own, address, subject=subject)
        page.clock.run_for(60_000)  # a minute each
    visitor.context.set_offline(False)

    wait_for_subjects(page, "three", "two", "one", "before")
    expect(page.get_by_test_id("connection")).to_have_attribute("data-state", "live")
    expect(page.get_by_text("Back. 3 came in.").first).to_be_attached()


def test_the_web_process_is_killed_and_comes_back(own: Running, visit: Visit) -> None:
    page = visit(own).tab()
    address = address_on(page)
    send(own, address, subject="before")
    wait_for_subjects(page, "before")

    [web] = own.processes("runserver")
    os.kill(web, signal.SIGKILL)
    expect(page.get_by_test_id("connection")).not_to_have_attribute("data-state", "live")
    send(own, address, subject="meanwhile")
    wait_for(own.web_answers, "the web server's restart")

    wait_for_page(page, lambda: subjects(page) == ["meanwhile", "before"], "the mail of the gap", 30)
    expect(page.get_by_test_id("connection")).to_have_attribute("data-state", "live", timeout=30_000)
