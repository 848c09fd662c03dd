"""Pieces of the API description: problems, security, and the publish form of events."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import models_json_schema

from hub.gateway.authentication import Scope
from hub.gateway.events import BATCH_JSON, EVENT_JSON, PLAIN_JSON
from hub.gateway.problems import PROBLEM_JSON, STATUS_TITLES
from hub.gateway.publishing import DOMAIN
from hub.identity.publish_form import PublishForm

TOKEN_SCHEME: Final = "JWT-Claims"  # noqa: S105 - the name of a scheme in the VNG API, no secret
KEY_SCHEME: Final = "ApiKey"
REF_TEMPLATE: Final = "#/components/schemas/{model}"

Document = dict[str, Any]


class InvalidParameter(BaseModel):
    """One place of a request that is not valid (VNG Notification API)."""

    name: Annotated[str, Field(description="JSON pointer of a known field name.")]
    code: str
    reason: str


class Problem(BaseModel):
    """An error: RFC 9457, with the members of the VNG Notification API. It never quotes what was sent."""

    type: Annotated[str, Field(description="Where the reason is explained.")]
    title: str
    status: int
    detail: Annotated[str, Field(description="One plain English sentence.")]
    instance: Annotated[str, Field(description="Names this occurrence; mention it when you ask about it.")]
    reason: Annotated[str, Field(description="The stable reason code.", examples=["source_not_yours"])]
    code: Annotated[str, Field(description="The same as `reason`.")]
    message_nl: Annotated[str, Field(description="One plain Dutch sentence.")]
    event_id: Annotated[str | None, Field(description="The hub's own id of the event.")] = None
    pointers: Annotated[list[str] | None, Field(description="JSON pointers of known field names.")] = None
    invalidParams: list[InvalidParameter] | None = None  # noqa: N815 - the VNG API's own spelling


class PublishedEvent(BaseModel):
    """A CloudEvent 1.0 (NL GOV profile 1.1) in structured JSON mode. `subject` stays absent: it would show a person."""

    model_config = ConfigDict(extra="forbid")

    specversion: Annotated[str, Field(pattern=r"^1\.0$")]
    id: Annotated[str, Field(min_length=1, max_length=100, description="Unique per source.")]
    source: Annotated[str, Field(max_length=200, description="A URN registered for this partner.")]
    type: Annotated[str, Field(pattern=r"^nl\.jeugdigen\.[a-z0-9_]+\.[a-z0-9_]+\.v1$")]
    time: Annotated[str, Field(description="RFC 3339 with an offset: when the sender registered it.")]
    data: PublishForm
    datacontenttype: Annotated[str, Field(examples=[PLAIN_JSON])] = PLAIN_JSON
    dataschema: str | None = None
    domain: Annotated[str | None, Field(examples=[DOMAIN])] = None
    subscription: str | None = None
    subscriberReference: str | None = None  # noqa: N815 - the VNG API's own spelling
    sequence: str | None = None
    sequencetype: str | None = None
    traceparent: str | None = None
    tracestate: str | None = None


class EventEcho(BaseModel):
    """The published event's context attributes, without its data."""

    model_config = ConfigDict(extra="allow")

    specversion: str
    id: str
    source: str
    type: str
    time: str


class BatchResult(BaseModel):
    """What became of one event of a batch."""

    index: int
    status: int
    event_id: str | None = None
    receipt: str | None = None
    event: EventEcho | None = None
    problem: Problem | None = None


class BatchAnswer(BaseModel):
    """One result per event, in the order of the batch."""

    accepted: int
    refused: int
    results: list[BatchResult]


EXAMPLE_EVENT: Final[Document] = {
    "specversion": "1.0",
    "id": "2026-000123",
    "source": "urn:nld:oin:00000000000000000000:systeem:voorbeeld",
    "type": "nl.jeugdigen.signal.raised.v1",
    "time": "2026-03-02T09:30:00+01:00",
    "domain": DOMAIN,
    "datacontenttype": PLAIN_JSON,
    "data": {
        "subject": {"bsn": "999990019"},
        "recipients": [{"to": {"kind": "local_team"}}],
        "purpose": "help_request",
        "urgency": "u3",
        "record": {"ref": "000123", "revision": 1},
        "content": {
            "contact": {
                "sender": {
                    "organisation": "Testschool Een",
                    "role": "intern begeleider",
                    "name": "Test Medewerker",
                    "telephone": "+31700000000",
                    "reachable": "werkdagen 9-17 uur",
                }
            },
            "codes": {"domains": ["J4"], "protective_factors": ["adult_support"]},
            "narrative": {"facts": "Voorbeeldtekst."},
        },
    },
}
"""A signal of a school to the local team; the number is of the official test range."""


def problem_answers(*statuses: int) -> dict[int | str, Document]:
    """Return the documented errors of a route."""
    content = {PROBLEM_JSON: {"schema": {"$ref": REF_TEMPLATE.format(model="Problem")}}}
    return {status: {"description": STATUS_TITLES[status], "content": content} for status in statuses}


def json_answer(model: str, description: str, media_type: str = PLAIN_JSON) -> Document:
    """Return a documented answer with a schema of the components."""
    schema = {"$ref": REF_TEMPLATE.format(model=model)}
    return {"description": description, "content": {media_type: {"schema": schema}}}


def security(*scopes: Scope) -> Document:
    """Return the security of a route: an access token with one of these scopes, or an API key."""
    return {"security": [*({TOKEN_SCHEME: [scope.value]} for scope in scopes), {KEY_SCHEME: []}]}


def body_of(model: str, *media_types: str, example: Document | None = None) -> Document:
    """Return a documented request body that is read by the gateway's own strict parser."""
    media: Document = {"schema": {"$ref": REF_TEMPLATE.format(model=model)}}
    if example is not None:
        media["example"] = example
    return {"requestBody": {"required": True, "content": dict.fromkeys(media_types, media)}}


def events_body() -> Document:
    """Return the three forms in which events are published."""
    batch = {"type": "array", "items": {"$ref": REF_TEMPLATE.format(model="PublishedEvent")}}
    structured = {"$ref": REF_TEMPLATE.format(model="PublishedEvent")}
    binary = {"$ref": REF_TEMPLATE.format(model="PublishForm")}
    content = {
        EVENT_JSON: {"schema": structured, "example": EXAMPLE_EVENT},
        BATCH_JSON: {"schema": batch, "example": [EXAMPLE_EVENT]},
        PLAIN_JSON: {"schema": binary, "example": EXAMPLE_EVENT["data"]},
    }
    return {"requestBody": {"required": True, "content": content}}


def component_schemas(*models: type[BaseModel]) -> Document:
    """Return the schemas of models that FastAPI does not see, because bodies are read by our own parser."""
    wanted: tuple[type[BaseModel], ...] = (Problem, PublishedEvent, EventEcho, BatchAnswer, *models)
    inputs: list[tuple[type[BaseModel], Literal["validation"]]] = [(model, "validation") for model in wanted]
    _, definitions = models_json_schema(inputs, ref_template=REF_TEMPLATE)
    found: Document = definitions.get("$defs", {})
    return found


def security_schemes(token_url: str) -> Document:
    """Return how partners identify themselves."""
    how = "OAuth 2 client credentials: a signed access token with scope events.publish or events.consume."
    if token_url:
        how += f" Tokens are issued at {token_url}."
    return {
        TOKEN_SCHEME: {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": how},
        KEY_SCHEME: {
            "type": "apiKey",
            "in": "header",
            "name": "X-API-Key",
            "description": "`<key id>.<secret>`; also taken as `Authorization: Bearer <key id>.<secret>`.",
        },
    }
