"""From the 250, as the SMTP client reads it, to the row painted in Chromium."""

from __future__ import annotations

import random
import smtplib
import threading
import time
from collections.abc import Iterator
from typing import Any

from tests.bench import browser
from tests.bench.figures import Distribution, Line, Note
from tests.bench.site import HOST, Held, Site

MESSAGES = 200
LEAST_PAUSE, MOST_PAUSE = 0.08, 0.14

#: A row's time is that of the first task after the frame that shows it: an animation frame's callbacks run
#: before the frame is painted, a message posted by one of them after it.
WATCH = """
() => {
  window.painted = {};
  const note = (rows) => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => {
      const now = performance.timeOrigin + performance.now();
      for (const row of rows) window.painted[row] ??= now;
    };
    requestAnimationFrame(() => channel.port2.postMessage(0));
  };
  const seen = new Set();
  const look = () => {
    const fresh = [];
    for (const row of document.querySelectorAll('[data-testid=message-subject]')) {
      const subject = row.textContent.trim();
      if (!seen.has(subject)) { seen.add(subject); fresh.push(subject); }
    }
    if (fresh.length) note(fresh);
  };
  look();
  new MutationObserver(look).observe(document.body, {childList: true, subtree: true});
}
"""


def measure(site: Site) -> Iterator[Line]:
    """At a gentle rate; sender, servers and browser share the machine and its clock."""
    site.set_up()
    held = site.new_mailbox()
    with browser.launched() as chromium:
        if chromium is None:
            yield Note("not measured: there is no Chromium")
            return
        with site.listener(), site.web():
            answered, painted = _watch(chromium, site, held)
    late = [painted[subject] - at for subject, at in answered.items() if subject in painted]
    yield Note(f"{len(late)} of {len(answered)} rows were painted; a pause of 80 to 140 ms between messages")
    if late:
        yield Distribution("from the 250 to painted", "ms", late, "p50 ≤ 30, p99 ≤ 150")


def _watch(chromium: Any, site: Site, held: Held) -> tuple[dict[str, float], dict[str, float]]:
    """When each message was answered and when it was painted, by subject, in ms since the epoch."""
    context = chromium.new_context()
    context.add_cookies([{"name": held.cookie_name, "value": held.cookie_value, "url": site.url}])
    page = context.new_page()
    page.goto(f"{site.url}/m/{held.mailbox_id}/")
    page.wait_for_selector("[data-testid=connection][data-state=live]", state="attached")
    page.evaluate(WATCH)
    answered: dict[str, float] = {}
    sending = threading.Thread(target=_send, args=(site, held, answered))
    sending.start()
    sending.join()
    last = next(reversed(answered))
    page.wait_for_function("subject => subject in window.painted", arg=last, timeout=10_000)
    return answered, page.evaluate("window.painted")


def _send(site: Site, held: Held, answered: dict[str, float]) -> None:
    with smtplib.SMTP(HOST, site.smtp_port) as client:
        client.ehlo()
        for number in range(MESSAGES):
            subject = f"Message number {number}"
            text = f"From: Bench <bench@bench.example>\r\nSubject: {subject}\r\n\r\nHello, {number}.\r\n"
            client.mail("bench@bench.example")
            client.rcpt(held.address)
            code, _ = client.data(text)
            answered[subject] = 1000 * time.time()
            if code != 250:
                raise RuntimeError(f"answered {code}")
            # Not in step with the frames of the screen.
            time.sleep(random.uniform(LEAST_PAUSE, MOST_PAUSE))
