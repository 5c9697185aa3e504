"""For all bytes: nothing raises, what comes out is valid, and time stays in proportion."""

import os
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inbox.mail import Parsed, attachment_pieces, frame_document, read, safe_file_name, summarise
from inbox.mail.html import _clean
from inbox.mail.markup import filter_attribute
from inbox.mail.parse import NOTE_RAW
from inbox.mail.styles import filter_style
from inbox.mail.tags import strip_tags
from tests.mail.corpus import MESSAGES
from tests.mail.test_html import judge
from tests.mail.vectors import VECTORS

# More of them for a night: FUZZ_EXAMPLES=20000.
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "150"))
relaxed = settings(deadline=2000, max_examples=EXAMPLES, suppress_health_check=[HealthCheck.too_slow])

# Random bytes seldom look like mail; words of mail's alphabet, put together at random, do.
MAIL_WORDS = """
: ; = -- --b --b-- < > From: Subject: To: Date: Content-Type: text/plain text/html multipart/mixed
multipart/alternative message/rfc822 ;boundary=b ;charset= utf-8 iso-2022-jp utf-7 utf-16 base64
quoted-printable x-uuencode attachment ;filename= ;filename*0*=utf-8'' %C3 =?utf-8?B? =?utf-8?Q? ?= w7w
=C3=BC +2D8- a@b.example , ( ) @ word Content-Transfer-Encoding: Content-Disposition: Content-ID:
""".split()  # noqa: SIM905 - read as a list of words, not of quotes
WORDS = [
    *(word.encode() for word in MAIL_WORDS),
    *(b"\r\n", b"\n", b"\r", b"\r\n\r\n", b" ", b"\t", b'"', b"\\", b"\x00", b"\xff", b"\xc3\xbc", b"\x1b$B"),
    *(b"x" * 200, b"begin 644 x\n", b"M" + b"A" * 60 + b"\n"),
]
mail_like = st.lists(st.sampled_from(WORDS), max_size=80).map(b"".join)
HTML_WORDS = """
< > / = " ' & ; # a b p div table td tr img font style <p> </p> <div> </div> <table> <td> </table> <b> </b>
<li> <!-- --> <script> </script> <style> </style> <title> <svg> <math> <textarea> javascript: cid:x #x
https://x.example data:image/png;base64, onerror= style= color:red url( ) expression( \\ é &#x3c; &lt;
&#106; background: <select> <noscript> </noscript> <template> <a>
""".split()  # noqa: SIM905
MARKUP = [*HTML_WORDS, " ", "\0", "\u202e", "<body ", "<a href=", "<img src=", "<td bgcolor="]
html_like = st.lists(st.sampled_from(MARKUP), max_size=60).map("".join)


def check(source: bytes) -> None:
    summary = summarise(source)
    for text in (summary.sender_name, summary.sender_address, summary.subject, summary.snippet):
        text.encode()
        assert "\n" not in text
        assert "\0" not in text
    parsed = read(source)
    check_parsed(parsed)
    for attachment in parsed.attachments:
        pieces = list(attachment_pieces(source, attachment.index))
        assert sum(map(len, pieces)) == attachment.size_bytes


def check_parsed(parsed: Parsed) -> None:
    assert NOTE_RAW not in parsed.notes
    assert parsed.text.strip()
    texts = [parsed.text, parsed.html, parsed.subject, parsed.recipients, parsed.cc, str(parsed.sender)]
    texts += [text for field in parsed.headers for text in field]
    texts += [one.name for one in parsed.attachments]
    for text in texts:
        text.encode()
        assert "\0" not in text
    assert all(one.name == safe_file_name(one.name) for one in parsed.attachments)


@relaxed
@given(st.binary(max_size=2000))
def test_any_bytes_have_a_row_and_open(source: bytes) -> None:
    check(source)


@relaxed
@given(mail_like)
def test_anything_like_mail_has_a_row_and_opens(source: bytes) -> None:
    check(source)


@relaxed
@given(st.sampled_from(list(MESSAGES.values())), st.data())
def test_a_message_cut_anywhere_has_a_row_and_opens(source: bytes, data: st.DataObject) -> None:
    source = source[:20_000]
    at = data.draw(st.integers(0, len(source)))
    check(source[:at])
    check(source[at:])


@relaxed
@given(html_like)
def test_any_markup_is_harmless_in_the_frame(html: str) -> None:
    document = frame_document(html, inline_image=lambda _content_id: None)
    body = document[document.index("<body>") + 6 : document.index("</body></html>")]
    judge(body[body.index(">") + 1 : body.rindex("</div>")])


