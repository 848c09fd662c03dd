"""The letter and the table for the family: complete, plain, safe to open, and silent about what was left out."""

from __future__ import annotations

import csv
import html
import io
import re
from dataclasses import replace

import pytest

from hub.core.codes import ADULT_REPRESENTATIVE_GROUPS, MINOR_REPRESENTATIVE_ROLES, SECTIONS
from hub.core.model import LEAVES
from hub.core.reasons import Reason
from hub.gateway.inspection_answer import SELF, InspectionAnswer, Line, Party
from hub.gateway.inspection_document import LEFT_OUT_NL
from hub.gateway.inspection_reasons import INSPECTION_STATUS
from hub.identity.partners import City
from hub.operate.inspection.letter import day_in_words, letter, moment_in_words, short_moment
from hub.operate.inspection.table import BYTE_ORDER_MARK, HEADINGS, harmless, table
from hub.operate.inspection.words import REFUSED, ROLES, SECTIONS_EXPLAINED

NOW = "2026-03-02T08:30:00Z"
CITY = City("Teststad", "lt_kracht_escamp", "+31700000009")
SCHOOL, TEAM = Party("Testschool Een", "school"), Party("Testteam", "local_team")
LINE = Line(
    shared_at="2026-06-30T22:05:00Z",
    replay_until="2026-07-07T22:05:00+00:00",
    state="delivered",
    sender=SCHOOL,
    recipient=TEAM,
    type="signal.raised",
    purpose="help_request",
    reason=Reason.OK_CONSENT,
    sections=("meta", "narrative"),
)
MASKED = Line(
    shared_at=None,
    replay_until=None,
    state="under_way",
    sender=None,
    recipient=TEAM,
    type=None,
    purpose=None,
    reason=None,
    sections=("meta",),
)
LONGEST_SENTENCE_WORDS = 25
"""Plain Dutch at level B1 keeps sentences short; the longest here name a law or explain a term."""

MEAN_SENTENCE_WORDS = 13
"""What guides to plain Dutch at level B1 advise: ten to fifteen words on average."""


def answer(*lines: Line, reason: Reason = Reason.OK_INSPECTION, role: str = SELF) -> InspectionAnswer:
    """Return an answer that shows these lines."""
    return InspectionAnswer(
        reason=reason, answered_at=NOW, role=role, lines=lines, contact=None, replay_days=7
    )


