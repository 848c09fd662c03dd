"""The partner configuration: every mistake is named with file and line; a right file answers questions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from pydantic import BaseModel

from connectors.memory import CONNECTOR as MEMORY
from connectors.webhook.target import WebhookTarget
from hub.core.defaults import DEFAULT_AREAS, DEFAULTS
from hub.core.standing import compile_standing
from hub.identity.partners import PartnerBook, Secret, load_partners
from hub.identity.partners_keys import hash_secret

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
EXAMPLE = Path(__file__).resolve().parents[2] / "deploy" / "partners.example.toml"
TARGET_FORMS: dict[str, type[BaseModel]] = {"memory": MEMORY.target, "webhook": WebhookTarget}
KEY = "whsec_" + "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3I="


def api_key(name: str, first: int, last: int) -> str:
    return (
        f'{{id = "key_{name}", hash = "{hash_secret(name)}", '
        f"not_before = {first}-01-01T00:00:00Z, expires_at = {last}-01-01T00:00:00Z}}"
    )


SCHOOL = f"""
[[partner]]
org = "school_1"
kind = "school"
name = "Testschool Een"
active_from = 2026-01-01
active_to = "2027-01-01"
sources = ["urn:nld:brin:99AA:systeem:leerlingvolg"]
scopes = ["events.publish"]
may_publish = ["signal.raised"]
telephone = "+31701234501"
role = "Intern begeleider"
reachable = "schooldagen"
oauth_client = [{{client_id = "client_1", subject = "service"}}, {{client_id = "client_2"}}]
api_key = [{api_key("old", 2025, 2026)}, {api_key("now", 2026, 2027)},
  {api_key("next", 2027, 2028).replace("2027-01", "2026-12")}]
