"""Figures for operators, in Prometheus form. Label values come from closed lists only: anything else is `other`.

One `Metrics` per process; it keeps the protocols that the gateway and the agents ask for. No figure names an
organisation, a child or an event.
"""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from hub.core.catalogue import CATALOGUE
from hub.core.codes import Reason
from hub.core.model import Outcome
from hub.ledger.interface import Statistics
from hub.operate.health import Progress

OTHER = "other"
"""The label of anything that is not on its list."""

LATENCY_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0)
"""Bounds of the latency histograms: from a fast decision to the crisis limit of 60 seconds."""

OUTCOMES = frozenset(outcome.value for outcome in Outcome)
REASONS = frozenset(reason.value for reason in Reason)
TYPES = frozenset(CATALOGUE)
PARTS = frozenset({"gateway", "decide", "deliver", "watch", "relay"})
VERDICTS = frozenset(
    (
        "unique", "duplicate", "reevaluated", "conflict", "update", "stale", "echo", "escalation", "near_duplicate",
        "internal_link", "match", "household_match", "retracted", "unmatch", "rejected",
    )
)  # fmt: skip
MODES = frozenset({"structured", "binary", "batch"})
PARK_REASONS = frozenset(
    {"unreadable", "exhausted", "refused", "no_subscription", "evaluation_error", "log_gap"}
)


def listed(value: str, known: frozenset[str]) -> str:
    """Return the value when it is on its closed list."""
    return value if value in known else OTHER


class Metrics:
    """Counters, gauges and histograms of one process."""

    def __init__(self, progress: Progress, refusals: frozenset[str] = frozenset()) -> None:
        self.registry = CollectorRegistry()
        self._progress = progress
        self._refusals = refusals | REASONS
        registry = self.registry
        self._accepted = Counter(
            "hub_accepted", "Events safely in the log", ["mode", "type"], registry=registry
        )
        self._refused = Counter("hub_refused", "Requests refused at the door", ["reason"], registry=registry)
        self._publish = Histogram(
            "hub_publish_seconds",
            "From a read request to the broker's acknowledgement",
            buckets=LATENCY_SECONDS,
            registry=registry,
        )
        self._streams = Gauge("hub_feeds_open", "Live feeds now", registry=registry)
        self._judged = Counter("hub_judged", "Events by verdict", ["verdict"], registry=registry)
        self._decided = Counter(
            "hub_decided", "Decisions per recipient", ["outcome", "reason"], registry=registry
        )
        self._decision = Histogram(
            "hub_decision_seconds",
            "From acceptance at the door to the decision in the ledger",
            buckets=LATENCY_SECONDS,
            registry=registry,
        )
        self._delivered = Counter("hub_delivered", "Deliveries that a receiver took", registry=registry)
        self._latency = Histogram(
            "hub_delivered_seconds",
            "From acceptance at the door to the receiver's acknowledgement",
            buckets=LATENCY_SECONDS,
            registry=registry,
        )
        self._retried = Counter("hub_retried", "Attempts that will be repeated", registry=registry)
        self._parked = Counter("hub_parked", "Items that wait for a person", ["reason"], registry=registry)
        self._relayed = Counter("hub_relayed", "Rows relayed to the hub's topics", registry=registry)
        self._fenced = Counter(
            "hub_fenced", "Batches refused by the ledger's compare-and-set", registry=registry
        )
        self._worked = Gauge(
            "hub_progress_timestamp_seconds", "When a part last made progress", ["part"], registry=registry
        )
        self._pending_now = Gauge("hub_pending", "Deliveries that wait", registry=registry)
        self._held_now = Gauge("hub_held", "Recipients whose message is held", registry=registry)
        self._parked_now = Gauge("hub_parked_items", "Items that wait for a person now", registry=registry)
        self._outbox_now = Gauge("hub_outbox", "Rows not yet relayed", registry=registry)
        self._oldest = Gauge(
            "hub_oldest_pending_seconds", "Age of the oldest waiting delivery", registry=registry
        )
        self._lag = Gauge(
            "hub_lag_records",
            "The broker's end offset minus the ledger's next offset",
            ["partition"],
            registry=registry,
        )

    # --- the gateway's protocol ------------------------------------------------------------------
    def accepted(self, mode: str, type_name: str) -> None:
        """Count an event that is safely in the log."""
        self._accepted.labels(listed(str(mode), MODES), listed(type_name, TYPES)).inc()

    def refused(self, reason: str) -> None:
        """Count a refusal at the door."""
        self._refused.labels(listed(reason, self._refusals)).inc()

    def publish_seconds(self, seconds: float) -> None:
        """Observe one acknowledged publication."""
        self._publish.observe(seconds)

    def streams(self, change: int) -> None:
        """Count a feed that opens (+1) or ends (-1)."""
        self._streams.inc(change)

    # --- the workers' protocol ---------------------------------------------------------------------
    def judged(self, verdict: str) -> None:
        """Count one event by its verdict."""
        self._judged.labels(listed(verdict, VERDICTS)).inc()

    def decided(self, outcome: str, reason: str, seconds: float) -> None:
        """Count a decision for one recipient; `seconds` since acceptance."""
        self._decided.labels(listed(outcome, OUTCOMES), listed(reason, REASONS)).inc()
        self._decision.observe(max(seconds, 0.0))

    def delivered(self, seconds: float) -> None:
        """Count a delivery; `seconds` since acceptance."""
        self._delivered.inc()
        self._latency.observe(max(seconds, 0.0))

    def retried(self) -> None:
        """Count an attempt that will be repeated."""
        self._retried.inc()

    def parked(self, reason: str) -> None:
        """Count an item that now waits for a person."""
        self._parked.labels(listed(reason, PARK_REASONS)).inc()

    def relayed(self, count: int) -> None:
        """Count relayed rows."""
        self._relayed.inc(count)

    def fenced(self) -> None:
        """Count a batch that another owner's claim refused."""
        self._fenced.inc()

    def progress(self, part: str) -> None:
        """Note that a part of this process worked, or saw that there is nothing to do, just now."""
        self._progress.tick()
        self._worked.labels(listed(part, PARTS)).set_to_current_time()

    # --- figures of the whole hub, read by the gateway -----------------------------------------
    def backlog(self, statistics: Statistics) -> None:
        """Show the ledger's figures of this moment."""
        self._pending_now.set(statistics.pending)
        self._held_now.set(statistics.held)
        self._parked_now.set(statistics.parked)
        self._outbox_now.set(statistics.outbox)
        self._oldest.set(statistics.oldest_pending_seconds)

    def lag(self, ends: Mapping[int, int], nexts: Mapping[int, int]) -> None:
        """Show the lag per partition: end offsets of the broker against next offsets of the ledger."""
        for partition, end in ends.items():
            self._lag.labels(str(partition)).set(max(end - nexts.get(partition, 0), 0))
