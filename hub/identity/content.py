"""The fifteen sections and their fields (EVENTS.md section 10), checked before anything is sealed.

Which fields a type of event asks for is in `required_content`; a field that section 11 asks for in some types
only (`contact.sender`, `codes.domains`, `codes.protective_factors`, `narrative.facts`) may therefore be absent
here. Texts, dates and codes stay exactly as they were sent: the models check, they do not convert.
"""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError

from hub.identity.content_fields import (
    AgeBand,
    CalendarDate,
    Cents,
    Code,
    CriminalBasis,
    District,
    Domain,
    EarlyKind,
    Email,
    FeedbackOutcome,
    Form,
    HouseNumber,
    Instant,
    Maybe,
    Measure,
    NationalStatus,
    Nature,
    NeighbourhoodCode,
    OfferType,
    PartnerKind,
    PersonRole,
    Placement,
    Postcode,
    ProtectiveFactor,
    Reference,
    Remark200,
    Revision,
    SafetyContext,
    SafetyLevel,
    Setting,
    SignalPartner,
    Steering,
    Telephone,
    Text100,
    Text200,
    Text2000,
    Text4000,
    Track,
    Urgency,
    Weeks,
    WhyNoConsent,
)
from hub.identity.persons import Person


class _NotEmpty(Form):
    """A section all of whose fields are optional, of which at least one is given."""

    @model_validator(mode="after")
    def _something_given(self) -> Self:
        if not self.model_fields_set:
            raise PydanticCustomError("section_empty", "a section without any field")
        return self


class Meta(Form):
    """F1: what the sender states of the process. The pseudonyms in it are the hub's to fill, per receiver."""

    event_type: Maybe[Reference] = None
    record_ref: Maybe[Reference] = None
    revision: Maybe[Revision] = None
    registered_at: Maybe[Instant] = None
    urgency: Maybe[Urgency] = None
    status: Maybe[Code] = None
    reason_code: Maybe[Code] = None
    suggested_partner_kind: Maybe[PartnerKind] = None
    new_owner: Maybe[Reference] = None
    expected_wait_weeks: Maybe[Weeks] = None
    due_at: Maybe[Instant] = None
    next_check_in: Maybe[CalendarDate] = None


class Address(Form):
    """A home address in the Netherlands."""

    street: Text100
    number: HouseNumber
    addition: Maybe[Text100] = None
    postcode: Postcode
    city: Text100


class Identity(Form):
    """F2."""

    family_name: Text100
    first_names: Text100
    birth_date: CalendarDate
    address: Maybe[Address] = None

    @field_validator("birth_date")
    @classmethod
    def _born(cls, value: str, info: ValidationInfo) -> str:
        # Both are YYYY-MM-DD: their order as text is their order in time.
        if info.context is not None and value > info.context["today"]:
            raise PydanticCustomError("date_in_future", "a birth date in the future")
        return value


class Area(Form):
    """F3."""

    district: District
    neighbourhood: Maybe[NeighbourhoodCode] = None


class ContactSender(Form):
    """The professional whom a receiver calls."""

    organisation: Text100
    role: Text100
    name: Text100
    telephone: Telephone
    email: Maybe[Email] = None
    reachable: Remark200


class FixedFace(Form):
    """The one professional who is the contact of a family."""

    organisation: Text100
    role: Text100
    name: Text100
    telephone: Telephone
    since: CalendarDate


class Contact(_NotEmpty):
    """F4."""

    sender: Maybe[ContactSender] = None
    fixed_face: Maybe[FixedFace] = None
    callback_by: Maybe[Instant] = None


class Priority(Form):
    """Set by a person; the reason is in the narrative. The hub computes no risk score."""

    class_: Annotated[int, Field(alias="class", ge=1, le=4)]
    set_by: Text100


class Codes(_NotEmpty):
    """F5."""

    domains: Maybe[list[Domain]] = None
    setting: Maybe[Setting] = None
    nature: Maybe[Nature] = None
    safety_level: Maybe[SafetyLevel] = None
    early_kind: Maybe[EarlyKind] = None
    offer_type: Maybe[OfferType] = None
    steering: Maybe[Steering] = None
    track: Maybe[Track] = None
    safety_context: Maybe[list[SafetyContext]] = None
    protective_factors: Maybe[Annotated[list[ProtectiveFactor], Field(min_length=1)]] = None
    requested_action: Maybe[Code] = None
    outcome: Maybe[FeedbackOutcome] = None
    vt_status: Maybe[NationalStatus] = None
    may_tell_sender: Maybe[bool] = None
    age_band: Maybe[AgeBand] = None
    minor_count: Maybe[Annotated[int, Field(ge=0, le=20)]] = None
    priority: Maybe[Priority] = None
    support_roles: Maybe[list[PersonRole]] = None

    @field_validator("domains", "safety_context", "protective_factors", "support_roles")
    @classmethod
    def _distinct(cls, value: list[str]) -> list[str]:
        if len(set(value)) != len(value):
            raise PydanticCustomError("not_distinct", "a code occurs twice")
        return value