[oauth]
issuer = "https://login.example.org/"
audience = "https://hub.example.org/"
jwks_file = "jwks.json"
"""
DESK = """
[[partner]]
org = "desk_1"
kind = "municipal_desk"
name = "Test loket"
active_from = 2026-01-01
"""


def load(
    folder: Path,
    text: str,
    *,
    environment: Mapping[str, str] | None = None,
    now: datetime = NOW,
) -> PartnerBook:
    path = folder / "partners.toml"
    path.write_text(text, "utf-8")
    return load_partners(path, environment=environment or {}, target_forms=TARGET_FORMS, clock=lambda: now)


def test_the_example_is_right(tmp_path: Path) -> None:
    """The shipped example loads and the core finds no fault in what it gives."""
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "school_1_next").write_text(KEY + "\n")
    book = load(tmp_path, EXAMPLE.read_text("utf-8"), environment={"SCHOOL_1_WEBHOOK_KEY": KEY})
    standing = compile_standing(
        directory=book.directory(),
        areas=book.areas(),
        policy=book.policy(),
        defaults=DEFAULTS,
        fixed_protectors=book.fixed_protectors(),
    )
    assert not standing.directory_fault
    assert standing.policy is not None
    assert standing.policy.deadlines["u3_feedback"].count == 8
    assert [partner.org for partner in book.partners][:2] == ["hub", "school_1"]
    assert all(partner.readable for partner in standing.partners.values())
    assert len(standing.areas) == 2
    assert [row.professional for row in standing.protectors] == ["prof_ci_1"]
    assert book.warnings == ()


def test_the_example_shows_every_setting() -> None:
    """Nothing that can be set is missing from the example."""
    from hub.identity import partners_forms

    text = EXAMPLE.read_text("utf-8")
    forms = (
        partners_forms.PartnerForm,
        partners_forms.ApiKeyForm,
        partners_forms.OauthClientForm,
        partners_forms.AreaForm,
        partners_forms.FixedProtectorForm,
        partners_forms.CityForm,
        partners_forms.OauthForm,
        WebhookTarget,
    )
    names = {field.alias or name for form in forms for name, field in form.model_fields.items()}
    shown_in_words = {"agb", "kvk", "jwks_file"}
    assert {name for name in names - shown_in_words if f"{name} =" not in text} - {
        "api_key",
        "oauth_client",
        "delivery",
    } == set()
    assert {word for word in shown_in_words if word not in text} == set()


def test_a_partner_is_found_by_its_names(tmp_path: Path) -> None:
    """The book knows a partner by organisation, key and client, and knows nobody else."""
    book = load(tmp_path, SCHOOL)
    school = book.by_org("school_1")
    assert school is not None
    assert school.sources == ("urn:nld:brin:99AA:systeem:leerlingvolg",)
    assert school.active_to == date(2027, 1, 1)
    assert book.by_org("school_2") is None
    assert book.by_client("client_1", "service") is school
    assert book.by_client("client_1") is None
    assert book.by_client("client_1", "other") is None
    assert book.by_client("client_2", "anything") is school
    assert book.by_client("client_3") is None
    assert book.by_api_key("key_now.now") is school
    found = book.find_api_key("key_now.now")
    assert found is not None
    assert found[1].expires_at == datetime(2027, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "token",
    ["key_now.next", "key_other.now", "now", "key_now.", "key_old.old", "key_next.next", "key_now.now.now"],
)
def test_a_wrong_or_untimely_key_opens_nothing(tmp_path: Path, token: str) -> None:
    """A key that is wrong, unknown, expired or not yet valid gives no partner."""
    assert load(tmp_path, SCHOOL).by_api_key(token) is None


@pytest.mark.parametrize(
    ("moment", "works"),
    [
        ("2025-12-31T22:59:59+00:00", False),
        ("2026-01-01T00:00:00+00:00", True),
        ("2026-12-15T00:00:00+00:00", True),
        ("2026-12-31T22:59:59+00:00", True),
        ("2026-12-31T23:00:00+00:00", False),  # midnight in Amsterdam
    ],
)
def test_a_partner_opens_the_door_only_while_it_takes_part(tmp_path: Path, moment: str, works: bool) -> None:  # noqa: FBT001
    """Credentials stop with the membership, at midnight in Amsterdam."""
    book = load(tmp_path, SCHOOL, now=datetime.fromisoformat(moment))
    assert (book.by_client("client_2") is not None) is works
    assert (book.by_api_key("key_now.now") is not None) is works


def test_a_suspended_partner_opens_nothing(tmp_path: Path) -> None:
    """Suspension stops every credential at once."""
    book = load(tmp_path, SCHOOL.replace("active_from", "suspended = true\nactive_from"))
    assert book.by_api_key("key_now.now") is None
    assert book.by_client("client_2") is None
    assert book.directory()[1]["suspended"] is True


def test_types_are_those_of_the_partner_and_of_its_kind(tmp_path: Path) -> None:
    """A partner may send what its own list names; a star means all that its kind may send."""
    book = load(
        tmp_path,
        SCHOOL + DESK + 'scopes = ["events.publish"]\nsources = ["urn:nld:x:y"]\nmay_publish = ["*"]',
    )
    assert book.may_publish("school_1", "signal.raised")
    assert not book.may_publish("school_1", "signal.revised")
    assert book.may_publish("desk_1", "adult_signal.raised")
    assert not book.may_publish("desk_1", "referral.offered")
    assert not book.may_publish("desk_1", "*")
    assert not book.may_publish("nobody", "signal.raised")
    assert not book.may_publish("hub", "alert.crisis")


def test_the_directory_has_the_form_of_routing_section_3(tmp_path: Path) -> None:
    """A row holds what was stated, dates as text, and nothing about credentials."""
    book = load(tmp_path, SCHOOL)
    assert book.directory()[1] == {
        "org": "school_1",
        "kind": "school",
        "name": "Testschool Een",
        "source": "urn:nld:brin:99AA:systeem:leerlingvolg",
        "purposes": [],
        "active_from": "2026-01-01",
        "active_to": "2027-01-01",
        "suspended": False,
    }


def test_the_hub_is_in_the_directory_once(tmp_path: Path) -> None:
    """The hub is a sender of its own messages, whether the file names it or not."""
    named = DESK.replace("municipal_desk", "hub").replace("desk_1", "hub")
    assert [row["org"] for row in load(tmp_path, DESK).directory()] == ["hub", "desk_1"]
    assert [row["name"] for row in load(tmp_path, named).directory()] == ["Test loket"]


def test_a_contact_card_names_organisation_role_and_telephone(tmp_path: Path) -> None:
    """A match shows who to call, and nothing where nothing was configured."""
    book = load(tmp_path, SCHOOL + DESK)
    assert book.contact_card("school_1") == {
        "organisation": "Testschool Een",
        "role": "Intern begeleider",
        "telephone": "+31701234501",
        "reachable": "schooldagen",
    }
    assert book.contact_card("desk_1") is None
    assert book.contact_card("nobody") is None


def test_without_area_rows_the_default_rows_hold(tmp_path: Path) -> None:
    """The area table of the documents is the default; it gives no warnings about teams that are not there."""
    book = load(tmp_path, DESK)
    assert book.areas() == DEFAULT_AREAS
    assert book.warnings == ()


def test_single_tables_are_read(tmp_path: Path) -> None:
    """City, token issuer and settings come out as they were written."""
    book = load(
        tmp_path,
        '[city]\nname = "Teststad"\ncoordinator = "desk_1"\n[policy]\nextra_holidays = [2026-12-24]\n'
        + SCHOOL
        + DESK,
    )
    assert book.city is not None
    assert book.city.coordinator == "desk_1"
    assert book.policy() == {"extra_holidays": ["2026-12-24"]}
    assert book.oauth is not None
    assert book.oauth.jwks_file == str(tmp_path / "jwks.json")
    assert book.oauth.jwks_url is None
    empty = load(tmp_path, DESK)
    assert (empty.city, empty.oauth, empty.policy(), empty.fixed_protectors()) == (None, None, {}, [])


def delivery(table: str) -> str:
    return DESK + "[partner.delivery]\n" + table


def test_a_webhook_target_gets_its_secrets(tmp_path: Path) -> None:
    """References become the secrets of variable and file; neither shows itself when printed."""
    (tmp_path / "next").write_text(KEY + "\n")
    table = 'connector = "webhook"\nurl = "https://a.example/in"\nsecrets = ["env:FIRST", "file:next"]'
    book = load(tmp_path, delivery(table), environment={"FIRST": KEY})
    found = book.delivery("desk_1")
    assert found is not None
    assert found.connector == "webhook"
    assert found.target == {"url": "https://a.example/in", "secrets": [KEY, KEY]}
    assert KEY not in repr(found) + repr(found.target) + repr(book.partners)
    assert book.delivery("school_1") is None
    assert book.warnings == ()


def test_a_subscription_may_only_point_to_configured_origins(tmp_path: Path) -> None:
    """Who holds a partner's credentials cannot have its messages sent elsewhere."""
    table = (
        'connector = "webhook"\nurl = "https://a.example/in"\nsecrets = ["env:FIRST"]\n'
        'allowed_origins = ["https://b.example:8443"]'
    )
    found = load(tmp_path, delivery(table), environment={"FIRST": KEY}).delivery("desk_1")
    assert found is not None
    assert found.target_at("https://A.example:443/other") == {
        "url": "https://A.example:443/other",
        "secrets": [KEY],
    }
    assert found.target_at("https://b.example:8443/x") is not None
    for elsewhere in (
        "https://c.example/in",
        "http://a.example/in",
        "https://b.example/in",
        "https://a.example@c.example/in",
        "https://a.example:x/",
        "ftp://a.example/in",
        "",
    ):
        assert found.target_at(elsewhere) is None


