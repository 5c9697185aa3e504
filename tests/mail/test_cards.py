"""What a message is beside its words: events in UTC, contacts, reports in sentences."""

import time

import pytest

from inbox import reading, sayings, zones
from inbox.mail.calendars import contact_cards, event_cards
from inbox.mail.reports import complaint_lines, delivery_lines, receipt_lines, told_lines
from inbox.mail.viewing import view_of
from tests.mail import golden
from tests.mail.corpus import FROM, MIXED, message, multipart, part

BERLIN = """BEGIN:VTIMEZONE
TZID:Europe/Berlin
BEGIN:DAYLIGHT
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
DTSTART:19810329T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
BEGIN:STANDARD
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
DTSTART:19961027T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
END:VTIMEZONE
"""
NEW_YORK = """BEGIN:VTIMEZONE
TZID:Europe/Berlin
BEGIN:STANDARD
DTSTART:16010101T020000
TZOFFSETFROM:-0400
TZOFFSETTO:-0500
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=1SU;BYMONTH=11
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T020000
TZOFFSETFROM:-0500
TZOFFSETTO:-0400
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=2SU;BYMONTH=3
END:DAYLIGHT
END:VTIMEZONE
"""


def event(*lines: str, zone: str = "", method: str = "REQUEST") -> dict[str, str]:
    """The lines of the one card of a calendar with one event."""
    text = (
        f"BEGIN:VCALENDAR\nMETHOD:{method}\n{zone}BEGIN:VEVENT\n"
        + "\n".join(lines)
        + "\nEND:VEVENT\nEND:VCALENDAR\n"
    )
    (card,) = event_cards(text)
    return dict(card)


@pytest.mark.parametrize(
    ("zone", "local", "utc"),
    [
        (BERLIN, "20260115T120000", "2026-01-15T11:00:00+00:00"),
        (BERLIN, "20260715T120000", "2026-07-15T10:00:00+00:00"),
        (BERLIN, "20260329T015959", "2026-03-29T00:59:59+00:00"),
        (BERLIN, "20260329T030000", "2026-03-29T01:00:00+00:00"),
        (BERLIN, "20261025T040000", "2026-10-25T03:00:00+00:00"),
        (BERLIN, "20261231T235900", "2026-12-31T22:59:00+00:00"),
        (NEW_YORK, "20260115T120000", "2026-01-15T17:00:00+00:00"),
        (NEW_YORK, "20260308T030000", "2026-03-08T07:00:00+00:00"),
        (NEW_YORK, "20260715T120000", "2026-07-15T16:00:00+00:00"),
        (NEW_YORK, "20261101T030000", "2026-11-01T08:00:00+00:00"),
    ],
)
def test_a_time_is_worked_out_by_the_rules_of_its_own_zone(zone: str, local: str, utc: str) -> None:
    assert event(f"DTSTART;TZID=Europe/Berlin:{local}", zone=zone)["when"] == utc


@pytest.mark.parametrize(
    ("line", "when"),
    [
        ("DTSTART:20261124T090000Z", "2026-11-24T09:00:00+00:00"),
        ("DTSTART;VALUE=DATE:20261124", "2026-11-24"),
        ("DTSTART:20261124T0900", "2026-11-24 09:00"),
        ("DTSTART;TZID=Mars/Olympus:20261124T090000", "2026-11-24 09:00 (Mars/Olympus)"),
        ("DTSTART:20261324T090000Z", None),
        ("DTSTART:99991231T235959Z", "9999-12-31T23:59:59+00:00"),
        ("DTSTART:tomorrow", None),
        ("DTSTART:", None),
    ],
)
def test_a_time_is_a_moment_a_day_or_what_the_sender_wrote(line: str, when: str | None) -> None:
    assert event("SUMMARY:x", line).get("when") == when


