"""Where a delivery goes: the checked form of a target and what follows from it, worked out once per target."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import httpcore
import httpx

from connectors.webhook.target import WebhookTarget
from hub.core.model import Json, JsonObject

PLACES_MAX: Final = 1_000
"""Targets remembered: every receiver of a large city. Beyond it all are worked out anew."""


@dataclass(frozen=True, slots=True)
class Place:
    """A target ready for use. `origin` tells hosts apart; `host` is the header, without the scheme's own port."""

    form: WebhookTarget
    url: httpcore.URL
    host: bytes
    origin: str


class Places:
    """Remembers the places of targets, by their whole content: a changed target is judged anew."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[JsonObject, Place]] = {}

    def of(self, target: Mapping[str, Json]) -> Place:
        """Return the place of a target. Raises ValueError when it has not the form of a webhook's target."""
        document = dict(target)
        name = f"{document.get('subscriber_reference')} {document.get('mode')} {document.get('url')}"
        known = self._known.get(name)
        if known is not None and known[0] == document:
            return known[1]
        place = _place(WebhookTarget.model_validate(document))
        if len(self._known) >= PLACES_MAX:
            self._known.clear()
        self._known[name] = (document, place)
        return place


def _place(form: WebhookTarget) -> Place:
    try:
        url = httpx.URL(form.url)
    except httpx.InvalidURL:
        raise ValueError("is not an address") from None
    parts = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
    return Place(form, parts, url.netloc, f"{url.scheme}://{url.host}:{url.port}")
