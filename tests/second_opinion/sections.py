"""R16: which sections may go. CONSENT.md section 9, S1 to S9 and the three tests after them."""

from __future__ import annotations

from collections.abc import Iterable

from tests.second_opinion import givers, records, stance
from tests.second_opinion.combining import r15_consent, required
from tests.second_opinion.matrix import cell, condition
from tests.second_opinion.stop import Stop
from tests.second_opinion.tables import LOW, Json
from tests.second_opinion.values import is_text

TEXTS = ("narrative", "perspectives")


def question_about(person: str, question: Json, sections: list[str]) -> Json:
    """The same question about another person and some sections (never `good_helper`)."""
    about, unreadable = records.c1_records_of(person, question["facts"].get("consents", []))
    return {
        **question,
        "subject_ref": person,
        "records": about,
        "unreadable": unreadable,
        "sections": sections,
        "good_helper": False,
    }


def related_to_recipient(question: Json) -> bool:
    """`own`: the recipient is in the subject's `related_orgs`; not a list of strings fails."""
    related = (givers.subject_of(question) or {}).get("related_orgs")
    return (
        isinstance(related, list)
        and all(isinstance(org, str) for org in related)
        and question["recipient"]["org"] in related
    )


def condition_holds(section: str, question: Json) -> bool:
    """S1: the condition written in the cell."""
    words = condition(question["recipient"]["kind"], section)
    if words == "own":
        return related_to_recipient(question)
    domains = question["event"].get("domains", [])
    return words == "" or (bool(domains) and all(domain in words.split() for domain in domains))


def named_by_those_who_must(section: str, question: Json) -> bool:
    """S1: by all required givers; in a low payload by the child when in R and one consenting representative."""
    if question["same_team"]:
        return True
    if question["givers"]["full"]:
        return all(stance.c10_names(person, section, question) for person in required(question))
    parents = question["givers"]["representatives"]
    child_names = not question["givers"]["child"] or stance.c10_names(
        question["subject_ref"], section, question
    )
    return child_names and (
        not parents or any(stance.c10_names(person, section, question) for person in parents)
    )


def s1_cell(section: str, question: Json) -> bool:
    grade = cell(question["recipient"]["kind"], section)
    if section == "meta":
        return grade == "Y"
    if not condition_holds(section, question):
        return False
    return grade == "Y" or (grade in ("C", "L/C") and named_by_those_who_must(section, question))


def s2_no_objection(section: str, question: Json) -> bool:
    """S2; in a same help team objections do not count."""
    return question["same_team"] or not any(
        stance.c9_objects_to(person, section, question) for person in required(question)
    )


def s3_inherited(section: str, question: Json) -> bool:
    """S3: `codes` goes only where the sections its domains reveal could go."""
    if section != "codes":
        return True
    kind = question["recipient"]["kind"]
    if givers.effective_codes_cell(question) not in ("Y", "C"):
        return False
    return all(
        cell(kind, name) == "Y" or named_by_those_who_must(name, question)
        for name in givers.domains_inherit(question)
    )


def s4_other_persons(section: str, question: Json) -> bool:
    """S4: the own consent of every other person in this section."""
    people = question["event"].get("section_about", {}).get(section, [])
    return all(
        other_consents(person, section, question) for person in people if person != question["subject_ref"]
    )


def other_consents(person: str, section: str, question: Json) -> bool:
    """S4: R13 and R15 hold for that person, and the section passes the naming of S1, S2 and S3."""
    theirs = {**question_about(person, question, [section]), "same_team": False}
    if givers.subject_of(theirs) is None:
        return False
    try:
        theirs["givers"] = givers.r13_required_givers(theirs)
        r15_consent(theirs)
    except Stop:
        return False
    needs_name = section != "meta" and cell(question["recipient"]["kind"], section) in ("C", "L/C")
    return (
        (not needs_name or named_by_those_who_must(section, theirs))
        and s2_no_objection(section, theirs)
        and s3_inherited(section, theirs)
    )


def s5_household_is_named(section: str, question: Json) -> bool:
    return section != "household" or bool(question["event"].get("section_about", {}).get("household"))


def s6_needed(section: str, question: Json) -> bool:
    needed = question["entry"].get("needed_sections")
    return needed is None or question["good_helper"] or section == "meta" or section in needed


def s7_good_helper(section: str, question: Json) -> bool:
    needed = question["entry"].get("needed_sections") or []
    return not question["good_helper"] or section in LOW or section in needed


def protected(question: Json) -> bool | None:
    """Whether the address is secret; None when that is not known."""
    value = (givers.subject_of(question) or {}).get("protected_address")
    return value if isinstance(value, bool) else None


def identity_holds_address(question: Json) -> bool:
    return bool(question["event"].get("identity_contains_address", True))


def s8_hidden(question: Json) -> list[str]:
    """S8: the sections that a secret address keeps back."""
    hidden = ["protected_address"]
    if identity_holds_address(question):
        hidden.append("identity")
    if question["policy"]["protected_address_hides_area"]:
        hidden.append("area")
    return hidden


def scan_status(section: str, question: Json) -> str | None:
    status = question["event"].get("scans", {}).get(section)
    return str(status) if is_text(status) else None


def cell_is_open(section: str, question: Json) -> bool:
    """Present with a cell other than L and N."""
    present = section in question["sections"]
    return present and cell(question["recipient"]["kind"], section) not in ("L", "N")


def protection_matters(question: Json) -> bool:
    """The sections whose fate hangs on an unknown `protected_address`."""
    area = question["policy"]["protected_address_hides_area"] and cell_is_open("area", question)
    return area or (identity_holds_address(question) and cell_is_open("identity", question))


def stop_when_nothing_left(allowed: Iterable[str], question: Json) -> None:
    """deny_nothing_left: something is withheld and nothing but `meta` (or nothing) may go."""
    going = set(allowed)
    if going < set(question["sections"]) and going <= {"meta"}:
        raise Stop("deny_nothing_left")


def stop_after_sections(allowed: list[str], question: Json) -> None:
    """The three tests after S1 to S9, in their order."""
    if protected(question) is None and protection_matters(question):
        raise Stop("hold_protection_unknown")
    for text in TEXTS:
        status = scan_status(text, question)
        if cell_is_open(text, question) and status not in ("clean", "masked", "identifier_found"):
            raise Stop("hold_scan_missing")
    stop_when_nothing_left(allowed, question)


def passes_s1_to_s7(section: str, question: Json) -> bool:
    return (
        s1_cell(section, question)
        and s2_no_objection(section, question)
        and s3_inherited(section, question)
        and s4_other_persons(section, question)
        and s5_household_is_named(section, question)
        and s6_needed(section, question)
        and s7_good_helper(section, question)
    )


def r16_sections(question: Json) -> tuple[list[str], list[str]]:
    """R16: the sections that may go and the duties that follow, or a stop."""
    allowed = [name for name in question["sections"] if passes_s1_to_s7(name, question)]
    if protected(question) is True:
        allowed = [name for name in allowed if name not in s8_hidden(question)]
    found = [name for name in allowed if name in TEXTS and scan_status(name, question) == "identifier_found"]
    allowed = [name for name in allowed if name not in found]
    stop_after_sections(allowed, question)
    duties = ["dlp_alert"] if found else []
    if protected(question) is not False:
        duties.append("omit_household_ref")
    return allowed, duties
