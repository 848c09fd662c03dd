"""Inspection by the family where vectors do not reach: hostile facts, requests and lines."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.core.codes import PARTNER_KINDS
from hub.core.inspection import Inspection, inspect
from hub.core.model import LEAVES, Outcome
from hub.core.reasons import Reason
from tests.unit.core_world import a_child, some_facts

VIEW: dict[str, Any] = {
    "kind": "view",
    "requester": {"person": "parent_1"},
    "subject_ref": "child_1",
    "child_interest_opposes": False,
}
YOUNG = "2018-05-01"
GROWN = "1986-05-01"


def a_line(**changes: Any) -> dict[str, Any]:
    """Return a line that the family may see."""
    return {
        "line": "line_1",
        "sender_kind": "school",
        "recipient_kind": "local_team",
        "released": False,
        "third_person": False,
        "reporter_anonymous": False,
        **changes,
    }


def seen(request: Any = VIEW, lines: Any = None, *, child: Any = None, **facts: Any) -> Inspection:
    """Return what a parent of a child of 8 gets, with changes."""
    subjects = {"child_1": a_child(birth_date=YOUNG) if child is None else child}
    return inspect(
        request, [a_line()] if lines is None else lines, some_facts(**{"subjects": subjects, **facts})
    )


def test_the_parent_of_a_young_child_sees_the_log() -> None:
    """With everything in order a representative sees every line, and nothing is limited."""
    assert seen() == Inspection(Outcome.ALLOW, Reason.OK_INSPECTION, shown=("line_1",))


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"now": "yesterday"}, Reason.HOLD_EVALUATION_ERROR),
        ({"subjects": ["child_1"]}, Reason.HOLD_EVALUATION_ERROR),
        ({"policy": {"no_setting": 1}}, Reason.HOLD_POLICY_INVALID),
        ({"subjects": {}}, Reason.HOLD_AGE_UNKNOWN),
        ({"subjects": {"child_1": "a child"}}, Reason.HOLD_AGE_UNKNOWN),
    ],
)
def test_facts_that_cannot_be_read_hold(facts: dict[str, Any], reason: Reason) -> None:
    """Facts or settings that stop a decision stop an inspection with the same reason."""
    assert seen(**facts) == Inspection(Outcome.HOLD, reason)


@pytest.mark.parametrize("request_", [None, [], "view", {}, {"kind": "look"}, {"kind": ["view"]}])
def test_a_request_of_no_known_form_is_refused(request_: Any) -> None:
    """A request that asks for nothing known gets nothing."""
    assert seen(request_) == Inspection(Outcome.DENY, Reason.DENY_SCHEMA)


@pytest.mark.parametrize("lines", [{}, "line_1", 7, False])
def test_log_lines_that_are_no_list_hold(lines: Any) -> None:
    """A log that cannot be read is never an empty log."""
    assert seen(lines=lines) == Inspection(Outcome.HOLD, Reason.HOLD_EVALUATION_ERROR)


@pytest.mark.parametrize("line", [None, "line_1", ["line_1"], {}, a_line(line=""), a_line(line=7)])
def test_a_line_without_a_name_limits_the_inspection(line: Any) -> None:
    """A line that cannot be listed is not shown, and the family is told that something was left out."""
    assert seen(lines=[a_line(line="line_0"), line]) == Inspection(
        Outcome.REDACT, Reason.OK_INSPECTION_LIMITED, shown=("line_0",)
    )


@pytest.mark.parametrize("name", ["sender_kind", "recipient_kind"])
@pytest.mark.parametrize("kind", [None, "", 7, ["school"], "neighbour", "missing"])
def test_a_kind_that_is_unknown_counts_as_closed(name: str, kind: Any) -> None:
    """A line whose sender or recipient kind is missing or not listed stays withheld until it is released."""
    line = a_line(**{name: kind})
    if kind == "missing":
        del line[name]
    assert seen(lines=[line]).withheld == ("line_1",)
    assert seen(lines=[{**line, "released": True}]).shown == ("line_1",)


@pytest.mark.parametrize("released", [None, "true", 1, False])
@pytest.mark.parametrize("kind", sorted(PARTNER_KINDS))
def test_only_three_kinds_need_release(kind: str, released: Any) -> None:
    """Lines of Veilig Thuis, police and care and safety house stay withheld unless `released` is true; no others do."""
    withheld = kind in {"veilig_thuis", "police", "care_and_safety_house"}
    for name in ("sender_kind", "recipient_kind"):
        found = seen(lines=[a_line(**{name: kind, "released": released})])
        assert (found.withheld == ("line_1",)) == withheld


@pytest.mark.parametrize(
    "requester", [None, "parent_1", {}, {"person": None}, {"person": ""}, {"person": ["parent_1"]}]
)
def test_a_requester_without_a_name_is_nobody(requester: Any) -> None:
    """Somebody who cannot be named is not in custody, also where custody holds entries as empty as that."""
    child = a_child(
        birth_date=YOUNG,
        custody=[
            {"role": "guardian"},
            {"person": None, "role": "guardian"},
            {"person": "", "role": "guardian"},
        ],
    )
    assert seen({**VIEW, "requester": requester}, child=child).reason is Reason.DENY_INSPECTION_NOT_ENTITLED


@pytest.mark.parametrize("subject_ref", [None, "", 7, ["child_1"], {}])
def test_a_subject_without_a_name_is_unknown(subject_ref: Any) -> None:
    """A request about nobody, by nobody, is not a request of the subject."""
    request = {**VIEW, "subject_ref": subject_ref, "requester": {"person": subject_ref}}
    assert seen(request).reason is Reason.HOLD_AGE_UNKNOWN


@pytest.mark.parametrize(
    "custody", [None, {}, "parent_1", [], [None, "parent_1"], [{"person": "parent_1", "role": ["guardian"]}]]
)
def test_custody_that_cannot_be_read_entitles_nobody(custody: Any) -> None:
    """Without a readable entry of custody nobody else sees the log, of a child nor of an incapable adult."""
    for child in (
        a_child(birth_date=YOUNG, custody=custody),
        a_child(birth_date=GROWN, capacity="incapable", custody=custody),
    ):
        assert seen(child=child).reason is Reason.DENY_INSPECTION_NOT_ENTITLED


def test_an_unreadable_entry_hides_who_represents_an_adult() -> None:
    """Representatives of an adult come in groups, so an entry that cannot be read could come before the partner."""
    partner = {"person": "parent_1", "role": "partner", "reason_ref": "reason_1"}
    adult = {"birth_date": GROWN, "capacity": "incapable"}
    assert seen(child=a_child(**adult, custody=[partner])).outcome is Outcome.ALLOW
    hidden = seen(child=a_child(**adult, custody=[partner, {"person": "curator_1"}]))
    assert hidden.reason is Reason.DENY_INSPECTION_NOT_ENTITLED


@pytest.mark.parametrize(
    ("delivered_at", "days", "kept"),
    [
        ("0001-01-01T00:00:00+14:00", 7, False),
        ("0001-01-01T00:00:00+14:00", 10**12, True),
        ("9999-12-31T23:59:59-12:00", 7, True),
        ("2026-11-14T11:59:59.999999+01:00", 7, False),
        ("2026-11-14T12:00:00+01:00", 7, True),
        (None, 7, False),
        (["2026-11-14T12:00:00+01:00"], 7, False),
    ],
)
def test_replay_at_the_edges(delivered_at: Any, days: int, *, kept: bool) -> None:
    """A message can be sent again up to exactly so many times 24 hours, whatever the size of the setting."""
    found = seen({"kind": "replay", "delivered_at": delivered_at}, policy={"replay_days": days})
    assert found.reason is (Reason.OK_REPLAY if kept else Reason.DENY_RETENTION)


HOSTILE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.sampled_from(["parent_1", "child_1", "guardian", "view", "replay"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*VIEW, *a_line(), "person", "role", "delivered_at"]), inner, max_size=5
        )
    ),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(
    request=st.fixed_dictionaries(dict.fromkeys(VIEW, HOSTILE)) | HOSTILE | st.just(VIEW),
    lines=st.lists(st.fixed_dictionaries(dict.fromkeys(a_line(), HOSTILE)) | HOSTILE, max_size=4) | HOSTILE,
    custody=HOSTILE,
    born=st.sampled_from([YOUNG, "2012-05-01", "2010-05-01", GROWN]) | HOSTILE,
    capacity=st.sampled_from(["capable", "incapable", "unclear"]) | HOSTILE,
)
def test_any_request_gets_an_answer(request: Any, lines: Any, custody: Any, born: Any, capacity: Any) -> None:
    """Whatever the values, there is an answer, and a hold or a deny lists no line."""
    found = seen(request, lines, child=a_child(birth_date=born, capacity=capacity, custody=custody))
    assert found.outcome is found.reason.outcome
    if found.outcome not in LEAVES:
        assert (found.shown, found.masked, found.withheld) == ((), (), ())
