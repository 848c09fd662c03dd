"""The directory, areas and policy of a vector as the partner configuration of a running hub."""

from __future__ import annotations

import json
import secrets
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hub.core.codes import HUB_KIND
from hub.core.model import Json, JsonObject
from hub.core.standing import patch_directory
from hub.identity.partners import load_partners
from hub.identity.partners_keys import new_api_key
from hub.identity.partners_problems import ConfigurationError

KEYS_FROM, KEYS_TO = "2020-01-01T00:00:00Z", "2040-01-01T00:00:00Z"
"""The vectors lie between 2026 and 2032; the keys of their partners hold all that time."""

DIRECTORY_TEXTS = ("org", "kind", "name", "reach", "partnership")
DIRECTORY_DATES = ("active_from", "active_to")


@dataclass(frozen=True, slots=True)
class Configuration:
    """What of a vector is configuration; `label` is the same for equal ones."""

    directory: tuple[Json, ...]
    areas: Json
    policy: Json
    fixed_protectors: Json

    @property
    def label(self) -> str:
        """Return what tells it apart from others."""
        return json.dumps([self.directory, self.areas, self.policy, self.fixed_protectors], sort_keys=True)


@dataclass(frozen=True, slots=True)
class Access:
    """What the partners hold: an API key each and the secret of their webhooks."""

    api_keys: dict[str, str] = field(default_factory=dict, repr=False)
    hashes: dict[str, str] = field(default_factory=dict, repr=False)
    secret: str = field(
        default_factory=lambda: "whsec_" + b64encode(secrets.token_bytes(32)).decode(), repr=False
    )

    def key_of(self, org: str) -> tuple[str, str]:
        """Return id and hash of an organisation's API key; the same in every configuration."""
        if org not in self.api_keys:
            self.api_keys[org], self.hashes[org] = new_api_key()
        return self.api_keys[org].partition(".")[0], self.hashes[org]


def configuration_of(vector: Mapping[str, Any], defaults: Mapping[str, Any]) -> Configuration:
    """Return the configuration under which a vector must be judged."""
    given = vector.get("facts")
    facts: Mapping[str, Any] = given if isinstance(given, dict) else {}
    directory: Any = facts.get("directory", defaults["directory"])
    if "directory_patch" in facts:
        directory = patch_directory(directory, facts["directory_patch"])
    return Configuration(
        tuple(directory),
        facts.get("areas", defaults["areas"]),
        vector.get("policy", {}),
        facts.get("fixed_protectors", []),
    )


def sources_of(org: str) -> list[Json]:
    """Return the CloudEvents sources that the vectors give an organisation's systems."""
    return [f"urn:nld:kvk:test:systeem:{org}", f"urn:nld:kvk:test:systeem:{org}-care", f"urn:nld:test:{org}"]


def write_partners(path: Path, configuration: Configuration, access: Access, webhooks: str) -> None:
    """Write the partner configuration: everybody may publish, and receives at `<webhooks>/<org>`.

    The city has no coordinator: what the hub tells one on its own account is no part of a vector.
    """
    blocks = [] if configuration.areas else ["area = []"]  # left out, the table of the defaults would hold
    for row in configuration.directory:
        if isinstance(row, dict) and row.get("kind") != HUB_KIND:
            blocks += [*_partner(row, access), *_credentials(row, access, webhooks), ""]
    for table, rows in (("area", configuration.areas), ("fixed_protector", configuration.fixed_protectors)):
        for row in rows if isinstance(rows, list) else ():
            blocks += [f"[[{table}]]", *_dated(row, ("from", "to")), ""]
    policy = (
        configuration.policy if isinstance(configuration.policy, dict) else {"policy": configuration.policy}
    )
    blocks += ["[policy]", *(f"{_toml(key)} = {_toml(value)}" for key, value in policy.items())]
    path.write_text("\n".join(blocks), encoding="utf-8")


def is_refused(path: Path) -> bool:
    """Return whether no process of a hub starts with this configuration."""
    try:
        load_partners(path, with_secrets=False)
    except ConfigurationError:
        return True
    return False


def _partner(row: Mapping[str, Any], access: Access) -> list[str]:
    """Return the lines of one organisation; ill-formed values go along as they are."""
    access.key_of(str(row["org"]))
    lines = ["[[partner]]"]
    lines += [f"{name} = {_toml(row[name])}" for name in DIRECTORY_TEXTS if row.get(name) is not None]
    lines += [f"{name} = {_date(row[name])}" for name in DIRECTORY_DATES if row.get(name) is not None]
    if "name" not in row:
        lines.append(f"name = {_toml(row['org'])}")
    lines += [f"{name} = {_toml(row[name])}" for name in ("districts", "suspended") if name in row]
    if row.get("purposes") is not None:
        lines.append(f"purposes = {_toml(row['purposes'])}")
    elif "purposes" in row:
        lines.append('purposes = "null"')  # TOML has no null: what is no list is refused all the same
    return lines


def _credentials(row: Mapping[str, Any], access: Access, webhooks: str) -> list[str]:
    org = str(row["org"])
    key_id, digest = access.key_of(org)
    return [
        f"sources = {_toml(sources_of(org))}",
        'telephone = "+31700000000"',
        'role = "bereikbaarheidsdienst"',
        'may_publish = ["*"]',
        'scopes = ["events.publish", "events.consume"]',
        "[[partner.api_key]]",
        f'id = "{key_id}"',
        f'hash = "{digest}"',
        f"not_before = {KEYS_FROM}",
        f"expires_at = {KEYS_TO}",
        "[partner.delivery]",
        'connector = "webhook"',
        f'url = "{webhooks}/{org}"',
        'secrets = ["env:VECTOR_WEBHOOK_SECRET"]',
        "allow_plain_http = true",
        "allow_private_addresses = true",
    ]


def _dated(row: JsonObject, dates: tuple[str, ...]) -> Iterator[str]:
    for name, value in row.items():
        if value is not None:
            yield f"{name} = {_date(value) if name in dates else _toml(value)}"


def _date(value: Json) -> str:
    """Return a date as TOML has it; other text stays text, and is refused as no date."""
    return _toml(value)


def _toml(value: Json) -> str:
    """Return a JSON value as TOML: the same but for objects."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {_toml(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value)