@pytest.mark.parametrize(
    ("zone", "local", "utc"),
    [
        ("Europe/Berlin", "20260115T120000", "2026-01-15T11:00:00+00:00"),
        ("Europe/Berlin", "20260715T120000", "2026-07-15T10:00:00+00:00"),
        ("Europe/Berlin", "20260329T023000", "2026-03-29T01:30:00+00:00"),
        ("America/New_York", "20260715T120000", "2026-07-15T16:00:00+00:00"),
        ("America/Argentina/Buenos_Aires", "20260115T120000", "2026-01-15T15:00:00+00:00"),
        ("/mozilla.org/20050126_1/Europe/Berlin", "20260115T120000", "2026-01-15T11:00:00+00:00"),
        ("W. Europe Standard Time", "20260715T120000", "2026-07-15T10:00:00+00:00"),
        ("Eastern Standard Time", "20260115T120000", "2026-01-15T17:00:00+00:00"),
        ("Central Standard Time (Mexico)", "20260115T120000", "2026-01-15T18:00:00+00:00"),
        ("UTC", "20260115T120000", "2026-01-15T12:00:00+00:00"),
    ],
)
def test_a_zone_that_is_only_named_is_looked_up_for_the_reader(zone: str, local: str, utc: str) -> None:
    begins, ends = f'DTSTART;TZID="{zone}":{local}', f'DTEND;TZID="{zone}":{local[:-1]}1'
    shown = event("SUMMARY:x", begins, ends)
    for label in ("when", "until"):
        moment = reading._line(label, shown[label]).moment
        assert moment is not None
        assert moment.isoformat() == utc


def test_every_zone_of_windows_that_we_know_is_one() -> None:
    for name in zones._OF_WINDOWS:
        assert zones.moment_of(f"2026-01-15 12:00 ({name})") is not None, name


@pytest.mark.parametrize(
    "value",
    [
        "2026-01-15 12:00 (Mars/Olympus)",
        "2026-01-15 12:00 (Europe/Nowhere)",
        "2026-01-15 12:00 (Europe)",
        "2026-01-15 12:00 (America/Argentina)",
        "2026-01-15 12:00 (Europe/../Europe/Berlin)",
        "2026-01-15 12:00 (/etc/passwd)",
        "2026-01-15 12:00 (../../etc/localtime)",
        "2026-01-15 12:00 (localtime)",
        "2026-13-15 12:00 (Europe/Berlin)",
        "0001-01-01 00:00 (Europe/Berlin)",
        "9999-12-31 23:00 (America/New_York)",
        "2026-01-15 12:00",
        "2026-01-15",
    ],
)
def test_a_time_in_a_zone_that_nobody_knows_stays_as_it_is(value: str) -> None:
    line = reading._line("when", value)
    assert (line.moment, line.value) == (None, value)


def test_a_title_that_reads_like_a_time_is_a_title() -> None:
    assert reading._line("what", "2026-01-15 12:00 (Europe/Berlin)").moment is None
    assert reading._line("where", "2026-01-15T12:00:00+00:00").moment is None


def test_an_end_is_said_where_it_says_more_than_the_beginning() -> None:
    day = "DTSTART;VALUE=DATE:20261224"
    assert "until" not in event(day, "DTEND;VALUE=DATE:20261225")
    assert event(day, "DTEND;VALUE=DATE:20261227")["until"] == "2026-12-26"
    assert event("DTSTART:20261124T090000Z", "DURATION:P1DT2H")["until"] == "2026-11-25T11:00:00+00:00"
    assert "until" not in event("DTSTART:99991231T235959Z", "DURATION:P999W")


def test_what_is_asked_is_said_unless_it_is_an_ordinary_invitation() -> None:
    assert "method" not in event("SUMMARY:x")
    assert event("SUMMARY:x", method="CANCEL")["method"] == "Cancelled"
    assert event("SUMMARY:x", "STATUS:CANCELLED")["method"] == "Cancelled"
    assert event("SUMMARY:x", method="REPLY")["method"] == "An answer"


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("FREQ=DAILY", "every day"),
        ("FREQ=DAILY;INTERVAL=none;COUNT=1", "every day, 1 time"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO", "every 2 weeks"),
        ("FREQ=MONTHLY;COUNT=3", "every month, 3 times"),
        ("FREQ=YEARLY;UNTIL=20301231T000000Z", "every year, until 2030-12-31"),
        ("FREQ=SECONDLY", ""),
        ("", ""),
    ],
)
def test_a_repetition_is_said_in_words(rule: str, said: str) -> None:
    found = event("SUMMARY:x", f"RRULE:{rule}").get("repeats", "")
    assert (sayings.card_value("repeats", found) if found else "") == said


