"""The arguments of MAIL and RCPT, parsed from the raw bytes.

Strict where RFC 5321 4.1.2 is, and as forgiving as Postfix where senders in the field need it: a blank
after the colon and missing angle brackets pass, empty atoms (`a..b@`) pass, and a reverse-path may be long.
Comments, encoded words, an unclosed bracket, control characters and broken UTF-8 do not. Nothing here
decodes, unfolds or repairs.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from enum import Enum

# RFC 5321 4.5.3.1.3 wants 256 octets taken; VERP senders send more.
LONGEST_PATH_OCTETS = 512
# RFC 5321 4.5.3.1.2.
LONGEST_DOMAIN_OCTETS = 255

# RFC 5321 4.1.2 atext, with what RFC 6531 3.3 adds: everything beyond ASCII (C1 controls are sorted out
# earlier).
_ATEXT = r"A-Za-z0-9!#$%&'*+\-/=?^_`{|}~\u00a0-\U0010ffff"
# Empty atoms are against the grammar and in use (mobile carriers in Japan): taken, as Postfix takes them.
_DOT_STRING = re.compile(rf"[{_ATEXT}.]+")
# RFC 5321 4.1.2 Quoted-string: qtextSMTP or quoted-pairSMTP, no control characters.
_QUOTED = r'"(?:[ !#-\[\]-~\u00a0-\U0010ffff]|\\[ -~])*"'
_QUOTED_STRING = re.compile(_QUOTED)
# A bracket or a blank inside a quoted string ends no path.
_UP_TO_BRACKET = re.compile(rf'(?:[^">]|{_QUOTED})*')
_UP_TO_BLANK = re.compile(rf'(?:[^" ]|{_QUOTED})*')
# An underscore is no letter-digit-hyphen, but hosts have it.
_LETTER_DIGIT = r"[A-Za-z0-9_\u00a0-\U0010ffff]"
_LABEL = re.compile(rf"{_LETTER_DIGIT}(?:[A-Za-z0-9_\-\u00a0-\U0010ffff]*{_LETTER_DIGIT})?")
_LITERAL = re.compile(r"\[([!-Z^-~]{1,255})\]")
# RFC 2047 2. Each character of it is an atext, yet no mailbox is called that: somebody wants it decoded.
_ENCODED_WORD = re.compile(r"=\?[^?\s]+\?[BbQq]\?[^?\s]*\?=")
# RFC 5321 4.1.2 esmtp-keyword and esmtp-value.
_PARAMETER = re.compile(r"([A-Za-z0-9][A-Za-z0-9\-]*)(?:=([!-<>-~\u00a0-\U0010ffff]+))?")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


class Fault(Enum):
    """What is wrong with an argument: the first is ours to explain, the other two have codes of their own."""

    SYNTAX = "syntax"
    ADDRESS = "address"
    PARAMETER = "parameter"


class PathError(ValueError):
    """The argument of MAIL or RCPT cannot be taken; `fault` says what kind of reply that is."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.value)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Path:
    """The parts of a path as they were written, and the ESMTP parameters (names in capitals)."""

    local_part: str
    domain: str
    is_quoted: bool = False
    is_routed: bool = False
    parameters: dict[str, str] = field(default_factory=dict)

    @property
    def is_null(self) -> bool:
        """The null reverse-path `<>` of a delivery report (RFC 5321 4.5.5)."""
        return not self.local_part and not self.domain

    @property
    def is_literal(self) -> bool:
        """The domain is an address literal such as `[192.0.2.1]` (RFC 5321 4.1.3)."""
        return self.domain.startswith("[")

    @property
    def address(self) -> str:
        """`local-part@domain` as written; only the local part where no domain was given; empty for `<>`."""
        return f"{self.local_part}@{self.domain}" if self.domain else self.local_part


def parse_reverse_path(argument: bytes) -> Path:
    """Parse what follows `MAIL `: `FROM:<reverse-path> parameters`. Raises PathError."""
    # A bare `<root>` passes too: cron jobs and appliances send it, and it is shown, never answered to.
    return _parse(argument, "FROM:")


def parse_forward_path(argument: bytes) -> Path:
    """Parse what follows `RCPT `: `TO:<forward-path> parameters`. Raises PathError."""
    path = _parse(argument, "TO:")
    if path.is_null:
        raise PathError(Fault.ADDRESS)
    # RFC 5321 4.1.1.3: `<Postmaster>` alone, in any case, is the only forward-path without a domain.
    if not path.domain and (path.is_quoted or path.local_part.lower() != "postmaster"):
        raise PathError(Fault.ADDRESS)
    return path


