"""Who takes part in the demonstration, and their partner configuration with fresh credentials."""

from __future__ import annotations

import json
import secrets
from base64 import b64encode
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hub.identity.partners_keys import new_api_key

KEY_DAYS = 30
"""A demonstration that is left running for a month is forgotten."""

CARE_PURPOSES = (
    "help_request", "referral", "coordination", "consultation", "waiting_list_support", "feedback",
    "safety_report", "crisis", "aftercare_pilot_light",
)  # fmt: skip

DISTRICTS = {
    "centrum": "rondomjou", "laak": "rondomjou", "haagse_hout": "rondomjou", "leidschenveen_ypenburg": "rondomjou",
    "escamp": "kracht", "scheveningen": "kracht", "segbroek": "kracht", "loosduinen": "kracht",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Player:
    """One organisation. `reach` as in ROUTING.md; `pushed` says webhook instead of feed."""

    org: str
    kind: str
    name: str
    telephone: str
    reach: str = "city"
    pushed: bool = False
    partnership: str | None = None
    districts: tuple[str, ...] = ()

    @property
    def source(self) -> str:
        """Return the CloudEvents source of this organisation's system."""
        return f"urn:nld:test:{self.org}:systeem:demo"


PLAYERS = (
    Player("school_1", "school", "Testschool Een", "+31700000001", reach="relation"),
    Player("gp_1", "gp", "Test huisarts Een", "+31700000002", reach="relation"),
    Player("youth_health_1", "youth_health", "Test jeugdgezondheidszorg", "+31700000003"),
    Player(
        "lt_kracht_escamp", "local_team", "Testteam Kracht Escamp", "+31700000004",
        reach="districts", pushed=True, partnership="kracht", districts=("escamp",),
    ),
    Player(
        "lt_kracht_kust", "local_team", "Testteam Kracht Kust", "+31700000008",
        reach="districts", partnership="kracht", districts=("scheveningen", "segbroek", "loosduinen"),
    ),
    Player(
        "lt_rondomjou_centrum", "local_team", "Testteam rondomJou Centrum", "+31700000009",
        reach="districts", partnership="rondomjou", districts=("centrum",),
    ),
    Player(
        "lt_rondomjou_rand", "local_team", "Testteam rondomJou Rand", "+31700000010",
        reach="districts", partnership="rondomjou", districts=("laak", "haagse_hout", "leidschenveen_ypenburg"),
    ),
    Player("youth_care_1", "youth_care", "Test jeugdhulp", "+31700000005", reach="relation", pushed=True),
    Player("vt_1", "veilig_thuis", "Test Veilig Thuis", "+31700000006", pushed=True),
    Player("crisis_1", "crisis_team", "Test crisisteam", "+31700000007"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Credentials:
    """What the organisations hold for themselves: an API key each, and the webhook secret of who is pushed to."""

    api_keys: dict[str, str] = field(default_factory=dict, repr=False)
    webhook_secrets: dict[str, str] = field(default_factory=dict, repr=False)


def write_configuration(path: Path, addresses: dict[str, str]) -> Credentials:
    """Write the partner configuration of the demonstration and return the credentials that go with it.

    `addresses` gives the webhook address of each organisation that is pushed to.
    """
    credentials = Credentials()
    blocks = ['[city]\nname = "Testgemeente"\ncoordinator = "lt_kracht_escamp"\n']
    for player in PLAYERS:
        token, digest = new_api_key()
        credentials.api_keys[player.org] = token
        blocks.append(_partner_block(player, token.partition(".")[0], digest))
        blocks.append(_delivery_block(player, path.parent, addresses, credentials))
    blocks.extend(
        f'[[area]]\ndistrict = "{district}"\npartnership = "{partnership}"\nfrom = 2024-01-01\nto = 2032-01-01\n'
        for district, partnership in DISTRICTS.items()
    )
    path.write_text("\n".join(blocks), encoding="utf-8")
    return credentials


def _partner_block(player: Player, key_id: str, digest: str) -> str:
    now = datetime.now(UTC).replace(microsecond=0)
    lines = [
        "[[partner]]",
        f'org = "{player.org}"',
        f'kind = "{player.kind}"',
        f'name = "{player.name}"',
        f'sources = ["{player.source}"]',
        f'reach = "{player.reach}"',
        f"districts = {json.dumps(list(player.districts))}",
        f"purposes = {json.dumps(list(CARE_PURPOSES))}",
        "active_from = 2024-01-01",
        f'telephone = "{player.telephone}"',
        'role = "bereikbaarheidsdienst"',
        'may_publish = ["*"]',
        'scopes = ["events.publish", "events.consume"]',
    ]
    if player.partnership:
        lines.append(f'partnership = "{player.partnership}"')
    lines += [
        "",
        "[[partner.api_key]]",
        f'id = "{key_id}"',
        f'hash = "{digest}"',
        f"not_before = {(now - timedelta(hours=1)).isoformat()}",
        f"expires_at = {(now + timedelta(days=KEY_DAYS)).isoformat()}",
        "",
    ]
    return "\n".join(lines)


def _delivery_block(player: Player, folder: Path, addresses: dict[str, str], credentials: Credentials) -> str:
    if not player.pushed:
        return '[partner.delivery]\nconnector = "feed"\n'
    secret = "whsec_" + b64encode(secrets.token_bytes(32)).decode()
    credentials.webhook_secrets[player.org] = secret
    file = folder / f"{player.org}.secret"
    file.touch(mode=0o600)
    file.write_text(secret, encoding="utf-8")
    return "\n".join(
        [
            "[partner.delivery]",
            'connector = "webhook"',
            f'url = "{addresses[player.org]}"',
            f'secrets = ["file:{file.name}"]',
            "allow_plain_http = true # the demonstration stays on loopback",
            "allow_private_addresses = true",
            "",
        ]
    )
