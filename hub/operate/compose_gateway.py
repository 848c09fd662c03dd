"""Composition root of the gateway: `hub gateway` (decision record 0003)."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass

import uvicorn
from prometheus_client import make_asgi_app
from starlette.types import ASGIApp

from agents.deliver import recheck_at
from agents.run import use_fast_loop
from hub.core.keys import keys_of
from hub.core.model import RecipientDecision
from hub.core.snapshot import Snapshot
from hub.core.standing import Standing
from hub.gateway.app import create_app
from hub.gateway.parts import GatewayParts, GatewaySettings
from hub.gateway.problems import REASONS
from hub.gateway.publisher import KafkaPublisher, ProducerSettings
from hub.identity.door import Door
from hub.identity.partners import PartnerBook
from hub.identity.sealing import Sealer
from hub.ledger.interface import Candidate, Ledger, Recheck
from hub.operate.clock import Clock, clock_of
from hub.operate.compose import (
    Keys,
    key_ring,
    number_environment,
    open_own_ledger,
    read_keys,
    read_partners,
    register_partners,
    standing_of,
)
from hub.operate.compose_opening import delivery_opening
from hub.operate.health import Progress, health_app, serve_health
from hub.operate.logs import configure, logger
from hub.operate.metrics import Metrics
from hub.operate.probe import Probe, broker_view
from hub.operate.settings import Settings

TOPIC = "hub.events"

GRACE_SECONDS = 5
"""Live feeds never end by themselves: a stop waits this long for requests and then cuts them; readers come back."""


@dataclass(frozen=True, slots=True)
class GatewayProcess:
    """The parts of one gateway process that must be started and stopped."""

    settings: Settings
    metrics: Metrics
    ledger: Ledger
    publisher: KafkaPublisher
    book: PartnerBook
    app: ASGIApp
    clock: Clock

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Connect before the first request, disconnect after the last."""
        await self.publisher.start()
        await register_partners(self.ledger, self.book)
        view = broker_view(self.settings.kafka, TOPIC)
        probe = asyncio.create_task(Probe(self.ledger, view, TOPIC, self.metrics, self.clock).run())
        try:
            yield
        finally:
            probe.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await probe
            await self.publisher.stop()
            await self.ledger.close()


def serve(settings: Settings) -> int:
    """Serve until SIGTERM or SIGINT. Returns the exit code."""
    configure("gateway", settings.log_level)
    use_fast_loop()
    return asyncio.run(_serve(settings))


async def _serve(settings: Settings) -> int:
    process = await compose(settings)
    config = uvicorn.Config(
        process.app,
        host=settings.gateway_host,
        port=settings.gateway_port,
        log_config=None,
        access_log=False,  # addresses and paths of partners are not ours to keep
        server_header=False,
        lifespan="off",
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    async with process.running():
        logger().info("gateway_starts", host=settings.gateway_host, port=settings.gateway_port)
        await uvicorn.Server(config).serve()
    return 0


async def compose(settings: Settings) -> GatewayProcess:
    """Build a gateway out of the rooms; nothing is connected but the ledger."""
    book = read_partners(settings)
    keys = read_keys(settings)
    owner = f"gateway-{socket.gethostname()}-{os.getpid()}"
    ledger = await open_own_ledger(settings, book, owner)
    progress = Progress()
    metrics = Metrics(progress, refusals=frozenset(REASONS))
    if settings.metrics_port:
        serve_health(health_app(metrics.registry, progress), settings.metrics_host, settings.metrics_port)
    publisher = KafkaPublisher(ProducerSettings(settings.kafka, TOPIC, idempotent=settings.kafka_idempotent))
    parts = _parts(settings, book, keys, ledger, publisher, metrics)
    return GatewayProcess(settings, metrics, ledger, publisher, book, create_app(parts), parts.clock)


def _parts(
    settings: Settings,
    book: PartnerBook,
    keys: Keys,
    ledger: Ledger,
    publisher: KafkaPublisher,
    metrics: Metrics,
) -> GatewayParts:
    ring, clock = key_ring(keys, ledger), clock_of(settings)
    return GatewayParts(
        ledger=ledger,
        door=Door(
            pseudonyms=keys.pseudonyms,
            sealer=Sealer(ring),
            digest_key=keys.digest_key,
            environment=number_environment(settings),
            resolve_pseudonym=ledger.resolve_pseudonym,
            subject_of_record=ledger.subject_of_record,
        ),
        partners=book,
        publisher=publisher,
        clock=clock,
        recheck=_recheck_now(standing_of(book), clock),
        keys_of=keys_of,
        open_delivery=delivery_opening(settings, keys, ring, ledger, book).open_delivery,
        sink_secrets=keys.provider,
        metrics=metrics,
        metrics_app=make_asgi_app(metrics.registry) if not settings.metrics_port else None,
        settings=GatewaySettings(
            public_url=settings.public_url,
            events_topic=TOPIC,
            heartbeat_seconds=settings.heartbeat_seconds,
        ),
    )


def _recheck_now(standing: Standing, clock: Clock) -> Recheck:
    """Return the last look of a feed: at the moment it is read, with one set of look-up tables per page."""
    latest: tuple[Snapshot, Recheck] | None = None

    def again(candidate: Candidate, snapshot: Snapshot) -> RecipientDecision:
        nonlocal latest
        if latest is None or latest[0] is not snapshot:
            latest = (snapshot, recheck_at(standing, clock()))
        return latest[1](candidate, snapshot)

    return again
