"""Sealing: who holds which key, and what can be opened with it. Pure.

A mailbox has an X25519 key pair. Anybody can add mail with the public key; the private key exists
only inside grants, wrapped under a key made from a secret that the server does not store.

    secret ──HKDF──▶ lookup digest (finds the grant), wrapping key (opens it)
    grant  ──────▶ private key, label
    box    ──────▶ content key, summary; bound to mailbox, message and time
    small boxes ─▶ what was found out about a sender, notices of refused mail; bound likewise
    source ──────▶ zstd, then secretstream in chunks of 256 KiB under the content key
"""

import enum
import hashlib
import hmac
import json
import secrets
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import zstandard
from nacl import bindings
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox
from nacl.secret import SecretBox

SECRET_BYTES = 32
DIGEST_BYTES = 32
CHUNK_BYTES = 256 * 1024
BOX_FORMAT = b"\x01"
MAX_SUMMARY_BYTES = 1 << 20
GRANT_FORMAT = b"\x01"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_TAG_MESSAGE = bindings.crypto_secretstream_xchacha20poly1305_TAG_MESSAGE
_TAG_FINAL = bindings.crypto_secretstream_xchacha20poly1305_TAG_FINAL
_STREAM_OVERHEAD = bindings.crypto_secretstream_xchacha20poly1305_ABYTES

#: Payloads are padded to a multiple of this, so that lengths tell little about a label or a subject.
_PAD_BLOCK = 256


class Damaged(Exception):
    """What was stored is not what was sealed: another key, another row, or other bytes."""


# -- keys ----------------------------------------------------------------------------------------


def new_secret() -> bytes:
    """32 random bytes that open one mailbox."""
    return secrets.token_bytes(SECRET_BYTES)


