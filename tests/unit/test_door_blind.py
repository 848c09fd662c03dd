"""The deciding side is blind: nothing that the door lets through shows plain content or a citizen number."""

from __future__ import annotations

import ast
import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.core.model import Json, JsonObject
from hub.identity.bsn import Environment
from hub.identity.door import Door, Publication
from hub.identity.key_material import VersionedKeys
from hub.identity.keys import KeyErased, KeyRing, LocalKeyProvider, MemoryDataKeyStore
from hub.identity.pseudonyms import Pseudonyms
from hub.identity.reasons import Refusal
from hub.identity.sealing import Opener, SealBroken, Sealer
from hub.wire.envelope import SealedEvent

ROOT = Path(__file__).resolve().parents[2]
CHILD, PARENT = "999900006", "999900018"
CANARY = "Kanarievogel"
ADDRESS: JsonObject = {"street": f"{CANARY}straat", "number": 1, "postcode": "2511AA", "city": CANARY}
CONTENT: JsonObject = {
    "identity": {
        "family_name": CANARY,
        "first_names": CANARY,
        "birth_date": "2015-02-03",
        "address": ADDRESS,
    },
    "area": {"district": "laak", "neighbourhood": "WK051842"},
    "contact": {
        "sender": {
            "organisation": CANARY,
            "role": CANARY,
            "name": CANARY,
            "telephone": "+31612312312",
            "reachable": CANARY,
        }
    },
    "codes": {"domains": ["04"], "protective_factors": ["recognition"]},
    "narrative": {"facts": f"{CANARY} {CHILD}", "interpretation": CANARY},
    "health": {"description": CANARY},
    "criminal": {"description": CANARY, "incident_kind": "kanarie", "basis": "uavg_33"},
    "finance": {"amount_cents": 87654321},
    "household": {"members": [{"person_ref": {"bsn": PARENT}, "role": "parent_with_custody"}]},
    "perspectives": [{"role": "youth", "heard": True, "words": CANARY}],
    "reporter_identity": {"name": CANARY, "reason_for_anonymity": CANARY},
    "legal_status": {"order_ref": CANARY},
    "school": {"school": CANARY},
    "protected_address": {"address": ADDRESS, "safe_contact": CANARY},
}
SECRETS = (
    CANARY,
    CANARY.lower(),
    "kanarie",
    CHILD,
    PARENT,
    "2015-02-03",
    "+31612312312",
    "87654321",
    "WK051842",
)


def form_with(content: Json) -> JsonObject:
    """Return a signal with all that a partner may say of persons in its places."""
    return {
        "subject": {"bsn": CHILD},
        "recipients": [{"to": {"kind": "local_team"}}],
        "purpose": "help_request",
        "urgency": "u3",
        "section_about": {"household": [{"bsn": PARENT}]},
        "data": {"asked": [{"bsn": PARENT}]},
        "content": content,
    }


def publication(data: JsonObject) -> Publication:
    """Return a publication of the school."""
    attributes = {
        "id": "e-1",
        "source": "urn:nld:test",
        "type": "nl.jeugdigen.signal.raised.v1",
        "time": "2026-11-21T09:58:00+01:00",
    }
    return Publication(attributes, data, "school_1", "school", "2026-11-21T09:00:00Z")


async def nobody(_org: str, _pseudonym: str) -> str | None:
    """Know nobody."""
    return None


def new_ring() -> KeyRing:
    """Return a ring with an empty store."""
    return KeyRing(LocalKeyProvider(VersionedKeys.generate("m1")), MemoryDataKeyStore())


def door_over(ring: KeyRing) -> Door:
    """Return a door with random keys."""
    return Door(
        pseudonyms=Pseudonyms(VersionedKeys.generate("v1")),
        sealer=Sealer(ring),
        digest_key=bytes(32),
        environment=Environment.TEST,
        resolve_pseudonym=nobody,
    )


