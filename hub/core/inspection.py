"""Inspection by the family, and whether a message is still kept to be sent again: CONSENT.md section 13."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from hub.core.codes import MINOR_REPRESENTATIVE_ROLES, PARTNER_KINDS, UNSPECIFIED_PARENT, is_code, is_text
from hub.core.facts import Facts, Situation, read_situation
from hub.core.givers import (
    ADULT_FROM,
    DECIDES_ALONE_FROM,
    Person,
    adult_representatives,
    is_custody_entry,
    read_person,
)
from hub.core.model import Json, JsonObject, Outcome
from hub.core.reasons import Reason
from hub.core.times import parse_instant

CLOSED_KINDS = frozenset({"veilig_thuis", "police", "care_and_safety_house"})
"""Whose lines the family sees only after release: Wmo 5.3.1(3)."""

OPEN_KINDS = PARTNER_KINDS - CLOSED_KINDS
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Inspection:
    """The answer to a request: lines `shown`, `masked` (shown without their sender) and `withheld`, in order.

    The lists hold names of lines only, no numbers in a sequence: a withheld line cannot be inferred from them.
    """

    outcome: Outcome
    reason: Reason
    shown: tuple[str, ...] = ()
    masked: tuple[str, ...] = ()
    withheld: tuple[str, ...] = ()

    def as_json(self) -> JsonObject:
        """Return the form of the vectors."""
        return {
            "outcome": self.outcome.value,
            "reason": self.reason.value,
            "shown": list(self.shown),
            "masked": list(self.masked),
            "withheld": list(self.withheld),
        }


def inspect(request: Json, log_lines: Json, facts: Facts) -> Inspection:
    """Return what a member of the family may see of the log, or whether a message may be sent again.

    Total: any JSON value is judged. Facts that gate E2 or E3 would stop hold the request; a request of no known
    kind is `deny_schema`; log lines that are not a list are `hold_evaluation_error`.

    Args:
        request: `{kind: view, requester {person, role}, subject_ref, child_interest_opposes}` or
            `{kind: replay, delivered_at}`.
        log_lines: List of `{line, sender_kind, recipient_kind, released, third_person, reporter_anonymous}`.
        facts: The subjects, the settings and `now`.
    """
    situation = read_situation(facts)
    if isinstance(situation, Reason):
        return _answer(situation)
    if not isinstance(request, dict):
        return _answer(Reason.DENY_SCHEMA)
    match request.get("kind"):
        case "view":
            return _view(request, log_lines, situation)
        case "replay":
            kept = is_kept(request.get("delivered_at"), situation)
            return _answer(Reason.OK_REPLAY if kept else Reason.DENY_RETENTION)
        case _:
            return _answer(Reason.DENY_SCHEMA)


def is_kept(delivered_at: Json, situation: Situation) -> bool:
    """Return whether a message that was delivered then may be sent again: `replay_days` of 24 hours, end included."""
    delivered = parse_instant(delivered_at)
    # Whole days are compared, rounded down: a setting may be larger than any length of time.
    return delivered is not None and (delivered - situation.now) // _DAY >= -situation.policy.replay_days


def _answer(reason: Reason) -> Inspection:
    """Return an answer without lines."""
    return Inspection(reason.outcome, reason)


def _view(request: Mapping[str, Any], log_lines: Json, situation: Situation) -> Inspection:
    """Answer a request to see the log: I1 to I6."""
    stop = _stop(request, situation)
    if stop is not None:
        return _answer(stop)
    if not isinstance(log_lines, list):
        return _answer(Reason.HOLD_EVALUATION_ERROR)
    return _sorted_out(log_lines)


def _stop(request: Mapping[str, Any], situation: Situation) -> Reason | None:
    """Return why the requester sees nothing, or None (I1 to I4)."""
    ref = request.get("subject_ref")
    if not is_text(ref) or (subject := situation.subject(ref)) is None:
        return Reason.HOLD_AGE_UNKNOWN
    person = read_person(ref, subject, situation)
    if person is Reason.HOLD_AGE_UNKNOWN:
        return person
    requester = request.get("requester")
    asker = requester.get("person") if isinstance(requester, dict) else None
    if asker == ref:
        return _stop_of_subject(person)
    refusal = _stop_of_other(asker, subject.get("custody"), person)
    return _stop_of_interest(request.get("child_interest_opposes")) if refusal is None else refusal


def _stop_of_subject(person: Person | Reason) -> Reason | None:
    """Return why the subject does not see the own log, or None (I2; Wmo 5.3.2)."""
    if isinstance(person, Reason):
        return person
    return None if person.capable else Reason.DENY_INSPECTION_VIA_REPRESENTATIVE


def _stop_of_other(asker: Json, custody: Json, person: Person | Reason) -> Reason | None:
    """Return why somebody else does not see the log, or None (I3; Wmo 5.3.2(3)). The role is that in custody."""
    listed = custody if isinstance(custody, list) else []
    own = [entry for entry in listed if isinstance(entry, dict) and entry.get("person") == asker]
    if not own or not is_text(asker):
        return Reason.DENY_INSPECTION_NOT_ENTITLED
    if isinstance(person, Reason):
        return person
    if person.age >= DECIDES_ALONE_FROM and person.capable:
        return Reason.DENY_INSPECTION_NOT_ENTITLED
    if person.age >= ADULT_FROM:
        return None if asker in _represents_adult(listed) else Reason.DENY_INSPECTION_NOT_ENTITLED
    if any(entry.get("role") == UNSPECIFIED_PARENT for entry in own):
        return Reason.HOLD_CUSTODY_UNKNOWN
    represents = any(is_code(entry.get("role"), MINOR_REPRESENTATIVE_ROLES) for entry in own)
    return None if represents else Reason.DENY_INSPECTION_NOT_ENTITLED


def _represents_adult(custody: list[Json]) -> list[str]:
    """Return who represents an incapable adult; an entry that cannot be read could come first, so it leaves nobody."""
    readable = [entry for entry in custody if is_custody_entry(entry)]
    return adult_representatives(readable) if len(readable) == len(custody) else []


def _stop_of_interest(opposes: Json) -> Reason | None:
    """Return why the child's interest stops the inspection, or None once it is weighed (I4; Wmo 5.3.2(3))."""
    if opposes is True:
        return Reason.DENY_INSPECTION_CHILD_INTEREST
    return None if opposes is False else Reason.HOLD_INSPECTION_REVIEW


def _sorted_out(log_lines: list[Json]) -> Inspection:
    """Return the lines shown, masked and withheld (I5, I6; Wmo 5.3.1(3)).

    A line without a name cannot be listed anywhere; it stays withheld and the inspection is limited.
    """
    found: dict[str, list[str]] = {"shown": [], "masked": [], "withheld": []}
    nameless = 0
    for line in log_lines:
        name = line.get("line") if isinstance(line, dict) else None
        if isinstance(line, dict) and is_text(name):
            found[_treatment(line)].append(name)
        else:
            nameless += 1
    limited = nameless or found["masked"] or found["withheld"]
    reason = Reason.OK_INSPECTION_LIMITED if limited else Reason.OK_INSPECTION
    return Inspection(reason.outcome, reason, **{name: tuple(lines) for name, lines in found.items()})


def _treatment(line: Mapping[str, Any]) -> str:
    """Return whether a line is shown, masked or withheld. A kind that is not listed counts as a closed one."""
    open_to_family = all(is_code(line.get(name), OPEN_KINDS) for name in ("sender_kind", "recipient_kind"))
    if (not open_to_family and line.get("released") is not True) or line.get("third_person") is not False:
        return "withheld"
    return "shown" if line.get("reporter_anonymous") is False else "masked"
