"""The closed lists of the core against the tables of the shared documents."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.core import codes, reasons
from hub.core.catalogue import CATALOGUE
from hub.core.defaults import DEFAULT_AREAS, DEFAULT_DEADLINES, DEFAULT_POLICY
from hub.core.matrix import row_of
from hub.core.sentences_dutch import DUTCH
from hub.core.sentences_english import ENGLISH

DOMAIN = Path(__file__).resolve().parents[2].parent / "shared" / "domain"

SENDER_SETS = {
    "PRO": codes.PRO_KINDS,
    "SUPPLIER": codes.SUPPLIER_KINDS,
    "HUB": {"hub"},
}
SECTION_SETS = {
    "ALL": set(codes.SECTIONS),
    "LOW": codes.LOW_SECTIONS,
    "MIN": codes.MINIMAL_SECTIONS,
    "META": {"meta"},
    "TALK": {"meta", "identity", "area", "contact", "codes", "narrative", "perspectives"},
}
LISTS = {
    "purpose": codes.PURPOSES,
    "urgency": codes.URGENCY_SET,
    "setting": codes.SETTINGS,
    "safety_level": codes.SAFETY_LEVELS,
    "exception ground": codes.GROUNDS,
    "early_kind": codes.EARLY_KINDS,
    "signal_partner": codes.SIGNAL_PARTNERS,
    "consent function": codes.IGNORED_FUNCTIONS | {"disclosure"},
    "consent method": codes.CONSENT_METHODS,
    "capacity": codes.CAPACITIES,
    "measure": codes.MEASURES,
    "scan status": codes.SCAN_JUDGED | {"not_run"},
    "anonymity_check": codes.ANONYMITY_LEAKS | {"clean", "not_run"},
    "age_band": codes.AGE_BANDS,
    "data_origin": codes.DATA_ORIGINS,
    "why_no_consent": codes.WHY_NO_CONSENT,
    "criminal_basis": codes.CRIMINAL_BASES,
    "good_helper reason": codes.GOOD_HELPER_REASONS,
    "necessity": codes.NECESSITIES,
    "Wpg article": codes.POLICE_ARTICLES,
    "retraction reason": codes.RETRACTION_REASONS,
    "kindcheck.children_present": codes.CHILDREN_PRESENT,
}


def document(name: str) -> str:
    """Return a shared document, or skip when it does not lie beside the project."""
    path = DOMAIN / name
    if not path.is_file():
        pytest.skip("the shared documents do not lie beside the project")
    return path.read_text("utf-8")


def rows(text: str, columns: int) -> Iterator[list[str]]:
    """Yield the rows of the tables with so many columns, without their headings."""
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("|") and len(cells) == columns and set(cells[0]) - {"-"}:
            yield cells


def words(cell: str) -> list[str]:
    """Return the comma-separated words of a cell; a dash is nothing."""
    return [word.strip() for word in cell.split(",") if word.strip() not in ("\u2013", "")]


def test_reasons_are_those_of_the_document() -> None:
    """Code, rank, outcome, transience, basis and both sentences are those of CODES.md, in that order."""
    listed = [row for row in rows(document("CODES.md").split("## 4.")[1], 7) if row[0].isdigit()]
    transient = {"yes": True, "no": False, "\u2013": False}
    expected = [
        (int(rank), code, outcome, transient[retry], basis.replace("\u2013", "-"), english, dutch)
        for rank, code, outcome, retry, basis, english, dutch in listed
    ]
    found = [
        (r.rank, r.value, r.outcome.value, r.transient, r.basis, ENGLISH[r], DUTCH[r]) for r in reasons.Reason
    ]
    assert found == expected


def test_sections_and_duties_are_those_of_the_document() -> None:
    """Sections F1 to F15 and the duties are those of CODES.md."""
    text = document("CODES.md")
    sections = [row[1] for row in rows(text.split("## 2.")[0], 4) if re.fullmatch(r"F\d+", row[0])]
    assert tuple(sections) == codes.SECTIONS
    duties = {row[0] for row in rows(text.split("## 3.")[1].split("## 4.")[0], 3)} - {"code"}
    assert duties == codes.DUTIES


@pytest.mark.parametrize("name", LISTS)
def test_small_list_is_that_of_the_document(name: str) -> None:
    """Each small list has exactly the codes of CODES.md section 2."""
    table = {row[0]: row[1] for row in rows(document("CODES.md").split("## 2.")[1].split("## 3.")[0], 2)}
    assert set(re.findall(r"`([a-z0-9_]+)`", table[name].split(";")[0])) == LISTS[name]


def test_kinds_roles_domains_and_districts_are_those_of_the_glossary() -> None:
    """Partner kinds, person roles, life domains and districts are those of GLOSSARY.md."""
    text = document("GLOSSARY.md")
    parts = re.split(r"\n## \d\. ", text)
    kinds = {row[0] for row in rows(parts[2], 3)} - {"code"}
    roles = {role.strip() for row in rows(parts[3], 4) for role in row[0].split("/")} - {"code"}
    domains = {row[0] for row in rows(parts[4], 4)} - {"code"}
    districts = {row[0] for row in rows(parts[5], 4)} - {"code"}
    assert kinds == codes.PARTNER_KINDS
    assert roles == codes.ROLES
    assert domains == codes.DOMAINS
    assert districts == codes.DISTRICTS


def test_exception_keys_are_those_of_the_document() -> None:
    """The fields of an exception are those that CONSENT.md section 10 allows."""
    text = document("CONSENT.md")
    listed = text.split("Keys allowed in `exception`:")[1].split(".\n")[0]
    assert set(re.findall(r"[a-z_0-9]+", listed)) == codes.EXCEPTION_KEYS


def test_catalogue_is_that_of_the_document() -> None:
    """Each event type has the class, senders, purposes, sections and area gate of EVENTS.md section 3."""
    text = document("EVENTS.md").split("## 3.")[1].split("## 4.")[0]
    named = {
        name: set(words(text.split(f"**{name}**")[1].split(". **")[0].split(".\n")[0].replace(" and ", ", ")))
        for name in ("ADULT", "REFERRER", "HELPER")
    }
    sets = {**SENDER_SETS, **{name: {w.split()[-1] for w in found} for name, found in named.items()}}
    sets["ADULT"] = (sets["ADULT"] - {"SUPPLIER"}) | codes.SUPPLIER_KINDS
    table = {row[0]: row for row in rows(text, 7) if "." in row[0]}
    assert table.keys() == CATALOGUE.keys()
    for name, (_, _, treatment, senders, purposes, sections, area) in table.items():
        row = CATALOGUE[name]
        assert row.treatment == treatment
        assert row.senders == {kind for word in words(senders) for kind in sets.get(word, {word})}
        assert row.purposes == set(words(purposes))
        assert row.sections == {s for word in words(sections) for s in SECTION_SETS.get(word, {word})}
        assert row.area_gated == (area == "yes")


def test_matrix_is_that_of_the_document() -> None:
    """Each cell has the grade and condition of CONSENT.md section 9."""
    listed = [row for row in rows(document("CONSENT.md").split("## 9.")[1], 16) if row[0] != "kind"]
    grades = {"Y": 0, "C": 1, "L/C": 1, "L": 2, "N": 3}
    assert len(listed) == len(codes.PARTNER_KINDS) - 1
    for kind, *cells in listed:
        for section, text in zip(codes.SECTIONS, cells, strict=True):
            cell = row_of(kind)[section]
            grade, *condition = text.split()
            assert cell.access == grades[grade]
            assert cell.own == (condition == ["own"])
            assert cell.within == (frozenset(condition) if condition and condition != ["own"] else None)


def test_settings_are_those_of_the_document() -> None:
    """The built-in settings, terms and areas are those of the shared defaults."""
    shared = json.loads(document("defaults.json"))
    assert shared["policy"] == DEFAULT_POLICY
    assert shared["deadlines"] == DEFAULT_DEADLINES
    assert shared["areas"] == DEFAULT_AREAS
