"""What one peer may take, and that an honest one is served meanwhile."""

from __future__ import annotations

import resource
import select
import socket
import threading
import time
from collections.abc import Callable

import pytest

from inbox.models import Policy
from smtpd import counters
from smtpd.budget import Budget
from smtpd.limits import MIB
from tests.smtpd.conftest import Held, Listening, Talk, wait_until

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "queue"])

Listen = Callable[..., Listening]


def test_connections_over_the_cap_get_421_and_a_place_freed_is_given_again(listen: Listen) -> None:
    listening = listen(connections=2)
    one, two = listening.talk(), listening.talk()
    assert one.reply().startswith("220 ")
    assert two.reply().startswith("220 ")
    three = listening.talk()
    assert three.reply().startswith("421 4.7.0 ")
    assert three.is_closed()
    one.close()
    wait_until(lambda: listening.talk().reply().startswith("220 "))


def test_one_peer_over_its_cap_gets_421_and_another_is_served(listen: Listen) -> None:
    listening = listen(connections_per_peer=2)
    for _ in range(2):
        assert listening.talk().reply().startswith("220 ")
    assert listening.talk().reply().startswith("421 4.7.0 ")
    assert listening.talk(source="127.0.0.2").reply().startswith("220 ")


def test_unless_told_loopback_may_take_all_connections(listen: Listen) -> None:
    listening = listen()
    assert all(listening.talk().reply().startswith("220 ") for _ in range(150))


def test_a_client_that_says_nothing_is_asked_to_leave(listen: Listen) -> None:
    talk = listen(command_seconds=0.3).talk()
    assert talk.reply().startswith("220 ")
    assert talk.reply().startswith("421 4.4.2 ")
    assert talk.is_closed()


def test_a_byte_now_and_then_does_not_lengthen_the_wait_for_a_command(listen: Listen) -> None:
    talk = listen(command_seconds=0.6).talk()
    assert talk.reply().startswith("220 ")
    began_at = time.monotonic()
    while not select.select([talk.socket], [], [], 0.05)[0]:
        talk.send(b"x")
    assert talk.reply().startswith("421 4.4.2 ")
    assert time.monotonic() - began_at < 3


@pytest.mark.parametrize("command", ["NOOP", "RSET", "EHLO client.example", "VRFY x", "HELP"])
def test_idle_commands_do_not_keep_a_session_for_ever(command: str, listen: Listen) -> None:
    talk = listen(idle_commands=20).talk().greet()
    replies = [talk.ask(command)[:3] for _ in range(19)]
    assert "421" not in replies
    assert talk.ask(command).startswith("421 4.7.0 ")
    assert talk.is_closed()


def test_a_session_ends_at_its_time_whatever_it_does(listen: Listen) -> None:
    talk = listen(session_seconds=0.5, idle_commands=10**9).talk().greet()
    give_up_at = time.monotonic() + 5
    while not (reply := talk.ask("NOOP")).startswith("421 4.4.2 "):
        assert reply.startswith("250 ")
        assert time.monotonic() < give_up_at


def test_a_transaction_ends_at_its_time(listen: Listen, held: Held) -> None:
    talk = listen(transaction_seconds=0.5).talk().greet().begin(held.address)
    give_up_at = time.monotonic() + 5
    while not select.select([talk.socket], [], [], 0.01)[0]:
        talk.send(b"still going on\r\n")
        assert time.monotonic() < give_up_at
    assert talk.reply().startswith("421 4.4.2 ")
    assert held.count() == 0


def test_data_that_drips_is_given_up_and_data_that_flows_slowly_is_not(listen: Listen, held: Held) -> None:
    listening = listen(command_seconds=0.4, least_bytes_per_second=1000)
    dripping = listening.talk().greet().begin(held.address)
    flowing = listening.talk().greet().begin(held.address)
    give_up_at = time.monotonic() + 10
    while not select.select([dripping.socket], [], [], 0.05)[0]:
        dripping.send(b".")
        flowing.send(b"x" * 200)
        assert time.monotonic() < give_up_at
    assert dripping.reply().startswith("421 4.4.2 ")
    assert flowing.ask(b"\r\n.\r\n").startswith("250 ")
    assert held.count() == 1


def test_a_peer_that_never_reads_is_cut_off(listen: Listen) -> None:
    listening = listen(unread_seconds=0.3, idle_commands=10**9)
    deaf = socket.socket()
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    deaf.connect(("127.0.0.1", listening.port))
    before = counters.counted("unread")

    def shout() -> None:
        try:
            while True:
                deaf.sendall(b"EHLO client.example\r\n" * 1000)
        except OSError:
            return

    shouting = threading.Thread(target=shout)
    shouting.start()
    wait_until(lambda: counters.counted("unread") > before)
    shouting.join(10)
    deaf.close()
    assert not shouting.is_alive()
    wait_until(lambda: listening.listener is not None and listening.listener.sessions == 0)


