"""DATA over a real socket: where it ends, what it may weigh, what is stored."""

from __future__ import annotations

import gc
import os
import resource
import threading
from collections.abc import Callable

import pytest

from inbox.models import Message, Policy, Source
from inbox.running import beginning
from smtpd import counters
from tests.smtpd.conftest import Held, Listening, Talk, wait_until

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "queue"])

MEGABYTE = 1_000_000


NOT_AN_END = [
    b"\n.\n",
    b"\n.\r\n",
    b"\r.\r",
    b"\r\n.\r",
    b"\r\n.\n",
    b"\r\n\0.\r\n",
    b"\r\r\n.\r\r\n",
    b"\r.\r\n",
    b"\n\r.\r\n",
]


def test_only_crlf_dot_crlf_ends_the_data(talk: Talk, held: Held) -> None:
    smuggled = b"MAIL FROM:<evil@evil.example>\r\n"
    talk.greet()
    for number, not_an_end in enumerate(NOT_AN_END, start=1):
        reply = talk.mail(b"first" + not_an_end + smuggled + b"last", held.address)
        assert reply.startswith("250 "), not_an_end
        assert talk.ask("NOOP") == "250 2.0.0 OK", not_an_end
        assert held.count() == number, not_an_end
    for body in held.bodies():
        assert body.startswith(b"first")
        assert body.endswith(smuggled + b"last\r\n")


def test_whatever_comes_is_stored_byte_for_byte(talk: Talk, held: Held) -> None:
    body = bytes(range(256)) * 300 + b"\r\n.." + os.urandom(100_000).replace(b"\r\n.", b"") + b"\r\n"
    stuffed = body.replace(b"\r\n.", b"\r\n..")
    talk.greet().begin(held.address)
    assert talk.ask(stuffed + b".\r\n").startswith("250 ")
    assert held.bodies() == [body]


def test_a_line_of_a_megabyte_is_taken(talk: Talk, held: Held) -> None:
    assert talk.greet().mail(b"x" * MEGABYTE, held.address).startswith("250 ")
    assert held.bodies() == [b"x" * MEGABYTE + b"\r\n"]


def test_a_message_over_the_limit_is_answered_552_after_its_end_and_the_session_goes_on(
    listen: Callable[..., Listening], rows: Policy, held: Held
) -> None:
    rows.max_message_bytes = 64_000
    rows.save()
    talk = listen().talk().greet()
    assert talk.mail(b"x" * 64_001, held.address).startswith("552 5.3.4 ")
    assert talk.mail(b"x" * 63_998, held.address).startswith("250 ")
    assert held.count() == 1


def test_beyond_patience_a_message_over_the_limit_is_answered_552_and_cut_off(
    listen: Callable[..., Listening], rows: Policy, held: Held
) -> None:
    rows.max_message_bytes = 64_000
    rows.save()
    talk = listen(drain_bytes=200_000).talk().greet().begin(held.address)
    talk.send(b"x" * 600_000)
    assert talk.reply().startswith("552 5.3.4 ")
    assert talk.line() == ""
    assert held.count() == 0


def test_the_size_limit_of_the_policy_is_in_force_within_two_seconds(
    listen: Callable[..., Listening], rows: Policy
) -> None:
    talk = listen(idle_commands=10**9).talk()
    assert "SIZE 25000000" in talk.greet().ask("EHLO client.example")
    rows.max_message_bytes = 70_000
    rows.save()
    wait_until(lambda: "SIZE 70000" in talk.ask("EHLO client.example"), 2)


def test_a_full_disk_puts_mail_off_and_a_freed_one_takes_it(
    listen: Callable[..., Listening], rows: Policy, held: Held
) -> None:
    rows.free_disk_floor_bytes = 1 << 60
    rows.save()
    talk = listen().talk().greet()
    assert talk.ask("MAIL FROM:<a@b.example>").startswith("452 4.3.1 ")
    rows.free_disk_floor_bytes = 0
    rows.save()
    wait_until(lambda: talk.ask("MAIL FROM:<a@b.example>").startswith("250 "))


def test_a_mailbox_that_is_full_gets_452_and_with_others_the_message_is_kept_for_all(
    talk: Talk, rows: Policy, new_mailbox: Callable[[], Held]
) -> None:
    rows.quota_messages = 1
    rows.save()
    full, other = new_mailbox(), new_mailbox()
    late = talk.greet().begin(full.address)
    both = Talk(talk.socket.getpeername()[1]).greet().begin(full.address, other.address)
    first = Talk(talk.socket.getpeername()[1]).greet()
    assert first.mail(b"fills it", full.address).startswith("250 ")
    assert late.ask(b"too late\r\n.\r\n").startswith("452 4.2.2 ")
    assert both.ask(b"for both\r\n.\r\n").startswith("250 ")
    assert first.ask("MAIL FROM:<>").startswith("250 ")
    assert first.ask(f"RCPT TO:<{full.address}>").startswith("452 4.2.2 ")
    assert full.bodies() == [b"fills it\r\n", b"for both\r\n"]
    both.close()
    first.close()


def test_a_mailbox_deleted_between_rcpt_and_dot_gets_550_and_the_rest_their_mail(
    talk: Talk, new_mailbox: Callable[[], Held]
) -> None:
    deleted, left = new_mailbox(), new_mailbox()
    talk.greet().begin(deleted.address)
    other = Talk(talk.socket.getpeername()[1]).greet().begin(deleted.address, left.address)
    deleted.open().delete()
    assert talk.ask(b"gone\r\n.\r\n").startswith("550 5.1.1 ")
    assert other.ask(b"stays\r\n.\r\n").startswith("250 ")
    assert left.bodies() == [b"stays\r\n"]
    assert Message.objects.count() == Source.objects.count() == 1
    other.close()