class Conversation(Form):
    """Whether the worry was discussed with the family: with whom and when, or why not."""

    held_with: Maybe[Annotated[list[PersonRole], Field(min_length=1)]] = None
    held_on: Maybe[CalendarDate] = None
    deferred: Maybe[WhyNoConsent] = None

    @model_validator(mode="after")
    def _held_or_deferred(self) -> Self:
        if self.model_fields_set not in ({"held_with", "held_on"}, {"deferred"}):
            raise PydanticCustomError("conversation_form", "either held with and on, or deferred")
        return self


class Narrative(_NotEmpty):
    """F6: facts and interpretation apart from each other; no health details."""

    facts: Maybe[Text4000] = None
    interpretation: Maybe[Text4000] = None
    goal_in_family_words: Maybe[Text2000] = None
    question: Maybe[Text2000] = None
    answer: Maybe[Text2000] = None
    priority_reason: Maybe[Text2000] = None
    analysis_ref: Maybe[Reference] = None
    choices_offered: Maybe[list[Text200]] = None
    conversation: Maybe[Conversation] = None


class Health(Form):
    """F7: a diagnosis is never required."""

    description: Text2000
    medication: Maybe[Text2000] = None
    diagnosis: Maybe[Text2000] = None


class Criminal(Form):
    """F8."""

    description: Text2000
    incident_kind: Code
    basis: CriminalBasis


class Finance(_NotEmpty):
    """F9: money in euro cents."""

    amount_cents: Maybe[Cents] = None
    arrears_since: Maybe[CalendarDate] = None
    creditor: Maybe[SignalPartner] = None
    income_stable: Maybe[bool] = None
    eviction_on: Maybe[CalendarDate] = None
    cut_off_on: Maybe[CalendarDate] = None


class Member(Form):
    """One other person of the household. The age bands end at 22, so an adult has none."""

    person_ref: Person
    role: PersonRole
    age_band: Maybe[AgeBand] = None


class Household(Form):
    """F10."""

    members: Annotated[list[Member], Field(min_length=1)]
    minors_involved: Maybe[bool] = None


class Perspective(Form):
    """What one person says in the own words, or why that person was not heard."""

    role: PersonRole
    heard: bool
    words: Maybe[Text2000] = None
    not_heard_reason: Maybe[Text200] = None

    @model_validator(mode="after")
    def _words_or_reason(self) -> Self:
        if (self.words is not None) is not self.heard or (self.not_heard_reason is None) is not self.heard:
            raise PydanticCustomError("perspective_form", "words when heard, otherwise a reason")
        return self


class ReporterIdentity(Form):
    """F12."""

    name: Text200
    organisation: Maybe[Text200] = None
    reason_for_anonymity: Text200


class LegalStatus(_NotEmpty):
    """F13."""

    measure: Maybe[Measure] = None
    org: Maybe[Reference] = None
    order_ref: Maybe[Reference] = None
    from_: Annotated[Maybe[CalendarDate], Field(alias="from")] = None
    to: Maybe[CalendarDate] = None
    placement: Maybe[Placement] = None


class School(Form):
    """F14: missed hours of lessons in the last four weeks."""

    school: Text100
    group: Maybe[Text100] = None
    missed_hours_4_weeks: Maybe[Annotated[int, Field(ge=0, le=200)]] = None
    support_plan_ref: Maybe[Reference] = None


class ProtectedAddress(Form):
    """F15: `safe_contact` is a telephone number or a reference."""

    address: Address
    shelter_org: Maybe[Reference] = None
    safe_contact: Reference


class SectionContents(Form):
    """The content of an event by section, in the order F1 to F15. A section left out is not present."""

    meta: Maybe[Meta] = None
    identity: Maybe[Identity] = None
    area: Maybe[Area] = None
    contact: Maybe[Contact] = None
    codes: Maybe[Codes] = None
    narrative: Maybe[Narrative] = None
    health: Maybe[Health] = None
    criminal: Maybe[Criminal] = None
    finance: Maybe[Finance] = None
    household: Maybe[Household] = None
    perspectives: Maybe[Annotated[list[Perspective], Field(min_length=1)]] = None
    reporter_identity: Maybe[ReporterIdentity] = None
    legal_status: Maybe[LegalStatus] = None
    school: Maybe[School] = None
    protected_address: Maybe[ProtectedAddress] = None
