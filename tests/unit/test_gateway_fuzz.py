"""Whatever arrives, the door answers with a reason and never with a fault of its own."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.gateway_world import BATCH, SIGNAL, SINK, STRUCTURED, World, build_world, signal

TEXT = st.text(max_size=12)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
FAST = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
JSON_TYPE = {"Content-Type": "application/json"}


@pytest.fixture
def world(tmp_path: Path) -> World:
    return build_world(tmp_path)


def send(world: World, method: str, path: str, content: bytes, headers: dict[str, str]) -> httpx.Response:
    """Send one request as the test school."""

    async def once() -> httpx.Response:
        async with world.client() as client:
            return await client.request(method, path, content=content, headers=headers)

    return asyncio.run(once())


def assert_reasoned(response: httpx.Response, *successes: int) -> None:
    """Fail unless the answer is a success of this route or a problem of the sender's."""
    if response.status_code in successes:
        return
    assert 400 <= response.status_code < 500 or response.status_code == 501, response.text
    assert response.json()["reason"]


@FAST
@given(body=st.binary(max_size=200), headers=st.sampled_from([STRUCTURED, BATCH, JSON_TYPE, {}]))
def test_any_bytes_are_refused_with_a_reason(world: World, body: bytes, headers: dict[str, str]) -> None:
    """Bytes that are no event are refused, in every mode."""
    assert_reasoned(send(world, "POST", "/events", body, headers), 200)


@FAST
@given(name=st.sampled_from([*SIGNAL, "domain", "dataschema", "invented"]), value=JSON)
def test_any_attribute_value_has_an_answer(world: World, name: str, value: Any) -> None:
    """An event with any JSON value in any attribute or as data is accepted or refused with a reason."""
    body = json.dumps({**signal(), name: value}).encode()
    assert_reasoned(send(world, "POST", "/events", body, STRUCTURED), 200)


@FAST
@given(name=st.sampled_from([*SIGNAL["data"]]), value=JSON)  # type: ignore[misc]
def test_any_value_in_the_publish_form_has_an_answer(world: World, name: str, value: Any) -> None:
    """A publish form with any JSON value in any field is accepted or refused with a reason."""
    event: Any = signal()
    event["data"][name] = value
    assert_reasoned(send(world, "POST", "/events", json.dumps(event).encode(), STRUCTURED), 200)


@FAST
@given(
    name=st.sampled_from(
        ["protocol", "sink", "types", "filters", "source", "domain", "config", "protocolSettings"]
    ),
    value=JSON,
)
def test_any_subscription_has_an_answer(world: World, name: str, value: Any) -> None:
    """A subscription with any JSON value in any member is made or refused with a reason."""
    world.ledger.known.clear()
    body = json.dumps({"protocol": "HTTP", "sink": SINK, name: value}).encode()
    assert_reasoned(send(world, "POST", "/subscriptions", body, JSON_TYPE), 201)


@FAST
@given(sink=st.text(max_size=30).map(lambda text: f"https://{text}"))
def test_any_sink_outside_the_configuration_is_refused(world: World, sink: str) -> None:
    """No spelling of another address passes for the partner's own."""
    body = json.dumps({"protocol": "HTTP", "sink": sink}).encode()
    response = send(world, "POST", "/subscriptions", body, JSON_TYPE)
    assert response.status_code in {400, 403}


@FAST
@given(path=st.text(st.characters(codec="utf-8", exclude_characters="?#"), max_size=20), value=TEXT)
def test_any_path_and_query_have_an_answer(world: World, path: str, value: str) -> None:
    """Paths and queries of any form are refused with a reason."""

    async def ask() -> list[httpx.Response]:
        async with world.client() as client:
            return [
                await client.get(httpx.URL("http://hub.test", raw_path=url.encode("utf-8", "replace")))
                for url in (
                    f"/receipts/{quoted(path)}",
                    f"/subscriptions/{quoted(path)}/events?after={quoted(value)}",
                    f"/domains/{quoted(path)}",
                    f"/problems/{quoted(path)}",
                )
            ]

    for response in asyncio.run(ask()):
        assert_reasoned(response, 200)


def quoted(text: str) -> str:
    """Return text as a part of an address."""
    from urllib.parse import quote

    return quote(text, safe="")
