"""The catalogue of EVENTS.md section 3 and the matrix of CONSENT.md section 9, copied as they stand."""

from __future__ import annotations

from tests.second_opinion.tables import SECTION_SETS, SECTIONS, SENDER_SETS, Json

# type | class | senders | purposes | sections | area-gated
CATALOGUE_TEXT = """
signal.raised | content | PRO | help_request, safety_report, crisis, coordination | ALL | yes
signal.revised | content | PRO | help_request, safety_report, crisis, coordination | ALL | yes
signal.retracted | notice | PRO, SUPPLIER | - | META | -
adult_signal.raised | content | ADULT | help_request, safety_report, crisis, debt_early_signal | ALL | yes
early_signal.raised | content | SUPPLIER | debt_early_signal, safety_report | meta, identity, area, \
contact, codes, narrative, finance | yes
match.reported | match | HUB | coordination | MIN | -
match.lapsed | match | HUB | coordination | META | -
match.contact_confirmed | ack | PRO, SUPPLIER | - | MIN | -
signal.source_added | match | HUB | coordination | META | -
signal.linked_internally | match | HUB | coordination | META | -
prevention.picture_published | aggregate | HUB | prevention_picture | META | -
referral.offered | content | REFERRER | referral | ALL | yes
referral.received | ack | PRO | - | MIN | -
referral.accepted | ack | PRO | - | MIN | -
referral.declined | ack | PRO | - | MIN | -
referral.redirected | ack | PRO | - | MIN | -
referral.withdrawn | notice | REFERRER, HUB | - | META | -
waiting_list.placed | content | HELPER | waiting_list_support | TALK | -
waiting_list.support_assigned | content | HELPER | waiting_list_support | TALK | -
waiting_list.contact_made | content | HELPER | waiting_list_support | TALK | -
waiting_list.rights_explained | content | HELPER, client_support | waiting_list_support | MIN | -
waiting_list.buddy_linked | content | HELPER, client_support | waiting_list_support | MIN | -
help.started | feedback | HELPER | feedback | LOW | -
help.paused | feedback | HELPER | feedback | LOW | -
help.resumed | feedback | HELPER | feedback | LOW | -
help.team_changed | content | HELPER | referral, coordination | ALL | -
closing.requested | fact | HELPER | - | META | -
closing.blocked | governance | HUB | - | META | -
closing.approved | governance | HUB | - | META | -
pilot_light.set | content | HELPER | aftercare_pilot_light | TALK | -
pilot_light.flared | content | PRO | aftercare_pilot_light | TALK | -
pilot_light.ended | content | HELPER, HUB | aftercare_pilot_light | MIN | -
fixed_face.changed | content | HELPER | coordination | MIN | -
placement.considered | content | certified_institution, local_team | coordination | ALL | -
protection.requested | never | PRO | - | ALL | -
protection.announced | content | local_team, veilig_thuis, certified_institution, \
youth_care | coordination | meta, area, contact, codes, legal_status | -
crisis.reported | content | PRO, SUPPLIER | crisis | ALL | -
crisis.confirmed | ack | crisis_team, veilig_thuis, police | - | MIN | -
crisis.follow_up_agreed | content | crisis_team, local_team, veilig_thuis | crisis | meta, area, contact, \
codes, narrative | -
consultation.requested | consultation | PRO | consultation | ALL | -
consultation.answered | consultation | PRO | consultation | meta, contact, codes, narrative | -
acknowledgement.received | ack | PRO, SUPPLIER, HUB | - | MIN | -
acknowledgement.seen | ack | PRO, SUPPLIER | - | MIN | -
acknowledgement.picked_up | ack | PRO | - | MIN | -
acknowledgement.not_picked_up | ack | PRO | - | MIN | -
feedback.given | feedback | PRO | feedback | meta, area, contact, codes, narrative | -
feedback.read | ack | PRO, SUPPLIER | - | MIN | -
experience.returned | feedback | local_team, client_support | feedback | meta, contact, perspectives | -
consent.given | fact | PRO | - | META | -
consent.refused | fact | PRO | - | META | -
objection.recorded | fact | PRO | - | META | -
objection.revoked | fact | PRO | - | META | -
consent.withdrawn | notice | PRO, HUB | - | META | -
consent.expired | notice | HUB | - | META | -
consent.age_boundary_reached | governance | HUB | - | META | -
consent.reconfirmation_requested | governance | HUB | - | META | -
subject.registered | fact | PRO, SUPPLIER, HUB | - | META | -
custody.changed | fact | PRO, HUB | - | META | -
capacity.judged | fact | PRO | - | META | -
address.changed | fact | PRO, HUB | - | META | -
address_protection.changed | fact | PRO, HUB | - | META | -
measure.changed | fact | certified_institution, child_protection_board, HUB | - | META | -
help_team.changed | fact | HELPER, HUB | - | META | -
area.assigned | fact | municipality, HUB | - | META | -
partner.changed | fact | municipality, HUB | - | META | -
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
alert.closed | fact | PRO, HUB | - | META | -
alert.escalated | governance | HUB | - | META | -
decision.made | governance | HUB | - | META | -
completion.requested | governance | HUB | - | META | -
conflict.reported | governance | HUB | - | META | -
inform_duty.opened | governance | HUB | - | META | -
inform_duty.fulfilled | fact | PRO, SUPPLIER | - | META | -
learning.recorded | fact | PRO | - | META | -
"""

