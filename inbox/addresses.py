"""Addresses: making them, reading them, and which are nobody's to take. Pure.

An address has one canonical form in the web and in SMTP: lower case, no trailing dot, the domain as
A-labels (RFC 5891), and no `+tag`, which is kept beside it.
"""

import re
import secrets
from dataclasses import dataclass

MAX_LOCAL_PART = 64  # octets, RFC 5321 4.5.3.1.1
MAX_DOMAIN = 255  # octets, RFC 5321 4.5.3.1.2

#: Letters and digits that are not mistaken for one another when read aloud or from a screen:
#: without 0 o, 1 l i. 31 characters, so twelve of them carry 59.4 bits.
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
RANDOM_LENGTH = 12
GROUP = 6

#: RFC 2142, and the names that people take for staff. Nobody may choose one, none is generated.
RESERVED = frozenset(
    {
        "abuse",
        "admin",
        "administration",
        "administrator",
        "billing",
        "contact",
        "dmarc",
        "domainadmin",
        "feedback",
        "ftp",
        "help",
        "helpdesk",
        "hostmaster",
        "info",
        "it",
        "legal",
        "list",
        "list-request",
        "mail",
        "maildaemon",
        "mailer-daemon",
        "marketing",
        "moderator",
        "news",
        "newsletter",
        "no-reply",
        "nobody",
        "noc",
        "noreply",
        "office",
        "operator",
        "owner",
        "payments",
        "postmaster",
        "press",
        "privacy",
        "root",
        "sales",
        "security",
        "service",
        "ssladmin",
        "ssladministrator",
        "sslwebmaster",
        "staff",
        "subscribe",
        "support",
        "sysadmin",
        "team",
        "tls-reports",
        "tlsrpt",
        "trouble",
        "unsubscribe",
        "usenet",
        "uucp",
        "webmail",
        "webmaster",
        "www",
    }
)

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\-\u0080-\U0010ffff]+"
_DOT_STRING = re.compile(rf"{_ATOM}(?:\.{_ATOM})*\Z")  # RFC 5321 4.1.2, RFC 6531 3.3
_QUOTED_STRING = re.compile(r'"((?:[\x20\x21\x23-\x5b\x5d-\x7e\u0080-\U0010ffff]|\\[\x20-\x7e])*)"\Z')
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\Z")
_CHOSEN = re.compile(r"[a-z0-9._-]{3,40}\Z")


class AddressError(ValueError):
    """The text is not an address, or not one that may be chosen."""


@dataclass(frozen=True, slots=True)
class Address:
    """A canonical address; `tag` is what stood behind the first plus sign, without it."""

    local_part: str
    domain: str
    tag: str = ""

    def __str__(self) -> str:
        return f"{self.local_part}@{self.domain}"


def canonical_domain(text: str) -> str:
    """`text` in lower case as A-labels without a trailing dot. Raises AddressError."""
    name = text.removesuffix(".").lower()
    if not name.isascii():
        try:
            name = name.encode("idna").decode("ascii")
        except UnicodeError as error:
            raise AddressError("not a domain name") from error
    if not 0 < len(name) <= MAX_DOMAIN or not all(map(_LABEL.match, name.split("."))):
        raise AddressError("not a domain name")
    return name


def parse(text: str) -> Address:
    """Read `local-part@domain` (RFC 5321 4.1.2, Mailbox). Raises AddressError.

    A quoted local part that needs no quotes means the same as the bare one (RFC 5321 4.1.2).
    """
    local_part, at, domain = text.rpartition("@")
    if not at:
        raise AddressError("no domain")
    quoted = _QUOTED_STRING.match(local_part)
    if quoted:
        local_part = re.sub(r"\\(.)", r"\1", quoted[1])
    elif not _DOT_STRING.match(local_part):
        raise AddressError("not a local part")
    try:
        octets = len(local_part.encode())
    except UnicodeEncodeError as error:  # lone surrogates
        raise AddressError("not a local part") from error
    if octets > MAX_LOCAL_PART:
        raise AddressError("local part too long")
    base, _, tag = local_part.partition("+")
    return Address(base.lower(), canonical_domain(domain), tag)


def random_local_part() -> str:
    """A local part nobody guesses: 59.4 bits from `secrets`, in two groups to read aloud."""
    letters = [secrets.choice(ALPHABET) for _ in range(RANDOM_LENGTH)]
    return ".".join("".join(letters[at : at + GROUP]) for at in range(0, RANDOM_LENGTH, GROUP))


def check_chosen(text: str) -> str:
    """The local part that a person asked for, canonical. Raises AddressError where it breaks a rule."""
    name = text.strip().lower()
    if not _CHOSEN.match(name) or name[0] in "._-" or name[-1] in "._-" or ".." in name:
        raise AddressError("breaks a rule")
    if is_reserved(name):
        raise AddressError("reserved")
    return name


def is_reserved(local_part: str) -> bool:
    """Whether the name belongs to the staff; dots and dashes do not disguise it."""
    bare = re.sub(r"[._-]", "", local_part)
    return local_part in RESERVED or bare in _RESERVED_BARE


_RESERVED_BARE = frozenset(re.sub(r"[._-]", "", name) for name in RESERVED)
