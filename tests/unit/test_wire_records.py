"""Outbox records, hub.decisions and hub.alerts, as Avro frames."""

from __future__ import annotations

import pytest

from hub.core.model import JsonObject
from hub.wire.codec import decode, decode_record, encode, encode_record
from hub.wire.envelope import SealedEvent, WireError

EVENT = SealedEvent(
    uid="5b0c1a5e-6a1e-5c8e-9d53-0f2f5a3c7d11",
    event={
        "id": "e1",
        "source": "urn:nld:oin:00000001000000000001:system:test",
        "type": "signal.raised",
        "time": "2026-03-02T09:00:00+01:00",
        "sender": {"org": "testschool_one", "kind": "school"},
        "sections": ["meta"],
    },
    authenticated_org="testschool_one",
    accepted_at="2026-03-02T08:00:01Z",
    key="ps_v1_0a",
)
DECISION: JsonObject = {
    "uid": "5b0c1a5e-6a1e-5c8e-9d53-0f2f5a3c7d11",
    "event_id": "e1",
    "source": "urn:nld:oin:00000001000000000001:system:test",
    "type": "signal.raised",
    "org": "testschool_one",
    "subject_ref": "ps_v1_0a",
    "decided_at": "2026-03-02T08:00:02Z",
    "rule_set": "1",
    "verdict": "unique",
    "outcome": "allow",
    "reason": "ok_accepted",
    "duties": [{"duty": "dlp_alert", "due_at": None}],
    "recipients": [
        {
            "recipient": "gp_one",
            "outcome": "redact",
            "reason": "ok_consent",
            "sections": ["meta"],
            "withheld": ["health"],
            "duties": [{"duty": "inform_subject", "due_at": "2026-03-09T23:59:59+01:00"}],
            "consents": ["c1"],
        }
    ],
    "emissions": [{"type": "match.reported", "to": ["a", "b"], "reason": "ok_match", "basis": None}],
    "chain_hash": "00" * 32,
}
ALERT: JsonObject = {
    "alert_id": "a1",
    "type": "alert.crisis",
    "raised_at": "2026-03-02T08:00:02Z",
    "to": ["crisis_team_one"],
    "level": 0,
    "urgency": "u1",
}


@pytest.mark.parametrize(("name", "record"), [("decision", DECISION), ("alert", ALERT)])
def test_outbox_records_survive(name: str, record: JsonObject) -> None:
    """Decisions and alerts come back equal, under their own name."""
    assert decode_record(encode_record(name, record)) == (name, record)


def test_events_and_outbox_records_are_not_mixed() -> None:
    """A record is not read as an event, nor an event as a record, nor written under a name that is none."""
    with pytest.raises(WireError, match="unknown_event_type"):
        decode(encode_record("alert", ALERT))
    with pytest.raises(WireError, match="unknown_schema"):
        decode_record(encode(EVENT))
    for name in ("signal.raised", "nothing"):
        with pytest.raises(WireError, match="unknown_schema"):
            encode_record(name, ALERT)


@pytest.mark.parametrize("change", [{"alert_id": None}, {"narrative": "x"}, {"level": "0"}, {"to": "a"}])
def test_outbox_records_have_one_form(change: JsonObject) -> None:
    """A record with a field too many or of another type is refused."""
    with pytest.raises(WireError, match="form_mismatch"):
        encode_record("alert", {**ALERT, **change})
