"""Composition root of the workers: `hub worker decide|deliver|watch|relay` (decision record 0003)."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

from agents import decide, deliver, relay, watch
from agents.driver import HubApp
from agents.run import run
from agents.runtime import Runtime
from agents.settings import AgentSettings
from connectors.catalogue import find_connectors, target_forms
from connectors.contract import OutboundConnector
from hub.gateway.sinks import target_of
from hub.identity.partners import PartnerBook
from hub.ledger.interface import Ledger
from hub.operate.clock import clocks_of
from hub.operate.compose import key_ring, open_own_ledger, read_keys, read_partners, standing_of
from hub.operate.compose_opening import delivery_opening
from hub.operate.health import Progress, health_app, serve_health
from hub.operate.logs import configure, logger
from hub.operate.metrics import Metrics
from hub.operate.settings import Settings

BUILDERS = {"decide": decide.build, "deliver": deliver.build, "watch": watch.build, "relay": relay.build}
WORKERS = tuple(BUILDERS)


@dataclass(frozen=True, slots=True)
class Frame:
    """What surrounds a worker: its settings, figures and name."""

    name: str
    settings: Settings
    metrics: Metrics

    @property
    def worker_id(self) -> str:
        """Return a name that no other process has at this moment."""
        return f"{self.name}-{socket.gethostname()}-{os.getpid()}"


def work(name: str, settings: Settings) -> int:
    """Run one worker to its end. Returns its exit code (`agents.ending.ExitCode`)."""
    configure(name, settings.log_level)
    progress = Progress()
    metrics = Metrics(progress)
    frame = Frame(name, settings, metrics)
    if settings.metrics_port:
        serve_health(health_app(metrics.registry, progress), settings.metrics_host, settings.metrics_port)
    logger().info("worker_starts", worker=frame.worker_id, port=settings.metrics_port)
    return run(partial(_compose, frame))


async def _compose(frame: Frame) -> HubApp:
    settings = frame.settings
    delivers = frame.name == "deliver"  # the only worker that gets keys and secrets
    book = read_partners(settings, dict(target_forms()) if delivers else None)
    ledger = await open_own_ledger(settings, book, frame.worker_id)
    clocks = clocks_of(settings)
    runtime = Runtime(
        ledger=ledger,
        standing=standing_of(book),
        bootstrap_servers=settings.kafka,
        worker_id=frame.worker_id,
        clock=clocks.now,
        moving_clock=clocks.moving,
        metrics=frame.metrics,
        settings=AgentSettings(source=settings.source, idempotent_producer=settings.kafka_idempotent),
    )
    if delivers:
        runtime = _with_keys(runtime, settings, book, ledger)
    return BUILDERS[frame.name](runtime)


def _with_keys(runtime: Runtime, settings: Settings, book: PartnerBook, ledger: Ledger) -> Runtime:
    keys = read_keys(settings)
    ring = key_ring(keys, ledger)
    return replace(
        runtime,
        open_delivery=delivery_opening(settings, keys, ring, ledger, book).open_delivery,
        connectors=outbound_connectors(),
        resolve_target=lambda subscription: target_of(subscription, book, keys.provider),
    )


def outbound_connectors() -> Mapping[str, OutboundConnector]:
    """Make every outbound connector of the catalogue, inside the running loop."""
    found = find_connectors().items()
    return {name: described.outbound() for name, described in found if described.outbound is not None}
