"""The API description: valid OpenAPI 3.1, complete in its errors, true to what the door does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.openapi.models import OpenAPI
from jsonschema import Draft202012Validator

from tests.unit.gateway_world import SIGNAL, World, build_world

METHODS = {"get", "put", "post", "patch", "delete"}


@pytest.fixture
def world(tmp_path: Path) -> World:
    return build_world(tmp_path)


@pytest.fixture
def document(world: World) -> dict[str, Any]:
    found: dict[str, Any] = world.app.openapi()
    return found


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield path, method and operation."""
    for path, item in document["paths"].items():
        for method in METHODS & item.keys():
            yield path, method, item[method]


def references(value: Any) -> Iterator[str]:
    """Yield every `$ref` inside a value."""
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for member in value.values():
            yield from references(member)
    elif isinstance(value, list):
        for member in value:
            yield from references(member)


def schema(document: dict[str, Any], name: str) -> Draft202012Validator:
    """Return a validator for a schema of the components."""
    return Draft202012Validator(
        {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
    )


async def test_description_is_served_without_credentials(world: World, document: dict[str, Any]) -> None:
    """A partner reads the description before it has a key."""
    async with world.client(None) as client:
        response = await client.get("/openapi.json")
    assert response.json() == document
    assert document["openapi"].startswith("3.1.")
    assert document["info"]["version"] == response.headers["api-version"]


def test_description_is_valid(document: dict[str, Any]) -> None:
    """The document is OpenAPI 3.1, its schemas are JSON Schema 2020-12, and every reference leads somewhere."""
    OpenAPI.model_validate(document)
    for found in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(found)
    known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert set(references(document)) <= known
    assert "HTTPValidationError" not in document["components"]["schemas"]


def test_operations_have_unique_ids_and_words(document: dict[str, Any]) -> None:
    """Each operation has an id of its own, a summary and a description."""
    found = list(operations(document))
    assert len({operation["operationId"] for _, _, operation in found}) == len(found)
    assert all(operation["summary"] and operation["description"] for _, _, operation in found)


def test_every_route_documents_its_errors(document: dict[str, Any]) -> None:
    """Every operation documents problems for its own faults; what needs a credential documents 401 and 403."""
    for path, method, operation in operations(document):
        statuses = set(operation["responses"])
        assert {"431", "500"} <= statuses, (path, method)
        if "security" in operation:
            assert {"401", "403", "503"} <= statuses, (path, method)
        if "requestBody" in operation:
            assert {"400", "413", "415", "408"} <= statuses, (path, method)
        if "{" in path:
            assert "404" in statuses, (path, method)
        assert "422" not in statuses
        for status, response in operation["responses"].items():
            assert "API-version" in response["headers"]
            if int(status) >= 400 and not (path == "/readyz" and status == "503"):
                assert set(response["content"]) == {"application/problem+json"}, (path, method, status)


def test_only_the_door_itself_is_open(document: dict[str, Any]) -> None:
    """Routes without a credential are those that tell about the door."""
    unprotected = {path for path, _, operation in operations(document) if "security" not in operation}
    assert unprotected == {"/problems", "/problems/{reason}", "/healthz", "/readyz"}
    schemes = document["components"]["securitySchemes"]
    for _, _, operation in operations(document):
        for requirement in operation.get("security", []):
            assert set(requirement) <= set(schemes)


def test_vng_operations_are_all_there(document: dict[str, Any]) -> None:
    """Every operation of the VNG Notification API is described under its own operation id."""
    ids = {operation["operationId"] for _, _, operation in operations(document)}
    assert ids >= {
        "events_post",
        "domains_list",
        "domains_post",
        "domains_get",
        "subscriptions_list",
        "subscriptions_post",
        "subscription_get",
        "subscription_put",
        "subscription_patch",
        "subscription_delete",
    }


async def test_published_example_is_valid_and_accepted(world: World, document: dict[str, Any]) -> None:
    """The example in the description fits its own schema, and the door takes it as it stands."""
    content = document["paths"]["/events"]["post"]["requestBody"]["content"]
    example = content["application/cloudevents+json"]["example"]
    schema(document, "PublishedEvent").validate(example)
    schema(document, "PublishForm").validate(content["application/json"]["example"])
    mine = {**example, "source": SIGNAL["source"]}
    async with world.client() as client:
        response = await client.post(
            "/events", json=mine, headers={"Content-Type": "application/cloudevents+json"}
        )
    assert response.status_code == 200


async def test_answers_fit_their_schemas(world: World, document: dict[str, Any]) -> None:
    """Real answers and real problems fit the schemas in the description."""
    async with world.client() as client:
        problem = await client.post("/subscriptions", json={"protocol": "HTTP"})
        made = await client.post(
            "/subscriptions", json={"protocol": "HTTP", "sink": "https://receiver.example/x"}
        )
        listed = await client.get("/subscriptions")
        domains = await client.get("/domains")
        batch = await client.post(
            "/events", json=[SIGNAL, {}], headers={"Content-Type": "application/cloudevents-batch+json"}
        )
    schema(document, "Problem").validate(problem.json())
    schema(document, "SubscriptionView").validate(made.json())
    schema(document, "SubscriptionList").validate(listed.json())
    schema(document, "DomainList").validate(domains.json())
    schema(document, "BatchAnswer").validate(batch.json())


def test_operator_can_name_addresses(tmp_path: Path) -> None:
    """Public address and token issuer stand in the description where the operator named them."""
    from hub.gateway.parts import GatewaySettings

    named = GatewaySettings(public_url="https://hub.example", token_url="https://login.example/token")
    described = build_world(tmp_path, named).app.openapi()
    assert described["servers"] == [{"url": "https://hub.example"}]
    assert (
        "https://login.example/token"
        in described["components"]["securitySchemes"]["JWT-Claims"]["description"]
    )