def test_a_feed_needs_nothing(tmp_path: Path) -> None:
    """A partner that fetches needs no connector."""
    found = load(tmp_path, delivery('connector = "feed"')).delivery("desk_1")
    assert found is not None
    assert (found.connector, found.target) == ("feed", {})
    assert found.target_at("https://a.example/") is None


def test_a_process_that_does_not_deliver_needs_no_connectors(tmp_path: Path) -> None:
    """Without target forms the targets are not judged, all else is."""
    path = tmp_path / "partners.toml"
    path.write_text(delivery('connector = "other"\nanything = 1'))
    found = load_partners(path, environment={}).delivery("desk_1")
    assert found is not None
    assert found.target == {"anything": 1}


def test_a_process_that_does_not_deliver_needs_no_secrets(tmp_path: Path) -> None:
    """Secrets that only the delivering process has need not be there for the others, and they never hold them."""
    path = tmp_path / "partners.toml"
    path.write_text(
        delivery('connector = "webhook"\nurl = "https://a.example/in"\nsecrets = ["env:NOT_SET"]')
    )
    found = load_partners(path, environment={}, with_secrets=False).delivery("desk_1")
    assert found is not None
    assert found.target == {"url": "https://a.example/in"}


def test_a_literal_secret_and_an_expired_key_are_warnings(tmp_path: Path) -> None:
    """What works but should not stay so is told with its line and does not stop the start."""
    table = f'connector = "webhook"\nurl = "https://a.example/in"\nsecrets = ["{KEY}"]\n'
    book = load(tmp_path, delivery(table) + SCHOOL)
    messages = [f"{problem.line}: {problem.message}" for problem in book.warnings]
    assert messages == [
        "10: partner desk_1: a secret stands in the file itself; use env:NAME or file:PATH",
        "25: partner school_1: key key_old has expired; remove it",
    ]
    assert KEY not in str(messages)


def test_an_area_without_a_team_is_a_warning(tmp_path: Path) -> None:
    """An operator hears of a district for which everything would wait."""
    book = load(tmp_path, '[[area]]\ndistrict = "laak"\npartnership = "kracht"\nfrom = 2026-01-01\n' + DESK)
    assert [problem.message for problem in book.warnings] == [
        "area laak: no local team of kracht works there"
    ]
    assert book.areas() == [
        {"district": "laak", "partnership": "kracht", "from": "2026-01-01", "to": None},
    ]


def test_the_process_environment_is_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Variables are those of the process unless the caller says otherwise."""
    monkeypatch.setenv("SAMENHUB_TEST_KEY", KEY)
    path = tmp_path / "partners.toml"
    path.write_text(
        delivery('connector = "webhook"\nurl = "https://a.example"\nsecrets = ["env:SAMENHUB_TEST_KEY"]')
    )
    found = load_partners(path).delivery("desk_1")
    assert found is not None
    assert found.target["secrets"] == [KEY]


def test_a_secret_does_not_show_itself() -> None:
    """A secret is a text for the code and three dots for every reader."""
    secret = Secret("geheim")
    assert secret == "geheim"
    assert "geheim" not in repr(secret) + repr([secret]) + repr({"a": secret}) + f"{[secret]}"
