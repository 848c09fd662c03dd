"""Signing secrets of sinks: made here, shown once, kept sealed in the subscription, opened by the delivering worker.

A subscription made through the API names an address of its partner; everything else about the delivery (plain
http, private addresses) stays as the configuration has it, so stolen credentials cannot redirect messages.
"""

from __future__ import annotations

import base64
import secrets
from typing import Final

from hub.core.model import Json, JsonObject
from hub.identity.keys import KeyProvider
from hub.identity.partners import PartnerBook
from hub.ledger.interface import Subscription

API_ORIGIN: Final = "api"
"""`Subscription.origin` of a subscription made through this door."""

SECRET_BYTES: Final = 32
"""Standard Webhooks asks 24 to 64 random bytes."""

SECRETS_KEPT: Final = 2
"""The new secret and its predecessor: both sign until the next rotation, so a receiver can change over at ease."""

SECRET_PREFIX: Final = "whsec_"  # noqa: S105 - the mark before a secret, no secret
SEALED_SECRETS: Final = "sealed_secrets"
REQUEST: Final = "request"


class SinkNotAllowedError(Exception):
    """The configuration no longer allows this subscription's address. Nothing may be sent there."""


def _context(subscription_id: str) -> bytes:
    """Bind a sealed secret to its subscription: moved to another row it does not open."""
    return f"samenhub sink secret\n{subscription_id}".encode()


async def new_secret(subscription_id: str, provider: KeyProvider) -> tuple[str, JsonObject]:
    """Return a fresh secret as the partner sees it once, and its sealed form for the ledger."""
    secret = secrets.token_bytes(SECRET_BYTES)
    master_key_id, wrapped = await provider.wrap(secret, _context(subscription_id))
    sealed: JsonObject = {
        "master_key_id": master_key_id,
        "wrapped": base64.b64encode(wrapped).decode("ascii"),
    }
    return SECRET_PREFIX + base64.b64encode(secret).decode("ascii"), sealed


async def _opened(sealed: Json, subscription_id: str, provider: KeyProvider) -> str:
    if not isinstance(sealed, dict):
        raise SinkNotAllowedError("a sealed secret is unreadable")
    wrapped = base64.b64decode(str(sealed.get("wrapped", "")))
    secret = await provider.unwrap(str(sealed.get("master_key_id", "")), wrapped, _context(subscription_id))
    return SECRET_PREFIX + base64.b64encode(secret).decode("ascii")


async def target_of(subscription: Subscription, partners: PartnerBook, provider: KeyProvider) -> JsonObject:
    """Return the connector's target of a subscription, secrets in clear: for the connector only, never written.

    A subscription of the configuration has the target of the configuration. One of the API has its own address
    within what the configuration allows now, and its own secrets.

    Raises:
        SinkNotAllowedError: the configuration no longer has such a delivery or allows such an address.
        KeyUnusable: a secret's master key is not held.
    """
    delivery = partners.delivery(subscription.org)
    if delivery is None or delivery.connector != subscription.connector:
        raise SinkNotAllowedError("the configuration has no such delivery for this partner")
    if subscription.origin != API_ORIGIN:
        return dict(delivery.target)
    target = delivery.target_at(str(subscription.target.get("url", "")))
    if target is None:
        raise SinkNotAllowedError("the configuration does not allow this address")
    sealed = subscription.target.get(SEALED_SECRETS)
    items = sealed if isinstance(sealed, list) else []
    target["secrets"] = [await _opened(item, subscription.subscription_id, provider) for item in items]
    return target | _own_settings(subscription)


def _own_settings(subscription: Subscription) -> JsonObject:
    """Return what the subscriber chose within the connector's form: mode, domain and reference."""
    request = subscription.target.get(REQUEST)
    asked = request if isinstance(request, dict) else {}
    config = asked.get("config")
    found: JsonObject = {}
    if isinstance(config, dict) and config.get("mode") is not None:
        found["mode"] = config["mode"]
    if subscription.reference is not None:
        found["subscriber_reference"] = subscription.reference
    return found
