"""The partners of a whole test city, and the partner configuration that goes with them."""

from __future__ import annotations

import json
import secrets
from base64 import b64encode
from dataclasses import dataclass, field
from pathlib import Path

from hub.identity.partners_keys import new_api_key

CARE_PURPOSES = (
    "help_request", "referral", "coordination", "consultation", "waiting_list_support", "feedback",
    "safety_report", "crisis", "debt_early_signal", "aftercare_pilot_light",
)  # fmt: skip
SUPPLIER_PURPOSES = ("debt_early_signal", "safety_report", "feedback", "crisis")
PICTURE_PURPOSES = ("prevention_picture",)

AREAS = {
    "centrum": "rondomjou", "laak": "rondomjou", "haagse_hout": "rondomjou", "leidschenveen_ypenburg": "rondomjou",
    "escamp": "kracht", "scheveningen": "kracht", "segbroek": "kracht", "loosduinen": "kracht",
}  # fmt: skip

COORDINATOR = "desk_1"
"""Who watches over the whole city."""


@dataclass(frozen=True, slots=True)
class Member:
    """One organisation of the test city. `reach` as in ROUTING.md section 3."""

    org: str
    kind: str
    name: str
    reach: str = "city"
    partnership: str | None = None
    districts: tuple[str, ...] = ()
    purposes: tuple[str, ...] = CARE_PURPOSES

    @property
    def source(self) -> str:
        """Return the CloudEvents source of this organisation's system."""
        return f"urn:nld:test:{self.org}:systeem:een"


MEMBERS = (
    Member("school_1", "school", "Testschool Een", "relation"),
    Member("school_2", "school", "Testschool Twee", "relation"),
    Member("gp_1", "gp", "Test huisarts Een", "relation"),
    Member("youth_health_1", "youth_health", "Test jeugdgezondheidszorg"),
    Member("lt_kracht_escamp", "local_team", "Testteam Kracht Escamp", "districts", "kracht", ("escamp",)),
    Member(
        "lt_kracht_kust", "local_team", "Testteam Kracht Kust", "districts", "kracht",
        ("scheveningen", "segbroek", "loosduinen"),
    ),
    Member(
        "lt_rondomjou_centrum", "local_team", "Testteam rondomJou Centrum", "districts", "rondomjou", ("centrum",)
    ),
    Member(
        "lt_rondomjou_rand", "local_team", "Testteam rondomJou Rand", "districts", "rondomjou",
        ("laak", "haagse_hout", "leidschenveen_ypenburg"),
    ),
    Member("youth_care_1", "youth_care", "Test jeugdhulp", "relation"),
    Member("vt_1", "veilig_thuis", "Test Veilig Thuis"),
    Member("ci_1", "certified_institution", "Test GI Een", "relation"),
    Member("crisis_1", "crisis_team", "Test crisisteam Een"),
    Member("crisis_2", "crisis_team", "Test crisisteam Twee"),
    Member("mental_1", "adult_mental_health", "Test ggz", "relation"),
    Member("expert_1", "city_expert_team", "Test expertiseteam"),
    Member("housing_1", "housing_corporation", "Test woningcorporatie", "relation", purposes=SUPPLIER_PURPOSES),
    Member("debt_1", "debt_help", "Test schuldhulp"),
    Member("support_1", "client_support", "Test clientondersteuning"),
    Member(COORDINATOR, "municipal_desk", "Test loket"),
    Member("municipality_1", "municipality", "Testgemeente beleid", purposes=PICTURE_PURPOSES),
)  # fmt: skip

SOURCES = {member.org: member.source for member in MEMBERS}
KINDS = {member.org: member.kind for member in MEMBERS}


@dataclass(frozen=True, slots=True)
class Credentials:
    """What the organisations hold for themselves: an API key and a webhook secret each."""

    api_keys: dict[str, str] = field(default_factory=dict, repr=False)
    webhook_secrets: dict[str, str] = field(default_factory=dict, repr=False)


def write_partners(path: Path, receivers: str, members: tuple[Member, ...] = MEMBERS) -> Credentials:
    """Write the partner configuration and return its credentials; everybody is pushed to at `receivers`/<org>."""
    credentials = Credentials()
    blocks = [f'[city]\nname = "Testgemeente"\ncoordinator = "{COORDINATOR}"\n']
    for number, member in enumerate(members, 1):
        token, digest = new_api_key()
        credentials.api_keys[member.org] = token
        blocks.append(_partner(member, number, token.partition(".")[0], digest))
        blocks.append(_delivery(member, path.parent, receivers, credentials))
    blocks.extend(
        f'[[area]]\ndistrict = "{district}"\npartnership = "{partnership}"\nfrom = 2024-01-01\nto = 2040-01-01\n'
        for district, partnership in AREAS.items()
    )
    path.write_text("\n".join(blocks), encoding="utf-8")
    return credentials


def _partner(member: Member, number: int, key_id: str, digest: str) -> str:
    # The keys are good for every year in which a story plays.
    return f"""
[[partner]]
org = "{member.org}"
kind = "{member.kind}"
name = "{member.name}"
sources = ["{member.source}"]
reach = "{member.reach}"
districts = {json.dumps(list(member.districts))}
purposes = {json.dumps(list(member.purposes))}
active_from = 2024-01-01
telephone = "+3170000{number:04d}"
role = "bereikbaarheidsdienst"
may_publish = ["*"]
scopes = ["events.publish", "events.consume"]
{f'partnership = "{member.partnership}"' if member.partnership else ""}

[[partner.api_key]]
id = "{key_id}"
hash = "{digest}"
not_before = 2024-01-01T00:00:00+00:00
expires_at = 2040-01-01T00:00:00+00:00
"""


def _delivery(member: Member, folder: Path, receivers: str, credentials: Credentials) -> str:
    secret = "whsec_" + b64encode(secrets.token_bytes(32)).decode()
    credentials.webhook_secrets[member.org] = secret
    file = folder / f"{member.org}.secret"
    file.touch(mode=0o600)
    file.write_text(secret, encoding="utf-8")
    return f"""
[partner.delivery]
connector = "webhook"
url = "{receivers}/{member.org}"
secrets = ["file:{file.name}"]
allow_plain_http = true # the receivers of the tests stay on loopback
allow_private_addresses = true
"""
