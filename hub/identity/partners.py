"""The partners of one city: who they are, what they may send, how they prove themselves, how they receive.

`load_partners` reads one TOML file and refuses it as a whole when anything is wrong; `PartnerBook` answers
questions about it. `deploy/partners.example.toml` shows every setting.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel

from hub.identity.partners_book import (
    FEED,
    City,
    Clock,
    Delivery,
    OauthSettings,
    Partner,
    PartnerBook,
    utc_now,
)
from hub.identity.partners_keys import new_api_key
from hub.identity.partners_problems import ConfigurationError, Problem
from hub.identity.partners_reader import read_content
from hub.identity.partners_secrets import Secret

__all__ = [
    "FEED",
    "City",
    "ConfigurationError",
    "Delivery",
    "OauthSettings",
    "Partner",
    "PartnerBook",
    "Problem",
    "Secret",
    "load_partners",
    "new_api_key",
]


def load_partners(
    path: Path,
    *,
    environment: Mapping[str, str] | None = None,
    target_forms: Mapping[str, type[BaseModel]] | None = None,
    clock: Clock = utc_now,
    with_secrets: bool = True,
) -> PartnerBook:
    """Read and check the partner configuration.

    Args:
        path: the TOML file; `file:` references in it are relative to its folder.
        environment: where `env:` references look; the process environment by default.
        target_forms: the form of each connector's target (`connectors.catalogue.target_forms()`). The process
            that delivers passes it, so that a wrong address or key is found at start; a process that does not
            deliver knows no connectors and leaves it out.
        clock: the present instant, for keys and for partners that start or stop.
        with_secrets: whether secrets of deliveries are looked up. Only the process that delivers needs them; for
            all others they need not be there, and the targets come without them.

    Raises:
        ConfigurationError: with every problem found, each with file and line.
    """
    found = os.environ if environment is None else environment
    return PartnerBook(
        read_content(path, found, target_forms, clock(), with_secrets=with_secrets), clock=clock
    )
