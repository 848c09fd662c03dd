"""`/subscriptions`: what a partner wants delivered, and where. A partner sees and changes only its own."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

from hub.core.model import Json, JsonObject
from hub.gateway.authentication import Caller
from hub.gateway.limits import SUBSCRIPTIONS_PER_PARTNER_MAX
from hub.gateway.parts import GatewayParts
from hub.gateway.problems import ProblemError
from hub.gateway.reasons import GatewayReason
from hub.gateway.sinks import API_ORIGIN, REQUEST, SEALED_SECRETS, SECRETS_KEPT, new_secret
from hub.gateway.subscription_forms import CONNECTORS, Protocol, SubscriptionRequest, read_request
from hub.ledger.interface import Subscription


class Subscriptions:
    """The subscriptions of one gateway."""

    def __init__(self, parts: GatewayParts) -> None:
        self._parts = parts
        self._ledger = parts.ledger

    async def list(self, caller: Caller) -> JsonObject:
        """Return all subscriptions of the caller, in the order of their ids."""
        own = sorted(await self._ledger.subscriptions(caller.org), key=lambda item: item.subscription_id)
        return {"count": len(own), "results": [self.view(item) for item in own]}

    async def own(self, subscription_id: str, caller: Caller) -> Subscription:
        """Return one subscription of the caller; another partner's looks like an unknown one."""
        for item in await self._ledger.subscriptions(caller.org):
            if item.subscription_id == subscription_id and item.org == caller.org:
                return item
        raise ProblemError(GatewayReason.SUBSCRIPTION_UNKNOWN)

    async def create(self, body: Json, caller: Caller) -> JsonObject:
        """Make a subscription; a pushed one gets a signing secret, shown in this answer only."""
        request = read_request(body)
        self._check_sink(request, caller)
        if len(await self._ledger.subscriptions(caller.org)) >= SUBSCRIPTIONS_PER_PARTNER_MAX:
            raise ProblemError(GatewayReason.TOO_MANY_SUBSCRIPTIONS)
        subscription = subscription_of(request, str(uuid4()), caller.org)
        if request.protocol is Protocol.FEED:
            await self._ledger.put_subscription(subscription)
            return self.view(subscription)
        secret, subscription = await self._with_new_secret(subscription)
        await self._ledger.put_subscription(subscription)
        return {**self.view(subscription), "secret": secret}

    async def change(self, subscription_id: str, body: Json, caller: Caller, *, merge: bool) -> JsonObject:
        """Replace a subscription (PUT) or the members that are named (PATCH, RFC 7396). Its secrets stay."""
        known = await self._changeable(subscription_id, caller)
        if not isinstance(body, dict):
            raise ProblemError(GatewayReason.FORM_INVALID)
        request = read_request({**request_of(known), **body} if merge else body)
        if CONNECTORS[request.protocol] != known.connector:
            # Numbers of a feed and of a sink count separately: another way of delivery is another subscription.
            raise ProblemError(GatewayReason.FORM_INVALID, pointers=("/protocol",))
        self._check_sink(request, caller)
        changed = subscription_of(request, known.subscription_id, caller.org)
        sealed = known.target.get(SEALED_SECRETS)
        if sealed is not None:
            changed = replace(changed, target={**changed.target, SEALED_SECRETS: sealed})
        await self._ledger.put_subscription(changed)
        return self.view(changed)

    async def new_secret(self, subscription_id: str, caller: Caller) -> JsonObject:
        """Give a sink a new secret; the one before it signs beside it until the next rotation."""
        known = await self._changeable(subscription_id, caller)
        if known.connector != CONNECTORS[Protocol.HTTP]:
            raise ProblemError(GatewayReason.FORM_INVALID, pointers=("/protocol",))
        secret, changed = await self._with_new_secret(known)
        await self._ledger.put_subscription(changed)
        return {"secret": secret}

    async def remove(self, subscription_id: str, caller: Caller) -> None:
        """End a subscription; what waits goes to the partner's configured delivery."""
        known = await self._changeable(subscription_id, caller)
        if not await self._ledger.remove_subscription(known.subscription_id):
            raise ProblemError(GatewayReason.SUBSCRIPTION_UNKNOWN)

    def view(self, subscription: Subscription) -> JsonObject:
        """Return a subscription as the API shows it. Never a secret, sealed or not."""
        url = f"{self._parts.settings.public_url}/subscriptions/{subscription.subscription_id}"
        protocol = Protocol.FEED if subscription.connector == CONNECTORS[Protocol.FEED] else Protocol.HTTP
        configured = self._parts.partners.delivery(subscription.org)
        address = str(configured.target.get("url", "")) if configured is not None else ""
        shown: JsonObject = {
            "id": subscription.subscription_id,
            "url": url,
            "protocol": protocol.value,
            "sink": f"{url}/feed" if protocol is Protocol.FEED else address,
            "active": subscription.active,
            "origin": subscription.origin,
        }
        return shown | request_of(subscription)

    async def _changeable(self, subscription_id: str, caller: Caller) -> Subscription:
        known = await self.own(subscription_id, caller)
        if known.origin != API_ORIGIN:
            raise ProblemError(GatewayReason.SUBSCRIPTION_READ_ONLY)
        return known

    def _check_sink(self, request: SubscriptionRequest, caller: Caller) -> None:
        """Take only addresses within the origins that the configuration registers for this partner."""
        if request.protocol is Protocol.FEED or request.sink is None:
            return
        delivery = self._parts.partners.delivery(caller.org)
        usable = delivery is not None and delivery.connector == CONNECTORS[Protocol.HTTP]
        if delivery is None or not usable or delivery.target_at(request.sink) is None:
            raise ProblemError(GatewayReason.SINK_NOT_ALLOWED, pointers=("/sink",))

    async def _with_new_secret(self, subscription: Subscription) -> tuple[str, Subscription]:
        secret, sealed = await new_secret(subscription.subscription_id, self._parts.sink_secrets)
        known = subscription.target.get(SEALED_SECRETS)
        kept = [sealed, *(known if isinstance(known, list) else [])][:SECRETS_KEPT]
        return secret, replace(subscription, target={**subscription.target, SEALED_SECRETS: kept})


def subscription_of(request: SubscriptionRequest, subscription_id: str, org: str) -> Subscription:
    """Return the ledger's row of a request, without secrets."""
    target: JsonObject = {REQUEST: request.document()}
    if request.sink is not None:
        target["url"] = request.sink
    return Subscription(
        subscription_id=subscription_id,
        org=org,
        connector=CONNECTORS[request.protocol],
        target=target,
        filter_document=request.filter_document() or None,
        types=tuple(request.types or ()),
        reference=request.subscriberReference,
        origin=API_ORIGIN,
    )


def request_of(subscription: Subscription) -> JsonObject:
    """Return what was asked for; of a configured subscription only what its owner may change nothing of."""
    asked = subscription.target.get(REQUEST)
    if isinstance(asked, dict):
        return dict(asked)
    return {"types": list(subscription.types)} if subscription.types else {}
