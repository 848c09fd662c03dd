"""Whom to address and whom to warn: ROUTING.md sections 4 to 7. Routing never permits anything."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from hub.core.area import LOCAL_TEAM, owner_of
from hub.core.codes import is_text, is_text_list
from hub.core.facts import Facts, Situation, read_situation
from hub.core.model import JsonObject
from hub.core.reasons import Reason
from hub.core.resolving import Inquiry, Sending, owning_team, resolve
from hub.core.schema import Entry
from hub.core.standing import Partner
from hub.core.times import active_on

PHONE_ROUTE = "phone_route"
OWNER_UNKNOWN = "owner_unknown"
FIXED_FACE_HANDOVER = "fixed_face_handover"


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingResult:
    """Who is meant (`orgs`), who is warned (`alerts`), which professional, and what must be noted.

    `reason` is None when resolved.
    """

    reason: Reason | None = None
    orgs: tuple[str, ...] = ()
    alerts: tuple[str, ...] = ()
    fixed_face: str | None = None
    notes: tuple[str, ...] = ()

    def as_json(self) -> JsonObject:
        """Return the form of the vectors (ROUTING.md section 7)."""
        return {
            "status": "resolved" if self.reason is None else self.reason.outcome.value,
            "reason": None if self.reason is None else self.reason.value,
            "orgs": list(self.orgs),
            "alerts": list(self.alerts),
            "fixed_face": self.fixed_face,
            "notes": list(self.notes),
        }


def _at_moment(facts: Facts, work: Callable[[Situation], RoutingResult]) -> RoutingResult:
    """Return what the work finds at the moment of the facts, or the reason for which they cannot be used."""
    situation = read_situation(facts)
    return RoutingResult(reason=situation) if isinstance(situation, Reason) else work(situation)


def route(
    entry: Entry, *, subject_ref: str, sender_org: str, area_gated: bool, facts: Facts
) -> RoutingResult:
    """Return whom a recipient entry means, and for a local team the fixed face (ROUTING.md sections 4 and 6)."""
    sending = Inquiry(sender_org=sender_org, subject_ref=subject_ref, area_gated=area_gated)
    return _at_moment(facts, lambda situation: _route(entry, sending, situation))


def _route(entry: Entry, sending: Sending, situation: Situation) -> RoutingResult:
    """Resolve one recipient at a moment."""
    resolution = resolve(entry, sending, (), situation)
    if resolution.reason is not None or resolution.partner is None:
        return RoutingResult(reason=resolution.reason)
    result = RoutingResult(orgs=(resolution.partner.org,))
    return _with_fixed_face(result, sending, situation) if resolution.partner.kind == LOCAL_TEAM else result


def _with_fixed_face(result: RoutingResult, sending: Sending, situation: Situation) -> RoutingResult:
    """Return the result with the fixed face, and the hand-over that is due when another team owns the area."""
    face = fixed_face_of(sending.subject_ref, situation)
    if face is None:
        return result
    org, professional = face
    owner = owning_team(sending, situation)
    handover = isinstance(owner, Partner) and owner.org != org
    return replace(result, fixed_face=professional, notes=(FIXED_FACE_HANDOVER,) if handover else ())


def fixed_face_of(subject_ref: str | None, situation: Situation) -> tuple[str, str] | None:
    """Return organisation and professional of the fixed face, or None when nobody readable is registered."""
    subject = situation.subject(subject_ref)
    face = None if subject is None else subject.get("fixed_face")
    if isinstance(face, dict) and is_text(face.get("org")) and is_text(face.get("professional")):
        return face["org"], face["professional"]
    return None


def owner(district: str, facts: Facts) -> RoutingResult:
    """Return the local team that owns a district now."""
    return _at_moment(facts, lambda situation: _owner(district, situation))


def _owner(district: str, situation: Situation) -> RoutingResult:
    """Return the owner at a moment."""
    if LOCAL_TEAM in situation.standing.unreadable_kinds:
        return RoutingResult(reason=Reason.HOLD_AMBIGUOUS_OWNER)
    team = owner_of(district, situation)
    return RoutingResult(reason=team) if isinstance(team, Reason) else RoutingResult(orgs=(team.org,))


def crisis_fan_out(*, subject_ref: str, case_ref: str | None, facts: Facts) -> RoutingResult:
    """Return whom a crisis is told, beside the recipients that the sender named (ROUTING.md section 5).

    `orgs` are all active crisis teams in directory order; `alerts` the parties to the case that are warned
    without content, also when no crisis team is active.
    """
    return _at_moment(facts, lambda situation: fan_out(subject_ref, case_ref, situation))


def fan_out(subject_ref: str, case_ref: str | None, situation: Situation) -> RoutingResult:
    """Return the fan-out of a crisis at a moment: see `crisis_fan_out`."""
    teams = tuple(
        team.org for team in situation.standing.by_kind["crisis_team"] if team.active(situation.today)
    )
    sending = Inquiry(sender_org="", subject_ref=subject_ref, area_gated=False)
    team = owning_team(sending, situation)
    face = fixed_face_of(subject_ref, situation)
    warned = [team.org] if isinstance(team, Partner) else []
    warned += [face[0]] if face is not None else []
    warned += _measure_orgs(subject_ref, situation)
    parties = parties_of(case_ref, situation)
    notes = () if teams else (PHONE_ROUTE,)
    return RoutingResult(
        reason=None if teams else Reason.HOLD_NO_OWNER,
        orgs=teams,
        alerts=tuple(org for org in dict.fromkeys(warned) if org in parties and situation.partner(org)),
        fixed_face=None if face is None else face[1],
        notes=notes if isinstance(team, Partner) else (*notes, OWNER_UNKNOWN),
    )


def _measure_orgs(subject_ref: str, situation: Situation) -> list[str]:
    """Return the institutions with a measure for the subject that is active today."""
    subject = situation.subject(subject_ref)
    measures = None if subject is None else subject.get("measures")
    return [
        row["org"]
        for row in (measures if isinstance(measures, list) else ())
        if isinstance(row, dict)
        and is_text(row.get("org"))
        and active_on(situation.today, row.get("from"), row.get("to"))
    ]


def parties_of(case_ref: str | None, situation: Situation) -> list[str]:
    """Return the organisations that are a party to a case; a list that cannot be read counts as absent."""
    cases = situation.facts.case_parties
    parties = cases.get(case_ref) if isinstance(cases, dict) and case_ref is not None else None
    return parties if is_text_list(parties) else []


def fixed_protector(*, district: str, neighbourhood: str | None, facts: Facts) -> RoutingResult:
    """Return the fixed protector of a neighbourhood, or else of its district (ROUTING.md section 6)."""
    return _at_moment(facts, lambda situation: _protector(district, neighbourhood, situation))


def _protector(district: str, neighbourhood: str | None, situation: Situation) -> RoutingResult:
    """Return the fixed protector at a moment."""
    rows = [
        row
        for row in situation.standing.protectors
        if row.district == district
        and active_on(situation.today, row.start, row.end)
        and _is_active_institution(row.org, situation)
    ]
    near = [row for row in rows if neighbourhood is not None and row.neighbourhood == neighbourhood]
    found = near or [row for row in rows if row.neighbourhood is None]
    if len(found) != 1:
        return RoutingResult(reason=Reason.HOLD_AMBIGUOUS_OWNER if found else Reason.HOLD_NO_OWNER)
    return RoutingResult(orgs=(found[0].org,), fixed_face=found[0].professional)


def _is_active_institution(org: str, situation: Situation) -> bool:
    """Return whether this is a certified institution that takes part today."""
    partner = situation.partner(org)
    return partner is not None and partner.kind == "certified_institution"


def answer_request(op: str, request: Mapping[str, Any], facts: Facts) -> RoutingResult:
    """Return the answer to one routing vector; `op` is one of ROUTING.md section 7."""
    match op:
        case "owner":
            return owner(request["district"], facts)
        case "crisis_fan_out":
            return crisis_fan_out(
                subject_ref=request["subject_ref"], case_ref=request.get("case_ref"), facts=facts
            )
        case "fixed_protector":
            return fixed_protector(
                district=request["district"], neighbourhood=request.get("neighbourhood"), facts=facts
            )
        case _:
            return route(
                Entry(**request["to"]),
                subject_ref=request["subject_ref"],
                sender_org=request["sender_org"],
                area_gated=op == "gated_recipient",
                facts=facts,
            )
