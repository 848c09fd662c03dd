"""What the family sees of the processing log: what is shown, and what may not be read between the lines."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest

from hub.core.catalogue import CATALOGUE
from hub.core.codes import PRO_KINDS
from hub.core.inspection import CLOSED_KINDS
from hub.core.model import JsonObject
from hub.core.reasons import Reason
from hub.gateway.inspection_answer import SELF, InspectionAnswer, Party
from hub.gateway.inspection_document import inspection_document
from hub.identity.partners import PartnerBook, load_partners
from tests.unit.gateway_world import SCHOOL, STOPPED, TEAM, build_world
from tests.unit.inspection_world import CHILD, FATHER, MOTHER, answered, child, line

ANONYMOUS = line("9", reporter_anonymous=True)


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> PartnerBook:
    return build_world(tmp_path_factory.mktemp("book")).parts.partners


def lines_of(answer: InspectionAnswer) -> list[JsonObject]:
    """Return the lines of the document."""
    found = inspection_document(answer)["lines"]
    assert isinstance(found, list)
    return found


def test_a_line_tells_who_what_when_why_and_to_whom(book: PartnerBook) -> None:
    """A delivered line names both organisations and their kinds, type, sections, instant, purpose, ground and law."""
    answer = answered(book, line("1"))
    assert (answer.reason, answer.role) == (Reason.OK_INSPECTION, "parent_with_custody")
    assert answer.answered_at == "2026-03-02T09:30:00+01:00"
    assert lines_of(answer) == [
        {
            "state": "delivered",
            "state_nl": "aangekomen",
            "shared_at": "2026-03-01T10:15:00+01:00",
            "replay_until": "2026-03-08T10:15:00+01:00",
            "sender": {"organisation": "Testschool Een", "kind": "school", "kind_nl": "school"},
            "recipient": {"organisation": "Testteam", "kind": "local_team", "kind_nl": "lokaal team"},
            "type": "signal.raised",
            "type_nl": "signaal gemeld",
            "purpose": "help_request",
            "purpose_nl": "hulp vragen",
            "sections": [
                {"section": "meta", "name_nl": "kop"},
                {"section": "contact", "name_nl": "contactkaart"},
                {"section": "codes", "name_nl": "codes"},
                {"section": "narrative", "name_nl": "verhaal"},
            ],
            "ground": {
                "reason": "ok_consent",
                "message": "Everyone who must consent did.",
                "message_nl": "Iedereen die moet instemmen, deed dat.",
                "law_nl": "Jeugdwet, artikel 7.3.11",
            },
        }
    ]


def test_what_never_left_is_not_on_the_log(book: PartnerBook) -> None:
    """Delivered lines and lines under way are shown, what may have arrived as uncertain; the rest never left."""
    states = ["delivered", "pending", "claimed", "stopped", "withheld", "held", "parked", "", "unheard_of"]
    answer = answered(book, *(line(str(number), state=state) for number, state in enumerate(states)))
    assert [found["state"] for found in lines_of(answer)] == [
        "delivered",
        "under_way",
        "under_way",
        "uncertain",
        "uncertain",
    ]
    assert answer.reason is Reason.OK_INSPECTION


@pytest.mark.parametrize("state", ["pending", "claimed", "parked", "stopped"])
def test_what_did_not_surely_arrive_has_no_instant(book: PartnerBook, state: str) -> None:
    """As long as it is not sure that something was shared, neither an instant nor a term of keeping is told."""
    found = lines_of(answered(book, line("1", state=state)))[0]
    assert (found["shared_at"], found["replay_until"]) == (None, None)


@pytest.mark.parametrize(
    "hidden",
    [
        *(line("2", recipient_kind=kind) for kind in sorted(CLOSED_KINDS)),
        *(line("2", sender_kind=kind) for kind in sorted(CLOSED_KINDS)),
        line("2", third_person=True),
        line("2", recipient="left_the_directory"),
        line("2", sender_kind="unheard_of"),
    ],
)
def test_a_withheld_line_leaves_no_trace(book: PartnerBook, hidden: object) -> None:
    """The lines are the same with and without it, wherever it stood; only the fixed sentence says there may be more."""
    assert isinstance(hidden, type(ANONYMOUS))
    before, after = line("1"), line("3", shared_at="2026-03-02T08:00:00Z")
    whole = inspection_document(answered(book, before, after))
    for log in itertools.permutations([before, hidden, after]):
        seen = [item for item in log if item is not hidden]
        limited = inspection_document(answered(book, *log))
        assert limited["lines"] == inspection_document(answered(book, *seen))["lines"]
        assert (limited["outcome"], limited["reason"]) == ("redact", "ok_inspection_limited")
    assert whole["left_out"] is None
    several = answered(book, before, *(line(f"{n}", third_person=True) for n in range(4, 9)), after)
    once = answered(book, before, line("2", third_person=True), after)
    assert inspection_document(several) == inspection_document(once)


def test_a_released_line_is_shown(book: PartnerBook) -> None:
    """A line of a closed party that it released stands there like any other."""
    answer = answered(book, line("1", sender_kind="veilig_thuis", released=True))
    assert answer.reason is Reason.OK_INSPECTION
    assert len(answer.lines) == 1


def test_an_anonymous_line_is_the_same_for_every_sender(book: PartnerBook) -> None:
    """Whoever of the professionals sent it, whatever narrow type and purpose it had: the text does not differ."""
    senders = [(SCHOOL, "school"), (STOPPED, "gp"), ("unknown_org", "youth_work"), (TEAM, "local_team")]
    documents = {
        json.dumps(lines_of(answered(book, line("1", sender=org, sender_kind=kind, reporter_anonymous=True))))
        for org, kind in senders
    }
    assert len(documents) == 1
    narrow = [name for name, row in CATALOGUE.items() if not row.senders >= PRO_KINDS]
    shown = {
        json.dumps(lines_of(answered(book, line("1", type=name, purpose="x", reporter_anonymous=True))))
        for name in narrow
    }
    assert len(shown) == 1
    assert lines_of(answered(book, ANONYMOUS))[0]["sender"] is None
    assert answered(book, ANONYMOUS).reason is Reason.OK_INSPECTION_LIMITED


@pytest.mark.parametrize(
    "reason",
    [
        "ok_police_data_act",
        "ok_feedback_reporter",
        "ok_veilig_thuis_task",
        "ok_legal_debt_signal",
        "ok_same_team",
    ],
)
def test_a_ground_that_points_to_the_sender_is_not_shown(book: PartnerBook, reason: str) -> None:
    """A ground that few organisations can have stays off an anonymous line, and is shown on any other."""
    assert lines_of(answered(book, line("1", reason=reason, reporter_anonymous=True)))[0]["ground"] is None
    assert lines_of(answered(book, line("1", reason=reason)))[0]["ground"] is not None


@pytest.mark.parametrize(
    "type_name", ["acknowledgement.received", "feedback.given", "match.reported", "consent.withdrawn"]
)
def test_an_answer_to_an_anonymous_reporter_is_withheld(book: PartnerBook, type_name: str) -> None:
    """The receiver of an answer to the report is the reporter: that line stays away, answers to others do not."""
    answer = line("2", type=type_name, sender=TEAM, sender_kind="local_team", recipient=SCHOOL)
    assert len(answered(book, ANONYMOUS, answer).lines) == 1
    assert len(answered(book, line("1"), answer).lines) == 2
    onward = line("2", sender=TEAM, sender_kind="local_team", recipient=SCHOOL)
    assert len(answered(book, ANONYMOUS, onward).lines) == 2


def test_a_match_names_the_other_organisation_by_its_kind(book: PartnerBook) -> None:
    """The ledger leaves the kind of a match's other side open: the directory tells it, and a closed one is withheld."""
    match = line("1", type="match.reported", sender=TEAM, sender_kind="", recipient=SCHOOL, reason="ok_match")
    assert [item.sender for item in answered(book, match).lines] == [Party("Testteam", "local_team")]
    unknown = line("1", type="match.reported", sender="left_the_directory", sender_kind="", recipient=SCHOOL)
    assert answered(book, unknown).lines == ()


