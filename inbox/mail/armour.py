"""A letter signed inside its own text (RFC 9580 7): the words without the armour around them.

The signature is not checked, and a card says so. Nothing is left out but the armour itself: what stands
before and behind the signed words stays.
"""

import re

_BEGIN = "-----BEGIN PGP SIGNED MESSAGE-----"
_SIGNED = re.compile(
    r"^-----BEGIN PGP SIGNED MESSAGE-----[ \t]*\n(?:[A-Za-z-]{1,40}:[^\n]{0,200}\n){0,10}[ \t]*\n", re.M
)
_SIGNATURE = re.compile(r"^-----BEGIN PGP SIGNATURE-----[ \t]*$", re.M)
_END = re.compile(r"^-----END PGP SIGNATURE-----[ \t]*(?:\n|\Z)", re.M)
_LONGEST_SIGNATURE = 64 * 1024


def without_armour(text: str) -> str:
    """`text` without the armour of its first clear-signed part, dash-escapes undone."""
    if _BEGIN not in text:
        return text
    begin = _SIGNED.search(text)
    signature = _SIGNATURE.search(text, begin.end()) if begin is not None else None
    if begin is None or signature is None:
        return text
    end = _END.search(text, signature.end(), signature.end() + _LONGEST_SIGNATURE)
    if end is None:
        return text
    words = re.sub("^- ", "", text[begin.end() : signature.start()], flags=re.M)
    return text[: begin.start()] + words + text[end.end() :]
