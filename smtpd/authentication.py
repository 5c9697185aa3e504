"""SPF, DKIM and DMARC of one message: pyspf and dkimpy, held within bounds.

Both libraries believe what they are given. One run of blanks of 200 KB keeps dkimpy in a single call, and
with it every thread of the process, for most of a minute; a chosen public key or a long record does the
same for less. So bodies are hashed here, in pieces and in linear time, and what the libraries see is short
(decision 0011). Headers that claim a result are not looked at.
"""

from __future__ import annotations

import base64
import hashlib
import logging
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import dkim
import publicsuffixlist
import spf

from inbox import addresses
from inbox.mail.fields import parse_mailboxes
from inbox.mail.senders import Checks, Policy, Proof, Result, is_aligned, judge, read_policy
from inbox.mail.skim import Skimmed, skim
from inbox.resolver import Resolver, Unanswered

# Of one message, all checks together. RFC 7208 4.6.4 lets SPF alone ask about a hundred.
MOST_QUESTIONS = 30
MOST_SIGNATURES = 5
# A longer text record is not read: a key of 4096 bits takes 800 bytes.
_LONGEST_RECORD_BYTES = 2048
# pyspf's patterns take the square of one long word: 12 ms for this.
_LONGEST_SPF_BYTES = 1024
_LONGEST_SIGNATURE_BYTES = 4096
# Folding takes a line end and a tab. dkimpy's patterns take the square of a longer run: 0.1 s for 4 KB.
_LONG_RUN = re.compile(rb"\s{40}")
_MOST_SIGNED_FIELDS = 200
_MOST_FIELDS = 1000
# What is read of a message to find its header.
_MOST_HEADER_BYTES = 256 * 1024
# RFC 8301 3.2: at least 1024 bits, and no need to go beyond 4096. With a free exponent one verification could
# take a second in one call; keys in use have 3 or 65537.
_LARGEST_KEY_BITS = 4096
_LARGEST_EXPONENT = 1 << 33
# Hashed in one go, between two looks at the time.
_PIECE_BYTES = 32 * 1024

_HEADER_END = re.compile(rb"\n\r?\n")
_BLANKS = re.compile(rb"[ \t]+")

# dkimpy logs selectors and signatures.
_UNHEARD = logging.Logger("dkim")
_UNHEARD.disabled = True


@dataclass(frozen=True, slots=True)
class Envelope:
    """What the session knows of the sender."""

    peer_address: str
    helo: str
    reverse_path: str


class TimeIsUp(Exception):
    """The deadline has passed."""


def check(envelope: Envelope, body: bytes | bytearray, resolver: Resolver, deadline: float) -> Checks | None:
    """What can be found out about the sender of `body` (the bytes after DATA) until `deadline`, a moment of
    time.monotonic(). None when it cannot be said: nobody answers, or there was no time. Blocks.
    """
    shape = skim(body, 0, min(len(body), _MOST_HEADER_BYTES))
    domain, is_plain = _claimed(shape)
    inquiry = Inquiry(resolver, deadline)
    try:
        policy = _find_policy(domain, inquiry) if domain else None
    except Unanswered:
        return None
    proofs = _Signatures(body, shape, domain, inquiry).proofs()
    sender = _check_spf(envelope, inquiry)
    return judge(
        domain,
        is_plain=is_plain,
        spf=sender,
        dkim=proofs,
        policy=policy,
        organisation=organisation_of,
    )


def _claimed(shape: Skimmed) -> tuple[str, bool]:
    """The domain of the sender that our pages show, and whether From names nobody else."""
    froms = [value for name, value in shape.fields if name.lower() == b"from"]
    if not froms:
        return "", False
    senders = parse_mailboxes(froms[0], 2)
    domain = _canonical(senders[0].address.rpartition("@")[2]) if senders else ""
    return domain, len(froms) == len(senders) == 1


def _canonical(domain: str) -> str:
    try:
        return addresses.canonical_domain(domain)
    except addresses.AddressError:
        return ""


# -- asking ------------------------------------------------------------------------------------------------