def test_a_report_that_never_left_still_protects_its_reporter(book: PartnerBook) -> None:
    """An answer to the anonymous reporter stays away even when the report itself is not on the list."""
    answer = line("2", type="feedback.given", sender=TEAM, sender_kind="local_team", recipient=SCHOOL)
    assert answered(book, line("1", reporter_anonymous=True, state="held"), answer).lines == ()


def test_codes_that_are_not_listed_become_no_words(book: PartnerBook) -> None:
    """A type, reason, section or purpose of another version is shown as far as it is known."""
    odd = line("1", type="other.type", reason="ok_other", sections=("other",), purpose=None)
    found = lines_of(answered(book, odd))[0]
    assert (found["type_nl"], found["ground"], found["purpose_nl"]) == ("bericht", None, None)
    assert found["sections"] == [{"section": "other", "name_nl": "other"}]


@pytest.mark.parametrize(
    ("requester", "opposes", "facts", "reason"),
    [
        (MOTHER, None, None, Reason.HOLD_INSPECTION_REVIEW),
        (MOTHER, True, None, Reason.DENY_INSPECTION_CHILD_INTEREST),
        (FATHER, False, None, Reason.DENY_INSPECTION_NOT_ENTITLED),
        ("ps_neighbour", False, None, Reason.DENY_INSPECTION_NOT_ENTITLED),
        (CHILD, None, None, Reason.DENY_INSPECTION_VIA_REPRESENTATIVE),
        (MOTHER, False, child(born="2009-01-01"), Reason.DENY_INSPECTION_NOT_ENTITLED),
        (MOTHER, False, {}, Reason.HOLD_AGE_UNKNOWN),
        (MOTHER, False, child(born="2013-01-01", capacity="unclear"), Reason.HOLD_CAPACITY_UNCLEAR),
    ],
)
def test_a_hold_or_deny_shows_nothing(
    book: PartnerBook,
    requester: str,
    opposes: bool | None,  # noqa: FBT001 - a parameter of the table above
    facts: JsonObject | None,
    reason: Reason,
) -> None:
    """Without inspection there are no lines, no role and no contact: they would tell where the child has help."""
    answer = answered(book, line("1"), requester=requester, opposes=opposes, facts=facts)
    assert (answer.reason, answer.given) == (reason, False)
    assert (answer.lines, answer.role, answer.contact) == ((), None, None)


