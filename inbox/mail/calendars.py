"""Invitations and contacts: as much of iCalendar (RFC 5545) and vCard (RFC 6350) as a card says.

Times are worked out from what the file itself says of its zone; of a zone that it only names, the local time
is kept with that name, for the day a zone's rules change is not known to a pure function.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone

from inbox.mail.fields import one_line
from inbox.mail.noop import gettext_noop
from inbox.mail.transfer import decode_quoted_printable

MOST_EVENTS = 5
MOST_CONTACTS = 5
_MOST_GUESTS = 20
_MOST_LINES = 5000
_LONGEST_VALUE = 500
_LONGEST_NOTE = 1500

Line = tuple[str, str]

# What an invitation asks (RFC 5546 1.4), for translation.
METHODS = {
    "CANCEL": gettext_noop("Cancelled"),
    "REPLY": gettext_noop("An answer"),
    "COUNTER": gettext_noop("Another time is proposed"),
    "DECLINECOUNTER": gettext_noop("The other time is declined"),
    "REFRESH": gettext_noop("The newest version is asked for"),
    "ADD": gettext_noop("An addition"),
}
#: What a guest has answered, in brackets behind the name; for translation too.
ANSWERS = {
    "ACCEPTED": gettext_noop("accepted"),
    "DECLINED": gettext_noop("declined"),
    "TENTATIVE": gettext_noop("perhaps"),
}
FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")

_FOLD = re.compile(r"\r?\n[ \t]")
_PROPERTY = re.compile(
    r"(?:[A-Za-z0-9-]{1,40}\.)?([A-Za-z0-9-]{1,40})((?:;[^:\"]{0,400}(?:\"[^\"]{0,400}\"[^:\"]{0,200}){0,10})?):(.*)",
    re.S,
)
_ESCAPE = re.compile(r"\\(.)", re.S)


@dataclass(slots=True)
class Component:
    """A component with its properties in order: name, parameters, raw value."""

    name: str
    properties: list[tuple[str, dict[str, str], str]] = field(default_factory=list)
    children: list["Component"] = field(default_factory=list)

    def first(self, name: str) -> str:
        """The value of the first property called `name`, its escapes undone."""
        found = self.property(name)
        return _unescaped(found[1]) if found is not None else ""

    def property(self, name: str) -> tuple[dict[str, str], str] | None:
        """Parameters and raw value of the first property called `name`."""
        for found, parameters, value in self.properties:
            if found == name:
                return parameters, value
        return None

    def all(self, name: str) -> Iterator[tuple[dict[str, str], str]]:
        """Parameters and raw value of each property called `name`."""
        return ((parameters, value) for found, parameters, value in self.properties if found == name)


def read_components(text: str) -> list[Component]:
    """The components at the top of a file, whatever stands between them. Linear, and bounded."""
    root = Component("")
    stack = [root]
    for number, line in enumerate(_FOLD.sub("", text).splitlines()):
        if number >= _MOST_LINES:
            break
        match = _PROPERTY.fullmatch(line.strip())
        if match is None:
            continue
        name, value = match[1].upper(), match[3].strip()
        if name == "BEGIN" and len(stack) < 8:
            component = Component(value.upper())
            stack[-1].children.append(component)
            stack.append(component)
        elif name == "END":
            if len(stack) > 1 and stack[-1].name == value.upper():
                stack.pop()
        else:
            stack[-1].properties.append((name, _parameters(match[2]), value))
    return root.children


def event_cards(text: str) -> Iterator[tuple[Line, ...]]:
    """The lines of a card for each event of a calendar file."""
    count = 0
    for calendar in read_components(text):
        if calendar.name != "VCALENDAR":
            continue
        zones = {zone.first("TZID"): zone for zone in calendar.children if zone.name == "VTIMEZONE"}
        method = calendar.first("METHOD").upper()
        for event in calendar.children:
            if event.name in ("VEVENT", "VTODO", "VJOURNAL") and count < MOST_EVENTS:
                count += 1
                yield tuple(_event_lines(event, method, zones))


def contact_cards(text: str) -> Iterator[tuple[Line, ...]]:
    """The lines of a card for each contact of a vCard file."""
    count = 0
    for card in read_components(text):
        if card.name == "VCARD" and count < MOST_CONTACTS:
            count += 1
            yield tuple(_contact_lines(card))


# Events


def _event_lines(event: Component, method: str, zones: dict[str, Component]) -> Iterator[Line]:
    asked = METHODS.get(method) or (METHODS["CANCEL"] if event.first("STATUS").upper() == "CANCELLED" else "")
    if asked:
        yield "method", asked
    yield from _said("what", event.first("SUMMARY"))
    begins = _moment(event.property("DTSTART") or event.property("DUE"), zones)
    if begins is not None:
        yield "when", _shown(begins)
        ends = _end(event, begins, zones)
        if ends is not None and ends.at != begins.at:
            yield "until", _shown(ends)
    repeats = _repeats(event.first("RRULE"))
    if repeats:
        yield "repeats", repeats
    yield from _said("where", event.first("LOCATION"))
    for parameters, value in event.all("ORGANIZER"):
        yield from _said("who", _person(parameters, value))
        break
    guests = [
        _person(parameters, value) + (f" ({answer})" if answer else "")
        for parameters, value in event.all("ATTENDEE")
        if (answer := ANSWERS.get(parameters.get("PARTSTAT", "").upper(), "")) is not None
    ]
    if guests:
        more = len(guests) - _MOST_GUESTS
        yield from _said("guests", ", ".join(guests[:_MOST_GUESTS]) + (f" +{more}" if more > 0 else ""), 2000)
    yield from _said("web", event.first("URL"))
    yield from _said("note", event.first("DESCRIPTION"), _LONGEST_NOTE)


@dataclass(frozen=True, slots=True)
class _Moment:
    at: datetime | date
    zone: str = ""
    """The name of a zone of which nothing is known."""


def _shown(moment: _Moment) -> str:
    at = moment.at
    if not isinstance(at, datetime):
        return at.isoformat()
    if at.tzinfo is not None:
        return at.astimezone(UTC).isoformat()
    return f"{at:%Y-%m-%d %H:%M}" + (f" ({moment.zone})" if moment.zone else "")


_DATE = re.compile(r"(\d{4})(\d{2})(\d{2})")
_DATE_TIME = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})T(\d{2}):?(\d{2}):?(\d{2})?(Z)?")


def _moment(found: tuple[dict[str, str], str] | None, zones: dict[str, Component]) -> _Moment | None:
    if found is None:
        return None
    parameters, value = found
    value = value.strip()
    try:
        day = _DATE.fullmatch(value)
        if day is not None:
            return _Moment(date(int(day[1]), int(day[2]), int(day[3])))
        time = _DATE_TIME.fullmatch(value)
        if time is None:
            return None
        year, month, day_, hour, minute, second = (int(part or 0) for part in time.groups()[:6])
        local = datetime(year, month, day_, hour, minute, min(second, 59))
        if time[7]:
            return _Moment(local.replace(tzinfo=UTC))
        name = parameters.get("TZID", "")
        offset = _offset(zones[name], local) if name in zones else None
        if offset is None:
            return _Moment(local, one_line(name, 60))
        # Beyond the years that there are in UTC it stays what it is.
        moment = local.replace(tzinfo=timezone(offset))
        moment.astimezone(UTC)
        return _Moment(moment)
    except (ValueError, OverflowError):
        return None


_DURATION = re.compile(r"P(?:(\d{1,3})W)?(?:(\d{1,4})D)?(?:T(?:(\d{1,4})H)?(?:(\d{1,5})M)?(?:(\d{1,6})S)?)?")


def _end(event: Component, begins: _Moment, zones: dict[str, Component]) -> _Moment | None:
    ends = _moment(event.property("DTEND"), zones)
    try:
        if ends is None:
            duration = _DURATION.fullmatch(event.first("DURATION").lstrip("+"))
            if duration is None:
                return None
            weeks, days, hours, minutes, seconds = (int(part or 0) for part in duration.groups())
            length = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
            return _Moment(begins.at + length, begins.zone)
        if not isinstance(ends.at, datetime):
            # The end of whole days is the day after the last (RFC 5545 3.6.1).
            return _Moment(
                max(ends.at - timedelta(days=1), begins.at if type(begins.at) is date else ends.at)
            )
        return ends
    except OverflowError:
        return None


def _offset(zone: Component, local: datetime) -> timedelta | None:
    """The offset from UTC that holds at `local`, by the zone's own rules (RFC 5545 3.6.5)."""
    best: datetime | None = None
    found: timedelta | None = None
    earliest: tuple[datetime, timedelta] | None = None
    for rule in zone.children[:40]:
        offset = _utc_offset(rule.first("TZOFFSETTO"))
        start = _moment(rule.property("DTSTART"), {})
        if offset is None or start is None or not isinstance(start.at, datetime):
            continue
        begin = start.at.replace(tzinfo=None)
        if earliest is None or begin < earliest[0]:
            before = _utc_offset(rule.first("TZOFFSETFROM"))
            earliest = begin, offset if before is None else before
        for onset in _onsets(rule, begin, local):
            if onset <= local and (best is None or onset >= best):
                best, found = onset, offset
    return found if found is not None or earliest is None else earliest[1]


