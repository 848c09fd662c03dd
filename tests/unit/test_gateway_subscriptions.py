"""Subscriptions: forms of the VNG Notification API, own addresses only, secrets shown once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook

from hub.core.model import JsonObject
from hub.gateway.limits import FORM_MAX_BYTES
from hub.gateway.parts import GatewaySettings
from hub.gateway.sinks import SinkNotAllowedError, target_of
from hub.identity.keys import KeyUnusable
from hub.ledger.interface import Subscription
from tests.unit.gateway_world import BSN, SCHOOL, SINK, TEAM, World, build_world

HTTP = {"protocol": "HTTP", "sink": SINK}


@pytest.fixture
def world(tmp_path: Path) -> World:
    return build_world(tmp_path)


async def call(
    world: World, method: str, path: str, body: object = None, org: str = SCHOOL
) -> tuple[int, Any]:
    """Send one request with a JSON body; return status and parsed answer."""
    async with world.client(org) as client:
        content = None if body is None else json.dumps(body)
        response = await client.request(
            method, path, content=content, headers={"Content-Type": "application/json"}
        )
    return response.status_code, response.json() if response.content else None


async def created(world: World, body: JsonObject | None = None, org: str = SCHOOL) -> Any:
    """Make a subscription and return the answer."""
    status, answer = await call(world, "POST", "/subscriptions", body or HTTP, org)
    assert status == 201
    return answer


async def test_subscription_of_the_vng_form_is_made(world: World) -> None:
    """What the VNG yaml shows as a request is taken, given back, and kept as one filter list."""
    asked: JsonObject = {
        **HTTP,
        "protocolSettings": {"method": "POST", "headers": {}},
        "source": "urn:nld:brin:99AA:systeem:test",
        "domain": "nl.jeugdigen.signal",
        "types": ["nl.jeugdigen.signal.raised.v1"],
        "filters": [{"prefix": {"type": "nl.jeugdigen."}}],
        "subscriberReference": "team-1",
        "config": {"mode": "binary"},
        "sinkCredential": None,
    }
    answer = await created(world, asked)
    assert answer["sink"] == SINK
    assert answer["filters"] == asked["filters"]
    assert answer["origin"] == "api"
    kept = world.ledger.known[answer["id"]]
    assert (kept.org, kept.connector, kept.reference) == (SCHOOL, "webhook", "team-1")
    assert kept.types == ("nl.jeugdigen.signal.raised.v1",)
    assert kept.filter_document == [
        {"prefix": {"type": "nl.jeugdigen."}},
        {"exact": {"source": "urn:nld:brin:99AA:systeem:test"}},
        {"prefix": {"type": "nl.jeugdigen.signal."}},
    ]


async def test_secret_is_shown_once_and_kept_sealed(world: World) -> None:
    """The signing secret stands in the answer to POST only; the ledger holds it sealed."""
    answer = await created(world)
    secret = answer["secret"]
    Webhook(secret)
    kept = world.ledger.known[answer["id"]]
    assert secret.removeprefix("whsec_") not in json.dumps(kept.target)
    _, shown = await call(world, "GET", f"/subscriptions/{answer['id']}")
    _, listed = await call(world, "GET", "/subscriptions")
    assert secret not in json.dumps([shown, listed])
    assert "sealed" not in json.dumps([shown, listed])
    target = await target_of(kept, world.parts.partners, world.parts.sink_secrets)
    assert target["url"] == SINK
    assert target["secrets"] == [secret]


async def test_rotation_keeps_two_secrets(world: World) -> None:
    """After a rotation the new and the previous secret both sign; the one before them no longer does."""
    answer = await created(world)
    secrets = [answer["secret"]]
    for _ in range(2):
        status, rotated = await call(world, "POST", f"/subscriptions/{answer['id']}/secrets")
        assert status == 201
        secrets.append(rotated["secret"])
    target = await target_of(world.ledger.known[answer["id"]], world.parts.partners, world.parts.sink_secrets)
    assert target["secrets"] == [secrets[2], secrets[1]]


async def test_a_sealed_secret_opens_only_in_its_own_subscription(world: World) -> None:
    """A sealed secret that was moved to another subscription is unusable."""
    kept = world.ledger.known[(await created(world))["id"]]
    moved = Subscription("other", kept.org, kept.connector, kept.target, origin="api")
    with pytest.raises(KeyUnusable):
        await target_of(moved, world.parts.partners, world.parts.sink_secrets)


async def test_target_takes_mode_and_reference(world: World) -> None:
    """What the subscriber chose reaches the connector in the connector's own words."""
    answer = await created(world, {**HTTP, "config": {"mode": "binary"}, "subscriberReference": "team-1"})
    target = await target_of(world.ledger.known[answer["id"]], world.parts.partners, world.parts.sink_secrets)
    assert (target["mode"], target["subscriber_reference"]) == ("binary", "team-1")


async def test_target_of_configuration_is_the_configured_one(world: World) -> None:
    """A subscription of the configuration is delivered as the configuration says."""
    configured = Subscription("configured", SCHOOL, "webhook", {})
    target = await target_of(configured, world.parts.partners, world.parts.sink_secrets)
    assert target["url"] == "https://receiver.example/configured"


