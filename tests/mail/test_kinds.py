"""What a file is, whatever it is called, and what a person would want to know before opening it."""

import gzip
import io
import struct
import tarfile
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox.mail.kinds import HEAD_BYTES, TAIL_BYTES, describe

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj"
EXE = b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0" + bytes(60) + b"PE\0\0"
TEXT = b"Good morning\r\n"


def zipped(*names: str, first: bytes = b"") -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        if first:
            archive.writestr(zipfile.ZipInfo("mimetype"), first)
        for name in names:
            archive.writestr(zipfile.ZipInfo(name), b"content")
    return file.getvalue()


def tarred() -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a.txt"), io.BytesIO())
    return file.getvalue()


def compound(*names: str, more: bytes = b"") -> bytes:
    """A compound file as far as anybody looks: its mark, and entries of its directory."""
    entries = b"".join(
        name.encode("utf-16-le").ljust(64, b"\0") + struct.pack("<H", 2 * len(name) + 2) + bytes(62)
        for name in ("Root Entry", *names)
    )
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + entries + more


DOCX = zipped("[Content_Types].xml", "word/document.xml")
MACRO_DOCX = zipped("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin")

CONTENTS: list[tuple[str, bytes]] = [
    ("png", PNG),
    ("jpeg", b"\xff\xd8\xff\xe0\0\x10JFIF"),
    ("gif", b"GIF89a\x01\0\x01\0"),
    ("webp", b"RIFF\x24\0\0\0WEBPVP8 "),
    ("bmp", b"BM\x36\0\0\0\0\0\0\0\x36\0\0\0"),
    ("tiff", b"II*\0\x08\0\0\0"),
    ("heic", b"\0\0\0\x18ftypheic"),
    ("pdf", PDF),
    ("pdf", b"\r\n\r\n" + PDF),
    ("zip", zipped("a.txt")),
    ("zip", zipped()),
    ("docx", DOCX),
    ("xlsx", zipped("[Content_Types].xml", "xl/workbook.xml")),
    ("pptx", zipped("[Content_Types].xml", "ppt/presentation.xml")),
    ("odt", zipped("content.xml", first=b"application/vnd.oasis.opendocument.text")),
    ("ods", zipped("content.xml", first=b"application/vnd.oasis.opendocument.spreadsheet")),
    ("epub", zipped("a.xhtml", first=b"application/epub+zip")),
    ("jar", zipped("META-INF/MANIFEST.MF", "Main.class")),
    ("apk", zipped("AndroidManifest.xml", "classes.dex", "META-INF/MANIFEST.MF")),
    ("doc", compound("WordDocument")),
    ("xls", compound("Workbook")),
    ("ppt", compound("PowerPoint Document")),
    ("msg", compound("__properties_version1.0")),
    ("msi", compound("x", more=bytes.fromhex("84100c0000000000c000000000000046"))),
    ("office", compound("EncryptionInfo", "EncryptedPackage")),
    ("ole", compound("something")),
    ("rtf", b"{\\rtf1\\ansi"),
    ("exe", EXE),
    ("elf", b"\x7fELF\x02\x01\x01"),
    ("macho", b"\xcf\xfa\xed\xfe\x07\0\0\x01"),
    ("macho", b"\xca\xfe\xba\xbe\0\0\0\x02\x01\0\0\x07"),
    ("class", b"\xca\xfe\xba\xbe\0\0\0\x41\0\x10"),
    ("lnk", b"L\0\0\0\x01\x14\x02\0\0\0\0\0\xc0\0\0\0\0\0\0\x46\x9b"),
    ("iso", bytes(0x8000) + b"\x01CD001\x01"),
    ("rar", b"Rar!\x1a\x07\x01\0" + bytes(20)),
    ("7z", b"7z\xbc\xaf\x27\x1c\0\x04"),
    ("gz", gzip.compress(TEXT, mtime=0)),
    ("bz2", b"BZh91AY&SY\0\0"),
    ("xz", b"\xfd7zXZ\0\0\x04"),
    ("tar", tarred()),
    ("mp3", b"ID3\x04\0\0\0\0\0\0"),
    ("mp3", b"\xff\xfb\x90\x64\0\0"),
    ("wav", b"RIFF\x24\0\0\0WAVEfmt "),
    ("ogg", b"OggS\0\x02\0\0"),
    ("m4a", b"\0\0\0\x18ftypM4A "),
    ("mp4", b"\0\0\0\x18ftypisom"),
    ("mkv", b"\x1aE\xdf\xa3\x01\0"),
    ("html", b"<!-- saved -->\n <!DOCTYPE html><p>"),
    ("html", b"<script>alert(1)</script>"),
    ("svg", b'<?xml version="1.0"?><!-- a --><!DOCTYPE svg PUBLIC "x"><svg>'),
    ("svg", b"\xef\xbb\xbf<svg xmlns='http://www.w3.org/2000/svg'>"),
    ("xml", b"<?xml version='1.0'?><note/>"),
    ("ics", b"BEGIN:VCALENDAR\r\n"),
    ("script", b"#!/bin/sh\nrm -rf ~\n"),
    ("script", b"@echo off\r\n"),
    ("text", TEXT),
    ("text", "Größe".encode("latin-1")),
    ("text", b"\xff\xfe" + "hello".encode("utf-16-le")),
    ("text", b"\x1b[31mred\x1b[0m"),
    ("text", b"MZ is how this letter begins"),
    ("", b"\0\1\2\3 nothing known"),
    ("", b""),
]


