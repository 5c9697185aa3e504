"""Log lines: one an event. Two walls keep people out of them: we log no address, subject, body, secret
or whole peer; and whatever a library tries to say is masked here before it is written.
"""

import json
import logging
import re
import traceback
from datetime import UTC, datetime

_WORD = r"[^\s@<>\"'=,;:()\[\]]"
_MASKS = (
    # Only from where a word begins, or a long one without an @ would cost its square.
    (re.compile(rf"(?<!{_WORD}){_WORD}+@[^\s@<>\"',;:()\[\]]+"), "[address]"),
    (re.compile(r"\b(?:\d{1,3}\.){3}\d{1,3}\b"), "[peer]"),
    (
        re.compile(
            r"\b(?:[0-9a-fA-F]{1,4}:){3,7}[0-9a-fA-F:]+"
            r"|(?:[0-9a-fA-F]{1,4}(?::[0-9a-fA-F]{1,4}){0,6})?::[0-9a-fA-F]{1,4}(?::[0-9a-fA-F]{1,4}){0,6}\b"
        ),
        "[peer]",
    ),
    (re.compile(r"\b[0-9a-f]{32}\b"), "[id]"),
    (re.compile(r"\b[A-Za-z0-9_-]{43}\b"), "[secret]"),
)


def mask(text: str) -> str:
    """`text` on one line, without what looks like an address, a peer, an id or a secret."""
    for pattern, word in _MASKS:
        text = pattern.sub(word, text)
    return text.replace("\r", " ").replace("\n", " ")


def fault(error: BaseException) -> str:
    """An exception as a log may tell it: its class and where it was raised, never its text.

    The text of an exception often quotes the value that caused it.
    """
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {frames[-1].filename.rsplit('/', 1)[-1]}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"


class PlainLine(logging.Formatter):
    """`time level logger: message`."""

    def format(self, record: logging.LogRecord) -> str:
        line = f"{_stamp(record)} {record.levelname.lower()} {record.name}: {_message(record)}"
        return line + _fault(record)


class JsonLine(logging.Formatter):
    """The same as one JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        event = {
            "time": _stamp(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _message(record) + _fault(record),
        }
        return json.dumps(event, ensure_ascii=False)


def _message(record: logging.LogRecord) -> str:
    try:
        return mask(record.getMessage())
    except Exception:  # a line that cannot be formatted must not take its event with it
        return "(unreadable log line)"


def _fault(record: logging.LogRecord) -> str:
    if record.exc_info and record.exc_info[1] is not None:
        return f" [{fault(record.exc_info[1])}]"
    return ""


def _stamp(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
