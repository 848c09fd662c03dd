"""Which content each type of event must carry (EVENTS.md section 11). Checked before sealing.

Types that only the hub itself emits (matches, class alert, the prevention picture) do not come through the door.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from typing import TypeAlias

from hub.core.model import Json, JsonObject
from hub.core.times import parse_date

CHECK_IN_WEEKS_AHEAD = 4
"""A check-in on the waiting list is due every four weeks (EVENTS.md section 5)."""

Alternatives: TypeAlias = tuple[str, ...]
"""Pointers of which at least one must be given."""

_SENDER: Alternatives = ("/content/contact/sender",)
_STATUS: Alternatives = ("/content/meta/status",)
_SIGNAL: tuple[Alternatives, ...] = (
    _SENDER,
    ("/content/codes/domains",),
    ("/content/codes/protective_factors",),
    ("/content/narrative/facts", "/content/codes/requested_action"),
)
_CRISIS: tuple[Alternatives, ...] = (_SENDER, ("/content/codes/safety_level",))
_SOMEONE: tuple[Alternatives, ...] = (("/content/contact/fixed_face", "/content/contact/sender"),)
_FIXED_FACE: Alternatives = ("/content/contact/fixed_face",)

REQUIRED: Mapping[str, tuple[Alternatives, ...]] = {
    "signal.raised": _SIGNAL,
    "signal.revised": _SIGNAL,
    "adult_signal.raised": (*_SIGNAL, ("/kindcheck",)),
    "early_signal.raised": (_SENDER,),
    "referral.offered": (
        _SENDER,
        ("/content/codes/offer_type",),
        ("/content/narrative/goal_in_family_words",),
    ),
    "waiting_list.placed": (("/content/meta/expected_wait_weeks",), ("/content/meta/next_check_in",)),
    "waiting_list.support_assigned": _SOMEONE,
    "waiting_list.buddy_linked": _SOMEONE,
    "waiting_list.contact_made": (("/content/meta/next_check_in",),),
    "help.team_changed": (_SENDER,),
    "pilot_light.set": (_FIXED_FACE, ("/data/until",)),
    "pilot_light.flared": (_FIXED_FACE,),
    "fixed_face.changed": (_FIXED_FACE, ("/data/old",), ("/data/new",), ("/data/warm_handover_done",)),
    "placement.considered": (_SENDER,),
    "protection.announced": (_SENDER,),
    "crisis.reported": _CRISIS,
    "crisis.follow_up_agreed": _CRISIS,
    "consultation.requested": (_SENDER, ("/content/narrative/question",)),
    "consultation.answered": (_SENDER, ("/content/narrative/answer",)),
    "acknowledgement.received": (_STATUS,),
    "acknowledgement.seen": (_STATUS,),
    "acknowledgement.picked_up": (_STATUS,),
    "acknowledgement.not_picked_up": (_STATUS,),
    "referral.received": (_STATUS,),
    "referral.accepted": (_STATUS,),
    "referral.declined": (_STATUS,),
    "referral.redirected": (_STATUS,),
    "match.contact_confirmed": (_STATUS,),
    "feedback.given": (("/content/codes/outcome",), ("/content/codes/may_tell_sender",)),
    "experience.returned": (("/content/perspectives",),),
}
"""Per type what must be given; types not listed require nothing beside `meta`."""


def missing_content(type_name: str, form: JsonObject, today: date) -> tuple[str, ...]:
    """Return pointers to what a checked publish form lacks for its type, empty when nothing.

    Args:
        type_name: code name of the event type.
        form: the publish form as it was sent, after its own form was checked.
        today: the Amsterdam date of acceptance.
    """
    absent = [
        alternatives[0]
        for alternatives in REQUIRED.get(type_name, ())
        if not any(_given(form, pointer) for pointer in alternatives)
    ]
    rule = _FURTHER.get(type_name)
    return tuple(absent if rule is None else [*absent, *rule(form, today)])


def at(form: Json, pointer: str) -> Json:
    """Return what stands at a pointer of field names, None when there is nothing."""
    value = form
    for name in pointer[1:].split("/"):
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value


def _given(form: JsonObject, pointer: str) -> bool:
    # False and 0 are answers; nothing, an empty text and an empty list are not.
    value = at(form, pointer)
    return value is not None and value not in ("", [])


def _early_signal(form: JsonObject, _today: date) -> Iterator[str]:
    kind = at(form, "/early_kind") or at(form, "/content/codes/early_kind")
    if kind == "payment_arrears":
        needed = ["/content/finance/amount_cents", "/content/finance/arrears_since"]
    else:
        needed = ["/content/narrative/facts"]
    yield from (pointer for pointer in needed if not _given(form, pointer))


def _check_in_soon(form: JsonObject, today: date) -> Iterator[str]:
    check_in = parse_date(at(form, "/content/meta/next_check_in"))
    if check_in is not None and check_in > today + timedelta(weeks=CHECK_IN_WEEKS_AHEAD):
        yield "/content/meta/next_check_in"


def _whole_when_present(section: str, field: str) -> Callable[[JsonObject, date], Iterator[str]]:
    def rule(form: JsonObject, _today: date) -> Iterator[str]:
        pointer = f"/content/{section}/{field}"
        if at(form, f"/content/{section}") is not None and not _given(form, pointer):
            yield pointer

    return rule


def _national_status(form: JsonObject, _today: date) -> Iterator[str]:
    if at(form, "/content/codes/outcome") == "vt_status" and not _given(form, "/content/codes/vt_status"):
        yield "/content/codes/vt_status"


_FURTHER: Mapping[str, Callable[[JsonObject, date], Iterator[str]]] = {
    "early_signal.raised": _early_signal,
    "waiting_list.placed": _check_in_soon,
    "help.team_changed": _whole_when_present("narrative", "facts"),
    "placement.considered": _whole_when_present("legal_status", "measure"),
    "protection.announced": _whole_when_present("legal_status", "measure"),
    "feedback.given": _national_status,
}
