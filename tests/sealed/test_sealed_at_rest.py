"""Everything is driven at the highest log level, then every file of the data directory, the logs and Valkey
are searched."""

from __future__ import annotations

import base64
import html
import re
import secrets
import smtplib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

import pytest
import redis

from inbox.running import valkey_file
from tests.faults.conftest import installation
from tests.faults.place import Box, Place
from tests.faults.visitor import Socket, Visitor
from tests.sealed import needles
from tests.sealed.needles import Haystack, memory_of
from tests.support import busy, wait_for

#: Loopback addresses like no other: whoever comes from them is to be named nowhere.
VISITOR_PEER, SENDER_PEER = "127.66.77.88", "127.99.88.77"
STATIC = ("static",)  # the program's own files
GONE_WITHIN_SECONDS = 2.0

#: What mail says; each word is found in some part of a message.
WORDS = {
    "helo": "helowombat.example",
    "reverse path": "returningquokka",
    "sender": "sendingnumbat",
    "sender name": "Grüße Bandicoot",
    "subject": "Besondere Überraschung Bilby",
    "message id": "identifyingpotoroo",
    "text": "plaintextkowari über alles",
    "html": "markedupdunnart",
    "file name": "geheimes-känguru.pdf",
    "file": "attachedantechinus",
    "tag": "taggedpademelon",
    "code": "quollx93wb7",
}
#: What people type or programs send that belongs in no file either.
OTHER_WORDS = {
    "label": "Labelled Quoll für mich",
    "unknown recipient": "deadletterkultarr",
    "agent": "agentmulgara",
    "query": "queryingbettong",
    "user name": "loggingphascogale",
}


@dataclass
class Driven:
    """An installation in which everything has been done once."""

    place: Place
    visitor: Visitor
    boxes: list[Box]  # the first two of one browser, the third of another
    secrets: list[str | bytes]  # of browsers and staff, and every key that they open

    def words(self) -> list[str | bytes]:
        return [*WORDS.values(), *OTHER_WORDS.values(), *self.secrets]

    def files(self) -> Haystack:
        hay = Haystack()
        hay.add_files(self.place.running.data_dir, without=STATIC)
        return hay

    def logs(self) -> Haystack:
        hay = Haystack()
        hay.add_files(self.place.running.logs)
        return hay

    def valkey(self) -> Haystack:
        """Its keys and values."""
        address = valkey_file.address(self.place.running.data_dir)
        hay = Haystack()
        with redis.Redis(host=address.host, port=address.port, password=address.password) as client:
            keys = list(client.scan_iter())
            hay.add("Valkey's keys", b"\n".join(keys))
            hay.add("Valkey's values", b"\n".join(client.dump(key) or b"" for key in keys))
        return hay

    def valkey_memory(self) -> Iterator[bytes]:
        [pid] = self.place.running.processes("valkey-server 127")
        return memory_of(pid)


@pytest.fixture(scope="module")
def driven(set_up_data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driven]:
    below = tmp_path_factory.mktemp("sealed")
    with installation(set_up_data_dir, below, TEMPMAIL_LOG_LEVEL="DEBUG") as place:
        yield drive(place)


def drive(place: Place) -> Driven:
    """Use all of it."""
    staff_secret = make_staff_secret(place)
    for command in ("runserver", "runsmtp", "qcluster"):
        place.start(command)
    wait_for(lambda: place.running.web_answers() and place.running.smtp_answers(), "web server and listener")
    visitor, other = (Visitor(place.running.http_port, VISITOR_PEER) for _ in range(2))
    visitor.agent = OTHER_WORDS["agent"]
    first = visitor.mailbox()
    assert visitor.post("/new/") == 302
    boxes = [first, visitor.mailbox(), other.mailbox()]
    for box in boxes:
        send(place, box.address, box.address.replace("@", f"+{WORDS['tag']}@"))
    send(place, *(box.address for box in boxes), large=True)
    use_the_page(visitor, boxes[0])
    use_the_page(other, boxes[2])
    use_the_console(place, staff_secret)
    secrets = [secret for each in (visitor, other) for secret in each.secrets().values()]
    assert len(secrets) == 3
    keys = place.inside("keys", secrets=[secret.hex() for secret in secrets])
    return Driven(place, visitor, boxes, [*secrets, *map(base64.b64decode, keys), staff_secret])


