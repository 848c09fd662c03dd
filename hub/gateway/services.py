"""The services of one gateway, composed once, and the dependencies with which routes reach them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from hub.gateway.authentication import Authenticator, Caller, Scope
from hub.gateway.events import EventsEndpoint
from hub.gateway.feed import FeedReader
from hub.gateway.guard import CORRELATION
from hub.gateway.health import Readiness
from hub.gateway.inspections import Inspections
from hub.gateway.parts import GatewayParts
from hub.gateway.problems import instance_urn
from hub.gateway.publishing import Publishing
from hub.gateway.receipts import Receipts
from hub.gateway.recent import RecentAcceptances
from hub.gateway.stream import LiveFeeds
from hub.gateway.subscriptions import Subscriptions
from hub.gateway.token_keys import token_keys_for


@dataclass(frozen=True, slots=True)
class Services:
    """What the routes call."""

    authenticator: Authenticator
    events: EventsEndpoint
    receipts: Receipts
    subscriptions: Subscriptions
    reader: FeedReader
    live: LiveFeeds
    readiness: Readiness
    inspections: Inspections
    base_url: str


def compose(parts: GatewayParts) -> Services:
    """Build the services from the parts. Nothing connects here."""
    keys = parts.token_keys
    if keys is None and parts.partners.oauth is not None:
        keys = token_keys_for(parts.partners.oauth)
    base_url = parts.settings.public_url
    recent = RecentAcceptances()
    subscriptions = Subscriptions(parts)
    reader = FeedReader(parts, subscriptions)
    return Services(
        authenticator=Authenticator(parts.partners, keys),
        events=EventsEndpoint(Publishing(parts, recent), parts.metrics, base_url),
        receipts=Receipts(parts.ledger, recent),
        subscriptions=subscriptions,
        reader=reader,
        live=LiveFeeds(parts, reader),
        readiness=Readiness(parts.publisher, parts.ledger),
        inspections=Inspections(parts),
        base_url=base_url,
    )


def services_of(request: Request) -> Services:
    """Return the services of the application that answers this request."""
    services: Services = request.app.state.services
    return services


# Dependencies are coroutines although they wait for nothing: FastAPI would send plain functions to a thread.
async def the_services(request: Request) -> Services:
    """Return the services, as a dependency."""
    return services_of(request)


async def the_instance(request: Request) -> str:
    """Return the RFC 9457 instance of this request."""
    return instance_urn(request.scope["state"][CORRELATION])


async def publisher(request: Request) -> Caller:
    """Return the caller, who may publish."""
    caller = await services_of(request).authenticator.authenticate(request.headers)
    caller.require(Scope.PUBLISH)
    return caller


async def consumer(request: Request) -> Caller:
    """Return the caller, who may consume."""
    caller = await services_of(request).authenticator.authenticate(request.headers)
    caller.require(Scope.CONSUME)
    return caller


async def anyone_known(request: Request) -> Caller:
    """Return the caller, who may publish or consume."""
    caller = await services_of(request).authenticator.authenticate(request.headers)
    caller.require(Scope.PUBLISH, Scope.CONSUME)
    return caller


PublishingCaller = Annotated[Caller, Depends(publisher)]
ConsumingCaller = Annotated[Caller, Depends(consumer)]
KnownCaller = Annotated[Caller, Depends(anyone_known)]
TheServices = Annotated[Services, Depends(the_services)]