def test_a_hundred_recipients_are_taken_and_further_ones_put_off(
    talk: Talk, new_mailbox: Callable[[], Held]
) -> None:
    mailboxes = [new_mailbox() for _ in range(102)]
    talk.greet()
    talk.send("MAIL FROM:<a@b.example>")
    talk.send("".join(f"RCPT TO:<{mailbox.address}>\r\n" for mailbox in mailboxes) + "DATA")
    replies = [talk.reply() for _ in range(104)]
    assert [reply[:3] for reply in replies] == ["250"] * 101 + ["452"] * 2 + ["354"]
    assert replies[-2].startswith("452 4.5.3 ")
    assert talk.ask(b"to many\r\n.\r\n").startswith("250 ")
    assert Source.objects.count() == 1
    assert Message.objects.count() == 100


def test_the_same_recipient_five_hundred_times_is_one_delivery(talk: Talk, held: Held) -> None:
    talk.greet()
    talk.send("MAIL FROM:<a@b.example>\r\n" + f"RCPT TO:<{held.address}>\r\n" * 500 + "DATA")
    replies = [talk.reply() for _ in range(502)]
    assert {reply[:3] for reply in replies[:-1]} == {"250"}
    assert talk.ask(b"once\r\n.\r\n").startswith("250 ")
    assert held.count() == 1


def test_ten_thousand_recipients_end_in_452_and_the_session_lives(talk: Talk, held: Held) -> None:
    talk.greet()
    talk.send("MAIL FROM:<a@b.example>")
    assert talk.reply().startswith("250 ")
    sender = threading.Thread(target=talk.send, args=(f"RCPT TO:<{held.address}>\r\n" * 9_999 + "NOOP",))
    sender.start()
    codes = [talk.reply()[:3] for _ in range(10_000)]
    sender.join()
    assert codes == ["250"] * 1000 + ["452"] * 8_999 + ["250"]


def test_twenty_five_megabytes_cost_at_most_twice_their_size(
    listening: Listening, rows: Policy, held: Held
) -> None:
    beginning.give_memory_back()  # as every process of ours does at its start
    gc.collect()
    body = os.urandom(1 << 20).replace(b"\r\n.", b"")
    warm_up = listening.talk().greet()
    assert warm_up.mail(body[:100_000], held.address).startswith("250 ")
    before = resident_bytes()
    peak = Peak()
    with peak:
        talk = listening.talk().greet().begin(held.address)
        for _ in range(23):
            talk.send(body)
        assert talk.ask(b"\r\n.\r\n").startswith("250 ")
    size = 23 * len(body)
    assert peak.bytes - before < 2.2 * size
    [source] = Source.objects.filter(size_bytes__gt=MEGABYTE)
    assert source.size_bytes > size


class Peak:
    """The largest resident size while it is watched."""

    def __init__(self) -> None:
        self.bytes = 0
        self._over = threading.Event()
        self._watcher = threading.Thread(target=self._watch)

    def __enter__(self) -> None:
        self._watcher.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._watcher.join()

    def _watch(self) -> None:
        while not self._over.wait(0.001):
            self.bytes = max(self.bytes, resident_bytes())


def resident_bytes() -> int:
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * resource.getpagesize()


def test_a_fault_of_ours_is_answered_451_counted_and_says_nothing(
    talk: Talk, held: Held, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def break_down(*_: object) -> None:
        raise ValueError(f"500 forged\r\n250 {held.address}")

    before = counters.counted("FAILED")
    monkeypatch.setattr("inbox.delivery.digest_body", break_down)
    assert talk.greet().mail(b"text", held.address) == "451 4.3.0 Failed here, try again later"
    monkeypatch.undo()
    assert talk.mail(b"text", held.address).startswith("250 ")
    assert counters.counted("FAILED") == before + 1
    assert held.address not in caplog.text


def test_a_lookup_that_fails_is_451_and_no_550(
    talk: Talk, held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(*_: object) -> None:
        raise ValueError("broken")

    talk.greet().ask("MAIL FROM:<>")
    monkeypatch.setattr("inbox.delivery.find_recipients", break_down)
    assert talk.ask(f"RCPT TO:<{held.address}>").startswith("451 4.3.0 ")
    monkeypatch.undo()
    assert talk.ask(f"RCPT TO:<{held.address}>").startswith("250 ")


def test_nothing_of_a_conversation_is_logged(
    talk: Talk, held: Held, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    talk.greet().begin(held.address, sender="secret.sender@sender.example")
    assert talk.ask(b"Subject: secret subject\r\n\r\nsecret body\r\n.\r\n").startswith("250 ")
    assert talk.ask("QUIT").startswith("221 ")
    wait_until(lambda: "stored: id=" in caplog.text)
    for secret in (held.address, held.local_part, "secret", "127.0.0.1", "client.example"):
        assert secret not in caplog.text


def test_a_reply_of_several_lines_arrives_in_one_piece(talk: Talk) -> None:
    assert talk.reply().startswith("220 ")
    talk.send("EHLO client.example")
    assert talk.socket.recv(65536).count(b"\r\n") == 6
