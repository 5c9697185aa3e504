"""File names that a sender chose."""

import pytest

from inbox.mail import safe_file_name
from inbox.mail.names import default_file_name


@pytest.mark.parametrize(
    ("sent", "safe"),
    [
        ("report.pdf", "report.pdf"),
        ("Grüße 2026.pdf", "Grüße 2026.pdf"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\windows\\system32\\x.dll", "x.dll"),
        ("C:\\Users\\x\\a.txt", "a.txt"),
        ("/etc/", "etc"),
        ("..", "unnamed"),
        (".", "unnamed"),
        ("", "unnamed"),
        ("   ", "unnamed"),
        ("\0\x01\x02", "unnamed"),
        (".bashrc", "bashrc"),
        ("a\0b.txt", "ab.txt"),
        ("a\r\nSet-Cookie: x.txt", "a Set-Cookie_ x.txt"),
        ('a"b<c>d|e?f*g.txt', "a_b_c_d_e_f_g.txt"),
        ("gpj.\u202eexe", "gpj.exe"),
        ("invoice\u200b.pdf\u2066.exe", "invoice.pdf.exe"),
        ("CON", "_CON"),
        ("con.txt", "_con.txt"),
        ("aux.tar.gz", "_aux.tar.gz"),
        ("LPT1.pdf", "_LPT1.pdf"),
        ("nul", "_nul"),
        ("console.txt", "console.txt"),
        ("name. . .", "name"),
        ("name.pdf.", "name.pdf"),
        ("no extension", "no extension"),
        ("\ud800.txt", "txt"),
    ],
)
def test_a_name_is_made_fit(sent: str, safe: str) -> None:
    assert safe_file_name(sent) == safe


@pytest.mark.parametrize("length", [119, 120, 121, 300, 100_000])
def test_a_long_name_is_cut_and_keeps_its_extension(length: int) -> None:
    name = safe_file_name("n" * length + ".tar.pdf")
    assert len(name) <= 120
    assert name.endswith(".pdf")
    wide = safe_file_name("名" * length + ".pdf")
    assert len(wide.encode()) <= 255
    assert wide.endswith(".pdf")


def test_an_endless_extension_is_part_of_the_name() -> None:
    assert len(safe_file_name("a." + "b" * 5000)) == 120


def test_a_part_without_a_name_gets_one_by_its_type() -> None:
    assert default_file_name("application/pdf", 2) == "file-2.pdf"
    assert default_file_name("message/rfc822", 1) == "message-1.eml"
    assert default_file_name("image/x-icon", 1) == "file-1.icon"
    assert default_file_name("image/../../x", 1) == "file-1.bin"
    assert default_file_name("application/octet-stream", 1) == "file-1.bin"
    assert default_file_name("text/rtf", 1) == "file-1.rtf"
    assert default_file_name("text/xml", 1) == "file-1.xml"
    assert default_file_name("application/xhtml+xml", 1) == "file-1.xhtml"
    assert default_file_name("message/feedback-report", 1) == "file-1.txt"
