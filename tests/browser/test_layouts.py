"""Letters as newsletters are built, in the frame and opened plainly: they look alike, narrow and wide.

Remote pictures are off in both, and what stands in their places is not compared: their places are.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageChops
from playwright.sync_api import Browser, Page

from inbox.mail.html import frame

pytestmark = pytest.mark.browser

LAYOUTS = sorted((Path(__file__).parent.parent / "layouts").glob("*.html"))
#: A point counts as another when a channel is off by more than this: smoothing of letters is not.
NOTICEABLE = 40
#: What share of the points may be others. Where more is allowed, it says why.
BOUNDS = {
    # The line that a picture stands on is a little lower under our letters than under the browser's own.
    "logo-and-columns": 0.03,
}
USUAL_BOUND = 0.004
#: For whoever wants to look: a folder for the pictures, side by side.
KEPT_IN = os.environ.get("LAYOUT_PICTURES", "")

_NO_PICTURES = "img{visibility:hidden!important}"


@pytest.fixture(scope="module", params=[360, 800], ids=lambda width: f"{width}px")
def page(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": request.param, "height": 700})
    page = context.new_page()
    page.route("**/*", lambda route: route.abort())
    yield page
    context.close()


def picture_of(page: Page, html: str) -> Image.Image:
    page.set_content(html, wait_until="load")
    page.add_style_tag(content=_NO_PICTURES)
    return Image.open(io.BytesIO(page.screenshot(full_page=True))).convert("RGB")


def framed(html: str, *, dark: bool = False) -> str:
    return frame(html, inline_image=lambda _content_id: None, nonce="5eed", dark=dark).document


def share_of_others(one: Image.Image, other: Image.Image) -> float:
    size = max(one.width, other.width), max(one.height, other.height)
    canvases = []
    for picture in (one, other):
        canvas = Image.new("RGB", size, (255, 0, 255))
        canvas.paste(picture)
        canvases.append(canvas)
    red, green, blue = ImageChops.difference(*canvases).split()
    strongest = ImageChops.lighter(ImageChops.lighter(red, green), blue)
    return sum(strongest.histogram()[NOTICEABLE + 1 :]) / (size[0] * size[1])


def keep(name: str, width: int, *pictures: Image.Image) -> None:
    if KEPT_IN:
        side = Image.new(
            "RGB", (sum(one.width + 10 for one in pictures), max(one.height for one in pictures))
        )
        left = 0
        for one in pictures:
            side.paste(one, (left, 0))
            left += one.width + 10
        side.save(Path(KEPT_IN) / f"{name}-{width}.png")


def test_there_are_twenty() -> None:
    assert len(LAYOUTS) == 20


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda path: path.stem)
def test_a_letter_looks_as_it_does_when_opened_plainly(page: Page, layout: Path) -> None:
    html = layout.read_text("utf-8")
    plain = picture_of(page, html)
    ours = picture_of(page, framed(html))
    assert page.viewport_size is not None
    keep(layout.stem, page.viewport_size["width"], plain, ours)
    assert share_of_others(plain, ours) <= BOUNDS.get(layout.stem, USUAL_BOUND)


def test_a_dark_page_is_dark_all_over_and_as_large(page: Page) -> None:
    """Of every layout: nothing light is left but letters, lines and the like, and nothing moves."""
    assert page.viewport_size is not None
    for layout in LAYOUTS:
        html = layout.read_text("utf-8")
        light, dark = picture_of(page, framed(html)), picture_of(page, framed(html, dark=True))
        keep(f"dark-{layout.stem}", page.viewport_size["width"], light, dark)
        assert light.size == dark.size, layout.stem
        histogram = dark.convert("L").histogram()
        assert sum(histogram[128:]) < 0.12 * dark.width * dark.height, layout.stem


def test_a_letter_with_dark_rules_of_its_own_follows_the_system(browser: Browser) -> None:
    html = next(path for path in LAYOUTS if path.stem == "own-dark-rules").read_text("utf-8")
    for scheme, ground in (("light", (255, 255, 255)), ("dark", (18, 18, 18))):
        context = browser.new_context(color_scheme=scheme, viewport={"width": 800, "height": 700})
        picture = picture_of(context.new_page(), framed(html))
        assert picture.getpixel((2, 690)) == ground
        assert picture.getpixel((2, 2)) == ground
        context.close()


def test_a_blocked_picture_keeps_a_quiet_box_with_its_words(page: Page) -> None:
    picture = '<img src="https://i.example/a" alt="Our shop" width=200 height=80>'
    page.set_content(framed(f"<p>a</p>{picture}<p>b</p>"))
    box = page.get_by_alt_text("Our shop").bounding_box()
    assert box is not None
    assert (box["width"], box["height"]) == (200, 80)
    shot = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    corner = int(box["x"]) + 190, int(box["y"]) + 70
    assert shot.getpixel(corner) == (0xF1, 0xF3, 0xF4)


def test_a_wide_letter_is_scrolled_inside_and_its_ground_goes_with_it(page: Page) -> None:
    page.set_content(framed('<body bgcolor="#224466"><table width=1500 bgcolor=white><tr><td>wide</table>'))
    assert page.evaluate("document.documentElement.scrollWidth") >= 1500
    page.evaluate("scrollTo(1000, 0)")
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    assert picture.getpixel((10, 690)) == (0x22, 0x44, 0x66)
