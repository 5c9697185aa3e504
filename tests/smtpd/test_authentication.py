"""SPF, DKIM and DMARC of messages that the tests sign themselves, against a name server on loopback."""

from __future__ import annotations

import hashlib
import random
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import dkim
import pytest
from dkim.canonicalization import Relaxed, Simple
from hypothesis import given
from hypothesis import strategies as st

from inbox import resolver
from inbox.mail.senders import Checks, Proof, Result, Verdict
from inbox.mail.skim import skim
from inbox.resolver import Resolver, servers
from smtpd import authentication
from smtpd.authentication import Envelope, hash_body
from tests.nameserver import NameServer, name_server
from tests.signing import Key, WithoutFrom, ed25519_key, rsa_key, rsa_record
from tests.support import PATIENCE_SECONDS, wait_for

MESSAGE = (
    b"From: Ann <ann@bank.example>\r\n"
    b"To: somebody@one.example\r\n"
    b"Subject: Hello\r\n"
    b"Date: Wed, 25 Nov 2026 10:00:00 +0000\r\n"
    b"\r\n"
    b"Hello  there, \r\n\r\nyou.\r\n\r\n\r\n"
)
PEER = "127.0.0.1"


@dataclass
class World:
    """A name server, and what asks it."""

    dns: NameServer
    seconds: float = 3.0
    resolver: Resolver = field(init=False)

    def __post_init__(self) -> None:
        self.resolver = Resolver(servers(self.dns.setting))

    def check(
        self, message: bytes, *, sender: str = "", helo: str = "client.example", peer: str = PEER
    ) -> Checks | None:
        self.dns.asked.clear()
        envelope = Envelope(peer, helo, sender)
        return authentication.check(envelope, message, self.resolver, time.monotonic() + self.seconds)

    def verdict(self, message: bytes, *, sender: str = "") -> Verdict:
        checks = self.check(message, sender=sender)
        assert checks is not None
        return checks.verdict

    def publish(self, key: Key, domain: str = "bank.example", selector: str = "s1") -> None:
        self.dns.text(f"{selector}._domainkey.{domain}", key.record)

    def asks(self, policy: str, domain: str = "bank.example") -> None:
        self.dns.text(f"_dmarc.{domain}", f"v=DMARC1; {policy}")


@pytest.fixture
def world() -> Iterator[World]:
    with name_server() as dns:
        world = World(dns)
        yield world
        world.resolver.close()


# -- DKIM --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("canonicalize", [(b"relaxed", b"relaxed"), (b"simple", b"simple")])
@pytest.mark.parametrize("key", [rsa_key, ed25519_key])
def test_a_good_signature_of_the_domain_in_from_confirms(
    world: World, key: object, canonicalize: tuple[bytes, bytes]
) -> None:
    assert callable(key)
    world.publish(key())
    checks = world.check(key().sign(MESSAGE, "bank.example", canonicalize=canonicalize))
    assert checks == Checks(
        Verdict.CONFIRMED,
        "bank.example",
        Proof(Result.NONE, "client.example"),
        (Proof(Result.PASS, "bank.example"),),
    )


def test_a_signature_of_a_domain_below_the_same_organisation_confirms(world: World) -> None:
    world.publish(rsa_key(), "mail.bank.example")
    signed = rsa_key().sign(MESSAGE, "mail.bank.example")
    assert world.verdict(signed) is Verdict.CONFIRMED
    world.asks("p=reject; adkim=s")
    assert world.verdict(signed) is Verdict.FAILED


def test_registries_are_no_organisation(world: World) -> None:
    message = MESSAGE.replace(b"bank.example", b"bank.co.uk")
    world.publish(rsa_key(), "shop.co.uk")
    assert world.verdict(rsa_key().sign(message, "shop.co.uk")) is Verdict.UNCONFIRMED


def test_a_signature_of_somebody_else_confirms_nothing_and_is_listed(world: World) -> None:
    world.publish(rsa_key(), "bulk.example")
    checks = world.check(rsa_key().sign(MESSAGE, "bulk.example"))
    assert checks is not None
    assert (checks.verdict, checks.dkim) == (Verdict.UNCONFIRMED, (Proof(Result.PASS, "bulk.example"),))


