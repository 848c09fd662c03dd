"""`POST /inspections`: who may ask, how persons are named, what answer the rules become."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import pytest
from jsonschema import Draft202012Validator
from structlog.testing import capture_logs

from hub.core.model import Json, JsonObject
from hub.ledger.interface import Ledger
from tests.unit.gateway_world import BSN, SCHOOL, TEAM, World, build_world
from tests.unit.inspection_world import InspectedLedger, child, line

PARENT = "999990020"
PARENT_PSEUDONYM = "ps_k1_unknown"


class InspectedWorld:
    """A gateway over a ledger that knows one child, its mother and one delivered line."""

    def __init__(self, world: World, ledger: InspectedLedger) -> None:
        self.world = world
        self.ledger = ledger

    async def ask(self, body: Json, org: str | None = TEAM, **headers: str) -> Any:
        """Return the answer to a request."""
        async with self.world.client(org, **headers) as client:
            return await client.post("/inspections", json=body)


def asking(**changes: Json) -> JsonObject:
    """Return the mother's request about the child; a change of None takes a member out."""
    body: JsonObject = {
        "subject": {"bsn": BSN},
        "requester": {"bsn": PARENT},
        "child_interest_opposes": False,
    }
    return {name: value for name, value in {**body, **changes}.items() if value is not None}


@pytest.fixture
async def inspected(tmp_path: Path) -> InspectedWorld:
    ledger = InspectedLedger()
    world = build_world(tmp_path, ledger=cast("Ledger", ledger))
    subject = await world.parts.door.person_ref({"bsn": BSN}, TEAM, "")
    mother = await world.parts.door.person_ref({"bsn": PARENT}, TEAM, "")
    custody = [{"person": mother, "role": "parent_with_custody", "checked_on": "2026-02-01"}]
    ledger.subjects[subject] = child(custody=custody)
    ledger.log[subject] = [line("1"), line("2", third_person=True)]
    return InspectedWorld(world, ledger)


async def test_the_mother_sees_the_log(inspected: InspectedWorld) -> None:
    """The answer has the form of the description, holds the shown line, and says in words that it is not complete."""
    response = await inspected.ask(asking())
    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    document = response.json()
    assert (document["reason"], document["requester_role"]) == (
        "ok_inspection_limited",
        "parent_with_custody",
    )
    assert [found["sender"]["organisation"] for found in document["lines"]] == ["Testschool Een"]
    assert document["left_out_nl"].startswith("Dit overzicht is niet volledig.")
    described = inspected.world.app.openapi()
    schema = {"$ref": "#/components/schemas/InspectionView", "components": described["components"]}
    Draft202012Validator(schema).validate(document)
    assert document.keys() == described["components"]["schemas"]["InspectionView"]["properties"].keys()


async def test_the_example_of_the_description_has_the_described_form(inspected: InspectedWorld) -> None:
    """The request that is shown to partners fits its own schema."""
    described = inspected.world.app.openapi()
    content = described["paths"]["/inspections"]["post"]["requestBody"]["content"]["application/json"]
    Draft202012Validator({**content["schema"], "components": described["components"]}).validate(
        content["example"]
    )


@pytest.mark.parametrize("org", [SCHOOL])
async def test_other_kinds_may_not_ask(inspected: InspectedWorld, org: str) -> None:
    """A partner of another kind is refused before anything is looked up, however it names the persons."""
    inspected.ledger.away = True
    bodies: list[Json] = [asking(), {}, []]
    for body in bodies:
        response = await inspected.ask(body, org)
        assert (response.status_code, response.json()["reason"]) == (403, "inspection_not_allowed")


async def test_nobody_may_not_ask(inspected: InspectedWorld) -> None:
    """Without a credential there is no answer."""
    assert (await inspected.ask(asking(), None)).status_code == 401


