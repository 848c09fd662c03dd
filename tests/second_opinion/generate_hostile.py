"""Hostile and unknown values at every field."""

from __future__ import annotations

import copy
from random import Random
from typing import Any

from tests.second_opinion.tables import Json

HOSTILE: list[Any] = [
    None,
    "",
    " ",
    True,
    False,
    0,
    -1,
    3,
    1.5,
    10**30,
    "x",
    "any",
    "all",
    "unknown",
    "2026-02-30",
    "2026-11-21T12:00:00",
    "2026-11-21T12:00:60Z",
    "2026-11-21T24:00:00Z",
    "2026-11-21t12:00:00z",
    "2026-11-21T12:00:00.123456789+01:00",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "9999-12-31",
    "0001-01-01",
    "\u0662\u0660\u0662\u0666-11-21",
    [],
    {},
    [None],
    [[]],
    ["meta", "meta"],
    ["x"],
    {"any": True},
    {"any": 1},
    {"kind": "local_team", "partnership": "kracht"},
    {"org": "gp_a", "kind": "gp"},
    "999900006",
    999900006,
    "a999900006b",
    "123e4567-e89b-12d3-a456-999900006000",
]


def all_places(value: Any) -> list[tuple[Any, Any]]:
    """Every key or position inside a value, as (container, key)."""
    keys = (
        list(value) if isinstance(value, dict) else list(range(len(value))) if isinstance(value, list) else []
    )
    return [place for key in keys for place in [(value, key), *all_places(value[key])]]


def spoil(random: Random, case: Json) -> None:
    """Put a hostile value somewhere, take a field away, add one, or say something twice."""
    places = all_places({name: case[name] for name in ("event", "facts", "policy")})
    container, key = random.choice(
        [place for place in places if place[1] not in ("event", "facts", "policy")]
    )
    what = random.randrange(10)
    if what == 0:
        del container[key]
    elif what == 1 and isinstance(container, dict):
        container["extra"] = copy.deepcopy(random.choice(HOSTILE))
    elif what == 2 and isinstance(container, list):
        container.append(copy.deepcopy(container[key]))
    elif what == 3:
        other, other_key = random.choice(places)
        container[key] = copy.deepcopy(other[other_key])
    else:
        container[key] = copy.deepcopy(random.choice(HOSTILE))
