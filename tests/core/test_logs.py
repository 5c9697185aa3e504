"""Log lines: one an event, and nobody in them."""

import json
import logging

import pytest

from inbox.logs import JsonLine, PlainLine, fault, mask


@pytest.mark.parametrize(
    "text",
    [
        "mail for kbvra7.mx2tqz@one.example came",
        "from <ann@sender.example>",
        "peer 192.0.2.17 left",
        "peer 2001:db8:0:1::17 left",
        "peer ::ffff:192.0.2.17 left",
        "peer 2001:db8::17 left",
        "peer 2001:db8:1::a:17 left",
        "GET /m/8cf4dff9c1ac4cb2afa6932870902646/",
        "cookie HLLxyzHLLxyzHLLxyzHLLxyzHLLxyzHLLxyzHLLxyz1",
    ],
)
def test_what_tells_of_a_person_is_masked(text: str) -> None:
    masked = mask(text)
    assert "[" in masked
    for private in ("one.example", "sender.example", "192.0.2.17", "2001", "db8", ":17", "8cf4", "HLLxyz"):
        assert private not in masked


def test_what_tells_of_nobody_stays() -> None:
    text = "batch of 20 stored in 3.2 ms at 02:17:51, version 5.2.19, listening on port 2525"
    assert mask(text) == text


def record(message: str, error: BaseException | None = None) -> logging.LogRecord:
    info = (type(error), error, error.__traceback__) if error else None
    return logging.LogRecord("inbox", logging.ERROR, __file__, 1, message, (), info)


def test_a_line_is_one_line_whatever_is_in_it() -> None:
    assert "\n" not in PlainLine().format(record("one\r\ntwo\n"))
    assert "\n" not in JsonLine().format(record("one\r\ntwo\n"))
    assert json.loads(JsonLine().format(record('quote " in it')))["level"] == "error"


def test_a_fault_is_told_by_class_and_place_and_never_by_its_text() -> None:
    try:
        raise ValueError("the subject was: secret plans")
    except ValueError as error:
        line = PlainLine().format(record("it broke", error))
        assert fault(error).startswith("ValueError at test_logs.py:")
    assert "ValueError at test_logs.py" in line
    assert "secret plans" not in line
