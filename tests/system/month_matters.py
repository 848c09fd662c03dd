"""The kinds of matters of a month, one function each: a short life with its own promises."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from hub.core.model import JsonObject
from tests.system.month_calendar import Term
from tests.system.month_script import (
    CARE,
    CRISIS_TEAMS,
    DAYS,
    DEBT_HELP,
    EXPERTS,
    FIRST_DAY,
    GP,
    HEALTH,
    HOUSING,
    NIGHT_MINUTES,
    SCHOOL,
    TEAM,
    VEILIG_THUIS,
    Act,
    Matter,
    Writer,
)

TO_TEAM: JsonObject = {"to": {"kind": "local_team"}}
REGULAR = ("u3_human_ack", "u3_feedback")
PREVENTIVE = ("u4_human_ack", "u4_feedback")


def signal(writer: Writer) -> Matter:
    """A signal with consent; the team answers in time, late or never."""
    matter, at = writer.matter("signal"), writer.moment()
    writer.registered(matter, at)
    writer.consented(matter, at, "school", "local_team")
    urgency, rules = ("u3", REGULAR) if writer.chance(0.8) else ("u4", PREVENTIVE)
    sent = writer.signalled(matter, at, SCHOOL, TO_TEAM, urgency=urgency)
    writer.terms(matter, sent, TEAM, at, urgency, *rules)
    writer.handled(matter, sent, TEAM, at)
    matter.reasons[sent.key] = "ok_consent"
    return matter


def retracted_signal(writer: Writer) -> Matter:
    """A signal that its school takes back: its terms end there."""
    matter, at = writer.matter("retracted"), writer.moment()
    writer.registered(matter, at)
    writer.consented(matter, at, "school", "local_team")
    sent = writer.signalled(matter, at, SCHOOL, TO_TEAM)
    ended = writer.later(at, 9)
    matter.act(ended, SCHOOL, "signal.retracted", {"retracts": sent.key})
    matter.terms += [Term(rule, "u3", TEAM, sent.key, at, ended) for rule in REGULAR]
    matter.reasons[sent.key] = "ok_consent"
    return matter


def revised_signal(writer: Writer) -> Matter:
    """A second revision takes the place of the first: the terms begin anew."""
    matter, at = writer.matter("revised"), writer.moment()
    writer.registered(matter, at)
    writer.consented(matter, at, "school", "local_team")
    first = writer.signalled(matter, at, SCHOOL, TO_TEAM)
    again = writer.later(at, 5)
    second = writer.signalled(
        matter, again, SCHOOL, TO_TEAM, "signal.revised", record={"of": first.key, "revision": 2}
    )
    matter.terms += [Term(rule, "u3", TEAM, first.key, at, again) for rule in REGULAR]
    writer.terms(matter, second, TEAM, again, "u3", *REGULAR)
    writer.handled(matter, second, TEAM, again)
    matter.reasons |= {first.key: "ok_consent", second.key: "ok_consent"}
    return matter


def two_parents(writer: Writer) -> Matter:
    """Held until the other parent consents; the terms begin with the release. Or never cured, and expired."""
    matter, at = writer.matter("parents"), writer.moment()
    writer.registered(matter, at)
    matter.acts[0].form["parents"] = 2
    writer.consented(matter, at, "school", "local_team")
    sent = writer.signalled(matter, at, SCHOOL, TO_TEAM)
    if writer.chance(0.4):
        matter.reasons[sent.key] = "deny_hold_expired"
        return matter
    released = writer.later(at, 8)
    writer.consented(matter, released, "school", "local_team", by="other_parent")
    writer.terms(matter, sent, TEAM, released, "u3", *REGULAR)
    writer.handled(matter, sent, TEAM, released)
    matter.reasons[sent.key] = "ok_consent"
    return matter


def _inform(writer: Writer, matter: Matter, sent: Act, rule: str, days: int) -> None:
    """Let the sender inform the family in time, late or never."""
    matter.terms.append(Term(rule, "u2", sent.org, sent.key, sent.at))
    if writer.chance(0.7):
        writer.noted(matter, sent, sent.org, "inform_duty.fulfilled", writer.later(sent.at, days))


def report(writer: Writer) -> Matter:
    """A report to Veilig Thuis; both sides keep their terms, or do not."""
    matter, at = writer.matter("report"), writer.moment()
    writer.registered(matter, at)
    sent = writer.signalled(
        matter, at, SCHOOL, {"to": {"kind": "veilig_thuis"}, "ground": "report"}, purpose="safety_report",
        urgency="u2", domains=["J2"], safety_level="suspected_unsafe",
    )  # fmt: skip
    rules = ("u2_human_ack", "vt_safety_assessment", "vt_investigation", "vt_inform_subjects")
    writer.terms(matter, sent, VEILIG_THUIS, at, "u2", *rules)
    matter.at_once.append((sent.key, "alert.safety", VEILIG_THUIS))
    _inform(writer, matter, sent, "inform_subject_other", 34)
    if writer.chance(0.7):
        writer.reply(matter, sent, VEILIG_THUIS, "acknowledgement.seen", writer.later(at, 3))
    begun = at
    for stage, days in (("safety_assessment", 12), ("investigation", 60)):
        if writer.chance(0.6):
            begun = writer.later(begun, days)
            word = f"feedback.given {stage}"
            data: JsonObject = {"stage": stage}
            writer.reply(
                matter, sent, VEILIG_THUIS, "feedback.given", begun, word, purpose="feedback", data=data
            )
    if writer.chance(0.6):
        writer.noted(matter, sent, VEILIG_THUIS, "inform_duty.fulfilled", writer.later(at, 34))
    matter.reasons[sent.key] = "ok_legal_veilig_thuis"
    return matter


def crisis(writer: Writer) -> Matter:
    """A crisis at night to both crisis teams; each answers within minutes, late or never."""
    matter = writer.matter("crisis")
    at = writer.moment().replace(hour=writer.random.choice((1, 3, 23)))
    writer.registered(matter, at)
    sent = writer.signalled(
        matter, at, CARE, {"to": {"org": CRISIS_TEAMS[0]}, "ground": "crisis"}, "crisis.reported",
        purpose="crisis", urgency="u1", domains=["J2"], safety_level="acute",
    )  # fmt: skip
    for team in CRISIS_TEAMS:
        writer.terms(matter, sent, team, at, "u1", "u1_human_ack", "u1_on_site")
        if writer.chance(0.8):
            word = writer.random.choice(("crisis.confirmed", "acknowledgement.seen"))
            minutes = timedelta(minutes=writer.random.choice(NIGHT_MINUTES))
            writer.reply(matter, sent, team, word, at + minutes)
    writer.terms(matter, sent, CRISIS_TEAMS[0], at, "u1", "u1_follow_up")
    if writer.chance(0.7):
        team = writer.random.choice(CRISIS_TEAMS)
        agreed = writer.later(at, 2)
        writer.reply(
            matter,
            sent,
            team,
            "crisis.follow_up_agreed",
            agreed,
            purpose="crisis",
            urgency="u2",
            domains=["J2"],
        )
    matter.at_once.append((sent.key, "alert.crisis", CRISIS_TEAMS[0]))
    _inform(writer, matter, sent, "inform_subject_vital", 9)
    matter.reasons[sent.key] = "ok_vital_interest"
    return matter


def referral(writer: Writer) -> Matter:
    """A referral: declined, helped at once, or helped after waiting; sometimes nobody answers at all."""
    matter, at = writer.matter("referral"), writer.moment(0, DAYS // 2)
    writer.registered(matter, at)
    for sender, recipient, purpose in ((GP, CARE, "referral"), (CARE, GP, "waiting_list_support")):
        writer.consented(matter, at, sender, recipient, purpose=purpose)
    offer = writer.signalled(
        matter, at, GP, {"to": {"org": CARE}}, "referral.offered", purpose="referral", domains=["J1"]
    )
    writer.terms(matter, offer, CARE, at, "u3", "u3_human_ack", "u3_decision", "u3_feedback")
    matter.reasons[offer.key] = "ok_consent"
    ending = writer.random.choice(("nothing", "declined", "help", "waiting", "waiting"))
    if ending == "nothing":
        return matter
    at = writer.later(at, 4)
    writer.reply(matter, offer, CARE, "referral.received", at)
    if ending == "declined":
        data: JsonObject = {"reason": "no_capacity", "suggested_partner_kind": "youth_care"}
        writer.reply(matter, offer, CARE, "referral.declined", writer.later(at, 4), data=data)
        return matter
    at = writer.later(at, 4)
    writer.reply(matter, offer, CARE, "referral.accepted", at)
    if ending == "waiting":
        at = _waits(writer, matter, offer)
    if ending == "help" or writer.chance(0.5):
        writer.reply(matter, offer, CARE, "help.started", writer.later(at, 8), purpose="feedback")
    return matter


def _waits(writer: Writer, matter: Matter, offer: Act) -> datetime:
    """Place on the waiting list, with contact now and then; returns the last contact."""
    at = writer.later(offer.at + timedelta(days=8), 2)
    waiting: dict[str, Any] = {"purpose": "waiting_list_support", "urgency": "u3"}
    writer.reply(matter, offer, CARE, "waiting_list.placed", at, data={"expected_wait_weeks": 12}, **waiting)
    contacts = [at]
    for _number in range(writer.random.randint(0, 2)):
        at = writer.later(at, 20)
        writer.reply(matter, offer, CARE, "waiting_list.contact_made", at, **waiting)
        contacts.append(at)
    for begun in contacts:
        matter.terms += [
            Term(rule, "u3", CARE, offer.key, begun)
            for rule in ("waiting_list_check_in", "waiting_list_alarm")
        ]
    return at


def referral_without_owner(writer: Writer) -> Matter:
    """An offer to a kind of which nobody is near the child goes to the coordinator, and expires."""
    matter, at = writer.matter("ownerless"), writer.moment()
    writer.registered(matter, at)
    matter.acts[0].form["related"] = [GP]
    offer = writer.signalled(
        matter, at, GP, {"to": {"kind": "youth_care"}}, "referral.offered", purpose="referral", domains=["J1"]
    )
    matter.at_once.append((offer.key, "alert.referral_without_owner", GP))
    matter.reasons[offer.key] = "deny_hold_expired"
    return matter


def arrears(writer: Writer) -> Matter:
    """Arrears of rent by law; debt help talks within four weeks, or late."""
    matter, at = writer.matter("arrears"), writer.moment()
    writer.registered(matter, at, adult=True)
    sent = writer.signalled(
        matter, at, HOUSING, {"to": {"kind": "debt_help"}, "ground": "arrears"}, "early_signal.raised",
        purpose="debt_early_signal", domains=["01"], early_kind="payment_arrears",
    )  # fmt: skip
    writer.terms(matter, sent, DEBT_HELP, at, "u3", *REGULAR, "debt_first_talk")
    _inform(writer, matter, sent, "inform_subject_other", 34)
    writer.handled(matter, sent, DEBT_HELP, at)
    matter.reasons[sent.key] = "ok_legal_debt_signal"
    return matter


def withdrawal(writer: Writer) -> Matter:
    """Consent is withdrawn after the first signal; the second goes nowhere."""
    matter, at = writer.matter("withdrawal"), writer.moment()
    writer.registered(matter, at)
    consent = writer.consented(matter, at, "school", "local_team")
    sent = writer.signalled(matter, at, SCHOOL, TO_TEAM)
    writer.terms(matter, sent, TEAM, at, "u3", *REGULAR)
    writer.handled(matter, sent, TEAM, at)
    gone = writer.later(at, 6)
    matter.act(gone, HEALTH, "consent.withdrawn", {"withdraws": consent})
    second = writer.signalled(matter, writer.later(gone, 3), SCHOOL, TO_TEAM)
    matter.reasons |= {sent.key: "ok_consent", second.key: "deny_withdrawn"}
    return matter


def ending_consent(writer: Writer) -> Matter:
    """Consent ends within the month; who got something is told."""
    matter, at = writer.matter("ending"), writer.moment()
    writer.registered(matter, at)
    days = writer.random.randint(3, 20)
    writer.consented(matter, at, "school", "local_team", days=days)
    sent = writer.signalled(matter, at, SCHOOL, TO_TEAM)
    writer.terms(matter, sent, TEAM, at, "u3", *REGULAR)
    matter.reasons[sent.key] = "ok_consent"
    return matter


def birthday(writer: Writer) -> Matter:
    """Somebody turns twelve, sixteen or eighteen around this month."""
    matter, at = writer.matter("birthday"), writer.moment()
    day = FIRST_DAY.date() + timedelta(days=writer.random.randint(1, 160))
    age = writer.random.choice((12, 16, 18))
    writer.registered(matter, at, date(day.year - age, day.month, min(day.day, 28)))
    return matter


def anonymous_question(writer: Writer) -> Matter:
    """A question without a person begins no term at all."""
    matter, at = writer.matter("question"), writer.moment()
    form: JsonObject = {
        "mode": "anonymous",
        "anonymity_check": "clean",
        "purpose": "consultation",
        "urgency": "u4",
        "recipients": [{"to": {"org": EXPERTS}}],
    }
    asked = Act(f"{matter.name}.0", at, SCHOOL, "consultation.requested", None, form)
    answer = Act(
        f"{matter.name}.1", writer.later(at, 5), EXPERTS, "consultation.answered", None,
        {**form, "recipients": [{"to": {"org": SCHOOL}}]}, asked.key,
    )  # fmt: skip
    matter.acts += [asked, answer]
    matter.reasons |= {asked.key: "ok_anonymous_consultation", answer.key: "ok_anonymous_consultation"}
    return matter


def match(writer: Writer) -> Matter:
    """School and GP signal about one child and may coordinate."""
    matter, at = writer.matter("match"), writer.moment()
    writer.registered(matter, at)
    for sender in ("school", "gp"):
        writer.consented(matter, at, sender, "local_team")
    for sender, recipient in (("school", GP), ("gp", SCHOOL)):
        writer.consented(matter, at, sender, recipient, purpose="coordination")
    for org, moment in ((SCHOOL, at), (GP, writer.later(at, 10))):
        sent = writer.signalled(matter, moment, org, TO_TEAM)
        writer.terms(matter, sent, TEAM, moment, "u3", *REGULAR)
        writer.handled(matter, sent, TEAM, moment)
        matter.reasons[sent.key] = "ok_consent"
    return matter


KINDS = (
    (signal, 30), (retracted_signal, 5), (revised_signal, 5), (two_parents, 10), (report, 10), (crisis, 8),
    (referral, 15), (referral_without_owner, 3), (arrears, 6), (withdrawal, 5), (ending_consent, 4), (birthday, 5),
    (anonymous_question, 3), (match, 4),
)  # fmt: skip
"""Each kind with its weight among a hundred or so."""
