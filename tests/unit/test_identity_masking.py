"""The text scan at the door: what the scan rule finds is covered, and nothing else is touched."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hub.core.model import Json
from hub.core.numbers import scan_text
from hub.identity.digest import canonical
from hub.identity.masking import MASK, ScanMode, ScanStatus, masked_text, most_serious, scanned

NUMBERS = (
    "999900006",
    "9999 00 006",
    "999-900.018",
    "9 9 9 9 0 0 0 0 6",
    "\uff19\uff19\uff19\uff19\uff10\uff10\uff10\uff10\uff16",
    "9999\u00ad00006",
)
near_numbers = st.lists(
    st.sampled_from(
        [*NUMBERS, *"0123456789", " ", ".", "-", "x", "é", "e\u0301", "\u200b", "\u2460", "\u00b2", "\n"]
    ),
    max_size=12,
).map("".join)


def scan(contents: dict[str, Json], mode: ScanMode) -> tuple[dict[str, Json], dict[str, ScanStatus]]:
    """Scan sections the way the door does."""
    return scanned(contents, {name: canonical(content) for name, content in contents.items()}, mode)


@pytest.mark.parametrize("number", NUMBERS)
def test_a_number_in_any_spelling_is_masked(number: str) -> None:
    """Joined, spaced, wide and hidden-character spellings all disappear behind the same token."""
    assert masked_text(f"Zijn nummer is {number}, zei hij.") == f"Zijn nummer is {MASK}, zei hij."


def test_overlapping_numbers_become_one_mask() -> None:
    """Two numbers that share digits leave nothing of either."""
    overlapping = next(
        text
        for text in (
            f"{n:09d}" + f" {tail}" for n in range(999_900_006, 999_901_000, 11) for tail in range(10)
        )
        if len(scan_text(" ".join(text.replace(" ", "")))) > 1
    )
    spaced = " ".join(overlapping.replace(" ", ""))
    assert scan_text(masked_text(spaced)) == []


@pytest.mark.parametrize(
    "text", ["999900007", "1999900006", "telefoon 070 353 30 00", "", "2026-11-21", "é" * 20]
)
def test_other_texts_stay_as_they_are(text: str) -> None:
    """Failing numbers, longer runs, dates and plain words are not touched."""
    assert masked_text(text) == text
    assert scan({"narrative": {"facts": text}}, ScanMode.MASK) == ({}, {"narrative": ScanStatus.CLEAN})


@given(near_numbers)
@example("999900006 999900006")
def test_a_masked_text_is_clean_and_no_number_is_missed(text: str) -> None:
    """After masking the scan rule finds nothing, and the section's status says exactly whether it found any."""
    assert scan_text(masked_text(text)) == []
    changed, statuses = scan({"narrative": {"facts": text}}, ScanMode.MASK)
    found = bool(scan_text(text))
    assert statuses["narrative"] is (ScanStatus.MASKED if found else ScanStatus.CLEAN)
    assert changed == ({"narrative": {"facts": masked_text(text)}} if found else {})


def test_reporting_leaves_the_text_and_names_it() -> None:
    """In report mode the two text sections are left whole and reported; elsewhere numbers are masked anyway."""
    contents: dict[str, Json] = {
        "narrative": {"facts": "999900006"},
        "perspectives": [{"role": "youth", "heard": True, "words": "999900018"}],
        "health": {"description": "999900006"},
    }
    changed, statuses = scan(contents, ScanMode.REPORT)
    assert changed == {"health": {"description": MASK}}
    assert statuses["narrative"] is statuses["perspectives"] is ScanStatus.IDENTIFIER_FOUND


def test_a_telephone_number_is_no_citizen_number() -> None:
    """An E.164 number in a telephone field stays, though its digits pass the 11-test; in a text it is masked."""
    contents: dict[str, Json] = {
        "contact": {"sender": {"telephone": "+999900006", "name": "Test Leraar", "class": 1}},
        "protected_address": {"safe_contact": "999900006"},
        "narrative": {"facts": "+999900006"},
    }
    changed, statuses = scan(contents, ScanMode.MASK)
    assert statuses["contact"] is ScanStatus.CLEAN
    assert changed == {"protected_address": {"safe_contact": MASK}, "narrative": {"facts": f"+{MASK}"}}


def test_masking_keeps_telephone_and_numbers_beside_a_masked_text() -> None:
    """Masking one text of a section leaves its telephone number, its truths and its counts."""
    contact: Json = {"sender": {"telephone": "+999900006", "name": "999900006", "minutes": 5, "on": True}}
    changed, _ = scan({"contact": contact}, ScanMode.MASK)
    assert changed == {
        "contact": {"sender": {"telephone": "+999900006", "name": MASK, "minutes": 5, "on": True}}
    }


@pytest.mark.parametrize(
    ("own", "stated", "counts"),
    [
        (ScanStatus.CLEAN, None, "clean"),
        (ScanStatus.CLEAN, "not_run", "clean"),
        (ScanStatus.CLEAN, "clean", "clean"),
        (ScanStatus.CLEAN, "masked", "masked"),
        (ScanStatus.MASKED, "clean", "masked"),
        (ScanStatus.MASKED, "identifier_found", "identifier_found"),
        (ScanStatus.CLEAN, "something_else", "something_else"),
    ],
)
def test_the_senders_own_scan_can_only_restrict(own: ScanStatus, stated: str | None, counts: str) -> None:
    """The more serious of the two counts; an unknown status is passed on, to be judged as unknown."""
    assert most_serious(own, stated) == counts