# kind | one cell per section, in the order F1 to F15
MATRIX_TEXT = """
local_team | Y | Y | Y | Y | Y | Y | C | L | C | C | Y | N | C | C | N
youth_care | Y | Y | Y | Y | Y | Y | C | L | C | C | Y | N | C | C | N
veilig_thuis | Y | Y | Y | Y | Y | L/C | L/C | L | L/C | L/C | Y | L | L/C | L/C | L
certified_institution | Y | Y | Y | Y | Y | L/C | L/C | L | L/C | L/C | Y | N | Y | L/C | L
child_protection_board | Y | L | Y | Y | L | L | L | L | L | L | L | N | L | L | L
crisis_team | Y | Y | Y | Y | Y | Y | L/C | L | N | L | Y | N | L/C | N | L
police | Y | L | Y | Y | L | N | N | L | N | N | N | N | N | N | N
care_and_safety_house | Y | L | Y | Y | L | L | L | L | L | L | L | N | L | L | N
city_expert_team | Y | C | Y | Y | Y | C | C | N | C | C | Y | N | C | C | N
school | Y | Y own | Y | Y | Y | C | C | N | N | N | C | N | N | Y | N
school_alliance | Y | C | Y | Y | Y | C | C | N | N | N | C | N | N | C | N
attendance_officer | Y | Y | Y | Y | Y 04 J4 | N | N | N | N | N | C | N | N | Y | N
childcare | Y | Y own | Y | Y | Y | C | C | N | N | N | C | N | N | N | N
gp | Y | Y | Y | Y | Y | Y | C | N | N | C | Y | N | C | C | N
youth_health | Y | Y | Y | Y | Y | Y | C | N | N | C | Y | N | C | C | N
youth_work | Y | C | Y | Y | Y | N | N | N | N | N | C | N | N | N | N
adult_mental_health | Y | C own | Y | Y | Y | C | C | N | C | N | C | N | N | N | N
addiction_care | Y | C own | Y | Y | Y | C | C | N | C | N | C | N | N | N | N
debt_help | Y | C | Y | Y | Y 01 06 | N | N | N | L/C | N | N | N | N | N | N
municipal_desk | Y | C | Y | Y | Y 01 06 | N | N | N | L/C | N | N | N | N | N | N
client_support | Y | C | Y | Y | Y | C | C | N | C | C | Y | N | C | C | N
housing_corporation | N | N | N | Y | N | N | N | N | N | N | N | N | N | N | N
energy_company | N | N | N | Y | N | N | N | N | N | N | N | N | N | N | N
safety_department | N | N | N | N | N | N | N | N | N | N | N | N | N | N | N
municipality | N | N | N | N | N | N | N | N | N | N | N | N | N | N | N
"""


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.split("|")]


def _names(text: str, sets: dict[str, list[str]]) -> list[str]:
    """Spell out a cell such as `PRO, hub`; a dash is the empty list."""
    words = [] if text == "-" else [word.strip() for word in text.split(",")]
    return [name for word in words for name in sets.get(word, [word])]


def _catalogue_row(line: str) -> tuple[str, Json]:
    name, event_class, senders, purposes, sections, area = _cells(line)
    return name, {
        "class": event_class,
        "senders": _names(senders, SENDER_SETS),
        "purposes": _names(purposes, {}),
        "sections": _names(sections, SECTION_SETS),
        "area_gated": area == "yes",
    }


def _matrix_row(line: str) -> tuple[str, dict[str, tuple[str, str]]]:
    kind, *cells = _cells(line)
    pairs = [cell.partition(" ") for cell in cells]
    return kind, {name: (pair[0], pair[2]) for name, pair in zip(SECTIONS, pairs, strict=True)}


CATALOGUE = dict(_catalogue_row(line) for line in CATALOGUE_TEXT.strip().splitlines())
MATRIX = dict(_matrix_row(line) for line in MATRIX_TEXT.strip().splitlines())


def cell(kind: str, section: str) -> str:
    """The grade of the matrix for this recipient kind: Y, C, L, L/C or N; a kind without a row gets nothing."""
    return MATRIX[kind][section][0] if kind in MATRIX else "N"


def condition(kind: str, section: str) -> str:
    """The condition written in the cell: `own`, `01 06`, `04 J4` or nothing."""
    return MATRIX[kind][section][1] if kind in MATRIX else ""