def test_an_endless_command_line_ends_the_session_and_a_long_one_is_refused(listening: Listening) -> None:
    talk = listening.talk().greet()
    assert talk.ask(b"NOOP " + b"x" * 300_000 + b"\r\n").startswith("500 5.5.2 ")
    assert talk.ask(b"NOOP " + b"x" * 2000 + b"\r\n").startswith("250 ")
    talk.send(b"x" * 3_000_000)
    assert talk.reply().startswith("500 5.5.2 ")
    assert talk.line() == ""


def test_refused_recipients_are_borne_and_a_dictionary_is_not(listen: Listen, held: Held) -> None:
    talk = listen(refused_recipients=50).talk().greet()
    assert talk.ask("MAIL FROM:<>").startswith("250 ")
    for number in range(50):
        assert talk.ask(f"RCPT TO:<guess{number}@one.example>").startswith("550 ")
    assert talk.ask(f"RCPT TO:<{held.address}>").startswith("250 ")
    assert talk.ask("RCPT TO:<guess@one.example>").startswith("421 4.7.0 ")


def test_when_the_bytes_in_flight_are_spent_data_gets_452_and_small_mail_still_passes(
    listen: Listen, held: Held
) -> None:
    listening = listen(bytes_in_flight=8 * MIB)
    hoarder = listening.talk().greet().begin(held.address)
    hoarder.send(b"x" * (6 * MIB))
    assert listening.listener is not None
    budget = listening.listener._budget
    wait_until(lambda: budget.held_bytes == 6 * MIB)
    refused = listening.talk().greet()
    assert refused.mail(b"y" * (3 * MIB), held.address).startswith("452 4.3.1 ")
    assert listening.talk().greet().mail(b"small", held.address).startswith("250 ")
    assert hoarder.ask(b"\r\n.\r\n").startswith("250 ")
    assert refused.mail(b"y" * (3 * MIB), held.address).startswith("250 ")
    assert held.count() == 3


def test_who_hoards_the_budget_at_a_drip_makes_room_for_who_flows() -> None:
    now = 0.0
    budget = Budget(16 * MIB, lambda: now)
    dropped: list[str] = []
    hoarders = [budget.open(lambda: dropped.append("its bytes")) for _ in range(3)]
    assert all(hoarder.take(4 * MIB) for hoarder in hoarders)
    assert not budget.open(dropped.clear).take(4 * MIB)
    now = 1000.0
    late = budget.open(dropped.clear)
    assert late.take(4 * MIB)
    assert [hoarder.evicted for hoarder in hoarders].count(True) == 1
    assert dropped == ["its bytes"]
    late.release()
    late.release()
    for hoarder in hoarders:
        hoarder.release()
    assert budget.held_bytes == 0


def test_an_honest_client_is_served_within_a_second_while_five_hundred_drip(
    listen: Listen, held: Held
) -> None:
    listening = listen()
    dripping = [socket.create_connection(("127.0.0.1", listening.port)) for _ in range(500)]
    for number, client in enumerate(dripping):
        client.setblocking(False)
        if number % 2:
            client.send(f"EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<{held.address}>\r\nDATA\r\n".encode())
    over = threading.Event()

    def drip() -> None:
        while not over.wait(0.05):
            for client in dripping:
                client.send(b"x")

    dripper = threading.Thread(target=drip)
    dripper.start()
    try:
        began_at = time.monotonic()
        for number in range(5):
            with Talk(listening.port) as honest:
                assert honest.greet().mail(b"honest %d" % number, held.address).startswith("250 ")
        assert time.monotonic() - began_at < 5 * 1.0
    finally:
        over.set()
        dripper.join()
        for client in dripping:
            client.close()
    assert held.count() == 5


def test_descriptors_used_up_do_not_stop_the_listener_for_good(listening: Listening, held: Held) -> None:
    before = counters.counted("descriptors_used_up")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    waiting = [socket.socket() for _ in range(8)]
    used = max(client.fileno() for client in waiting) + 1
    resource.setrlimit(resource.RLIMIT_NOFILE, (used, hard))
    try:
        for client in waiting:
            client.connect(("127.0.0.1", listening.port))
        wait_until(lambda: counters.counted("descriptors_used_up") > before)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert all(client.recv(100).startswith(b"220 ") for client in waiting)
    for client in waiting:
        client.close()
    assert listening.talk().greet().mail(b"text", held.address).startswith("250 ")


def test_under_pressure_nobody_is_waited_for_long(listen: Listen, rows: Policy) -> None:
    listening = listen(connections=5, pressed_seconds=0.3)
    idle = [listening.talk() for _ in range(4)]
    assert all(talk.reply().startswith("220 ") for talk in idle)
    assert any(talk.reply().startswith("421 4.4.2 ") for talk in idle)
