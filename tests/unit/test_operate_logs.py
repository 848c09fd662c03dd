"""Logs: nothing but ids, codes and counts leaves a process, whatever the code hands to the logger."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from hub.operate import logs

CANARY = "999990019"


@pytest.fixture(autouse=True)
def _fresh_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_a_field_outside_the_list_is_dropped_and_counted(capsys: pytest.CaptureFixture[str]) -> None:
    """A field that nobody allowed does not reach the log, and its absence is visible."""
    logs.configure("decide")
    logs.logger().info("decided", uid="u-1", name=CANARY, count=3)
    (line,) = lines(capsys)
    assert line["uid"] == "u-1"
    assert line["dropped_fields"] == 1
    assert CANARY not in json.dumps(line)


def test_an_allowed_field_with_a_long_or_nested_value_is_dropped(capsys: pytest.CaptureFixture[str]) -> None:
    """An allowed name does not open a door for text or structures."""
    logs.configure("decide")
    logs.logger().info("decided", reason="x" * 300, state={"bsn": CANARY})
    (line,) = lines(capsys)
    assert line["dropped_fields"] == 2
    assert CANARY not in json.dumps(line)


def test_an_exception_keeps_its_type_and_place_but_not_its_text(capsys: pytest.CaptureFixture[str]) -> None:
    """What an exception says may be a value of a message, so only its type and place are logged."""
    logs.configure("decide")
    try:
        int(f"x{CANARY}")
    except ValueError:
        logs.logger().exception("flush_failed")
    (line,) = lines(capsys)
    assert line["exception"] == "ValueError"
    assert line["places"]
    assert CANARY not in json.dumps(line)


@pytest.mark.parametrize("arguments", [(CANARY,), ()])
def test_another_librarys_record_keeps_only_its_template(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    """Arguments of foreign records are not logged; a record without arguments may have been put together before."""
    logs.configure("decide")
    message = "key %s is broken" if arguments else f"key {CANARY} is broken"
    logging.getLogger("aiokafka").warning(message, *arguments)
    (line,) = lines(capsys)
    assert line["logger"] == "aiokafka"
    assert CANARY not in json.dumps(line)


def test_the_level_of_the_settings_counts_for_the_product(capsys: pytest.CaptureFixture[str]) -> None:
    """Debug lines appear when asked for, and other libraries stay at warning."""
    logs.configure("decide", "warning")
    logs.logger().info("quiet")
    logging.getLogger("aiokafka").info("quiet too")
    assert lines(capsys) == []
