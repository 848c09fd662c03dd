"""A door, a school that publishes, and a signal: what the tests of the door share."""

from __future__ import annotations

import copy
from collections.abc import Awaitable, Callable

import pytest

from hub.core.model import Json, JsonObject
from hub.identity.bsn import Environment
from hub.identity.door import Door, Publication
from hub.identity.key_material import VersionedKeys
from hub.identity.keys import KeyRing, LocalKeyProvider, MemoryDataKeyStore
from hub.identity.masking import ScanMode
from hub.identity.pseudonyms import Pseudonyms
from hub.identity.reasons import Refusal
from hub.identity.sealing import Sealer
from hub.wire.envelope import SealedEvent

KEYS = VersionedKeys({"v1": bytes(range(32))})
PSEUDONYMS = Pseudonyms(KEYS)
CHILD, PARENT = "999900006", "999900018"
CHILD_REF, PARENT_REF = PSEUDONYMS.bus_pseudonym(CHILD), PSEUDONYMS.bus_pseudonym(PARENT)
KNOWN = PSEUDONYMS.receiver_pseudonym(CHILD, "school_1")
HOME = "0518200000123456"
SENDER: JsonObject = {
    "organisation": "Testschool Een",
    "role": "intern begeleider",
    "name": "Test Leraar",
    "telephone": "+31700000000",
    "reachable": "ma-vr",
}
SIGNAL: JsonObject = {
    "subject": {"bsn": CHILD},
    "recipients": [{"to": {"kind": "local_team"}}],
    "purpose": "help_request",
    "urgency": "u3",
    "content": {
        "area": {"district": "laak"},
        "contact": {"sender": SENDER},
        "codes": {"domains": ["04"], "protective_factors": ["recognition"], "safety_level": "concern"},
        "narrative": {"facts": "Komt vaak te laat."},
    },
}


async def resolve(org: str, pseudonym: str) -> str | None:
    """Know one child, as the school knows it."""
    return CHILD_REF if (org, pseudonym) == ("school_1", KNOWN) else None


def new_ring() -> KeyRing:
    """Return a ring with an empty store."""
    return KeyRing(LocalKeyProvider(VersionedKeys.generate("m1")), MemoryDataKeyStore())


def door_of(
    ring: KeyRing | None = None,
    *,
    environment: Environment = Environment.TEST,
    scan_mode: ScanMode = ScanMode.MASK,
    pseudonyms: Pseudonyms = PSEUDONYMS,
    known_person: Callable[[tuple[str, ...]], Awaitable[str | None]] | None = None,
) -> Door:
    """Return a door with fixed pseudonym and digest keys."""
    return Door(
        pseudonyms=pseudonyms,
        sealer=Sealer(ring or new_ring()),
        digest_key=bytes(32),
        environment=environment,
        resolve_pseudonym=resolve,
        known_person=known_person,
        scan_mode=scan_mode,
    )


def publication(data: JsonObject, name: str = "signal.raised", **attributes: str) -> Publication:
    """Return a publication of the school."""
    context = {
        "specversion": "1.0",
        "id": "e-1",
        "source": "urn:nld:oin:00000001234567890000:systeem:test",
        "type": f"nl.jeugdigen.{name}.v1",
        "time": "2026-11-21T09:58:00+01:00",
    }
    return Publication({**context, **attributes}, data, "school_1", "school", "2026-11-21T09:00:00Z")


def signal(**changes: Json) -> JsonObject:
    """Return the signal with top-level fields changed."""
    return {**copy.deepcopy(SIGNAL), **changes}


def with_content(**sections: Json) -> JsonObject:
    """Return the signal with sections changed or added."""
    content = SIGNAL["content"]
    assert isinstance(content, dict)
    return signal(content={**content, **sections})


async def admitted(data: JsonObject, name: str = "signal.raised") -> SealedEvent:
    """Return what a new door makes of a publication."""
    return await door_of().admit(publication(data, name))


async def refused(data: JsonObject, name: str = "signal.raised", **attributes: str) -> Refusal:
    """Return the refusal of a publication that must be refused."""
    with pytest.raises(Refusal) as caught:
        await door_of().admit(publication(data, name, **attributes))
    assert caught.value.__cause__ is None
    return caught.value
