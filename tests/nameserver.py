"""A name server on loopback that says what a test wants it to say, and remembers what it was asked."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import dnslib
from dnslib.server import DNSHandler, DNSLogger, DNSServer

from tests.support import free_port

Question = tuple[str, str]


class _Handler(DNSHandler):  # type: ignore[misc]
    udplen = 1232


class NameServer:
    """`records`: what it says, by name and kind. The other sets name what it handles in another way."""

    def __init__(self) -> None:
        self.port = 0
        self.records: dict[Question, list[str]] = {}
        self.asked: list[Question] = []
        self.silent: set[str] = set()  # names that it never answers for; "*" for all
        self.failing: set[str] = set()  # answered with SERVFAIL
        self.lying: set[str] = set()  # answered with another question's answer

    @property
    def setting(self) -> str:
        """As TEMPMAIL_RESOLVER has it."""
        return f"127.0.0.1:{self.port}"

    def text(self, name: str, *texts: str) -> None:
        """TXT records."""
        self.records[name, "TXT"] = list(texts)

    def resolve(self, request: dnslib.DNSRecord, handler: DNSHandler) -> dnslib.DNSRecord:
        """For dnslib."""
        name = str(request.q.qname).rstrip(".").lower()
        kind = dnslib.QTYPE[request.q.qtype]
        self.asked.append((name, kind))
        if name in self.silent or "*" in self.silent:
            time.sleep(20)
        reply = request.reply()
        if name in self.failing:
            reply.header.rcode = dnslib.RCODE.SERVFAIL
            return reply
        if name in self.lying:
            other = dnslib.DNSRecord.question("elsewhere.example", kind)
            other.header.id = request.header.id
            reply = other.reply()
        found = self.records.get((name, kind))
        for text in found or ():
            reply.add_answer(dnslib.RR(reply.q.qname, request.q.qtype, rdata=_record(kind, text)))
        if found is None and not any(known == name for known, _ in self.records):
            reply.header.rcode = dnslib.RCODE.NXDOMAIN
        return reply


def _record(kind: str, text: str) -> dnslib.RD:
    if kind == "TXT":
        raw = text.encode()
        return dnslib.TXT([raw[at : at + 255] for at in range(0, len(raw), 255)] or [b""])
    if kind == "MX":
        return dnslib.MX(text, 10)
    return {"A": dnslib.A, "AAAA": dnslib.AAAA, "PTR": dnslib.PTR}[kind](text)


@contextmanager
def name_server() -> Iterator[NameServer]:
    """One that runs, on UDP and TCP."""
    known = NameServer()
    known.port = free_port()
    quiet = DNSLogger(log="-request,-reply,-truncated,-error,-recv,-send,-data", prefix=False)
    running = [
        DNSServer(known, port=known.port, address="127.0.0.1", tcp=tcp, logger=quiet, handler=_Handler)
        for tcp in (False, True)
    ]
    for server in running:
        server.server.daemon_threads = True
        server.server.block_on_close = False
        threading.Thread(target=server.server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield known
    finally:
        for server in running:
            server.stop()
            server.server.server_close()
