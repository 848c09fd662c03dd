"""`/domains` of the VNG Notification API: one domain, built in. Others cannot be defined (answer 501)."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import NAMESPACE_DNS, uuid5

from pydantic import BaseModel, Field

from hub.core.model import JsonObject
from hub.gateway.problems import ProblemError
from hub.gateway.publishing import DOMAIN
from hub.gateway.reasons import GatewayReason

DOMAIN_UUID: Final = str(uuid5(NAMESPACE_DNS, DOMAIN))
"""Derived from the name, so it is the same in every installation."""

FILTER_ATTRIBUTES: Final = ("id", "source", "type", "time", "domain", "subject")
"""Context attributes by which subscribers may filter."""


class Domain(BaseModel):
    """A namespace of events."""

    url: str
    uuid: str
    name: Annotated[str, Field(examples=[DOMAIN])]
    documentationLink: str | None = None  # noqa: N815 - the VNG API's own spelling
    filterAttributes: list[str]  # noqa: N815 - same


class DomainList(BaseModel):
    """All domains."""

    count: int
    results: list[Domain]


def domain_document(base_url: str) -> JsonObject:
    """Return the one domain."""
    return {
        "url": f"{base_url}/domains/{DOMAIN_UUID}",
        "uuid": DOMAIN_UUID,
        "name": DOMAIN,
        "documentationLink": f"{base_url}/openapi.json",
        "filterAttributes": list(FILTER_ATTRIBUTES),
    }


def list_domains(base_url: str, maybe_name: str | None) -> JsonObject:
    """Return the domains, or those with a name."""
    results = [domain_document(base_url)] if maybe_name in {None, DOMAIN} else []
    return {"count": len(results), "results": results}


def find_domain(base_url: str, uuid: str) -> JsonObject:
    """Return one domain; 404 for any other."""
    if uuid.lower() != DOMAIN_UUID:
        raise ProblemError(GatewayReason.DOMAIN_NOT_FOUND)
    return domain_document(base_url)