class Inquiry:
    """The questions about one message: so many, until then, and none twice."""

    def __init__(self, resolver: Resolver, deadline: float) -> None:
        self._resolver = resolver
        self._deadline = deadline
        self._left = MOST_QUESTIONS
        self._known: dict[tuple[str, str], list[Any]] = {}

    def ask(self, name: str, kind: str) -> list[Any]:
        """The records. Raises Unanswered, also when enough has been asked."""
        question = (name.lower().rstrip("."), kind)
        if question not in self._known:
            self._left -= 1
            if self._left < 0 or time.monotonic() > self._deadline:
                raise Unanswered
            self._known[question] = list(self._resolver.ask(question[0], kind, self._deadline))
        return self._known[question]

    def texts(self, name: str, longest: int = _LONGEST_RECORD_BYTES) -> list[bytes]:
        """The TXT records that are not too long to be read. Raises Unanswered."""
        texts = [b"".join(record.strings) for record in self.ask(name, "TXT")]
        return [text for text in texts if len(text) <= longest]

    def look_at_clock(self) -> None:
        """Raises TimeIsUp."""
        if time.monotonic() > self._deadline or self._resolver.has_ended:
            raise TimeIsUp


_suffixes: publicsuffixlist.PublicSuffixList | None = None
_suffixes_lock = threading.Lock()


def organisation_of(domain: str) -> str:
    """The registered domain of a name by the public suffix list, or the name itself (RFC 7489 3.2)."""
    global _suffixes
    with _suffixes_lock:  # read once, when first needed: 40 ms
        if _suffixes is None:
            _suffixes = publicsuffixlist.PublicSuffixList()
    return str(_suffixes.privatesuffix(domain) or domain)


def _find_policy(domain: str, inquiry: Inquiry) -> Policy | None:
    """RFC 7489 6.6.3: the domain's own policy, else that of its organisation."""
    policy = read_policy(inquiry.texts(f"_dmarc.{domain}"), of_organisation=False)
    organisation = organisation_of(domain)
    if policy is None and organisation != domain:
        policy = read_policy(inquiry.texts(f"_dmarc.{organisation}"), of_organisation=True)
    return policy


# -- SPF (RFC 7208) ----------------------------------------------------------------------------------------


class _SpfQuery(spf.query):  # type: ignore[misc]
    """pyspf with our questions in place of its own; its limits on their number stay."""

    def __init__(self, envelope: Envelope, inquiry: Inquiry) -> None:
        super().__init__(i=envelope.peer_address, s=envelope.reverse_path, h=envelope.helo)
        self._inquiry = inquiry

    def dns(self, name: str, qtype: str, cnames: object = None, ignore_void: bool = False) -> list[Any]:
        try:
            if qtype == "TXT":
                found: list[Any] = [(text,) for text in self._inquiry.texts(name, _LONGEST_SPF_BYTES)]
            else:
                found = [_SPF_VALUES[qtype](record) for record in self._inquiry.ask(name, qtype)]
        except Unanswered:
            raise spf.TempError("unanswered") from None
        if not found and not ignore_void:
            self.void_lookups += 1
            if self.void_lookups > spf.MAX_VOID_LOOKUPS:
                raise spf.PermError("void lookups")
        return found

    def get_explanation(self, spec: str) -> None:
        """Nobody reads it: one question less."""


_SPF_VALUES: dict[str, Callable[[Any], Any]] = {
    "A": lambda record: record.address,
    "AAAA": lambda record: record.address,
    "MX": lambda record: (record.preference, record.exchange.to_text(omit_final_dot=True)),
    "PTR": lambda record: record.target.to_text(omit_final_dot=True),
}
_SPF_RESULTS = {result.value: result for result in Result}


