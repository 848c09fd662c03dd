"""The driver: one step after another, each chosen by the seed's dice, and what must hold when all comes to rest."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from structlog.testing import capture_logs

from agents.deliver import recheck_at
from agents.ending import WorkerEndedError
from hub.core.keys import keys_of
from hub.wire.codec import encode
from hub.wire.envelope import SealedEvent
from tests.simulation.at_rest import check_at_rest, is_at_rest
from tests.simulation.faulty_store import STATEMENTS, Fault
from tests.simulation.processes import Process
from tests.simulation.promises import BrokenPromiseError, hold
from tests.simulation.receivers import Got
from tests.simulation.virtual_loop import SpinningError
from tests.simulation.world import EXPECTED_ENDS, STANDING, World

STEPS_MAX = 6_000
"""A run takes some hundreds; one that takes more does not come to rest, which is a fault too."""

ALARMS = frozenset(
    {
        "batch_failed",
        "delivery_failed",
        "thread_not_rung",
        "thread_stands_still",
        "outbox_row_unfit",
        "log_gap",
    }
)
"""Log lines by which the product says that something of its own went wrong."""

TRACE_SHOWN = 40
"""Lines of the trace that a failure shows: what went before it, back to where the trouble began in most cases."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one seed."""

    seed: int
    actions: int
    steps: int
    trace: tuple[str, ...]
    failure: str | None
    records: int
    claims: int
    arrivals: int
    crashes: int
    faults: int


