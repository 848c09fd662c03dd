"""One seeded run: the hub's processes over one ledger and one log, and everything that can go wrong with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from unittest.mock import patch
from uuid import UUID

from agents.deliver import DeliverLoop
from agents.relay import RelayLoop
from agents.runtime import Runtime
from agents.settings import AgentSettings
from agents.watch import WatchLoop
from hub.core.defaults import DEFAULTS as SETTINGS
from hub.core.model import FactChange
from hub.core.own_events import own_event_id
from hub.core.picture import PICTURE
from hub.core.standing import Standing, compile_standing
from hub.ledger.interface import Subscription
from hub.ledger.ledger import StoredLedger
from hub.ledger.memory_store import MemoryStore
from hub.ledger.open import MEMORY_DSN, open_ledger
from hub.wire.codec import decode
from hub.wire.envelope import SealedEvent
from tests.simulation.consent_held import ConsentModel, agrees, facts_of, second_opinion
from tests.simulation.decide_worker import DecideWorker
from tests.simulation.family import DEFAULTS, RECEIVERS, TEAM_OF, Family
from tests.simulation.faulty_store import Change, FaultyStore
from tests.simulation.log_broker import Log, Writer, shares
from tests.simulation.processes import CURRENT, Machine, Process
from tests.simulation.promises import REPEATED, Promises
from tests.simulation.receivers import Got, Receivers, open_delivery
from tests.simulation.virtual_loop import VirtualLoop

START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
EXPECTED_ENDS = frozenset(
    {"LedgerUnavailableError", "LogUnavailableError", "RetryBatchError", "FencedError", "LogReplacedError"}
)
"""Errors with which a process may end under faults; its supervisor starts it again."""

STANDING: Standing = compile_standing(
    directory=DEFAULTS["directory"], areas=DEFAULTS["areas"], policy={}, defaults=SETTINGS
)
PARTS = (
    ("decide", "decide", "deliver", "watch", "relay"),
    ("decide", "decide", "deliver", "deliver", "watch", "relay"),
    ("decide", "deliver", "deliver", "watch", "watch", "relay"),
    ("decide", "decide", "deliver", "watch", "watch", "relay", "relay"),
)
"""The processes of a run: more than one of each kind, but not of all kinds in every run, for each costs time."""

SAMPLE = 6
"""One in so many claims is compared with the second opinion: it costs ten times the claim."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How hard a run is: drawn from its seed."""

    actions: int
    parts: tuple[str, ...]
    fault_rate: float
    mishaps: float
    is_embedded: bool
    has_feed: bool
    goes_on: bool

    @classmethod
    def drawn(cls, dice: Random) -> Plan:
        """Draw one."""
        return cls(
            actions=dice.randint(6, 14),
            parts=dice.choice(PARTS),
            fault_rate=dice.choice((0.0, 0.01, 0.03, 0.08)),
            mishaps=dice.choice((0.0, 0.0, 0.1)),
            is_embedded=dice.random() < 0.25,
            has_feed=dice.random() < 0.3,
            goes_on=dice.random() < 0.25,
        )


class Shown:
    """Stands in for the module `time` in the product's loops: they measure the simulated time."""

    def __init__(self, loop: VirtualLoop) -> None:
        self.monotonic = loop.time


