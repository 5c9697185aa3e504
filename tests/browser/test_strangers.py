"""Only the browser that holds a mailbox's cookie can open it; to all others it looks like nothing.

And who wrote to it learns nothing from its being read: Chromium asks nobody but us, whatever it holds.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import APIResponse, Browser, Page, Request, expect

from tests.browser.conftest import Visitor, address_on, mail, send, wait_for_page
from tests.browser.test_the_main_job import letter_with_everything
from tests.support import Running

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]


def seen_of(response: APIResponse) -> tuple[int, bytes, dict[str, str]]:
    headers = {name: value for name, value in response.headers.items() if name != "date"}
    return response.status, response.body(), headers


def test_a_second_browser_gets_the_same_404_for_everything(site: Running, visit: Visit) -> None:
    holder, stranger = visit(site), visit(site)
    page = holder.tab()
    send(site, page.get_by_test_id("address").inner_text(), letter_with_everything())
    page.get_by_test_id("message").click()
    expect(page.get_by_test_id("reader")).to_be_visible()
    mailbox = page.locator("main").get_attribute("data-mailbox")
    message = page.get_by_test_id("reader").get_attribute("data-message-id")
    stranger.tab()

    paths = ["", "qr.svg", "seen.gif", "delete/"]
    paths += [f"{message}/{tail}" for tail in ("", "html/", "source/", "part/0/", "delete/")]
    for path in paths:
        assert holder.context.request.get(f"/m/{mailbox}/{path}").status == 200, path
    never = uuid.uuid4().hex
    tried = [f"/m/{mailbox}/{path}" for path in paths]
    tried += [path.replace(str(mailbox), never) for path in tried]
    tried += [f"/m/{never}/{uuid.uuid4().hex}/source/", "/m/not-an-id/", "/nowhere/"]
    answers = {str(seen_of(stranger.context.request.get(path))) for path in tried}
    assert len(answers) == 1
    assert next(iter(answers)).startswith("(404,")


def test_a_strangers_socket_is_told_nothing(site: Running, visit: Visit) -> None:
    page = visit(site).tab()
    mailbox = page.locator("main").get_attribute("data-mailbox")
    stranger = visit(site).tab()
    heard = stranger.evaluate(
        """async mailbox => {
            const heard = [];
            const socket = new WebSocket(`ws://${location.host}/ws/`);
            socket.onmessage = event => heard.push(event.data);
            await new Promise(done => { socket.onopen = done });
            socket.send(JSON.stringify({type: "catch_up", mailboxes: {[mailbox]: 0}, current: mailbox}));
            await new Promise(done => setTimeout(done, 500));
            socket.close();
            return heard.join(" ");
        }""",
        mailbox,
    )
    assert '"mailboxes"' in heard
    assert str(mailbox) not in heard


# -- what a letter makes a browser ask for -----------------------------------------------------------

#: Ways to make a browser ask somebody; each of them asks for `{spy}/` and its own name.
LETTER = """
<html><head>
<base href="{spy}/base/">
<meta http-equiv="refresh" content="0;url={spy}/refresh">
<link rel="stylesheet" href="{spy}/link-stylesheet">
<link rel="prefetch" href="{spy}/prefetch">
<link rel="preload" as="image" href="{spy}/preload">
<link rel="modulepreload" href="{spy}/modulepreload">
<link rel="preconnect" href="{spy}"><link rel="dns-prefetch" href="{spy}">
<link rel="icon" href="{spy}/icon"><link rel="manifest" href="{spy}/manifest">
<style>
@import url("{spy}/import");
@import "{spy}/import-text";
@font-face {{ font-family: spying; src: url("{spy}/font"); }}
.a {{ background: url({spy}/style-background); font-family: spying; }}
.b {{ list-style-image: url("{spy}/list-style"); display: list-item; }}
.c::before {{ content: url("{spy}/content"); }}
.d {{ background-image: image-set("{spy}/image-set" 1x); }}
.e {{ border-image: url("{spy}/border-image") 30; border-width: 2px; border-style: solid; }}
.f {{ mask-image: url("{spy}/mask"); -webkit-mask-image: url("{spy}/webkit-mask"); }}
.g {{ background: \\75rl({spy}/escaped); }}
@media (min-width: 1px) {{ .h {{ background: url("{spy}/media"); }} }}
</style>
</head>
<body background="{spy}/body-background">
<p id="arrived">The letter is here</p>
<p class="a">a</p><p class="b">b</p><p class="c">c</p><p class="d">d</p><p class="e">e</p><p class="f">f</p>
<p class="g">g</p><p class="h">h</p>
<p style="background:url({spy}/style-attribute)">i</p>
<img src="{spy}/img"><img src="relative-to-base"><img src="//{host}/no-scheme">
<img srcset="{spy}/srcset 1x"><img src="data:," srcset="{spy}/srcset-two 2x, {spy}/srcset-one 1x">
<picture><source srcset="{spy}/source-srcset"><img alt=""></picture>
<table background="{spy}/table-background"><tr><td background="{spy}/cell-background">t</td></tr></table>
<video poster="{spy}/poster"></video><video src="{spy}/video" autoplay muted></video>
<audio src="{spy}/audio" preload="auto"></audio>
<video preload="auto"><source src="{spy}/video-source"></video>
<iframe src="{spy}/iframe"></iframe><iframe srcdoc="&lt;img src='{spy}/srcdoc'&gt;"></iframe>
<object data="{spy}/object"></object><embed src="{spy}/embed">
<svg width="9" height="9"><image href="{spy}/svg-image" width="9" height="9"/></svg>
<svg width="9" height="9"><image xlink:href="{spy}/svg-xlink" width="9" height="9"/></svg>
<svg><use href="{spy}/svg-use#x"/></svg>
<input type="image" src="{spy}/input-image">
<form action="{spy}/form" method="get" id="f"><button>b</button></form>
<script>document.getElementById('f').submit()</script>
<script src="{spy}/script"></script>
<script>fetch('{spy}/fetch'); navigator.sendBeacon('{spy}/beacon')</script>
<script>new Image().src = '{spy}/new-image'</script>
<img src="data:," onerror="fetch('{spy}/onerror')"><svg onload="fetch('{spy}/onload')"></svg>
</body></html>
"""

#: Those that a browser without our walls asks for, whatever else it does: the letter is worth its name.
SURELY = {
    *("img", "srcset", "source-srcset", "body-background", "table-background", "poster", "style-attribute"),
    *(
        "style-background",
        "import",
        "font",
        "link-stylesheet",
        "iframe",
        "object",
        "fetch",
        "script",
        "media",
    ),
}


class Spy:
    """Somebody else's web server, which writes down what it is asked for."""

    def __init__(self) -> None:
        asked = self.asked = set[str]()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.add(self.path.strip("/"))
                self.send_response(204)
                self.end_headers()

            do_POST = do_GET

            def log_message(self, *arguments: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def letter(self) -> str:
        return LETTER.format(spy=f"http://{self.host}", host=self.host)


@pytest.fixture(scope="module")
def spy() -> Iterator[Spy]:
    spy = Spy()
    yield spy
    spy.server.shutdown()
    spy.server.server_close()


@pytest.fixture(autouse=True)
def forgetful(spy: Spy) -> None:
    spy.asked.clear()


def as_mail(html: str) -> EmailMessage:
    message = mail(subject="With everything")
    message.add_alternative(html, subtype="html")
    return message


def settle(page: Page) -> None:
    page.wait_for_load_state("load")
    page.wait_for_load_state("networkidle")


def test_a_letter_with_every_kind_of_remote_thing_makes_no_request_to_anybody_else(
    site: Running, visit: Visit, spy: Spy
) -> None:
    visitor = visit(site)
    requests: list[Request] = []
    visitor.context.on("request", lambda request: requests.append(request))
    page = visitor.tab()
    send(site, address_on(page), as_mail(spy.letter()))
    page.get_by_test_id("message").click()
    body = page.get_by_test_id("html-body")
    expect(page.frame_locator("[data-testid=html-body]").locator("body")).to_contain_text(
        "The letter is here"
    )
    settle(page)
    frame = body.get_attribute("src") or ""
    page.reload()  # as it is when it is the first thing that a browser sees
    settle(page)
    page.goto(frame)  # the inner page alone has the same walls
    settle(page)
    page.goto("/")
    expect(page.get_by_test_id("message")).to_have_count(1)
    settle(page)

    asked = {request.url for request in requests}
    assert any(url.endswith(frame) for url in asked)
    elsewhere = {url for url in asked if not url.startswith((site.url, "data:", "blob:"))}
    assert not elsewhere
    assert not spy.asked


def test_the_same_letter_without_our_walls_asks_for_all_of_it(browser: Browser, spy: Spy) -> None:
    """So the test above would see it."""
    context = browser.new_context()
    page = context.new_page()
    html = spy.letter().replace("document.getElementById('f').submit()", "").replace("refresh", "nothing")
    page.set_content(html, wait_until="commit")
    wait_for_page(page, lambda: spy.asked >= SURELY, "all of it")
    context.close()
