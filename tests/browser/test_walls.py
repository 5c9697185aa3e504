"""Each wall alone, in Chromium: letters cleaned and unpoliced, and uncleaned under the policy.

Both together let nothing through that one alone does not.

Every vector is a frame of its own with host names of its own, so that whatever is asked for tells whose it
is. What was asked is read from the server and from the browser's network log, with name look-ups in it.
"""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Dialog, Error, Frame, Page

from inbox.mail.html import frame as framed
from inbox.views.parts import FRAME_POLICY
from tests.browser.wall_vectors import WALL_VECTORS
from tests.mail.vectors import VECTORS
from tests.support import chromium

pytestmark = pytest.mark.browser

FRAMES_A_PAGE = 40
#: What asks more of the browser than of the page is tried in a whole Chromium: looking names up in advance,
#: fetching for later, plug-ins, moving on. All else in the one that is made to be driven, at half the price.
WHOLE = re.compile(
    r"DNS|<link|<meta|<object|<embed|<applet|<i?frame|ping=|speculationrules|xml-stylesheet", re.I
)
#: The letters behind either wall, and behind none to show that the test sees what it looks for.
MODES = {
    "b": "cleaned, without the policy",
    "c": "uncleaned, under the policy",
    "d": "uncleaned, without the policy",
    "w": "the same in a whole Chromium",
}
_TELLS = "[document.documentElement.dataset.ran=1,alert(`{name}`),fetch(`//ran-{name}.evil.test/`)]"
# Vectors of the other list speak of one host and of one script.
_THEIR_HOST = re.compile(r"(?<![\w.-])(?:https?:(?=//))?(//)?evil\.example")


def letter(vector: str, name: str) -> str:
    """The vector with its own names in it."""
    script = _TELLS.format(name=name)
    vector = _THEIR_HOST.sub(lambda found: ("http://" if found[1] else "") + f"v-{name}.evil.test", vector)
    vector = vector.replace("alert(1)", script).replace("JS", script)
    return vector.replace("EVIL", f"v-{name}.evil.test").replace("DNS", f"dns-{name}.test")


LETTERS = [vector.encode("utf-8", "replace").decode() for vector in [*WALL_VECTORS, *VECTORS]]