@relaxed
@given(html_like)
def test_cleaning_any_markup_twice_is_cleaning_it_once(html: str) -> None:
    document = frame_document(html, inline_image=lambda _content_id: None)
    body = document[document.index("<body>") + 6 : document.index("</body></html>")]
    once = body[body.index(">") + 1 : body.rindex("</div>")]
    if "letter plain" not in body:  # else it is text, escaped by us
        assert _clean(once) == once


@relaxed
@given(html_like)
def test_any_markup_gives_text(html: str) -> None:
    strip_tags(html).encode("utf-8", "surrogatepass")


@relaxed
@given(st.text(alphabet="abcurlexpsion:;()\\/*'\"@#!{}<>0, -", max_size=100))
def test_filtering_a_style_twice_is_filtering_it_once(style: str) -> None:
    once = filter_style(style)
    assert filter_style(once) == once
    assert "url(" not in once.lower()
    assert "expression(" not in once.lower()
    assert not set(once) & set("\\@{}<>")


@relaxed
@given(st.sampled_from(["href", "id", "name", "bgcolor", "width", "face", "dir"]), st.text(max_size=60))
def test_filtering_an_attribute_twice_is_filtering_it_once(name: str, value: str) -> None:
    once = filter_attribute(name, value)
    if once is not None:
        assert filter_attribute(name, once) == once


@relaxed
@given(st.text(max_size=400))
def test_any_name_is_made_fit(name: str) -> None:
    safe = safe_file_name(name)
    assert 0 < len(safe) <= 120
    assert len(safe.encode()) <= 255
    assert not set(safe) & set('/\\\0\r\n:*?"<>|')
    assert safe not in (".", "..")
    assert safe_file_name(safe) == safe


UNITS = {
    "header lines": b"X: y\r\n",
    "folded lines": b" y\r\n",
    "no colons": b"abcd\r\n",
    "commas": b",",
    "brackets": b"(",
    "angles": b"<",
    "quotes": b'"\\',
    "encoded words": b"=?utf-8?q?a?= ",
    "words never closed": b"=?a?b?",
    "line ends": b"\r\n",
    "returns": b"\r",
    "parts": b"--b\r\n\r\nh\r\n",
    "almost delimiters": b"--bx\r\n",
    "dashes": b"-",
    "padding": b"a=",
    "equals": b"=",
    "blank soft breaks": b"= ",
    "tags": b"<p>",
    "open tags": b"<a ",
    "comments": b"<!--",
    "scripts": b"<script>",
    "quotes in tags": b"<a b='\"",
    "entities": b"&#1",
    "links": b"http://",
    "addresses": b"a@b.",
    "high bytes": b"\xff",
    "NUL": b"\0",
    "escapes": b"\x1b$B",
}
PLACES = {
    "header": b"From: a@b\r\nTo: ",
    "subject": b"From: a@b\r\nSubject: ",
    "text": b"From: a@b\r\n\r\n",
    "html": b"From: a@b\r\nContent-Type: text/html\r\n\r\n",
    "parts": b"From: a@b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n",
    "base64": b"From: a@b\r\nContent-Type: x/y\r\nContent-Transfer-Encoding: base64\r\n\r\n",
    "quoted-printable": b"Content-Type: x/y\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n",
    "parameters": b"From: a@b\r\nContent-Type: text/plain; name=",
}


@pytest.mark.parametrize("place", list(PLACES))
@pytest.mark.parametrize("unit", list(UNITS))
def test_half_a_megabyte_of_anything_anywhere_is_quick(place: str, unit: str) -> None:
    source = PLACES[place] + UNITS[unit] * (500_000 // len(UNITS[unit]))
    began = time.thread_time()
    summarise(source)
    row_took = time.thread_time() - began
    parsed = read(source)
    opening_took = time.thread_time() - began - row_took
    assert row_took < 0.25
    assert opening_took < 1.5
    check_parsed(parsed)


@relaxed
@given(st.lists(st.sampled_from(VECTORS), min_size=2, max_size=4))
def test_vectors_side_by_side_are_harmless_too(vectors: list[str]) -> None:
    document = frame_document("".join(vectors), inline_image=lambda _content_id: None)
    body = document[document.index("<body>") + 6 : document.index("</body></html>")]
    judge(body[body.index(">") + 1 : body.rindex("</div>")])