def hkdf(key: bytes, info: bytes, length: int = 32, salt: bytes = b"") -> bytes:
    """HKDF-SHA256 (RFC 5869): `length` bytes, at most 8,160."""
    pseudorandom = hmac.digest(salt or bytes(32), key, "sha256")
    block, output = b"", b""
    for counter in range(1, -(-length // 32) + 1):
        block = hmac.digest(pseudorandom, block + info + bytes([counter]), "sha256")
        output += block
    return output[:length]


def lookup_digest(secret: bytes) -> bytes:
    """The name under which the secret's grant is stored."""
    return hkdf(secret, b"tempmail grant lookup")


def _wrapping_key(secret: bytes) -> bytes:
    return hkdf(secret, b"tempmail grant wrap")


@dataclass(frozen=True, slots=True)
class KeyPair:
    """X25519; 32 bytes each."""

    public: bytes
    private: bytes


def new_key_pair() -> KeyPair:
    """A fresh pair for a fresh mailbox."""
    private = PrivateKey.generate()
    return KeyPair(bytes(private.public_key), bytes(private))


# -- grants --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Grant:
    """What a secret opens: the mailbox's private key, and the label its holder gave it."""

    private_key: bytes
    label: str = ""


def wrap_grant(secret: bytes, grant: Grant, mailbox_id: bytes) -> bytes:
    """Encrypt the grant under the secret. The mailbox id inside keeps it from being moved."""
    payload = GRANT_FORMAT + mailbox_id + grant.private_key + grant.label.encode()
    return bytes(SecretBox(_wrapping_key(secret)).encrypt(_pad(payload)))


def open_grant(secret: bytes, wrapped: bytes, mailbox_id: bytes) -> Grant:
    """Undo `wrap_grant`. Raises Damaged for another secret or another mailbox."""
    try:
        payload = _unpad(SecretBox(_wrapping_key(secret)).decrypt(wrapped))
    except (CryptoError, ValueError) as error:
        raise Damaged("grant") from error
    head = len(GRANT_FORMAT) + len(mailbox_id)
    if payload[:head] != GRANT_FORMAT + mailbox_id:
        raise Damaged("grant of another mailbox")
    return Grant(payload[head : head + 32], payload[head + 32 :].decode())


class _Zstandard(threading.local):
    """Compressors of a thread: to make one takes longer than an ordinary message with it.

    A source has one of its own: what is begun with one has to end before anything else is.
    """

    def __init__(self) -> None:
        self.of_sources = zstandard.ZstdCompressor(level=1)
        self.of_boxes = zstandard.ZstdCompressor(level=1)
        self.decompressor = zstandard.ZstdDecompressor()


_zstandard = _Zstandard()


# -- boxes ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Binding:
    """Where a box belongs: compared on opening, so that a moved row is noticed."""

    mailbox_id: bytes
    message_id: bytes
    received_at: datetime

    def to_bytes(self) -> bytes:
        """Fixed length: 16 + 16 + 8 bytes, time in microseconds."""
        microseconds = (self.received_at - _EPOCH) // _MICROSECOND
        return self.mailbox_id + self.message_id + microseconds.to_bytes(8, "big")


@dataclass(frozen=True, slots=True)
class Contents:
    """What a box holds: the key of the source, and the summary as JSON-ready values."""

    content_key: bytes
    summary: dict[str, object]


def seal_box(public_key: bytes, binding: Binding, contents: Contents) -> bytes:
    """Seal to a mailbox; only its private key opens it (libsodium's sealed box)."""
    return _seal(public_key, BOX_FORMAT + binding.to_bytes() + contents.content_key, contents.summary)


def open_box(keys: KeyPair, binding: Binding, box: bytes) -> Contents:
    """Undo `seal_box`. Raises Damaged when the box was made for another place or is not whole."""
    payload = _open(keys, BOX_FORMAT + binding.to_bytes(), box)
    return Contents(payload[:32], _unpack(payload[32:]))


class Purpose(enum.Enum):
    """What a small box is for: the first byte inside, where a message's box has its format."""

    CHECKS = b"\x02"
    NOTICE = b"\x03"


def seal_values(public_key: bytes, purpose: Purpose, binding: Binding, values: dict[str, object]) -> bytes:
    """Seal JSON-ready values to a mailbox, like `seal_box`."""
    return _seal(public_key, purpose.value + binding.to_bytes(), values)


def open_values(keys: KeyPair, purpose: Purpose, binding: Binding, box: bytes) -> dict[str, object]:
    """Undo `seal_values`. Raises Damaged for another purpose too."""
    return _unpack(_open(keys, purpose.value + binding.to_bytes(), box))


def _seal(public_key: bytes, head: bytes, values: dict[str, object]) -> bytes:
    packed = _zstandard.of_boxes.compress(json.dumps(values, ensure_ascii=False).encode())
    return SealedBox(PublicKey(public_key)).encrypt(_pad(head + packed))


def _open(keys: KeyPair, head: bytes, box: bytes) -> bytes:
    """What follows the head that belongs to this place."""
    try:
        # Not SealedBox, which works out the public key anew for each message: a third of the time.
        payload = _unpad(bindings.crypto_box_seal_open(bytes(box), keys.public, keys.private))
    except (CryptoError, ValueError, TypeError) as error:
        raise Damaged("box") from error
    if not hmac.compare_digest(payload[: len(head)], head):
        raise Damaged("box of another row")
    return payload[len(head) :]


def _unpack(packed: bytes) -> dict[str, object]:
    try:
        if zstandard.frame_content_size(packed) > MAX_SUMMARY_BYTES:
            raise Damaged("summary")  # anybody can seal to a public key: a small box may be a bomb
        values = json.loads(_zstandard.decompressor.decompress(packed, max_output_size=MAX_SUMMARY_BYTES))
    except (zstandard.ZstdError, ValueError) as error:
        raise Damaged("summary") from error
    if not isinstance(values, dict):
        raise Damaged("summary")
    return values


# -- sources -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SealedSource:
    """A message's source, compressed and encrypted once for all of its recipients."""

    key: bytes
    header: bytes
    chunks: list[bytes]
    size_bytes: int

    @property
    def sealed_bytes(self) -> int:
        return sum(map(len, self.chunks))


def seal_source(pieces: Iterable[bytes | bytearray | memoryview]) -> SealedSource:
    """Compress and encrypt under a fresh key. Memory: the sealed chunks and one chunk more."""
    key = bindings.crypto_secretstream_xchacha20poly1305_keygen()
    state = bindings.crypto_secretstream_xchacha20poly1305_state()
    header = bindings.crypto_secretstream_xchacha20poly1305_init_push(state, key)
    push = bindings.crypto_secretstream_xchacha20poly1305_push
    compressor = _zstandard.of_sources.compressobj()
    chunks: list[bytes] = []
    pending = bytearray()
    size_bytes = 0
    for piece in pieces:
        view = memoryview(piece)
        size_bytes += len(view)
        for at in range(0, len(view), CHUNK_BYTES):
            pending += compressor.compress(view[at : at + CHUNK_BYTES])
            while len(pending) > CHUNK_BYTES:
                chunks.append(push(state, bytes(pending[:CHUNK_BYTES]), None, _TAG_MESSAGE))
                del pending[:CHUNK_BYTES]
    pending += compressor.flush()
    while len(pending) > CHUNK_BYTES:
        chunks.append(push(state, bytes(pending[:CHUNK_BYTES]), None, _TAG_MESSAGE))
        del pending[:CHUNK_BYTES]
    chunks.append(push(state, bytes(pending), None, _TAG_FINAL))
    return SealedSource(key, header, chunks, size_bytes)


def open_source(key: bytes, header: bytes, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Undo `seal_source`, piece by piece. Raises Damaged on a changed, missing or extra chunk."""
    state = bindings.crypto_secretstream_xchacha20poly1305_state()
    try:
        bindings.crypto_secretstream_xchacha20poly1305_init_pull(state, bytes(header), key)
    except (CryptoError, ValueError, TypeError) as error:
        raise Damaged("source") from error
    decompressor = zstandard.ZstdDecompressor().decompressobj()
    ended = False
    for chunk in chunks:
        if ended or len(chunk) < _STREAM_OVERHEAD:
            raise Damaged("source")
        try:
            plain, tag = bindings.crypto_secretstream_xchacha20poly1305_pull(state, bytes(chunk), None)
        except (CryptoError, ValueError, RuntimeError) as error:
            raise Damaged("source") from error
        ended = tag == _TAG_FINAL
        try:
            piece = decompressor.decompress(plain)
        except zstandard.ZstdError as error:
            raise Damaged("source") from error
        if piece:
            yield piece
    if not ended:
        raise Damaged("source was cut")


# -- digests -------------------------------------------------------------------------------------


def keyed_digest(key: bytes, purpose: bytes, *parts: bytes) -> bytes:
    """BLAKE2b under a key, apart for each purpose (at most 16 bytes); parts are length-prefixed."""
    digest = hashlib.blake2b(key=key, person=purpose, digest_size=DIGEST_BYTES)
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.digest()


def _pad(payload: bytes) -> bytes:
    """ISO/IEC 7816-4 padding to whole blocks."""
    return payload + b"\x80" + bytes(-(len(payload) + 1) % _PAD_BLOCK)


def _unpad(padded: bytes) -> bytes:
    payload = padded.rstrip(b"\x00")
    if not payload.endswith(b"\x80"):
        raise ValueError("padding")
    return payload[:-1]
