"""The link of a letter that confirms, activates, resets or signs in; and no other link.

A link is judged by what it is called, by what is said in front of it, by its address and by the subject. What
is called by the name of an order or an appointment, leads to a shop of apps or a page of help, or takes the
reader off a list, is never one. Nothing is followed and nothing is looked up.
"""

import re
from collections.abc import Iterable
from itertools import islice
from urllib.parse import unquote, urlsplit

from inbox.mail import wording
from inbox.mail.glance import Link
from inbox.mail.searchtext import fold
from inbox.mail.view import VerifyLink
from inbox.mail.wording import Lexicon

__all__ = ["Link", "VerifyLink", "find_verify_link", "host_of"]

_MOST_LINKS = 60
_LONGEST_URL = 2500
# Links whose names or surroundings say something: more of them is no letter's work.
_MOST_JUDGED = 20
_LONGEST_CALLED = 90
_LONGEST_TEXT = 200
_ENOUGH = 5

_KINDS = Lexicon(
    confirm=wording.CONFIRM, activate=wording.ACTIVATE, reset=wording.RESET, **{"sign-in": wording.SIGN_IN}
)
_ACCOUNTS = Lexicon(account=wording.ACCOUNTS)
_OTHERS = Lexicon(other=wording.OTHER_CONFIRMS)
_AWAY = Lexicon(away=wording.AWAY)
_SILENT = Lexicon(silent=wording.SILENT)

_URL_KINDS = (
    (
        "reset",
        re.compile(
            r"reset|recover|forgot|passwor[dt]|passwd|parol|lozinka|heslo|haslo|senha|contrasena|wachtwoord"
        ),
    ),
    (
        "activate",
        re.compile(
            r"activat|activer|activa|aktiv|attiva|jihuo|set-?up-account|complete-?(?:registration|signup)"
        ),
    ),
    (
        "confirm",
        re.compile(
            r"confirm|verif|validat|conferma|bestaetig|bestatig|bevestig|bekraeft|bekraft|bekreft|vahvist|potwierd"
            r"|potvrd|overen|dogrula|onay|opt-?in|doi(?:[/?=_-]|$)|subscri(?:be|ption)|email-?check|approve|xacnhan|konfirm"
            r"|yanzheng|ninsho|touroku|register|registration|sign-?up"
        ),
    ),
    (
        "sign-in",
        re.compile(
            r"magic|log-?in|sign-?in|anmeld|einlogg|connexion|logga|passwordless|one-?time|[/.]auth(?:[/?.]|enticate|$)|sso"
        ),
    ),
)
_AWAY_URL = re.compile(
    r"unsub|optout|opt-out|preferences|/privacy|/terms|/legal|/help(?:/|$)|/support(?:/|$)|/faq|/contact|/cookies|/imprint|impressum"
    r"|datenschutz|abmeld|desinscri|desabonn|descadastr|baja(?:/|\?|$)|report-?abuse|not-?me|deny|cancel|revoke|list-manage\.com/profile"
)
_AWAY_HOSTS = re.compile(
    r"(?:^|\.)(?:apps\.apple\.com|itunes\.apple\.com|play\.google\.com|appgallery\.[a-z.]+|apps\.microsoft\.com|aka\.ms|onelink\.me)$"
)
_SOCIAL_HOSTS = re.compile(
    r"(?:^|\.)(?:facebook\.com|fb\.com|twitter\.com|x\.com|instagram\.com|linkedin\.com|youtube\.com|youtu\.be|tiktok\.com|t\.me"
    r"|pinterest\.[a-z.]{2,6}|wa\.me|whatsapp\.com|vk\.com|ok\.ru|reddit\.com|threads\.net|discord\.gg|weibo\.com|telegram\.me|xing\.com)$"
)
# Pages of a manual have no token behind them.
_PAGE = re.compile(r"\.(?:html?|md|rst|txt)(?:#.*)?$")
_FILES = re.compile(r"\.(?:png|jpe?g|gif|webp|svg|css|js|ico|pdf|ics|zip|mp4)$")
_TOKEN_NAMES = re.compile(
    r"(?:^|[_-])(?:token|code|key|hash|sig|signature|otp|t|k|c|h|s|id|uid|u|i|a|x|q|p|tk|jwt|ticket|oobcode|nonce|secret|ref|data|d|e|v|m|upn|confirmation|activation|verification|state)$"
)
_CAMPAIGN_NAMES = re.compile(r"^(?:utm_|mc_|hsa_|ref$|src$|source$|lang$|locale$|campaign|medium$)")