def test_the_young_person_sees_the_own_log(book: PartnerBook) -> None:
    """From twelve the subject asks self, and custody entries that cannot be read do not matter then."""
    answer = answered(book, line("1"), requester=CHILD, facts=child(born="2012-01-01", custody="?"))
    assert (answer.reason, answer.role) == (Reason.OK_INSPECTION, SELF)


def test_invalid_settings_hold(book: PartnerBook) -> None:
    """With settings that are not valid nothing is shown."""
    assert answered(book, line("1"), replay_days=0).reason is Reason.HOLD_POLICY_INVALID


def test_the_fixed_face_is_whom_to_call(book: PartnerBook) -> None:
    """The contact is the fixed face's organisation; one that the hub does not know is not told."""
    assert answered(book).contact == {"organisation": "Testteam"}
    assert answered(book, facts=child(fixed_face={"org": "unknown_org"})).contact is None
    assert answered(book, facts=child(fixed_face=None)).contact is None
    assert answered(book, facts=child(fixed_face={"org": "hub"})).contact is not None


def test_keeping_for_ever_has_no_last_instant(book: PartnerBook) -> None:
    """A number of days beyond any calendar gives no last instant instead of an error."""
    assert lines_of(answered(book, line("1"), replay_days=10**9))[0]["replay_until"] is None


def test_closed_fixed_face_is_not_told(tmp_path: Path) -> None:
    """An organisation of a closed kind as fixed face would show that it is involved."""
    world = build_world(tmp_path)
    text = (tmp_path / "partners.toml").read_text("utf-8").replace('kind = "school"', 'kind = "police"')
    (tmp_path / "partners.toml").write_text(text, "utf-8")
    closed = load_partners(tmp_path / "partners.toml", clock=world.parts.partners._clock)
    assert answered(closed, facts=child(fixed_face={"org": SCHOOL})).contact is None
