"""From the TOML file to the content of a `PartnerBook`, collecting every problem on the way."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Final, TypeVar

from pydantic import BaseModel

from hub.core.codes import HUB_KIND
from hub.core.defaults import DEFAULT_AREAS, DEFAULT_POLICY, DEFAULTS
from hub.core.model import Json, JsonObject
from hub.core.policy import read_policy
from hub.identity.partners_book import BookContent, City, Delivery, OauthSettings, Partner
from hub.identity.partners_checks import Placed, check_areas, check_mentions, check_owned, check_partners
from hub.identity.partners_deliveries import DeliveryReader
from hub.identity.partners_findings import Findings, suggestion
from hub.identity.partners_forms import AreaForm, CityForm, FixedProtectorForm, OauthForm, PartnerForm
from hub.identity.partners_positions import Path as TomlPath
from hub.identity.partners_positions import Positions
from hub.identity.partners_problems import ConfigurationError, Problem
from hub.identity.partners_rows import area_row, fixed_protector_row, hub_itself, partner_from

FILE_MAX_BYTES: Final = 4_000_000
"""A thousand partners fit many times; a larger file is the wrong file."""

CERTIFIED_INSTITUTION_KIND: Final = "certified_institution"

_TABLES: Final = ("partner", "area", "fixed_protector", "city", "oauth", "policy")
_ERROR_LINE: Final = re.compile(r"\(at line (\d+), column \d+\)")

FormType = TypeVar("FormType", bound=BaseModel)


def read_content(
    path: Path,
    environment: Mapping[str, str],
    target_forms: Mapping[str, type[BaseModel]] | None,
    now: datetime,
    *,
    with_secrets: bool = True,
) -> BookContent:
    """Read and check one file.

    Raises:
        ConfigurationError: with everything that is wrong.
    """
    text = _text(path)
    document = _document(path, text)
    findings = Findings(str(path), Positions(text))
    deliveries = DeliveryReader(findings, path.parent, environment, target_forms, with_secrets)
    content = _Reader(document, findings, deliveries, now).content()
    if findings.errors:
        raise ConfigurationError(tuple(findings.errors))
    return content


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
        if len(content) <= FILE_MAX_BYTES:
            return content.decode("utf-8-sig").replace("\r\n", "\n")
        message = f"is larger than {FILE_MAX_BYTES} bytes"
    except OSError as error:
        message = f"cannot be read ({error.strerror})"
    except UnicodeDecodeError:
        message = "is not UTF-8 text"
    raise ConfigurationError((Problem(str(path), 1, f"the file {message}"),))


def _document(path: Path, text: str) -> dict[str, Json]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        # A message of tomllib shows at most one character or key of the file, never a value.
        found = _ERROR_LINE.search(str(error))
        line = int(found[1]) if found else text.count("\n") + 1
        raise ConfigurationError((Problem(str(path), line, f"not valid TOML: {error}"),)) from None


class _Reader:
    """Reads the tables of one document."""

    def __init__(
        self,
        document: Mapping[str, Json],
        findings: Findings,
        deliveries: DeliveryReader,
        now: datetime,
    ) -> None:
        self._document = document
        self._findings = findings
        self._deliveries = deliveries
        self._now = now

    def content(self) -> BookContent:
        """Return the content; it is complete only when no error was found."""
        self._unknown_tables()
        partners = self._list("partner", PartnerForm)
        areas = self._list("area", AreaForm, DEFAULT_AREAS)
        protectors = self._list("fixed_protector", FixedProtectorForm)
        city = self._single("city", CityForm)
        oauth = self._single("oauth", OauthForm)
        check_partners(partners, self._findings, self._now)
        check_areas(areas, self._findings)
        if "area" in self._document:
            check_owned(areas, partners, self._findings)
        self._mentions(protectors, city)
        self._oauth(partners, oauth)
        return BookContent(
            partners=self._with_hub(partners),
            deliveries=MappingProxyType(self._read_deliveries(partners)),
            areas=tuple(area_row(form) for _, form in areas),
            fixed_protectors=tuple(fixed_protector_row(form) for _, form in protectors),
            policy=self._policy(),
            city=City(city.name, city.coordinator, city.telephone) if city else None,
            oauth=_oauth_settings(oauth, self._deliveries.folder) if oauth else None,
            warnings=tuple(sorted(self._findings.warnings)),
        )

    def _unknown_tables(self) -> None:
        for name in self._document:
            if name not in _TABLES:
                self._findings.error((name,), f"unknown table or key '{name}'{suggestion(name, _TABLES)}")

    def _list(
        self, name: str, form: type[FormType], default: Sequence[Json] = ()
    ) -> list[tuple[TomlPath, FormType]]:
        items = self._document.get(name, list(default))
        if not isinstance(items, list):
            self._findings.error((name,), f"'{name}' is a list of tables: write [[{name}]]")
            return []
        read = [(self._item(name, index, item, form), index) for index, item in enumerate(items)]
        return [((name, index), value) for value, index in read if value is not None]

    def _item(self, name: str, index: int, item: Json, form: type[FormType]) -> FormType | None:
        return self._findings.form(form, item, (name, index), _label(name, index, item))

    def _single(self, name: str, form: type[FormType]) -> FormType | None:
        if name not in self._document:
            return None
        return self._findings.form(form, self._document[name], (name,), name)

    def _mentions(
        self,
        protectors: Sequence[tuple[TomlPath, FixedProtectorForm]],
        city: CityForm | None,
    ) -> None:
        mentions: list[tuple[TomlPath, str, str | None]] = [
            ((*path, "org"), form.org, CERTIFIED_INSTITUTION_KIND) for path, form in protectors
        ]
        if city is not None:
            mentions.append((("city", "coordinator"), city.coordinator, None))
        rows = self._document.get("partner")
        listed = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
        check_mentions(mentions, {str(row.get("org")): row.get("kind") for row in listed}, self._findings)

    def _oauth(self, partners: Sequence[Placed], oauth: OauthForm | None) -> None:
        if oauth is not None and (oauth.jwks_url is None) == (oauth.jwks_file is None):
            self._findings.error(("oauth",), "oauth: state one of 'jwks_url' and 'jwks_file'")
        for path, partner in partners:
            if partner.oauth_client and "oauth" not in self._document:
                place = (*path, "oauth_client", 0)
                self._findings.error(place, f"partner {partner.org}: an OAuth client needs the table [oauth]")

    def _read_deliveries(self, partners: Sequence[Placed]) -> dict[str, Delivery]:
        found = {
            form.org: self._deliveries.read(form.delivery, (*path, "delivery"), f"partner {form.org}")
            for path, form in partners
            if form.delivery is not None
        }
        return {org: delivery for org, delivery in found.items() if delivery is not None}

    def _with_hub(self, partners: Sequence[Placed]) -> tuple[Partner, ...]:
        configured = tuple(partner_from(form) for _, form in partners)
        has_hub = any(partner.kind == HUB_KIND for partner in configured)
        return configured if has_hub else (hub_itself(), *configured)

    def _policy(self) -> JsonObject:
        policy = self._document.get("policy", {})
        if not isinstance(policy, dict):
            self._findings.error(("policy",), "'policy' is one table: write [policy]")
            return {}
        settings = {key: _as_json(value) for key, value in policy.items()}
        for key, value in settings.items():
            self._setting(key, value)
        return settings

    def _setting(self, key: str, value: Json) -> None:
        """Judge one setting as gate E3 would judge it for every event, only earlier."""
        known = frozenset(DEFAULT_POLICY) | {"deadlines"}
        if key not in known:
            self._findings.error(("policy", key), f"policy: unknown setting '{key}'{suggestion(key, known)}")
        elif read_policy({key: value}, DEFAULTS) is None:
            message = f"policy: '{key}' has not the form of CONSENT.md section 14"
            self._findings.error(("policy", key), message)


def _label(name: str, index: int, item: Json) -> str:
    """Name a table for people: by its organisation or district where it has one, else by its number."""
    named = item.get("org" if name == "partner" else "district") if isinstance(item, dict) else None
    return f"{name} {named}" if isinstance(named, str) else f"{name} number {index + 1}"


def _as_json(value: Json) -> Json:
    """Return a TOML value as JSON would have it: dates become text (`extra_holidays`)."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list):
        return [_as_json(item) for item in value]
    if isinstance(value, dict):
        return {key: _as_json(item) for key, item in value.items()}
    return value


def _oauth_settings(form: OauthForm, folder: Path) -> OauthSettings:
    return OauthSettings(
        issuer=form.issuer,
        audience=form.audience,
        jwks_url=form.jwks_url,
        jwks_file=str(folder / form.jwks_file) if form.jwks_file else None,
        algorithms=tuple(form.algorithms),
        client_claim=form.client_claim,
        leeway_seconds=form.leeway_seconds,
    )
