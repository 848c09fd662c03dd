"""Which section may go to which kind of organisation: the matrix of CONSENT.md section 9. AVG 5(1)(c), 25."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import IntEnum, unique
from typing import NamedTuple

from hub.core.codes import SECTIONS


@unique
class Access(IntEnum):
    """How near a section is, from near to never.

    C (consent that names the section) and L/C (the same, or a legal route) are one grade: a legal route opens
    both.
    """

    CONSENT = 0
    NAMED = 1
    LEGAL = 2
    NEVER = 3


class Cell(NamedTuple):
    """One cell. `own`: only where the recipient is in the subject's `related_orgs`; `within`: only these domains.

    `on_consent` tells that consent can open it, `must_be_named` that the consent must name the section.
    """

    access: Access
    on_consent: bool
    must_be_named: bool
    own: bool
    within: frozenset[str] | None


NEVER = Cell(Access.NEVER, on_consent=False, must_be_named=False, own=False, within=None)

_KINDS_OF_CELL = {
    "Y": Access.CONSENT,
    "C": Access.NAMED,
    "L/C": Access.NAMED,
    "L": Access.LEGAL,
    "N": Access.NEVER,
}

_TABLE = """
local_team | Y | Y | Y | Y | Y | Y | C | L | C | C | Y | N | C | C | N
youth_care | Y | Y | Y | Y | Y | Y | C | L | C | C | Y | N | C | C | N
veilig_thuis | Y | Y | Y | Y | Y | L/C | L/C | L | L/C | L/C | Y | L | L/C | L/C | L
certified_institution | Y | Y | Y | Y | Y | L/C | L/C | L | L/C | L/C | Y | N | Y | L/C | L
child_protection_board | Y | L | Y | Y | L | L | L | L | L | L | L | N | L | L | L
crisis_team | Y | Y | Y | Y | Y | Y | L/C | L | N | L | Y | N | L/C | N | L
police | Y | L | Y | Y | L | N | N | L | N | N | N | N | N | N | N
care_and_safety_house | Y | L | Y | Y | L | L | L | L | L | L | L | N | L | L | N
city_expert_team | Y | C | Y | Y | Y | C | C | N | C | C | Y | N | C | C | N
school | Y | Y own | Y | Y | Y | C | C | N | N | N | C | N | N | Y | N
school_alliance | Y | C | Y | Y | Y | C | C | N | N | N | C | N | N | C | N
attendance_officer | Y | Y | Y | Y | Y 04 J4 | N | N | N | N | N | C | N | N | Y | N
childcare | Y | Y own | Y | Y | Y | C | C | N | N | N | C | N | N | N | N
gp | Y | Y | Y | Y | Y | Y | C | N | N | C | Y | N | C | C | N
youth_health | Y | Y | Y | Y | Y | Y | C | N | N | C | Y | N | C | C | N
youth_work | Y | C | Y | Y | Y | N | N | N | N | N | C | N | N | N | N
adult_mental_health | Y | C own | Y | Y | Y | C | C | N | C | N | C | N | N | N | N
addiction_care | Y | C own | Y | Y | Y | C | C | N | C | N | C | N | N | N | N
debt_help | Y | C | Y | Y | Y 01 06 | N | N | N | L/C | N | N | N | N | N | N
municipal_desk | Y | C | Y | Y | Y 01 06 | N | N | N | L/C | N | N | N | N | N | N
client_support | Y | C | Y | Y | Y | C | C | N | C | C | Y | N | C | C | N
housing_corporation | N | N | N | Y | N | N | N | N | N | N | N | N | N | N | N
energy_company | N | N | N | Y | N | N | N | N | N | N | N | N | N | N | N
safety_department | N | N | N | N | N | N | N | N | N | N | N | N | N | N | N
municipality | N | N | N | N | N | N | N | N | N | N | N | N | N | N | N
"""
"""One kind of recipient a line; columns are the sections F1 to F15."""


def _read_cell(text: str) -> Cell:
    """Return a cell such as `Y`, `C own` or `Y 01 06`."""
    access, *condition = text.split()
    own = condition == ["own"]
    within = frozenset(condition) if condition and not own else None
    grade = _KINDS_OF_CELL[access]
    return Cell(grade, grade <= Access.NAMED, grade is Access.NAMED, own, within)


def _read_row(line: str) -> tuple[str, Mapping[str, Cell]]:
    """Return a recipient kind with its cells."""
    kind, *cells = (cell.strip() for cell in line.split("|"))
    return kind, dict(zip(SECTIONS, map(_read_cell, cells), strict=True))


_NO_ROW: Mapping[str, Cell] = dict.fromkeys(SECTIONS, NEVER)
_ROWS = dict(map(_read_row, _TABLE.strip().splitlines()))


def row_of(kind: str) -> Mapping[str, Cell]:
    """Return the cells of a recipient kind; a kind without a row gets nothing."""
    return _ROWS.get(kind, _NO_ROW)


def inherited_sections(domains: Iterable[str], sensitive: Mapping[str, str]) -> frozenset[str]:
    """Return the sections whose rules `codes` inherits because of its domains (S3; AVG 9, 10)."""
    return frozenset(sensitive[domain] for domain in domains if domain in sensitive)


def effective_codes_access(row: Mapping[str, Cell], inherited: Iterable[str]) -> Access:
    """Return how near `codes` is: the strictest of its own cell and those of the sections it inherits (S3)."""
    return max(row["codes"].access, *(row[section].access for section in inherited), Access.CONSENT)
