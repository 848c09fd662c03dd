"""Deterministic simulation of the whole hub: `make simulate SEEDS=10000`, and `make simulate SEED=123` for one.

In one process, without wall clock, network or threads: the real judging, the real ledger logic over its twin in memory,
and the real workers (`agents.decide.Decider`, `DeliverLoop`, `WatchLoop`, `RelayLoop`), of which only Faust is replaced
(`decide_worker.py`). A seed decides everything: what partners send, which task goes on, what fails. How that is made
deterministic is told in `virtual_loop.py` and `processes.py`; what must hold is in `promises.py`, `consent_held.py` and
`at_rest.py`, which share no code with the product.
"""

from __future__ import annotations

import argparse
import os
import sys
import time

from tests.simulation.drive import TRACE_SHOWN, Outcome, play, shortest
from tests.simulation.proving import prove

PROGRESS_EVERY = 1_000


def main(arguments: list[str]) -> int:
    """Play seeds, or one seed with its trace, or show that seeded bugs are found; 1 when something is wrong."""
    options = _options().parse_args(arguments)
    os.nice(options.nice)
    if options.prove:
        return prove(options.seeds)
    if options.seed is not None:
        return _one(options.seed)
    return _many(range(options.start, options.start + options.seeds), stops=options.stop)


def _options() -> argparse.ArgumentParser:
    """Return what the command understands."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation")
    parser.add_argument("--seeds", type=int, default=1_000, help="how many")
    parser.add_argument("--start", type=int, default=0, help="the first")
    parser.add_argument("--seed", type=int, help="play this one alone and show its trace")
    parser.add_argument("--stop", action="store_true", help="stop at the first seed that fails")
    parser.add_argument("--prove", action="store_true", help="show that each patch under patches/ is found")
    parser.add_argument("--nice", type=int, default=0)
    return parser


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _one(seed: int) -> int:
    outcome = play(seed)
    for line in outcome.trace:
        _say(line)
    _say(f"seed {seed}: {outcome.failure or 'every promise held'}")
    return int(outcome.failure is not None)


def _many(seeds: range, *, stops: bool) -> int:
    started, worked, done, failed = time.perf_counter(), time.process_time(), 0, 0
    totals = dict.fromkeys(("steps", "records", "claims", "arrivals", "crashes", "faults"), 0)
    for seed in seeds:
        outcome = play(seed)
        done += 1
        for name in totals:
            totals[name] += getattr(outcome, name)
        if outcome.failure is not None:
            failed += 1
            _show(outcome)
            if stops:
                break
        if done % PROGRESS_EVERY == 0:
            _say(f"{done} seeds, {failed} failed, {time.perf_counter() - started:.0f} s")
    seconds, own = time.perf_counter() - started, time.process_time() - worked
    counted = ", ".join(f"{count:,} {name}" for name, count in totals.items())
    each = 1000 * own / max(done, 1)
    _say(f"{done:,} seeds in {seconds:.0f} s, {each:.0f} ms of processor time each: {counted}")
    _say(f"{failed} failed")
    if not totals["arrivals"]:
        _say("nothing was delivered: these seeds show nothing")
    return int(failed > 0 or not totals["arrivals"])


def _show(outcome: Outcome) -> None:
    """Show a failure: the seed, the step, and the end of the shortest run that still fails."""
    found = shortest(outcome)
    _say(f"seed {outcome.seed} fails at step {outcome.steps}: {outcome.failure}")
    _say(f"  with {found.actions} things from outside it fails at step {found.steps}: {found.failure}")
    for line in found.trace[-TRACE_SHOWN:]:
        _say(f"    {line}")
    _say(f"  again: make simulate SEED={outcome.seed}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