@pytest.mark.parametrize(
    ("was", "becomes"),
    [(b"you.", b"me."), (b"Subject: Hello", b"Subject: Hallo"), (b"Ann", b"Bob"), (b"10:00", b"11:00")],
)
def test_what_was_changed_on_the_way_fails(world: World, was: bytes, becomes: bytes) -> None:
    world.publish(rsa_key())
    world.asks("p=reject")
    signed = rsa_key().sign(MESSAGE, "bank.example")
    assert world.verdict(signed) is Verdict.CONFIRMED
    assert world.verdict(signed.replace(was, becomes)) is Verdict.FAILED


def test_a_body_that_was_changed_asks_for_no_key(world: World) -> None:
    world.check(rsa_key().sign(MESSAGE, "bank.example", "onlyforyou").replace(b"you.", b"me."))
    assert ("onlyforyou._domainkey.bank.example", "TXT") not in world.dns.asked


def test_a_second_from_is_confirmed_by_nobody(world: World) -> None:
    world.publish(rsa_key())
    signed = rsa_key().sign(MESSAGE, "bank.example")
    assert world.verdict(b"From: eve@bank.example\r\n" + signed) is not Verdict.CONFIRMED
    two = MESSAGE.replace(b"From: Ann <ann@bank.example>", b"From: ann@bank.example, eve@evil.example")
    assert world.verdict(rsa_key().sign(two, "bank.example")) is Verdict.UNCONFIRMED


def test_a_from_that_only_our_reader_finds_is_not_what_was_signed(world: World) -> None:
    world.publish(rsa_key(), "evil.example")
    world.asks("p=reject")
    # Signers see a header that ends at the first blank line; our reader goes on behind it.
    hidden = b"X-First: 1\r\n\r\n" + MESSAGE
    assert world.verdict(rsa_key().sign(hidden, "evil.example", include_headers=[b"x-first", b"from"])) in (
        Verdict.FAILED,
        Verdict.UNCONFIRMED,
    )


def test_a_signature_that_leaves_from_out_is_none(world: World) -> None:
    world.publish(rsa_key())
    world.asks("p=reject")
    signed = rsa_key().sign(MESSAGE, "bank.example", signer_class=WithoutFrom)
    assert dkim.verify(signed, dnsfunc=lambda name, timeout: rsa_key().record.encode())
    assert world.verdict(signed) is Verdict.FAILED


def test_a_signature_speaks_only_for_the_sender_that_is_shown(world: World) -> None:
    world.publish(rsa_key())
    signed = rsa_key().sign(MESSAGE, "bank.example")
    inquiry = authentication.Inquiry(world.resolver, time.monotonic() + 3)

    def proofs(shown: bytes) -> tuple[Proof, ...]:
        return authentication._Signatures(signed, skim(shown), "bank.example", inquiry).proofs()

    assert proofs(signed) == (Proof(Result.PASS, "bank.example"),)
    assert proofs(signed.replace(b"Ann", b"Eve")) == ()


def test_a_signature_of_a_beginning_is_none_for_what_was_added(world: World) -> None:
    world.publish(rsa_key())
    signed = rsa_key().sign(MESSAGE, "bank.example", length=True)
    assert b"l=" in signed
    assert world.verdict(signed) is Verdict.CONFIRMED
    assert world.verdict(signed + b"And send me your card.\r\n") is Verdict.UNCONFIRMED


def test_weak_and_outsized_keys_prove_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[int] = []
    verify = dkim.RSASSA_PKCS1_v1_5_verify
    monkeypatch.setattr(
        dkim,
        "RSASSA_PKCS1_v1_5_verify",
        lambda h, s, key: tried.append(key["publicExponent"]) or verify(h, s, key),
    )
    signed = rsa_key().sign(MESSAGE, "bank.example")
    for record in (
        rsa_record((1 << 8191) + 1, 65537),  # too large to be worked with
        rsa_record((1 << 2047) + 1, (1 << 2040) + 1),  # an exponent that takes long
        rsa_record((1 << 1023) + 1, 1),
        rsa_record(15, 3),
        "v=DKIM1; k=rsa; p=",
        "v=DKIM1; k=rsa; p=////",
        "v=DKIM1; k=dsa; p=AAAA",
        "",
    ):
        world.dns.text("s1._domainkey.bank.example", record)
        assert world.verdict(signed) is Verdict.UNCONFIRMED, record
    assert tried == [3]  # of 15, which is small and quick: the others were not even worked with
    small = rsa_key(512)
    world.publish(small)
    assert world.verdict(small.sign(MESSAGE, "bank.example")) is Verdict.UNCONFIRMED


