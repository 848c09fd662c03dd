"""Response times of receivers: which begin with an event, and which a reply stops (EVENTS.md sections 7 and 8)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from hub.core.codes import HUB_KIND
from hub.core.course_move import answered
from hub.core.course_terms_alerts import DELIVERY_RULES, FOLLOW_UP
from hub.core.course_terms_rules import ASKING, RULES, STAGES
from hub.core.course_terms_steps import Deadline, instant_of, ladder_deadline, rule_deadline
from hub.core.course_terms_thread import Response, answer, drop, response_of, response_thread
from hub.core.deadlines import escalation, rule_due
from hub.core.dedup_case import Case
from hub.core.judgement import Judgement
from hub.core.justification import is_given
from hub.core.model import JsonObject, RecipientDecision
from hub.core.schema import Event
from hub.core.threads import RESPONSE, Thread, response_id

_NEVER_URGENT = "u0"
"""Danger to life: call 112; the hub sets no response times (EVENTS.md section 8)."""

_CRISIS_TEAM = "crisis_team"
_DEBT_HELP = "debt_help"
_FOLLOW_UP_AGREED = "crisis.follow_up_agreed"


@dataclass(frozen=True, slots=True)
class _Asked:
    """One receiver of an event that asks for an answer. `follows_up`: it is the one that owes the follow-up."""

    case: Case
    recipient: RecipientDecision
    follows_up: bool

    @property
    def kind(self) -> str | None:
        """Return the receiver's kind, when it is in the directory."""
        return kind_of(self.recipient.recipient, self.case)

    @property
    def is_report(self) -> bool:
        """Return whether this is a report to Veilig Thuis without consent (Wmo 5.2.6)."""
        return self.recipient.reason == "ok_legal_veilig_thuis"

    @property
    def is_deferred(self) -> bool:
        """Return whether informing was deferred, with a reason (Wmo 5.3.1)."""
        entries, position = self.case.event.recipients, self.recipient.position
        exception = entries[position].exception if position < len(entries) else None
        return exception is not None and is_given(exception.get("inform_deferral"))

    @property
    def is_about_arrears(self) -> bool:
        """Return whether this is an early signal of payment arrears to debt help (Wgs 4)."""
        return self.case.event.early_kind == "payment_arrears" and self.kind == _DEBT_HELP


_CONDITIONS: Mapping[str, Callable[[_Asked], bool]] = {
    "-": lambda _asked: True,
    "to_crisis_team": lambda asked: asked.kind == _CRISIS_TEAM,
    "follows_up": lambda asked: asked.follows_up,
    "report": lambda asked: asked.is_report,
    "report_informs": lambda asked: asked.is_report and not asked.is_deferred,
    "report_deferred": lambda asked: asked.is_report and asked.is_deferred,
    "arrears": lambda asked: asked.is_about_arrears,
}


def start_responses(case: Case, judgement: Judgement) -> tuple[Thread, ...]:
    """Return what each receiver at this step owes: one open thread per receiver, none when nothing is asked.

    An anonymous question leaves no thread (no link may be kept), nor does an event of the hub itself or one of urgency
    u0 (call 112). The terms run from the instant of processing: for a released hold that is its release.
    """
    if not _asks(case.event):
        return ()
    chosen = _who_follows_up(case, judgement)
    return tuple(
        _begin(_Asked(case, recipient, recipient.recipient == chosen)) for recipient in judgement.deliver
    )


def _asks(event: Event) -> bool:
    """Return whether the event asks its receivers for an answer."""
    return (
        event.type in ASKING
        and not event.anonymous
        and event.subject_ref is not None
        and event.urgency != _NEVER_URGENT
        and event.sender_kind != HUB_KIND
    )


def _who_follows_up(case: Case, judgement: Judgement) -> str | None:
    """Return who owes the follow-up of a crisis, once per event: the first crisis team, else the first receiver.

    Where somebody was asked before, because this receiver's hold is released later, one of those owes it.
    """
    if any(thread.uid == case.entry_id for thread in _open_responses(case.threads)):
        return None
    orgs = [recipient.recipient for recipient in judgement.deliver]
    teams = [org for org in orgs if kind_of(org, case) == _CRISIS_TEAM]
    return next(iter([*teams, *orgs]), None)


