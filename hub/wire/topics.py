"""The table of Kafka topics, read from `schemas/topics.toml`."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, fields
from typing import Any, Final, Literal

from hub.wire.registry import packaged_text

TOPICS_FILE: Final = "topics.toml"

EVENTS: Final = "hub.events"
DECISIONS: Final = "hub.decisions"
ALERTS: Final = "hub.alerts"

_NAME: Final = re.compile(r"[a-z0-9._-]{1,249}")
_CLEANUP: Final = ("delete", "compact")
_MILLISECONDS: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One topic. `key`, `value` and `why` are sentences for people; the rest is what the broker is told."""

    name: str
    key: str
    value: str
    partitions: int
    retention_seconds: int
    cleanup: Literal["delete", "compact"]
    maximum_message_bytes: int
    why: str

    def broker_configuration(self) -> dict[str, str]:
        """Return the topic's configuration in Kafka's own words."""
        return {
            "cleanup.policy": self.cleanup,
            "retention.ms": str(self.retention_seconds * _MILLISECONDS),
            "max.message.bytes": str(self.maximum_message_bytes),
        }


def _require(condition: object, message: str) -> None:
    if not condition:
        raise ValueError(f"{TOPICS_FILE}: {message}")


def _topic(raw: dict[str, Any]) -> Topic:
    name = raw.get("name")
    _require(isinstance(name, str) and _NAME.fullmatch(name), f"{name!r} is not the name of a topic")
    wanted = {field.name for field in fields(Topic)}
    _require(raw.keys() == wanted, f"{name}: has {sorted(raw)}, needs {sorted(wanted)}")
    for key in ("partitions", "retention_seconds", "maximum_message_bytes"):
        _require(type(raw[key]) is int and raw[key] > 0, f"{name}: {key} is a positive integer")
    for key in ("key", "value", "why"):
        _require(isinstance(raw[key], str) and raw[key], f"{name}: {key} is a sentence")
    _require(raw["cleanup"] in _CLEANUP, f"{name}: cleanup is one of {_CLEANUP}")
    return Topic(**raw)


def read_topics(text: str) -> dict[str, Topic]:
    """Return the topics of a table by name. Raises `ValueError` that names the topic and what is wrong."""
    topics = [_topic(raw) for raw in tomllib.loads(text).get("topic", [])]
    by_name = {topic.name: topic for topic in topics}
    _require(len(by_name) == len(topics), "a topic is named twice")
    return by_name


def load_topics() -> dict[str, Topic]:
    """Return the hub's topics by name."""
    return read_topics(packaged_text(TOPICS_FILE))
