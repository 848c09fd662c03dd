"""A child of ten with a mother who has custody, and lines of the processing log: for the tests of inspection."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hub.core.defaults import DEFAULTS
from hub.core.model import JsonObject
from hub.core.snapshot import FactKeys, Snapshot
from hub.core.standing import Standing, compile_standing
from hub.gateway.inspection_answer import InspectionAnswer, InspectionRequest, answer_inspection
from hub.identity.partners import PartnerBook
from hub.ledger.interface import SharedLine
from tests.unit.gateway_world import NOW, SCHOOL, TEAM, SmallLedger

CHILD, MOTHER, FATHER = "ps_child", "ps_mother", "ps_father"
SHARED_AT = "2026-03-01T09:15:00Z"
LINE = SharedLine(
    line="1",
    type="signal.raised",
    sender=SCHOOL,
    sender_kind="school",
    recipient=TEAM,
    recipient_kind="",
    purpose="help_request",
    reason="ok_consent",
    sections=("meta", "contact", "codes", "narrative"),
    shared_at=SHARED_AT,
    state="delivered",
    third_person=False,
    reporter_anonymous=False,
    released=False,
)
"""A signal of the school to the local team, delivered."""


def line(name: str, **changes: Any) -> SharedLine:
    """Return another line."""
    return replace(LINE, line=name, **changes)


def child(born: str = "2016-01-01", **changes: object) -> JsonObject:
    """Return the facts about the child."""
    facts: JsonObject = {
        "birth_date": born,
        "identity": "established",
        "custody": [
            {"person": MOTHER, "role": "parent_with_custody", "checked_on": "2026-02-01"},
            {"person": FATHER, "role": "parent_without_custody", "checked_on": "2026-02-01"},
        ],
        "fixed_face": {"org": TEAM, "professional": "prof_1"},
    }
    return {**facts, **changes}


def standing_of(book: PartnerBook, **policy: object) -> Standing:
    """Return the configuration as the core wants it."""
    return compile_standing(directory=book.directory(), areas=book.areas(), policy=policy, defaults=DEFAULTS)


def answered(
    book: PartnerBook,
    *log: SharedLine,
    requester: str = MOTHER,
    opposes: bool | None = False,
    facts: JsonObject | None = None,
    **policy: object,
) -> InspectionAnswer:
    """Return what the mother, or somebody else, sees of this log."""
    request = InspectionRequest(subject_ref=CHILD, requester_ref=requester, child_interest_opposes=opposes)
    subjects = {CHILD: child() if facts is None else facts}
    return answer_inspection(request, subjects, log, standing_of(book, **policy), book, NOW)


class InspectedLedger(SmallLedger):
    """The gateway's small ledger, with facts about persons and a processing log."""

    def __init__(self) -> None:
        super().__init__()
        self.subjects: dict[str, JsonObject] = {}
        self.log: dict[str, list[SharedLine]] = {}
        self.asked: list[tuple[str, str, str, str, str]] = []

    async def look_up(self, keys: FactKeys) -> Snapshot:
        self._answer()
        return Snapshot(subjects={ref: self.subjects[ref] for ref in keys.subjects & self.subjects.keys()})

    async def shared_lines(self, subject_ref: str) -> list[SharedLine]:
        self._answer()
        return self.log.get(subject_ref, [])

    async def note_inspection(
        self, subject_ref: str, requester_ref: str, asked_by: str, reason: str, at: str
    ) -> None:
        self._answer()
        self.asked.append((subject_ref, requester_ref, asked_by, reason, at))