def kind_of(org: str, case: Case) -> str | None:
    """Return the kind of an organisation, when it is in the directory."""
    partner = case.situation.standing.partners.get(org)
    return None if partner is None else partner.kind


def _begin(asked: _Asked) -> Thread:
    """Return the thread of one receiver."""
    case, event, org = asked.case, asked.case.event, asked.recipient.recipient
    document: JsonObject = {
        "event_id": event.id,
        "record_ref": None if event.record is None else event.record[0],
        "type": event.type,
        "org": org,
        "sender": event.sender_org,
        "urgency": event.urgency,
        "case_ref": event.case_ref,
        "received_at": case.at,
    }
    thread = Thread(
        thread_id=response_id(case.entry_id, org),
        kind=RESPONSE,
        uid=case.entry_id,
        subject_ref=event.subject_ref,
        document=document,
    )
    rules = [
        rule.name
        for rule in RULES.values()
        if rule.urgency == event.urgency and event.type in rule.types and _CONDITIONS[rule.condition](asked)
    ]
    return response_thread(Response(thread, tuple(_deadline(rule, case) for rule in rules)))


def _deadline(rule: str, case: Case) -> Deadline:
    """Return the deadline of one rule for an event that is received now."""
    received, policy = case.situation.now, case.situation.policy
    urgency = RULES[rule].urgency
    if rule == f"{urgency}_human_ack":
        return ladder_deadline(rule, received, escalation(urgency, received, policy))
    if rule == "vt_inform_extension":
        informed_by = rule_due("vt_inform_subjects", received, policy)
        return rule_deadline(rule, received, policy, counted_from=informed_by)
    return rule_deadline(rule, received, policy, near=rule not in DELIVERY_RULES)


def answer_responses(case: Case) -> tuple[tuple[Thread, ...], tuple[JsonObject, ...]]:
    """Return the threads that this event changes as a reply, and the own events that close their alerts.

    A reply counts for the organisation that sends it. The follow-up of a crisis is agreed by whoever agrees it, in
    reply or for the same person and case.
    """
    replies = {thread.thread_id for thread in answered(case, RESPONSE)}
    threads: list[Thread] = []
    events: list[JsonObject] = []
    for thread in _open_responses(case.threads):
        response = response_of(thread)
        stopped = _stopped(response, case, is_reply=thread.thread_id in replies)
        if stopped:
            changed, sent = answer(response, stopped, case.at)
            threads.append(changed)
            events += sent
    return tuple(threads), tuple(events)


def _open_responses(threads: Iterable[Thread]) -> list[Thread]:
    """Return the response threads that are open."""
    return [thread for thread in threads if thread.kind == RESPONSE and thread.is_open]


def _stopped(response: Response, case: Case, *, is_reply: bool) -> list[str]:
    """Return the rules of a thread that this event stops, without those that were answered before."""
    event, matter = case.event, response.matter
    waiting = [item for item in response.deadlines if not item.settled and item.answered_at is None]
    is_own = is_reply and event.sender_org == matter.org
    stopped = [item for item in waiting if is_own and event.type in RULES[item.rule].stopped_by]
    meant = _meant_stage(event, stopped)
    rules = [item.rule for item in stopped if item.rule not in STAGES or item.rule == meant]
    about_it = is_reply or (event.subject_ref, event.case_ref) == (matter.subject_ref, matter.case_ref)
    if event.type == _FOLLOW_UP_AGREED and about_it:
        rules += [item.rule for item in waiting if item.rule == FOLLOW_UP]
    return rules


def _meant_stage(event: Event, stopped: Iterable[Deadline]) -> str | None:
    """Return which of the stages at Veilig Thuis a feedback ends: the one it names, else the earliest that is open."""
    staged = sorted(
        (item for item in stopped if item.rule in STAGES), key=lambda item: instant_of(item.due_at)
    )
    stage: Any = event.data.get("stage")
    named = (item.rule for item in staged if stage is None or STAGES[item.rule] == stage)
    return next(named, None)


def drop_responses(threads: Iterable[Thread], now: str) -> tuple[tuple[Thread, ...], tuple[JsonObject, ...]]:
    """Return the open response threads among these closed, and the own events that close their alerts.

    For an event that no longer counts: retracted, superseded, withdrawn.
    """
    dropped = [drop(response_of(thread), now) for thread in _open_responses(threads)]
    return tuple(thread for thread, _ in dropped), tuple(event for _, events in dropped for event in events)
