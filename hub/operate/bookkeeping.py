"""`hub reconcile` and `hub audit verify`: two proofs that anyone with the ledger can run."""

from __future__ import annotations

from datetime import date
from typing import TextIO

from hub.ledger.open import open_ledger
from hub.operate.settings import Settings


async def reconcile(day: date | None, sender: str | None, out: TextIO) -> int:
    """Print the balance of a day or sender (or all); return 1 when it does not balance."""
    ledger = await open_ledger(Settings().database, owner="reconcile")
    try:
        balance = await ledger.balance(day, sender)
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
    return 1 if balance.difference else 0


async def verify(out: TextIO) -> int:
    """Print each break of the audit chain; return 1 when there is any."""
    ledger = await open_ledger(Settings().database, owner="audit")
    try:
        breaks = await ledger.verify_chain()
    finally:
        await ledger.close()
    for place in breaks:
        print(f"{place.kind} at partition {place.partition}, position {place.position}", file=out)
    print("the audit chain holds" if not breaks else f"{len(breaks)} breaks", file=out)
    return 1 if breaks else 0
