"""The kinds of fields that messages are made of (EVENTS.md section 10): text, dates, codes, telephone numbers."""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, GetCoreSchemaHandler, StringConstraints
from pydantic_core import PydanticCustomError, core_schema

from hub.core import codes
from hub.core.times import parse_date, parse_instant, parse_moment
from hub.identity import content_codes

REFERENCE_CHARACTERS = 200
"""Longest reference, organisation code or person ref: as long as a CloudEvents source may be."""

LARGEST_COUNT = 2_147_483_647
"""Largest revision or consent version: what the wire format and the ledger hold without loss."""

# Tags, entities and control characters: what a receiver's screen would interpret instead of show.
_MARKUP = re.compile(
    r"<[A-Za-z/!?]|&(?:[A-Za-z][A-Za-z0-9]{1,31}|#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6});"
    r"|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]"
)


class Form(BaseModel):
    """A closed object: unknown fields are refused, nothing is converted."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class NotNull:
    """Marks an optional field whose absence is fine and whose null is an error (EVENTS.md section 2)."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        """Take the `None` that stands for absence out of what may be sent."""
        schema = handler(source)
        return schema["schema"] if schema["type"] == "nullable" else schema


class OneOf:
    """Marks a string of a closed list: checked, and listed in the published JSON schema."""

    def __init__(self, listed: frozenset[str]) -> None:
        self._listed = sorted(listed)

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        """Return the list as a schema of literals."""
        del source, handler
        return core_schema.literal_schema(list(self._listed))


_Value = TypeVar("_Value")
Maybe = Annotated[_Value | None, NotNull()]
"""A field that may be left out; `None` in the model means absent."""


def _shown_as_is(text: str) -> str:
    if not unicodedata.is_normalized("NFC", text):
        raise PydanticCustomError("text_form", "text is not in Unicode form NFC")
    if _MARKUP.search(text):
        raise PydanticCustomError("text_markup", "text contains markup or control characters")
    return text


def _plain_text(text: str) -> str:
    if text.isspace():
        raise PydanticCustomError("text_blank", "text is blank")
    return _shown_as_is(text)


def _calendar_date(text: str) -> str:
    if parse_date(text) is None:
        raise PydanticCustomError("date_form", "not an existing date YYYY-MM-DD")
    return text


def _instant(text: str) -> str:
    if parse_instant(text) is None:
        raise PydanticCustomError("instant_form", "not an RFC 3339 instant with offset")
    return text


def _instant_or_date(text: str) -> str:
    if parse_moment(text) is None:
        raise PydanticCustomError("instant_form", "neither a date nor an instant")
    return text


Text100 = Annotated[str, StringConstraints(min_length=1, max_length=100), AfterValidator(_plain_text)]
Text200 = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(_plain_text)]
Text2000 = Annotated[str, StringConstraints(min_length=1, max_length=2000), AfterValidator(_plain_text)]
Text4000 = Annotated[str, StringConstraints(min_length=1, max_length=4000), AfterValidator(_plain_text)]
Remark200 = Annotated[str, StringConstraints(max_length=200), AfterValidator(_shown_as_is)]
"""Text of 0 to 200 characters."""

Reference = Annotated[
    str, StringConstraints(min_length=1, max_length=REFERENCE_CHARACTERS), AfterValidator(_plain_text)
]
Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
"""A code of a list that the documents leave open."""

CalendarDate = Annotated[str, AfterValidator(_calendar_date), Field(json_schema_extra={"format": "date"})]
Instant = Annotated[str, AfterValidator(_instant), Field(json_schema_extra={"format": "date-time"})]
InstantOrDate = Annotated[str, AfterValidator(_instant_or_date)]
Telephone = Annotated[str, StringConstraints(pattern=r"^\+[1-9][0-9]{6,14}$")]
"""E.164: at most fifteen digits after the plus sign."""

Postcode = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{3}[A-Z]{2}$")]
NeighbourhoodCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}[0-9]{6}$")]
"""A CBS code of eight characters."""

Email = Annotated[str, StringConstraints(max_length=254, pattern=r"^[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+$")]
HouseNumber = (
    Annotated[int, Field(ge=1, le=99_999)] | Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,4}$")]
)
Weeks = Annotated[int, Field(ge=0, le=520)]
Cents = Annotated[int, Field(ge=0, le=2**53 - 1)]
"""Money in euro cents; the upper bound is the largest integer that every JSON reader keeps exactly."""

Revision = Annotated[int, Field(ge=1, le=LARGEST_COUNT)]

AgeBand = Annotated[str, OneOf(codes.AGE_BANDS)]
CriminalBasis = Annotated[str, OneOf(codes.CRIMINAL_BASES)]
District = Annotated[str, OneOf(codes.DISTRICTS)]
Domain = Annotated[str, OneOf(codes.DOMAINS)]
EarlyKind = Annotated[str, OneOf(codes.EARLY_KINDS)]
FeedbackOutcome = Annotated[str, OneOf(content_codes.FEEDBACK_OUTCOMES)]
Measure = Annotated[str, OneOf(codes.MEASURES)]
NationalStatus = Annotated[str, OneOf(content_codes.NATIONAL_STATUSES)]
Nature = Annotated[str, OneOf(content_codes.NATURES)]
OfferType = Annotated[str, OneOf(content_codes.OFFER_TYPES)]
PartnerKind = Annotated[str, OneOf(codes.PARTNER_KINDS - {codes.HUB_KIND})]
PersonRole = Annotated[str, OneOf(codes.ROLES)]
Placement = Annotated[str, OneOf(content_codes.PLACEMENTS)]
ProtectiveFactor = Annotated[str, OneOf(content_codes.PROTECTIVE_FACTORS)]
SafetyContext = Annotated[str, OneOf(content_codes.SAFETY_CONTEXTS)]
SafetyLevel = Annotated[str, OneOf(codes.SAFETY_LEVELS)]
SectionName = Annotated[str, OneOf(codes.SECTION_SET)]
Setting = Annotated[str, OneOf(codes.SETTINGS)]
SignalPartner = Annotated[str, OneOf(codes.SIGNAL_PARTNERS)]
Steering = Annotated[str, OneOf(content_codes.STEERINGS)]
Track = Annotated[str, OneOf(content_codes.TRACKS)]
Urgency = Annotated[str, OneOf(codes.URGENCY_SET)]
WhyNoConsent = Annotated[str, OneOf(codes.WHY_NO_CONSENT)]
