"""Standard Webhooks: the published vectors give what they say."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from connectors.webhook.signing import signature_headers

SAMPLES = Path(__file__).resolve().parents[2].parent / "shared" / "samples" / "standard-webhooks"


def published() -> dict[str, Any]:
    path = SAMPLES / "signature-vectors.json"
    if not path.exists():
        pytest.skip(
            "the shared samples are not beside this checkout; the sequence is tested with our own keys too"
        )
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


class At(datetime):
    """A clock that stands at one moment."""

    moment = datetime.fromtimestamp(0, UTC)

    @classmethod
    def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]
        return cls.moment.astimezone(tz)


def verified(vector: dict[str, Any], headers: dict[str, str]) -> bool:
    """Tell whether the public library takes the message at the moment of the vector."""
    At.moment = datetime.fromtimestamp(vector["receivedAt"], UTC)
    with mock.patch("standardwebhooks.webhooks.datetime", At):
        try:
            Webhook(vector["secret"]).verify(vector["payload"], headers)
        except (WebhookVerificationError, ValueError):
            return False
    return True


def test_each_published_vector_is_judged_as_it_says() -> None:
    """The library that receivers use accepts and refuses exactly as the vectors expect."""
    vectors = published()["vectors"]
    names = {"webhook-id": "id", "webhook-timestamp": "timestamp", "webhook-signature": "signature"}
    for vector in vectors:
        headers = {header: vector[name] for header, name in names.items() if vector[name] is not None}
        assert verified(vector, headers) is (vector["expected"] == "valid"), vector["name"]
    assert len(vectors) >= 10


def test_our_signature_of_a_published_vector_is_the_published_one() -> None:
    """For every vector with a right signature, ours is among its signatures, and a receiver takes our headers."""
    for vector in published()["vectors"]:
        if vector["expected"] != "valid":
            continue
        headers = signature_headers(
            delivery_id=vector["id"],
            sent_at_seconds=int(vector["timestamp"]),
            body=vector["payload"].encode(),
            secrets=[vector["secret"]],
        )
        assert headers["webhook-signature"] in vector["signature"].split(" ")
        assert headers["webhook-id"] == vector["id"]
        assert headers["webhook-timestamp"] == vector["timestamp"]
        assert verified(vector, headers)


@pytest.mark.parametrize("name", ["payload-generic.json", "payload-thin.json"])
def test_published_payloads_can_be_signed(name: str) -> None:
    """The bytes of the published payload examples are signed as they are."""
    published()
    body = (SAMPLES / name).read_bytes()
    secret = "whsec_" + "Zmlyc3Qta2V5LWZpcnN0LWtleS1maXJzdC1rZXktMSE="
    now = int(datetime.now(UTC).timestamp())
    headers = signature_headers(delivery_id="msg_1", sent_at_seconds=now, body=body, secrets=[secret])
    assert Webhook(secret).verify(body, headers) == json.loads(body)


def test_two_keys_give_two_signatures_in_one_header() -> None:
    """During a rotation a receiver may verify with the old or the new key, and with no other."""
    keys = [f"whsec_{word * 8}" for word in ("QUFB", "QkJC", "Q0ND")]
    now = int((datetime.now(UTC) - timedelta(minutes=4)).timestamp())
    body = '{"naam":"één"}'.encode()
    headers = signature_headers(delivery_id="msg_1", sent_at_seconds=now, body=body, secrets=keys[:2])
    for key in keys[:2]:
        Webhook(key).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(keys[2]).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(keys[0]).verify(body.replace(b":", b": "), headers)
