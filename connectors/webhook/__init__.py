"""Webhooks: CloudEvents 1.0 over HTTP, signed after Standard Webhooks.

What lives here: the form of a target, the judgement of network addresses, signatures, and what an answer means.
What may not: deciding whether something may be sent, retrying, or keeping anything. Called by `agents/deliver`.
"""

from __future__ import annotations

from typing import Final

from connectors.contract import Description, Direction
from connectors.webhook.sender import WebhookConnector
from connectors.webhook.target import WebhookTarget
from hub.core.model import JsonObject


def _example_target(address: str) -> JsonObject:
    return {
        "url": address,
        "secrets": ["whsec_" + "ZXhhbXBsZS1rZXktb2YtMzItYnl0ZXMtbm90LXNlY3JldCE="],
        "allow_plain_http": True,
        "allow_private_addresses": True,
    }


CONNECTOR: Final = Description(
    name="webhook",
    standard="CloudEvents over HTTP, NL GOV profile; Standard Webhooks signatures",
    version="1.0.2; 1.1; 1.0.0",
    directions=frozenset({Direction.OUTBOUND}),
    target=WebhookTarget,
    outbound=WebhookConnector,
    example_target=_example_target,
)