@pytest.mark.parametrize(
    "subscription",
    [
        Subscription("1", SCHOOL, "webhook", {"url": "https://evil.example/"}, origin="api"),
        Subscription("1", SCHOOL, "webhook", {}, origin="api"),
        Subscription("1", SCHOOL, "feed", {}),
        Subscription("1", "nobody", "webhook", {}),
        Subscription("1", SCHOOL, "webhook", {"url": SINK, "sealed_secrets": ["x"]}, origin="api"),
    ],
)
async def test_target_outside_the_configuration_is_refused(world: World, subscription: Subscription) -> None:
    """An address that the configuration does not allow at the moment of delivery gets nothing."""
    with pytest.raises(SinkNotAllowedError):
        await target_of(subscription, world.parts.partners, world.parts.sink_secrets)


@pytest.mark.parametrize(
    ("body", "status", "reason", "pointers"),
    [
        ({"protocol": "HTTP"}, 400, "form_invalid", ["/sink"]),
        ({"sink": SINK}, 400, "form_invalid", ["/protocol"]),
        ({**HTTP, "protocol": "MQTT5"}, 400, "form_invalid", ["/protocol"]),
        ({**HTTP, "sink": "ftp://receiver.example"}, 400, "form_invalid", ["/sink"]),
        ({**HTTP, "sink": "https://user@receiver.example"}, 400, "form_invalid", ["/sink"]),
        ({**HTTP, "sink": "https://receiver.example/\n"}, 400, "form_invalid", ["/sink"]),
        ({**HTTP, "sink": "https://[receiver"}, 400, "form_invalid", ["/sink"]),
        ({**HTTP, "sink": "https://evil.example/hub"}, 403, "sink_not_allowed", ["/sink"]),
        ({**HTTP, "sink": "https://receiver.example:8443/"}, 403, "sink_not_allowed", ["/sink"]),
        ({**HTTP, "sink": "http://receiver.example/"}, 403, "sink_not_allowed", ["/sink"]),
        ({**HTTP, "types": ["nl.jeugdigen.invented.v1"]}, 400, "form_invalid", ["/types"]),
        ({**HTTP, "filter": []}, 400, "form_invalid", None),
        ({**HTTP, "filters": [{"sql": "x"}]}, 400, "invalid_filter", None),
        ({**HTTP, "filters": {"exact": {"type": "x"}}}, 400, "form_invalid", ["/filters"]),
        ({**HTTP, "domain": "nl.vng"}, 400, "domain_unknown", ["/domain"]),
        ({**HTTP, "subscriberReference": BSN}, 400, "deny_bsn_in_metadata", None),
        (
            {**HTTP, "sinkCredential": {"credentialType": "ACCESSTOKEN"}},
            501,
            "not_offered",
            ["/sinkCredential"],
        ),
        (
            {**HTTP, "protocolSettings": {"headers": {"X": "1"}}},
            501,
            "not_offered",
            ["/protocolSettings/headers"],
        ),
        ({**HTTP, "protocolSettings": {"method": "GET"}}, 400, "form_invalid", ["/protocolSettings"]),
        ([], 400, "form_invalid", None),
    ],
)
async def test_bad_subscriptions_are_refused(
    world: World, body: object, status: int, reason: str, pointers: list[str] | None
) -> None:
    """A wrong subscription names the member at fault and never its value; nothing is kept."""
    got, problem = await call(world, "POST", "/subscriptions", body)
    assert (got, problem["reason"], problem.get("pointers")) == (status, reason, pointers)
    assert world.ledger.known == {}


async def test_feed_needs_no_sink(world: World) -> None:
    """A feed is made without a sink, has no secret, and is found at its own address."""
    answer = await created(world, {"protocol": "FEED"}, TEAM)
    assert "secret" not in answer
    assert answer["sink"] == f"/subscriptions/{answer['id']}/feed"
    status, put = await call(world, "PUT", f"/subscriptions/{answer['id']}", answer, TEAM)
    assert (status, put) == (200, answer)


async def test_partner_without_webhook_cannot_name_a_sink(world: World) -> None:
    """Where the configuration has no webhook there is no address that would be the partner's own."""
    async with world.client(TEAM) as client:
        response = await client.post("/subscriptions", json=HTTP)
    assert (response.status_code, response.json()["reason"]) == (403, "sink_not_allowed")


async def test_subscription_can_be_changed_and_keeps_its_secret(world: World) -> None:
    """PUT replaces, PATCH merges, null removes; the number and the secret stay."""
    answer = await created(
        world, {**HTTP, "types": ["nl.jeugdigen.signal.raised.v1"], "subscriberReference": "a"}
    )
    path = f"/subscriptions/{answer['id']}"
    status, patched = await call(world, "PATCH", path, {"subscriberReference": None})
    assert (status, "subscriberReference" in patched) == (200, False)
    assert patched["types"] == ["nl.jeugdigen.signal.raised.v1"]
    status, replaced = await call(world, "PUT", path, {**answer, "types": None})
    assert (status, replaced.get("types")) == (200, None)
    target = await target_of(world.ledger.known[answer["id"]], world.parts.partners, world.parts.sink_secrets)
    assert target["secrets"] == [answer["secret"]]


