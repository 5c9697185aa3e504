"""Files as something to look at: by the worker's own rules, and refused rather than broken."""

import gzip
import io
import json
import zipfile
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from inbox.mail.jobs import JOBS
from inbox.mail.previews import LONGEST_CELL, LONGEST_PAGE_SIDE, MOST_COLUMNS, MOST_ROWS, TEXT_BYTES, preview
from tests.mail.shut_in import shut_in

SCRIPT = b"/OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >>"


def pdf(*sizes: tuple[float, float], more: bytes = b"") -> bytes:
    """Pages of these sizes, each with a black square in its lower left quarter."""
    kids = b" ".join(b"%d 0 R" % (3 + number) for number in range(len(sizes)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R " + more + b" >>",
        b"<< /Type /Pages /Kids [" + kids + b"] /Count %d >>" % len(sizes),
    ]
    for width, height in sizes:
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %f %f] /Contents %d 0 R >>"
            % (width, height, 3 + len(sizes))
        )
    drawing = b"0 0 0 rg 0 0 50 50 re f"
    objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(drawing), drawing))
    return written_pdf(objects)


def written_pdf(objects: list[bytes], trailer: bytes = b"") -> bytes:
    out, offsets = bytearray(b"%PDF-1.7\n"), []
    for number, content in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<< /Size %d /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF\n" % (
        len(objects) + 1,
        trailer,
        start,
    )
    return bytes(out)


def locked_pdf() -> bytes:
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [] /Count 0 >>"]
    objects.append(b"<< /Filter /Standard /V 1 /R 2 /P -4 /O <%s> /U <%s> >>" % (b"11" * 32, b"22" * 32))
    return written_pdf(objects, b"/Encrypt 3 0 R /ID [<00> <00>]")


def shown(source: bytes, how: str, **arguments: Any) -> tuple[dict[str, Any], bytes]:
    return preview({"as": how, **arguments}, source)


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


def png() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (30, 20), (255, 0, 0)).save(file, "PNG")
    return file.getvalue()


def zipped(*names: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, b"content")
    return file.getvalue()


def test_a_picture_is_drawn() -> None:
    described, content = shown(png(), "picture")
    assert described == {"content_type": "image/png", "width": 30, "height": 20}
    assert opened(content).size == (30, 20)


def test_a_page_of_a_pdf_is_drawn() -> None:
    described, content = shown(pdf((100, 100), (200, 100)), "pdf", page=1)
    assert described == {"content_type": "image/png", "width": 400, "height": 200, "page": 1, "pages": 2}
    page = opened(content)
    assert (page.format, page.getpixel((20, 180)), page.getpixel((390, 10))) == (
        "PNG",
        (0, 0, 0),
        (255, 255, 255),
    )


@pytest.mark.parametrize("size", [(612, 792), (14_400, 14_400), (200_000, 100), (0.5, 0.5)])
def test_a_page_of_any_size_is_at_most_so_large(size: tuple[float, float]) -> None:
    described, content = shown(pdf(size), "pdf")
    assert "refused" in described or max(opened(content).size) <= LONGEST_PAGE_SIDE + 1


def test_a_script_in_a_pdf_is_left_alone() -> None:
    described, _ = shown(pdf((100, 100), more=SCRIPT), "pdf")
    assert described["pages"] == 1


@pytest.mark.parametrize(
    ("source", "page", "reason"),
    [
        (b"", 0, "damaged"),
        (b"%PDF-1.7", 0, "damaged"),
        (b"not a pdf", 0, "damaged"),
        (pdf(), 0, "damaged"),
        (pdf((100, 100)), 1, "unknown"),
        (pdf((100, 100)), -1, "unknown"),
        (pdf((100, 100))[:60], 0, "damaged"),
        (locked_pdf(), 0, "encrypted"),
    ],
)
def test_a_pdf_that_cannot_be_shown_is_refused(source: bytes, page: int, reason: str) -> None:
    assert shown(source, "pdf", page=page) == ({"refused": reason}, b"")


def test_text_is_decoded_as_its_part_says() -> None:
    assert shown("Größe".encode("utf-16-le"), "text", charset="utf-16-le")[1].decode() == "Größe"
    assert shown("Größe".encode("latin-1"), "text", charset="iso-8859-1")[1].decode() == "Größe"


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16"])
def test_a_mark_at_the_beginning_tells_the_charset(codec: str) -> None:
    described, content = shown("Größe\r\n大".encode(codec), "text", charset="us-ascii")
    assert (described["is_guessed"], content.decode()) == (False, "Größe\n大")


def test_of_a_long_text_the_beginning_is_shown() -> None:
    described, content = shown(b"a" * (TEXT_BYTES + 1), "text")
    assert (described["is_cut"], len(content)) == (True, TEXT_BYTES)


def test_a_page_of_html_is_shown_as_its_source() -> None:
    assert shown(b"<script>alert(1)</script>\0", "text")[1] == b"<script>alert(1)</script>"