class Driver:
    """Takes the steps of one run."""

    def __init__(self, world: World, logs: list[Any]) -> None:
        self._world = world
        self._dice = world.dice
        self._logs = logs
        self._heard = 0
        self.steps = 0
        self.crashes = 0
        self.faults = 0

    def run(self) -> None:
        """Play the run to its end. Raises BrokenPromiseError."""
        world = self._world
        world.open()
        world.faults = world.plan.fault_rate
        left = world.plan.actions
        while left or world.dice.random() < 0.8:
            left = self._step(left)
        self._heal()
        self._rest()
        if world.plan.goes_on:
            self._note("weeks later")
            world.loop.pass_time(world.loop.seconds + 16 * 86_400)
            self._rest()

    def _note(self, line: str) -> None:
        self._world.trace.append(f"{self.steps} {line}")

    # --- one step ---------------------------------------------------------------------------------
    def _step(self, actions_left: int) -> int:
        world, dice = self._world, self._dice
        self._settle_down()
        free = world.machine.free()
        if actions_left and (dice.random() < 0.15 or not free):
            self._act()
            return actions_left - 1
        if free:
            self._let_go(free)
        else:
            self._pass_to_next_timer()
        return actions_left

    def _settle_down(self) -> None:
        """Run what can run, then look what it did."""
        self.steps += 1
        hold(self.steps < STEPS_MAX, "the hub comes to rest")
        try:
            self._world.loop.run_ready()
        except SpinningError:
            hold(False, "no two tasks wake each other for ever")  # noqa: FBT003
        for error in (*self._world.broken, *self._world.loop.faults):
            raise error
        self._hear()
        self.crashes = self._world.generation - len(self._world.processes)
        for name, process in list(self._world.processes.items()):
            if process.is_alive and process.ended_by is not None:
                self._ended(name, process)

    def _hear(self) -> None:
        for entry in self._logs[self._heard :]:
            hold(entry["event"] not in ALARMS, f"the hub has no fault of its own: {entry['event']}")
        self._heard = len(self._logs)

    def _ended(self, name: str, process: Process) -> None:
        error = process.ended_by
        if isinstance(error, BrokenPromiseError):
            raise error
        reason = str(error) if isinstance(error, WorkerEndedError) else type(error).__name__
        hold(reason in EXPECTED_ENDS, f"no worker ends by a fault of its own: {error!r}")
        self._note(f"{name} ended: {reason}")
        self._world.machine.kill(process)

    def _let_go(self, free: list[Any]) -> None:
        world, dice = self._world, self._dice
        waiting = dice.choice(free)
        process = waiting.process
        if dice.random() < world.faults / 2:
            if dice.random() < 0.5:
                self._note(f"{process.name} killed at {waiting.what}")
                world.machine.kill(process)
            else:
                self._note(f"{process.name} frozen at {waiting.what}")
                process.is_frozen = True
            return
        fate = self._fate(waiting.what)
        self.faults += fate is not None
        self._note(f"{process.name} {waiting.what}{'' if fate is None else f' {fate}'}")
        world.machine.release(waiting, fate)

    def _fate(self, what: str) -> Any:
        dice = self._dice
        if dice.random() >= self._world.faults:
            return None
        match what:
            case "transaction":
                if dice.random() < 0.3:
                    return Fault(dice.choice(("crash", "cut")), 0)
                return Fault(dice.choice(("crash", "cut", "conflict", "freeze")), dice.randint(1, STATEMENTS))
            case "write":
                return dice.choice(("lost", "unanswered", "twice"))
            case "lens":
                return "lost"
        return None

    def _pass_to_next_timer(self) -> None:
        loop = self._world.loop
        due = loop.next_timer()
        loop.pass_time(loop.seconds + 60.0 if due is None else due)

    # --- what happens from outside --------------------------------------------------------------------
    def _act(self) -> None:
        acts = [
            (self._publish, 60), (self._time_passes, 14), (self._clock_jumps, 6), (self._mood, 9), (self._kill, 3),
            (self._freeze, 3), (self._thaw, 5), (self._supervise, 8), (self._rebalance, 4), (self._read_feed, 5),
            (self._reset_clock, 2),
        ]  # fmt: skip
        (act,) = self._dice.choices([one for one, _ in acts], [weight for _, weight in acts])
        act()

    def _publish(self) -> None:
        for _ in range(self._dice.choice((1, 1, 2, 3))):
            self._send(self._world.family.next())

    def _send(self, sealed: SealedEvent) -> None:
        """Write one event as the door does: it may be lost, written without an answer, or written twice."""
        world = self._world
        roll = self._dice.random() if world.faults else 1.0
        if roll < 0.04:
            world.unsure.append(sealed)
            self._note(f"publish {sealed.event['type']} lost")
            return
        for _ in range(2 if roll < 0.08 else 1):
            place = world.log.append(sealed.key, encode(sealed))
            world.in_log[place] = sealed
        if roll < 0.12:
            world.unsure.append(sealed)
        else:
            world.acknowledged.add(sealed.uid)
        self._note(f"publish {sealed.event['type']} at {place}")
        world.appended()

    def _time_passes(self) -> None:
        seconds = self._dice.choice((1.0, 40.0, 50.0, 600.0, 10_800.0, 90_000.0))
        self._note(f"{seconds} s pass")
        self._world.loop.pass_time(self._world.loop.seconds + seconds)

    def _clock_jumps(self) -> None:
        jump = self._dice.choice((60.0, 10_800.0, 90_000.0, 350_000.0))
        self._note(f"clocks jump {jump} s")
        self._world.jumped += timedelta(seconds=jump)

    def _reset_clock(self) -> None:
        """Let one process's clock go wrong by seconds, or right again."""
        process = self._someone()
        process.skew_seconds = self._dice.choice((0.0, -2.0, 3.0))

    def _mood(self) -> None:
        world = self._world
        receiver = self._dice.choice(tuple(world.receivers.moods) or ("gp_a",))
        if self._dice.random() < 0.7:
            receiver = self._dice.choice(("gp_a", "youth_care_a", "team_escamp", "team_rand", "crisis_a"))
        mood = self._dice.choice(("well", "failing", "away", "late", "refusing", "failing", "away"))
        self._note(f"{receiver} is {mood}")
        world.receivers.moods[receiver] = mood

    def _someone(self) -> Process:
        return self._dice.choice(list(self._world.processes.values()))

    def _kill(self) -> None:
        process = self._someone()
        self._note(f"{process.name} killed")
        self._world.machine.kill(process)

    def _freeze(self) -> None:
        process = self._someone()
        self._note(f"{process.name} frozen")
        process.is_frozen = True
        if self._dice.random() < 0.6:
            self._world.loop.pass_time(self._world.loop.seconds + self._dice.choice((8.0, 50.0)))
            self._rebalance()

    def _thaw(self) -> None:
        for process in self._world.processes.values():
            if process.is_frozen:
                self._note(f"{process.name} goes on")
                process.is_frozen = False

    def _supervise(self) -> None:
        world = self._world
        for name, process in list(world.processes.items()):
            if not process.is_alive:
                self._note(f"{name} started")
                world.start(name, process.part)
                if process.part == "decide":
                    world.rebalance()

    def _rebalance(self) -> None:
        self._note("rebalance")
        self._world.rebalance()

    def _read_feed(self) -> None:
        """Let the reader of a feed read on: what it asks after is what it has."""
        world = self._world
        if not world.plan.has_feed:
            return
        now = world.now()
        after = max(0, world.feed_at - self._dice.choice((0, 0, 1)))
        page = world.loop.finish(
            world.ledger.feed("sub-team_rand", after, 3, recheck_at(STANDING, now), keys_of, now)
        )
        for item in page.items:
            sections = tuple(item.delivery.sections) if item.decision.outcome.value != "deny" else ()
            world.heard(Got(item.delivery_id, "team_rand", "sub-team_rand", item.sequence, sections))
            world.feed_at = max(world.feed_at, item.sequence)

    # --- the end ------------------------------------------------------------------------------------
    def _heal(self) -> None:
        """End all faults: everybody is well, everything is started, what was unsure is sent again."""
        world = self._world
        self._note("everything is well again")
        world.faults = 0.0
        world.receivers.moods.clear()
        self._settle_down()  # a fault that was handed out strikes before, not after, everybody goes on
        self._thaw()
        for process in world.processes.values():
            process.skew_seconds = 0.0
            if self._dice.random() < 0.2:
                world.machine.kill(process)
        self._settle_down()
        self._supervise()
        for worker in world.workers.values():
            worker.consumer.mishaps = 0.0
        self._rebalance()
        unsure, world.unsure = world.unsure, []
        for sealed in unsure:
            self._send(sealed)

    def _rest(self) -> None:
        """Go on until nothing is left to do, then look whether everything is there."""
        world = self._world
        quiet = 0
        while quiet < 3:
            self._settle_down()
            if any(not process.is_alive for process in world.processes.values()):
                self._supervise()
                continue
            free = world.machine.free()
            if free:
                self._let_go(free)
            elif is_at_rest(world):
                quiet += 1
                self._pass_to_next_timer()
            else:
                quiet = 0
                self._read_feed()
                self._pass_to_next_timer()
        check_at_rest(world)


def play(seed: int, actions: int | None = None) -> Outcome:
    """Play one seed; with `actions`, let only so many things happen from outside before everything is well again."""
    world = World(seed)
    if actions is not None:
        world.plan = replace(world.plan, actions=actions)
    failure = None
    with capture_logs() as logs, world.running():
        driver = Driver(world, logs)
        try:
            driver.run()
        except BrokenPromiseError as error:
            failure = str(error)
    return Outcome(
        seed=seed,
        actions=world.plan.actions,
        steps=driver.steps,
        trace=tuple(world.trace),
        failure=failure,
        records=sum(len(partition) for partition in world.log.events),
        claims=world.claims,
        arrivals=sum(line.startswith("arrived") for line in world.trace),
        crashes=driver.crashes,
        faults=driver.faults,
    )


def shortest(outcome: Outcome) -> Outcome:
    """Return the run of the same seed with the fewest things from outside that still fails."""
    for actions in range(outcome.actions):
        shorter = play(outcome.seed, actions)
        if shorter.failure is not None:
            return shorter
    return outcome
