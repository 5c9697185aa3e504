"""What an S/MIME part holds (RFC 5652, RFC 8551): told from its outer layers, without checking anything.

A small reader of BER for the one path that leads to the signed content. Nothing is believed: each length is
held to what there is, and what does not fit is no message of this kind.
"""

from dataclasses import dataclass

_SIGNED = bytes.fromhex("2a864886f70d010702")
_ENVELOPED = bytes.fromhex("2a864886f70d010703")
_AUTH_ENVELOPED = bytes.fromhex("2a864886f70d0109100117")

_SEQUENCE, _SET, _OID, _OCTETS, _EXPLICIT, _OCTETS_IN_PIECES = 0x30, 0x31, 0x06, 0x04, 0xA0, 0x24
_MOST_STEPS = 100_000
_GREATEST_DEPTH = 20


class _Malformed(Exception):
    """It is not what it should be."""


@dataclass(frozen=True, slots=True)
class Cms:
    """`kind` is "signed", "encrypted" or ""; `content` what was signed, where it is inside."""

    kind: str = ""
    content: bytes | None = None


def read_cms(raw: bytes) -> Cms:
    """The kind of a ContentInfo, and the content of a signed one. Raises nothing; linear."""
    reader = _Reader(raw)
    try:
        position, _ = reader.enter(0, _SEQUENCE)
        start, end = reader.enter(position, _OID)
        kind = raw[start:end]
        if kind in (_ENVELOPED, _AUTH_ENVELOPED):
            return Cms("encrypted")
        if kind != _SIGNED:
            return Cms()
    except _Malformed:
        return Cms()
    try:
        return Cms("signed", _signed_content(reader, end))
    except _Malformed:
        return Cms("signed")


def _signed_content(reader: "_Reader", position: int) -> bytes:
    position, _ = reader.enter(position, _EXPLICIT)
    position, _ = reader.enter(position, _SEQUENCE)
    position = reader.behind(position)  # the version
    position = reader.behind(position)  # the digest algorithms
    position, _ = reader.enter(position, _SEQUENCE)
    _, position = reader.enter(position, _OID)
    position, _ = reader.enter(position, _EXPLICIT)
    return reader.octets(position)


class _Reader:
    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.steps_left = _MOST_STEPS

    def enter(self, position: int, tag: int) -> tuple[int, int]:
        """Where the contents of the value at `position` begin and end (the end of all, if it is open)."""
        found, start, end = self._header(position)
        if found != tag:
            raise _Malformed
        return start, len(self.raw) if end is None else end

    def behind(self, position: int) -> int:
        """Where the value after the one at `position` begins."""
        depth = 0
        while True:
            tag, start, end = self._header(position)
            if end is not None:
                position = end
                if tag == 0 and start == end and depth:
                    depth -= 1
            else:
                position = start
                depth += 1
                if depth > _GREATEST_DEPTH:
                    raise _Malformed
            if not depth:
                return position

    def octets(self, position: int) -> bytes:
        """An OCTET STRING, whole or in pieces (X.690 8.7)."""
        tag, start, end = self._header(position)
        if tag == _OCTETS and end is not None:
            return self.raw[start:end]
        if tag != _OCTETS_IN_PIECES:
            raise _Malformed
        pieces: list[bytes] = []
        position, limit = start, len(self.raw) if end is None else end
        while position < limit:
            tag, start, end = self._header(position)
            if end is None or (tag == 0 and start == end):
                break
            if tag == _OCTETS:
                pieces.append(self.raw[start:end])
            position = end
        return b"".join(pieces)

    def _header(self, position: int) -> tuple[int, int, int | None]:
        """Tag, and where the contents begin and end; the end is None where the length is left open."""
        self.steps_left -= 1
        if self.steps_left < 0 or position + 2 > len(self.raw):
            raise _Malformed
        tag, length = self.raw[position], self.raw[position + 1]
        start = position + 2
        if tag & 0x1F == 0x1F:
            raise _Malformed
        if length == 0x80:
            return tag, start, None
        if length > 0x80:
            size = length & 0x7F
            if size > 4:
                raise _Malformed
            length = int.from_bytes(self.raw[start : start + size], "big")
            start += size
        # A message that was cut off still shows what there is.
        return tag, start, min(start + length, len(self.raw))