async def test_protocol_cannot_change(world: World) -> None:
    """A feed and a sink count their numbers separately, so one does not become the other."""
    answer = await created(world, {"protocol": "FEED"}, TEAM)
    status, problem = await call(world, "PATCH", f"/subscriptions/{answer['id']}", {**HTTP}, TEAM)
    assert (status, problem["pointers"]) == (400, ["/protocol"])
    status, problem = await call(world, "POST", f"/subscriptions/{answer['id']}/secrets", None, TEAM)
    assert (status, problem["pointers"]) == (400, ["/protocol"])
    status, problem = await call(world, "PATCH", f"/subscriptions/{answer['id']}", [1], TEAM)
    assert (status, problem["reason"]) == (400, "form_invalid")


async def test_another_partners_subscription_looks_unknown(world: World) -> None:
    """A partner cannot see, change, read or end what is another's, nor tell whether it exists."""
    own = await created(world)
    for method, path, body in (
        ("GET", "", None),
        ("PUT", "", {"protocol": "FEED"}),
        ("PATCH", "", {}),
        ("DELETE", "", None),
        ("POST", "/secrets", None),
        ("GET", "/events", None),
    ):
        status, problem = await call(world, method, f"/subscriptions/{own['id']}{path}", body, TEAM)
        assert (status, problem["reason"]) == (404, "subscription_unknown")
    assert (await call(world, "GET", "/subscriptions", None, TEAM))[1] == {"count": 0, "results": []}


async def test_configured_subscription_is_shown_and_cannot_change(world: World) -> None:
    """A subscription of the configuration is visible to its partner and changed by the operator only."""
    await world.parts.ledger.put_subscription(
        Subscription("default", SCHOOL, "webhook", {}, types=("nl.jeugdigen.signal.raised.v1",))
    )
    status, shown = await call(world, "GET", "/subscriptions/default")
    assert (status, shown["origin"]) == (200, "configuration")
    assert shown["sink"] == "https://receiver.example/configured"
    assert shown["types"] == ["nl.jeugdigen.signal.raised.v1"]
    for method in ("PUT", "PATCH", "DELETE"):
        status, problem = await call(world, method, "/subscriptions/default", HTTP)
        assert (status, problem["reason"]) == (403, "subscription_read_only")


async def test_subscription_ends(world: World) -> None:
    """DELETE ends a subscription; the second time it is unknown."""
    own = await created(world)
    assert await call(world, "DELETE", f"/subscriptions/{own['id']}") == (204, None)
    status, _ = await call(world, "DELETE", f"/subscriptions/{own['id']}")
    assert status == 404


async def test_deletion_that_crosses_another_is_unknown(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the ledger no longer has it, the second of two deletions is told so."""
    own = await created(world)

    async def gone(_subscription_id: str) -> bool:
        return False

    monkeypatch.setattr(world.ledger, "remove_subscription", gone)
    assert (await call(world, "DELETE", f"/subscriptions/{own['id']}"))[0] == 404


async def test_number_of_subscriptions_is_bounded(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Above the bound no subscription is made."""
    monkeypatch.setattr("hub.gateway.subscriptions.SUBSCRIPTIONS_PER_PARTNER_MAX", 1)
    await created(world)
    status, problem = await call(world, "POST", "/subscriptions", HTTP)
    assert (status, problem["reason"]) == (400, "too_many_subscriptions")


async def test_bodies_of_forms_are_strict(world: World) -> None:
    """Another media type, broken JSON and an oversized form are refused."""
    async with world.client() as client:
        json_type = {"Content-Type": "application/json"}
        xml = await client.post("/subscriptions", content="{}", headers={"Content-Type": "text/xml"})
        double = await client.post("/subscriptions", content='{"a":1,"a":2}', headers=json_type)
        large = await client.post("/subscriptions", content=" " * (FORM_MAX_BYTES + 1), headers=json_type)
        refused = await client.get("/subscriptions", headers={"Accept": "application/json;q=0, text/html"})
        taken = await client.get("/subscriptions", headers={"Accept": "text/html, application/*;q=0.5"})
    assert [answer.status_code for answer in (xml, double, large, refused, taken)] == [
        415,
        400,
        413,
        406,
        200,
    ]


async def test_links_use_the_public_address(tmp_path: Path) -> None:
    """Where the operator names the public address, links begin with it."""
    world = build_world(tmp_path, GatewaySettings(public_url="https://hub.example"))
    answer = await created(world)
    assert answer["url"] == f"https://hub.example/subscriptions/{answer['id']}"


async def test_ledger_away_is_503(world: World) -> None:
    """Without the ledger nothing is promised, and the database's own words stay inside."""
    world.ledger.away = True
    status, problem = await call(world, "POST", "/subscriptions", HTTP)
    assert (status, problem["reason"]) == (503, "ledger_unavailable")
    assert "secret address" not in json.dumps(problem)
