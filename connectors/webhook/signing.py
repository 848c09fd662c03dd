"""Standard Webhooks signatures over the bytes that are sent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from standardwebhooks import Webhook


def signature_headers(
    *,
    delivery_id: str,
    sent_at_seconds: int,
    body: bytes,
    secrets: Sequence[str],
) -> dict[str, str]:
    """Return the three headers of Standard Webhooks 1.0.0.

    `webhook-id` is the delivery id, the same in every retry, so that a receiver can drop repeats.
    `sent_at_seconds` is the instant of this attempt in seconds since 1970: receivers refuse what is older than
    five minutes. With several secrets (key rotation) the header holds one signature for each, separated by a
    space. `body` must be UTF-8, as all our bodies are; the signature covers exactly these bytes.
    """
    text = body.decode("utf-8")
    moment = datetime.fromtimestamp(sent_at_seconds, UTC)
    signatures = [Webhook(secret).sign(delivery_id, moment, text) for secret in secrets]
    return {
        "webhook-id": delivery_id,
        "webhook-timestamp": str(sent_at_seconds),
        "webhook-signature": " ".join(signatures),
    }
