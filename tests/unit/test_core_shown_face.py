"""Who stays with the family, and where that is shown: hub/core/shown_face.py (ROUTING.md section 6)."""

from __future__ import annotations

from typing import Any

import pytest

from hub.core.model import FixedFace, Outcome, RecipientDecision
from hub.core.shown_face import shown_face
from hub.core.snapshot import Snapshot
from tests.unit.core_world import NOW, a_child, an_event, some_facts

STANDING = some_facts().standing
FACE = {"org": "team_escamp", "professional": "prof_1"}


def shown(receiver: str = "team_escamp", face: Any = FACE, now: str = NOW, **event: Any) -> FixedFace | None:
    """Return the face for a child who lives in Escamp."""
    snapshot = Snapshot(subjects={"child_1": a_child(fixed_face=face)})
    return shown_face(an_event(**event), receiver, snapshot, STANDING, now)


def test_a_local_team_sees_the_fixed_face() -> None:
    """A delivery to the team of the area names the professional who stays with the family."""
    assert shown() == FixedFace("team_escamp", "prof_1", handover=False)


def test_a_face_at_another_organisation_means_a_hand_over() -> None:
    """The family moved: the old face stays until it is changed, and the new team hears that a hand-over is due."""
    assert shown(face={"org": "team_rand", "professional": "prof_2"}) == FixedFace(
        "team_rand", "prof_2", handover=True
    )


def test_a_team_that_does_not_own_the_area_does_not_make_a_hand_over() -> None:
    """What counts is who owns the area, not who gets the delivery."""
    assert shown("team_kust") == FixedFace("team_escamp", "prof_1", handover=False)


def test_an_owner_who_is_not_known_makes_no_hand_over() -> None:
    """Without a residence nobody can say that another team is the owner."""
    snapshot = Snapshot(subjects={"child_1": a_child(fixed_face=FACE, residences=[])})
    assert shown_face(an_event(), "team_rand", snapshot, STANDING, NOW) == FixedFace("team_escamp", "prof_1")


def test_every_alert_names_the_fixed_face() -> None:
    """Whoever gets an alert sees whom the family knows."""
    assert shown("school_a", type="alert.crisis") == FixedFace("team_escamp", "prof_1")


@pytest.mark.parametrize("receiver", ["school_a", "gp_test", "nobody"])
def test_others_do_not_see_it(receiver: str) -> None:
    """A delivery to another kind of organisation, or to one that is not in the directory, does not name it."""
    assert shown(receiver) is None


def test_a_team_that_left_does_not_see_it() -> None:
    """Only an active local team counts as one."""
    assert shown(now="2020-01-01T12:00:00+01:00") is None


@pytest.mark.parametrize(
    "face", [None, {}, "prof_1", {"org": "team_escamp"}, {"org": "", "professional": "p"}]
)
def test_a_face_that_cannot_be_read_is_not_shown(face: Any) -> None:
    """Half a face is nobody."""
    assert shown(face=face) is None


@pytest.mark.parametrize("subject_ref", [None, "child_2", 7])
def test_an_event_about_nobody_known_shows_nobody(subject_ref: Any) -> None:
    """Without facts of the subject there is no face."""
    assert shown(subject_ref=subject_ref) is None


def test_an_event_type_that_is_not_known_is_no_alert() -> None:
    """A name that is not in the catalogue does not pass for an alert."""
    assert shown("school_a", type="alert.unknown") is None
    assert shown("school_a", type=None) is None


def test_facts_that_cannot_be_used_show_nobody() -> None:
    """At an instant that cannot be read nothing is said."""
    assert shown(now="not an instant") is None


def test_the_face_is_no_part_of_the_verdict() -> None:
    """Two verdicts that differ in the face alone are the same verdict, and vectors do not show it."""
    verdict = RecipientDecision("team_escamp", Outcome.ALLOW, "ok_consent")
    with_face = RecipientDecision("team_escamp", Outcome.ALLOW, "ok_consent", fixed_face=FixedFace("o", "p"))
    assert verdict == with_face
    assert verdict.as_json() == with_face.as_json()
