"""`POST /inspections`: a professional asks, the family beside it, who shared what about them (CONSENT.md 13)."""

from __future__ import annotations

from typing import Annotated, Final, Protocol

import structlog
from pydantic import Field, ValidationError

from hub.core.model import Json, JsonObject
from hub.core.snapshot import FactKeys, Snapshot
from hub.core.standing import Standing
from hub.gateway.authentication import Caller
from hub.gateway.inspection_answer import InspectionAnswer, InspectionRequest, answer_inspection
from hub.gateway.inspection_document import inspection_document
from hub.gateway.parts import Admits, Clock, GatewayParts
from hub.gateway.problems import ProblemError
from hub.gateway.reasons import GatewayReason
from hub.gateway.retention import standing_of_book
from hub.identity.content_fields import Form
from hub.identity.partners import PartnerBook
from hub.identity.persons import Subject
from hub.identity.reasons import Refusal
from hub.ledger.interface import SharedLine

INSPECTION_KINDS: Final = frozenset({"local_team", "client_support"})
"""Who may ask for a family. The local team is the family's own team and the door to all help (Jeugdwet 2.3);
independent client support stands beside the family (Wmo 2015, 2.2.4). Others send the family to one of them: each
further kind that may ask for anybody is a way to look into families that are not at the table."""


OPERATOR: Final = "hub"
"""Who asks when an operator of the hub answers a family with `hub inspect`."""


class InspectionForm(Form):
    """Whose log, and who asks. Persons are named as in the publish form; the role follows from the custody facts."""

    subject: Annotated[Subject, Field(description="The person whom the log is about.")]
    requester: Annotated[Subject, Field(description="Who asks: the person self, or a representative.")]
    child_interest_opposes: Annotated[
        bool | None,
        Field(
            description="Whether a professional judged that the child's interest opposes this (Wmo 5.3.2(3)); "
            "absent while nobody did."
        ),
    ] = None


class InspectedLedger(Protocol):
    """What an inspection reads."""

    async def look_up(self, keys: FactKeys) -> Snapshot:
        """Return the facts of this moment, without locks."""
        ...

    async def shared_lines(self, subject_ref: str) -> list[SharedLine]:
        """Return the processing log about a person, the oldest first."""
        ...

    async def note_inspection(
        self, subject_ref: str, requester_ref: str, asked_by: str, reason: str, at: str
    ) -> None:
        """Write down that somebody asked to see the log about a person."""
        ...


def read_inspection(body: Json) -> InspectionForm:
    """Return the checked request; ProblemError with pointers of known members, never a value."""
    try:
        return InspectionForm.model_validate(body)
    except ValidationError as error:
        places = {problem["loc"][0] for problem in error.errors(include_input=False) if problem["loc"]}
    known = sorted(str(place) for place in places if place in InspectionForm.model_fields)
    raise ProblemError(GatewayReason.FORM_INVALID, pointers=tuple(f"/{name}" for name in known))


async def inspect_ledger(
    request: InspectionRequest,
    ledger: InspectedLedger,
    standing: Standing,
    book: PartnerBook,
    now: str,
    asked_by: str,
) -> InspectionAnswer:
    """Return the answer from the ledger's facts and log of now, once it is written down who asked (NEN 7513).

    `asked_by` is the organisation at whose table the family sits, or `OPERATOR`.
    """
    found = await ledger.look_up(FactKeys(subjects=frozenset({request.subject_ref})))
    log = await ledger.shared_lines(request.subject_ref)
    answer = answer_inspection(request, found.subjects, log, standing, book, now)
    reason = answer.reason.value
    await ledger.note_inspection(request.subject_ref, request.requester_ref, asked_by, reason, now)
    return answer


class Inspections:
    """Answers for one gateway. Logs tell who asked and with what result, never whose; the ledger keeps that too."""

    def __init__(self, parts: GatewayParts) -> None:
        self._ledger: InspectedLedger = parts.ledger
        self._door: Admits = parts.door
        self._clock: Clock = parts.clock
        self._book = parts.partners
        self._standing = standing_of_book(self._book)
        self._log = structlog.get_logger("hub.gateway")

    async def answer(self, body: Json, caller: Caller) -> JsonObject:
        """Return the family's view; ProblemError for who may not ask, and for a hold or deny of the rules."""
        if caller.partner.kind not in INSPECTION_KINDS:
            raise ProblemError(GatewayReason.INSPECTION_NOT_ALLOWED)
        request = await self._request(read_inspection(body), caller.org)
        answer = await inspect_ledger(
            request, self._ledger, self._standing, self._book, self._clock(), caller.org
        )
        reason = answer.reason
        self._log.info(
            "inspection_answered", org=caller.org, outcome=reason.outcome.value, reason=reason.value
        )
        if not answer.given:
            raise ProblemError(reason)
        return inspection_document(answer)

    async def _request(self, form: InspectionForm, org: str) -> InspectionRequest:
        try:
            return InspectionRequest(
                subject_ref=await self._door.person_ref(form.subject.model_dump(), org, "/subject"),
                requester_ref=await self._door.person_ref(form.requester.model_dump(), org, "/requester"),
                child_interest_opposes=form.child_interest_opposes,
            )
        except Refusal as refusal:
            # The mapping of other routes would point into the data of an event.
            problem = ProblemError(refusal.reason, pointers=refusal.pointers)
        raise problem
