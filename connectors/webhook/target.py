"""The target of a webhook: address, keys and form of one receiver."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from connectors.webhook.addresses import ambiguous_host

URL_MAX_CHARACTERS: Final = 2042
"""As the VNG Notification API allows for addresses."""

SECRET_MIN_BYTES: Final = 24
SECRET_MAX_BYTES: Final = 64
"""Standard Webhooks, Symmetric: a secret has 24 to 64 random bytes."""

SECRETS_MAX: Final = 2
"""The present key and its successor during a rotation."""


def _checked_url(url: str) -> str:
    if any(character <= " " or character in {"\x7f", "\\"} for character in url):
        raise ValueError("holds a blank, control character or backslash")
    try:
        parts = urlsplit(url)
        port_fits = parts.port is None or parts.port > 0
    except ValueError:
        raise ValueError("is not an address") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("must be a full address that begins with https://")
    if parts.username is not None or parts.password is not None:
        raise ValueError("must not hold a user name or password")
    if parts.fragment or not port_fits:
        raise ValueError("must not hold a fragment or port 0")
    if ambiguous_host(parts.hostname) or "%" in parts.hostname:
        raise ValueError("must name its host plainly, not as a number")
    return url


def _checked_secret(secret: str) -> str:
    """Check the form `whsec_` + Base64. The text of the error never holds the secret."""
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("must be Base64, with or without whsec_ before it") from None
    if not SECRET_MIN_BYTES <= len(key) <= SECRET_MAX_BYTES:
        raise ValueError(f"must have {SECRET_MIN_BYTES} to {SECRET_MAX_BYTES} bytes")
    return secret


class WebhookTarget(BaseModel):
    """One receiver's address.

    `secrets` are one or two Standard Webhooks keys; with two, every message carries two signatures and the
    receiver may verify with either. `mode` is the CloudEvents HTTP content mode: `structured` puts the whole
    event under the signature, `binary` puts the attributes into headers, which Standard Webhooks does not sign.
    `domain` and `subscriber_reference` become the attributes of the VNG Notification API.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)

    url: Annotated[str, Field(max_length=URL_MAX_CHARACTERS), AfterValidator(_checked_url)]
    secrets: Annotated[
        list[Annotated[str, AfterValidator(_checked_secret)]],
        Field(min_length=1, max_length=SECRETS_MAX, repr=False),
    ]
    mode: Literal["structured", "binary"] = "structured"
    domain: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[a-z0-9.-]+$")] | None = None
    subscriber_reference: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    allow_plain_http: bool = False
    allow_private_addresses: bool = False

    @model_validator(mode="after")
    def _encrypted(self) -> WebhookTarget:
        if urlsplit(self.url).scheme != "https" and not self.allow_plain_http:
            raise ValueError("'url' must be https unless 'allow_plain_http' is true")
        return self