@pytest.mark.parametrize(
    ("source", "rows"),
    [
        (b"a,b\r\n1,2\r\n", [["a", "b"], ["1", "2"]]),
        (b"a;b\n1,5;2,5\n", [["a", "b"], ["1,5", "2,5"]]),
        (b"a\tb\n1\t2\n", [["a", "b"], ["1", "2"]]),
        (b"a|b|c\n1|2|3\n", [["a", "b", "c"], ["1", "2", "3"]]),
        (b'name,note\n"Smith, J","two\nlines"\n', [["name", "note"], ["Smith, J", "two\nlines"]]),
        (b"one column\nonly\n", [["one column"], ["only"]]),
        (b"a,b\n\n1,2", [["a", "b"], ["1", "2"]]),
    ],
)
def test_a_table_is_read_as_it_was_written(source: bytes, rows: list[list[str]]) -> None:
    described, content = shown(source, "table")
    assert json.loads(content) == rows
    assert (described["rows"], described["is_cut"]) == (len(rows), False)


def test_a_table_is_bounded_every_way() -> None:
    described, content = shown(b"\n".join([b"x" * 600 + b",y" * 80] * (MOST_ROWS - 200)), "table")
    rows = json.loads(content)
    assert (len(rows[0]), len(rows[0][0]), described["is_cut"]) == (MOST_COLUMNS, LONGEST_CELL, True)
    described, content = shown(b"a,b\n" * (MOST_ROWS + 1), "table")
    assert (len(json.loads(content)), described["is_cut"]) == (MOST_ROWS, True)


def test_one_endless_quoted_cell_is_cut() -> None:
    described, content = shown(b'a,"' + b"x" * 2 * TEXT_BYTES, "table")
    assert (described["rows"], described["is_cut"], len(json.loads(content)[0][1])) == (1, True, LONGEST_CELL)


def test_an_archive_is_listed() -> None:
    described, content = shown(zipped("a.txt", "b/c.txt"), "archive")
    assert described == {"entries": 2, "is_cut": False}
    assert [entry["name"] for entry in json.loads(content)] == ["a.txt", "b/c.txt"]


def test_a_packed_file_is_listed_by_its_name() -> None:
    assert json.loads(shown(gzip.compress(b"x"), "archive", name="log.txt.gz")[1])[0]["name"] == "log.txt"


@pytest.mark.parametrize("how", ["picture", "pdf", "text", "table", "archive", "audio", "", "none of ours"])
def test_nothing_and_rubbish_are_refused(how: str) -> None:
    for source in (b"", b"\0" * 2000, b"\x89PNG\r\n\x1a\n" + b"\xff" * 100):
        described, content = shown(source, how)
        if how not in ("text", "table") or not source:
            assert described["refused"] in ("damaged", "unknown", "empty")
            assert content == b""


def test_the_worker_knows_them() -> None:
    assert JOBS["preview"]({"as": "text"}, b"hello") == ({"is_cut": False, "is_guessed": False}, b"hello")
    assert JOBS["picture"]({}, png())[0]["content_type"] == "image/png"


SHUT_IN = [
    ("picture", png(), b"image/png"),
    ("pdf", pdf((612, 792)), b"image/png"),
    ("text", "Größe".encode("shift_jis", "replace"), b"is_cut"),
    ("table", b"a;b\n1;2\n", b"columns"),
    ("archive", zipped("a.txt"), b"entries"),
    ("archive", gzip.compress(b"x"), b"entries"),
]


@pytest.mark.parametrize(("how", "source", "expected"), SHUT_IN, ids=lambda value: str(value)[:10])
def test_each_works_where_no_file_can_be_opened(how: str, source: bytes, expected: bytes) -> None:
    described = shut_in(f"print(previews.preview({{'as': {how!r}}}, content)[0])", source, modules="previews")
    assert expected in described


def test_text_in_a_pdf_is_drawn_without_a_font_file() -> None:
    font = b"<< /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >>"
    text = b"BT /F1 24 Tf 10 10 Td (Hello) Tj ET"
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 99 50] /Resources %s /Contents 4 0 R >>" % font
    stream = b"<< /Length %d >>\nstream\n%s\nendstream" % (len(text), text)
    source = written_pdf(
        [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>", page, stream]
    )
    drawn = shut_in(
        "sys.stdout.buffer.write(previews.preview({'as': 'pdf'}, content)[1])", source, modules="previews"
    )
    assert opened(drawn).convert("L").getextrema()[0] < 60


@pytest.mark.parametrize("how", ["picture", "pdf", "archive"])
def test_where_memory_ends_the_file_is_refused(how: str) -> None:
    image = io.BytesIO()
    Image.new("RGB", (6000, 6000)).save(image, "PNG", compress_level=1)
    source = {
        "picture": image.getvalue(),
        "pdf": b"%PDF-1.7" + bytes(1000),
        "archive": b"PK\3\4" + bytes(1000),
    }[how]
    code = f"print(previews.preview({{'as': {how!r}}}, content)[0]['refused'])"
    assert shut_in(code, source, modules="previews", megabytes=40).strip() in (b"too-large", b"damaged")


@given(
    st.sampled_from(
        [("picture", png()), ("pdf", pdf((50, 50))), ("archive", zipped("a", "b")), ("table", b"a,b\n")]
    ),
    st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 255)), max_size=10),
)
def test_no_damage_is_a_fault(what: tuple[str, bytes], damage: list[tuple[int, int]]) -> None:
    how, source = what
    damaged = bytearray(source)
    for position, byte in damage:
        damaged[position % len(damaged)] = byte
    described, content = shown(bytes(damaged), how)
    assert ("refused" in described) == (content == b"")
