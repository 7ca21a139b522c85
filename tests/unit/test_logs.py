"""Log lines for collectors are one JSON object each, whatever the message holds."""

from __future__ import annotations

import json
import logging
import sys

from talentcast.cli.logs import JsonFormatter


def test_a_line_is_one_object_with_time_level_logger_and_message() -> None:
    record = logging.LogRecord("flows", logging.INFO, "x.py", 1, 'two\nlines "%s"', ("é",), None)
    line = JsonFormatter().format(record)
    assert "\n" not in line
    found = json.loads(line)
    assert found["message"] == 'two\nlines "é"'
    assert (found["level"], found["logger"]) == ("INFO", "flows")
    assert found["time"].endswith("+00:00")


def test_an_error_brings_its_traceback() -> None:
    try:
        raise ValueError("broken")
    except ValueError:
        record = logging.LogRecord("a", logging.ERROR, "x.py", 1, "no", (), sys.exc_info())
    assert "ValueError: broken" in json.loads(JsonFormatter().format(record))["traceback"]
