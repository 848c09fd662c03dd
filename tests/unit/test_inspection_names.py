"""The Dutch names that a letter uses, against the shared documents and the closed lists of the core."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.core import names_dutch
from hub.core.catalogue import CATALOGUE
from hub.core.codes import PARTNER_KINDS, PURPOSES, SECTIONS
from hub.core.reasons import Reason

DOMAIN = Path(__file__).resolve().parents[2].parent / "shared" / "domain"


def names_of(document: str, start: str, end: str, columns: int) -> Iterator[list[str]]:
    """Yield the rows with so many columns between two headings of a shared document; skips when it is not there."""
    path = DOMAIN / document
    if not path.is_file():
        pytest.skip("the shared documents do not lie beside the project")
    for line in path.read_text("utf-8").split(start)[1].split(end)[0].splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("|") and len(cells) == columns and set(cells[0]) - {"-"}:
            yield cells


def test_names_cover_the_closed_lists() -> None:
    """Every type, section, partner kind and purpose has one Dutch name, and nothing else has."""
    assert names_dutch.EVENT_TYPES.keys() == CATALOGUE.keys()
    assert tuple(names_dutch.SECTIONS) == SECTIONS
    assert names_dutch.PARTNER_KINDS.keys() == PARTNER_KINDS
    assert names_dutch.PURPOSES.keys() == PURPOSES


def test_names_are_those_of_the_documents() -> None:
    """Types, sections and kinds are named as EVENTS.md, CODES.md and GLOSSARY.md name them."""
    types = {row[0]: row[1] for row in names_of("EVENTS.md", "## 3.", "## 4.", 7) if row[0] != "type"}
    sections = {
        row[1]: row[2] for row in names_of("CODES.md", "## 1.", "## 2.", 4) if re.fullmatch(r"F\d+", row[0])
    }
    kinds = {row[0]: row[1] for row in names_of("GLOSSARY.md", "## 2.", "## 3.", 3) if row[0] != "code"}
    assert types == names_dutch.EVENT_TYPES
    assert sections == names_dutch.SECTIONS
    assert kinds == names_dutch.PARTNER_KINDS


@pytest.mark.parametrize("reason", [reason for reason in Reason if reason.value.startswith("ok_")])
def test_law_is_cited_where_the_reason_has_one(reason: Reason) -> None:
    """Each reason with which something goes cites a law in words exactly when its basis is a law."""
    assert (reason in names_dutch.LAWS) is reason.basis.startswith("L ")


@pytest.mark.parametrize("reason", names_dutch.LAWS)
def test_cited_articles_are_those_of_the_basis(reason: Reason) -> None:
    """The numbers of articles and the letters of parts in words are those of the reason's basis."""
    law = re.split(r"; P", reason.basis.replace("Wmo", "Wmo 2015"))[0]
    basis = set(re.findall(r"\d+(?:\.\d+)*[a-z]?", law))
    basis |= {part for group in re.findall(r"\(([a-z])\)", law) for part in group}
    words = set(re.findall(r"\d+(?:\.\d+)*[a-z]?", names_dutch.LAWS[reason]))
    words |= set(re.findall(r"\b(?:onder|en) ([a-z])\b", names_dutch.LAWS[reason]))
    assert words == basis