class World:
    """The machine of one run, with everything on it."""

    def __init__(self, seed: int) -> None:
        self.dice = Random(f"samenhub-{seed}")
        self.plan = Plan.drawn(self.dice)
        self.loop = VirtualLoop()
        self.machine = Machine(self.loop)
        self.trace: list[str] = []
        self.jumped = timedelta()
        self.log = Log()
        self.in_log: dict[tuple[int, int], SealedEvent] = {}
        self.acknowledged: set[str] = set()
        self.unsure: list[SealedEvent] = []
        self.written: set[int] = set()
        self.faults = 0.0
        self.processes: dict[str, Process] = {}
        self.workers: dict[str, DecideWorker] = {}
        self.broken: list[Exception] = []
        self.gone: list[str] = []
        self.own_decided: set[str] = set()
        self.generation = 0
        self.claims = 0
        self.feed_at = 0
        self.family = Family(Random(self.dice.random()), self.now)
        self.consent = ConsentModel(TEAM_OF, self.family.children())
        self.receivers = Receivers(self.machine, Random(self.dice.random()))
        self.receivers.arrived = self.heard
        self.settings = AgentSettings(
            decide_every_seconds=0.0, claim_every_seconds=0.0, settle_every_seconds=0.0, watch_every_seconds=0.0,
            relay_every_seconds=0.0, idle_wait_seconds=600.0, retention_every_seconds=86_400.0,
        )  # fmt: skip

    # --- time and randomness ----------------------------------------------------------------------
    def now(self) -> str:
        """Return the instant by the clock of whoever asks."""
        process = CURRENT.get()
        skew = process.skew_seconds if process is not None else 0.0
        moment = START + self.jumped + timedelta(seconds=self.loop.seconds + skew)
        return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")

    def instant(self) -> datetime:
        """Return the present moment by a clock that is right."""
        return START + self.jumped + timedelta(seconds=self.loop.seconds)

    def decided_up_to(self, partition: int) -> int:
        """Return the ledger's offset."""
        return max(
            (row.next_offset for key, row in self.store.offsets.items() if key[1] == partition), default=0
        )

    def waits_in_feed(self, row: Any) -> bool:
        """Return whether a delivery waits until its receiver reads on."""
        return self.plan.has_feed and bool(row.subscription_id == "sub-team_rand")

    def _uuid(self) -> UUID:
        return UUID(int=self.dice.getrandbits(128), version=4)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Be the only source of time and chance while this lasts."""
        shown = Shown(self.loop)
        with (
            patch("hub.ledger.claiming.uuid4", self._uuid),
            patch("hub.ledger.planning.uuid4", self._uuid),
            patch("agents.loops.time", shown),
            patch("agents.deliver.time", shown),
            self.loop.running(),
        ):
            try:
                yield
            finally:
                for process in self.processes.values():
                    self.machine.kill(process)
                self.loop.run_ready()
        self.loop.close()

    # --- the parts --------------------------------------------------------------------------------
    def open(self) -> None:
        """Open the ledger, put in what the city knows, and start every process."""
        twin: Any = self.loop.finish(open_ledger(MEMORY_DSN, owner="simulation"))
        inner: MemoryStore = twin._store
        self.store = FaultyStore(self.machine, inner)
        self.promises = Promises(self.store.offsets, self._claimed, self._decided, self._is_written)
        self.ledger = StoredLedger(self.store, owner="simulation", rule_set="rules-1")
        self.store.committed = self._committed
        for org in RECEIVERS:
            connector = "feed" if self.plan.has_feed and org == "team_rand" else "memory"
            self.loop.finish(self.ledger.put_subscription(Subscription(f"sub-{org}", org, connector, {})))
        children = self.family.children()
        changes = [FactChange("subject", child, facts, child) for child, facts in children.items()]
        for record in self.family.known_consents():
            self.consent.known(record)
            changes.append(FactChange("consent", record["consent_id"], record, record["subject_ref"]))
        self.loop.finish(self.ledger.apply_facts(changes))
        for month in ("2026-10", "2026-11", "2026-12"):
            # Counting a month is hundreds of reads and no effect: it would be half of every run.
            key = own_event_id(PICTURE, month)
            self.loop.finish(self.ledger.consent_announced(key, self.now()))
        for number, part in enumerate(self.plan.parts):
            self.start(f"{part}-{number}", part)
        self.rebalance()

    def start(self, name: str, part: str) -> None:
        """Start a process, or start it again after its end."""
        self.generation += 1
        process = Process(f"{name}.{self.generation}", part, self.dice.choice((0.0, 0.0, 1.0, -2.0)))
        self.processes[name] = process
        runtime = self._runtime(process)
        if part == "decide":
            dice = Random(self.dice.random())
            worker = DecideWorker(self.machine, self.log, runtime, process, dice, self.plan.mishaps)
            worker.consumer.is_embedded = self.plan.is_embedded
            self.workers[name] = worker
            return
        self.machine.start(process, self._loop_of(part, runtime).run)

    def _runtime(self, process: Process) -> Runtime:
        return Runtime(
            ledger=StoredLedger(self.store, owner=process.name, rule_set="rules-1"),
            standing=STANDING,
            bootstrap_servers="",
            worker_id=process.name,
            clock=self.now,
            settings=self.settings,
            open_delivery=open_delivery,
            connectors={"memory": self.receivers},
        )

    def _loop_of(self, part: str, runtime: Runtime) -> Any:
        if part == "deliver":
            return DeliverLoop(runtime, Random(self.dice.random()).random)
        writer = Writer(self.machine, self.log)
        writer.appended = self.appended
        return WatchLoop(runtime, writer) if part == "watch" else RelayLoop(runtime, writer)

    def rebalance(self) -> None:
        """Divide the partitions anew over the workers that the group believes to be alive."""
        members = [name for name in self.workers if name not in self.gone and self.processes[name].is_alive]
        members = [name for name in members if not self.processes[name].is_frozen]
        for name, partitions in shares(self.dice, members).items():
            self.workers[name].assign(partitions)

    def appended(self) -> None:
        """Tell every worker that the log grew."""
        for worker in self.workers.values():
            worker.consumer.look_again()

    # --- what the checks hear ---------------------------------------------------------------------
    def _committed(self, process: Process | None, changes: list[Change]) -> None:
        if changes or process is None or process.part == "decide":
            self._judged(lambda: self.promises.committed(changes))

    def _judged(self, judge: Callable[[], None]) -> None:
        """Keep what a check says for the driver: the product's own code must not get to see, or swallow, it."""
        try:
            judge()
        except Exception as error:  # noqa: BLE001 - the driver raises it at the end of this step
            self.broken.append(error)

    def _is_written(self, row_id: int) -> bool:
        return row_id in self.log.row_ids

    def event_at(self, place: tuple[int, int]) -> SealedEvent:
        """Return the event that lies at a place of the log."""
        if place not in self.in_log:
            self.in_log[place] = decode(self.log.events[place[0]][place[1]])
        return self.in_log[place]

    def _decided(self, place: tuple[int, int], row: Any) -> None:
        if not row.uid:
            return
        event: Any = self.event_at(place).event
        if event["sender"]["org"] == "hub" and row.verdict not in REPEATED:
            self.own_decided.add(event["id"])
        self.consent.decided(event, row)
        if event["type"].startswith("alert.") and event["sender"]["org"] == "hub":
            self.family.alerts.append((event["id"], event.get("subject_ref", "")))

    def _claimed(self, row: Any) -> None:
        _, partition, offset = row.place.split("/")
        sealed = self.event_at((int(partition), int(offset)))
        event: Any = sealed.event
        is_feed = self.plan.has_feed and row.receiver == "team_rand"
        lease = timedelta(seconds=0.0 if is_feed else self.settings.lease_seconds)
        instant = (row.due_at - lease).isoformat()
        self.consent.may_leave(event, row, instant)
        self.claims += 1
        if row.emission is None and self.claims % SAMPLE == 0:
            subjects = [event["subject_ref"]] if "subject_ref" in event else []
            facts = facts_of(self.store.shelves, subjects)
            opinion = second_opinion(event, sealed.authenticated_org, facts, instant, DEFAULTS)
            if event["type"] not in (
                "consent.withdrawn",
                "consent.expired",
                "signal.retracted",
                "referral.withdrawn",
            ):
                agrees(opinion, row)

    def heard(self, got: Got) -> None:
        """Judge something that reached a receiver."""
        self.trace.append(f"arrived {got.receiver} {got.sequence}")
        self._judged(lambda: self.promises.got(got.delivery_id, got.sequence, got.sections))
