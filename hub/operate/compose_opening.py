"""The opening of deliveries, for the two processes that may read content: deliver, and the gateway's feeds.

One function, so that a feed and a webhook show a receiver the same (decision record 0003).
"""

from __future__ import annotations

from agents.opening import DeliveryOpening, number_lookup
from hub.identity.keys import KeyRing
from hub.identity.partners import PartnerBook
from hub.identity.sealing import Opener
from hub.ledger.interface import Ledger
from hub.operate.compose import Keys
from hub.operate.settings import Settings


def delivery_opening(
    settings: Settings, keys: Keys, ring: KeyRing, ledger: Ledger, book: PartnerBook
) -> DeliveryOpening:
    """Return what opens the permitted sections of claimed deliveries."""
    return DeliveryOpening(
        opener=Opener(ring),
        number_of=number_lookup(ring, ledger),
        pseudonyms=keys.pseudonyms,
        ledger=ledger,
        book=book,
        source=settings.source,
    )
