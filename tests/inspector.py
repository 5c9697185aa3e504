"""axe on a page, light and dark, narrow and wide, without loading it anew."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

EVERY_RULE = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
#: What else than colours can go wrong is the same in the dark.
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast"]}, "resultTypes": ["violations"]}

#: No colour on its way to another.
AT_REST = """() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync('*, ::before, ::after { transition: none !important; animation: none !important; }');
    document.adoptedStyleSheets.push(sheet);
}"""
WIDTHS = (360, 1280)


class Inspector:
    """Looks at a page in all four ways, without loading it anew."""

    def __init__(self, thorough_at: tuple[int, ...] = WIDTHS) -> None:
        """`thorough_at`: the widths at which every rule is tried, and not only those about colours."""
        self.found: list[str] = []
        self._thorough_at = thorough_at
        self._axe = Axe().axe_script

    def look(self, page: Page, what: str, widths: tuple[int, ...] = WIDTHS) -> None:
        if page.evaluate("typeof window.axe") == "undefined":
            page.evaluate(self._axe)
            page.evaluate(AT_REST)
        for width in widths:
            page.set_viewport_size({"width": width, "height": 720})
            for scheme in ("light", "dark"):
                rules = EVERY_RULE if scheme == "light" and width in self._thorough_at else COLOURS
                page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
                for rule in page.evaluate("rules => axe.run(document, rules)", rules)["violations"]:
                    nodes = [node["html"][:120] for node in rule["nodes"]]
                    self.found.append(f"{what}, {scheme}, {width}: {rule['id']}: {nodes}")

    def go_and_look(self, page: Page, path: str) -> None:
        page.goto(path)
        self.look(page, path)
