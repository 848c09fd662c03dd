"""`hub parked`: what waits for a person of the hub. Lists, shows, releases, rejects, exports; never content."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, fields
from enum import StrEnum, unique
from typing import Final, TextIO

from hub.core.model import JsonObject
from hub.core.numbers import metadata_refused
from hub.ledger.desk import PARKED_PART, Desk
from hub.ledger.open import open_ledger
from hub.ledger.operators import Operator, OperatorError
from hub.ledger.parked_items import ParkedItem, ParkedKind
from hub.ledger.parking import ParkedOutcome
from hub.operate.clock import clock_of
from hub.operate.settings import Settings

DONE: Final = 0
NOT_DONE: Final = 1
UNUSABLE: Final = 2

HIDDEN: Final = "hidden"
"""Stands for a value in which a citizen number shows: a record that went around the door can hold anything."""


@unique
class Deed(StrEnum):
    """What is done with something that waits."""

    RELEASE = "release"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which parked things: all of these that are stated."""

    kind: str | None = None
    reason: str | None = None
    receiver: str | None = None

    @property
    def is_known(self) -> bool:
        """Tell whether the kind is one that exists."""
        return self.kind is None or self.kind in set(ParkedKind)

    def takes(self, item: ParkedItem) -> bool:
        """Tell whether this one is meant."""
        stated = (self.kind, item.kind), (self.reason, item.reason), (self.receiver, item.receiver)
        return all(wanted is None or wanted == found for wanted, found in stated)


_SAID: Final = {
    ParkedOutcome.RELEASED: "released: consent is looked at again before anything leaves",
    ParkedOutcome.REJECTED: "rejected: nothing of it leaves",
    ParkedOutcome.NOT_PARKED: "nothing waits under this number",
    ParkedOutcome.ONLY_REJECT: "cannot go on: nothing of it was kept, or nothing of it waits; it can be rejected",
    ParkedOutcome.NO_SUBSCRIPTION: "cannot go on: its receiver has no active subscription",
    ParkedOutcome.CONTENT_GONE: "cannot go on: its sealed content is no longer kept; it can be rejected",
}


async def listed(chosen: Chosen, out: TextIO) -> int:
    """Print one line per thing that waits, the oldest first."""
    if not chosen.is_known:
        return _unknown_kind(out)
    count = 0
    async with _desk() as desk:
        async for item in everything(desk, chosen):
            count += 1
            print(_line(item), file=out)
    print(f"{count} waiting for a person", file=out)
    return DONE


async def shown(parked_id: int, out: TextIO) -> int:
    """Print everything that is known of one; return 1 when nothing waits under the number."""
    async with _desk() as desk:
        item = await desk.parked_item(parked_id)
    if item is None:
        print(_SAID[ParkedOutcome.NOT_PARKED], file=out)
        return NOT_DONE
    for name, value in document(item).items():
        print(f"{name:<16}{value}", file=out)
    print(f"{'possible':<16}{'release, reject' if item.can_be_released else 'reject'}", file=out)
    return DONE


async def exported(chosen: Chosen, out: TextIO) -> int:
    """Print everything that waits as JSON lines: codes, places, sizes and digests."""
    if not chosen.is_known:
        return _unknown_kind(out)
    async with _desk() as desk:
        async for item in everything(desk, chosen):
            print(json.dumps(document(item), ensure_ascii=False), file=out)
    return DONE


async def act(deed: Deed, wanted: Sequence[int] | Chosen, stated: tuple[str, str], out: TextIO) -> int:
    """Release or reject these numbers, or everything that is chosen; each in a transaction of its own.

    Args:
        deed: What to do.
        wanted: Numbers, or a choice.
        stated: Who acts, and why; both are kept in the audit chain.
        out: Where to print what came of each.

    Returns:
        0 when all was done, 1 when something was not, 2 when actor, reason or kind cannot be used.
    """
    try:
        operator = Operator(*stated)
    except OperatorError as error:
        print(error, file=out)
        return UNUSABLE
    if isinstance(wanted, Chosen) and not wanted.is_known:
        return _unknown_kind(out)
    settings = Settings()
    clock = clock_of(settings)
    async with _desk() as desk:
        numbers = await _numbers(desk, wanted)
        outcomes = [await _one(desk, deed, number, operator, clock(), out) for number in numbers]
    return (
        DONE
        if all(outcome in {ParkedOutcome.RELEASED, ParkedOutcome.REJECTED} for outcome in outcomes)
        else NOT_DONE
    )


async def _one(
    desk: Desk, deed: Deed, number: int, operator: Operator, now: str, out: TextIO
) -> ParkedOutcome:
    todo = desk.release if deed is Deed.RELEASE else desk.reject
    outcome = await todo(number, operator, now)
    print(f"{number:>8}  {_SAID[outcome]}", file=out)
    return outcome


async def _numbers(desk: Desk, wanted: Sequence[int] | Chosen) -> list[int]:
    """Return the numbers; a choice is looked up first, so that what is parked meanwhile is not taken along."""
    if isinstance(wanted, Chosen):
        return [item.parked_id async for item in everything(desk, wanted)]
    return list(wanted)


async def everything(desk: Desk, chosen: Chosen) -> AsyncIterator[ParkedItem]:
    """Yield what waits and is chosen, the oldest first, a page at a time."""
    after, seen = 0, set[str]()
    while page := await desk.parked(after, PARKED_PART):
        for item in page:
            # One whole record can have several rows, and these can fall on two pages.
            about = item.delivery_id or item.place
            if about not in seen and chosen.takes(item):
                yield item
            seen.add(about)
        after = page[-1].parked_id


def document(item: ParkedItem) -> JsonObject:
    """Return one thing as JSON: codes only, and what shows a citizen number is hidden."""
    found: JsonObject = {field.name: getattr(item, field.name) for field in fields(item)}
    return {
        name: HIDDEN if isinstance(value, str) and metadata_refused(value) else value
        for name, value in found.items()
    }


def _line(item: ParkedItem) -> str:
    told = document(item)
    way = f"{told['sender'] or '-'} -> {told['receiver'] or '-'}"
    return (
        f"{item.parked_id:>8}  {item.kind:<10}  {told['reason']:<24}  {item.at}  {item.place:<14}  "
        f"{told['type'] or '-':<24}  {way}"
    )


def _unknown_kind(out: TextIO) -> int:
    print(f"unknown kind; known are: {', '.join(ParkedKind)}", file=out)
    return UNUSABLE


@asynccontextmanager
async def _desk() -> AsyncIterator[Desk]:
    ledger = await open_ledger(Settings().database, owner="parked")
    try:
        yield ledger.desk
    finally:
        await ledger.close()
