"""Templates and script fit each other and the strict policy they are served under."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEMPLATES = {path.name: path.read_text("utf-8") for path in (ROOT / "templates/inbox").glob("*.html")}
SCRIPTS = {path.name: path.read_text("utf-8") for path in (ROOT / "inbox/static/inbox").glob("*.js")}
ALL_TEMPLATES = "\n".join(TEMPLATES.values())
STRINGS = set(re.findall(r'data-name="([\w.-]+)"', TEMPLATES["_strings.html"]))

# The contract with other programs.
MARKERS = [
    *("address", "connection", "countdown", "extend", "revive", "copy-address", "new-address"),
    *("delete-mailbox", "message", "message-subject", "message-sender", "reader", "text-body", "html-body"),
    *("attachment", "delete-message", "code", "verify-link", "search", "show-images"),
]


@pytest.mark.parametrize("name", sorted(TEMPLATES))
def test_a_template_has_no_inline_script_or_style(name: str) -> None:
    """The policy would block them: script-src 'self', style-src 'self'."""
    text = TEMPLATES[name]
    assert re.findall(r"<style|\sstyle=|\son\w+=|javascript:", text) == []
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", text))


@pytest.mark.parametrize("marker", MARKERS)
def test_a_marker_of_the_contract_is_in_the_page(marker: str) -> None:
    assert f'data-testid="{marker}"' in ALL_TEMPLATES


def test_a_list_without_bullets_says_that_it_is_one() -> None:
    """VoiceOver takes list-style: none for "no list"; in prose the bullets are back."""
    pages = [path.read_text("utf-8") for path in (ROOT / "templates").rglob("*.html")]
    lists = re.findall(r"<(?:ol|ul) class=[^>]*>", "\n".join(pages))
    assert len(lists) >= 5
    assert [tag for tag in lists if ' role="list"' not in tag] == []


def test_the_message_frame_allows_no_script_and_no_origin() -> None:
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in TEMPLATES["_reader.html"]


@pytest.mark.parametrize(
    "name", ["not_found.html", "too_many.html", "unavailable.html", "no_domain.html", "forged.html"]
)
def test_a_page_for_strangers_holds_no_token(name: str) -> None:
    """So that it is the same, byte for byte, for whoever asks."""
    assert "csrf_token" not in TEMPLATES[name] + TEMPLATES["base.html"] + TEMPLATES["_icons.html"]


@pytest.mark.parametrize("name", sorted(SCRIPTS))
def test_a_module_imports_only_what_is_there(name: str) -> None:
    for names, module in re.findall(r'^import (?:\{ ([^}]*) \} from )?"\./([^"]+)";', SCRIPTS[name], re.M):
        for wanted in filter(None, names.split(", ")):
            assert re.search(rf"^export .*\b{wanted}\b", SCRIPTS[module], re.M), f"{wanted} of {module}"


def test_every_sentence_of_the_script_is_in_the_page_for_translation() -> None:
    used = set(re.findall(r'\bwords\("([\w.-]+)"', "\n".join(SCRIPTS.values())))
    plural = set(re.findall(r'\bcounted\("([\w.-]+)"', "\n".join(SCRIPTS.values())))
    assert used
    assert used <= STRINGS
    assert {f"{name}.{form}" for name in plural for form in ("one", "other")} <= STRINGS


def test_every_element_the_script_asks_for_is_in_a_template() -> None:
    asked = set(re.findall(r'(?:byId|getElementById)\("([\w-]+)"\)', "\n".join(SCRIPTS.values())))
    there = set(re.findall(r'\sid="([\w-]+)"', ALL_TEMPLATES))
    assert asked
    assert asked <= there
