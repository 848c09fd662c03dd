"""`[partner.delivery]`: which connector, and that connector's own target with its secrets filled in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import BaseModel

from hub.core.model import Json, JsonObject
from hub.identity.partners_book import FEED, Delivery, origin
from hub.identity.partners_findings import Findings, suggestion
from hub.identity.partners_positions import Path as TomlPath
from hub.identity.partners_secrets import SecretError, is_literal, read_secret

SECRETS: Final = "secrets"
"""The key under which every connector's target lists its secrets."""

ALLOWED_ORIGINS: Final = "allowed_origins"


@dataclass(frozen=True, slots=True)
class DeliveryReader:
    """Reads the delivery tables of one file."""

    findings: Findings
    folder: Path
    environment: Mapping[str, str]
    target_forms: Mapping[str, type[BaseModel]] | None
    with_secrets: bool = True

    def read(self, table: Mapping[str, Json], path: TomlPath, label: str) -> Delivery | None:
        """Return the delivery, or None after recording what is wrong."""
        connector = table.get("connector")
        if not isinstance(connector, str):
            self.findings.error(path, f"{label}: 'delivery.connector' is missing or not text")
            return None
        target = {key: value for key, value in table.items() if key not in {"connector", ALLOWED_ORIGINS}}
        origins = self._origins(table.get(ALLOWED_ORIGINS, []), (*path, ALLOWED_ORIGINS), label)
        before = len(self.findings.errors)
        if self.with_secrets:
            self._fill_secrets(target, path, label)
        else:
            target.pop(SECRETS, None)
        has_unread = len(self.findings.errors) > before
        self._check_target(connector, target, path, label, frozenset({SECRETS} if has_unread else ()))
        return Delivery(connector, target, origins)

    def _origins(self, value: Json, path: TomlPath, label: str) -> tuple[str, ...]:
        if isinstance(value, list) and all(isinstance(item, str) and origin(item) for item in value):
            return tuple(value)
        self.findings.error(
            path, f"{label}: '{ALLOWED_ORIGINS}' must list addresses such as https://example.org"
        )
        return ()

    def _fill_secrets(self, target: JsonObject, path: TomlPath, label: str) -> None:
        references = target.get(SECRETS)
        if not isinstance(references, list):
            return
        filled: list[Json] = []
        for index, reference in enumerate(references):
            filled.append(self._secret(reference, (*path, SECRETS, index), label))
        target[SECRETS] = filled

    def _secret(self, reference: Json, path: TomlPath, label: str) -> Json:
        if not isinstance(reference, str):
            return reference
        if is_literal(reference):
            self.findings.warn(
                path, f"{label}: a secret stands in the file itself; use env:NAME or file:PATH"
            )
        try:
            return read_secret(reference, folder=self.folder, environment=self.environment)
        except SecretError as error:
            self.findings.error(path, f"{label}: {error}")
            return None

    def _check_target(
        self, connector: str, target: JsonObject, path: TomlPath, label: str, reported: frozenset[str]
    ) -> None:
        if connector == FEED:
            for key in target:
                self.findings.error(
                    (*path, key), f"{label}: '{key}' has no meaning for the delivery '{FEED}'"
                )
            return
        if self.target_forms is None:
            return
        form = self.target_forms.get(connector)
        if form is None:
            hint = suggestion(connector, frozenset({*self.target_forms, FEED}))
            self.findings.error((*path, "connector"), f"{label}: unknown connector '{connector}'{hint}")
            return
        self.findings.form(form, target, path, f"{label}: delivery", reported)
