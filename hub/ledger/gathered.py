"""What a gathering asks for and what it brings: keys in, rows out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from hub.ledger import rows
from hub.ledger.rows import Table


@dataclass(frozen=True, slots=True)
class Asked:
    """By what facts and memory are looked up; every text is a stored key.

    `sources` are (event id, source and id), `records` (record ref, organisation and ref), `ids` are ids of events
    or record refs of whatever organisation, or the hub's own ids. `family` asks for everything remembered about the
    subjects and their kin, not only for what the other keys name, and for what goes on.
    """

    subjects: Sequence[str]
    sources: Sequence[tuple[str, str]]
    records: Sequence[tuple[str, str]]
    ids: Sequence[str]
    consents: Sequence[str]
    cases: Sequence[str]
    family: bool


class Found(NamedTuple):
    """The rows found. `everyone` are the asked subjects and who shares a household or parent with one of them."""

    everyone: list[str]
    subjects: list[rows.SubjectRow]
    consents: list[rows.ConsentRow]
    entries: list[rows.EntryRow]
    pairs: list[rows.PairRow]
    holds: list[rows.HoldRow]
    known_events: list[rows.KnownEventRow]
    disclosures: list[rows.DisclosureRow]
    police_decisions: list[rows.CityFactRow]
    case_facts: list[rows.CaseFactRow]
    threads: list[rows.ThreadRow]


class Due(NamedTuple):
    """Deliveries that may be claimed, with the payloads, holds and subscriptions that belong to them."""

    deliveries: list[rows.DeliveryRow]
    payloads: list[rows.PayloadRow]
    holds: list[rows.HoldRow]
    subscriptions: list[rows.SubscriptionRow]


FOUND_TABLES: tuple[Table[Any], ...] = (
    rows.SUBJECT,
    rows.CONSENT,
    rows.ENTRY,
    rows.PAIR,
    rows.HOLD,
    rows.KNOWN_EVENT,
    rows.DISCLOSURE,
    rows.CITY_FACT,
    rows.CASE_FACT,
    rows.THREAD,
)
"""The tables of the fields of `Found`, in their order after `everyone`."""