def shown(event: SealedEvent) -> str:
    """Return everything of an event that somebody without keys can read, as one text."""
    clear = json.dumps([event.event, event.uid, event.key, event.accepted_at, event.authenticated_org])
    sealed = b"".join(box.key_id.encode() + box.nonce + box.ciphertext for box in event.sealed.values())
    return clear + json.dumps(sorted(event.sealed)) + sealed.decode("latin-1") + repr(event)


async def test_no_secret_shows_in_a_sealed_event() -> None:
    """Names, numbers, addresses, telephone, amounts and texts of all sections are nowhere in what decide gets."""
    event = await door_over(new_ring()).admit(publication(form_with(CONTENT)))
    assert set(event.sealed) == {"meta", "subject_number", *CONTENT}
    text = shown(event)
    assert not [secret for secret in SECRETS if secret in text]


async def test_no_secret_shows_in_what_the_key_store_keeps() -> None:
    """The rows of the key store, which lie in the same database, show neither key nor number."""
    store = MemoryDataKeyStore()
    ring = KeyRing(LocalKeyProvider(VersionedKeys.generate("m1")), store)
    event = await door_over(ring).admit(publication(form_with(CONTENT)))
    row = await store.fetch(event.key)
    assert row is not None
    key = await ring.existing_key(event.key, row.key_id)
    assert key.number == CHILD
    assert CHILD.encode() not in row.wrapped
    assert key.key not in row.wrapped


async def test_sealed_content_opens_in_its_own_place_only() -> None:
    """A section moved within its event or to another event, or under another child's key, does not open."""
    ring = new_ring()
    door = door_over(ring)
    event = await door.admit(publication(form_with(CONTENT)))
    opener = Opener(ring)
    swapped = {**event.sealed, "contact": event.sealed["narrative"]}
    moved = dataclasses.replace(event, uid=event.uid[::-1])
    for broken in (dataclasses.replace(event, sealed=swapped), moved):
        with pytest.raises(SealBroken):
            await opener.open_sections(broken, ["contact"])
    elsewhere = dataclasses.replace(event, event={**event.event, "subject_ref": "ps_v1_other"})
    await ring.data_key("ps_v1_other")
    with pytest.raises(KeyErased):
        await opener.open_sections(elsewhere, ["contact"])


async def test_an_erased_child_is_unreadable_everywhere() -> None:
    """After the one key is erased no section and no number of any earlier event can be read."""
    ring = new_ring()
    event = await door_over(ring).admit(publication(form_with(CONTENT)))
    await ring.erase(event.key)
    for section in CONTENT:
        with pytest.raises(KeyErased):
            await Opener(ring).open_sections(event, [section])
    with pytest.raises(KeyErased):
        await Opener(ring).subject_number(event)


hostile = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from([CANARY, CHILD, "u3", "", "2026-01-01"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["bsn", "pseudonym", "address_object", "facts", "members", CANARY, CHILD, "identity", "to"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from([*form_with(None), "domains", "scans", "kindcheck", "cells", "record", CANARY]),
        hostile,
    ),
    st.booleans(),
)
async def test_a_hostile_form_gets_an_answer_without_secrets(changes: JsonObject, bare: bool) -> None:  # noqa: FBT001
    """Whatever a partner sends is either admitted or refused with a reason; no refusal repeats what was sent."""
    form = changes if bare else {**form_with(CONTENT), **changes}
    try:
        await door_over(new_ring()).admit(publication(form))
    except Refusal as refusal:
        text = repr(refusal) + repr(refusal.__cause__) + repr(refusal.__context__)
        assert not [secret for secret in (CANARY, CHILD) if secret in text]


def imported_names(path: Path) -> Iterator[str]:
    """Yield the dotted names that a file imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_the_core_cannot_open_anything() -> None:
    """No file of hub/core imports this room: the pure decision has no way to a key, a sealer or an opener."""
    files = sorted((ROOT / "hub" / "core").glob("*.py"))
    assert files
    reaching = [
        path.name for path in files for name in imported_names(path) if name.startswith("hub.identity")
    ]
    assert reaching == []