def _check_spf(envelope: Envelope, inquiry: Inquiry) -> Proof:
    """For the domain of the reverse-path, or for that of HELO where there is none (RFC 7208 2.4)."""
    local_part, _, written = envelope.reverse_path.rpartition("@")
    domain = _canonical(written if envelope.reverse_path else envelope.helo)
    if not domain:
        return Proof(Result.NONE)
    reverse_path = f"{local_part or 'postmaster'}@{domain}" if envelope.reverse_path else ""
    if not reverse_path.isascii():
        reverse_path = (
            f"postmaster@{domain}"  # only a macro would name the local part, and DNS has no word for it
        )
    try:
        query = _SpfQuery(
            Envelope(envelope.peer_address, _canonical(envelope.helo) or "unknown", reverse_path), inquiry
        )
        result, _, _ = query.check()
    except (
        Exception
    ):  # what a record may hold is up to its domain: a library that trips over it found nothing
        return Proof(Result.PERMERROR, domain)
    return Proof(_SPF_RESULTS.get(str(result), Result.PERMERROR), domain)


# -- DKIM (RFC 6376) ---------------------------------------------------------------------------------------


class _Signatures:
    """The signatures of one message."""

    def __init__(self, body: bytes | bytearray, shape: Skimmed, domain: str, inquiry: Inquiry) -> None:
        self._source = body
        self._shape = shape
        self._domain = domain
        self._inquiry = inquiry
        self._body_hashes: dict[bool, bytes] = {}
        self._body_start = 0

    def proofs(self) -> tuple[Proof, ...]:
        """What was found of each signature that was looked at, those first that can speak for From."""
        fields = self._fields()
        signatures = [
            (index, domain)
            for index, value in enumerate(
                value for name, value in fields if name.lower() == b"dkim-signature"
            )
            if (domain := _signing_domain(value))
        ]
        signatures.sort(key=lambda signature: not self._can_speak(signature[1]))
        return tuple(
            Proof(self._verify(fields, index), domain) for index, domain in signatures[:MOST_SIGNATURES]
        )

    def _can_speak(self, domain: str) -> bool:
        return is_aligned(domain, self._domain, organisation_of, strict=False)

    def _fields(self) -> list[tuple[bytes, bytes]]:
        """The header as signers read it: all lines up to the blank one, each a field or a fold.

        Our reader repairs where this does not. Where the two do not read the same From, or the strict one
        reads nothing, a signature would speak for something else than what is shown: then there are none.
        """
        end = _HEADER_END.search(self._source, 0, _MOST_HEADER_BYTES)
        if end is None:
            return []
        self._body_start = end.end()
        try:
            fields, _ = dkim.rfc822_parse(bytes(self._source[: end.start() + 1]))
        except (dkim.DKIMException, IndexError):
            return []
        strict = [value for name, value in fields if name.lower() == b"from"]
        shown = [value for name, value in self._shape.fields if name.lower() == b"from"]
        if len(fields) > _MOST_FIELDS or list(map(_bare, strict)) != list(map(_bare, shown)):
            return []
        return [(bytes(name), bytes(value)) for name, value in fields]

    def _verify(self, fields: Sequence[tuple[bytes, bytes]], index: int) -> Result:
        try:
            is_good = _Verifier(fields, self._body_hash).verify(index, self._key)
        except (Unanswered, TimeIsUp):
            return Result.TEMPERROR
        except Exception:  # dkimpy raises what it likes on signatures and keys that are none
            return Result.FAIL
        return Result.PASS if is_good else Result.FAIL

    def _key(self, name: bytes, timeout: float) -> bytes | None:
        texts = self._inquiry.texts(name.decode("ascii"))
        return texts[0] if texts else None

    def _body_hash(self, relaxed: bool) -> bytes:
        if relaxed not in self._body_hashes:
            with memoryview(self._source) as view:
                self._body_hashes[relaxed] = hash_body(
                    view[self._body_start :], relaxed=relaxed, between=self._inquiry.look_at_clock
                )
        return self._body_hashes[relaxed]


def _bare(value: bytes) -> bytes:
    return b"".join(value.split())


def _signing_domain(value: bytes) -> str:
    """The domain of a signature that is fit to be looked at, else ""."""
    if len(value) > _LONGEST_SIGNATURE_BYTES or _LONG_RUN.search(value):
        return ""
    try:
        tags = dkim.util.parse_tag_value(value)
        return _canonical(tags.get(b"d", b"").decode("ascii"))
    except (dkim.util.InvalidTagValueList, UnicodeDecodeError):
        return ""


