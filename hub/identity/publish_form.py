"""The publish form: what a partner writes as the `data` of a CloudEvent (EVENTS.md sections 2, 4, 10 and 11).

`publish_schema()` is the JSON Schema of it for the OpenAPI document. The form checks shapes; codes of the
decision view (purpose, urgency, recipients …) are judged by the decision itself, which answers with its reason.
"""

from __future__ import annotations

from typing import Annotated, Any, cast

from pydantic import ConfigDict, Field, StringConstraints, ValidationError
from pydantic_core import ErrorDetails

from hub.core.model import Json, JsonObject
from hub.identity.content import SectionContents
from hub.identity.content_fields import (
    LARGEST_COUNT,
    Form,
    InstantOrDate,
    Maybe,
    Reference,
    Revision,
    SectionName,
)
from hub.identity.persons import Person, Subject
from hub.identity.reasons import DoorReason, Refusal, refuse

Word = Annotated[str, StringConstraints(min_length=1, max_length=200)]
"""A code or reference in the clear part; whether it is a known one is for the decision to judge."""


class Addressee(Form):
    """Whom the event is for: one organisation, or a kind of organisation near the subject."""

    org: Maybe[Word] = None
    kind: Maybe[Word] = None
    partnership: Maybe[Word] = None


class Recipient(Form):
    """One recipient, what it needs, and the legal ground when there is no consent (CONSENT.md section 10)."""

    to: Addressee
    professional: Maybe[Word] = None
    needed_sections: Maybe[list[Word]] = None
    exception: Maybe[dict[str, Any]] = None


class Record(Form):
    """The sender's own record: the same ref with a higher revision replaces the earlier one."""

    ref: Reference
    revision: Revision


class Kindcheck(Form):
    """Whether minors depend on this adult."""

    done: bool
    children_present: Word
    minor_count: Annotated[int, Field(ge=0, le=LARGEST_COUNT)] | None


EXAMPLE: JsonObject = {
    "subject": {"bsn": "999900006"},
    "recipients": [{"to": {"kind": "local_team"}}],
    "purpose": "help_request",
    "urgency": "u3",
    "record": {"ref": "dossier-1", "revision": 1},
    "content": {
        "contact": {
            "sender": {
                "organisation": "Testschool Een",
                "role": "intern begeleider",
                "name": "Test Leraar",
                "telephone": "+31700000000",
                "reachable": "werkdagen van 9 tot 16 uur",
            }
        },
        "codes": {"domains": ["J4"], "protective_factors": ["adult_support"]},
        "narrative": {"facts": "Was in twee weken zes keer te laat."},
    },
}
"""A complete `signal.raised`, shown to partners in the OpenAPI document."""


class PublishForm(Form):
    """One event as a partner publishes it. The CloudEvents attributes carry id, source, type and time.

    `subject` is the child or adult the event is about: by citizen number, or by the pseudonym the hub gave. The
    number goes no further than the hub's door. `content` holds the sections in plain form; the door checks,
    scans and seals them. Everything else is the clear part on which the hub decides: no names, no free text.
    Persons in `section_about` and anywhere in `data` are named `{"bsn": …}`, `{"pseudonym": …}` or by a string of
    the sender's own; homes in `data` are named `{"address_object": …}`.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [cast("Any", EXAMPLE)]})

    subject: Maybe[Subject] = None
    content: Maybe[SectionContents] = None
    professional: Maybe[Word] = None
    recipients: Maybe[list[Recipient]] = None
    purpose: Maybe[Word] = None
    urgency: Maybe[Word] = None
    mode: Maybe[Word] = None
    domains: Maybe[list[Word]] = None
    safety_level: Maybe[Word] = None
    setting: Maybe[Word] = None
    case_ref: Maybe[Word] = None
    in_reply_to: Maybe[Word] = None
    requested_action: Maybe[Word] = None
    origin_id: Maybe[Word] = None
    causation_id: Maybe[Word] = None
    data_origin: Maybe[Word] = None
    record: Maybe[Record] = None
    occurred_at: Maybe[InstantOrDate] = None
    consent_version: Maybe[Annotated[int, Field(ge=0, le=LARGEST_COUNT)]] = None
    section_about: Maybe[dict[SectionName, list[Person]]] = None
    identity_contains_address: Maybe[bool] = None
    scans: Maybe[dict[Annotated[str, StringConstraints(pattern=r"^(narrative|perspectives)$")], Word]] = None
    anonymity_check: Maybe[Word] = None
    area_precision: Maybe[Word] = None
    district: Maybe[Word] = None
    age_band: Maybe[Word] = None
    cells: Maybe[list[Any]] = None
    kindcheck: Maybe[Kindcheck] = None
    early_kind: Maybe[Word] = None
    data: Maybe[dict[str, Any]] = None


def publish_schema(ref_template: str = "#/$defs/{model}") -> JsonObject:
    """Return the JSON Schema (2020-12) of the publish form.

    Args:
        ref_template: where references point, `#/components/schemas/{model}` inside an OpenAPI document (the
            caller then moves `$defs` there).
    """
    return dict(PublishForm.model_json_schema(ref_template=ref_template))


def read_form(data: Json, today: str) -> PublishForm:
    """Return the checked form.

    Args:
        data: the CloudEvent's data as `json.loads` gives it.
        today: the Amsterdam date of acceptance, YYYY-MM-DD; a birth date may not lie after it.

    Raises:
        Refusal: `section_content_invalid` when every problem lies in the content, else `publish_form_invalid`.
    """
    try:
        return PublishForm.model_validate(data, context={"today": today})
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=False, include_input=False)
    # Outside the except block: the library's error holds the values, and must not travel as our context.
    raise _refusal(problems)


MAX_POINTERS = 20
"""Problems named at once: enough to repair a message, not a second copy of it."""


def _refusal(problems: list[ErrorDetails]) -> Refusal:
    pointers = tuple(dict.fromkeys(_pointer(problem) for problem in problems))[:MAX_POINTERS]
    in_content = all(problem["loc"][:1] == ("content",) for problem in problems)
    reason = DoorReason.CONTENT_INVALID if in_content else DoorReason.FORM_INVALID
    return refuse(reason, *pointers)


def _pointer(problem: ErrorDetails) -> str:
    """Return where a problem is. INVARIANT: only names of our own fields appear, never a name from the message."""
    parts = [
        "*" if part not in FIELD_NAMES and _unknown_field(problem, part) else part for part in problem["loc"]
    ]
    return "".join(
        f"/{part}" for part in parts if isinstance(part, int) or part == "*" or part in FIELD_NAMES
    )


def _unknown_field(problem: ErrorDetails, part: int | str) -> bool:
    return problem["type"] == "extra_forbidden" and part == problem["loc"][-1]


def _field_names(schema: Json) -> frozenset[str]:
    """Return every property name of a JSON Schema."""
    if isinstance(schema, list):
        return frozenset().union(*map(_field_names, schema))
    if not isinstance(schema, dict):
        return frozenset()
    own = schema.get("properties")
    names = frozenset(own) if isinstance(own, dict) else frozenset()
    return names.union(*map(_field_names, schema.values()))


FIELD_NAMES = _field_names(publish_schema())
"""Every field name of the publish form, the only words that a pointer is made of."""
