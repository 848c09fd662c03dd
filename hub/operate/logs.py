"""Logs: JSON lines on standard error, closed by an allow-list. Ids, codes and counts; never a value of a message.

The last step drops every field whose name is not on the list, so a mistake elsewhere cannot leak. Records of other
libraries keep their template without its arguments (an argument can be a key, an address, a body), and exceptions
keep their type and place without their text.
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog

ALLOWED_FIELDS = frozenset(
    {
        "event", "instance", "level", "timestamp", "process", "logger", "worker",
        "uid", "delivery_id", "subscription_id", "type", "org", "receiver", "connector",
        "topic", "partition", "offset", "expected", "epoch", "cluster_id",
        "verdict", "outcome", "reason", "state", "status", "attempt",
        "count", "size_bytes", "seconds", "limit", "port", "host", "pid", "exit_code", "version", "versions",
        "exception", "places", "dropped_fields", "route", "method",
    }
)  # fmt: skip
"""The closed vocabulary of the logs. Adding a name is a decision about privacy; review it as one."""

MAX_VALUE_LENGTH = 200
"""Ids and codes are short; something longer is not an id or a code."""

OWN_LOGGERS = ("hub", "agents", "connectors")
"""Loggers of the product; all others speak from warning up."""

MAX_PLACES = 6
"""The innermost calls of a traceback: enough to find the line."""

_PLAIN = (bool, int, float, type(None))


def allow_listed(_logger: object, _method: str, fields: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Keep allowed fields with short plain values; count what was dropped."""
    kept = {name: value for name, value in fields.items() if name in ALLOWED_FIELDS and kind_is_plain(value)}
    dropped = len(fields) - len(kept)
    if dropped:
        kept["dropped_fields"] = dropped
    return kept


def kind_is_plain(value: object) -> bool:
    """Return whether a value may stand in a log: a number, a short string, or a list of short strings."""
    if isinstance(value, _PLAIN):
        return True
    if isinstance(value, str):
        return len(value) <= MAX_VALUE_LENGTH
    return isinstance(value, list) and all(
        isinstance(item, str | int) and kind_is_plain(item) for item in value
    )


def exception_without_text(
    _logger: object, _method: str, fields: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Replace exception information by its type and the innermost places in the code."""
    error = fields.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()[1]
    elif isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        fields["exception"] = type(error).__name__
        frames = traceback.extract_tb(error.__traceback__)[-MAX_PLACES:]
        fields["places"] = [f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in frames]
    return fields


def template_only(
    _logger: object, _method: str, fields: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Replace the text of another library's record by its template and place.

    A record without arguments may have been put together before it was logged, so only its place is kept.
    """
    record = fields.get("_record")
    if isinstance(record, logging.LogRecord):
        fields["event"] = str(record.msg)[:MAX_VALUE_LENGTH] if record.args else "library_record"
        fields["logger"] = record.name
        fields["places"] = [f"{record.filename}:{record.lineno}"]
    return fields


def configure(process: str, level: str = "info") -> None:
    """Set up logging of this process, once, at start. `process` names it in every line."""
    structlog.contextvars.bind_contextvars(process=process)
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    closing: list[structlog.typing.Processor] = [
        exception_without_text,
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        allow_listed,
        structlog.processors.JSONRenderer(),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=[*shared, template_only], processors=closing)
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    for room in OWN_LOGGERS:
        logging.getLogger(room).setLevel(level.upper())


def logger(name: str = "hub") -> Any:
    """Return a logger of the product; names below `hub` follow the configured level."""
    return structlog.get_logger(name)
