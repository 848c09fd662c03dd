"""The Dutch words of the letter at language level B1: roles, sections explained, what to do after a no. Data only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from hub.core.reasons import Reason
from hub.gateway.inspection_answer import SELF

WHOSE: Final = {SELF: "u"}
WHOSE_CHILD: Final = "uw kind"
WHOSE_OTHER: Final = "de persoon voor wie u opkomt"
PARENTAL_ROLES: Final = frozenset({"parent_with_custody", "co_custodian"})

ROLES: Final[Mapping[str, str]] = {
    SELF: "de persoon zelf",
    "parent_with_custody": "ouder met gezag",
    "co_custodian": "verzorger die samen met een ouder het gezag heeft",
    "guardian": "voogd",
    "institution_guardian": "voogd bij een instelling",
    "curator": "curator",
    "mentor": "mentor",
    "proxy": "schriftelijk gemachtigde",
    "partner": "echtgenoot of levensgezel",
    "family_representative": "familielid dat vertegenwoordigt",
}
"""Roles that can see a log (CONSENT.md sections 6 and 13), as people say them."""

SECTIONS_EXPLAINED: Final[Mapping[str, str]] = {
    "meta": "gegevens over het bericht zelf: soort, datum en nummer",
    "identity": "naam, geboortedatum en adres",
    "area": "het stadsdeel en de wijk",
    "contact": "wie het bericht stuurde of helpt, met telefoonnummer",
    "codes": "korte aanduidingen, zoals het onderwerp en wat goed gaat",
    "narrative": "wat er is gezien of besproken, in woorden",
    "health": "gegevens over gezondheid",
    "criminal": "gegevens over politie of justitie",
    "finance": "gegevens over geld en schulden",
    "household": "wie er nog meer in huis wonen",
    "perspectives": "wat kind, ouders en anderen zelf vinden",
    "reporter_identity": "wie de melding deed",
    "legal_status": "maatregelen van de rechter, zoals ondertoezichtstelling of voogdij",
    "school": "gegevens over school, zoals aanwezigheid",
    "protected_address": "een adres dat geheim moet blijven",
}
"""What each section holds (CODES.md section 1), for people who never saw a message of the hub."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Why there is no overview, and what somebody can do: two short texts."""

    why: str
    what_now: str


_OPERATOR: Final = Refused(
    "De hub kan uw vraag op dit moment niet beoordelen. Dat ligt niet aan u.",
    "De beheerder lost dit op. Vraag het daarna opnieuw.",
)

REFUSED: Final[Mapping[Reason, Refused]] = {
    Reason.HOLD_EVALUATION_ERROR: _OPERATOR,
    Reason.HOLD_POLICY_INVALID: _OPERATOR,
    Reason.HOLD_AGE_UNKNOWN: Refused(
        "De hub kent deze persoon niet, of weet de geboortedatum niet. Die is nodig, omdat de leeftijd bepaalt wie "
        "mag inzien.",
        "Een hulpverlener kan de geboortedatum laten vastleggen. Vraag het daarna opnieuw.",
    ),
    Reason.HOLD_CAPACITY_UNCLEAR: Refused(
        "Het is niet duidelijk of deze persoon dit zelf kan beslissen.",
        "Een professional beoordeelt dat eerst, in een gesprek. Vraag het daarna opnieuw.",
    ),
    Reason.HOLD_CUSTODY_UNKNOWN: Refused(
        "De hub weet niet wie het gezag heeft.",
        "Een hulpverlener kijkt dat na in het gezagsregister. Vraag het daarna opnieuw.",
    ),
    Reason.HOLD_INSPECTION_REVIEW: Refused(
        "Een professional kijkt eerst of inzage goed is voor het kind. Dat moet van de wet.",
        "U krijgt daarna antwoord. Duurt het u te lang? Vraag dan wanneer het antwoord komt.",
    ),
    Reason.DENY_INSPECTION_VIA_REPRESENTATIVE: Refused(
        "Deze persoon kan dit niet zelf opvragen, omdat die jonger is dan 12 jaar of dit niet zelf kan beslissen.",
        "Een ouder met gezag, een voogd of een andere vertegenwoordiger kan het opvragen. Het kind heeft wel recht op "
        "uitleg.",
    ),
    Reason.DENY_INSPECTION_CHILD_INTEREST: Refused(
        "Een professional heeft bekeken of inzage goed is voor het kind. Het belang van het kind verzet zich daar nu "
        "tegen.",
        "Vraag om een gesprek over deze beslissing. U kunt ook een klacht indienen.",
    ),
    Reason.DENY_INSPECTION_NOT_ENTITLED: Refused(
        "Volgens de wet heeft u geen recht op dit overzicht. Het overzicht is voor de persoon zelf vanaf 12 jaar, en "
        "voor wie het gezag heeft zolang de persoon niet zelf beslist. Vanaf 16 jaar beslist een jongere alleen.",
        "Denkt u dat dit niet klopt, bijvoorbeeld omdat u wel het gezag heeft? Vraag dan om het na te kijken.",
    ),
}
"""Every reason with which an inspection is not given."""