def find_verify_link(links: Iterable[Link], subject: str = "") -> VerifyLink | None:
    """The link most likely meant, or None. `links` as glance() or links_of_text() give them, in order."""
    judging = _Judging(_flat(subject[:300]))
    best: tuple[int, VerifyLink] | None = None
    for link in islice(links, _MOST_LINKS):
        judged = judging.judge(link)
        if judged is not None and (best is None or judged[0] > best[0]):
            best = judged
        if judging.left <= 0:
            break
    return best[1] if best is not None and best[0] >= _ENOUGH else None


def host_of(url: str) -> str:
    """The host that a web address leads to, in ASCII; "" where it has none that is plain to see."""
    try:
        parts = urlsplit(url)
        if parts.scheme.lower() not in ("http", "https") or "@" in parts.netloc or "\\" in url:
            return ""
        host = (parts.hostname or "").lower().rstrip(".")
        _ = parts.port
    except ValueError:
        return ""
    if not host.isascii():
        if len(host) > 253:
            return ""
        try:
            host = host.encode("idna").decode("ascii")
        except UnicodeError:
            return ""
    return host if _is_host(host) else ""


_HOST_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_ADDRESS = re.compile(r"[0-9a-f:.]{2,45}")


def _is_host(host: str) -> bool:
    """Whether it is a name (RFC 1035 2.3.4) or an address. Label by label: one pattern takes for ever."""
    if not host or len(host) > 253:
        return False
    if ":" in host:
        return _ADDRESS.fullmatch(host) is not None
    return all(_HOST_LABEL.fullmatch(label) for label in host.split("."))


_NOT_IN_URL = re.compile(
    r"[\x00-\x20\x7f-\xa0\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff\ud800-\udfff<>\"]"
)


class _Judging:
    """The links of one letter, whose subject is `flat`."""

    def __init__(self, flat: str) -> None:
        self.left = _MOST_JUDGED
        self.kinds = _kinds(flat)
        self.is_of_others = bool(_OTHERS.labels(flat)) and not _ACCOUNTS.labels(flat)
        self.called: dict[str, tuple[str, int]] = {}

    def judge(self, link: Link) -> tuple[int, VerifyLink] | None:
        """What speaks for a link; None where it cannot be the one."""
        url = link.url
        if len(url) > _LONGEST_URL or _NOT_IN_URL.search(url) or url[:4].lower() != "http":
            return None
        kind, score, url_kind = self.kind_of(link, url.lower())
        if not kind:
            return None
        self.left -= 1
        host = host_of(url)
        if not host or _leads_away(url.lower(), host):
            return None
        has_token = _has_token(url)
        if _SOCIAL_HOSTS.search(host) and not (url_kind and has_token):
            return None
        if not self.is_asked_for(link, kind, url_kind, has_token):
            return None
        speaks_of_it = kind in self.kinds or (self.kinds and kind in ("confirm", "activate"))
        score += 2 * (bool(url_kind) + has_token + bool(speaks_of_it))
        return score, VerifyLink(url, host, kind)

    def kind_of(self, link: Link, lowered: str) -> tuple[str, int, str]:
        """What a link does, what that is worth, what its address says; "" where it is none of ours."""
        text = link.text[:_LONGEST_TEXT]
        called = self.called.get(text)
        if called is None:
            called = self.called[text] = _called(text)
        kind, score = called
        if score < 0:
            return "", 0, ""
        url_kind = _url_kind(lowered)
        if not kind:
            kind, score = _said_before(link, url_kind)
        return kind, score, url_kind

    def is_asked_for(self, link: Link, kind: str, url_kind: str, has_token: bool) -> bool:
        """Whether the letter is about this: most letters have a link to sign in somewhere."""
        if kind in ("reset", "sign-in") and not has_token:
            return False
        if not (has_token or url_kind or kind in self.kinds):
            return False
        if kind == "confirm" and self.is_of_others:
            # An order, an appointment: what is confirmed there is no account.
            return bool(_ACCOUNTS.labels(_flat(link.before[-120:] + link.text[:_LONGEST_TEXT])))
        return kind != "sign-in" or "sign-in" in self.kinds or "sign-in" in _kinds(_beside(link))


