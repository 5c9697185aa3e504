"""Enlarged four times, in the writing of other directions, and with colours forced."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visitor, address_on, send
from tests.browser.test_the_main_job import letter_with_everything
from tests.support import Running

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]


def overflows(page: Page) -> list[str]:
    """What is to be seen outside of the window, not counting what a line's end cuts off."""
    found: list[str] = page.evaluate(
        "[...document.querySelectorAll('body *')].filter(node => node.checkVisibility()"
        " && !node.closest('.for-ears, .skip, .strip, svg') && getComputedStyle(node).clipPath === 'none'"
        " && !node.parentElement.closest('.row-under, .from, h2'))"
        ".filter(node => { const { left, right } = node.getBoundingClientRect();"
        " return right > innerWidth + 1 || left < -1 })"
        ".map(node => `${node.tagName} ${node.id} ${node.className}`)"
    )
    return found


@pytest.mark.parametrize("direction", ["ltr", "rtl"])
@pytest.mark.parametrize(("width", "height"), [(320, 256), (360, 640), (1280, 800)])
def test_nothing_reaches_out_of_the_window(
    site: Running, visit: Visit, direction: str, width: int, height: int
) -> None:
    page = visit(site, reduced_motion="reduce").tab()
    page.set_viewport_size({"width": width, "height": height})
    page.evaluate(f"document.documentElement.dir = '{direction}'")
    send(site, address_on(page), letter_with_everything())
    send(site, address_on(page), subject="Verify your e-mail", text="Your verification code is 482913.\n")
    expect(page.get_by_test_id("message")).to_have_count(2)
    assert overflows(page) == []
    for at in (1, 0):
        page.get_by_test_id("message").nth(at).locator("a").click()
        expect(page.get_by_test_id("reader")).to_be_visible()
        assert overflows(page) == []
        page.keyboard.press("Escape")


def test_enlarged_four_times_the_letter_has_a_screen_of_its_own(site: Running, visit: Visit) -> None:
    page = visit(site, reduced_motion="reduce").tab()
    page.set_viewport_size({"width": 320, "height": 256})
    send(site, address_on(page), letter_with_everything())
    page.get_by_test_id("message").locator("a").click()
    frame = page.get_by_test_id("html-body")
    expect(frame).to_be_visible()
    frame.scroll_into_view_if_needed()
    box = frame.bounding_box()
    assert box and box["height"] >= 220


def test_where_colours_are_forced_what_is_chosen_and_what_is_hit_stays_seen(
    site: Running, visit: Visit
) -> None:
    page = visit(site, forced_colors="active").tab()
    send(site, address_on(page), letter_with_everything())
    page.get_by_test_id("search").fill("order")
    hit = page.locator("mark").first
    expect(hit).to_be_visible()
    assert hit.evaluate("mark => getComputedStyle(mark).textDecorationLine") == "underline"
    page.get_by_test_id("message").locator("a").click()
    current = page.locator(".views [aria-current]")
    assert current.evaluate("tab => getComputedStyle(tab).outlineStyle") == "solid"
    other = page.locator(".views a:not([aria-current])").first
    assert other.evaluate("tab => getComputedStyle(tab).outlineStyle") == "none"


def test_with_reduced_motion_nothing_moves(site: Running, visit: Visit) -> None:
    page = visit(site, reduced_motion="reduce").tab()
    send(site, address_on(page))
    expect(page.get_by_test_id("message")).to_have_count(1)
    page.get_by_test_id("message").locator("a").click()
    expect(page.get_by_test_id("reader")).to_be_visible()
    assert page.evaluate("document.getAnimations().length") == 0


#: What is to be pressed and is smaller than a fingertip; links in a sentence are as high as their line.
SMALL = """() => [...document.querySelectorAll("a[href], button, input, select, summary")]
    .filter(each => each.type !== "hidden" && !each.closest("p, .prose li, dd, .skip"))
    .filter(each => each.checkVisibility())
    .map(each => [each, (each.closest("label") || each).getBoundingClientRect()])
    .map(([each, box]) => [each, Math.round(box.width), Math.round(box.height)])
    .filter(([, width, height]) => width > 1 && (width < 44 || height < 44))
    .map(([each, width, height]) => `${each.outerHTML.slice(0, 90)} ${width}x${height}`)"""


def test_a_finger_finds_everything_on_a_phone(site: Running, visit: Visit) -> None:
    visitor = visit(site, has_touch=True, is_mobile=True, viewport={"width": 360, "height": 720})
    page = visitor.tab()
    small: dict[str, list[str]] = {"empty": page.evaluate(SMALL)}
    send(site, address_on(page), letter_with_everything())
    send(site, address_on(page), subject="Plain", text="Your verification code is 482913.\n")
    expect(page.get_by_test_id("message")).to_have_count(2)
    small["list"] = page.evaluate(SMALL)
    page.locator("#choose summary").tap()
    small["a name of one's own"] = page.evaluate(SMALL)
    page.keyboard.press("Escape")
    for button, dialog in (
        ("#delete", "#delete-dialog"),
        ("#qr-open", "#qr-dialog"),
        ("#alerts-open", "#alerts-dialog"),
    ):
        page.locator(button).tap()
        expect(page.locator(dialog)).to_be_visible()
        small[dialog] = page.evaluate(SMALL)
        page.keyboard.press("Escape")
    page.get_by_test_id("message").last.locator("a").tap()
    expect(page.get_by_test_id("html-body")).to_be_visible()
    small["reader"] = page.evaluate(SMALL)
    page.locator(".more-open").tap()
    small["details"] = page.evaluate(SMALL)
    mailbox = page.locator("main").get_attribute("data-mailbox")
    for path in ("/privacy/", "/nowhere/", f"/m/{mailbox}/delete/", f"/m/{mailbox}/delete-read/"):
        page.goto(path)
        small[path] = page.evaluate(SMALL)
    assert not [f"{where}: {each}" for where, found in small.items() for each in found]
