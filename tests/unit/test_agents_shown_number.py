"""Records that went around the door with a citizen number in clear are parked, not judged."""

from __future__ import annotations

from dataclasses import replace
from uuid import NAMESPACE_URL, uuid5

import pytest

from agents.intake import LogRecord
from agents.judging import SHOWN_NUMBER, read
from hub.wire.codec import encode
from hub.wire.envelope import SealedEvent, SealedSection, WireError

NUMBER = "999990019"
NOW = "2026-11-02T10:00:00Z"
SUBJECT = str(uuid5(NAMESPACE_URL, "a test child"))
EVENT = {
    "id": "e-1",
    "source": "urn:nld:test:school_1:systeem:demo",
    "type": "signal.raised",
    "time": NOW,
    "sender": {"org": "school_1", "kind": "school"},
    "sections": ["meta"],
    "subject_ref": SUBJECT,
}
PLAIN = SealedEvent(str(uuid5(NAMESPACE_URL, "a test event")), dict(EVENT), "school_1", NOW, SUBJECT)
SECTION = SealedSection("key-1", b"n" * 12, b"c" * 32)


def parked(sealed: SealedEvent) -> str | None:
    """Return the reason for which a record is parked, None when it is judged."""
    found = read(LogRecord(0, 0, encode(sealed)))
    return found.reason if isinstance(found, WireError) else None


@pytest.mark.parametrize(
    "shown",
    [
        replace(PLAIN, uid=NUMBER),
        replace(PLAIN, authenticated_org=NUMBER),
        replace(PLAIN, accepted_at=NUMBER),
        replace(PLAIN, key=NUMBER),
        replace(PLAIN, traceparent=NUMBER),
        replace(PLAIN, event={**EVENT, "id": NUMBER}),
        replace(PLAIN, event={**EVENT, "record": {"ref": f"r {NUMBER}", "revision": 1}}),
        replace(PLAIN, sealed={NUMBER: SECTION}),
        replace(PLAIN, sealed={"meta": replace(SECTION, key_id=NUMBER)}),
    ],
)
def test_a_shown_number_is_parked(shown: SealedEvent) -> None:
    """A citizen number anywhere in the clear part makes the record unreadable: nothing of it is kept."""
    assert parked(shown) == SHOWN_NUMBER


def test_a_trace_is_no_number() -> None:
    """A trace context in its own form passes, also when its random digits look like a number."""
    trace = f"00-{NUMBER}a{'b' * 22}-{'c' * 16}-01"
    assert parked(replace(PLAIN, traceparent=trace)) is None


def test_an_ordinary_record_is_judged() -> None:
    """Without a number in clear a record goes to the decision."""
    assert parked(replace(PLAIN, sealed={"meta": SECTION})) is None
