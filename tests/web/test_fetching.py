"""Remote pictures are fetched for a reader, and nothing that a letter says makes this server go elsewhere."""

import asyncio
import gzip
import io
import re
import socket
import struct
import zlib
from collections.abc import AsyncIterator, Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from inbox.fetching import MOST_BYTES, FetchRefused, fetch, fetch_picture, read_url
from inbox.public_addresses import is_public
from inbox.resolver import Resolver, servers
from tests.nameserver import NameServer, Question, name_server
from tests.websites import Website, certified, website


def png(width: int = 20, height: int = 10) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width, height), (255, 0, 0)).save(file, "PNG")
    return file.getvalue()


def png_of(width: int, height: int) -> bytes:
    """A picture that says it is so large, and is a few bytes."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(99)))


class InTurn(dict[Question, list[str]]):
    """Records that are different each time they are asked for; the last ones stay."""

    def __init__(self, answers: dict[Question, list[list[str]]]) -> None:
        super().__init__({question: turns[0] for question, turns in answers.items()})
        self._answers = answers

    def get(self, question: Question, default: Any = None) -> Any:  # type: ignore[override]
        turns = self._answers.get(question)
        if turns is None:
            return default
        return turns.pop(0) if len(turns) > 1 else turns[0]


@pytest.fixture
def names() -> Iterator[NameServer]:
    with name_server() as known:
        yield known


@pytest.fixture
def resolver(names: NameServer) -> Iterator[Resolver]:
    asking = Resolver(servers(names.setting))
    yield asking
    asking.close()


@pytest.fixture
async def site() -> AsyncIterator[Website]:
    async with website() as running:
        yield running


async def refusal(url: str, resolver: Resolver, *, allow_loopback: bool = True, **more: Any) -> str:
    with pytest.raises(FetchRefused) as refused:
        await fetch(url, resolver=resolver, allow_loopback=allow_loopback, **more)
    return refused.value.reason


# Pictures that arrive


async def test_a_picture_arrives(site: Website, resolver: Resolver) -> None:
    url = site.show("/logo.png?a=1&b=%20", png())
    assert await fetch(url, resolver=resolver, allow_loopback=True) == png()


async def test_a_picture_is_drawn_anew_in_a_worker(site: Website, resolver: Resolver) -> None:
    url = site.show("/logo.png", png() + b"whatever hides behind it")
    picture = await fetch_picture(url, resolver=resolver, reader="one", allow_loopback=True)
    assert (picture.content_type, picture.width, picture.height) == ("image/png", 20, 10)
    assert b"whatever" not in picture.content


async def test_the_sender_learns_nothing_of_the_reader(site: Website, resolver: Resolver) -> None:
    await fetch(site.show("/a.png", png()), resolver=resolver, allow_loopback=True)
    (request,) = site.requests
    fields = {line.split(b":")[0].lower() for line in request.split(b"\r\n")[1:] if line}
    assert fields == {b"host", b"user-agent", b"accept", b"accept-encoding", b"connection"}
    assert b"Accept-Encoding: identity\r\n" in request


async def test_a_name_is_asked_for_once_and_under_its_own_name(
    site: Website, names: NameServer, resolver: Resolver
) -> None:
    names.records["pictures.example", "A"] = ["127.0.0.1"]
    site.show("/a.png", png())
    url = f"http://Pictures.Example.:{site.port}/a.png#top"
    assert await fetch(url, resolver=resolver, allow_loopback=True) == png()
    assert sorted(names.asked) == [("pictures.example", "A"), ("pictures.example", "AAAA")]
    assert f"Host: pictures.example:{site.port}\r\n".encode() in site.requests[0]


async def test_a_name_in_other_letters_is_asked_for_as_the_dns_has_it(
    site: Website, names: NameServer, resolver: Resolver
) -> None:
    names.records["xn--bcher-kva.example", "A"] = ["127.0.0.1"]
    site.show("/gr%C3%BC%C3%9Fe.png", png())
    url = f"http://Bücher.example:{site.port}/grüße.png"
    assert await fetch(url, resolver=resolver, allow_loopback=True) == png()


async def test_a_second_address_is_tried_where_the_first_is_dead(
    site: Website, names: NameServer, resolver: Resolver
) -> None:
    names.records["pictures.example", "A"] = ["127.0.0.9", "127.0.0.1"]
    site.show("/a.png", png())
    url = f"http://pictures.example:{site.port}/a.png"
    assert await fetch(url, resolver=resolver, allow_loopback=True) == png()


async def test_a_picture_without_length_or_in_chunks_arrives(site: Website, resolver: Resolver) -> None:
    picture = png()
    site.pages["/close.png"] = b"HTTP/1.0 200 OK\r\n\r\n" + picture
    chunks = b"%x\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n" % (5, picture[:5], len(picture) - 5, picture[5:])
    site.pages["/chunks.png"] = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks
    for path in ("/close.png", "/chunks.png"):
        assert await fetch(site.url + path, resolver=resolver, allow_loopback=True) == picture


async def test_the_declared_type_is_not_believed_either_way(site: Website, resolver: Resolver) -> None:
    honest = site.show("/a", png(), "Content-Type: text/html")
    lying = site.show("/b", b"<html>" + bytes(100), "Content-Type: image/png")
    assert await fetch(honest, resolver=resolver, allow_loopback=True) == png()
    assert await refusal(lying, resolver) == "not-a-picture"


# Where it may go


CLOSED = """
    0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.100.100.200 100.127.255.255 127.0.0.1 127.9.9.9
    168.63.129.16 169.254.0.1 169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.1 192.0.0.192 192.0.2.1
    192.88.99.1 192.168.1.1 198.18.0.1 198.19.255.255 198.51.100.7 203.0.113.9 224.0.0.1 239.255.255.255
    240.0.0.1 255.255.255.255
    :: ::1 ::7f00:1 ::ffff:127.0.0.1 ::ffff:8.8.8.8 ::ffff:0:8.8.8.8 64:ff9b::7f00:1 64:ff9b::808:808
    64:ff9b:1::1 100::1 2001::1 2001:0:7f00:1:: 2001:2::1 2001:10::1 2001:20::1 2001:db8::1 2002:7f00:1::
    2002:808:808::1 3fff::1 5f00::1 fc00::1 fd00:ec2::254 fe80::1 fe80::1%eth0 fec0::1 ff02::1 4000::1
