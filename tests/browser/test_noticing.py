"""How a person notices new mail, and how the page tells time: by the server's clock, in the person's zone."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.conftest import Visitor, address_on, mail, send, wait_for_page
from tests.support import Running

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]

#: The desktop, as far as a page can tell: what it is asked to show and to play is written down.
DESKTOP = """
    window.shown = []; window.tones = 0; window.told = 0; window.looked_at = false;
    document.hasFocus = () => window.looked_at;
    if (window.Notification) {
        const real = Notification;
        window.Notification = class {
            constructor(title, { body }) { window.shown.push(`${title}: ${body}`); }
            addEventListener() {}
            close() {}
            static get permission() { return real.permission; }
            static requestPermission() { return real.requestPermission(); }
        };
    }
    const start = OscillatorNode.prototype.start;
    OscillatorNode.prototype.start = function (when) { window.tones += 1; start.call(this, when); };
    if (navigator.locks) {
        const request = navigator.locks.request.bind(navigator.locks);
        navigator.locks.request = (name, options, act) =>
            request(name, options, (lock) => { const done = act(lock); window.told += 1; return done; });
    }
"""


def heard(tabs: list[Page], what: str) -> int:
    return sum(page.evaluate(f"window.{what}") for page in tabs)


def shown(tabs: list[Page]) -> list[str]:
    return [each for page in tabs for each in page.evaluate("window.shown")]


def all_have_told(tabs: list[Page], times: int) -> None:
    """Each tab has had its turn, so nothing more comes."""
    for page in tabs:
        wait_for_page(page, lambda page=page: page.evaluate("window.told") == times, "its turn")  # type: ignore[misc]


def switch(page: Page, box: str, *, on: bool) -> None:
    page.locator("#alerts-open").click()
    page.locator(f"#{box}").set_checked(on)
    page.locator("#alerts-dialog [data-close]").click()


def is_on(page: Page, box: str) -> bool:
    page.locator("#alerts-open").click()
    expect(page.locator("#alerts-dialog")).to_be_visible()
    checked = page.locator(f"#{box}").is_checked()
    page.locator("#alerts-dialog [data-close]").click()
    return checked


@pytest.fixture
def tabs(site: Running, visit: Visit, whole_browser: Browser) -> list[Page]:
    visitor = visit(site, by=whole_browser)
    visitor.context.grant_permissions(["notifications"])
    visitor.context.add_init_script(DESKTOP)
    return [visitor.tab(), visitor.tab()]


def test_a_notification_is_switched_on_remembered_and_shown_once_for_two_tabs(
    site: Running, tabs: list[Page]
) -> None:
    switch(tabs[0], "notify-on", on=True)
    for page in tabs:
        page.reload()
        expect(page.get_by_test_id("connection")).to_have_attribute("data-state", "live")
        assert is_on(page, "notify-on")

    send(site, address_on(tabs[0]), subject="Your order")

    all_have_told(tabs, 1)
    assert shown(tabs) == ["New message from Ann: Your order"]
    assert heard(tabs, "tones") == 0

    tabs[1].evaluate("window.looked_at = true")
    send(site, address_on(tabs[0]), subject="In sight")
    all_have_told(tabs, 2)
    assert len(shown(tabs)) == 1, "a notification of mail that is in sight"


def test_it_is_once_though_what_a_tab_wrote_down_reaches_the_other_late(
    site: Running, tabs: list[Page]
) -> None:
    switch(tabs[0], "sound-on", on=True)
    rung = heard(tabs, "tones")
    for page in tabs:
        page.evaluate("""() => {
            const getItem = Storage.prototype.getItem;
            Storage.prototype.getItem = function (name) {
                return name === "alerted" ? null : getItem.call(this, name);
            };
        }""")

    send(site, address_on(tabs[0]), subject="Once")

    all_have_told(tabs, 1)
    assert heard(tabs, "tones") == rung + 2


def test_a_permission_that_was_taken_back_is_noticed_and_the_sound_goes_on(
    site: Running, tabs: list[Page]
) -> None:
    switch(tabs[0], "notify-on", on=True)
    switch(tabs[0], "sound-on", on=True)
    rung = heard(tabs, "tones")  # it is played once when it is switched on
    assert rung == 2
    tabs[0].context.clear_permissions()

    send(site, address_on(tabs[0]), subject="Heard, not seen")

    all_have_told(tabs, 1)
    assert shown(tabs) == []
    assert heard(tabs, "tones") == rung + 2
    assert not is_on(tabs[1], "notify-on")
    assert is_on(tabs[1], "sound-on")


def test_outside_a_secure_context_notification_and_sound_are_not_offered(site: Running, visit: Visit) -> None:
    visitor = visit(site)
    insecure = "http://mail.example/"

    def fetch(route: Route) -> None:
        route.fulfill(response=route.fetch(url=route.request.url.replace(insecure, site.url)))

    visitor.context.route(f"{insecure}**", fetch)
    page = visitor.tab(insecure, live=False)
    expect(page.locator("#help-open")).to_be_visible()
    assert page.evaluate("isSecureContext") is False
    expect(page.locator("#alerts-open")).to_be_hidden()

    page.goto(site.url)
    expect(page.locator("#alerts-open")).to_be_visible()


def test_unread_mail_puts_a_dot_on_the_favicon_until_it_is_read(site: Running, visit: Visit) -> None:
    page = visit(site).tab()
    icon = page.locator("link[rel=icon]")
    rest = icon.get_attribute("href") or ""
    dotted = icon.get_attribute("data-unread") or ""
    assert rest != dotted

    send(site, address_on(page))
    expect(icon).to_have_attribute("href", dotted)
    assert page.request.get(dotted).ok
    page.get_by_test_id("message").click()
    expect(page.get_by_test_id("reader")).to_be_visible()
    expect(icon).to_have_attribute("href", rest)


@pytest.mark.parametrize(("motion", "animation"), [("no-preference", "row-in"), ("reduce", "none")])
def test_a_new_row_slides_in_unless_motion_is_to_be_reduced(
    site: Running, visit: Visit, motion: str, animation: str
) -> None:
    page = visit(site, reduced_motion=motion).tab()
    page.evaluate(
        """() => new MutationObserver((records) => {
            for (const { target } of records) {
                if (target.matches('.row.new')) window.animation = getComputedStyle(target).animationName;
            }
        }).observe(document.getElementById('rows'), { subtree: true, attributeFilter: ['class'] })"""
    )
    send(site, address_on(page))

    expect(page.locator(".row.new")).to_have_count(1)
    assert page.evaluate("window.animation") == animation
    expect(page.locator(".row.new")).to_have_count(0)


# -- time ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("hours", [3, -3])
def test_the_countdown_and_ages_are_right_whatever_the_browsers_clock_says(
    site: Running, visit: Visit, hours: int
) -> None:
    visitor = visit(site)
    visitor.context.clock.install(time=time.time() + hours * 3600)
    page = visitor.tab()
    assert abs(page.evaluate("Date.now()") / 1000 - time.time() - hours * 3600) < 60
    send(site, address_on(page))
    expect(page.get_by_test_id("message")).to_have_count(1)

    countdown = page.get_by_test_id("countdown")
    left = datetime.fromisoformat(countdown.get_attribute("data-expires-at") or "").timestamp() - time.time()
    said = re.fullmatch(r"(?:(\d+) h )?(\d+) min", countdown.locator("time").inner_text())
    assert said is not None
    assert abs(int(said[1] or 0) * 60 + int(said[2]) - left / 60) <= 1.1
    expect(page.get_by_test_id("message").locator("time")).to_have_text("now")


def test_the_exact_time_is_there_on_hover_in_the_browsers_zone(site: Running, visit: Visit) -> None:
    page = visit(site, timezone_id="Asia/Tokyo").tab()
    letter = mail()
    letter.replace_header("Date", "Sat, 4 Jul 2026 22:30:05 +0200")
    send(site, address_on(page), letter)
    row = page.get_by_test_id("message").locator("time")
    came = datetime.fromisoformat(row.get_attribute("datetime") or "").astimezone(ZoneInfo("Asia/Tokyo"))

    assert plain(row.get_attribute("title")) == f"{came:%A, %B} {came.day}, {came.year} at {clock_of(came)}"
    page.get_by_test_id("message").click()
    sent = page.get_by_test_id("reader").locator("time[datetime^='2026-07-04']").first
    assert plain(sent.get_attribute("title")) == "Sunday, July 5, 2026 at 5:30:05 AM"


def plain(title: str | None) -> str:
    """With ordinary blanks: Intl puts a narrow one before PM."""
    return re.sub(r"\s", " ", title or "")


def clock_of(moment: datetime) -> str:
    return f"{moment:%I:%M:%S %p}".lstrip("0")
