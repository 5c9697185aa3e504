"""The reader in place: every view of a message, on a desk and on a phone, by hand and by key."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

import pytest
from PIL import Image
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Visitor, address_on, mail, send, wait_for_page, wait_for_subjects
from tests.browser.test_the_main_job import letter_with_everything
from tests.support import Running

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]


def open_letter(site: Running, page: Page) -> None:
    """A letter with HTML, text and a file, opened in place; a load of the page would wipe out the mark."""
    send(site, address_on(page), letter_with_everything())
    page.evaluate("window.stayed = true")
    page.get_by_test_id("message").locator("a").click()
    expect(page.frame_locator("[data-testid=html-body]").locator("h1")).to_be_visible()


def view(page: Page, name: str) -> None:
    """Choose a view by its tab."""
    page.locator(f"[data-show={name}]").click()
    expect(page.locator(f".reader[data-view={name}]")).to_be_visible()


def test_every_view_comes_in_place_with_a_url_of_its_own(site: Running, visit: Visit) -> None:
    page = visit(site).tab()
    home = page.url
    open_letter(site, page)
    view(page, "text")
    expect(page.get_by_test_id("text-body")).to_contain_text("See http://shop.example")
    assert page.url.endswith("?view=text")
    assert page.evaluate("document.activeElement.dataset.show") == "text"
    view(page, "source")
    expect(page.locator("pre.source")).to_contain_text("Content-Type: multipart/mixed")
    page.get_by_text("Mark line ends").click()
    expect(page.locator("pre.source")).to_contain_text("␍␊")
    view(page, "headers")
    expect(page.locator("table.headers")).to_contain_text("Your order")
    view(page, "parts")
    view(page, "html")
    expect(page.frame_locator("[data-testid=html-body]").locator("h1")).to_have_text("Your order")
    assert page.evaluate("window.stayed")

    page.go_back()
    expect(page.get_by_test_id("reader")).to_have_count(0)
    assert page.url == home or page.url.rstrip("/").endswith(
        str(page.locator("main").get_attribute("data-mailbox"))
    )
    page.go_forward()
    expect(page.locator(".reader[data-view=html]")).to_be_visible()
    assert page.evaluate("window.stayed")


def test_a_url_of_a_view_opens_that_view(site: Running, visit: Visit) -> None:
    page = visit(site).tab()
    open_letter(site, page)
    view(page, "headers")
    page.reload()
    expect(page.locator("table.headers")).to_be_visible()
    assert page.locator("[data-show=headers]").get_attribute("aria-current") == "true"


def test_a_view_that_does_not_come_leaves_the_one_before_and_says_so(site: Running, visit: Visit) -> None:
    page = visit(site).tab()
    open_letter(site, page)

    def refuse(route: Route) -> None:
        route.abort()

    page.route("**/*view=text*", refuse)
    page.locator("[data-show=text]").click()
    expect(page.get_by_role("alert")).to_contain_text("does not answer")
    expect(page.get_by_test_id("html-body")).to_be_visible()
    page.unroute("**/*view=text*", refuse)
    view(page, "text")


def test_of_two_quick_presses_the_later_one_stays(site: Running, visit: Visit) -> None:
    page = visit(site).tab()
    open_letter(site, page)
    held: list[Route] = []
    page.route("**/*view=source*", lambda route: held.append(route))
    page.locator("[data-show=source]").click()
    wait_for_page(page, lambda: held, "the first question")
    view(page, "headers")
    held[0].continue_()
    page.wait_for_timeout(300)
    expect(page.locator(".reader[data-view=headers]")).to_be_visible()


def test_the_way_back_stands_directly_before_the_letter(site: Running, visit: Visit) -> None:
    page = visit(site).tab()
    message = mail(subject="Linked")
    message.add_alternative("<p><a href='https://shop.example/'>Shop</a></p>", subtype="html")
    send(site, address_on(page), message)
    page.evaluate("window.stayed = true")
    page.get_by_test_id("message").locator("a").click()
    expect(page.frame_locator("[data-testid=html-body]").locator("a")).to_be_visible()
    page.locator("#source").focus()
    page.keyboard.press("Tab")
    back = page.locator(".body [data-back]")
    expect(back).to_be_focused()
    expect(back).to_have_text("Back to the list")
    page.keyboard.press("Tab")
    wait_for_page(
        page, lambda: page.evaluate("document.activeElement.tagName") == "IFRAME", "the letter focused"
    )
    page.keyboard.press("Shift+Tab")
    expect(back).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("reader")).to_have_count(0)
    assert page.evaluate("window.stayed")


def test_pictures_behind_the_words_come_with_the_others(site: Running, visit: Visit) -> None:
    page = visit(site).tab()
    red = BytesIO()
    Image.new("RGB", (1, 1), (255, 0, 0)).save(red, "PNG")
    asked: list[str] = []

    def answer(route: Route) -> None:
        asked.append(route.request.url)
        headers = {"content-type": "image/png", "cross-origin-resource-policy": "cross-origin"}
        route.fulfill(body=red.getvalue(), headers=headers)

    page.context.route("**/i/*", answer)
    message = mail(subject="Hero")
    message.add_alternative(
        "<style>.hero{background:url(https://shop.example/h.png)}"
        "td:hover{background:url(https://shop.example/hover.png)}</style>"
        "<table width=200><td class=hero height=100>above</td></tr>"
        "<tr><td height=100 background='https://shop.example/t.png'>below</table>",
        subtype="html",
    )
    send(site, address_on(page), message)
    page.get_by_test_id("message").locator("a").click()
    expect(page.get_by_test_id("reader")).to_contain_text("3 pictures not loaded.")
    assert not asked
    page.get_by_test_id("show-images").click()
    wait_for_page(page, lambda: len(set(asked)) == 3, "all pictures")
    cells = page.frame_locator("[data-testid=html-body]").locator("td")
    for cell in cells.all():
        shown = Image.open(BytesIO(cell.screenshot()))
        assert shown.convert("RGB").getpixel((shown.width - 3, shown.height - 3)) == (255, 0, 0)
    cells.last.hover()
    page.emulate_media(media="print")
    page.wait_for_timeout(300)
    assert len(asked) == 3  # what a hand does is told to nobody


def test_on_a_phone_the_letter_has_the_screen_and_scrolls_alone(site: Running, visit: Visit) -> None:
    page = visit(site, has_touch=True, is_mobile=True, reduced_motion="reduce").tab()
    page.set_viewport_size({"width": 360, "height": 640})
    send(site, address_on(page), letter_with_everything())
    page.get_by_test_id("message").locator("a").tap()
    frame = page.get_by_test_id("html-body")
    expect(frame).to_be_visible()
    wait_for_page(page, lambda: round((frame.bounding_box() or {}).get("y", 0)) < 120, "the frame in place")
    box = frame.bounding_box()
    assert box and round(box["y"] + box["height"]) == 640 and box["width"] == 360
    assert box["height"] > 500
    assert page.evaluate("document.scrollingElement.scrollHeight <= innerHeight")
    scrollers = page.evaluate(
        "[...document.querySelectorAll('.pane, .pane *')]"
        ".filter(node => node.scrollHeight > node.clientHeight + 1"
        " && ['auto', 'scroll'].includes(getComputedStyle(node).overflowY)).map(node => node.className)"
    )
    assert scrollers == []

    page.locator(".more-open").tap()
    panel = page.locator("#more")
    expect(panel).to_be_visible()
    expect(panel).to_contain_text("somebody@elsewhere.example")
    small = page.evaluate(
        "[...document.querySelectorAll('.reader :is(a, button)')]"
        ".filter(node => node.checkVisibility() && !node.matches('.skip'))"
        ".map(node => [node.textContent.trim(), Math.round(node.getBoundingClientRect().height)])"
        ".filter(([, height]) => height < 44)"
    )
    assert small == []
    page.locator("[data-show=text]").tap()
    expect(page.get_by_test_id("text-body")).to_be_visible()
    expect(panel).to_be_hidden()
    page.locator("#back").tap()
    expect(page.get_by_test_id("reader")).to_have_count(0)


def test_marked_unread_by_button_and_by_key_in_every_tab(site: Running, visit: Visit) -> None:
    visitor = visit(site)
    page = visitor.tab()
    other = visitor.tab()
    open_letter(site, page)
    unread = other.locator("[data-testid=message][data-unread]")
    expect(unread).to_have_count(0)
    for press in (lambda: page.get_by_test_id("mark-unread").click(), lambda: page.keyboard.press("u")):
        press()
        expect(page.get_by_test_id("reader")).to_have_count(0)
        expect(page).to_have_title("(1) " + address_on(page) + " – tempmail")
        expect(page.locator("[data-testid=message][data-unread]")).to_have_count(1)
        expect(unread).to_have_count(1)
        page.get_by_test_id("message").locator("a").click()
        expect(page.get_by_test_id("reader")).to_be_visible()
        expect(unread).to_have_count(0)


def test_all_that_was_read_is_deleted_and_taken_back_in_every_tab(site: Running, visit: Visit) -> None:
    visitor = visit(site)
    page, other = visitor.tab(), visitor.tab()
    for subject in ("one", "two", "three"):
        send(site, address_on(page), subject=subject)
    wait_for_subjects(page, "three", "two", "one")
    expect(page.get_by_test_id("delete-read")).to_be_hidden()
    for at in (2, 1):
        page.get_by_test_id("message").nth(at).locator("a").click()
        expect(page.get_by_test_id("reader")).to_be_visible()
    page.get_by_test_id("delete-read").click()
    wait_for_subjects(page, "three")
    wait_for_subjects(other, "three")
    expect(page.get_by_test_id("reader")).to_have_count(0)
    expect(page.locator("#said")).to_contain_text("Deleted.")
    page.get_by_role("button", name="Undo").click()
    wait_for_subjects(page, "three", "two", "one")
    wait_for_subjects(other, "three", "two", "one")
    page.reload()
    wait_for_subjects(page, "three", "two", "one")


def test_the_print_view_opens_beside_the_reader(site: Running, visit: Visit) -> None:
    page = visit(site).tab()
    open_letter(site, page)
    with page.context.expect_page() as opened:
        page.locator("#print").click()
    paper = opened.value
    expect(paper.get_by_role("heading", name="Your order")).to_be_visible()
    expect(paper.locator("body")).to_contain_text("ann@sender.example")


def test_the_panel_of_a_phone_goes_when_the_page_becomes_wide(site: Running, visit: Visit) -> None:
    page = visit(site, viewport={"width": 400, "height": 800}).tab()
    open_letter(site, page)
    page.locator(".more-open").click()
    expect(page.locator("#more:popover-open")).to_be_visible()
    page.set_viewport_size({"width": 1000, "height": 800})
    expect(page.locator("#more:popover-open")).to_have_count(0)
    expect(page.locator("#more")).to_be_visible()
