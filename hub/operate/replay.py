"""`hub replay`: send once more what a receiver got in a window, as far as it is kept and consent still allows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TextIO

from hub.core.facts import Facts
from hub.core.inspection import inspect
from hub.core.model import LEAVES
from hub.core.standing import Standing
from hub.ledger.open import open_ledger
from hub.ledger.operators import Operator, OperatorError
from hub.ledger.replaying import SENT, ReplayAsked, ReplayCount, ReplayTooLargeError, Within
from hub.operate.clock import clock_of
from hub.operate.compose import read_partners, rule_set_of, standing_of
from hub.operate.settings import Settings

DONE: Final = 0
UNUSABLE: Final = 2

_SAID: Final = {
    SENT: "sent once more",
    "deny_retention": "kept no longer (replay_days)",
    "no_subscription": "no active subscription",
    "feed": "the reader reads its feed again itself",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What stands on the command line. `stated` is who acts and why; None looks first and changes nothing."""

    receiver: str
    start: str
    end: str
    types: tuple[str, ...]
    stated: tuple[str, str] | None


async def run(asked: Asked, out: TextIO) -> int:
    """Print what becomes of each type; return 0, or 2 for a question that cannot be answered."""
    settings = Settings()
    try:
        window = _window(asked)
        operator = None if asked.stated is None else Operator(*asked.stated)
    except (OperatorError, ValueError) as error:
        print(error, file=out)
        return UNUSABLE
    book, now = read_partners(settings), clock_of(settings)()
    ledger = await open_ledger(settings.database, owner="replay", rule_set=rule_set_of(book))
    try:
        counts = await ledger.desk.replay(window, still_kept(standing_of(book), now), now, operator)
    except ReplayTooLargeError as error:
        print(error, file=out)
        return UNUSABLE
    finally:
        await ledger.close()
    _show(counts, out, is_dry=operator is None)
    return DONE


def still_kept(standing: Standing, now: str) -> Within:
    """Return the question whether what was delivered at an instant may still be replayed (CONSENT.md section 13)."""
    facts = Facts(standing=standing, now=now)

    def within(delivered_at: str) -> bool:
        return inspect({"kind": "replay", "delivered_at": delivered_at}, None, facts).outcome in LEAVES

    return within


def _window(asked: Asked) -> ReplayAsked:
    """Return the window. Raises ValueError for what is none."""
    start, end = (datetime.fromisoformat(text) for text in (asked.start, asked.end))
    if start.tzinfo is None or end.tzinfo is None:
        raise ValueError("--from and --to are instants with an offset, such as 2026-11-23T09:00:00+01:00")
    if start >= end:
        raise ValueError("--from must lie before --to")
    return ReplayAsked(asked.receiver, asked.start, asked.end, asked.types)


def _show(counts: Sequence[ReplayCount], out: TextIO, *, is_dry: bool) -> None:
    for count in counts:
        print(f"{count.count:>8}  {count.type:<32}  {count.reason:<16}  {_SAID[count.reason]}", file=out)
    going = sum(count.count for count in counts if count.reason == SENT)
    would = "would be sent once more" if is_dry else "wait to be sent once more"
    print(f"{going:>8}  {would}; consent is looked at again as each one leaves", file=out)
