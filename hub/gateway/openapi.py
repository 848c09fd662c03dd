"""`/openapi.json`: OpenAPI 3.1, made from the routes and completed with what our own parsers read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from hub.gateway.guard import API_VERSION
from hub.gateway.inspections import InspectionForm
from hub.gateway.openapi_parts import Document, component_schemas, security_schemes
from hub.gateway.subscription_forms import SinkSecret, SubscriptionRequest

DESCRIPTION: Final = """\
The door of Samenhub for partners. Compatible with the VNG Notification API 0.1.5; beyond it: binary mode and
batches, receipts, and feeds that a partner fetches or keeps open. Content is sealed at the door, section by
section; whether it may be shared is decided per receiver, and the receipt tells the sender why.
Errors are problem documents (RFC 9457) with a stable reason code; `GET /problems` lists all codes.
"""

OWN_VALIDATION: Final = frozenset({"HTTPValidationError", "ValidationError"})
"""FastAPI's own error form, which quotes input: this door answers with problem documents instead."""


def describe(app: FastAPI, token_url: str) -> Document:
    """Return the API description."""
    document: Document = get_openapi(
        title=app.title,
        version=API_VERSION,
        description=DESCRIPTION,
        routes=app.routes,
        license_info={"name": "EUPL-1.2", "identifier": "EUPL-1.2"},
        servers=app.servers or None,
    )
    components = document.setdefault("components", {})
    schemas = {
        **component_schemas(SubscriptionRequest, SinkSecret, InspectionForm),
        **components.get("schemas", {}),
    }
    components["schemas"] = {name: schema for name, schema in schemas.items() if name not in OWN_VALIDATION}
    components["securitySchemes"] = security_schemes(token_url)
    for operation in _operations(document):
        operation["responses"].pop("422", None)
        for response in operation["responses"].values():
            response.setdefault("headers", {})["API-version"] = {
                "description": "Version of the VNG Notification API that this door keeps to.",
                "schema": {"type": "string", "examples": [API_VERSION]},
            }
    return document


def _operations(document: Document) -> Iterator[Document]:
    for path in document["paths"].values():
        yield from (operation for operation in path.values() if "responses" in operation)
