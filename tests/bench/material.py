"""What the benchmarks are fed: families, consents and signals as the door makes them."""

from __future__ import annotations

import asyncio
import secrets
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from hub.core.model import JsonObject
from hub.core.numbers import eleven_test
from hub.identity.bsn import Environment
from hub.identity.door import Door, Publication
from hub.identity.key_material import VersionedKeys
from hub.identity.keys import KeyRing, LocalKeyProvider, MemoryDataKeyStore
from hub.identity.pseudonyms import Pseudonyms
from hub.identity.sealing import Sealer
from hub.operate.demo import letters
from hub.operate.demo.cast import PLAYERS
from hub.operate.demo.letters import Person
from hub.wire.envelope import SealedEvent

SOURCES = {player.org: player.source for player in PLAYERS}
KINDS = {player.org: player.kind for player in PLAYERS}
PLAIN_DOMAINS = ("03", "04", "05", "06", "07", "11", "J1", "J2", "J3", "J4", "J5")
"""Domains that inherit no special section."""

DOMAINS = tuple(chosen for size in (1, 2, 3) for chosen in combinations(PLAIN_DOMAINS, size))
"""Sets of domains, all different: two signals of one child with the same set would be near duplicates."""
NARRATIVE = "Komt sinds enkele weken vermoeid op school en trekt zich terug. " * 12
"""About 800 characters: with its metadata a signal then has the 1.6 KB that was measured elsewhere."""


@dataclass(frozen=True, slots=True)
class Message:
    """One event as a partner would publish it."""

    org: str
    type: str
    data: JsonObject


def test_numbers() -> Iterator[str]:
    """Yield citizen numbers of the official test range."""
    for number in range(999900006, 999999991):
        if eleven_test(str(number)):
            yield str(number)


def family(child: Person, parent: Person) -> list[Message]:
    """Return what must be known before a signal about this child can go to its local team."""
    registration = letters.registration(child, letters.born(10))
    registration["data"]["custody"] = [  # type: ignore[index]
        {"person": parent.reference, "role": "parent_with_custody", "checked_on": letters.day(-7)}
    ]
    consent = letters.consent(
        f"c_{child.number[-5:]}",
        child,
        parent,
        {"kind": "school"},
        {"kind": "local_team"},
        "help_request",
        ["narrative"],
    )
    return [
        Message("youth_health_1", "subject.registered", registration),
        Message("youth_health_1", "consent.given", consent),
    ]


def signal(child: Person, number: int) -> Message:
    """Return a signal; `number` makes its record and its domains differ from the child's other signals."""
    data = letters.signal(
        child,
        f"b-{child.number[-5:]}-{number}",
        [{"to": {"kind": "local_team"}}],
        NARRATIVE,
        domains=DOMAINS[number % len(DOMAINS)],
    )
    return Message("school_1", "signal.raised", data)


def children(count: int) -> list[tuple[Person, Person]]:
    """Return so many children, each with a parent of its own."""
    numbers = test_numbers()
    return [(Person("Test Kind", next(numbers)), Person("Test Ouder", next(numbers))) for _ in range(count)]


def attributes(message: Message) -> dict[str, str]:
    """Return fresh CloudEvents attributes for a message."""
    return {
        "specversion": "1.0",
        "id": str(uuid.uuid4()),
        "source": SOURCES[message.org],
        "type": f"nl.jeugdigen.{message.type}.v1",
        "time": letters.instant(),
        "datacontenttype": "application/json",
    }


def bench_door() -> Door:
    """Return a door with keys of its own in memory."""

    async def nobody(_org: str, _pseudonym: str) -> str | None:
        return None

    provider = LocalKeyProvider(VersionedKeys.generate("v1"))
    return Door(
        pseudonyms=Pseudonyms(VersionedKeys.generate("v1")),
        sealer=Sealer(KeyRing(provider, MemoryDataKeyStore())),
        digest_key=secrets.token_bytes(32),
        environment=Environment.TEST,
        resolve_pseudonym=nobody,
    )


async def sealed(door: Door, message: Message) -> SealedEvent:
    """Pass a message through the door."""
    publication = Publication(
        attributes=attributes(message),
        data=message.data,
        authenticated_org=message.org,
        sender_kind=KINDS[message.org],
        accepted_at=letters.instant(),
    )
    return await door.admit(publication)


def sealed_stream(families: int, signals_each: int) -> list[SealedEvent]:
    """Return the events of so many families in a realistic order: facts first, signals of all children mixed."""
    cast = children(families)
    messages = [message for child, parent in cast for message in family(child, parent)]
    messages += [signal(child, number) for number in range(signals_each) for child, _ in cast]

    async def all_sealed() -> list[SealedEvent]:
        door = bench_door()
        return [await sealed(door, message) for message in messages]

    return asyncio.run(all_sealed())
