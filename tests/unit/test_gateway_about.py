"""The door about itself: domains, reasons, health, unknown routes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, Counter, make_asgi_app

from hub.core.numbers import metadata_refused
from hub.gateway.domains import DOMAIN_UUID
from hub.gateway.health import Readiness
from hub.gateway.inspection_reasons import INSPECTION_STATUS
from hub.gateway.mapping import problem_of
from hub.gateway.observe import Mode, NoMetrics
from hub.gateway.problems import REASONS, STATUS_TITLES, ProblemError
from hub.gateway.reasons import GatewayReason
from hub.identity.keys import KeyUnusable
from hub.identity.reasons import DoorReason
from hub.wire.reasons import WireReason
from tests.unit.gateway_world import World, build_world


@pytest.fixture
def world(tmp_path: Path) -> World:
    return build_world(tmp_path)


async def test_domains_are_listed_and_found(world: World) -> None:
    """There is one domain; it is found by name and by number, and others are unknown."""
    async with world.client() as client:
        listed = (await client.get("/domains")).json()
        named = (await client.get("/domains", params={"name": "nl.jeugdigen"})).json()
        other = (await client.get("/domains", params={"name": "nl.vng.zaken"})).json()
        found = (await client.get(f"/domains/{DOMAIN_UUID}")).json()
        unknown = await client.get("/domains/1")
        defined = await client.post("/domains", json={"name": "nl.other"})
        nobody = await client.get("/domains", headers={"X-API-Key": "key_none.x"})
    assert listed == named == {"count": 1, "results": [found]}
    assert other == {"count": 0, "results": []}
    assert (unknown.status_code, unknown.json()["reason"]) == (404, "domain_not_found")
    assert (defined.status_code, defined.json()["reason"]) == (501, "not_offered")
    assert nobody.status_code == 401


async def test_problem_types_lead_to_their_explanation(world: World) -> None:
    """The `type` of a problem is an address where the reason is explained."""
    async with world.client(None) as client:
        problem = (await client.get("/subscriptions")).json()
        explained = await client.get(problem["type"])
        every = (await client.get("/problems")).json()
        unknown = await client.get("/problems/999990019")
    assert explained.json()["reason"] == "credentials_missing"
    assert {row["reason"] for row in every} == set(REASONS)
    assert (unknown.status_code, unknown.json()["reason"]) == (404, "reason_unknown")


async def test_unknown_routes_and_methods_are_problems(world: World) -> None:
    """Also the router's own refusals are problem documents, and do not quote the path."""
    async with world.client() as client:
        nowhere = await client.get("/nowhere/999990019")
        method = await client.put("/events")
        slash = await client.get("/subscriptions/")
    assert (nowhere.status_code, nowhere.json()["reason"]) == (404, "route_unknown")
    assert "999990019" not in nowhere.text
    assert (method.status_code, method.json()["reason"]) == (405, "method_not_allowed")
    assert method.headers["allow"] == "POST"
    assert slash.status_code == 404


async def test_health_and_readiness(world: World) -> None:
    """The process is alive; ready only while Kafka and the ledger answer."""
    async with world.client(None) as client:
        assert (await client.get("/healthz")).json() == {"status": "alive"}
        world.log.away = True
        away = await client.get("/readyz")
        world.log.away = False
        ready = await client.get("/readyz")
    assert (away.status_code, away.json()["parts"]) == (503, {"log": "away", "ledger": "ready"})
    assert (ready.status_code, ready.json()["status"]) == (200, "ready")


async def test_readiness_follows_real_progress(world: World) -> None:
    """A part that stops answering counts as ready for some seconds, then no longer."""
    now = [100.0]
    readiness = Readiness(world.log, world.parts.ledger, lambda: now[0])
    assert (await readiness.report())[0]
    world.ledger.away = True
    now[0] += 6
    assert (await readiness.report())[0]
    now[0] += 6
    assert await readiness.report() == (
        False,
        {"status": "not_ready", "parts": {"log": "ready", "ledger": "away"}},
    )


async def test_metrics_application_is_mounted_when_given(tmp_path: Path) -> None:
    """The composition's metrics application answers under /metrics; without one there is nothing."""
    registry = CollectorRegistry()
    Counter("events_accepted", "Accepted events.", registry=registry).inc()
    world = build_world(tmp_path, metrics_app=make_asgi_app(registry))
    async with world.client(None) as client:
        assert "events_accepted_total 1.0" in (await client.get("/metrics")).text
    assert "/metrics" not in world.app.openapi()["paths"]
    bare = build_world(tmp_path)
    async with bare.client(None) as client:
        assert (await client.get("/metrics")).status_code == 404


async def test_lifespan_passes_the_guard(world: World) -> None:
    """Start and stop of the server are none of the guard's business."""
    said: list[str] = []
    asked = iter(["lifespan.startup", "lifespan.shutdown"])

    async def receive() -> dict[str, str]:
        return {"type": next(asked)}

    async def send(message: Any) -> None:
        said.append(message["type"])

    await world.app({"type": "lifespan", "asgi": {"version": "3.0"}}, receive, send)
    assert said == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


def test_table_covers_every_reason_of_the_rooms_below() -> None:
    """Each reason of gateway, wire, door and inspection has a status with a title and sentences without a number."""
    reasons = {*map(str, WireReason), *map(str, GatewayReason), *(item.code for item in DoorReason)}
    reasons |= {*map(str, INSPECTION_STATUS)}
    assert set(REASONS) == reasons
    for row in REASONS.values():
        assert row.status in STATUS_TITLES
        assert row.english.endswith(".")
        assert row.dutch.endswith(".")
        assert not metadata_refused([row.english, row.dutch])


def test_reason_outside_the_table_is_our_fault() -> None:
    """A code nobody listed becomes 500: it must not reach a partner unexplained."""
    assert ProblemError("invented").status == 500


def test_errors_that_nobody_expects_stay_errors() -> None:
    """Mapping does not swallow: an unforeseen error is raised again; an unusable key is our trouble."""
    with pytest.raises(ZeroDivisionError):
        problem_of(ZeroDivisionError())
    assert problem_of(KeyUnusable("x")).status == 503


def test_metrics_are_optional() -> None:
    """Without monitoring the gateway counts nothing, and works."""
    metrics = NoMetrics()
    metrics.accepted(Mode.BATCH, "signal.raised")
    metrics.refused("busy")
    metrics.publish_seconds(0.1)
    metrics.streams(1)
    assert isinstance(metrics, NoMetrics)
