"""Plays the script of a month against the running hub, and reads what came of it."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from hub.core.model import Json, JsonObject
from hub.core.threads import Thread
from hub.ledger.documents import thread_from
from tests.scenarios.city import AMSTERDAM, City
from tests.scenarios.story import Story
from tests.scenarios.story_people import RELATED, Child, Someone
from tests.system.month_calendar import Alert
from tests.system.month_script import AFTERMATH, DAYS, FIRST_DAY, Act, Matter, last_moment

GENTLY = ("deliver",)
"""Asked to end, not killed: what a killed deliverer had claimed waits for the end of its lease, which the clock of
this test would have to pass (tests/system/test_restarts.py kills it)."""


TAKES_BACK = frozenset({"signal.retracted", "signal.revised"})
"""Before these the clock's own work is awaited, as it would have been done in real time: a signal that no longer counts
raises nothing more, also not what came due a moment before. A reply makes no such difference: there the race is on."""


@dataclass(slots=True)
class Month:
    """One run of the script. Keys of the script lead to what was sent."""

    city: City
    matters: Sequence[Matter]
    story: Story
    children: dict[str, Child] = field(default_factory=dict)
    uids: dict[str, str] = field(default_factory=dict)
    records: dict[str, str] = field(default_factory=dict)
    consents: dict[str, str] = field(default_factory=dict)
    held: list[tuple[str, str]] = field(default_factory=list)

    # --- playing --------------------------------------------------------------------------------------------
    def play(self, *, restart: bool) -> None:
        """Send everything at its moment; in the middle every process of the hub starts anew, if wanted."""
        acts = sorted(
            (act for matter in self.matters for act in matter.acts),
            key=lambda act: (act.at, act.key.split(".")[0]),
        )
        moments = [(at, list(group)) for at, group in itertools.groupby(acts, key=lambda act: act.at)]
        for number, (at, group) in enumerate(moments):
            self.city.rest()
            self.city.set_clock(at)
            if any(act.type in TAKES_BACK for act in group):
                self.city.rest()
            for act in group:
                self._send(act)
            if number == len(moments) // 2:
                self._look_halfway(restart=restart)
        self._let_time_pass()

    def _let_time_pass(self) -> None:
        """Let everything come due that is still open."""
        for days in AFTERMATH:
            self.city.rest()
            self.city.set_clock(FIRST_DAY + timedelta(days=DAYS + days, hours=12))
        self.city.rest()

    def _look_halfway(self, *, restart: bool) -> None:
        """Restart, if wanted, and note what is held by then, since when and until when."""
        if restart:
            self._restart()
        self.city.rest()
        self.held = [
            (str(row["held_since"]), str(row["hold_until"]))
            for row in self.city.watcher.rows(
                "select held_since, hold_until from hold where uid = any($1::text[])",
                list(self.uids.values()),
            )
        ]

    def _restart(self) -> None:
        """End every process amid its work; the supervisor starts them again."""
        for child in self.city.stack.supervisor.children:
            assert child.process is not None
            if child.name in GENTLY:
                child.ask_to_end()
            else:
                child.process.kill()
        self.city.rest()

    def _send(self, act: Act) -> None:
        form = dict(act.form)
        if act.type == "subject.registered":
            self._register(act, form)
        elif act.type == "consent.given":
            self._consent(act, form["consent"])
        elif "retracts" in form:
            self._fact(act, {"record_ref": self.records[str(form["retracts"])], "reason": "risk_gone"})
        elif "withdraws" in form:
            consent_id = self.consents[str(form["withdraws"])]
            self._fact(act, {"consent_id": consent_id, "by": "parent", "effective_at": self.city.instant()})
        else:
            self._message(act, form)

    def _register(self, act: Act, form: dict[str, Any]) -> None:
        parents = form.get("parents", 1) if form["custody"] else 0
        child = self.story.child(form["born"], parents=parents, related=form.get("related", RELATED))
        self.children[str(act.child)] = child
        self.uids[act.key] = self.story.registrations[child.number]

    def _consent(self, act: Act, form: Any) -> None:
        child = self.children[str(act.child)]
        giver: Someone = child.parents[form["by"] == "other_parent"]
        valid_to = self.story.day(form["days"]) if "days" in form else None
        purpose = form.get("purpose", "help_request")
        self.consents[act.key] = self.story.consent(
            child, giver, form["sender"], form["recipient"], purpose, ("narrative", "contact"), valid_to
        )

    def _fact(self, act: Act, data: JsonObject) -> None:
        sent = self.story.fact(act.org, act.type, self.children[str(act.child)], **data)
        self.uids[act.key] = sent.uid

    def _message(self, act: Act, form: JsonObject) -> None:
        fields: dict[str, Any] = {
            name: value for name, value in form.items() if name not in ("record", "recipients")
        }
        if act.about is not None:
            fields["in_reply_to"] = self.uids[act.about]
        if "record" in form:
            fields["record"] = self._record(act, form["record"])
        child = self.children[act.child] if act.child else None
        if "recipients" not in form:
            assert child is not None
            fields["subject"] = child.reference
            self.uids[act.key] = self.story.publish(act.org, act.type, fields).uid
            return
        listed: Any = form["recipients"]
        recipients = [self._recipient(entry) for entry in listed]
        fields["domains"] = tuple(fields.get("domains", ("04",)))
        self.uids[act.key] = self.story.sends(act.org, act.type, child, recipients, **fields).uid

    def _record(self, act: Act, record: Any) -> JsonObject:
        if record is True:
            self.records[act.key] = self.story.record()
            return {"ref": self.records[act.key], "revision": 1}
        return {"ref": self.records[record["of"]], "revision": record["revision"]}

    def _recipient(self, entry: Any) -> JsonObject:
        if "ground" not in entry:
            return dict(entry)
        return {"to": entry["to"], "exception": getattr(self, f"_{entry['ground']}")()}

    def _report(self) -> JsonObject:
        return {
            "ground": "wmo_5_2_6",
            "steps": {str(step): self.story.day(-2) for step in range(1, 6)},
            "assessment": {"1": "yes", "2": "yes"},
            "conversation": {"deferred": "danger_to_child"},
            "why_no_consent": "danger_to_child",
            "decided_by": "prof_3",
            "contact_person": "prof_4",
        }

    def _crisis(self) -> JsonObject:
        return {
            "ground": "vital_interest",
            "danger": "suicide_risk",
            "why_no_consent": "not_reachable",
            "consulted": "prof_4",
            "inform_by": self.story.day(1),
            "contact_person": "prof_4",
        }

    def _arrears(self) -> JsonObject:
        return {
            "ground": "wgs_debt_signal",
            "signal_partner": "rent",
            "arrears_since": self.story.day(-60),
            "reminder_efforts": 2,
        }

    # --- what came of it --------------------------------------------------------------------------------------
    def alerts(self) -> Counter[Alert]:
        """Return every alert about events of this run, as `hub.alerts` tells them, with how often."""
        keys = {uid: key for key, uid in self.uids.items()}
        told = [alert for alert in self.city.watcher.alerts() if alert.get("uid") in keys]
        owners = {str(alert["alert_id"]): alert["to"] for alert in told if alert["to"]}
        return Counter(self._alert(alert, keys, owners) for alert in told)

    def _alert(self, alert: JsonObject, keys: dict[str, str], owners: dict[str, Any]) -> Alert:
        (owner,) = owners[str(alert["alert_id"])]
        level: Any = alert["level"]
        rule, due_at = alert.get("rule") or "", alert.get("due_at") or ""
        return Alert(keys[str(alert["uid"])], str(alert["type"]), owner, str(rule), level, str(due_at))

    def own_events(self, *types: str) -> Counter[tuple[str, str, Json, Json]]:
        """Return what the hub told about birthdays of the children: child, type, age, boundary; and how often."""
        names = {self.story.ref(child): name for name, child in self.children.items()}
        found: Counter[tuple[str, str, Json, Json]] = Counter()
        decided = self.decided_own_events()
        for type_name in types:
            for event in self.city.watcher.own_events(type_name):
                name, data = names.get(str(event.get("subject_ref"))), event["data"]
                if name is not None and isinstance(data, dict) and str(event["id"]) in decided:
                    found[name, type_name, data.get("age"), data.get("boundary_at")] += decided.pop(
                        str(event["id"])
                    )
        return found

    def decided_own_events(self) -> Counter[str]:
        """Return how often each event of the hub itself counted as new."""
        rows = self.city.watcher.rows(
            "select e.document::json->>'event_id' as id from intake i join entry e on e.entry_id = i.uid "
            "where i.sender = 'hub' and i.verdict not in ('duplicate', 'conflict', 'stale')"
        )
        return Counter(str(row["id"]) for row in rows)

    def verdicts(self) -> dict[str, list[tuple[str, ...]]]:
        """Return by key of the script what was decided: verdict, outcome and reason, and each line."""
        rows = self.city.watcher.rows(
            "select i.uid, i.verdict, i.outcome, i.event_reason, l.recipient, l.reason, l.state, l.withheld, l.duties "
            "from intake i join line l on l.place = i.place where i.uid = any($1::text[]) order by i.place, l.line",
            list(self.uids.values()),
        )
        keys = {uid: key for key, uid in self.uids.items()}
        found: dict[str, list[tuple[str, ...]]] = {key: [] for key in self.uids}
        for row in rows:
            found[keys[row.pop("uid")]].append(tuple(str(value) for value in row.values()))
        return found

    def threads(self) -> Iterator[Thread]:
        """Yield what goes on or went on about the events and children of this run."""
        refs = [self.story.ref(child) for child in self.children.values()]
        rows = self.city.watcher.rows(
            "select document from thread where uid = any($1::text[]) or subject_key = any($2::text[])",
            list(self.uids.values()),
            refs,
        )
        return (thread_from(row["document"]) for row in rows)


def played(city: City, matters: Sequence[Matter], *, restart: bool) -> Month:
    """Play a month from its first day on."""
    city.rest()
    city.set_clock(FIRST_DAY)
    month = Month(city, matters, Story(city))
    month.play(restart=restart)
    assert city.now == last_moment()
    return month


def amsterdam(text: str) -> datetime:
    """Return an instant as it was written down."""
    return datetime.fromisoformat(text).astimezone(AMSTERDAM)
