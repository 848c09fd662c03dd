"""The route for inspection by the family."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import JSONResponse

from hub.gateway.authentication import Scope
from hub.gateway.bodies import negotiate, read_json
from hub.gateway.openapi_parts import Document, body_of, problem_answers, security
from hub.gateway.services import KnownCaller, TheServices

router = APIRouter(tags=["inspections"])

JSON = "application/json"
EXAMPLE: Document = {
    "subject": {"bsn": "999990019"},
    "requester": {"pseudonym": "ps_k1_00"},
    "child_interest_opposes": False,
}


class PartyView(BaseModel):
    """An organisation on a line of the log."""

    organisation: str
    kind: Annotated[str, Field(description="GLOSSARY section 2.")]
    kind_nl: str


class SectionView(BaseModel):
    """A section that was shared: its name, never its content."""

    section: str
    name_nl: str


class GroundView(BaseModel):
    """On which ground it was shared."""

    reason: str
    message: str
    message_nl: str
    law_nl: str


class InspectionLineView(BaseModel):
    """One line: who shared what, when, with whom and why. Lines have no numbers: nothing shows what was left out."""

    state: Annotated[str, Field(description="`delivered`, `under_way` or `uncertain`.")]
    state_nl: str
    shared_at: Annotated[str | None, Field(description="When the receiver had it.")]
    replay_until: Annotated[
        str | None, Field(description="Until when the hub may deliver the content again.")
    ]
    sender: Annotated[PartyView | None, Field(description="Null where the reporter asked for anonymity.")]
    recipient: PartyView
    type: Annotated[str | None, Field(description="Null where it would name an anonymous sender.")]
    type_nl: str
    purpose: str | None
    purpose_nl: str | None
    sections: list[SectionView]
    ground: Annotated[GroundView | None, Field(description="Null where it would name an anonymous sender.")]


class InspectionView(BaseModel):
    """What the family sees of the log about one person."""

    outcome: Annotated[str, Field(description="`allow`: everything; `redact`: lines or names were left out.")]
    reason: Annotated[str, Field(description="`ok_inspection` or `ok_inspection_limited`.")]
    message: str
    message_nl: str
    law_nl: str
    answered_at: str
    requester_role: Annotated[str | None, Field(description="`self`, or the role in the custody facts.")]
    left_out: Annotated[
        str | None, Field(description="What to tell the family when the log is not complete.")
    ]
    left_out_nl: str | None
    lines: list[InspectionLineView]
    contact: Annotated[dict[str, str] | None, Field(description="Whom the family can call.")]


@router.post(
    "/inspections",
    operation_id="inspections_post",
    summary="Who shared what about this family",
    response_model=InspectionView,
    responses=problem_answers(400, 401, 403, 406, 408, 409, 413, 415, 431, 500, 503),
    openapi_extra={
        **body_of("InspectionForm", JSON, example=EXAMPLE),
        **security(Scope.CONSUME, Scope.PUBLISH),
    },
)
async def inspect(request: Request, caller: KnownCaller, services: TheServices) -> JSONResponse:
    """Return the processing log of one person for that person or a representative (CONSENT.md section 13).

    Only local teams and client support may ask, with the family at the table; persons stand in the body, never in
    the address. When the rules give no inspection the answer is a problem with their reason: 403 for a deny, 409 for
    a hold that a fact or a judgement can cure (`hold_inspection_review` asks for `child_interest_opposes`).
    """
    negotiate(request.headers, JSON)
    return JSONResponse(await services.inspections.answer(await read_json(request, JSON), caller))
