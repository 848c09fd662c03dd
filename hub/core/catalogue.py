"""The event types: EVENTS.md section 3. Who may send what, with which purposes and sections, and how it is treated."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique

from hub.core.codes import HUB_KIND, LOW_SECTIONS, MINIMAL_SECTIONS, PRO_KINDS, SECTION_SET, SUPPLIER_KINDS


@unique
class EventClass(StrEnum):
    """How events of a type are treated."""

    CONTENT = "content"
    CONSULTATION = "consultation"
    ACK = "ack"
    FEEDBACK = "feedback"
    ALERT = "alert"
    MATCH = "match"
    AGGREGATE = "aggregate"
    NOTICE = "notice"
    FACT = "fact"
    GOVERNANCE = "governance"
    NEVER = "never"


RECORDED_CLASSES = frozenset({EventClass.FACT, EventClass.MATCH, EventClass.GOVERNANCE})
"""Classes that are recorded and go to nobody (gate E10)."""

ADDRESSED_CLASSES = frozenset(
    {
        EventClass.CONTENT,
        EventClass.CONSULTATION,
        EventClass.ACK,
        EventClass.FEEDBACK,
        EventClass.ALERT,
        EventClass.AGGREGATE,
    }
)
"""Classes whose sender names at least one recipient."""


@dataclass(frozen=True, slots=True)
class EventType:
    """One row of the catalogue. `area_gated` types reach a local team only when it owns the subject's area."""

    name: str
    treatment: EventClass
    senders: frozenset[str]
    purposes: frozenset[str]
    sections: frozenset[str]
    area_gated: bool


_SENDER_SETS = {
    "PRO": PRO_KINDS,
    "SUPPLIER": SUPPLIER_KINDS,
    "ADULT": SUPPLIER_KINDS
    | {"adult_mental_health", "addiction_care", "debt_help", "municipal_desk", "gp", "local_team"},
    "REFERRER": frozenset(
        {
            "gp",
            "youth_health",
            "local_team",
            "youth_care",
            "certified_institution",
            "veilig_thuis",
            "crisis_team",
            "child_protection_board",
        }
    ),
    "HELPER": frozenset(
        {
            "local_team",
            "youth_care",
            "certified_institution",
            "crisis_team",
            "youth_work",
            "adult_mental_health",
            "addiction_care",
        }
    ),
    "ANNOUNCER": frozenset({"local_team", "veilig_thuis", "certified_institution", "youth_care"}),
    "HUB": frozenset({HUB_KIND}),
}

_SECTION_SETS = {
    "ALL": SECTION_SET,
    "LOW": LOW_SECTIONS,
    "MIN": MINIMAL_SECTIONS,
    "META": frozenset({"meta"}),
    "EARLY": LOW_SECTIONS | {"identity", "narrative", "finance"},
    "TALK": frozenset({"meta", "identity", "area", "contact", "codes", "narrative", "perspectives"}),
}

