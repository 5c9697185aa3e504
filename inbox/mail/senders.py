"""Who sent a message, as far as it can be told: what SPF, DKIM and DMARC found, and one word for it. Pure.

The word says who the domain in From belongs to, never that the sender is honest: a lookalike's domain is
confirmed too. So it is always said with the domain. For people:

    CONFIRMED    "Confirmed: sent by DOMAIN"
    FAILED       "Claims DOMAIN; its check failed"
    UNCONFIRMED  "Sender not confirmed: DOMAIN", or without one where From has none

A message without checks was not checked, and nothing is said of it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self


class Verdict(StrEnum):
    """What a row and the reader say of the sender."""

    CONFIRMED = "confirmed"
    FAILED = "failed"
    UNCONFIRMED = "unconfirmed"


class Result(StrEnum):
    """What one check found; the names of RFC 8601 2.7, where several mean the same to us only one of them."""

    PASS = "pass"  # noqa: S105
    FAIL = "fail"
    SOFTFAIL = "softfail"
    NEUTRAL = "neutral"
    NONE = "none"
    #: The domain's own records are wrong.
    PERMERROR = "permerror"
    #: Nobody answered, or time was up: it may have been a pass.
    TEMPERROR = "temperror"


class Asks(StrEnum):
    """What a domain's DMARC policy asks to be done with mail that is not its own (RFC 7489 6.3)."""

    NOTHING = "none"
    QUARANTINE = "quarantine"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class Proof:
    """What was found for one domain: by SPF for the one in the envelope, by DKIM for one that signed."""

    result: Result
    domain: str = ""


@dataclass(frozen=True, slots=True)
class Checks:
    """What was found out about a sender. `domain` is that of From, in lower case as A-labels; "" without one.

    `policy` is what that domain asks for, "" where it says nothing. The rest is for the view of the headers.
    """

    verdict: Verdict
    domain: str = ""
    spf: Proof = field(default_factory=lambda: Proof(Result.NONE))
    dkim: tuple[Proof, ...] = ()
    policy: str = ""

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; short, because they are sealed into one block."""
        return {
            "verdict": self.verdict.value,
            "domain": self.domain,
            "spf": [self.spf.result.value, self.spf.domain],
            "dkim": [[proof.result.value, proof.domain] for proof in self.dkim],
            "policy": self.policy,
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """What to_json() gave. Raises KeyError, TypeError or ValueError for anything else."""
        return cls(
            Verdict(values["verdict"]),
            str(values["domain"]),
            _proof(values["spf"]),
            tuple(map(_proof, values["dkim"])),
            str(values["policy"]),
        )


def _proof(values: Any) -> Proof:
    result, domain = values
    return Proof(Result(result), str(domain))


# -- DMARC (RFC 7489) --------------------------------------------------------------------------------------

#: The registered domain that a name belongs to (RFC 7489 3.2), or the name itself where there is none.
Organisation = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Policy:
    """A domain's DMARC policy, as it holds for the domain in From."""

    asks: Asks = Asks.NOTHING
    strict_dkim: bool = False
    strict_spf: bool = False


def read_policy(texts: Iterable[bytes], *, of_organisation: bool) -> Policy | None:
    """The policy in the TXT records below _dmarc (RFC 7489 6.3), None where there is none or more than one.

    `of_organisation`: the records are those of the organisational domain, and From names one below it.
    """
    policies = [tags for text in texts if (tags := _tags(text)) is not None]
    if len(policies) != 1:
        return None  # RFC 7489 6.6.3: none, or several, and DMARC is not applied
    [tags] = policies
    asked = _asks(tags.get("p", ""))
    if asked is None:
        if not tags.get("rua"):
            return None
        asked = Asks.NOTHING  # RFC 7489 6.6.3: somebody who wants reports and cannot spell
    if of_organisation:
        asked = _asks(tags.get("sp", "")) or asked
    if tags.get("pct") == "0" or tags.get("t") == "y":
        asked = Asks.NOTHING  # a policy that is only being tried
    return Policy(asked, strict_dkim=tags.get("adkim") == "s", strict_spf=tags.get("aspf") == "s")


def _tags(text: bytes) -> dict[str, str] | None:
    """The tags of a record that begins with v=DMARC1, names and values in small letters."""
    pairs = [pair.partition("=") for pair in text.decode("utf-8", "replace").split(";")]
    tags = [(name.strip().lower(), value.strip()) for name, _, value in pairs]
    if tags[0] != ("v", "DMARC1"):
        return None
    found: dict[str, str] = {}
    for name, value in tags:
        found.setdefault(name, value.lower())
    return found


def _asks(text: str) -> Asks | None:
    try:
        return Asks(text)
    except ValueError:
        return None


def is_aligned(domain: str, with_domain: str, organisation: Organisation, *, strict: bool) -> bool:
    """Whether a proof for `domain` speaks for `with_domain` (RFC 7489 3.1)."""
    if not domain or not with_domain:
        return False
    return domain == with_domain or (not strict and organisation(domain) == organisation(with_domain))


def judge(
    domain: str,
    *,
    is_plain: bool,
    spf: Proof,
    dkim: tuple[Proof, ...],
    policy: Policy | None,
    organisation: Organisation,
) -> Checks:
    """The verdict on a message whose From names `domain`.

    `is_plain`: it has one From with one sender; where it has more, nobody can say whom a reader takes for
    the sender, and nothing is confirmed.
    """
    applied = policy or Policy()
    speaking = [
        proof for proof in dkim if is_aligned(proof.domain, domain, organisation, strict=applied.strict_dkim)
    ]
    if is_aligned(spf.domain, domain, organisation, strict=applied.strict_spf):
        speaking.append(spf)
    results = {proof.result for proof in speaking}
    if Result.PASS in results:
        verdict = Verdict.CONFIRMED if is_plain else Verdict.UNCONFIRMED
    elif applied.asks is Asks.NOTHING or Result.TEMPERROR in results:
        verdict = Verdict.UNCONFIRMED
    else:
        verdict = Verdict.FAILED
    return Checks(verdict, domain, spf, dkim, applied.asks.value if policy is not None else "")