class _Verifier(dkim.DKIM):  # type: ignore[misc]
    """dkimpy with the body hashed by us, and stricter about what signs a message."""

    def __init__(self, fields: Sequence[tuple[bytes, bytes]], body_hash: Callable[[bool], bytes]) -> None:
        super().__init__(logger=_UNHEARD, minkey=1024)
        self.headers = [list(field) for field in fields]
        self.body = b""
        self._body_hash = body_hash

    def verify_sig(
        self, sig: dict[bytes, bytes], include_headers: list[bytes], sig_header: Any, dnsfunc: Any
    ) -> bool:
        # Before its key is asked for: what fails here asks nobody anything.
        if b"from" not in include_headers or len(include_headers) > _MOST_SIGNED_FIELDS:
            return False  # RFC 6376 5.4: From is always signed
        if sig[b"a"] == b"rsa-sha1":
            return False  # RFC 8301 3.1
        algorithms = sig.get(b"c", b"simple/simple").split(b"/")
        # Of all of it, whatever `l=` says: who signs a beginning leaves the rest to anybody (RFC 6376 8.2).
        digest = self._body_hash(algorithms[1:] == [b"relaxed"])
        if base64.b64decode(b"".join(sig[b"bh"].split())) != digest:
            return False
        without_body = {name: value for name, value in sig.items() if name not in (b"bh", b"l")}
        return bool(super().verify_sig(without_body, include_headers, sig_header, dnsfunc))

    def verify_sig_process(
        self, sig: dict[bytes, bytes], include_headers: list[bytes], sig_header: Any, dnsfunc: Any
    ) -> bool:
        if self.ktag == b"rsa" and (
            self.keysize > _LARGEST_KEY_BITS or not 3 <= self.pk["publicExponent"] < _LARGEST_EXPONENT
        ):
            return False
        return bool(super().verify_sig_process(sig, include_headers, sig_header, dnsfunc))


def hash_body(
    body: memoryview | bytes, *, relaxed: bool, between: Callable[[], None] = lambda: None
) -> bytes:
    """SHA-256 of a body as RFC 6376 3.4.3 (simple) or 3.4.4 (relaxed) writes it.

    Linear, in pieces; `between` is called between them.
    """
    digest = hashlib.sha256()
    for piece in _canonical_pieces(body, relaxed=relaxed):
        between()
        digest.update(piece)
    return digest.digest()


def _canonical_pieces(body: memoryview | bytes, *, relaxed: bool) -> Iterator[bytes]:
    """Lines of CRLF, one of them at the end; relaxed also: blanks are one blank, and none ends a line.

    What is held back between two pieces is only counted: line ends, and whether a blank follows them.
    """
    carried = b""
    line_ends, blank = 0, False
    is_empty = True
    for at in range(0, len(body), _PIECE_BYTES):
        text = carried + bytes(body[at : at + _PIECE_BYTES])
        carried = b"\r" if text.endswith(b"\r") else b""  # a LF may follow
        text = text[: len(text) - len(carried)].replace(b"\r\n", b"\n")
        if relaxed:
            text = _BLANKS.sub(b" ", text).replace(b" \n", b"\n")
        held = b" \n" if relaxed else b"\n"
        inner = text.lstrip(held)
        line_ends, blank = _hold(line_ends, blank, text[: len(text) - len(inner)])
        inner, tail = inner.rstrip(held), inner
        if not inner:
            continue
        is_empty = False
        yield from _line_ends(line_ends)
        yield (b" " if blank else b"") + inner.replace(b"\n", b"\r\n")
        line_ends, blank = _hold(0, False, tail[len(inner) :])
    if carried:
        is_empty = False
        yield from _line_ends(line_ends)
        yield (b" " if blank else b"") + carried
    if not (relaxed and is_empty):
        yield b"\r\n"


def _hold(line_ends: int, blank: bool, text: bytes) -> tuple[int, bool]:
    """More line ends and blanks; a blank before a line end is none."""
    more = text.count(b"\n")
    return line_ends + more, text.endswith(b" ") if text else blank


def _line_ends(count: int) -> Iterator[bytes]:
    for at in range(0, count, _PIECE_BYTES):
        yield b"\r\n" * min(_PIECE_BYTES, count - at)
