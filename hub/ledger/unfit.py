"""Messages of the hub's own outbox that fit no schema: a fault of the hub, kept until a person looked."""

from __future__ import annotations

from hashlib import sha256
from typing import Final

from hub.ledger import rows
from hub.ledger.tables import Tables
from hub.ledger.texts import instant

OUTBOX_PLACE: Final = "outbox/"
"""Begins the place of such a row; that of a record of the log begins with the log's number."""

UNFIT: Final = "unfit_for_topic"
"""Reason for which it is parked."""


def row_id_of(place: str) -> int | None:
    """Return which row of the outbox a place means; None for a record of the log."""
    return int(place.removeprefix(OUTBOX_PLACE)) if place.startswith(OUTBOX_PLACE) else None


async def park_unfit(tables: Tables, row_id: int, now: str) -> None:
    """Park a row of the outbox once; one that is gone is nobody's concern any more."""
    place = f"{OUTBOX_PLACE}{row_id}"
    found = await tables.read(rows.OUTBOX, {"row_id": [row_id]}, lock=True)
    if not found or await tables.read(rows.PARKED, {"place": [place]}):
        return
    written = found[0].document.encode()
    digest = sha256(written).hexdigest()
    await tables.insert(
        rows.PARKED, [rows.ParkedRow(0, place, -1, "", UNFIT, instant(now), len(written), digest)]
    )
