"""The word for a sender: DMARC's rules over what SPF and DKIM found."""

from __future__ import annotations

import json

import pytest

from inbox.mail.senders import Asks, Checks, Policy, Proof, Result, Verdict, is_aligned, judge, read_policy


def organisation(domain: str) -> str:
    """Good enough for names below .example: the last two labels."""
    return ".".join(domain.split(".")[-2:])


def verdict(
    *,
    dkim: tuple[Proof, ...] = (),
    spf: Proof | None = None,
    policy: Policy | None = None,
    is_plain: bool = True,
) -> Verdict:
    return judge(
        "mail.bank.example",
        is_plain=is_plain,
        spf=spf or Proof(Result.NONE),
        dkim=dkim,
        policy=policy,
        organisation=organisation,
    ).verdict


PASSED = Proof(Result.PASS, "bank.example")
REJECT = Policy(Asks.REJECT)


@pytest.mark.parametrize("policy", [None, Policy(), Policy(Asks.QUARANTINE), REJECT])
def test_an_aligned_pass_confirms_with_and_without_a_policy(policy: Policy | None) -> None:
    assert verdict(dkim=(PASSED,), policy=policy) is Verdict.CONFIRMED
    assert verdict(spf=PASSED, policy=policy) is Verdict.CONFIRMED


def test_a_pass_of_somebody_else_confirms_nothing() -> None:
    stranger = Proof(Result.PASS, "bulk.example")
    assert verdict(dkim=(stranger,), spf=stranger) is Verdict.UNCONFIRMED
    assert verdict(dkim=(stranger,), spf=stranger, policy=REJECT) is Verdict.FAILED


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (None, Verdict.UNCONFIRMED),
        (Policy(), Verdict.UNCONFIRMED),
        (Policy(Asks.QUARANTINE), Verdict.FAILED),
        (REJECT, Verdict.FAILED),
    ],
)
def test_without_a_pass_the_policy_decides(policy: Policy | None, expected: Verdict) -> None:
    broken = Proof(Result.FAIL, "bank.example")
    assert verdict(dkim=(broken,), spf=broken, policy=policy) is expected


def test_a_check_that_nobody_answered_is_no_failure() -> None:
    assert verdict(dkim=(Proof(Result.TEMPERROR, "bank.example"),), policy=REJECT) is Verdict.UNCONFIRMED
    assert verdict(dkim=(Proof(Result.TEMPERROR, "bulk.example"),), policy=REJECT) is Verdict.FAILED


def test_a_strict_policy_wants_the_very_domain() -> None:
    assert verdict(dkim=(PASSED,), policy=Policy(Asks.REJECT, strict_dkim=True)) is Verdict.FAILED
    assert verdict(spf=PASSED, policy=Policy(Asks.REJECT, strict_spf=True)) is Verdict.FAILED
    exact = Proof(Result.PASS, "mail.bank.example")
    assert verdict(spf=exact, policy=Policy(Asks.REJECT, strict_spf=True)) is Verdict.CONFIRMED


def test_with_more_than_one_sender_in_from_nothing_is_confirmed() -> None:
    assert verdict(dkim=(PASSED,), is_plain=False) is Verdict.UNCONFIRMED
    assert verdict(is_plain=False, policy=REJECT) is Verdict.FAILED


def test_nothing_is_aligned_with_no_domain() -> None:
    assert not is_aligned("", "", organisation, strict=False)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"v=DMARC1; p=none", Policy()),
        (b"v=DMARC1;p=quarantine;adkim=s", Policy(Asks.QUARANTINE, strict_dkim=True)),
        (b"v=DMARC1 ; P=Reject ; aspf=s; rua=mailto:a@b.example;", Policy(Asks.REJECT, strict_spf=True)),
        (b"v=DMARC1; p=reject; pct=0", Policy()),
        (b"v=DMARC1; p=reject; t=y", Policy()),
        (b"v=DMARC1; p=reject; pct=50", REJECT),
        (b"v=DMARC1; p=reject; p=none", REJECT),
        (b"v=DMARC1; p=rejekt; rua=mailto:a@b.example", Policy()),
        (b"v=DMARC1; p=rejekt", None),
        (b"v=DMARC1", None),
        (b"p=reject; v=DMARC1", None),
        (b"v=DMARC2; p=reject", None),
        (b"v=spf1 -all", None),
        (b"\xff\x00;;;==", None),
        (b"", None),
    ],
)
def test_a_record_is_read_as_the_rfc_says(text: bytes, expected: Policy | None) -> None:
    assert read_policy([text], of_organisation=False) == expected


def test_two_records_are_none() -> None:
    record = b"v=DMARC1; p=reject"
    assert read_policy([record, record], of_organisation=False) is None
    assert read_policy([b"something else", record], of_organisation=False) == REJECT


def test_below_its_domain_an_organisation_may_ask_for_something_else() -> None:
    record = b"v=DMARC1; p=none; sp=reject"
    assert read_policy([record], of_organisation=True) == REJECT
    assert read_policy([record], of_organisation=False) == Policy()
    assert read_policy([b"v=DMARC1; p=reject"], of_organisation=True) == REJECT


def test_checks_come_back_from_json_as_they_were() -> None:
    checks = Checks(
        Verdict.CONFIRMED,
        "bank.example",
        Proof(Result.SOFTFAIL, "bounce.example"),
        (PASSED, Proof(Result.FAIL, "bulk.example")),
        "reject",
    )
    assert Checks.from_json(json.loads(json.dumps(checks.to_json()))) == checks


@pytest.mark.parametrize("values", [{}, {"verdict": "certain"}, {"verdict": "failed", "domain": ""}])
def test_what_is_no_checks_is_told(values: dict[str, object]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        Checks.from_json(values)
