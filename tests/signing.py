"""Keys of the tests' own, and messages signed with them."""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass
from functools import lru_cache

import dkim
import nacl.signing

#: rsaEncryption in DER, RFC 8017 A.1.
_RSA = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"


@dataclass(frozen=True, slots=True)
class Key:
    """What signs, and the record that proves it."""

    private: bytes
    record: str
    algorithm: bytes

    def sign(
        self,
        message: bytes,
        domain: str,
        selector: str = "s1",
        *,
        signer_class: type[dkim.DKIM] = dkim.DKIM,
        **options: object,
    ) -> bytes:
        """The message with a signature before it."""
        options.setdefault("include_headers", [b"from", b"to", b"subject", b"date"])
        signer = signer_class(message)
        signature = signer.sign(
            selector.encode(), domain.encode(), self.private, signature_algorithm=self.algorithm, **options
        )
        return bytes(signature) + message


class WithoutFrom(dkim.DKIM):
    """Signs what dkimpy refuses to: a header without From."""

    def gen_header(self, fields: list[tuple[bytes, bytes]], names: tuple[bytes, ...], *rest: object) -> bytes:
        left = tuple(name for name in names if name != b"from")
        changed = [(tag, b" : ".join(left) if tag == b"h" else value) for tag, value in fields]
        return bytes(super().gen_header(changed, left, *rest))


@lru_cache
def ed25519_key() -> Key:
    """A small key."""
    key = nacl.signing.SigningKey.generate()
    public = base64.b64encode(bytes(key.verify_key)).decode()
    return Key(base64.b64encode(bytes(key)), f"v=DKIM1; k=ed25519; p={public}", b"ed25519-sha256")


@lru_cache
def rsa_key(bits: int = 1024) -> Key:
    """The kind that everybody uses."""
    exponent = 65537
    while True:
        p, q = _prime(bits // 2), _prime(bits // 2)
        if p != q and (p * q).bit_length() == bits and (p - 1) % exponent and (q - 1) % exponent:
            break
    private = pow(exponent, -1, (p - 1) * (q - 1))
    values = (0, p * q, exponent, private, p, q, private % (p - 1), private % (q - 1), pow(q, -1, p))
    der = _sequence(*map(_integer, values))
    pem = b"-----BEGIN RSA PRIVATE KEY-----\n" + base64.encodebytes(der) + b"-----END RSA PRIVATE KEY-----\n"
    return Key(pem, rsa_record(p * q, exponent), b"rsa-sha256")


def rsa_record(modulus: int, exponent: int) -> str:
    """A public key as its domain publishes it."""
    inner = _sequence(_integer(modulus), _integer(exponent))
    outer = _sequence(_sequence(_RSA, _der(5, b"")), _der(3, b"\0" + inner))
    return f"v=DKIM1; k=rsa; p={base64.b64encode(outer).decode()}"


def _der(tag: int, content: bytes) -> bytes:
    """One value in DER (X.690 8.1)."""
    size = len(content)
    length = bytes([size]) if size < 128 else b"\x82" + size.to_bytes(2, "big")
    return bytes([tag]) + length + content


def _integer(value: int) -> bytes:
    return _der(2, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def _sequence(*values: bytes) -> bytes:
    return _der(0x30, b"".join(values))


def _prime(bits: int) -> int:
    while True:
        candidate = secrets.randbits(bits) | 3 << (bits - 2) | 1
        if all(pow(base, candidate - 1, candidate) == 1 for base in (2, 3, 5, 7, 11)):
            return candidate