def _onsets(rule: Component, begin: datetime, local: datetime) -> Iterator[datetime]:
    yield begin
    for _, value in list(rule.all("RDATE"))[:200]:
        moment = _moment(({}, value.split(",")[0]), {})
        if moment is not None and isinstance(moment.at, datetime):
            yield moment.at.replace(tzinfo=None)
    recurrence = _parts(rule.first("RRULE"))
    if recurrence.get("FREQ") != "YEARLY":
        return
    until = _moment(({}, recurrence["UNTIL"]), {}) if "UNTIL" in recurrence else None
    for year in (local.year - 1, local.year):
        day = _day_of_rule(recurrence, year, begin)
        if day is None:
            continue
        onset = datetime(day.year, day.month, day.day, begin.hour, begin.minute, begin.second)
        ended = until is not None and onset.date() > (
            until.at.date() if isinstance(until.at, datetime) else until.at
        )
        if onset >= begin and not ended:
            yield onset


_WEEKDAYS = {"MO": 0, "TU": 1, "WE": 2, "TH": 3, "FR": 4, "SA": 5, "SU": 6}
_NTH = re.compile(r"([+-]?[1-5])?(MO|TU|WE|TH|FR|SA|SU)")


def _day_of_rule(recurrence: dict[str, str], year: int, begin: datetime) -> date | None:
    """ "The last Sunday in October": the day of the year that a rule names."""
    try:
        month = int(recurrence.get("BYMONTH", begin.month))
        by_day = _NTH.fullmatch(recurrence.get("BYDAY", ""))
        if by_day is None:
            return date(year, month, int(recurrence.get("BYMONTHDAY", begin.day)))
        weekday, nth = _WEEKDAYS[by_day[2]], int(by_day[1] or 0)
        if not nth:  # the weekday on or after the first of some days of the month
            nth_days = [int(day) for day in recurrence.get("BYMONTHDAY", "1").split(",")[:31]]
            first = date(year, month, min(nth_days))
            return first + timedelta(days=(weekday - first.weekday()) % 7)
        if nth > 0:
            first = date(year, month, 1)
            return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (nth - 1))
        last = (date(year + month // 12, month % 12 + 1, 1)) - timedelta(days=1)
        return last - timedelta(days=(last.weekday() - weekday) % 7 + 7 * (-nth - 1))
    except (ValueError, OverflowError):
        return None


_UTC_OFFSET = re.compile(r"([+-])(\d{2}):?(\d{2})(?::?(\d{2}))?")


def _utc_offset(value: str) -> timedelta | None:
    match = _UTC_OFFSET.fullmatch(value.strip())
    if match is None or int(match[2]) > 23 or int(match[3]) > 59:
        return None
    length = timedelta(hours=int(match[2]), minutes=int(match[3]), seconds=min(int(match[4] or 0), 59))
    return -length if match[1] == "-" else length


def _parts(rule: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in rule.upper().split(";")[:20])
    return {name.strip(): value.strip() for name, _, value in pairs}


def _repeats(rule: str) -> str:
    """How often, every how many of these, how many times, until when: "WEEKLY;2;10;2026-12-31". The words are
    in sayings.py.
    """
    parts = _parts(rule)
    often = parts.get("FREQ", "")
    if often not in FREQUENCIES:
        return ""
    interval, count = (_number(parts.get(name, "")) for name in ("INTERVAL", "COUNT"))
    until = _moment(({}, parts["UNTIL"]), {}) if "UNTIL" in parts else None
    return f"{often};{interval or 1};{count or ''};{f'{until.at:%Y-%m-%d}' if until is not None else ''}"


def _number(text: str) -> int:
    return int(text[:6]) if text.isascii() and text.isdecimal() else 0


def _person(parameters: dict[str, str], value: str) -> str:
    address = re.sub(r"(?i)^mailto:", "", value.strip())
    name = parameters.get("CN", "")
    if name and name.lower() != address.lower() and "@" in address:
        return f"{name} <{address}>"
    return address or name


# Contacts


def _contact_lines(card: Component) -> Iterator[Line]:
    name = _value(card, "FN") or " ".join(
        part for part in reversed(_value(card, "N").split(";")[:3]) if part.strip()
    )
    yield from _said("name", name)
    yield from _said("organisation", " ".join(part for part in _value(card, "ORG").split(";") if part))
    for label, name_ in (("mail", "EMAIL"), ("phone", "TEL")):
        for parameters, value in list(card.all(name_))[:5]:
            value = re.sub(r"(?i)^(?:mailto|tel):", "", _decoded(parameters, value))
            yield from _said(label, value)
    for parameters, value in list(card.all("ADR"))[:2]:
        parts = [part.strip() for part in _decoded(parameters, value).split(";")]
        yield from _said("address", ", ".join(part for part in parts if part))
    yield from _said("web", _value(card, "URL"))
    yield from _said("note", _value(card, "NOTE"), _LONGEST_NOTE)


def _value(card: Component, name: str) -> str:
    found = card.property(name)
    return _decoded(*found) if found is not None else ""


def _decoded(parameters: dict[str, str], value: str) -> str:
    """vCard 2.1 has quoted-printable inside."""
    if "QUOTED-PRINTABLE" in (parameters.get("ENCODING", "") + " ".join(parameters)).upper():
        value = decode_quoted_printable(value.encode("utf-8", "replace")).decode("utf-8", "replace")
    return _unescaped(value)


# Both


def _parameters(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for piece in re.findall(r";([^;\"]{0,400}(?:\"[^\"]{0,400}\")?)", text)[:20]:
        name, _, value = piece.partition("=")
        found.setdefault(name.strip().upper(), value.strip().strip('"'))
    return found


def _unescaped(value: str) -> str:
    return _ESCAPE.sub(lambda found: "\n" if found[1] in "nN" else found[1], value)


def _said(label: str, value: str, longest: int = _LONGEST_VALUE) -> Iterator[Line]:
    said = one_line(value, longest)
    if said:
        yield label, said