def declared_size(path: Path) -> int | None:
    """The SIZE parameter (RFC 1870 5: 1 to 20 digits), None when absent. Raises PathError."""
    text = path.parameters.get("SIZE")
    if text is None:
        return None
    # str.isdigit() takes superscripts and other scripts, at which int() raises or, worse, does not.
    if not (text.isascii() and text.isdigit() and len(text) <= 20):
        raise PathError(Fault.PARAMETER)
    return int(text)


def _parse(argument: bytes, keyword: str) -> Path:
    try:
        text = argument.decode("utf-8")
    except UnicodeDecodeError:
        raise PathError(Fault.SYNTAX) from None
    if _CONTROL.search(text):
        raise PathError(Fault.SYNTAX)
    if text[: len(keyword)].upper() != keyword:
        raise PathError(Fault.SYNTAX)
    text = text[len(keyword) :].strip(" ")
    if not text:
        raise PathError(Fault.SYNTAX)
    written, rest = _split_off_path(text)
    parameters = _parse_parameters(rest)
    if len(written.encode()) > LONGEST_PATH_OCTETS:
        raise PathError(Fault.ADDRESS)
    return _parse_mailbox(written, parameters)


def _split_off_path(text: str) -> tuple[str, str]:
    """The path without its brackets, and what follows it."""
    if not text.startswith("<"):
        written = _matched(_UP_TO_BLANK, text, 0)
        return written, text[len(written) :]
    written = _matched(_UP_TO_BRACKET, text, 1)
    rest = text[1 + len(written) :]
    if not rest.startswith(">"):
        raise PathError(Fault.ADDRESS)
    if rest != ">" and not rest.startswith("> "):
        raise PathError(Fault.SYNTAX)
    return written, rest[1:]


def _matched(pattern: re.Pattern[str], text: str, begin: int) -> str:
    match = pattern.match(text, begin)
    return match[0] if match else ""


def _parse_parameters(text: str) -> dict[str, str]:
    parameters: dict[str, str] = {}
    for word in text.split(" "):
        if not word:
            continue
        match = _PARAMETER.fullmatch(word)
        if match is None:
            raise PathError(Fault.PARAMETER)
        # What we do not use is ignored: a refused AUTH=<> or NOTIFY= would refuse real senders.
        parameters[match[1].upper()] = match[2] or ""
    return parameters


def _parse_mailbox(written: str, parameters: dict[str, str]) -> Path:
    if not written:
        return Path("", "", parameters=parameters)
    written, is_routed = _strip_source_route(written)
    quoted = _QUOTED_STRING.match(written)
    local = quoted or _DOT_STRING.match(written)
    if local is None or (not quoted and _ENCODED_WORD.search(local[0])):
        raise PathError(Fault.ADDRESS)
    local_part, rest = local[0], written[local.end() :]
    if not rest:
        return Path(local_part, "", quoted is not None, is_routed, parameters)
    if not rest.startswith("@") or not _is_domain(rest[1:]):
        raise PathError(Fault.ADDRESS)
    return Path(local_part, rest[1:], quoted is not None, is_routed, parameters)


def _strip_source_route(written: str) -> tuple[str, bool]:
    """RFC 5321 4.1.2 A-d-l, `@one,@two:user@three`: valid, and only ever the start of relaying."""
    if not written.startswith("@"):
        return written, False
    route, colon, mailbox = written.partition(":")
    if not colon or not mailbox:
        raise PathError(Fault.ADDRESS)
    for hop in route.split(","):
        if not hop.startswith("@") or not _is_domain(hop[1:]):
            raise PathError(Fault.ADDRESS)
    return mailbox, True


def _is_domain(text: str) -> bool:
    if len(text.encode()) > LONGEST_DOMAIN_OCTETS:
        return False
    literal = _LITERAL.fullmatch(text)
    if literal is not None:
        return _is_address_literal(literal[1])
    # A trailing dot is the root and changes nothing.
    return all(_LABEL.fullmatch(label) for label in text.removesuffix(".").split("."))


def _is_address_literal(text: str) -> bool:
    tag, colon, rest = text.partition(":")
    if not colon:
        # Old hosts write dotted quads that are none; as an origin that is only shown, digits and dots will
        # do.
        return re.fullmatch(r"[0-9.]+", text) is not None
    if tag.lower() != "ipv6":
        # RFC 5321 4.1.3 General-address-literal: a registered tag and a content; none is registered but IPv6.
        return re.fullmatch(r"[A-Za-z0-9\-]+", tag) is not None and bool(rest)
    try:
        ipaddress.IPv6Address(rest)
    except ValueError:
        return False
    return True
