"""A child with a key, sealed events, and the opening as deliver has it: for tests of what a receiver gets."""

from __future__ import annotations

import json
from typing import Any, cast

from agents.opening import DeliveryOpening, number_lookup
from hub.core.model import Duty, Emission, FixedFace, JsonObject, Outcome, RecipientDecision
from hub.core.permit import permit_of, redact
from hub.identity.key_material import VersionedKeys
from hub.identity.keys import KeyRing, LocalKeyProvider, MemoryDataKeyStore
from hub.identity.pseudonyms import Pseudonyms
from hub.identity.sealing import Opener, Sealer
from hub.ledger.interface import Candidate, ClaimedDelivery, Ledger, Subscription
from hub.wire.envelope import SealedEvent

NOW = "2026-03-02T23:30:00Z"
SOURCE = "urn:nld:oin:00000000000000000000:systeem:samenhub"
NUMBER = "999990019"
SIBLING_NUMBER = "999992661"
CHILD, SIBLING = "ps_1_child", "ps_1_sibling"
NARRATIVE = "een verhaal dat niemand anders mag lezen"
CONTENT: dict[str, Any] = {
    "meta": {"event_type": "signal.raised", "status": "received"},
    "contact": {"sender": {"name": "Test Leerkracht"}},
    "narrative": {"facts": NARRATIVE},
}


class World:
    """A child with a key, a sealed signal, and an opening as deliver has it."""

    def __init__(self) -> None:
        self.store = MemoryDataKeyStore()
        self.keys = VersionedKeys({"k1": b"k" * 32})
        self.ring = KeyRing(LocalKeyProvider(VersionedKeys({"m1": b"m" * 32})), self.store)
        self.remembered: list[tuple[str, str, str]] = []
        self.data_keys = self.store
        self.pseudonyms = Pseudonyms(self.keys)

    async def remember_pseudonym(self, org: str, pseudonym: str, subject_ref: str) -> None:
        self.remembered.append((org, pseudonym, subject_ref))

    def by_org(self, org: str) -> Any:
        class Named:
            kind = "school"
            name = f"Test {org}"

        return Named() if org != "unknown" else None

    def contact_card(self, org: str) -> dict[str, str] | None:
        return {"organisation": f"Test {org}", "telephone": "+31701234501"} if org == "school_test" else None

    def opening(self) -> DeliveryOpening:
        """Return an opening with this world's keys."""
        ledger = cast("Ledger", self)
        return DeliveryOpening(
            opener=Opener(self.ring),
            number_of=number_lookup(self.ring, ledger),
            pseudonyms=self.pseudonyms,
            ledger=ledger,
            book=self,
            source=SOURCE,
        )

    async def sealed(self, **changes: Any) -> SealedEvent:
        """Return a sealed signal of the school, with such changes to its metadata."""
        event: JsonObject = {
            "id": "event-1",
            "source": "urn:nld:brin:99AA:systeem:test",
            "type": "signal.raised",
            "time": "2026-03-02T23:00:00Z",
            "sender": {"org": "school_test", "kind": "school", "professional": "employee-7"},
            "recipients": [{"to": {"org": "gp_test"}}],
            "sections": ["meta", "contact", "narrative"],
            "subject_ref": CHILD,
            "purpose": "help_request",
            "urgency": "u3",
            "domains": ["09"],
            "safety_level": "acute",
            "case_ref": "case-1",
            "record": {"ref": "record-1", "revision": 2},
            **changes,
        }
        plain = {name: json.dumps(content).encode() for name, content in CONTENT.items()}
        subject = cast("str | None", event["subject_ref"])
        content = await Sealer(self.ring).seal_event("uid-1", subject, NUMBER if subject else None, plain)
        return SealedEvent("uid-1", event, "school_test", NOW, CHILD, content, "00-trace")


def claimed(
    sealed: SealedEvent,
    *,
    sections: tuple[str, ...] = ("meta", "contact"),
    outcome: Outcome = Outcome.REDACT,
    emission: Emission | None = None,
    receiver: str = "gp_test",
    duties: tuple[Duty, ...] = (),
    face: FixedFace | None = None,
) -> ClaimedDelivery:
    """Return a delivery that a decision lets go, sequence 41, second attempt."""
    decision = RecipientDecision(
        receiver, outcome, "ok_consent", ("narrative",), duties, ("c-1",), sections, fixed_face=face
    )
    leaving = permit_of(
        sealed.event, RecipientDecision(receiver, Outcome.ALLOW, "ok_consent", sections=sections)
    )
    assert leaving is not None
    return ClaimedDelivery(
        delivery_id="delivery-1",
        lease="lease",
        subscription=Subscription("sub-1", receiver, "memory", {}),
        sequence=41,
        attempt=2,
        first_attempt_at=NOW,
        accepted_at=NOW,
        candidate=Candidate("delivery-1", receiver, sealed, 0, emission, None),
        decision=decision,
        delivery=redact(leaving, sealed.sealed),
    )
