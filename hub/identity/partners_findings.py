"""Collects what is wrong while a configuration is read, and finds the line for each finding."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Final, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from hub.identity.partners_positions import Path, Positions
from hub.identity.partners_problems import Problem

FormType = TypeVar("FormType", bound=BaseModel)

_PLAIN: Final = {
    "missing": "is missing",
    "string_type": "must be text",
    "bool_type": "must be true or false",
    "int_type": "must be a whole number",
    "list_type": "must be a list",
    "dict_type": "must be a table",
    "model_type": "must be a table",
    "date_type": "must be a date, for example 2026-01-01",
    "datetime_type": "must be an instant, for example 2026-01-01T00:00:00+01:00",
    "timezone_aware": "must state its offset, for example 2026-01-01T00:00:00+01:00",
    "string_too_short": "is empty",
    "string_too_long": "is too long",
    "too_short": "holds too few",
    "too_long": "holds too many",
}
"""Words of our own for what happens most; anything else keeps pydantic's words, which hold no value either."""


class Findings:
    """Errors stop the start; warnings are told and do not."""

    def __init__(self, file: str, positions: Positions) -> None:
        self._file = file
        self._positions = positions
        self.errors: list[Problem] = []
        self.warnings: list[Problem] = []

    def line(self, path: Path) -> int:
        """Return the line on which something stands."""
        return self._positions.line(path)

    def error(self, path: Path, message: str) -> None:
        """Record a reason not to start."""
        self.errors.append(Problem(self._file, self._positions.line(path), message))

    def warn(self, path: Path, message: str) -> None:
        """Record something an operator should look at."""
        self.warnings.append(Problem(self._file, self._positions.line(path), message))

    def form(
        self,
        form: type[FormType],
        value: object,
        path: Path,
        label: str,
        reported: frozenset[str] = frozenset(),
    ) -> FormType | None:
        """Return the value in its form, or None after recording what is wrong with it.

        Keys in `reported` are passed over: what is wrong with them was said already. When unknown keys are all
        that is wrong, the rest is returned, so that one misspelled key does not hide what else is wrong.
        """
        try:
            return form.model_validate(value)
        except ValidationError as error:
            details = error.errors(include_url=False, include_context=False, include_input=False)
            for detail in details:
                if detail["loc"][:1] not in {(key,) for key in reported}:
                    self.error((*path, *detail["loc"]), f"{label}: {_message(form, detail)}")
        unknown = {
            detail["loc"][0] for detail in details if len(detail["loc"]) == 1 and _is_unknown_key(detail)
        }
        if len(unknown) < len(details) or not isinstance(value, dict):
            return None
        return form.model_validate({key: item for key, item in value.items() if key not in unknown})


def suggestion(word: str, known: tuple[str, ...] | frozenset[str]) -> str:
    """Return ` (did you mean 'x'?)` for a likely slip of the pen, else nothing."""
    near = get_close_matches(word, sorted(known), n=1)
    return f" (did you mean '{near[0]}'?)" if near else ""


def _message(form: type[BaseModel], detail: ErrorDetails) -> str:
    where = ".".join(str(part) for part in detail["loc"])
    if _is_unknown_key(detail):
        known = tuple(field.alias or name for name, field in form.model_fields.items())
        return f"unknown key '{where}'{suggestion(str(detail['loc'][-1]), known)}"
    message = _PLAIN.get(detail["type"]) or detail["msg"].removeprefix("Value error, ")
    return f"'{where}' {message}" if where else message


def _is_unknown_key(detail: ErrorDetails) -> bool:
    return detail["type"] == "extra_forbidden"
