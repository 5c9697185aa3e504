"""Python's smtplib and swaks."""

from __future__ import annotations

import smtplib
import subprocess
from email.message import EmailMessage

import pytest

from tests.faults.place import Box, Place
from tests.real.conftest import OpenPage, program, sources

DEAD = "nobody.at.all@one.example"


def connect(place: Place) -> smtplib.SMTP:
    return smtplib.SMTP("127.0.0.1", place.smtp_port, local_hostname="client.example", timeout=20)


def test_smtplib_sends_what_comes_out_byte_for_byte(place: Place, boxes: list[Box]) -> None:
    text = "Subject: dots\n\n.\n..\n...and \x00 and \x7f\n" + "x" * 20_000 + "\n.\n"
    with connect(place) as client:
        assert client.sendmail("ann@sender.example", boxes[0].address, text) == {}
        assert client.sendmail("", boxes[0].address, text) == {}  # as delivery reports come
    assert sources(place, boxes[0]) == [text.replace("\n", "\r\n").encode()] * 2


def test_one_dead_recipient_costs_the_others_nothing(place: Place, boxes: list[Box]) -> None:
    with connect(place) as client:
        refused = client.sendmail(
            "ann@sender.example",
            [boxes[0].address, DEAD, boxes[1].address.upper(), f"{boxes[0].address}."],
            "Subject: to several\n\n",
        )
        assert refused == {DEAD: (550, b"5.1.1 No such mailbox")}
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            client.sendmail("ann@sender.example", DEAD, "Subject: to nobody\n\n")
        assert client.noop() == (250, b"2.0.0 OK")
    assert [len(sources(place, box)) for box in boxes] == [1, 1, 0]


def test_smtplib_sends_in_all_alphabets(place: Place, boxes: list[Box]) -> None:
    message = EmailMessage()
    message["From"] = "Jürgen Groß <jürgen@groß.example>"
    message["To"] = boxes[0].address
    message["Subject"] = "日本語 und Ελληνικά"
    message.set_content("Füße, ноги, 足\n", cte="8bit")
    with connect(place) as client:
        assert client.send_message(message) == {}
    [source] = sources(place, boxes[0])
    assert "Subject: 日本語 und Ελληνικά\r\n".encode() in source
    assert source.endswith("Füße, ноги, 足\r\n".encode())


@pytest.mark.parametrize(
    "options", [(), ("--pipeline",), ("--protocol", "SMTP")], ids=["", "pipelining", "HELO"]
)
def test_swaks_sends(options: tuple[str, ...], place: Place, boxes: list[Box]) -> None:
    done = swaks(
        place, boxes[0].address, *options, "--attach", "@/etc/hostname", "--body", "Hello from swaks"
    )
    assert done.returncode == 0, done.stdout
    [source] = sources(place, boxes[0])
    assert b"Hello from swaks" in source and b"X-Mailer: swaks" in source


def test_swaks_is_told_that_nobody_is_there(place: Place, boxes: list[Box]) -> None:
    done = swaks(place, DEAD)
    assert done.returncode == 24, done.stdout  # "no valid recipients"
    assert "<** 550 5.1.1 No such mailbox" in done.stdout


def test_mail_from_smtplib_and_swaks_appears_in_a_page_that_is_open(place: Place, page: OpenPage) -> None:
    with connect(place) as client:
        client.sendmail("ann@sender.example", page.box.address, "Subject: by smtplib\n\nHello\n")
    assert page.subjects_until("by smtplib") == ["by smtplib"]

    done = swaks(place, page.box.address, "--header", "Subject: by swaks")
    assert done.returncode == 0, done.stdout
    assert page.subjects_until("by swaks").count("by swaks") == 1


def swaks(place: Place, recipient: str, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            *(program("swaks"), "--server", "127.0.0.1", "--port", str(place.smtp_port)),
            *("--from", "ann@sender.example", "--to", recipient, "--helo", "client.example", *options),
        ],
        capture_output=True,
        text=True,
        timeout=60,
    )
