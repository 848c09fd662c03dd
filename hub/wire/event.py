"""A CloudEvent as the hub holds it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from hub.core.model import Json

MAXIMUM_EVENT_BYTES: Final = 64 * 1024
"""The largest event: what NL GOV profile 1.1 asks every intermediary to pass on, and EVENTS.md section 1 allows."""


@dataclass(frozen=True, slots=True)
class CloudEvent:
    """One CloudEvent 1.0.

    `attributes` are the context attributes with extensions, each in its canonical text form (CloudEvents 1.0.2
    section 3.1: booleans `true`/`false`, integers in decimals). `data` is a JSON value, or bytes where the content
    is not JSON; `has_data` tells an absent payload from JSON null.
    """

    attributes: Mapping[str, str]
    data: Json | bytes | None = None
    has_data: bool = False