@pytest.mark.parametrize(("kind", "content"), CONTENTS, ids=lambda value: repr(value)[:24])
def test_the_content_says_what_it_is(kind: str, content: bytes) -> None:
    assert describe("file", "application/octet-stream", content).kind == kind


@pytest.mark.parametrize(("kind", "content"), CONTENTS, ids=lambda value: repr(value)[:24])
def test_beginning_and_end_are_enough(kind: str, content: bytes) -> None:
    large = (
        content[:HEAD_BYTES] + b" " * 3 * TAIL_BYTES if kind in ("html", "text", "pdf", "png") else content
    )
    head, tail = large[:HEAD_BYTES], large[-TAIL_BYTES:]
    assert describe("file", "application/octet-stream", head, tail).kind == kind


def test_a_large_document_is_known_by_its_end() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("ppt/media/film.bin", bytes(3 * TAIL_BYTES))
        archive.writestr("[Content_Types].xml", b"")
        archive.writestr("ppt/vbaProject.bin", b"")
    sent = file.getvalue()
    seen = describe("talk.pptm", "application/octet-stream", sent[:HEAD_BYTES], sent[-TAIL_BYTES:])
    assert (seen.kind, seen.marks) == ("pptx", ("macros",))


@pytest.mark.parametrize(
    ("name", "marked"),
    [
        ("invoice.pdf.exe", True),
        ("invoice.pdf      .scr", True),
        ("photo.JPG.html", True),
        ("letter.docx.js", True),
        ("report.pdf", False),
        ("archive.tar.gz", False),
        ("notes.v2.final.docx", False),
        ("minutes.docx.pdf", False),
        ("library.min.js", False),
        ("setup.1.2.exe", False),
        ("page.html.html", False),
        ("exe", False),
        ("", False),
    ],
)
def test_a_trusted_extension_before_one_that_acts_is_marked(name: str, marked: bool) -> None:
    assert ("double-extension" in describe(name, "", b"").marks) is marked


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("setup.exe", EXE),
        ("readme.txt", EXE),
        ("a", b"\x7fELF\x02"),
        ("file-1.bin", b"\x7fELF\x02"),
        ("install.bin", b"#!/bin/sh\nrm -rf ~\n"),
        ("a.txt", b"#!/usr/bin/env python\n"),
        ("tool.jar", zipped("META-INF/MANIFEST.MF")),
        ("app.apk", zipped("AndroidManifest.xml")),
        ("disk.img", bytes(100)),
        ("disk.iso", bytes(0x8000) + b"\x01CD001\x01"),
        ("a.ps1", b"Write-Host hi"),
        ("a.vbs", b"MsgBox 1"),
        ("a.js", b"alert(1)"),
        ("a.hta", b"<html>"),
        ("a.bat", b"dir"),
        ("a.scr", EXE),
        ("a.lnk", b"L\0\0\0\x01\x14\x02\0\0\0\0\0\xc0\0\0\0\0\0\0\x46"),
        ("a.msi", compound("x", more=bytes.fromhex("84100c0000000000c000000000000046"))),
    ],
)
def test_what_can_run_is_marked(name: str, content: bytes) -> None:
    assert "executable" in describe(name, "application/octet-stream", content).marks


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.pdf", PDF),
        ("a.docx", DOCX),
        ("a.zip", zipped("setup.exe")),
        ("a.txt", TEXT),
        ("a.png", PNG),
        ("file-1.bin", b"\x00\x01 data for some program"),
        ("data.bin", TEXT),
    ],
)
def test_what_cannot_run_is_not_marked(name: str, content: bytes) -> None:
    assert describe(name, "application/octet-stream", content).marks == ()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.docm", MACRO_DOCX),
        ("a.docx", MACRO_DOCX),
        ("a.xlsm", zipped("[Content_Types].xml", "xl/workbook.xml", "xl/macrosheets/sheet1.xml")),
        ("a.doc", compound("WordDocument", "Macros", "VBA", "_VBA_PROJECT")),
        ("a.xls", compound("Workbook", "_VBA_PROJECT_CUR")),
        ("a.odt", zipped("Basic/Standard/Module1.xml", first=b"application/vnd.oasis.opendocument.text")),
        ("a.docm", b"\0\1torn"),
    ],
)
def test_a_document_with_macros_is_marked(name: str, content: bytes) -> None:
    assert "macros" in describe(name, "", content).marks


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.docx", DOCX),
        ("a.docm", DOCX),
        ("a.doc", compound("WordDocument")),
        ("a.odt", zipped("Basic/script-lc.xml", first=b"application/vnd.oasis.opendocument.text")),
        ("a.zip", zipped("notes/vbaProject.bin")),
    ],
)
def test_a_document_without_macros_is_not(name: str, content: bytes) -> None:
    assert "macros" not in describe(name, "", content).marks