def test_of_many_signatures_those_that_can_speak_are_looked_at(world: World) -> None:
    world.publish(rsa_key())
    signed = rsa_key().sign(MESSAGE, "bank.example")
    for number in range(40):
        signed = rsa_key().sign(signed, f"other{number}.example")
    checks = world.check(signed)
    assert checks is not None
    assert checks.verdict is Verdict.CONFIRMED
    assert len(checks.dkim) == authentication.MOST_SIGNATURES
    assert len(world.dns.asked) <= authentication.MOST_QUESTIONS


def test_what_a_header_claims_counts_for_nothing(world: World) -> None:
    claims = (
        b"Authentication-Results: mx.one.example; dkim=pass header.d=bank.example; dmarc=pass\r\n"
        b"Received-SPF: pass\r\nARC-Authentication-Results: i=1; mx; dmarc=pass\r\n"
    )
    world.asks("p=reject")
    assert world.verdict(claims + MESSAGE) is Verdict.FAILED


@pytest.mark.parametrize(
    "signature",
    [
        b"v=1; a=rsa-sha256; d=bank.example; s=s1; h=from; bh=AAAA; b=" + b"\n\t" * 500 + b"!",
        b"v=1;" + b";b\n " * 900 + b"d=bank.example",
        b"d=bank.example; " + b"\t" * 3900 + b"x",
        b"d=bank.example;" + b"a" * 100_000,
        b"d=" + "bänk.example".encode() + b"; s=s1",
        b"d=bank.example; s=" + b"\xff" + b"; h=from; a=rsa-sha256; v=1; b=AAAA; bh=AAAA",
        b"d=bank.example; s=s1; h=from; a=rsa-sha256; v=1; b=AAAA; bh=AAAA; l=" + b"9" * 70,
        b"d=bank.example; s=s1; h=" + b"from:" * 700 + b"; a=rsa-sha256; v=1; b=AAAA; bh=AAAA",
        b";;;=;",
        b"",
    ],
)
def test_a_hostile_signature_is_none_and_costs_little(world: World, signature: bytes) -> None:
    # dkimpy alone takes minutes for some of these.
    checks = world.check(b"DKIM-Signature: " + signature + b"\r\n" + MESSAGE)
    assert checks is not None
    assert checks.verdict is Verdict.UNCONFIRMED


@pytest.mark.parametrize(
    "body",
    [
        b" " * 3_000_000 + b"x\r\n",
        b"\r\n" * 1_500_000 + b"x",
        b" \r\n" * 1_000_000,
        b"\r" * 3_000_000,
        b"\n \t" * 1_000_000 + b"x",
        b"word " * 600_000,
    ],
)
def test_a_body_costs_what_its_length_costs(body: bytes) -> None:
    hash_body(body, relaxed=True)  # dkimpy alone takes hours for the first one


@pytest.mark.parametrize("relaxed", [True, False])
@given(parts=st.lists(st.sampled_from([b" ", b"\t", b"\r\n", b"\n", b"\r", b"a", b"bc", b"\xff", b"  \r\n"])))
def test_bodies_are_written_as_dkimpy_writes_them(relaxed: bool, parts: list[bytes]) -> None:
    assert_same_hash(b"".join(parts) + b"\r\n", relaxed=relaxed)


@pytest.mark.parametrize("relaxed", [True, False])
@pytest.mark.parametrize("piece_bytes", [1, 2, 3, 7])
def test_where_a_body_is_cut_into_pieces_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, relaxed: bool, piece_bytes: int
) -> None:
    monkeypatch.setattr(authentication, "_PIECE_BYTES", piece_bytes)
    chosen = random.Random(7)
    for _ in range(300):
        body = b"".join(chosen.choices([b" ", b"\t", b"\r\n", b"\n", b"\r", b"a", b"b"], k=20))
        assert_same_hash(body + b"\r\n", relaxed=relaxed)


def assert_same_hash(body: bytes, *, relaxed: bool) -> None:
    _, lines = dkim.rfc822_parse(b"A: b\r\n\r\n" + body)
    expected = (Relaxed if relaxed else Simple).canonicalize_body(lines)
    pieces = b"".join(authentication._canonical_pieces(body, relaxed=relaxed))
    assert pieces == expected, body
    assert hash_body(body, relaxed=relaxed) == hashlib.sha256(expected).digest()


# -- SPF ---------------------------------------------------------------------------------------------------