def _leads_away(lowered: str, host: str) -> bool:
    """Whether an address is a page, a file, a shop of apps, or a way off a list."""
    path = lowered.partition("//")[2].partition("/")[2]
    return bool(
        _AWAY_HOSTS.search(host)
        or _AWAY_URL.search(lowered)
        or _FILES.search(path.partition("?")[0])
        or _PAGE.search(path)
    )


def _called(text: str) -> tuple[str, int]:
    """What a link is called: its kind and what that is worth; less than nothing where it leads away."""
    flat = _flat(text)
    if not flat.strip():
        return "", 0
    if _AWAY.labels(flat):
        return "", -1 if len(flat) <= _LONGEST_CALLED else 0
    kinds = _kinds(flat)
    if not kinds or len(flat) > _LONGEST_CALLED:
        return "", 0
    kind = _first_kind(kinds)
    has_account = bool(_ACCOUNTS.labels(flat))
    if kind == "confirm" and not has_account and _OTHERS.labels(flat):
        return "", -1
    return kind, 4 + has_account


def _said_before(link: Link, url_kind: str) -> tuple[str, int]:
    """The kind of a link that says nothing of itself, by the sentence in front of it."""
    flat_text = _flat(link.text[:200])
    says_nothing = (
        not flat_text.strip(" :-.>*")
        or "://" in link.text
        or "www." in link.text
        or len(flat_text) > _LONGEST_CALLED
        or bool(_SILENT.labels(flat_text))
    )
    if not says_nothing and not url_kind:
        return "", 0
    before = _flat(f"{link.before[-200:]} {link.text[:_LONGEST_TEXT]} {link.after[:80]}")
    kinds = _kinds(before)
    if not kinds:
        return "", 0
    if _AWAY.labels(before[-80:]):
        return "", 0
    has_account = bool(_ACCOUNTS.labels(before))
    kind = _first_kind(kinds)
    if kind == "confirm" and not has_account and _OTHERS.labels(before):
        return "", 0
    if url_kind and url_kind != kind and url_kind in kinds:
        kind = url_kind
    return kind, 2 + has_account if says_nothing else 1


def _beside(link: Link) -> str:
    return _flat(f"{link.before[-200:]} . {link.after[:80]}")


_ORDER = ("reset", "activate", "confirm", "sign-in")


def _first_kind(kinds: set[str]) -> str:
    return next((kind for kind in _ORDER if kind in kinds), "")


def _kinds(flat: str) -> set[str]:
    return {label.kind for label in _KINDS.labels(flat)}


def _url_kind(lowered: str) -> str:
    """What an address says of itself, host left out."""
    path = _SLUG.sub("", lowered.partition("//")[2].partition("/")[2])
    return next((kind for kind, pattern in _URL_KINDS if pattern.search(path)), "")


# A title in an address, as articles have it: "how-to-verify-your-mail".
_SLUG = re.compile(r"(?:[a-z]{1,24}-){3,12}[a-z]{1,24}")


def _has_token(url: str) -> bool:
    """Whether an address holds something made for one reader."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    for pair in re.split("[&;]", f"{parts.query}&{parts.fragment.partition('?')[2]}")[:40]:
        name, _, value = pair.partition("=")
        name = name.lower()
        if _CAMPAIGN_NAMES.match(name):
            continue
        if not value and _is_random(name, 8):
            return True
        if value and (_TOKEN_NAMES.search(name) or _is_random(value, 6)):
            return True
    segments = [*parts.path.split("/")[-8:], parts.fragment.partition("?")[0]]
    return any(_is_random(unquote(segment), 5) and not _is_short_number(segment) for segment in segments)


def _is_short_number(word: str) -> bool:
    return word.isdecimal() and len(word) < 8


def _is_random(word: str, shortest: int) -> bool:
    """Whether a word looks like chance made it: digits among letters, or longer than words are."""
    if len(word) < shortest:
        return False
    digits = sum(map(str.isdecimal, word))
    letters = sum(map(str.isalpha, word))
    if digits and letters and not re.fullmatch(r"[a-zA-Z]+[-_.]?\d{1,4}(?:\.[a-z]{2,5})?", word):
        return True
    return (
        digits >= 5
        or (len(word) >= 20 and "-" not in word and "_" not in word)
        or (
            len(word) >= 8
            and "-" not in word
            and not word.islower()
            and not word.istitle()
            and not word.isupper()
            and "." not in word
        )
    )


def _flat(text: str) -> str:
    return fold(text).replace("-", " ").replace("\n", " ")