@pytest.mark.parametrize(
    ("name", "declared", "content", "differs"),
    [
        ("a.pdf", "application/pdf", PDF, False),
        ("a.pdf", "application/pdf", EXE, True),
        ("a.pdf", "application/pdf", b"<html><script>", True),
        ("a.pdf", "application/pdf", b"\0\1nothing", True),
        ("a.pdf", "application/octet-stream", PNG, True),
        ("a.jpg", "image/jpeg", PNG, False),
        ("a.jpg", "image/jpeg", b"<svg>", True),
        ("a.mp3", "audio/mpeg", b"\0\0\0\x18ftypM4A ", False),
        ("a.docx", "application/zip", DOCX, False),
        ("a.doc", "application/msword", DOCX, False),
        ("a.doc", "application/msword", b"{\\rtf1", False),
        ("a.xls", "application/vnd.ms-excel", b"<html><table>", True),
        ("a.csv", "application/vnd.ms-excel", b"a;b\r\n", False),
        ("a.txt", "text/plain", b"<p>", False),
        ("a.txt", "text/plain", EXE, True),
        ("a.zip", "application/zip", zipped("a"), False),
        ("a.zip", "application/zip", b"Rar!\x1a\x07\x01\0", True),
        ("photo", "image/jpeg", EXE, True),
        ("photo", "image/jpeg", b"\xff\xd8\xff\xe0", False),
        ("photo.jxl", "image/jxl", b"\xff\x0a\0\0", False),
        ("run.exe", "image/png", EXE, True),
        ("run.exe", "application/octet-stream", EXE, False),
        ("run.bat", "image/png", b"@echo off", True),
        ("data", "application/octet-stream", b"\0\1", False),
        ("data.xyz", "chemical/x-xyz", TEXT, False),
        ("empty.pdf", "application/pdf", b"", False),
    ],
)
def test_a_content_that_is_not_what_it_is_called_is_marked(
    name: str, declared: str, content: bytes, differs: bool
) -> None:
    assert ("type-differs" in describe(name, declared, content).marks) is differs