def make_staff_secret(place: Place) -> str:
    """Printed once, by the command that makes it; what it printed to is taken away."""
    life = place.start("staffsecret")
    assert life.wait() == 0
    [secret] = [word for word in life.log.read_text().split() if len(word) == 43]
    life.log.unlink()
    return secret


def a_message(*, large: bool) -> bytes:
    """Every word in its place."""
    message = EmailMessage()
    message["From"] = f'"{WORDS["sender name"]}" <{WORDS["sender"]}@sender.example>'
    message["To"] = "somebody@one.example"
    message["Subject"] = WORDS["subject"]
    message["Message-ID"] = f"<{WORDS['message id']}@sender.example>"
    message.set_content(f"{WORDS['text']}\nYour code is {WORDS['code']}.\n")
    message.add_alternative(f"<p>{WORDS['html']} <b>{WORDS['text']}</b></p>", subtype="html")
    filling = secrets.token_bytes(900_000) if large else b""
    message.add_attachment(
        WORDS["file"].encode() + filling, maintype="application", subtype="pdf", filename=WORDS["file name"]
    )
    return message.as_bytes(policy=message.policy.clone(linesep="\r\n"))


def send(place: Place, *recipients: str, large: bool = False) -> None:
    """One message for each of some mailboxes' addresses, and one that nobody gets."""
    with smtplib.SMTP(
        "127.0.0.1", place.smtp_port, local_hostname=WORDS["helo"], source_address=(SENDER_PEER, 0)
    ) as client:
        unknown = f"{OTHER_WORDS['unknown recipient']}@one.example"
        refused = client.sendmail(
            f"{WORDS['reverse path']}@sender.example", [*recipients, unknown], a_message(large=large)
        )
        assert list(refused) == [unknown]
        client.docmd("MAIL", f"FROM:<{OTHER_WORDS['unknown recipient']}@[>")


def use_the_page(visitor: Visitor, box: Box) -> None:
    """What people do, and some of what they do wrong."""
    page = Socket(visitor)
    page.catch_up(box, 0)
    page.hear_until(lambda message: message["type"] == "mailboxes")
    page.close()
    assert visitor.post(f"/m/{box.id}/label/", label=OTHER_WORDS["label"]) == 302
    assert visitor.post(f"/m/{box.id}/extend/") == 302
    text = visitor.get(f"/m/{box.id}/")
    assert OTHER_WORDS["label"] in html.unescape(text)
    messages = set(re.findall(r'data-message-id="([0-9a-f]{32})"', text))
    assert len(messages) == 2
    for message in messages:
        for part in ("", "html/", "source/", "part/0/"):
            visitor.get(f"/m/{box.id}/{message}/{part}")
    assert visitor.ask("GET", f"/m/{'0' * 32}/?{OTHER_WORDS['query']}={OTHER_WORDS['query']}")[0] == 404
    assert visitor.ask("GET", f"/{OTHER_WORDS['query']}/")[0] == 404


def use_the_console(place: Place, staff_secret: str) -> None:
    """Staff log in, at the second attempt, and read their mail."""
    send(place, "postmaster@one.example")
    staff = Visitor(place.running.http_port, VISITOR_PEER)
    staff.get("/admin/login/")
    assert (
        staff.post("/admin/login/", username=OTHER_WORDS["user name"], password=OTHER_WORDS["query"]) == 200
    )
    assert staff.post("/admin/login/", username="admin", password="a long password") == 302
    assert staff.post("/admin/mail/unlock/", secret=staff_secret) == 302
    [path] = set(re.findall(r"/admin/mail/[0-9a-f]{32}/[0-9a-f]{32}/", staff.get("/admin/mail/")))
    assert WORDS["html"] in staff.get(f"{path}html/")