def words_of(document: str) -> str:
    """Return the text of a letter as people read it, blank space as single spaces."""
    body = re.sub(r"<(style|title)>.*?</\1>", " ", document, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


def test_the_letter_tells_each_line_in_words() -> None:
    """Date and time are those of Amsterdam, organisations, type, sections, ground and law are named in Dutch."""
    text = words_of(letter(answer(LINE), CITY))
    assert "1 juli 2026 om 00.05 uur" in text
    assert "van Testschool Een school naar Testteam lokaal team" in text
    assert "signaal gemeld waarvoor: hulp vragen kop, verhaal" in text
    assert "Iedereen die moet instemmen, deed dat. Jeugdwet, artikel 7.3.11" in text
    assert "Samenhub · Teststad 2 maart 2026" in text
    assert LEFT_OUT_NL not in text


def test_the_letter_says_what_it_does_not_show() -> None:
    """A limited overview says so in the one fixed sentence, and a hidden sender and ground in words."""
    text = words_of(letter(answer(MASKED, reason=Reason.OK_INSPECTION_LIMITED), CITY))
    assert LEFT_OUT_NL in text
    assert "Wmo 2015, artikel 5.3.1 lid 3" in text
    assert "(niet getoond: wie dit deelde, vroeg om anoniem te blijven)" in text
    assert "“Onderweg” betekent" in text


def test_an_empty_log_is_a_letter_too() -> None:
    """Without lines the letter says so, and explains no words."""
    text = words_of(letter(answer(), None))
    assert "Er zijn geen regels om te laten zien." in text
    assert "Wat betekenen deze woorden?" not in text
    assert "Vraag het aan degene die u deze brief gaf." in text


@pytest.mark.parametrize(
    ("role", "title"),
    [
        (SELF, "Wie deelde wat over u?"),
        ("parent_with_custody", "Wie deelde wat over uw kind?"),
        ("mentor", "Wie deelde wat over de persoon voor wie u opkomt?"),
    ],
)
def test_the_letter_speaks_to_the_requester(role: str, title: str) -> None:
    """Who asks for oneself, a parent, and another representative are each addressed as such, and the role is named."""
    text = words_of(letter(answer(LINE, role=role), CITY))
    assert title in text
    assert ROLES[role] in text


@pytest.mark.parametrize("reason", INSPECTION_STATUS)
def test_a_no_is_explained(reason: Reason) -> None:
    """Every hold and deny becomes a letter with why, what to do, and no table and no child's contact."""
    refused = InspectionAnswer(reason=reason, answered_at=NOW)
    text = words_of(letter(refused, CITY))
    assert REFUSED[reason].why in text
    assert REFUSED[reason].what_now in text
    assert "Wanneer" not in text
    assert "Bel met Teststad : telefoon +31700000009" in text


def test_words_are_complete() -> None:
    """Every reason, role that may see a log, and section has its words."""
    adult = frozenset[str]().union(*ADULT_REPRESENTATIVE_GROUPS)
    assert ROLES.keys() == {SELF} | MINOR_REPRESENTATIVE_ROLES | adult
    assert tuple(SECTIONS_EXPLAINED) == SECTIONS
    assert REFUSED.keys() == INSPECTION_STATUS.keys()
    assert not any(reason.outcome in LEAVES for reason in REFUSED)


def test_the_contact_of_the_family_is_named() -> None:
    """The fixed face's organisation stands there with its telephone, or without when the configuration has none."""
    shown = answer(LINE)
    full = {"organisation": "Testteam", "role": "gezinswerker", "telephone": "+31700000001"}
    for contact, expected in [
        (full, "Uw vaste gezicht werkt bij Testteam , gezinswerker: telefoon +31700000001 ."),
        ({"organisation": "Testteam"}, "Uw vaste gezicht werkt bij Testteam ."),
    ]:
        known = InspectionAnswer(
            reason=shown.reason, answered_at=NOW, role=SELF, contact=contact, replay_days=7
        )
        assert expected in words_of(letter(known, CITY))


@pytest.mark.parametrize("reason", [Reason.OK_INSPECTION, Reason.OK_INSPECTION_LIMITED, *INSPECTION_STATUS])
def test_the_letter_fetches_nothing(reason: Reason) -> None:
    """Opening it tells nobody: no script, no image, no style or font from elsewhere, and a policy that forbids them."""
    document = letter(
        answer(LINE, MASKED, reason=reason)
        if reason.outcome in LEAVES
        else InspectionAnswer(reason=reason, answered_at=NOW),
        CITY,
    )
    for forbidden in (
        "http:",
        "https:",
        "src=",
        "href=",
        "url(",
        "@import",
        "<script",
        "<link",
        "<img",
        "javascript:",
    ):
        assert forbidden not in document.replace("http-equiv", "")
    assert "default-src 'none'; style-src 'unsafe-inline'" in document
    assert '<html lang="nl">' in document


def test_names_are_text_and_never_markup() -> None:
    """A name from the configuration that looks like markup is shown as it is written."""
    hostile = Party('<script>alert("x")</script>', "local_team")
    document = letter(answer(replace(LINE, recipient=hostile)), CITY)
    assert "<script" not in document
    assert '<script>alert("x")</script>' in html.unescape(document)


@pytest.mark.parametrize("reason", [Reason.OK_INSPECTION_LIMITED, *INSPECTION_STATUS])
def test_the_letter_is_plain_dutch(reason: Reason) -> None:
    """No sentence is longer than a reader at level B1 manages, and on average they are short."""
    shown = (
        answer(reason=reason)
        if reason.outcome in LEAVES
        else InspectionAnswer(reason=reason, answered_at=NOW)
    )
    document = letter(shown, CITY)
    prose = [words_of(piece) for piece in re.findall(r"<(?:p|li)[ >].*?</(?:p|li)>", document, re.DOTALL)]
    sentences = [found.split() for piece in prose for found in re.split(r"(?<=[.?:])\s", piece)]
    assert max(map(len, sentences)) <= LONGEST_SENTENCE_WORDS, max(sentences, key=len)
    assert sum(map(len, sentences)) / len(sentences) <= MEAN_SENTENCE_WORDS


def test_instants_are_told_in_amsterdam_time() -> None:
    """Summer and winter time are those of the day; what is no instant is shown as it is."""
    assert moment_in_words("2026-01-01T23:30:00Z") == "2 januari 2026 om 00.30 uur"
    assert moment_in_words("2026-08-01T10:05:00Z") == "1 augustus 2026 om 12.05 uur"
    assert day_in_words("2026-12-31T22:59:59Z") == "31 december 2026"
    assert short_moment("2026-01-01T23:30:00Z") == "02-01-2026 00:30"
    assert (day_in_words("?"), moment_in_words("?"), short_moment("?")) == ("?", "?", "?")


def test_the_table_is_read_by_a_spreadsheet() -> None:
    """UTF-8 with its mark, Dutch headings, semicolons, one row per line, and every cell where it belongs."""
    text = table(answer(LINE, MASKED))
    assert text.startswith(BYTE_ORDER_MARK)
    assert text.encode()[:3] == b"\xef\xbb\xbf"
    headings, first, second = csv.reader(io.StringIO(text.removeprefix(BYTE_ORDER_MARK)), delimiter=";")
    assert tuple(headings) == HEADINGS
    assert first == [
        "01-07-2026 00:05",
        "aangekomen",
        "Testschool Een",
        "school",
        "Testteam",
        "lokaal team",
        "signaal gemeld",
        "kop, verhaal",
        "hulp vragen",
        "Iedereen die moet instemmen, deed dat.",
        "Jeugdwet, artikel 7.3.11",
        "08-07-2026 00:05",
    ]
    assert second[:4] == ["", "onderweg", "(niet getoond: wie dit deelde, vroeg om anoniem te blijven)", ""]
    assert (second[6], second[8], second[10]) == ("bericht", "", "")


def test_a_table_without_lines_has_its_headings() -> None:
    """A hold or deny leaves the headings alone."""
    assert table(InspectionAnswer(reason=Reason.HOLD_AGE_UNKNOWN, answered_at=NOW)).count("\r\n") == 1


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_no_cell_is_a_formula(start: str) -> None:
    """A name that a spreadsheet would calculate with is made text; other cells stay as they are."""
    hostile = Party(f"{start}1+1", "local_team")
    text = table(answer(replace(LINE, recipient=hostile)))
    rows = list(csv.reader(io.StringIO(text.removeprefix(BYTE_ORDER_MARK), newline=""), delimiter=";"))
    assert rows[1][4] == f"'{start}1+1"
    assert harmless("Testteam") == "Testteam"
