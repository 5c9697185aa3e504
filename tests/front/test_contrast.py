"""Every colour of the page can be read: WCAG 2.2, 1.4.3 (text) and 1.4.11 (what must be seen to be used)."""

import re
from pathlib import Path

import pytest

STATIC = Path(__file__).parents[2] / "inbox/static/inbox"
STYLES = (STATIC / "app.css").read_text("utf-8")
CONSOLE_STYLES = (STATIC / "admin.css").read_text("utf-8")
GROUNDS = ("page", "surface", "sunken")
TEXTS = ("ink", "muted", "accent", "warning", "danger")
ON_COLOUR = (
    ("on-accent", "accent"),
    ("on-danger", "danger"),
    ("page", "ink"),  # toasts
    ("ink", "accent-tint"),  # the open message's row
    ("muted", "accent-tint"),
    ("accent", "accent-tint"),
    ("danger", "accent-tint"),
    ("warning", "warning-tint"),
    ("ink", "warning-tint"),  # a hit of a search
    ("muted", "warning-tint"),
    ("ink", "danger-tint"),
    ("danger", "danger-tint"),
)


TOKEN = re.compile(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\);")


def tokens(scheme: str) -> dict[str, str]:
    """Name → #RRGGBB of one scheme, from the first layer of the style sheet."""
    layer = STYLES[STYLES.index("@layer tokens {") : STYLES.index("@layer base {")]
    return {name: light if scheme == "light" else dark for name, light, dark in TOKEN.findall(layer)}


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2, definitions)."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_the_tokens_are_the_designs() -> None:
    light, dark = tokens("light"), tokens("dark")
    assert len(light) == 15
    assert (light["page"], dark["page"]) == ("#F6F7F7", "#101514")
    assert (light["accent"], dark["accent"]) == ("#0B6E62", "#5CCFBC")


def test_the_consoles_colours_are_the_pages() -> None:
    """Written twice, for the page asks for one style sheet; Django has taken the name of one."""
    console = {name: (light, dark) for name, light, dark in TOKEN.findall(CONSOLE_STYLES)}
    light, dark = tokens("light"), tokens("dark")
    console["accent"] = console.pop("strong-accent")
    assert console == {name: (light[name], dark[name]) for name in light}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_is_readable_on_every_ground(scheme: str) -> None:
    colour = tokens(scheme)
    pairs = [(text, ground) for text in TEXTS for ground in GROUNDS] + list(ON_COLOUR)
    weak = {pair: contrast(colour[pair[0]], colour[pair[1]]) for pair in pairs}
    assert {pair: ratio for pair, ratio in weak.items() if ratio < 4.5} == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_control_borders_and_focus_rings_are_seen_on_every_ground(scheme: str) -> None:
    colour = tokens(scheme)
    pairs = [(edge, ground) for edge in ("control-border", "accent") for ground in GROUNDS]
    weak = {pair: contrast(colour[pair[0]], colour[pair[1]]) for pair in pairs}
    assert {pair: ratio for pair, ratio in weak.items() if ratio < 3} == {}


def test_no_rule_has_a_colour_of_its_own() -> None:
    """All colours are tokens, so that the tests above speak for the whole page."""
    rules = STYLES[STYLES.index("@layer base {") :]
    own = re.findall(r"#[0-9a-fA-F]{3,8}\b(?=[;\s)},])|\brgba?\([^)]*\)", rules)
    # A code must be read by cameras: its ground is white in both schemes. Behind a dialog lies a shade.
    assert sorted(own) == ["#fff", "rgb(0 0 0 / .4)"]
