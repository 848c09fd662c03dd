"""The CloudEvent that a receiver gets, made from an opened delivery: the same over every connector."""

from __future__ import annotations

from typing import Final

from connectors.contract import OpenedDelivery

DOMAIN: Final = "nl.jeugdigen"
"""The namespace of all our event types (EVENTS.md section 1); `domain` of the VNG Notification API."""

SEQUENCE_TYPE: Final = "Integer"
"""CloudEvents extension Sequence: `sequence` is a signed 32-bit integer in text, counted from 1 and up by 1."""


def egress_attributes(
    delivery: OpenedDelivery,
    *,
    domain: str | None = None,
    subscriber_reference: str | None = None,
) -> dict[str, str]:
    """Return the context attributes of a delivery as they leave the hub.

    Added to the event's own: `sequence` and `sequencetype` (CloudEvents extension Sequence; without gaps per
    subscription, so that a receiver can prove that it missed nothing), and `subscription`, `domain` and, where
    the subscriber gave one, `subscriberReference` (VNG Notification API).
    """
    attributes = {"specversion": "1.0", "datacontenttype": "application/json", "domain": domain or DOMAIN}
    attributes.update(delivery.attributes)
    attributes["sequence"] = str(delivery.sequence)
    attributes["sequencetype"] = SEQUENCE_TYPE
    attributes["subscription"] = delivery.subscription_id
    if subscriber_reference is not None:
        attributes["subscriberReference"] = subscriber_reference
    return attributes