def test_what_is_looked_for_would_be_found(driven: Driven) -> None:
    hay = Haystack()
    for where, word in WORDS.items():
        for number, form in enumerate(needles.forms(word)):
            hay.add(f"{where} {number}", b"before" + form + b"after")
        hay.add(f"{where} in base64", base64.b64encode(f"a line before {word} and after".encode()))
    found = {where for where, _ in hay.finds(driven.words())}
    assert found == hay.places
    assert {"mail.sqlite3", "queue.sqlite3"} <= driven.files().places


def test_no_file_of_the_data_directory_tells_of_anybodys_mail(driven: Driven) -> None:
    assert driven.files().finds([*driven.words(), VISITOR_PEER, SENDER_PEER]) == []


def test_valkey_knows_of_nobodys_mail(driven: Driven) -> None:
    words = [*driven.words(), VISITOR_PEER, SENDER_PEER]
    assert driven.valkey().finds(words) == []
    plain = [word.encode() if isinstance(word, str) else word for word in words]
    for region in driven.valkey_memory():
        assert [word for word in plain if word in region] == []


def test_the_logs_at_their_highest_level_name_nobody(driven: Driven) -> None:
    logs = driven.logs()
    assert logs.has(b" stored: id=")
    addresses = [part for box in driven.boxes for part in (box.address, box.address.partition("@")[0])]
    assert logs.finds([*driven.words(), *addresses, VISITOR_PEER, SENDER_PEER, "127.0.0.1"]) == []


def test_nothing_ties_two_mailboxes_of_one_browser_together(driven: Driven) -> None:
    """What the rows of two of one browser have in common, those of another browser have too."""
    mailboxes = {row["public_id"]: row for row in driven.place.inside("rows", table="inbox_mailbox")}
    grants = {row["mailbox_id"]: row for row in driven.place.inside("rows", table="inbox_grant")}
    ours = [mailboxes[box.id] for box in driven.boxes]
    for one, two, others in (ours, [grants[row["id"]] for row in ours]):
        for column in one:
            assert one[column] != two[column] or one[column] == others[column], column
            assert len(str(one[column])) != len(str(two[column])) or len(str(two[column])) == len(
                str(others[column])
            ), column
    assert len(driven.place.inside("rows", table="django_session")) == 1, "sessions are for staff alone"


def test_after_delete_not_even_the_ciphertext_is_in_any_file(driven: Driven) -> None:
    first = driven.boxes[0]
    pieces = {
        f"{table} {column} {index} {number}": window
        for table, rows in ciphertexts(driven.place, first).items()
        for index, row in enumerate(rows)
        for column, value in row.items()
        for number, window in enumerate(windows(value))
    }
    before = driven.files()
    assert len(pieces) >= 20
    assert [where for where, piece in pieces.items() if not before.has(piece)] == []

    assert driven.visitor.post(f"/m/{first.id}/delete/") == 302
    began = time.monotonic()
    assert first.id not in driven.visitor.secrets()

    def is_gone() -> bool:
        hay = driven.files()
        return not any(hay.has(piece) for piece in pieces.values()) and not hay.finds([first.address])

    wait_for(is_gone, "the end of every ciphertext")
    assert time.monotonic() - began < GONE_WITHIN_SECONDS * busy()


def ciphertexts(place: Place, box: Box) -> dict[str, list[dict[str, bytes]]]:
    """All that is sealed for this mailbox alone, as it lies in the tables."""
    return {
        table: [{column: base64.b64decode(value) for column, value in row.items()} for row in rows]
        for table, rows in place.inside("ciphertexts", mailbox_id=box.id).items()
    }


def windows(value: bytes) -> list[bytes]:
    """Pieces of it: as a whole it may lie on several pages."""
    middle = len(value) // 2
    return [value[:24], value[middle : middle + 24], value[-24:]]