def locked_zip() -> bytes:
    sent = bytearray(zipped("a.txt"))
    sent[6] |= 1
    sent[sent.index(b"PK\1\2") + 8] |= 1
    return bytes(sent)


def rar5(*headers: bytes) -> bytes:
    return b"Rar!\x1a\x07\x01\0" + b"".join(bytes(4) + bytes([len(header)]) + header for header in headers)


RAR_MAIN = b"\x01\x00\x00"
RAR_FILE = b"\x02\x01\x03" + b"fields"
RAR_FILE_OPEN = RAR_FILE + b"\x02\x03x"
RAR_FILE_LOCKED = RAR_FILE + b"\x02\x01x"
RAR_4 = b"Rar!\x1a\x07\0" + b"\0\0\x73%s\0\x0d\0" + bytes(6)


@pytest.mark.parametrize(
    ("name", "content", "locked"),
    [
        ("a.zip", locked_zip(), True),
        ("a.zip", locked_zip()[:60], True),
        ("a.zip", zipped("a.txt"), False),
        ("a.docx", compound("EncryptionInfo", "EncryptedPackage"), True),
        ("a.rar", rar5(b"\x04\0\0"), True),
        ("a.rar", rar5(RAR_MAIN, RAR_FILE_LOCKED), True),
        ("a.rar", rar5(RAR_MAIN, RAR_FILE_OPEN), False),
        ("a.rar", RAR_4 % b"\x80", True),
        ("a.rar", RAR_4 % b"\0" + b"\0\0\x74\x04\0", True),
        ("a.rar", RAR_4 % b"\0" + b"\0\0\x74\x00\0", False),
        ("a.7z", b"7z\xbc\xaf\x27\x1c\0\x04" + bytes(40) + b"\x24\x06\xf1\x07\x01\x0a", True),
        ("a.7z", b"7z\xbc\xaf\x27\x1c\0\x04" + bytes(40), False),
    ],
)
def test_what_is_locked_with_a_password_is_marked(name: str, content: bytes, locked: bool) -> None:
    assert ("encrypted-archive" in describe(name, "", content).marks) is locked


@pytest.mark.parametrize(
    ("name", "declared", "content", "preview"),
    [
        ("a.exe", "application/x-msdownload", PNG, "picture"),
        ("a.png", "image/png", EXE, ""),
        ("a.png", "image/png", b"<svg>", "text"),
        ("a.html", "text/html", b"<!doctype html>", "text"),
        ("a.pdf", "application/pdf", PDF, "pdf"),
        ("a.csv", "text/plain", b"a,b\n", "table"),
        ("list", "text/csv", b"a,b\n", "table"),
        ("a.mp3", "audio/mpeg", b"ID3\x04\0\0", "audio"),
        ("a.webm", "video/webm", b"\x1aE\xdf\xa3", "video"),
        ("a.ogv", "video/ogg", b"OggS\0", "video"),
        ("a.zip", "application/zip", zipped("a"), "archive"),
        ("a.docx", "", DOCX, ""),
        ("a.rar", "", b"Rar!\x1a\x07\x01\0", ""),
    ],
)
def test_a_file_is_looked_at_as_what_it_is(name: str, declared: str, content: bytes, preview: str) -> None:
    assert describe(name, declared, content).preview == preview


@given(
    st.text(max_size=60),
    st.text(max_size=30),
    st.sampled_from([content for _, content in CONTENTS]),
    st.data(),
)
def test_no_file_raises(name: str, declared: str, content: bytes, data: st.DataObject) -> None:
    damaged = bytearray(content)
    for _ in range(data.draw(st.integers(0, 6))):
        if damaged:
            damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(damaged[: data.draw(st.integers(0, len(damaged)))])
    describe(name, declared, cut)
    describe(name, declared, cut[:50], cut[-50:])
