"""Moments of invitations that only name their zone: worked out by the rules that this computer knows.

The worker that reads a message opens no file, and a zone's rules are files (zoneinfo); so it passes the local
time on with the zone's name ("2026-11-24 09:00 (Europe/Berlin)"), and here it becomes a moment. A name that
nobody knows stays as it is.
"""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

_LOCAL_TIME = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d) \((.{1,60})\)")
# Some programs put their own path in front: "/mozilla.org/20050126_1/Europe/Berlin".
_NAME = re.compile(
    r"(?:/.{1,40}/)?((?:Africa|America|Antarctica|Arctic|Asia|Atlantic|Australia|Canada|Etc|Europe|Indian|"
    r"Pacific|US)(?:/[A-Za-z][A-Za-z0-9_+-]{0,30}){1,2}|UTC|GMT|CET|EET|WET|EST5EDT|CST6CDT|MST7MDT|PST8PDT)"
)

#: What Windows calls the commonest zones, and a place in each (Unicode CLDR, "windowsZones").
_OF_WINDOWS = {
    "W. Europe Standard Time": "Europe/Berlin",
    "Central Europe Standard Time": "Europe/Budapest",
    "Central European Standard Time": "Europe/Warsaw",
    "Romance Standard Time": "Europe/Paris",
    "GMT Standard Time": "Europe/London",
    "Greenwich Standard Time": "Atlantic/Reykjavik",
    "E. Europe Standard Time": "Europe/Chisinau",
    "FLE Standard Time": "Europe/Kyiv",
    "GTB Standard Time": "Europe/Bucharest",
    "Turkey Standard Time": "Europe/Istanbul",
    "Russian Standard Time": "Europe/Moscow",
    "Belarus Standard Time": "Europe/Minsk",
    "Israel Standard Time": "Asia/Jerusalem",
    "Egypt Standard Time": "Africa/Cairo",
    "South Africa Standard Time": "Africa/Johannesburg",
    "W. Central Africa Standard Time": "Africa/Lagos",
    "E. Africa Standard Time": "Africa/Nairobi",
    "Morocco Standard Time": "Africa/Casablanca",
    "Arab Standard Time": "Asia/Riyadh",
    "Arabian Standard Time": "Asia/Dubai",
    "Iran Standard Time": "Asia/Tehran",
    "Pakistan Standard Time": "Asia/Karachi",
    "India Standard Time": "Asia/Kolkata",
    "Bangladesh Standard Time": "Asia/Dhaka",
    "SE Asia Standard Time": "Asia/Bangkok",
    "China Standard Time": "Asia/Shanghai",
    "Singapore Standard Time": "Asia/Singapore",
    "Taipei Standard Time": "Asia/Taipei",
    "W. Australia Standard Time": "Australia/Perth",
    "Korea Standard Time": "Asia/Seoul",
    "Tokyo Standard Time": "Asia/Tokyo",
    "AUS Eastern Standard Time": "Australia/Sydney",
    "E. Australia Standard Time": "Australia/Brisbane",
    "Cen. Australia Standard Time": "Australia/Adelaide",
    "New Zealand Standard Time": "Pacific/Auckland",
    "Eastern Standard Time": "America/New_York",
    "US Eastern Standard Time": "America/Indianapolis",
    "Central Standard Time": "America/Chicago",
    "Mountain Standard Time": "America/Denver",
    "US Mountain Standard Time": "America/Phoenix",
    "Pacific Standard Time": "America/Los_Angeles",
    "Alaskan Standard Time": "America/Anchorage",
    "Hawaiian Standard Time": "Pacific/Honolulu",
    "Atlantic Standard Time": "America/Halifax",
    "Newfoundland Standard Time": "America/St_Johns",
    "Central Standard Time (Mexico)": "America/Mexico_City",
    "SA Pacific Standard Time": "America/Bogota",
    "SA Western Standard Time": "America/La_Paz",
    "Pacific SA Standard Time": "America/Santiago",
    "Argentina Standard Time": "America/Buenos_Aires",
    "E. South America Standard Time": "America/Sao_Paulo",
    "Venezuela Standard Time": "America/Caracas",
}


def moment_of(value: str) -> datetime | None:
    """The moment in UTC of a local time with its zone's name behind it, or None where it cannot be told."""
    local = _LOCAL_TIME.fullmatch(value)
    if local is None:
        return None
    zone = _zone(local[2])
    try:
        moment = datetime.strptime(local[1], "%Y-%m-%d %H:%M").replace(tzinfo=zone)
        return moment.astimezone(UTC) if zone is not None else None
    except (ValueError, OverflowError):
        return None


def _zone(name: str) -> ZoneInfo | None:
    known = _NAME.fullmatch(_OF_WINDOWS.get(name, name))
    if known is None:
        return None
    try:
        return ZoneInfo(known[1])
    except (KeyError, ValueError, OSError):  # no such file, a folder, or one that is no zone
        return None