def test_the_network_that_the_domain_names_confirms(world: World) -> None:
    world.dns.text("bank.example", "unrelated", "v=spf1 ip4:127.0.0.0/8 -all")
    checks = world.check(MESSAGE, sender="bounces@bank.example")
    assert checks is not None
    assert (checks.verdict, checks.spf) == (Verdict.CONFIRMED, Proof(Result.PASS, "bank.example"))
    checks = world.check(MESSAGE, sender="bounces@bank.example", peer="203.0.113.9")
    assert checks is not None
    assert (checks.verdict, checks.spf) == (Verdict.UNCONFIRMED, Proof(Result.FAIL, "bank.example"))


def test_includes_redirects_and_hosts_are_followed(world: World) -> None:
    world.dns.text("bank.example", "v=spf1 include:_spf.bulk.example redirect=rest.example")
    world.dns.text("_spf.bulk.example", "v=spf1 mx:bulk.example a:host.bulk.example ?all")
    world.dns.text("rest.example", "v=spf1 ip6:2001:db8::/32 ~all")
    world.dns.records["bulk.example", "MX"] = ["mx.bulk.example"]
    world.dns.records["mx.bulk.example", "A"] = ["203.0.113.1"]
    world.dns.records["host.bulk.example", "A"] = ["203.0.113.2", PEER]
    world.dns.records["host.bulk.example", "AAAA"] = ["2001:db9::1"]
    results = {}
    for peer in (PEER, "203.0.113.1", "203.0.113.7", "2001:db8::7", "2001:db9::1"):
        checks = world.check(MESSAGE, sender="x@bank.example", peer=peer)
        assert checks is not None
        results[peer] = checks.spf.result.value
    assert results == {
        PEER: "pass",
        "203.0.113.1": "pass",
        "203.0.113.7": "softfail",
        "2001:db8::7": "pass",
        "2001:db9::1": "pass",
    }


def test_a_report_without_a_reverse_path_is_its_hosts(world: World) -> None:
    world.dns.text("mx.bank.example", f"v=spf1 ip4:{PEER} -all")
    checks = world.check(MESSAGE, sender="", helo="mx.bank.example")
    assert checks is not None
    assert (checks.verdict, checks.spf) == (Verdict.CONFIRMED, Proof(Result.PASS, "mx.bank.example"))


def test_an_envelope_of_somebody_else_confirms_nothing(world: World) -> None:
    world.dns.text("evil.example", "v=spf1 +all")
    world.asks("p=quarantine")
    assert world.verdict(MESSAGE, sender="x@evil.example") is Verdict.FAILED


@pytest.mark.parametrize(
    "record",
    [
        "v=spf1 " + " ".join(f"include:i{number}.example" for number in range(40)),
        "v=spf1 include:bank.example",
        "v=spf1 a:." + "a" * 900 + "!",
        "v=spf1 " + "exists:%{l}.%{i}.bank.example " * 20,
        "v=spf1 exists:" + "%{d}" * 200,
        "v=spf1 exists:" + ".%" * 400,
        "v=spf1 ptr:bank.example",
        "v=spf1 nonsense",
        "v=spf1 ip4:999.1.1.1",
        "v=spf1 redirect=bank.example",
        "v=spf1 -all exp=explain.bank.example",
        "v=spf1 \u00e9",
        "v=spf1" + " ip4:203.0.113.1" * 2000,
    ],
)
def test_a_hostile_record_is_no_pass_and_costs_little(world: World, record: str) -> None:
    world.dns.text("bank.example", record)
    checks = world.check(MESSAGE, sender="someone@bank.example")
    assert checks is not None
    assert checks.spf.result is not Result.PASS
    assert checks.verdict is Verdict.UNCONFIRMED
    assert len(world.dns.asked) <= authentication.MOST_QUESTIONS


@pytest.mark.parametrize(
    ("sender", "helo"),
    [
        ("", "[127.0.0.1]"),
        ("", "\x00\xff"),
        ("", ""),
        ("root", "localhost"),
        ("ü@bänk.example", "ü"),
        ('"a b"@bank.example', "x"),
        ("a@[127.0.0.1]", "x"),
        ("@bank.example", "x"),
        (f"{'a' * 300}@{'b.' * 100}example", "x"),
    ],
)
def test_whatever_an_envelope_says_is_taken(world: World, sender: str, helo: str) -> None:
    assert world.check(MESSAGE, sender=sender, helo=helo) is not None


# -- DMARC -------------------------------------------------------------------------------------------------