@dataclass
class World:
    """A server that is the service and everybody else, and what was seen of a browser with it."""

    port: int = 0
    documents: dict[str, tuple[str, str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def url(self, path: str) -> str:
        return f"http://walls.test:{self.port}{path}"


class Handler(BaseHTTPRequestHandler):
    world: World

    def do_GET(self) -> None:
        host = self.headers.get("Host", "")
        document, policy = self.world.documents.get(self.path, ("", ""))
        if not host.startswith("walls.test"):
            self.world.asked.append(f"{host}{self.path}")
            document, policy = "<!doctype html><p>evil", ""
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Access-Control-Allow-Origin", "*")
        if policy:
            self.send_header("Content-Security-Policy", policy)
        self.end_headers()
        self.wfile.write(document.encode())

    do_POST = do_GET

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    world = World()
    handler = type("WorldsHandler", (Handler,), {"world": world})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    world.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield world
    server.shutdown()
    server.server_close()
    thread.join()


@dataclass
class Seen:
    """What the vectors of one mode did, by the vector's name."""

    ran: set[str] = field(default_factory=set)
    asked: dict[str, set[str]] = field(default_factory=dict)
    moved: set[str] = field(default_factory=set)
    dialogs: set[str] = field(default_factory=set)
    pages: int = 0


def _shows(number: int, vector: str) -> bool:
    """A sixth of our own vectors, and all that look names up, show that the test sees what it looks for."""
    return number < len(WALL_VECTORS) and ("DNS" in vector or number % 6 == 0)


def _documents(world: World, mode: str, whole: bool) -> list[str]:
    """Put a mode's documents for a browser into the world; the paths of pages, so many frames on each."""
    known: set[str] = set()
    names: list[str] = []
    for number, vector in enumerate(LETTERS):
        if bool(WHOLE.search(vector)) != whole:
            continue
        name = f"{mode}{number}"
        html = letter(vector, name)
        if mode == "b":
            html = framed(html, inline_image=lambda _content_id: None, nonce="5eed").document
            if (unnamed := html.replace(name, "")) in known:
                continue  # nothing is left of it that another has not too
            known.add(unnamed)
        elif mode in "dw" and not _shows(number, vector):
            continue
        names.append(name)
        world.documents[f"/f/{name}"] = (html, FRAME_POLICY if mode == "c" else "")
    pages = []
    for first in range(0, len(names), FRAMES_A_PAGE):
        frames = "".join(
            f'<iframe name="{name}" src="/f/{name}" width=300 height=60></iframe>'
            for name in names[first : first + FRAMES_A_PAGE]
        )
        pages.append(f"/page/{mode}{first}{'-whole' if whole else ''}")
        world.documents[pages[-1]] = (f"<!doctype html><title>top</title>{frames}", "")
    return pages


# What a reader's hands would do, except following links. Activations of forms and buttons are real ones.
_HANDS = """() => {
  const moves = ["mouseover", "mousemove", "pointerenter", "pointerover", "pointerdown", "focus", "wheel"];
  const all = [...document.querySelectorAll("*")].slice(0, 200);
  for (const element of all) {
    for (const type of moves)
      element.dispatchEvent(new Event(type, {bubbles: true}));
    if (element.matches("button, input, summary")) element.click();
    else if (!element.closest("a, area, label, svg a")) element.dispatchEvent(new Event("click"));
  }
}"""
_HAS_RAN = "() => document.documentElement.dataset.ran === '1'"


@pytest.fixture(scope="module")
def seen(browser: Browser, world: World, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Seen]:
    """Every vector in every mode, tried once."""
    found = {mode: Seen() for mode in MODES}
    logs = [
        _try_all(browser, world, tmp_path_factory.mktemp("walls"), found, whole) for whole in (False, True)
    ]
    for line in [*world.asked, *(host for log in logs for host in _hosts_of(log))]:
        _note(found, line)
    return found


def _try_all(browser: Browser, world: World, folder: Path, found: dict[str, Seen], whole: bool) -> Path:
    """Try one browser's vectors; its network log."""
    log = folder / "net.json"
    rules = f"MAP *.evil.test 127.0.0.1:{world.port},MAP walls.test 127.0.0.1:{world.port}"
    # A profile that is kept: without one Chromium looks no names up in advance.
    context = browser.browser_type.launch_persistent_context(
        folder / "profile",
        **chromium(f"--host-resolver-rules={rules}", f"--log-net-log={log}", whole=whole),
    )
    context.set_default_timeout(10_000)
    try:
        for mode in "bcw" if whole else "bcd":
            for path in _documents(world, mode, whole):
                _try(context, world, path, found[mode])
    finally:
        context.close()
    return log


def _note(found: dict[str, Seen], line: str) -> None:
    match = re.match(r"(?:https?://)?(?:ran|v|dns)-(([bcdw])\d+)\b", line)
    if match is not None:
        found[match[2]].asked.setdefault(match[1], set()).add(line)


def _hosts_of(log: Path) -> set[str]:
    """Hosts in the browser's network log: of requests, of connections and of look-ups."""
    return set(re.findall(r"(?:ran|v|dns)-[bcdw]\d+(?:\.evil)?\.test", log.read_text("utf-8", "replace")))


def _try(context: BrowserContext, world: World, path: str, seen: Seen) -> None:
    page = context.pages[0]

    def heard(dialog: Dialog) -> None:
        seen.dialogs.add(dialog.message)
        dialog.dismiss()

    context.on("dialog", heard)
    url = world.url(path)
    page.goto(url, wait_until="load")
    for frame in _frames_of(page):
        _in_frame(frame, _HANDS)
    with contextlib.suppress(Error):  # what asks again and again never rests
        page.wait_for_load_state("networkidle", timeout=1_500 if path[6] in "dw" else 5_000)
    if page.url != url or page.title() != "top":
        seen.moved.add(f"top {path}")
    for frame in _frames_of(page):
        name = frame.name
        if frame.url != world.url(f"/f/{name}"):
            seen.moved.add(name)
        elif _in_frame(frame, _HAS_RAN):
            seen.ran.add(name)
    seen.pages = max(seen.pages, len(context.pages))
    context.remove_listener("dialog", heard)
    for one in context.pages[1:]:
        one.close()
    page.goto("about:blank")


def _frames_of(page: Page) -> list[Frame]:
    """The vectors' own, without those that they brought."""
    return [frame for frame in page.main_frame.child_frames if re.fullmatch(r"[bcdw]\d+", frame.name)]


def _in_frame(frame: Frame, script: str) -> object:
    try:
        if frame.name[0] in "dw":  # one that runs may never come to rest
            return frame.locator(":root").evaluate(script, timeout=1_000)
        return frame.evaluate(script)
    except Error:  # it was moved on or taken away meanwhile: `moved` says so
        return None


_LOOKED_UP = re.compile(r"rel=['\"]?(?:dns-prefetch|preconnect)|<i?frame ", re.I)


def test_there_are_enough_vectors_of_our_own() -> None:
    assert len(set(WALL_VECTORS)) >= 120


@pytest.mark.parametrize("mode", ["d", "w"], ids=lambda mode: MODES[mode])
def test_without_walls_the_vectors_do_what_they_want(seen: dict[str, Seen], mode: str) -> None:
    """Else the tests below would prove nothing, of either browser."""
    found = seen[mode]
    acted = found.ran | found.moved | set(found.asked) | found.dialogs
    tried = sum(
        _shows(number, vector) and bool(WHOLE.search(vector)) == (mode == "w")
        for number, vector in enumerate(WALL_VECTORS)
    )
    assert len({name for name in acted if re.fullmatch(r"[dw]\d+", name)}) > tried * 0.6
    assert len(found.ran | found.dialogs) > tried * (0.25 if mode == "d" else 0.1)
    if mode == "w":
        assert found.moved
        assert any("dns-" in what for asked in found.asked.values() for what in asked)


@pytest.mark.parametrize("mode", ["b", "c"], ids=lambda mode: MODES[mode])
def test_behind_either_wall_nothing_happens(seen: dict[str, Seen], mode: str) -> None:
    assert not dict(_deeds(seen[mode], mode))


def _deeds(found: Seen, mode: str) -> Iterator[tuple[str, str]]:
    """The vectors that did something, and what."""
    acted = found.ran | found.moved | found.dialogs
    for number, vector in enumerate(LETTERS):
        name = f"{mode}{number}"
        asked = found.asked.get(name, set())
        if mode == "c" and _LOOKED_UP.search(vector):
            # No policy that a page can have keeps Chromium from looking these names up, or from connecting
            # ahead, but for one that would stop the reader's own clicks too. The other wall drops them.
            asked = {what for what in asked if "/" in what}
        if name in acted:
            yield vector, "it ran, moved the page or opened a dialog"
        elif asked:
            yield vector, f"it asked for {sorted(asked)}"


@pytest.mark.parametrize("mode", ["b", "c"], ids=lambda mode: MODES[mode])
def test_the_page_around_stays_and_nothing_opens(seen: dict[str, Seen], mode: str) -> None:
    assert not {moved for moved in seen[mode].moved if moved.startswith("top")}
    assert seen[mode].dialogs == set()
    assert seen[mode].pages == 1


# Links, with a reader's own click


def _reader(browser: Browser, world: World, html: str, policy: str) -> Page:
    document = framed(html, inline_image=lambda _content_id: None, nonce="5eed").document
    world.documents["/f/link"] = (document, policy)
    world.documents["/page/link"] = ('<!doctype html><title>top</title><iframe src="/f/link"></iframe>', "")
    page = browser.new_context().new_page()
    page.goto(f"http://127.0.0.1:{world.port}/page/link")
    return page


@pytest.fixture
def local(world: World) -> Iterator[World]:
    """The service under its number, for a browser that knows no other names."""

    class Local(Handler):
        def do_GET(self) -> None:
            self.headers.replace_header("Host", "walls.test")
            super().do_GET()

    handler = type("LocalHandler", (Local,), {"world": world})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield World(server.server_port, world.documents)
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize("policy", [FRAME_POLICY, ""], ids=["policy", "no policy"])
@pytest.mark.parametrize("target", ["_top", "_parent", "_self", "link", ""])
def test_a_link_opens_a_tab_of_its_own_that_knows_nothing_of_ours(
    browser: Browser, local: World, policy: str, target: str
) -> None:
    local.documents["/elsewhere"] = ("<!doctype html><title>elsewhere</title>", "")
    href = f"http://127.0.0.1:{local.port}/elsewhere"
    page = _reader(browser, local, f'<a href="{href}" target="{target}" rel=opener>press</a>', policy)
    with page.context.expect_page() as opened:
        page.frame_locator("iframe").get_by_text("press").click()
    tab = opened.value
    tab.wait_for_load_state()
    assert tab.url == href
    assert tab.evaluate("window.opener") is None
    assert tab.evaluate("document.referrer") == ""
    assert page.title() == "top"
    page.context.close()


@pytest.mark.parametrize("policy", [FRAME_POLICY, ""], ids=["policy", "no policy"])
def test_an_anchor_scrolls_inside_the_frame(browser: Browser, local: World, policy: str) -> None:
    html = f'<a href="#end">press</a>{"<p>line</p>" * 100}<h2 id="end">end</h2>'
    page = _reader(browser, local, html, policy)
    letter = page.frame_locator("iframe")
    letter.get_by_text("press").click()
    end = letter.get_by_role("heading", name="end")
    inner = page.frames[1]
    inner.wait_for_function("document.querySelector('#m-end').getBoundingClientRect().top < 200")
    assert end.count() == 1
    assert inner.url.endswith("/f/link#m-end")
    assert len(page.context.pages) == 1
    page.context.close()


def test_a_scheme_that_is_not_opened_is_nothing_to_press(browser: Browser, local: World) -> None:
    page = _reader(browser, local, '<a href="app://pay">Pay</a>', FRAME_POLICY)
    letter = page.frame_locator("iframe")
    assert letter.locator("a").count() == 0
    assert letter.get_by_text("(app://pay)").is_visible()
    page.context.close()


def _lie(style: str = "") -> str:
    return f'<a href="https://evil.example/" style="{style}">www.bank.example</a>'


_LIE = _lie()
_COVER = "background:#fff;opacity:.99;height:60px"
# Whether each mark is what lies uppermost at its two ends and in its middle, in the page's width.
_IS_SEEN = """() => [...document.querySelectorAll(".letter-mark")].map(mark => {
  scrollTo(0, mark.getBoundingClientRect().top + scrollY - 40);
  const box = mark.getBoundingClientRect(), y = box.top + box.height / 2;
  return box.height > 10 && box.left >= 0 && [box.left + 2, box.left + box.width / 2, box.right - 2].every(
    x => document.elementFromPoint(x, y) === mark);
})"""
# What a mark says, with what is generated around it, and how it is read.
_SAYS = """() => [...document.querySelectorAll(".letter-mark")].map(mark =>
  ["::before", "::after", "::marker"].map(one => getComputedStyle(mark, one).content).join() +
  ` ${mark.textContent} ${getComputedStyle(mark).direction} ${getComputedStyle(mark).unicodeBidi}`)"""


@pytest.mark.parametrize(
    "html",
    [
        "<style>*{display:none!important;font-size:0!important;opacity:0!important;color:#fff!important}"
        f"a,body,p{{display:block!important;opacity:1!important}}</style><p>{_LIE}",
        "<style>span,.letter-mark{display:inline-flex;order:9;text-decoration:line-through;line-height:0;"
        f"vertical-align:-200px;min-height:0;visibility:hidden;text-align:right}}</style><p>{_LIE}",
        # Cut off by what holds it.
        f'<p style="width:130px;height:20px;overflow:hidden;white-space:nowrap">{_LIE}',
        f'<p style="width:130px;height:20px;overflow:hidden!important;white-space:pre!important">{_LIE}',
        f"<style>div{{width:9px;max-height:9px;overflow:hidden!important}}</style><div><p>{_LIE}</p></div>",
        f'<table style="table-layout:fixed;width:0"><td style="overflow:hidden;max-width:0">{_LIE}</table>',
        f"<p style='height:20px;overflow:hidden'><b style='display:inline-block;height:3px'></b><br>{_LIE}",
        # Pushed out.
        f'<p style="text-indent:-200px;overflow:hidden">{_lie("padding-left:200px")}',
        f'<p style="text-indent:-99px!important">{_lie("padding-left:99px")}',
        f'<p style="margin-left:-200px">{_lie("padding-left:210px")}',
        f"<style>p{{margin:0 0 0 -150px!important}}</style><p>{_lie('margin-left:99px')}",
        '<p style="display:flex;justify-content:flex-end!important;width:150px">'
        f"{_lie('flex:none;width:150px')}",
        f'<p dir=rtl style="white-space:nowrap;width:130px;overflow:hidden">{_LIE}',
        # Covered.
        f'<p>{_LIE}</p><div style="margin-top:-45px;{_COVER}">x</div>',
        f'<p>{_LIE}</p><div style="margin-top:-45px!important;margin-left:120px;{_COVER}">x</div>',
        f"<style>div{{margin-top:-45px!important;{_COVER}}}</style>"
        f'<p style="opacity:.99!important">{_LIE}</p><div>x',
        f'<p style="height:0;opacity:.9">{_LIE}</p><div style="{_COVER}">x</div>',
        f'<p>{_LIE}<b style="display:inline-block;width:200px;margin-left:-200px;{_COVER}">x</b>',
        f"<p>{_lie(f'display:inline-block;margin-left:-150px;{_COVER}')}",
        f'<p style="word-spacing:-150px">{_lie(f"display:inline-block;{_COVER}")}',
        f'<p style="height:0;margin:0">{_LIE}</p><p style="margin:0">'
        '<a href="https://bank.example/" style="font-size:0">evil.example</a>',
        # Said in other words.
        f'<style>span::after,*::before{{content:".bank.example"}}</style><p>{_LIE}',
        f'<style>*::after{{content:"!"!important}}::first-letter{{font-size:0}}</style><p>{_LIE}',
        f"<style>span{{direction:rtl!important;unicode-bidi:bidi-override!important}}</style><p>{_LIE}",
        f'<p style="direction:rtl;unicode-bidi:bidi-override">{_LIE}',
    ],
)
def test_the_mark_beside_a_lying_link_cannot_be_hidden(browser: Browser, local: World, html: str) -> None:
    page = _reader(browser, local, html, FRAME_POLICY)
    inner = page.frames[1]
    said = inner.evaluate(_SAYS)
    assert said[0] == "none,none,normal ⚠ evil.example ltr isolate"
    assert inner.evaluate(_IS_SEEN) == [True] * len(said)
    page.context.close()
