"""The reference connector: receivers are lists in memory. For tests, the demo and as the example to copy."""

from __future__ import annotations

from typing import Final

from connectors.contract import Description, Direction
from connectors.memory.inbox import MemoryConnector, MemoryTarget
from hub.core.model import JsonObject


def _example_target(address: str) -> JsonObject:
    return {"inbox": address}


CONNECTOR: Final = Description(
    name="memory",
    standard="none (reference connector)",
    version="1",
    directions=frozenset({Direction.OUTBOUND}),
    target=MemoryTarget,
    outbound=MemoryConnector,
    example_target=_example_target,
    waivers={"hostile_receiver": "there is no receiver on a network that could misbehave"},
)
