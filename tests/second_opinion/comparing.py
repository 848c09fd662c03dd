"""Comparing the two readings on one case."""

from __future__ import annotations

from typing import Any

from hub.core.decision import decide as decide_of_the_core
from hub.core.facts import facts_from_document
from hub.operate.vector_kinds import standing_for
from tests.second_opinion.decision import decide
from tests.second_opinion.tables import Json


def first_opinion(case: Json, defaults: Json) -> Any:
    """What hub/core decides, as the vectors ask it."""
    facts = facts_from_document(
        case["facts"], standing_for(case["facts"], case["policy"], defaults), case["now"]
    )
    return decide_of_the_core(case["event"], facts).as_json()


def both(case: Json, defaults: Json) -> tuple[Any, Any]:
    """The decision of hub/core and the naive one."""
    return first_opinion(case, defaults), decide(case, defaults)
