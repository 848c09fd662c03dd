"""Every mistake in a partner configuration is named with its file and line, in words, all at once."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from connectors.memory import CONNECTOR as MEMORY
from connectors.webhook.target import WebhookTarget
from hub.identity.partners import ConfigurationError, load_partners
from hub.identity.partners_keys import hash_secret
from hub.identity.partners_reader import FILE_MAX_BYTES

TARGET_FORMS: dict[str, type[BaseModel]] = {"memory": MEMORY.target, "webhook": WebhookTarget}
KEY = "whsec_" + "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3I="
DESK = """
[[partner]]
org = "desk_1"
kind = "municipal_desk"
name = "Test loket"
active_from = 2026-01-01
"""
AREA = '[[area]]\ndistrict = "laak"\npartnership = "kracht"\nfrom = 2026-01-01\n'
TYPES = "is not a type that a municipal_desk sends"
OFFSET = "for example 2026-01-01T00:00:00+01:00"


def delivery(table: str) -> str:
    return DESK + "[partner.delivery]\n" + table


def problems(folder: Path, text: str, *, environment: Mapping[str, str] | None = None) -> list[str]:
    path = folder / "partners.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load_partners(path, environment=environment or {}, target_forms=TARGET_FORMS)
    assert all(problem.file == str(path) for problem in caught.value.problems)
    assert str(caught.value).count(str(path)) == len(caught.value.problems)
    return [f"{problem.line}: {problem.message}" for problem in caught.value.problems]


TEAM = """
[[partner]]
org = "team_1"
kind = "local_team"
name = "Testteam"
active_from = 2026-01-01
"""
KEYS = "".join(
    f'[[partner.api_key]]\nid = "key_{number}"\nhash = "{hash_secret("x")}"\n'
    f"not_before = 2026-0{number}-01T00:00:00Z\nexpires_at = 2026-0{number + 2}-15T00:00:00Z\n"
    for number in (1, 2, 3)
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("partners = 1", ["1: unknown table or key 'partners' (did you mean 'partner'?)"]),
        ("[partner]\norg = 1", ["1: 'partner' is a list of tables: write [[partner]]"]),
        ("partner = [1]", ["1: partner number 1: must be a table"]),
        ("policy = 1", ["1: 'policy' is one table: write [policy]"]),
        ("a = 1\nb = [", ["2: not valid TOML: Invalid value (at end of document)"]),
        ("a = 1\na = 2", ["2: not valid TOML: Cannot overwrite a value (at end of document)"]),
        (DESK + "adress = 1", ["7: partner desk_1: unknown key 'adress'"]),
        (DESK + 'telefone = "x"', ["7: partner desk_1: unknown key 'telefone' (did you mean 'telephone'?)"]),
        (
            "[[partner]]\nkind = 3\nname = ''\nactive_from = 2026-01-01T00:00:00Z",
            [
                "1: partner number 1: 'org' is missing",
                "2: partner number 1: 'kind' must be text",
                "3: partner number 1: 'name' is empty",
                "4: partner number 1: 'active_from' must be a date, for example 2026-01-01",
            ],
        ),
        (
            DESK.replace("municipal_desk", "municipal_disk"),
            ["4: partner desk_1: 'kind' is not a known partner kind (GLOSSARY section 2)"],
        ),
        (
            DESK.replace("2026-01-01", '"01-01-2026"'),
            ["6: partner desk_1: 'active_from' must be a date, for example 2026-01-01"],
        ),
        (
            DESK + 'active_to = "2026-13-01"',
            ["7: partner desk_1: 'active_to' must be a date, for example 2026-01-01"],
        ),
        (DESK + "active_to = 2026-01-01", ["7: partner desk_1: 'active_to' is not after 'active_from'"]),
        (DESK + "suspended = 1", ["7: partner desk_1: 'suspended' must be true or false"]),
        (
            DESK + 'districts = ["laak", "lak"]',
            ["7: partner desk_1: 'districts.1' is not a known district (GLOSSARY section 5)"],
        ),
        (DESK + 'reach = "districts"', ["7: partner desk_1: reach 'districts' needs 'districts'"]),
        (
            DESK + 'reach = "town"',
            ["7: partner desk_1: 'reach' is not a known reach (city, districts or relation)"],
        ),
        (
            DESK + 'purposes = ["fun"]',
            ["7: partner desk_1: 'purposes.0' is not a known purpose (CODES section 2)"],
        ),
        (DESK + 'role = "loket"', ["2: partner desk_1: a contact card needs both 'telephone' and 'role'"]),
        (TEAM, ["2: partner team_1: a local team needs 'partnership' and 'districts'"]),
        (DESK + DESK, ["9: partner desk_1: org 'desk_1' is already used on line 3"]),
        (
            DESK + 'may_publish = ["signal.raised"]',
            ["7: partner desk_1: 'may_publish' needs the scope 'events.publish'"],
        ),
        (
            DESK + 'scopes = ["events.publish"]\nmay_publish = ["signal.raise", "help.started"]',
            [
                "2: partner desk_1: scope 'events.publish' needs 'sources', the systems it publishes from",
                f"8: partner desk_1: 'help.started' {TYPES}",
                f"8: partner desk_1: 'signal.raise' {TYPES} (did you mean 'signal.raised'?)",
            ],
        ),
        (
            DESK
            + 'sources = ["urn:nld:a", "urn:nld:a"]\n'
            + TEAM
            + 'partnership = "kracht"\ndistricts = ["laak"]\n'
            'sources = ["urn:nld:a"]',
            [
                "7: partner desk_1: source 'urn:nld:a' is already used on line 7",
                "16: partner team_1: source 'urn:nld:a' is already used on line 7",
            ],
        ),
        (
            DESK + KEYS,
            ["17: partner desk_1: more than 2 keys are valid when key_3 begins"],
        ),
        (
            DESK + KEYS.replace("2026-03-15T00:00:00Z", "2025-03-15T00:00:00Z").replace("key_3", "key_2"),
            [
                "7: partner desk_1: key key_1 expires before it begins",
                "18: partner desk_1: key 'key_2' is already used on line 13",
            ],
        ),
        (
            DESK
            + '[[partner.api_key]]\nid = "k"\nhash = "geheim"\n'
            + "not_before = 2026-01-01T00:00:00\nexpires_at = 2026-01-01",
            [
                "8: partner desk_1: 'api_key.0.id' String should match pattern '^[A-Za-z0-9_-]{4,64}$'",
                "9: partner desk_1: 'api_key.0.hash' String should match pattern '^sha256:[0-9a-f]{64}$'",
                f"10: partner desk_1: 'api_key.0.not_before' must state its offset, {OFFSET}",
                f"11: partner desk_1: 'api_key.0.expires_at' must be an instant, {OFFSET}",
            ],
        ),
        (
            DESK + '[[partner.oauth_client]]\nclient_id = "c"',
            ["7: partner desk_1: an OAuth client needs the table [oauth]"],
        ),
        (
            DESK.replace("municipal_desk", "hub") + "[partner.delivery]\nconnector = 'feed'",
            ["2: partner desk_1: the hub itself has no credentials and receives nothing"],
        ),
        (
            '[oauth]\nissuer = "i"\naudience = "a"\njwks_file = "f"\njwks_url = "https://x"\nalgorithms = ["HS256"]',
            ["6: oauth: 'algorithms.0' is not a known asymmetric signature algorithm"],
        ),
        ('[oauth]\nissuer = "i"\naudience = "a"', ["1: oauth: state one of 'jwks_url' and 'jwks_file'"]),
        (
            "[policy]\nk_aggregate = 1\nk_agregate = 2\n[policy.deadlines]\nu9 = 1",
            [
                "2: policy: 'k_aggregate' has not the form of CONSENT.md section 14",
                "3: policy: unknown setting 'k_agregate' (did you mean 'k_aggregate'?)",
                "4: policy: 'deadlines' has not the form of CONSENT.md section 14",
            ],
        ),
        (
            '[city]\nname = "T"\ncoordinator = "desk_2"\n' + DESK,
            ["3: 'desk_2' is not a partner in this file (did you mean 'desk_1'?)"],
        ),
        (
            '[[fixed_protector]]\ndistrict = "laak"\norg = "desk_1"\nprofessional = "p"\nfrom = 2026-01-01\n'
            + DESK,
            ["3: 'desk_1' must be of kind certified_institution"],
        ),
        (
            AREA + "to = 2026-01-01",
            ["5: area laak: 'to' is not after 'from'"],
        ),
        (
            AREA + AREA.replace("kracht", "rondomjou").replace("2026", "2030") + "to = 2031-01-01",
            ["5: area laak: this period overlaps an earlier row of the district"],
        ),
        (
            '[[area]]\ndistrict = "utrecht"\npartnership = "kracht"',
            [
                "1: area utrecht: 'from' is missing",
                "2: area utrecht: 'district' is not a known district (GLOSSARY section 5)",
            ],
        ),
        (delivery("url = 'x'"), ["7: partner desk_1: 'delivery.connector' is missing or not text"]),
        (DESK + "delivery = 1", ["7: partner desk_1: 'delivery' must be a table"]),
        (
            delivery('connector = "webhok"'),
            ["8: partner desk_1: unknown connector 'webhok' (did you mean 'webhook'?)"],
        ),
        (
            delivery('connector = "feed"\nurl = "x"'),
            ["9: partner desk_1: 'url' has no meaning for the delivery 'feed'"],
        ),
        (
            delivery(
                'connector = "webhook"\nurl = "http://a.example"\nsecrets = ["env:A", "file:none", 3, "c2hvcnQ="]'
            ),
            [
                "10: partner desk_1: environment variable A is missing or empty",
                "10: partner desk_1: file none is missing or empty",
            ],
        ),
        (
            delivery(f'connector = "webhook"\nurl = "http://a.example"\nsecrets = ["{KEY}"]'),
            ["7: partner desk_1: delivery: 'url' must be https unless 'allow_plain_http' is true"],
        ),
        (
            delivery('connector = "webhook"\nurl = "https://2130706433/"\nmod = 1\nsecrets = []'),
            [
                "9: partner desk_1: delivery: 'url' must name its host plainly, not as a number",
                "10: partner desk_1: delivery: unknown key 'mod' (did you mean 'mode'?)",
                "11: partner desk_1: delivery: 'secrets' holds too few",
            ],
        ),
        (
            delivery('connector = "memory"\ninbox = "a"\nallowed_origins = ["a.example"]'),
            ["10: partner desk_1: 'allowed_origins' must list addresses such as https://example.org"],
        ),
    ],
)
def test_each_mistake_is_named_with_its_line(tmp_path: Path, text: str, expected: list[str]) -> None:
    """Every mistake is reported where it stands, in words, all of them at once."""
    assert problems(tmp_path, text) == expected


def test_all_mistakes_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    """Mistakes in different tables come in one error, in the order of the lines."""
    found = problems(tmp_path, "typo = 1\n" + DESK + "sur = 1\nactive_to = 2020-01-01\n" + TEAM)
    assert [line.split(":")[0] for line in found] == ["1", "8", "9", "11"]


@pytest.mark.parametrize("secret", ["c2VjcmV0", "geheim!", "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3I" * 4])
def test_a_wrong_secret_is_reported_without_its_value(tmp_path: Path, secret: str) -> None:
    """No message shows a secret, also not one of the wrong form."""
    table = 'connector = "webhook"\nurl = "https://a.example"\nsecrets = ["env:A"]'
    found = problems(tmp_path, delivery(table), environment={"A": secret})
    assert len(found) == 1
    assert "secrets.0" in found[0]
    assert secret not in found[0]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xff", "is not plain ASCII text"),
        (b"a" * 5000, "has more than 4096 bytes"),
        (b" \n", "is missing or empty"),
    ],
)
def test_an_unusable_secret_file_is_named(tmp_path: Path, content: bytes, message: str) -> None:
    """A secret file that cannot serve is reported by its name."""
    (tmp_path / "key").write_bytes(content)
    table = 'connector = "webhook"\nurl = "https://a.example"\nsecrets = ["file:key"]'
    found = problems(tmp_path, delivery(table))
    assert found == [f"10: partner desk_1: file key {message}"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "1: the file cannot be read (No such file or directory)"),
        (b"\xff", "1: the file is not UTF-8 text"),
        (b"#" * (FILE_MAX_BYTES + 1), f"1: the file is larger than {FILE_MAX_BYTES} bytes"),
    ],
)
def test_an_unreadable_file_is_a_problem_too(tmp_path: Path, content: bytes | None, message: str) -> None:
    """A missing, huge or binary file gives the same kind of error."""
    path = tmp_path / "partners.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigurationError) as caught:
        load_partners(path)
    assert str(caught.value) == f"{path}:{message}"


def test_windows_line_ends_and_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    """A file saved on Windows loads, and its lines are counted as its author sees them."""
    path = tmp_path / "partners.toml"
    path.write_bytes(b"\xef\xbb\xbf" + (DESK + "typo = 1\n").replace("\n", "\r\n").encode())
    with pytest.raises(ConfigurationError) as caught:
        load_partners(path)
    assert [problem.line for problem in caught.value.problems] == [7]


EXAMPLE = (Path(__file__).resolve().parents[2] / "deploy" / "partners.example.toml").read_text("utf-8")
VALUES = re.compile(r"(?<== )(?:\"[^\"\n]*\"|\[[^\]]*\]|[0-9][0-9T:+-]*|true|false)")
STRANGE = [
    '""',
    '"x"',
    "1",
    "-1.5",
    "true",
    "[]",
    "[1]",
    '["é\\u0000"]',
    "{}",
    "{a = 1}",
    "2026-02-03",
    "inf",
    "12:00:00",
]


@given(st.data())
def test_one_strange_value_never_breaks_the_loader(data: st.DataObject) -> None:
    """Whatever TOML value stands at whatever place, the answer is a book or problems with lines, nothing else."""
    places = list(VALUES.finditer(EXAMPLE))
    place = data.draw(st.sampled_from(places))
    text = EXAMPLE[: place.start()] + data.draw(st.sampled_from(STRANGE)) + EXAMPLE[place.end() :]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "partners.toml"
        path.write_text(text, "utf-8")
        with contextlib.suppress(ConfigurationError):
            load_partners(path, environment={"SCHOOL_1_WEBHOOK_KEY": KEY}, target_forms=TARGET_FORMS)


@given(st.data())
def test_a_damaged_file_never_breaks_the_loader(data: st.DataObject) -> None:
    """A file cut or mixed up anywhere gives a book or problems with lines, nothing else."""
    start = data.draw(st.integers(0, len(EXAMPLE)))
    end = data.draw(st.integers(start, min(len(EXAMPLE), start + 300)))
    text = EXAMPLE[:start] + data.draw(st.sampled_from(["", "\n", '"', "]", "[[x]]\n", "= "])) + EXAMPLE[end:]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "partners.toml"
        path.write_text(text, "utf-8")
        try:
            load_partners(path, environment={"SCHOOL_1_WEBHOOK_KEY": KEY}, target_forms=TARGET_FORMS)
        except ConfigurationError as error:
            assert error.problems  # noqa: PT017 - a book is a right answer too
            assert all(1 <= problem.line <= text.count("\n") + 1 for problem in error.problems)  # noqa: PT017