"""
OPEN = """
    1.1.1.1 8.8.8.8 100.63.255.255 100.128.0.0 172.15.0.1 172.32.0.1 192.0.1.1 198.17.0.1 198.20.0.1
    223.255.255.255 2001:200::1 2606:4700::1111 2a00:1450:4001::1 2001:4860:4860::8888
"""


@pytest.mark.parametrize("address", CLOSED.split())
async def test_an_address_that_is_not_public_is_refused(address: str, resolver: Resolver) -> None:
    assert not is_public(ip_address(address))
    host = f"[{address}]" if ":" in address else address
    assert await refusal(f"http://{host}/a.png", resolver, allow_loopback=False) in ("private", "name")


@pytest.mark.parametrize("address", OPEN.split())
def test_a_public_address_is_not(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("ftp://pictures.example/a.png", "scheme"),
        ("file:///etc/passwd", "scheme"),
        ("gopher://127.0.0.1:70/_", "scheme"),
        ("data:image/png;base64,AAAA", "scheme"),
        ("//pictures.example/a.png", "scheme"),
        ("", "scheme"),
        ("http://pictures.example:22/", "port"),
        ("http://pictures.example:8080/", "port"),
        ("http://pictures.example:0/", "port"),
        ("http://pictures.example:99999/", "url"),
        ("http://pictures.example:x/", "url"),
        ("http://user@pictures.example/", "userinfo"),
        ("http://user:word@pictures.example/", "userinfo"),
        ("http://@pictures.example/", "userinfo"),
        ("http://pictures.example\\@127.0.0.1/", "userinfo"),
        ("http:///a.png", "name"),
        ("http://localhost/", "name"),
        ("http://LOCALHOST./", "name"),
        ("http://printer.local/", "name"),
        ("http://metadata.google.internal/", "name"),
        ("http://a.localhost/", "name"),
        ("http://4.3.2.1.in-addr.arpa/", "name"),
        ("http://hidden.onion/", "name"),
        ("http://intranet/", "name"),
        ("http://a..b.example/", "name"),
        ("http://127.0.0.1\\.pictures.example/", "name"),
        ("http://%31%32%37.0.0.1/", "name"),
        ("http://a%2eexample/", "name"),
        ("http://a_b.example:80:80/", "url"),
        ("http://pict ures.example/", "name"),
        ("http://2130706433/", "name"),
        ("http://0x7f000001/", "name"),
        ("http://0x7f.1/", "name"),
        ("http://127.1/", "name"),
        ("http://0177.0.0.1/", "name"),
        ("http://127.0.0.1.0x/", "name"),
        ("http://[::1/", "url"),
        ("http://[::1%25eth0]/", "private"),
        ("http://[v1.x]/", "name"),
        (f"http://{'a' * 254}.example/", "name"),
        (f"http://{'ü' * 2000}.example/", "name"),
        ("http://xn--.example\u3002/" + "a" * 9000, "url"),
    ],
)
async def test_an_address_in_doubt_is_refused_before_anybody_is_asked(
    url: str, reason: str, names: NameServer, resolver: Resolver
) -> None:
    found = await refusal(url, resolver, allow_loopback=False)
    assert (found, names.asked) == (reason, [])


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1/", "http://１２７.０.０.１/", "http://127。0。0。1/", "http://127.0.0.1./"]
)
async def test_this_host_in_any_letters_is_this_host(url: str, resolver: Resolver) -> None:
    assert await refusal(url, resolver, allow_loopback=False) == "private"


def test_a_url_is_read_as_browsers_read_it() -> None:
    target = read_url(' \t\nHTTPS://Pictures.Example\t/a b\n/ü.png?q="x"#top\r\n')
    assert (target.scheme, target.host, target.port) == ("https", "pictures.example", 443)
    assert target.path == "/a%20b/%C3%BC.png?q=%22x%22"


@given(st.text(alphabet=st.one_of(st.sampled_from("htps:/@[]?#.%x1\\ \n-"), st.characters()), max_size=80))
def test_no_text_is_read_as_anything_but_a_place_to_ask(text: str) -> None:
    for url in (text, f"http://{text}", f"http://{text}.example/{text}", f"https://a.example/{text}"):
        try:
            target = read_url(url)
        except FetchRefused:
            continue
        assert target.port in (80, 443)
        assert target.path.startswith("/")
        assert re.fullmatch(r"[!-~]+", target.host + target.path)
        assert "@" not in target.host


@pytest.mark.parametrize(
    "record", [("A", "10.0.0.1"), ("A", "169.254.169.254"), ("AAAA", "fd00:ec2::254"), ("AAAA", "::1")]
)
async def test_a_name_that_leads_inward_is_refused(
    record: tuple[str, str], names: NameServer, resolver: Resolver
) -> None:
    kind, address = record
    names.records["pictures.example", kind] = [address]
    assert await refusal("http://pictures.example/", resolver, allow_loopback=False) == "private"


async def test_a_name_that_leads_inward_as_well_is_refused(names: NameServer, resolver: Resolver) -> None:
    names.records["pictures.example", "A"] = ["8.8.8.8", "10.0.0.1"]
    assert await refusal("http://pictures.example/", resolver) == "private"


async def test_a_name_that_leads_inward_by_another_kind_is_refused(
    names: NameServer, resolver: Resolver
) -> None:
    names.records["pictures.example", "A"] = ["8.8.8.8"]
    names.records["pictures.example", "AAAA"] = ["::ffff:a00:1"]
    assert await refusal("http://pictures.example/", resolver) == "private"


@pytest.mark.parametrize("fault", ["silent", "failing", "lying"])
async def test_a_name_server_that_does_not_answer_is_no_address(
    fault: str, names: NameServer, resolver: Resolver
) -> None:
    getattr(names, fault).add("pictures.example")
    assert await refusal("http://pictures.example/", resolver) == "unresolved"


async def test_a_name_that_turns_inward_after_it_was_looked_at_is_not_followed(
    site: Website, names: NameServer, resolver: Resolver
) -> None:
    names.records = InTurn(
        {("pictures.example", "A"): [["127.0.0.1"], ["10.0.0.1"]], ("pictures.example", "AAAA"): [[]]}
    )
    site.show("/a.png", png())
    url = f"http://pictures.example:{site.port}/a.png"
    assert await fetch(url, resolver=resolver, allow_loopback=True) == png()
    assert names.asked.count(("pictures.example", "A")) == 1


async def test_a_name_that_turns_inward_before_its_redirect_is_refused(
    site: Website, names: NameServer, resolver: Resolver
) -> None:
    names.records = InTurn(
        {("pictures.example", "A"): [["127.0.0.1"], ["10.0.0.1"]], ("pictures.example", "AAAA"): [[]]}
    )
    site.redirect("/a.png", "/b.png")
    assert await refusal(f"http://pictures.example:{site.port}/a.png", resolver) == "private"
    assert len(site.requests) == 1


# Redirects


@pytest.mark.parametrize(
    "status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"]
)
async def test_a_redirect_is_followed(status: str, site: Website, resolver: Resolver) -> None:
    site.show("/b/c.png", png())
    url = site.redirect("/b/a.png", "c.png", status)
    assert await fetch(url, resolver=resolver, allow_loopback=True) == png()


async def test_three_redirects_are_followed_and_a_fourth_is_not(site: Website, resolver: Resolver) -> None:
    for number in range(4):
        site.redirect(f"/{number}", f"/{number + 1}")
    site.show("/4", png())
    assert await fetch(f"{site.url}/1", resolver=resolver, allow_loopback=True) == png()
    assert await refusal(f"{site.url}/0", resolver) == "redirects"
    site.redirect("/round", "/round")
    assert await refusal(f"{site.url}/round", resolver) == "redirects"


@pytest.mark.parametrize(
    ("to", "reason"),
    [
        ("http://10.0.0.1/", "private"),
        ("http://169.254.169.254/latest/meta-data/", "private"),
        ("http://[fd00:ec2::254]/", "private"),
        ("http://[::ffff:127.0.0.1]/", "private"),
        ("http://8.8.8.8:8080/", "port"),
        ("//10.0.0.1/", "private"),
        ("file:///etc/passwd", "scheme"),
        ("http://user@8.8.8.8/", "userinfo"),
        ("http://[", "url"),
        ("http://localhost/", "name"),
    ],
)
async def test_a_redirect_is_looked_at_like_the_first_address(
    to: str, reason: str, site: Website, resolver: Resolver
) -> None:
    assert await refusal(site.redirect("/a.png", to), resolver) == reason


async def test_a_redirect_to_this_host_is_refused_where_tests_do_not_allow_it(
    site: Website, names: NameServer, resolver: Resolver
) -> None:
    names.records["pictures.example", "A"] = ["127.0.0.1"]
    site.redirect("/a.png", f"http://pictures.example:{site.port}/b.png")
    assert await refusal(f"{site.url}/a.png", resolver, allow_loopback=False) == "port"
    assert await refusal("http://pictures.example/a.png", resolver, allow_loopback=False) == "private"
    assert site.requests == []


async def test_a_redirect_without_a_place_is_refused(site: Website, resolver: Resolver) -> None:
    assert await refusal(site.show("/a.png", png(), status="302 Found"), resolver) == "status"


# What comes back


@pytest.mark.parametrize(
    "status", ["204 No Content", "206 Partial", "304 Not Modified", "403 No", "404 No", "500 No"]
)
async def test_what_is_not_plainly_there_is_refused(status: str, site: Website, resolver: Resolver) -> None:
    assert await refusal(site.show("/a.png", png(), status=status), resolver) == "status"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x89PNG",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"<?xml version='1.0'?><svg/>",
        b"<!doctype html><script>alert(1)</script>",
        b"%PDF-1.7" + bytes(100),
        b"II*\0" + bytes(100),
        b"PK\3\4" + bytes(100),
    ],
)
async def test_what_is_no_raster_picture_is_refused(
    content: bytes, site: Website, resolver: Resolver
) -> None:
    assert await refusal(site.show("/a.png", content, "Content-Type: image/png"), resolver) == "not-a-picture"


@pytest.mark.parametrize("size", [(50_000, 50_000), (2**31 - 1, 1)])
async def test_a_picture_that_is_a_bomb_is_refused(
    size: tuple[int, int], site: Website, resolver: Resolver
) -> None:
    url = site.show("/bomb.png", png_of(*size))
    with pytest.raises(FetchRefused) as refused:
        await fetch_picture(url, resolver=resolver, reader="one", allow_loopback=True)
    assert refused.value.reason == "unreadable"


async def test_what_is_packed_though_nobody_asked_is_refused(site: Website, resolver: Resolver) -> None:
    bomb = gzip.compress(png() + bytes(50_000_000))
    assert await refusal(site.show("/a.png", bomb, "Content-Encoding: gzip"), resolver) == "encoded"
    assert await refusal(site.show("/b.png", bomb), resolver) == "not-a-picture"


async def test_too_large_a_picture_is_refused_by_its_length(site: Website, resolver: Resolver) -> None:
    for length in (MOST_BYTES + 1, 10**9, 10**30):
        site.pages["/a.png"] = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % length
        assert await refusal(f"{site.url}/a.png", resolver) in ("too-large", "broken")


async def test_a_gigabyte_is_not_taken(site: Website, resolver: Resolver) -> None:
    async def endless(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n" + png())
        await site.pour(writer, bytes(100_000), 10_000)

    site.pages["/a.png"] = endless
    assert await refusal(f"{site.url}/a.png", resolver) == "too-large"
    assert site.sent_bytes < 4 * MOST_BYTES


async def test_a_head_without_end_is_not_taken(site: Website, resolver: Resolver) -> None:
    async def endless(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n")
        await site.pour(writer, b"X-Field: " + b"x" * 1000 + b"\r\n", 100_000)

    site.pages["/a.png"] = endless
    assert await refusal(f"{site.url}/a.png", resolver) == "broken"
    assert site.sent_bytes < MOST_BYTES


async def test_one_early_hint_after_the_other_ends(site: Website, resolver: Resolver) -> None:
    async def endless(writer: asyncio.StreamWriter) -> None:
        await site.pour(writer, b"HTTP/1.1 103 Early Hints\r\n\r\n", 1_000_000)

    site.pages["/a.png"] = endless
    assert await refusal(f"{site.url}/a.png", resolver) == "broken"


@pytest.mark.parametrize("part", ["head", "body"])
async def test_a_server_that_drips_is_left(part: str, site: Website, resolver: Resolver) -> None:
    async def dripping(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n" if part == "head" else b"HTTP/1.1 200 OK\r\n\r\n" + png())
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.02)

    site.pages["/a.png"] = dripping
    assert await refusal(f"{site.url}/a.png", resolver, seconds=0.4) == "too-slow"


async def test_a_server_that_never_says_anything_is_left(site: Website, resolver: Resolver) -> None:
    async def silent(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(60)

    site.pages["/a.png"] = silent
    assert await refusal(f"{site.url}/a.png", resolver, seconds=0.2) == "too-slow"


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"SSH-2.0-OpenSSH_9.9\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n" + png(),
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n" + png(),
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n" + png(),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n\x89PNG\r",
    ],
)
async def test_an_answer_that_is_broken_is_refused(answer: bytes, site: Website, resolver: Resolver) -> None:
    site.pages["/a.png"] = answer
    assert await refusal(f"{site.url}/a.png", resolver) == "broken"


async def test_a_length_that_says_too_little_cuts_the_rest(site: Website, resolver: Resolver) -> None:
    site.pages["/a.png"] = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(png()) + png() + b"more"
    assert await fetch(f"{site.url}/a.png", resolver=resolver, allow_loopback=True) == png()


async def test_a_port_without_a_server_is_unreachable(resolver: Resolver) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        assert await refusal(url, resolver) == "unreachable"


# TLS


async def test_a_certificate_must_be_the_names_own(
    names: NameServer, resolver: Resolver, tmp_path: Path
) -> None:
    for name in ("pictures.example", "other.example"):
        names.records[name, "A"] = ["127.0.0.1"]
    server, client = certified(tmp_path, "pictures.example", "127.0.0.1")
    async with website(tls=server) as site:
        site.show("/a.png", png())
        for host in ("pictures.example", "127.0.0.1"):
            url = f"https://{host}:{site.port}/a.png"
            assert await fetch(url, resolver=resolver, allow_loopback=True, tls=client) == png()
        other = f"https://other.example:{site.port}/a.png"
        assert await refusal(other, resolver, tls=client) == "certificate"
        assert await refusal(f"https://pictures.example:{site.port}/a.png", resolver) == "certificate"
        assert len(site.requests) == 2


async def test_a_server_that_speaks_no_tls_is_unreachable(resolver: Resolver) -> None:
    async def other(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ESMTP\r\n")
        writer.close()

    async with await asyncio.start_server(other, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        assert await refusal(f"https://127.0.0.1:{port}/a.png", resolver) == "unreachable"
