"""Opens the permitted sections of a claimed delivery and puts together what one receiver gets.

No faust here: the gateway's live feed is given `DeliveryOpening.open_delivery` by the composition root, so that a
feed and a webhook show a receiver exactly the same.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from uuid import NAMESPACE_URL, uuid5

from agents.egress_data import Book, event_data, hub_sections
from agents.egress_messages import emission_data
from connectors.contract import OpenedDelivery
from connectors.egress import DOMAIN, SEQUENCE_TYPE
from hub.core.model import LEAVES, Json, JsonObject
from hub.identity.keys import KeyErased, KeyRing, KeyUnusable
from hub.identity.pseudonyms import Pseudonyms
from hub.identity.sealing import Opener, SealBroken
from hub.ledger.interface import Candidate, ClaimedDelivery, Ledger
from hub.wire.envelope import SUBJECT_NUMBER

REMEMBERED_MAX = 100_000
"""Pseudonyms known to be in the ledger already, so that a child's next delivery costs no write; about 20 MB."""

VOID_TYPE = "delivery.void"
"""Stands at a number of a feed whose message may no longer be read: the number stays, nothing else does."""

NumberOf = Callable[[str], Awaitable[str | None]]
"""Gives the citizen number behind a subject ref, where the hub was told it."""


class OpeningError(Exception):
    """A delivery cannot be opened. `transient` says whether a later try can help; the text holds only the code."""

    def __init__(self, reason: str, *, transient: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.transient = transient


def number_lookup(ring: KeyRing, ledger: Ledger) -> NumberOf:
    """Return a look-up of citizen numbers by subject ref, from the children's data keys."""

    async def number_of(subject_ref: str) -> str | None:
        wrapped = await ledger.data_keys.fetch(subject_ref)
        if wrapped is None:
            return None
        return (await ring.existing_key(subject_ref, wrapped.key_id)).number

    return number_of


def event_type(name: str) -> str:
    """Return the CloudEvents type of a code name (EVENTS.md section 1)."""
    return f"nl.jeugdigen.{name}.v1"


class DeliveryOpening:
    """Opens claimed deliveries. Only the deliver worker and the gateway's feed hold one."""

    def __init__(
        self,
        *,
        opener: Opener,
        number_of: NumberOf,
        pseudonyms: Pseudonyms,
        ledger: Ledger,
        book: Book,
        source: str,
    ) -> None:
        self._opener = opener
        self._number_of = number_of
        self._pseudonyms = pseudonyms
        self._ledger = ledger
        self._book = book
        self._source = source
        self._remembered: set[tuple[str, str]] = set()

    async def open_delivery(self, claimed: ClaimedDelivery) -> OpenedDelivery:
        """Return what this receiver gets: attributes with its own pseudonym, metadata, permitted sections in plain.

        Raises:
            OpeningError: `key_erased`, `seal_broken` (never again) or `key_unusable` (perhaps later).
        """
        try:
            return await self._opened(claimed)
        except KeyErased:
            raise OpeningError("key_erased", transient=False) from None
        except SealBroken:
            raise OpeningError("seal_broken", transient=False) from None
        except KeyUnusable:
            raise OpeningError("key_unusable", transient=True) from None

    async def _opened(self, claimed: ClaimedDelivery) -> OpenedDelivery:
        if claimed.decision.outcome not in LEAVES:
            return self._delivery(claimed, VOID_TYPE, claimed.delivery_id, {}, subject=None)
        candidate = claimed.candidate
        subject = await self._subject(candidate)
        if candidate.emission is not None:
            data = emission_data(candidate, candidate.emission, self._book)
            return self._delivery(claimed, candidate.emission.type, _emission_id(candidate), data, subject)
        data = event_data(claimed, self._book)
        data["sections"] = await self._sections(claimed, subject)
        return self._delivery(
            claimed, str(candidate.sealed.event["type"]), candidate.sealed.uid, data, subject
        )

    async def _sections(self, claimed: ClaimedDelivery, subject: str | None) -> dict[str, Json]:
        names = claimed.delivery.sections
        opened = await self._opener.open_sections(claimed.candidate.sealed, names)
        sections: dict[str, Json] = {name: json.loads(plain) for name, plain in opened.items()}
        sections.update(hub_sections(claimed, self._book))
        meta = sections.get("meta")
        if subject is not None and isinstance(meta, dict):
            meta["subject_pseudonym"] = subject
        return sections

    async def _subject(self, candidate: Candidate) -> str | None:
        """Return the receiver's own pseudonym of the child that the message is about, remembering the way back."""
        subject_ref = _subject_ref(candidate)
        if subject_ref is None:
            return None
        if SUBJECT_NUMBER in candidate.sealed.sealed and _is_own(candidate, subject_ref):
            number = await self._opener.subject_number(candidate.sealed)
        else:
            number = await self._number_of(subject_ref)
        if number is None:
            return None
        pseudonym = self._pseudonyms.receiver_pseudonym(number, candidate.receiver)
        await self._remember(candidate.receiver, pseudonym, subject_ref)
        return pseudonym

    async def _remember(self, org: str, pseudonym: str, subject_ref: str) -> None:
        if (org, pseudonym) in self._remembered:
            return
        await self._ledger.remember_pseudonym(org, pseudonym, subject_ref)
        if len(self._remembered) >= REMEMBERED_MAX:
            self._remembered.clear()
        self._remembered.add((org, pseudonym))

    def _delivery(
        self, claimed: ClaimedDelivery, name: str, event_id: str, data: JsonObject, subject: str | None
    ) -> OpenedDelivery:
        subscription = claimed.subscription
        return OpenedDelivery(
            delivery_id=claimed.delivery_id,
            subscription_id=subscription.subscription_id,
            receiver=claimed.candidate.receiver,
            sequence=claimed.sequence,
            attempt=claimed.attempt,
            attributes=self._attributes(claimed, name, event_id, subject),
            data=data,
        )

    def _attributes(
        self, claimed: ClaimedDelivery, name: str, event_id: str, subject: str | None
    ) -> dict[str, str]:
        sealed = claimed.candidate.sealed
        is_event = claimed.candidate.emission is None and name != VOID_TYPE
        attributes = {
            "specversion": "1.0",
            "id": event_id,
            "source": self._source,
            "type": event_type(name),
            "time": str(sealed.event["time"]) if is_event else claimed.accepted_at,
            "datacontenttype": "application/json",
            "domain": DOMAIN,
            "subscription": claimed.subscription.subscription_id,
            "sequence": str(claimed.sequence),
            "sequencetype": SEQUENCE_TYPE,
        }
        if subject is not None:
            attributes["subject"] = subject
        if sealed.traceparent is not None:
            attributes["traceparent"] = sealed.traceparent
        return attributes


def _subject_ref(candidate: Candidate) -> str | None:
    """Return the child that this receiver is told about: in a match each side hears of its own."""
    if candidate.emission is not None and candidate.emission.subjects:
        return dict(candidate.emission.subjects).get(candidate.receiver)
    subject_ref = candidate.sealed.event.get("subject_ref")
    return subject_ref if isinstance(subject_ref, str) else None


def _is_own(candidate: Candidate, subject_ref: str) -> bool:
    """Return whether this is the subject of the event; in a match the other side's child is another."""
    return subject_ref == candidate.sealed.event.get("subject_ref")


def _emission_id(candidate: Candidate) -> str:
    """Return an id that is stable over retries and differs from the event's own, between receivers and messages."""
    emission = candidate.emission
    kind = emission.type if emission else ""
    details = "".join(f"\n{name}={value}" for name, value in emission.details) if emission else ""
    return str(uuid5(NAMESPACE_URL, f"{candidate.sealed.uid}\n{kind}\n{candidate.receiver}{details}"))