def test_an_invitation_without_a_name_that_is_the_whole_message_has_its_card() -> None:
    body = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:Alone\r\nEND:VEVENT\r\nEND:VCALENDAR"
    (card,) = view_of(message(FROM, "Content-Type: text/calendar; method=REQUEST", body=body)).cards
    assert (card.kind, card.lines, card.index) == ("event", (("what", "Alone"),), 0)


def test_values_are_one_clean_line_each() -> None:
    said = event("SUMMARY:a\\nb\u202ec\0d", "LOCATION:" + "x" * 5000)
    assert said["what"] == "a bcd"
    assert len(said["where"]) <= 500


def test_a_contact_of_any_version_is_read() -> None:
    text = (
        "BEGIN:VCARD\nVERSION:4.0\nFN:Ada Lovelace\nitem1.EMAIL;TYPE=work:ada@b.example\n"
        "TEL;VALUE=uri:tel:+44-20-1\nORG:Engines\\, Ltd;Research\nNOTE:two\\nlines\nEND:VCARD\n"
        "BEGIN:VCARD\nN:Babbage;Charles;;;\nEND:VCARD\n"
    )
    first, second = (dict(card) for card in contact_cards(text))
    assert first == {
        "name": "Ada Lovelace",
        "organisation": "Engines, Ltd Research",
        "mail": "ada@b.example",
        "phone": "+44-20-1",
        "note": "two lines",
    }
    assert second == {"name": "Charles Babbage"}


@pytest.mark.parametrize(
    ("fields", "lines"),
    [
        (
            "Final-Recipient: rfc822; a@b.example\nAction: failed\nStatus: 5.2.2",
            [("failed", "a@b.example"), ("why", "The mailbox is full.")],
        ),
        (
            "Final-Recipient: rfc822;<a@b.example>\nStatus: 5.0.0\nDiagnostic-Code: smtp; 550 5.7.1 go\n off",
            [
                ("failed", "a@b.example"),
                ("why", "The server refused the message by its own rules."),
                ("said", "550 5.7.1 go off"),
            ],
        ),
        (
            "Final-Recipient: rfc822; a@b.example\nAction: delayed (4 hours)\nStatus: 4.4.1",
            [("delayed", "a@b.example"), ("why", "The server did not answer. It is still being tried.")],
        ),
        (
            "Final-Recipient: rfc822; a@b.example\nAction: relayed\nStatus: 2.0.0",
            [("delivered", "a@b.example")],
        ),
        ("Final-Recipient: rfc822; a@b.example\nStatus: 5.9.9", [("failed", "a@b.example")]),
        ("Reporting-MTA: dns; mx.example", []),
        ("", []),
    ],
)
def test_a_report_says_what_failed_for_whom_and_why(fields: str, lines: list[tuple[str, str]]) -> None:
    assert list(delivery_lines("Reporting-MTA: dns; mx.example\n\n" + fields)) == lines


def test_a_receipt_says_who_opened_the_message() -> None:
    displayed = (
        "Final-Recipient: rfc822; a@b.example\nDisposition: manual-action/MDN-sent-manually; Displayed"
    )
    assert list(receipt_lines(displayed)) == [("read", "a@b.example")]
    deleted = displayed.replace("Displayed", "deleted")
    assert list(receipt_lines(deleted)) == [("delivered", "a@b.example"), ("said", "deleted")]


def test_a_hundred_messages_inside_are_thirty_cards() -> None:
    inner = part("message/rfc822", message("Subject: s", body="x"))
    view = view_of(message(FROM, MIXED, body=multipart("", "outer", *[inner] * 100)))
    assert len(view.cards) == 30
    assert len(view.files) == 100


