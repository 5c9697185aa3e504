"""What did not arrive, on an open page."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visitor, address_on, refuse_as_too_large, send, wait_for_subjects
from tests.inspector import Inspector
from tests.support import Running

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]


def test_a_refusal_appears_by_itself_at_its_place_and_is_dismissed_in_every_tab(
    site: Running, visit: Visit, inspector: Inspector
) -> None:
    visitor = visit(site)
    page, other = visitor.tab(), visitor.tab()
    address = address_on(page)
    send(site, address, subject="before")
    wait_for_subjects(page, "before")
    assert refuse_as_too_large(site, address) == 552
    notice = page.get_by_test_id("notice")
    expect(notice).to_have_count(1)
    expect(notice).to_contain_text("too large: 999 MB from big@sender.example.")
    expect(other.get_by_test_id("notice")).to_have_count(1)
    inspector.look(other, "a refusal", (360,))

    send(site, address, subject="after")
    wait_for_subjects(page, "after", "before")
    order = page.locator("#rows > li").evaluate_all("lines => lines.map(line => line.dataset.testid)")
    assert order == ["message", "notice", "message"]
    page.reload()
    order = page.locator("#rows > li").evaluate_all("lines => lines.map(line => line.dataset.testid)")
    assert order == ["message", "notice", "message"]

    page.get_by_role("button", name="Dismiss").click()
    expect(notice).to_have_count(0)
    expect(other.get_by_test_id("notice")).to_have_count(0)
    page.reload()
    wait_for_subjects(page, "after", "before")
    expect(notice).to_have_count(0)
