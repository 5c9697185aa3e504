"""Web servers on loopback that say, to the byte, what a test wants, and remember what they were asked."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Speech = Callable[[asyncio.StreamWriter], Awaitable[None]]


class Website:
    """`pages`: what it says for a path, whole answers with their heads, or a function that writes one."""

    def __init__(self) -> None:
        self.port = 0
        self.pages: dict[str, bytes | Speech] = {}
        self.requests: list[bytes] = []
        self.sent_bytes = 0
        self.talks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def show(self, path: str, content: bytes, *fields: str, status: str = "200 OK") -> str:
        """Answer so for the path, with a Content-Length that is true; gives its URL."""
        head = "\r\n".join([f"HTTP/1.1 {status}", f"Content-Length: {len(content)}", *fields])
        self.pages[path] = head.encode() + b"\r\n\r\n" + content
        return self.url + path

    def redirect(self, path: str, to: str, status: str = "302 Found") -> str:
        """Send on from there."""
        return self.show(path, b"", f"Location: {to}", status=status)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """For asyncio.start_server()."""
        task = asyncio.current_task()
        assert task is not None
        self.talks.add(task)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            request = await reader.readuntil(b"\r\n\r\n")
            self.requests.append(request)
            page = self.pages.get(request.split(b" ")[1].decode(), b"HTTP/1.1 404 Not Found\r\n\r\n")
            if isinstance(page, bytes):
                writer.write(page)
                await writer.drain()
            else:
                await page(writer)
        writer.close()

    async def pour(self, writer: asyncio.StreamWriter, piece: bytes, times: int) -> None:
        """The piece over and over, as fast as it is taken, counted."""
        for _ in range(times):
            writer.write(piece)
            await writer.drain()
            self.sent_bytes += len(piece)


@contextlib.asynccontextmanager
async def website(host: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> AsyncIterator[Website]:
    """One that runs."""
    site = Website()
    server = await asyncio.start_server(site.talk, host, 0, ssl=tls)
    site.port = server.sockets[0].getsockname()[1]
    try:
        yield site
    finally:
        server.close()
        for task in site.talks:
            task.cancel()
        await asyncio.gather(*site.talks, return_exceptions=True)


def certified(directory: Path, *names: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's context with a certificate for these names and addresses, and a client's that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tests")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = directory / "certificate.pem"
    file.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    server.load_cert_chain(file)
    client.load_verify_locations(file)
    return server, client


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)