@pytest.mark.parametrize(
    ("changes", "status", "reason"),
    [
        ({"child_interest_opposes": None}, 409, "hold_inspection_review"),
        ({"child_interest_opposes": True}, 403, "deny_inspection_child_interest"),
        ({"requester": {"bsn": BSN}}, 403, "deny_inspection_via_representative"),
        ({"requester": {"bsn": "999990032"}}, 403, "deny_inspection_not_entitled"),
        ({"subject": {"bsn": "999990032"}}, 409, "hold_age_unknown"),
    ],
)
async def test_a_hold_or_deny_is_a_problem(
    inspected: InspectedWorld, changes: JsonObject, status: int, reason: str
) -> None:
    """The rules' reason comes with its sentences as a problem document, and nothing of the log with it."""
    response = await inspected.ask(asking(**changes))
    assert (response.status_code, response.headers["content-type"]) == (status, "application/problem+json")
    problem = response.json()
    assert problem["reason"] == reason
    assert "lines" not in problem
    assert "Testschool" not in response.text


@pytest.mark.parametrize(
    ("body", "reason", "pointers"),
    [
        (asking(subject=None), "form_invalid", ["/subject"]),
        (asking(requester=BSN), "form_invalid", ["/requester"]),
        (asking(requester={"bsn": PARENT, "pseudonym": "x"}), "form_invalid", ["/requester"]),
        (asking(child_interest_opposes="no"), "form_invalid", ["/child_interest_opposes"]),
        (asking(role="parent_with_custody"), "form_invalid", []),
        ([asking()], "form_invalid", []),
        (asking(subject={"bsn": "123456789"}), "bsn_invalid", ["/subject/bsn"]),
        (asking(requester={"pseudonym": PARENT_PSEUDONYM}), "pseudonym_unknown", ["/requester/pseudonym"]),
    ],
)
async def test_a_request_of_another_form_is_refused(
    inspected: InspectedWorld, body: Json, reason: str, pointers: list[str]
) -> None:
    """What is not a request names its fields and never its values; a stated role is no part of it."""
    response = await inspected.ask(body)
    assert (response.status_code, response.json()["reason"]) == (400, reason)
    assert response.json().get("pointers", []) == pointers
    assert not {"123456789", PARENT_PSEUDONYM, BSN} & set(json.dumps(response.json()).split('"'))


async def test_an_inspection_is_logged_without_the_person(inspected: InspectedWorld) -> None:
    """Each inspection that was answered leaves one line: who asked and the result; no number, ref or name."""
    with capture_logs() as logs:
        await inspected.ask(asking())
        await inspected.ask(asking(child_interest_opposes=True))
    written = [entry for entry in logs if entry["event"] == "inspection_answered"]
    expected = {"event": "inspection_answered", "log_level": "info", "org": TEAM}
    assert written == [
        {**expected, "outcome": "redact", "reason": "ok_inspection_limited"},
        {**expected, "outcome": "deny", "reason": "deny_inspection_child_interest"},
    ]
    refs = [*inspected.ledger.subjects, BSN, PARENT, "Testschool"]
    assert not any(ref in json.dumps(logs) for ref in refs)


async def test_an_absent_ledger_is_said(inspected: InspectedWorld) -> None:
    """Without the ledger the door says so, and that a later try can help."""
    inspected.ledger.away = True
    response = await inspected.ask(asking())
    assert (response.status_code, response.json()["reason"]) == (503, "ledger_unavailable")
    assert "retry-after" in response.headers


async def test_persons_never_stand_in_the_address(inspected: InspectedWorld) -> None:
    """There is no way to ask by an address: only POST is offered."""
    async with inspected.world.client(TEAM) as client:
        response = await client.get("/inspections")
    assert response.status_code == 405


async def test_other_media_types_are_not_offered(inspected: InspectedWorld) -> None:
    """The answer is JSON only: the letter is the operator's command."""
    assert (await inspected.ask(asking(), Accept="text/html")).status_code == 406
