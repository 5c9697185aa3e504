"""Links: where each really leads, and whether it says so.

A host is read as browsers read it (WHATWG URL), because what matters is where the browser would go: blanks
and controls gone, backslashes as slashes, a user name before the last "@", a number in any notation as an
address.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address
from typing import NamedTuple
from urllib.parse import unquote

from publicsuffixlist import PublicSuffixList

from inbox.mail.view import LinkView

LONGEST_TEXT = 200
LONGEST_SAID = 2_000
LONGEST_URL = 2_000
MOST_LINKS = 2_000

_BLANKS = re.compile(r"[\x00-\x20\x7f-\xa0\xad\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff]")
_HIDDEN = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\xad\u034f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]")
_SOME_BLANKS = re.compile(r"\s+")
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.I)
_WEB = frozenset(("http", "https"))
_AUTHORITY_END = re.compile(r"[/?#\\]")
_DOTS = re.compile("[\u3002\uff0e\uff61]")
_NUMBER = re.compile(r"0x[0-9a-f]*|[0-9]+")
_FORBIDDEN_IN_HOST = re.compile(r"[\x00-\x20#%/:<>?@\[\\\]^`{|}\x7f]")
_PORT = re.compile(r":\d{0,5}$")

# A text that names a site: a whole address, a mailbox and nothing else, or a name of one wherever it stands.
_SAID_ADDRESS = re.compile(r"(?:https?|hxxps?|ftp):[/\\]{2}([^\s<>\"']{1,300})", re.I)
_WITHOUT_SCHEME = re.compile(r"(?<![\w:/\\])//(?=\w)")
_SAID_NAME = re.compile(
    r"(?<![\w@./\\+&=?%#~-])((?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,8}(?:xn--[a-z0-9-]{1,59}|[^\W\d_]{2,24}))"
    r"(?![\w@]|\.\w|-[\w-]*\.\w)",
    re.I,
)
_SAID_MAILBOX = re.compile(r"[^\s@<>]{1,64}@((?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24})", re.I)
# How dots are written in addresses that are not to be opened.
_BRACKETED_DOT = re.compile(r"\[(?:\.|dot)\]|\((?:\.|dot)\)", re.I)
# Endings of names that are more often something else: of files, of programs, of sentences.
_NO_SITES = frozenset(
    """
    aspx bat bz css csv doc docx eps exe gif gz htm html ics jpeg jpg js json log md mov mp nr pdf php png ppt
    pptx ps py rar rb rs rtf sh svg tar tgz tif ts txt webp xls xlsx xml yml zip
    """.split()  # noqa: SIM905
)
_NO_SITE_NAMES = frozenset(("ado.net", "asp.net", "vb.net", "will.i.am"))
# Endings that nobody gives out and that yet are read as a site's (RFC 2606, RFC 6761).
_RESERVED = frozenset(("example", "internal", "invalid", "lan", "local", "localhost", "onion", "test"))
_COMMON = frozenset(("com", "net", "org"))
# One label of a name may mix these: Japanese, Korean and Chinese are written so.
_EAST = frozenset(("HAN", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO", "LATIN"))
_SCRIPTS = {
    "CJK": "HAN",
    "KATAKANA-HIRAGANA": "KATAKANA",
    "IDEOGRAPHIC": "HAN",
}
_OTHER_SIGNS = frozenset(
    ("DIGIT", "HYPHEN-MINUS", "LOW", "MIDDLE", "COMBINING", "FULLWIDTH", "HYPHEN", "MODIFIER")
)


class Target(NamedTuple):
    """Where an address leads."""

    scheme: str
    """In small letters; "" for a place in the letter itself, or for nothing that can be opened."""
    host: str
    """As it is asked for: punycode, a number as four; "" where there is none."""
    shown_host: str
    """In its own letters, and in brackets as it is asked for where that differs."""
    marks: tuple[str, ...]


def target_of(url: str) -> Target:
    """Where `url` leads, and what is odd about it: of "punycode", "mixed-scripts", "number", "userinfo",
    "other-scheme".
    """
    return _target(_BLANKS.sub("", url[: LONGEST_URL * 2]))


def link_view(text: str, url: str) -> LinkView:
    """The link with everything that is odd about it; "differs" where its text names another site."""
    target = target_of(url)
    said = " ".join(drawn_of(text).split())
    marks = target.marks
    if target.host and _differs(said, target):
        marks = ("differs", *marks)
    return LinkView(said[:LONGEST_TEXT], url[:LONGEST_URL], target.shown_host, marks)


def drawn_of(text: str) -> str:
    """As much of the text as is looked at, without what is not drawn and with blanks as one."""
    return _SOME_BLANKS.sub(" ", _HIDDEN.sub("", text[: LONGEST_SAID * 4]))[:LONGEST_SAID]


def links_of(html: str) -> tuple[LinkView, ...]:
    """All links of a letter, in order; of plain text too, as text_to_html() writes it."""
    from inbox.mail.markup import Unparsable, rewrite  # which marks what is found here

    try:
        return rewrite(html, lambda _content_id: None).links
    except Unparsable:
        return ()


def sender_marks(name: str, address: str) -> tuple[str, ...]:
    """What a sender's name does to hide the real address: "other-address" where it is itself another one,
    "hidden" where characters in it turn the line around, cannot be seen, or push what follows out of sight.
    """
    marks = []
    plain = unicodedata.normalize("NFKC", _HIDDEN.sub("", name)).lower()
    named = _ANY_ADDRESS.findall(plain)
    if any(found != address.strip().lower() for found in named):
        marks.append("other-address")
    if _HIDING.search(name):
        marks.append("hidden")
    return tuple(marks)


_ANY_ADDRESS = re.compile(r"[^\s@<>()\[\],;:\"']{1,64}@(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}")
# Bidi controls, what is not drawn, and runs of blanks. A joiner between two signs is part of an emoji or a
# word.
_HIDING = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u061c\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060-\u206f\ufeff\u115f\u1160"
    "\u17b4\u17b5\u3164\uffa0\u2800\U000e0000-\U000e007f]|[\\s\xad\u034f\u2000-\u200f\u3000]{4}"
)


# Reading an address


@lru_cache(maxsize=4096)
def _target(url: str) -> Target:
    match = _SCHEME.match(url)
    if match is None:
        return Target("", "", "", ())
    scheme = match[1].lower()
    if scheme == "mailto":
        return _mailbox_target(url[match.end() :])
    if scheme not in _WEB:
        return Target(scheme, "", "", ("other-scheme",))
    rest = url[match.end() :].lstrip("/\\")
    end = _AUTHORITY_END.search(rest)
    authority = rest[: end.start()] if end is not None else rest
    user, at, host = authority.rpartition("@")
    return _web_target(scheme, _PORT.sub("", host), is_after_user=bool(at and user.strip(":")))


def _mailbox_target(address: str) -> Target:
    receivers = unquote(address.partition("?")[0])
    host = receivers.rpartition("@")[2].rstrip(".").lower()
    if not host or _FORBIDDEN_IN_HOST.search(host):
        return Target("mailto", "", "", ())
    asked, shown, marks = _read_host(host)
    return Target("mailto", asked, shown, marks)


def _web_target(scheme: str, host: str, *, is_after_user: bool) -> Target:
    asked, shown, marks = _read_host(host)
    if is_after_user:
        marks = (*marks, "userinfo")
    return Target(scheme, asked, shown, marks)


def _read_host(host: str) -> tuple[str, str, tuple[str, ...]]:
    """As it is asked for, as it is shown, and what is odd about it."""
    host = _DOTS.sub(".", unquote(host)).rstrip(".").lower()
    if host.startswith("["):
        return _ipv6(host)
    host = unicodedata.normalize("NFKC", _HIDDEN.sub("", host)).lower()
    number = _ipv4(host)
    if number is not None:
        return number, number, ("number",)
    if _FORBIDDEN_IN_HOST.search(host):
        return "", host[:100], ()
    labels = [(_ascii(label), _unicode(label)) for label in host[:300].split(".")]
    asked = ".".join(label for label, _ in labels)
    own = ".".join(label for _, label in labels)
    if asked == own:
        return asked, asked, ()
    marks = ["punycode"]
    if any(_mixes_scripts(label) for _, label in labels):
        marks.append("mixed-scripts")
    return asked, f"{own} ({asked})", tuple(marks)


def _ipv4(host: str) -> str | None:
    """The address that browsers read out of a number, in whatever notation (WHATWG URL, IPv4 parser)."""
    parts = host.split(".")
    if len(parts) > 4 or not _NUMBER.fullmatch(parts[-1]):
        return None
    try:
        numbers = [_number(part) for part in parts]
        value = numbers[-1]
        for place, number in enumerate(numbers[:-1]):
            if number > 255:
                return None
            value += number << (8 * (3 - place))
        return str(IPv4Address(value))
    except ValueError:
        return None


def _number(text: str) -> int:
    if len(text) > 20:
        raise ValueError
    if text.startswith("0x"):
        return int(text[2:] or "0", 16)
    return int(text, 8) if len(text) > 1 and text.startswith("0") else int(text)


def _ipv6(host: str) -> tuple[str, str, tuple[str, ...]]:
    try:
        address = f"[{IPv6Address(host.strip('[]'))}]"
    except ValueError:
        return "", host[:100], ()
    return address, address, ("number",)


def _ascii(label: str) -> str:
    if label.isascii():
        return label
    return "xn--" + label.encode("punycode").decode("ascii") if len(label) < 64 else "xn--"


def _unicode(label: str) -> str:
    if not label.startswith("xn--"):
        return label
    try:
        own = label[4:].encode("ascii").decode("punycode")
    except (UnicodeError, ValueError, OverflowError):
        return label
    is_true = own.isprintable() and not _HIDDEN.search(own) and _ascii(own) == label
    return own if is_true else label


def _mixes_scripts(label: str) -> bool:
    scripts = set()
    for sign in label:
        script = unicodedata.name(sign, "UNKNOWN").partition(" ")[0]
        script = _SCRIPTS.get(script, script)
        if script not in _OTHER_SIGNS:
            scripts.add(script)
    return len(scripts) > 1 and not scripts <= _EAST


# What a text says


def _differs(said: str, target: Target) -> bool:
    owner = _owner(target.host)
    if target.scheme == "mailto":
        # Of several receivers the target is the last one's.
        owners = {_owner(match[1].lower()) for match in _SAID_MAILBOX.finditer(said)}
        return bool(owners) and owner not in owners
    return any(_owner(_read_host(name)[0]) != owner for name in _sites_in(said))


_AROUND_A_NAME = "«»“”„‘’\"'()[]<>→›·|.,:!? "


def _sites_in(said: str) -> Iterator[str]:
    """The hosts that a text names."""
    rest = said if said.isascii() else _DOTS.sub(".", unicodedata.normalize("NFKC", said))
    if "[" in rest or "(" in rest:
        rest = _BRACKETED_DOT.sub(".", rest)
    if "//" in rest or "\\" in rest:
        for address in _SAID_ADDRESS.finditer(rest):
            yield _host_said(address[1])
        rest = _WITHOUT_SCHEME.sub(" ", _SAID_ADDRESS.sub(" ", rest))
    if "@" in rest and (mailbox := _SAID_MAILBOX.fullmatch(rest.strip(_AROUND_A_NAME))) is not None:
        yield mailbox[1]
    for name in _SAID_NAME.finditer(rest):
        if _is_site(name[1]):
            yield name[1]


def _is_site(name: str) -> bool:
    """Whether a name with dots in it is a site's, not a file's, a version's or the end of a sentence."""
    labels = name.split(".")
    before, ending = labels[-2], labels[-1]
    if labels[0].lower() == "www" and len(labels) > 2:
        return True
    if ending.lower() in _NO_SITES or name.lower() in _NO_SITE_NAMES:
        return False
    is_common = ending.lower() in _COMMON
    if ending.istitle() and not (is_common and len(before) > 1):
        return False  # "now.Shop", "M.Sc", "Co.Ltd"
    if before.lower().lstrip("v").isdecimal() and not is_common:
        return False  # "9.am", "v1.0.dev"
    return _is_given_out(ending.lower())


@lru_cache(maxsize=4096)
def _is_given_out(ending: str) -> bool:
    if ending in _RESERVED:
        return True
    return _suffixes().publicsuffix(f"x.{_ascii(ending)}", accept_unknown=False) is not None


def _host_said(address: str) -> str:
    end = _AUTHORITY_END.search(address)
    authority = address[: end.start()] if end is not None else address
    return _PORT.sub("", authority.rpartition("@")[2]).rstrip(".,;:!?)…")


@lru_cache(maxsize=4096)
def _owner(host: str) -> str:
    """The name that somebody registered, or was given below one where others are given theirs."""
    host = host.removeprefix("www.")
    if not host or host[-1].isdecimal() or host.startswith("["):
        return host
    return str(_suffixes().privatesuffix(host) or host)


@lru_cache(maxsize=1)
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


def get_ready() -> None:
    """Read what is read from a file, where later on none can be opened."""
    _suffixes()