def test_a_card_knows_the_file_that_it_is_of() -> None:
    for name in golden.NAMES:
        for card in golden.expected(name)["cards"]:
            assert card["index"] < len(golden.expected(name)["files"])
            assert card["kind"] != "message" or card["index"] >= 0


@pytest.mark.parametrize(
    "unit",
    [
        "BEGIN:VEVENT\n",
        "BEGIN:VCARD\nEND:VCARD\n",
        "ATTENDEE;CN=x:mailto:a@b\n",
        "X",
        "X;",
        'X;a="',
        "RDATE:20260101T000000\n",
        "\n ",
        ":",
        "RRULE:FREQ=YEARLY\n",
    ],
)
def test_a_quarter_of_a_megabyte_of_anything_is_quick(unit: str) -> None:
    text = f"BEGIN:VCALENDAR\n{BERLIN}BEGIN:VEVENT\nDTSTART;TZID=Europe/Berlin:20260101T000000\n"
    text += unit * (250_000 // len(unit))
    began = time.thread_time()
    list(event_cards(text))
    list(contact_cards("BEGIN:VCARD\n" + text))
    list(delivery_lines("Final-Recipient: x\n\n" * 1000 + text))
    assert time.thread_time() - began < 1.5


def told(name: str) -> list[tuple[str, str]]:
    """The lines of the one report of a golden message."""
    (report,) = (card for card in view_of(golden.source_of(name)).cards if card.kind == "report")
    assert report.index == -1
    return list(report.lines)


def test_what_a_mailer_says_in_its_own_words_is_a_card() -> None:
    assert told("report-qmail") == [
        ("failed", "nobody@far.example"),
        ("why", "There is no such mailbox."),
        ("said", "Sorry, no mailbox here by that name. (#5.1.1)"),
        ("failed", "full@far.example"),
        ("why", "The mailbox is full."),
        (
            "said",
            "192.0.2.1 does not like recipient. Remote host said: 452 4.2.2 Over quota "
            "Giving up on 192.0.2.1.",
        ),
    ]
    assert told("report-exim") == [
        ("failed", "nobody@far.example"),
        ("why", "There is no such mailbox."),
        (
            "said",
            "(generated from list@one.example) host mx.far.example [192.0.2.1] SMTP error from remote mail "
            "server after RCPT TO:<nobody@far.example>: 550 5.1.1 no such user here",
        ),
        ("failed", "lost@nowhere.example"),
        ("why", "There is no such domain."),
        ("said", "Unrouteable address"),
    ]
    assert told("report-postfix") == [
        ("failed", "nobody@far.example"),
        ("why", "The server refused the message by its own rules."),
        (
            "said",
            "host mx.far.example[192.0.2.1] said: 550 5.7.1 <nobody@far.example>: refused (in reply to "
            "RCPT TO command)",
        ),
    ]
    assert told("report-sendmail") == [
        ("failed", "nobody@far.example"),
        ("why", "There is no such mailbox."),
        ("said", "550 5.1.1 <nobody@far.example>... User unknown"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "This message was created automatically by mail delivery software.\nA message that you sent has not "
        "yet been delivered to one or more of its\nrecipients. The address to which it has not yet been "
        "delivered is:\n\n  slow@far.example\n    Delay reason: mx.far.example: Connection timed out\n\n"
        "No action is required.",
        "This is the mail system at host mx.sender.example.\n\n# THIS IS A WARNING ONLY.  YOU DO NOT NEED TO "
        "RESEND YOUR MESSAGE. #\n\n<slow@far.example>: connect to mx.far.example[192.0.2.1]:25: "
        "Connection timed out",
    ],
)
def test_what_a_mailer_is_still_trying_is_delayed(text: str) -> None:
    lines = list(told_lines(text))
    assert lines[:2] == [
        ("delayed", "slow@far.example"),
        ("why", "The server did not answer. It is still being tried."),
    ]


@pytest.mark.parametrize("name", ["report-qmail", "report-exim", "report-postfix", "report-sendmail"])
def test_the_words_of_a_mailer_from_somebody_else_are_a_letter(name: str) -> None:
    source = golden.source_of(name)
    forwarded = b"Return-Path: <ada@sender.example>\r\nFrom: Ada <ada@sender.example>\r\n" + b"".join(
        line
        for line in source.splitlines(keepends=True)
        if not line.startswith((b"Return-Path: <>", b"From: M"))
    )
    assert [card.kind for card in view_of(forwarded).cards] == []


@pytest.mark.parametrize(
    "body",
    [
        "Dear Ada,\n\n<bob@b.example>:\nsends his love",
        "Hi. This is Bob.\n\nBye",
        "Hi. This is the qmail-send program",
    ],
)
def test_a_letter_of_a_mailer_without_its_words_has_no_card(body: str) -> None:
    source = message("Return-Path: <>", "From: MAILER-DAEMON@b.example", body=body)
    assert view_of(source).cards == ()


def test_a_report_that_programs_read_is_told_once() -> None:
    cards = view_of(b"Return-Path: <>\r\n" + golden.source_of("report-failed")).cards
    assert [card.kind for card in cards] == ["report", "message"]


def test_that_somebody_called_a_message_unwanted_is_said() -> None:
    complaint, inner = view_of(golden.source_of("report-complaint")).cards
    assert (complaint.kind, complaint.index) == ("complaint", 0)
    assert complaint.lines == (
        ("reported", "Somebody reported a message as unwanted."),
        ("from", "shop@sender.example"),
        ("to", "reader@provider.example"),
        ("date", "2026-11-23T17:00:00+00:00"),
        ("server", "192.0.2.7"),
    )
    assert inner.kind == "message"
    assert sayings.card_title("complaint") == "A report about a message"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sayings, "_", str.upper)
        assert sayings.card_value(*complaint.lines[0]) == "SOMEBODY REPORTED A MESSAGE AS UNWANTED."


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("Feedback-Type: fraud", [("reported", "Somebody reported a message as fraud.")]),
        ("Feedback-Type: Not-Spam\n", [("reported", "Somebody said that a message is not unwanted.")]),
        ("feedback-type: something new", [("reported", "Somebody reported a message.")]),
        ("Version: 1\nSource-IP: 192.0.2.1", []),
        ("", []),
    ],
)
def test_what_was_reported_is_said_in_words(text: str, lines: list[tuple[str, str]]) -> None:
    assert list(complaint_lines(text)) == lines


