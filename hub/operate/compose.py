"""Parts that several processes share. The composition roots are `compose_gateway.py` and `compose_workers.py`."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from pydantic import BaseModel

from hub.core.defaults import DEFAULTS
from hub.core.model import JsonObject
from hub.core.standing import Standing, compile_standing
from hub.identity.bsn import Environment
from hub.identity.key_material import VersionedKeys
from hub.identity.keys import KeyProvider, KeyRing, LocalKeyProvider
from hub.identity.partners import FEED, PartnerBook, load_partners
from hub.identity.pseudonyms import Pseudonyms
from hub.ledger.interface import Ledger, Subscription
from hub.ledger.open import open_ledger
from hub.operate.clock import clock_of, moment_of
from hub.operate.logs import logger
from hub.operate.settings import Settings

DIGEST_CONTEXT = b"samenhub digest key"
"""The digest key is derived from the first pseudonym key: it must stay the same as long as digests are compared."""


CONFIGURATION_DIGEST_CHARACTERS = 12
"""48 bits tell the configurations of one city apart; the files themselves are in the city's own version control."""


class SettingsError(ValueError):
    """A setting that cannot be used; the text names the setting, never a secret."""


@dataclass(frozen=True, slots=True)
class Keys:
    """The secrets of one process: pseudonyms and digests for all that name people, master keys for content."""

    pseudonyms: Pseudonyms
    digest_key: bytes
    provider: KeyProvider


def versioned_keys(setting: str) -> VersionedKeys:
    """Read keys from where a setting says: `file:PATH` or `env:NAME`."""
    kind, _, place = setting.partition(":")
    if kind == "file" and place:
        return VersionedKeys.from_file(Path(place))
    if kind == "env" and place:
        return VersionedKeys.from_environment(place)
    raise SettingsError("keys are named as file:PATH or env:NAME")


def read_keys(settings: Settings) -> Keys:
    """Read the secrets of a process that seals or opens content. Deciding processes must not call this."""
    versions = versioned_keys(settings.pseudonym_keys)
    oldest = versions.newest_first()[-1][1]
    return Keys(
        pseudonyms=Pseudonyms(versions),
        digest_key=hmac.new(oldest, DIGEST_CONTEXT, hashlib.sha256).digest(),
        provider=LocalKeyProvider(versioned_keys(settings.master_keys)),
    )


def key_ring(keys: Keys, ledger: Ledger) -> KeyRing:
    """Return the children's data keys: wrapped in the ledger, opened here on demand."""
    return KeyRing(keys.provider, ledger.data_keys)


def number_environment(settings: Settings) -> Environment:
    """Return which citizen numbers this hub takes."""
    return Environment.PRODUCTION if settings.environment == "production" else Environment.TEST


def read_partners(settings: Settings, target_forms: dict[str, type[BaseModel]] | None = None) -> PartnerBook:
    """Read the partner configuration and log its warnings.

    With `target_forms` (the delivering process) targets are checked and their secrets read; else neither is needed.
    """
    with_secrets = target_forms is not None
    clock = moment_of(clock_of(settings))
    book = load_partners(settings.partners, target_forms=target_forms, with_secrets=with_secrets, clock=clock)
    if book.warnings:  # their sentences name lines of the file; `hub partner check` shows them
        logger().warning("partner_configuration_warnings", count=len(book.warnings))
    return book


def standing_of(book: PartnerBook) -> Standing:
    """Compile partners, areas and policy for the core."""
    return compile_standing(
        directory=book.directory(),
        areas=book.areas(),
        policy=book.policy(),
        defaults=DEFAULTS,
        fixed_protectors=book.fixed_protectors(),
    )


def rule_set_of(book: PartnerBook) -> str:
    """Return what stands on every decision row: the version of the rules and a digest of the configuration."""
    configuration: JsonObject = {
        "directory": list(book.directory()),
        "areas": list(book.areas()),
        "fixed_protectors": list(book.fixed_protectors()),
        "policy": book.policy(),
    }
    digest = hashlib.sha256(json.dumps(configuration, sort_keys=True).encode()).hexdigest()
    return f"samenhub/{version('samenhub')}+{digest[:CONFIGURATION_DIGEST_CHARACTERS]}"


async def open_own_ledger(settings: Settings, book: PartnerBook, owner: str) -> Ledger:
    """Open the ledger of a process that decides or delivers by this configuration."""
    return await open_ledger(
        settings.database, owner=owner, pool_size=settings.database_pool, rule_set=rule_set_of(book)
    )


def default_subscription(book: PartnerBook, org: str) -> Subscription:
    """Return the subscription that the configuration gives a partner: always the same id, its address, no secret."""
    delivery = book.delivery(org)
    connector = delivery.connector if delivery else FEED
    return Subscription(
        subscription_id=str(uuid5(NAMESPACE_URL, f"samenhub:subscription:{org}")),
        org=org,
        connector=connector,
        target={},
        origin="configuration",
    )


async def register_partners(ledger: Ledger, book: PartnerBook) -> None:
    """Give every partner of the configuration its default subscription; safe to repeat."""
    for partner in book.partners:
        await ledger.put_subscription(default_subscription(book, partner.org))
