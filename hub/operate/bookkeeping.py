"""`hub reconcile` and `hub audit verify`: two proofs that anyone with the ledger can run."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Final, TextIO

from hub.ledger.figures import ChainBreak, ChainHead, Difference
from hub.ledger.open import open_ledger
from hub.operate.settings import Settings

DIFFERENCES_SHOWN: Final = 20
"""Enough to see what they have in common; a broken disk would fill a screen."""

_HEAD: Final = re.compile(r"(-1|[0-9]{1,9}):([1-9][0-9]{0,17}):([0-9a-f]{64})")


async def reconcile(day: date | None, sender: str | None, out: TextIO) -> int:
    """Print the balance of a day or sender (or all); return 1 when it does not balance."""
    ledger = await open_ledger(Settings().database, owner="reconcile")
    try:
        balance = await ledger.balance(day, sender)
        # Asked even when the sums agree: one line too many and one too few must not hide each other.
        found = await ledger.desk.differences(day, sender, DIFFERENCES_SHOWN)
    finally:
        await ledger.close()
    print(f"records    {balance.records:>8}  taken from the log", file=out)
    print(f"recorded   {balance.recorded:>8}  facts and notices without a receiver", file=out)
    print(
        f"accepted   {balance.accepted - balance.recorded:>8}  messages, one per record and receiver",
        file=out,
    )
    for name in ("delivered", "withheld", "held", "parked", "pending"):
        print(f"  {name:<9}{getattr(balance, name):>8}", file=out)
    print(f"difference {balance.difference:>8}", file=out)
    for place in found:
        print(_difference(place), file=out)
    if len(found) == DIFFERENCES_SHOWN:
        print(f"there may be more: the first {DIFFERENCES_SHOWN} are shown", file=out)
    return 1 if balance.difference or found else 0


def _difference(place: Difference) -> str:
    where = f"  partition {place.partition}, offset {place.offset}"
    if place.missing == "lines":
        return f"{where}: the record has not as many lines as it was counted for"
    return f"{where}, line {place.line}: {place.state}, but its {place.missing} row is missing"


async def verify(expected: Sequence[str], out: TextIO) -> int:
    """Print the end of each audit chain and every place where one does not hold; return 1 when there is any.

    `expected` are ends that an earlier run printed: one that is not in its chain any more was cut off or written anew.
    Returns 2, without a look, when one of them has not that form.
    """
    heads = [_head(text) for text in expected]
    if any(head is None for head in heads):
        print("a head is PARTITION:POSITION:HASH, as this command prints it", file=out)
        return 2
    ledger = await open_ledger(Settings().database, owner="audit")
    try:
        breaks = await ledger.verify_chain()
        breaks += [
            ChainBreak(head.partition, head.position, "cut off or written anew")
            for head in heads
            if head is not None and not await ledger.desk.still_has(head)
        ]
        ends = await ledger.desk.heads()
    finally:
        await ledger.close()
    for end in ends:
        print(f"head {end.partition}:{end.position}:{end.hash}", file=out)
    for place in breaks:
        print(f"{place.kind} at partition {place.partition}, position {place.position}", file=out)
    print("the audit chain holds" if not breaks else f"{len(breaks)} breaks", file=out)
    return 1 if breaks else 0


def _head(text: str) -> ChainHead | None:
    """Return a head as it is printed, or None for anything else."""
    match = _HEAD.fullmatch(text)
    return None if match is None else ChainHead(int(match[1]), int(match[2]), match[3])
