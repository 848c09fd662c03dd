"""Which gate gave a reason: exactly, or as narrow as what is known of the event allows.

CONSENT.md sections 4 and 5, EVENTS.md sections 5 and 6.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Final

from hub.core import alert_lifecycle, lifecycle_referral
from hub.core.catalogue import CATALOGUE, RECORDED_CLASSES, EventClass
from hub.core.explaining_words import LIFE_CYCLE, ORDER
from hub.core.grounds import GOOD_HELPER, POLICE_DATA_ACT
from hub.core.model import Json, JsonObject
from hub.core.reasons import Reason

ALL_GATES: Final = tuple(ORDER)
KIND_PREFIX: Final = "kind:"
"""How a recipient is shown that was named by kind and could not be resolved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of an event and one of its recipients beside the verdict. None is: not known.

    `excepted` says whether a ground without consent was stated, `ground` which. `may_be_taken` says that the
    recipient can be the sender itself, one that was named before, or one that the family moved away from;
    `may_be_team` that the two professionals can be in the same help team.
    """

    type: str | None = None
    anonymous: bool | None = None
    excepted: bool | None = None
    ground: str | None = None
    may_be_taken: bool = True
    may_be_team: bool = True

    @property
    def treatment(self) -> EventClass | None:
        """Return the class of the type, None when it is not in the catalogue."""
        row = CATALOGUE.get(self.type or "")
        return None if row is None else row.treatment

    @property
    def may_be_anonymous(self) -> bool:
        """Return whether this can be an anonymous consultation."""
        return self.anonymous is not False and self.treatment in {None, EventClass.CONSULTATION}


NOTHING_KNOWN: Final = Known()


def known_of_event(event: JsonObject) -> Known:
    """Return what the decision view of an event tells about the event as a whole."""
    type_name = event.get("type")
    return Known(
        type=type_name if isinstance(type_name, str) else None, anonymous=event.get("mode") == "anonymous"
    )


def known_of_recipient(
    event: JsonObject, position: int, recipient: str, earlier: Collection[str], *, at_claim: bool = False
) -> Known:
    """Return what the decision view tells about the recipient at this place.

    Args:
        event: The decision view (EVENTS.md section 2), of any form.
        position: The place in `recipients`; beyond its end stands whom the hub added itself.
        recipient: The name in the verdict.
        earlier: The names of the verdicts before it.
        at_claim: Whether the verdict is that of the delivery, which looks again where the family lives.
    """
    whole = known_of_event(event)
    recipients = event.get("recipients")
    entry = recipients[position] if isinstance(recipients, list) and position < len(recipients) else None
    if not isinstance(entry, dict):
        return whole
    sender = _object(event.get("sender"))
    exception = entry.get("exception")
    ground = _object(exception).get("ground")
    return Known(
        type=whole.type,
        anonymous=whole.anonymous,
        excepted=exception is not None,
        ground=ground if isinstance(ground, str) else None,
        may_be_taken=at_claim or recipient == sender.get("org") or recipient in earlier,
        may_be_team=bool(event.get("case_ref") and sender.get("professional") and entry.get("professional")),
    )


def _object(value: Json) -> JsonObject:
    return value if isinstance(value, dict) else {}


def concerns(gate: str, known: Known) -> bool:
    """Return whether the rule of a gate can be about this message; while that is not known, it can."""
    classes = _ABOUT_CLASSES.get(gate)
    if classes is not None and known.treatment is not None:
        return known.treatment in classes and (gate != "R4" or known.anonymous is not False)
    if gate == LIFE_CYCLE:
        return known.type is None or known.type in STEPS_OF_LIFE_CYCLES
    if gate == "R9":
        return known.excepted is not False
    return gate != "R10" or known.may_be_team


_ABOUT_CLASSES: Mapping[str, Collection[EventClass]] = {
    "E9": {EventClass.NEVER},
    "E10": RECORDED_CLASSES,
    "E11": {EventClass.NOTICE},
    "E12": {EventClass.AGGREGATE},
    "R2": {EventClass.CONTENT, EventClass.CONSULTATION},
    "R4": {EventClass.CONSULTATION},
    "R5": {EventClass.ACK},
    "R6": {EventClass.ALERT},
    "R17": {EventClass.FEEDBACK},
}
"""Gates whose rule is about some classes of events alone."""


def deciding_gates(reason: str, known: Known = NOTHING_KNOWN, recipient: str = "") -> tuple[str, ...]:
    """Return the gate that gave a reason, or the few of which one did; none for a code of another origin.

    Args:
        reason: A reason code of the event or of one recipient.
        known: What else is known.
        recipient: The name of the recipient in the verdict, when there is one.
    """
    certain = _ONE_GATE.get(reason)
    if certain is not None:
        return (certain,)
    narrow = _SEVERAL_GATES.get(reason)
    return () if narrow is None else narrow(known, recipient)


STEPS_OF_LIFE_CYCLES: Final = frozenset({*lifecycle_referral.ROWS, *alert_lifecycle.ROWS})
"""Event types that are a step of a referral or of an alert."""

_WITH_DATA = frozenset(
    name
    for table in (lifecycle_referral.ROWS, alert_lifecycle.ROWS)
    for name, rows in table.items()
    if any(row.required for row in rows)
)
"""Steps that must bring data: what is missing is found by the form (E4) or by the life cycle."""


def _form(known: Known, _recipient: str) -> tuple[str, ...]:
    """Narrow down deny_schema."""
    return ("E4", LIFE_CYCLE) if known.type is None or known.type in _WITH_DATA else ("E4",)


def _recorded(known: Known, _recipient: str) -> tuple[str, ...]:
    """Narrow down ok_recorded."""
    if known.treatment is None:
        return ("E10", "E11")
    return ("E11",) if known.treatment is EventClass.NOTICE else ("E10",)


def _route(known: Known, _recipient: str) -> tuple[str, ...]:
    """Narrow down deny_route."""
    treatment = known.treatment
    gates = {"R1"} if known.may_be_taken else set[str]()
    if treatment is not EventClass.AGGREGATE:
        gates.add("R3")
    if known.may_be_anonymous:
        gates.add("R4")
    if treatment in {None, EventClass.ACK}:
        gates.add("R5")
    if treatment in {None, EventClass.ALERT}:
        gates.add("R6")
    if treatment in _ON_CONSENT and known.excepted is not False and known.anonymous is not True:
        gates.add("R9")
    return _in_order(gates)


_ON_CONSENT = frozenset({None, EventClass.CONTENT, EventClass.CONSULTATION, EventClass.FEEDBACK})
"""Classes, an unknown one too, that come to the gates from R9 on."""


def _in_order(gates: Collection[str]) -> tuple[str, ...]:
    return tuple(sorted(gates, key=ORDER.__getitem__))


def _identity(known: Known, recipient: str) -> tuple[str, ...]:
    """Narrow down hold_identity_ambiguous: who is meant hangs on the area, or consent asks for the person."""
    if recipient.startswith(KIND_PREFIX) or known.anonymous:
        return ("R1",)
    row = CATALOGUE.get(known.type or "")
    if known.excepted or (row is not None and not row.area_gated):
        return ("R12",)
    return ("R1", "R12")


def _police(known: Known, _recipient: str) -> tuple[str, ...]:
    """Narrow down deny_police_basis_missing."""
    if known.excepted is None:
        return ("R7", "R9")
    return ("R9",) if known.ground == POLICE_DATA_ACT else ("R7",)


def _by_exception(otherwise: str) -> Callable[[Known, str], tuple[str, ...]]:
    """Narrow down what R9 gives where a ground is stated, and another gate where none is."""

    def narrow(known: Known, _recipient: str) -> tuple[str, ...]:
        if known.excepted is None:
            return ("R9", otherwise)
        return ("R9",) if known.excepted else (otherwise,)

    return narrow


def _cut(known: Known, _recipient: str) -> tuple[str, ...]:
    """Narrow down hold_protection_unknown: found when sections are cut, for a team or with consent."""
    return ("R10", "R16") if known.may_be_team and not known.excepted else ("R16",)


def _scan(known: Known, recipient: str) -> tuple[str, ...]:
    """Narrow down hold_scan_missing."""
    if known.anonymous:
        return ("R4",)
    return (*(("R4",) if known.may_be_anonymous else ()), *_cut(known, recipient))


def _nothing_left(known: Known, recipient: str) -> tuple[str, ...]:
    """Narrow down deny_nothing_left."""
    treatment = known.treatment
    alone = _NOTHING_LEFT_AT.get(treatment) if treatment is not None else None
    if alone is not None:
        return (alone,)
    if known.excepted and known.ground != GOOD_HELPER:
        return ("R9",)
    gates = set(_cut(known, recipient))
    if known.excepted is None:
        gates.add("R9")
    if treatment is None:
        gates.update(_NOTHING_LEFT_AT.values())
    if treatment in {None, EventClass.FEEDBACK}:
        gates.add("R17")
    return _in_order(gates)


_NOTHING_LEFT_AT = {EventClass.AGGREGATE: "R3", EventClass.ACK: "R5", EventClass.ALERT: "R6"}


def _anywhere(_known: Known, _recipient: str) -> tuple[str, ...]:
    """Return every gate: an error that no rule foresees can happen at each of them."""
    return ALL_GATES


def _all_at(gate: str, *reasons: Reason) -> dict[str, str]:
    return {reason.value: gate for reason in reasons}


_ONE_GATE: Mapping[str, str] = {
    **_all_at("E1", Reason.DENY_BSN_IN_METADATA),
    **_all_at("E3", Reason.HOLD_POLICY_INVALID),
    **_all_at("E5", Reason.DENY_SENDER),
    **_all_at("E6", Reason.DENY_TYPE_NOT_ALLOWED),
    **_all_at("E7", Reason.DENY_CONFLICT, Reason.DENY_DUPLICATE, Reason.DENY_STALE),
    **_all_at("E8", Reason.DENY_HOLD_EXPIRED),
    **_all_at("E9", Reason.DENY_USE_CORV),
    **_all_at("E11", Reason.OK_WITHDRAWAL_NOTICE, Reason.OK_RETRACTION_NOTICE),
    **_all_at("E12", Reason.DENY_K_ANONYMITY),
    **_all_at(LIFE_CYCLE, Reason.DENY_LIFECYCLE_ACTOR, Reason.DENY_LIFECYCLE_ORDER, Reason.HOLD_CLOSING_GATE),
    **_all_at("E13", Reason.OK_ACCEPTED),
    **_all_at(
        "R1",
        Reason.DENY_RECIPIENT_UNKNOWN,
        Reason.HOLD_AREA_UNKNOWN,
        Reason.HOLD_NO_OWNER,
        Reason.HOLD_AMBIGUOUS_OWNER,
        Reason.HOLD_AREA_MISMATCH,
    ),
    **_all_at("R2", Reason.DENY_EMERGENCY_LINE),
    **_all_at("R3", Reason.OK_AGGREGATE),
    **_all_at("R4", Reason.DENY_ANONYMITY_LEAK, Reason.OK_ANONYMOUS_CONSULTATION),
    **_all_at("R5", Reason.OK_ACKNOWLEDGEMENT),
    **_all_at("R6", Reason.OK_ALERT),
    **_all_at("R8", Reason.DENY_ONWARD, Reason.HOLD_ORIGIN_UNKNOWN),
    **_all_at(
        "R9",
        Reason.DENY_FEATURE_OFF,
        Reason.OK_LEGAL_VEILIG_THUIS,
        Reason.OK_VITAL_INTEREST,
        Reason.OK_LEGAL_DEBT_SIGNAL,
        Reason.OK_LEGAL_SUPERVISION_ORDER,
        Reason.OK_LEGAL_CHILD_PROTECTION_BOARD,
        Reason.OK_FEEDBACK_REPORTER,
        Reason.OK_POLICE_DATA_ACT,
        Reason.OK_CARE_SAFETY_HOUSE,
        Reason.OK_VEILIG_THUIS_TASK,
    ),
    **_all_at("R10", Reason.OK_SAME_TEAM),
    **_all_at("R11", Reason.DENY_PURPOSE_UNREGISTERED),
    **_all_at(
        "R13", Reason.HOLD_CUSTODY_UNKNOWN, Reason.HOLD_REPRESENTATIVE_UNKNOWN, Reason.HOLD_CUSTODY_STALE
    ),
    **_all_at("R14", Reason.HOLD_CONSENT_STATE_STALE),
    **_all_at(
        "R15",
        *(
            reason
            for reason in Reason
            if Reason.HOLD_CONSENT_UNREADABLE.rank <= reason.rank <= Reason.DENY_NO_CONSENT.rank
        ),
    ),
    **_all_at(
        "R16",
        Reason.OK_GOOD_HELPER,
        Reason.OK_CONSENT,
        Reason.OK_CONSENT_ONE_PARENT,
        Reason.OK_CONSENT_REPRESENTATIVE,
        Reason.OK_CHILD_ONLY_LAW,
    ),
    **_all_at("R17", Reason.OK_MINIMAL_FEEDBACK),
}
"""Reasons that only one gate gives. With consent the last gate that says yes is the cut of the sections, R16."""

_SEVERAL_GATES: Mapping[str, Callable[[Known, str], tuple[str, ...]]] = {
    Reason.HOLD_EVALUATION_ERROR.value: _anywhere,
    Reason.DENY_SCHEMA.value: _form,
    Reason.OK_RECORDED.value: _recorded,
    Reason.DENY_ROUTE.value: _route,
    Reason.HOLD_IDENTITY_AMBIGUOUS.value: _identity,
    Reason.DENY_POLICE_BASIS_MISSING.value: _police,
    Reason.HOLD_JUSTIFICATION_MISSING.value: _by_exception("R10"),
    Reason.HOLD_AGE_UNKNOWN.value: _by_exception("R13"),
    Reason.HOLD_CAPACITY_UNCLEAR.value: _by_exception("R13"),
    Reason.HOLD_PROTECTION_UNKNOWN.value: _cut,
    Reason.HOLD_SCAN_MISSING.value: _scan,
    Reason.DENY_NOTHING_LEFT.value: _nothing_left,
}
"""Reasons that several gates give, narrowed down by what is known."""