_TABLE = """
signal.raised | content | PRO | help_request safety_report crisis coordination | ALL | yes
signal.revised | content | PRO | help_request safety_report crisis coordination | ALL | yes
signal.retracted | notice | PRO SUPPLIER | - | META | -
adult_signal.raised | content | ADULT | help_request safety_report crisis debt_early_signal | ALL | yes
early_signal.raised | content | SUPPLIER | debt_early_signal safety_report | EARLY | yes
match.reported | match | HUB | coordination | MIN | -
match.lapsed | match | HUB | coordination | META | -
match.contact_confirmed | ack | PRO SUPPLIER | - | MIN | -
signal.source_added | match | HUB | coordination | META | -
signal.linked_internally | match | HUB | coordination | META | -
prevention.picture_published | aggregate | HUB | prevention_picture | META | -
referral.offered | content | REFERRER | referral | ALL | yes
referral.received | ack | PRO | - | MIN | -
referral.accepted | ack | PRO | - | MIN | -
referral.declined | ack | PRO | - | MIN | -
referral.redirected | ack | PRO | - | MIN | -
referral.withdrawn | notice | REFERRER HUB | - | META | -
waiting_list.placed | content | HELPER | waiting_list_support | TALK | -
waiting_list.support_assigned | content | HELPER | waiting_list_support | TALK | -
waiting_list.contact_made | content | HELPER | waiting_list_support | TALK | -
waiting_list.rights_explained | content | HELPER client_support | waiting_list_support | MIN | -
waiting_list.buddy_linked | content | HELPER client_support | waiting_list_support | MIN | -
help.started | feedback | HELPER | feedback | LOW | -
help.paused | feedback | HELPER | feedback | LOW | -
help.resumed | feedback | HELPER | feedback | LOW | -
help.team_changed | content | HELPER | referral coordination | ALL | -
closing.requested | fact | HELPER | - | META | -
closing.blocked | governance | HUB | - | META | -
closing.approved | governance | HUB | - | META | -
pilot_light.set | content | HELPER | aftercare_pilot_light | TALK | -
pilot_light.flared | content | PRO | aftercare_pilot_light | TALK | -
pilot_light.ended | content | HELPER HUB | aftercare_pilot_light | MIN | -
fixed_face.changed | content | HELPER | coordination | MIN | -
placement.considered | content | certified_institution local_team | coordination | ALL | -
protection.requested | never | PRO | - | ALL | -
protection.announced | content | ANNOUNCER | coordination | LOW legal_status | -
crisis.reported | content | PRO SUPPLIER | crisis | ALL | -
crisis.confirmed | ack | crisis_team veilig_thuis police | - | MIN | -
crisis.follow_up_agreed | content | crisis_team local_team veilig_thuis | crisis | LOW narrative | -
consultation.requested | consultation | PRO | consultation | ALL | -
consultation.answered | consultation | PRO | consultation | meta contact codes narrative | -
acknowledgement.received | ack | PRO SUPPLIER HUB | - | MIN | -
acknowledgement.seen | ack | PRO SUPPLIER | - | MIN | -
acknowledgement.picked_up | ack | PRO | - | MIN | -
acknowledgement.not_picked_up | ack | PRO | - | MIN | -
feedback.given | feedback | PRO | feedback | LOW narrative | -
feedback.read | ack | PRO SUPPLIER | - | MIN | -
experience.returned | feedback | local_team client_support | feedback | meta contact perspectives | -
consent.given | fact | PRO | - | META | -
consent.refused | fact | PRO | - | META | -
objection.recorded | fact | PRO | - | META | -
objection.revoked | fact | PRO | - | META | -
consent.withdrawn | notice | PRO HUB | - | META | -
consent.expired | notice | HUB | - | META | -
consent.age_boundary_reached | governance | HUB | - | META | -
consent.reconfirmation_requested | governance | HUB | - | META | -
subject.registered | fact | PRO SUPPLIER HUB | - | META | -
custody.changed | fact | PRO HUB | - | META | -
capacity.judged | fact | PRO | - | META | -
address.changed | fact | PRO HUB | - | META | -
address_protection.changed | fact | PRO HUB | - | META | -
measure.changed | fact | certified_institution child_protection_board HUB | - | META | -
help_team.changed | fact | HELPER HUB | - | META | -
area.assigned | fact | municipality HUB | - | META | -
partner.changed | fact | municipality HUB | - | META | -
alert.crisis | alert | HUB | - | LOW | -
alert.safety | alert | HUB | - | LOW | -
alert.referral_without_owner | alert | HUB | - | LOW | -
alert.waiting_list_silence | alert | HUB | - | LOW | -
alert.deadline_near | alert | HUB | - | LOW | -
alert.deadline_missed | alert | HUB | - | LOW | -
alert.closing_blocked | alert | HUB | - | LOW | -
alert.connection_at_risk | alert | HUB | - | LOW | -
alert.seen | fact | PRO | - | META | -
alert.taken_up | fact | PRO | - | META | -
alert.handed_over | fact | PRO | - | META | -
alert.answered | fact | PRO | - | META | -
alert.closed | fact | PRO HUB | - | META | -
alert.escalated | governance | HUB | - | META | -
decision.made | governance | HUB | - | META | -
completion.requested | governance | HUB | - | META | -
conflict.reported | governance | HUB | - | META | -
inform_duty.opened | governance | HUB | - | META | -
inform_duty.fulfilled | fact | PRO SUPPLIER | - | META | -
learning.recorded | fact | PRO | - | META | -
"""
"""One type a line: name | class | senders | purposes | sections | area-gated. `-` is none."""


def _expand(words: str, sets: dict[str, frozenset[str]]) -> frozenset[str]:
    """Return the codes that a cell names, with its named sets opened."""
    return frozenset[str]().union(
        *(sets.get(word, frozenset({word})) for word in words.split() if word != "-")
    )


def _read_row(line: str) -> EventType:
    """Return one row of the table as a type."""
    name, treatment, senders, purposes, sections, area = (cell.strip() for cell in line.split("|"))
    return EventType(
        name=name,
        treatment=EventClass(treatment),
        senders=_expand(senders, _SENDER_SETS),
        purposes=_expand(purposes, {}),
        sections=_expand(sections, _SECTION_SETS),
        area_gated=area == "yes",
    )


CATALOGUE = {row.name: row for row in map(_read_row, _TABLE.strip().splitlines())}
"""Every event type by its code name."""
