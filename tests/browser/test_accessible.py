"""axe on every page, light and wide, dark and narrow. The admin has its own (tests/admin)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visitor, address_on, send
from tests.browser.test_the_main_job import letter_with_everything
from tests.support import Running

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


def check(page: Page, what: str) -> list[str]:
    found = Axe().run(page, options=RULES).response["violations"]
    return [f"{what}: {rule['id']}: {[node['html'][:120] for node in rule['nodes']]}" for rule in found]


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 360)])
def test_every_page(site: Running, visit: Visit, scheme: str, width: int) -> None:
    visitor = visit(site, color_scheme=scheme, reduced_motion="reduce")
    page = visitor.tab()
    page.set_viewport_size({"width": width, "height": 720})
    problems = check(page, "empty")
    send(site, address_on(page), letter_with_everything())
    send(site, address_on(page), subject="Plain", text="Just text, and https://a.example/ too.\n")
    expect(page.get_by_test_id("message")).to_have_count(2)
    problems += check(page, "list")
    page.get_by_test_id("message").nth(1).click()
    expect(page.get_by_test_id("reader")).to_be_visible()
    problems += check(page, "reader, HTML")
    page.goto(page.url + "?view=text")
    problems += check(page, "reader, text")
    page.goto("/")
    page.get_by_test_id("delete-mailbox").click()
    problems += check(page, "delete dialog")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    problems += check(page, "keys")
    mailbox = page.locator("main").get_attribute("data-mailbox")
    for path in ("/privacy/", "/gone/", "/nowhere/", f"/m/{mailbox}/delete/", "/admin/"):
        page.goto(path)
        problems += check(page, path)
    assert not problems, "\n".join(problems)