def test_the_policy_of_the_organisation_holds_below_it(world: World) -> None:
    world.asks("p=none; sp=reject")
    message = MESSAGE.replace(b"ann@bank", b"ann@never.was.bank")
    checks = world.check(message)
    assert checks is not None
    assert (checks.verdict, checks.domain, checks.policy) == (
        Verdict.FAILED,
        "never.was.bank.example",
        "reject",
    )
    assert world.verdict(MESSAGE) is Verdict.UNCONFIRMED
    world.asks("p=none", "never.was.bank.example")
    assert world.verdict(message) is Verdict.UNCONFIRMED


def test_domains_beyond_ascii_are_asked_for_as_a_labels(world: World) -> None:
    world.dns.text("xn--bnk-qla.example", f"v=spf1 ip4:{PEER} -all")
    message = MESSAGE.replace(b"bank.example", "bänk.example".encode())
    checks = world.check(message, sender="x@bänk.example")
    assert checks is not None
    assert (checks.verdict, checks.domain) == (Verdict.CONFIRMED, "xn--bnk-qla.example")


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\r\n",
        b"no header at all",
        b"Subject: x\r\n\r\n",
        b"From: nobody\r\n\r\nx",
        b"From: <a@>\r\n\r\n",
        b"From: a@" + b"b." * 200 + b"example\r\n\r\n",
        b" folded first\r\n" + MESSAGE,
        b"\x00\xff\r\n" * 50,
        b"From: " + b"<" * 50_000 + b"\r\n\r\n",
    ],
)
def test_a_message_without_a_sender_is_not_confirmed(world: World, message: bytes) -> None:
    checks = world.check(message)
    assert checks is not None
    assert checks.verdict is Verdict.UNCONFIRMED


# -- a name server that is not as it should be -------------------------------------------------------------


def test_without_a_name_server_nothing_is_said(world: World) -> None:
    nobody = Resolver(servers("127.0.0.1:1"))
    assert authentication.check(Envelope(PEER, "h", ""), MESSAGE, nobody, time.monotonic() + 3) is None
    assert authentication.check(Envelope(PEER, "h", ""), MESSAGE, Resolver([]), time.monotonic() + 3) is None


def test_a_name_server_that_is_silent_costs_no_more_than_the_deadline(world: World) -> None:
    world.dns.silent.add("*")
    world.seconds = 0.3
    assert world.check(MESSAGE) is None
    assert len(world.dns.asked) <= 2  # the one question, and once more should the packet be lost


def test_a_key_that_does_not_come_is_no_failure(world: World) -> None:
    world.asks("p=reject")
    world.dns.failing.add("s1._domainkey.bank.example")
    checks = world.check(rsa_key().sign(MESSAGE, "bank.example"))
    assert checks is not None
    assert (checks.verdict, checks.dkim) == (
        Verdict.UNCONFIRMED,
        (Proof(Result.TEMPERROR, "bank.example"),),
    )


def test_an_answer_to_another_question_is_none(world: World) -> None:
    world.dns.lying.add("_dmarc.bank.example")
    world.seconds = 0.3
    assert world.check(MESSAGE) is None


def test_an_answer_of_64_kilobytes_is_not_taken_apart(world: World) -> None:
    world.dns.text("bank.example", *(f"v=spf1 ip4:127.0.0.1 a{number}" + "x" * 200 for number in range(270)))
    checks = world.check(MESSAGE, sender="x@bank.example")
    assert checks is not None
    assert (checks.verdict, checks.spf.result) == (Verdict.UNCONFIRMED, Result.TEMPERROR)


def test_an_answer_too_large_for_a_packet_comes_by_tcp(world: World) -> None:
    world.dns.text("bank.example", *("x" * 200 for _ in range(20)), f"v=spf1 ip4:{PEER} -all")
    assert world.verdict(MESSAGE, sender="x@bank.example") is Verdict.CONFIRMED


def test_whoever_waits_for_an_answer_leaves_when_everything_ends(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resolver, "PATIENCE_SECONDS", 600)
    world.dns.silent.add("*")
    world.seconds = 600
    waiting = threading.Thread(target=world.check, args=(MESSAGE,), daemon=True)
    waiting.start()
    wait_for(lambda: world.dns.asked, "the question")
    world.resolver.end()
    waiting.join(PATIENCE_SECONDS)
    assert not waiting.is_alive()


@pytest.mark.parametrize("setting", ["nowhere", "10.0.0.1:0", "10.0.0.1:x", "[::1]:99999", "10.0.0.1:53:53"])
def test_a_resolver_that_is_no_address_is_told(setting: str) -> None:
    with pytest.raises(ValueError):
        servers(setting)