@pytest.mark.parametrize(
    "unit", ["<a@b.example>:\n", "  a@b.example\n", "    x\n", "\n", " ", "<", "<a@b>: x\n\n", "(reason: "]
)
def test_a_quarter_of_a_megabyte_of_a_mailer_s_words_is_quick(unit: str) -> None:
    began = time.thread_time()
    for opening in (
        "Hi. This is the qmail-send program at x.\n\n",
        "This message was created automatically by mail delivery software.\nfailed:\n",
        "----- The following addresses had permanent fatal errors -----\n",
    ):
        assert len(list(told_lines(opening + unit * (250_000 // len(unit))))) <= 30
    list(complaint_lines("Feedback-Type: abuse\n" + unit * (250_000 // len(unit))))
    assert time.thread_time() - began < 1.5


def test_why_a_message_was_not_delivered_is_translated_sentence_by_sentence() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sayings, "_", str.upper)
        assert sayings.card_value("why", "The mailbox is full. It is still being tried.") == (
            "THE MAILBOX IS FULL. IT IS STILL BEING TRIED."
        )
        assert sayings.card_value("why", "It is still being tried.") == "IT IS STILL BEING TRIED."
        assert sayings.card_value("said", "550 No such user") == "550 No such user"


def test_what_guests_answered_is_translated_and_their_names_are_not() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sayings, "_", str.upper)
        said = "accepted@one.example (accepted), Ann (perhaps) Lee (declined), Bob +3"
        assert sayings.card_value("guests", said) == (
            "accepted@one.example (ACCEPTED), Ann (perhaps) Lee (DECLINED), Bob +3"
        )
