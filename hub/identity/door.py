"""The door: where a partner's event is checked, scanned, made pseudonymous and sealed, before it reaches the bus.

`Door.admit` is the one place where plain content and citizen numbers are together in memory; what it returns
holds neither. Its steps run in a fixed order, and any of them can refuse:

1. the publish form (`publish_form`) and the content that the type asks for (`required_content`);
2. persons and homes become refs of the bus (`persons`, `pseudonyms`);
3. the decision view (`decision_view`), in which no citizen number may show (gate E1);
4. the text scan (`masking`), the digest (`digest`), the sealing (`sealing`).
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

from hub.core.codes import TEXT_SECTIONS
from hub.core.model import Json, JsonObject
from hub.core.numbers import metadata_refused
from hub.core.times import amsterdam_date, parse_instant
from hub.identity import decision_view as views
from hub.identity.bsn import Environment, NumberRefusedError, citizen_number
from hub.identity.digest import NotCanonicalError, canonical_plain, event_digest, parts_without_form
from hub.identity.key_material import KEY_BYTES
from hub.identity.masking import ScanMode, ScanStatus, most_serious, scanned
from hub.identity.persons import MAX_PERSONS, Named, OpenObjectError, named, named_in, replaced, without_named
from hub.identity.pseudonyms import Pseudonyms
from hub.identity.publish_form import read_form
from hub.identity.reasons import DoorReason, Refusal, refuse
from hub.identity.required_content import at, missing_content
from hub.identity.sealing import Sealer
from hub.wire.envelope import SealedEvent

EVENT_NAMESPACE = uuid.UUID("6f3c1c52-5a0e-5b7e-9d4c-0f6a52b1c7de")
"""Namespace of the hub's event ids. INVARIANT: never changes, or the same event would get a second id."""

TRACE_ATTRIBUTES = frozenset({"traceparent", "tracestate"})
_TRACEPARENT = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}\Z")

ResolvePseudonym = Callable[[str, str], Awaitable[str | None]]
"""(organisation, receiver pseudonym) -> subject ref, or None when the hub never gave it to that organisation."""

SubjectOfRecord = Callable[[str, str], Awaitable[str | None]]
"""(organisation, record ref) -> ref of the subject of that organisation's record, or None when it is not known."""

KnownPerson = Callable[[tuple[str, ...]], Awaitable[str | None]]
"""Candidates under every pseudonym key, newest first -> the one already known to the ledger, or None."""


@dataclass(frozen=True, slots=True)
class Publication:
    """One event at the door. `attributes` passed the CloudEvents profile; `accepted_at` is an instant in UTC."""

    attributes: Mapping[str, str]
    data: JsonObject = field(repr=False)
    authenticated_org: str
    sender_kind: str
    accepted_at: str


@dataclass(frozen=True, slots=True)
class _Subject:
    ref: str | None = None
    number: str | None = field(default=None, repr=False)


def event_uid(source: str, event_id: str) -> str:
    """Return the hub's id of an event: the same (source, id) gives the same id, always."""
    return str(uuid.uuid5(EVENT_NAMESPACE, f"{source}\n{event_id}"))


class Door:
    """The edge for partners that publish over HTTP. One instance serves all of them.

    Args:
        pseudonyms: the hub's pseudonym keys.
        sealer: closes content under the children's data keys.
        digest_key: 32 bytes, see `digest.event_digest`.
        environment: which citizen numbers are taken.
        resolve_pseudonym: finds a person by the pseudonym that the hub gave a partner.
        subject_of_record: finds whom a retraction is about that does not say so itself.
        known_person: required while several pseudonym keys are held, so that a person keeps the ref already known.
        scan_mode: whether citizen numbers in texts are masked or reported.
    """

    def __init__(
        self,
        *,
        pseudonyms: Pseudonyms,
        sealer: Sealer,
        digest_key: bytes,
        environment: Environment,
        resolve_pseudonym: ResolvePseudonym,
        subject_of_record: SubjectOfRecord | None = None,
        known_person: KnownPerson | None = None,
        scan_mode: ScanMode = ScanMode.MASK,
    ) -> None:
        if len(digest_key) != KEY_BYTES:
            raise ValueError(f"the digest key has {KEY_BYTES} bytes")
        if pseudonyms.versions > 1 and known_person is None:
            raise ValueError("with several pseudonym keys the door must be able to ask who is known")
        self._pseudonyms = pseudonyms
        self._sealer = sealer
        self._digest_key = digest_key
        self._environment = environment
        self._resolve_pseudonym = resolve_pseudonym
        self._subject_of_record = subject_of_record
        self._known_person = known_person
        self._scan_mode = scan_mode

    async def admit(self, publication: Publication) -> SealedEvent:
        """Check, scan, pseudonymise and seal one event.

        Raises:
            Refusal: with the code of a `DoorReason` and pointers to field names; never with a value.
            KeyUnusable: the child's data key cannot be unwrapped; the hub's fault, the sender may try again.
        """
        attributes, org = publication.attributes, publication.authenticated_org
        name = _checked_attributes(attributes)
        today = _today(publication.accepted_at)
        stated = _checked_form(publication.data, today)
        subject = await self._subject(name, stated, org)
        form = await self._with_refs(stated, org)
        _refuse_shown_numbers(attributes, form)
        lacking = (*missing_content(name, stated, today), *views.household_disagreements(stated))
        if lacking:
            raise refuse(DoorReason.CONTENT_INVALID, *lacking)
        view = views.decision_view(attributes, name, _sender(publication), form, subject.ref)
        return await self._closed(publication, view, subject)

    async def person_ref(self, person: Json, org: str, pointer: str) -> str:
        """Return the ref on the bus of a person whom a partner names outside an event, as the publish form does.

        Args:
            person: `{"bsn": …}`, or `{"pseudonym": …}` as the hub gave it to this partner.
            org: The partner that asks.
            pointer: Where the person stands in the request.

        Raises:
            Refusal: the number is not one, or belongs to another environment; the pseudonym is not this partner's;
                `publish_form_invalid` for anything else.
        """
        try:
            found = named(person)
        except OpenObjectError:
            found = None
        if found is None or found.by not in {"bsn", "pseudonym"}:
            raise refuse(DoorReason.FORM_INVALID, pointer)
        return await self._ref(found, org, f"{pointer}/{found.by}")

    async def _subject(self, name: str, form: JsonObject, org: str) -> _Subject:
        """Return whom the event is about."""
        if _object(form.get("subject")).get("bsn") == "":
            raise refuse(DoorReason.BSN_INVALID, "/subject/bsn")
        person = named(form.get("subject"))
        if person is None:
            return _Subject(await self._subject_of_retraction(name, form, org))
        if person.by == "pseudonym":
            return _Subject(await self._resolved(person.value, org, "/subject/pseudonym"))
        number = self._number(person.value, "/subject/bsn")
        return _Subject(await self._person_ref(number), number)

    async def _subject_of_retraction(self, name: str, form: JsonObject, org: str) -> str | None:
        """Return the subject of the record that is taken back, so that the retraction follows it in order."""
        record_ref = at(form, "/data/record_ref")
        if self._subject_of_record is None or name not in views.ABOUT_A_RECORD:
            return None
        return await self._subject_of_record(org, record_ref) if isinstance(record_ref, str) else None

    async def _with_refs(self, form: JsonObject, org: str) -> JsonObject:
        """Return the form with every person and home in its clear part replaced by a ref of the bus."""
        changed: JsonObject = {}
        for part in _OPEN_PARTS & form.keys():
            people = _named_people(form[part], f"/{part}")
            if people:
                refs = {person: await self._ref(person, org, f"/{part}") for person in people}
                changed[part] = replaced(form[part], refs)
        return {**form, **changed}

    async def _ref(self, person: Named, org: str, pointer: str) -> str:
        if person.by == "bsn":
            return await self._person_ref(self._number(person.value, pointer))
        if person.by == "pseudonym":
            return await self._resolved(person.value, org, pointer)
        try:
            return self._pseudonyms.household_pseudonym(person.value)
        except ValueError:
            refusal = refuse(DoorReason.FORM_INVALID, pointer)
        raise refusal

    async def _resolved(self, pseudonym: str, org: str, pointer: str) -> str:
        ref = await self._resolve_pseudonym(org, pseudonym)
        if ref is None:
            raise refuse(DoorReason.PSEUDONYM_UNKNOWN, pointer)
        return ref

    async def _person_ref(self, number: str) -> str:
        if self._known_person is None:
            return self._pseudonyms.bus_pseudonym(number)
        candidates = self._pseudonyms.bus_candidates(number)
        return await self._known_person(candidates) or candidates[0]

    def _number(self, value: str, pointer: str) -> str:
        try:
            return citizen_number(value, self._environment)
        except NumberRefusedError as error:
            refusal = refuse(error.reason, pointer)
        raise refusal

    async def _closed(self, publication: Publication, view: JsonObject, subject: _Subject) -> SealedEvent:
        """Scan and seal the content, and complete the decision view with scan statuses and digest."""
        attributes = publication.attributes
        uid = event_uid(attributes["source"], attributes["id"])
        plain = self._plain(view, publication.data)
        return SealedEvent(
            uid=uid,
            event=view,
            authenticated_org=publication.authenticated_org,
            accepted_at=publication.accepted_at,
            key=uid if subject.ref is None else subject.ref,
            sealed=await self._sealer.seal_event(uid, subject.ref, subject.number, plain),
            traceparent=_traceparent(attributes),
        )

    def _plain(self, view: JsonObject, form: JsonObject) -> dict[str, bytes]:
        """Return the bytes to seal, and write scan statuses and digest into the view."""
        contents = _contents(form)
        # A checked content is plain: no fractions, our own field names, integers within the agreed bounds.
        encoded = {name: canonical_plain(content) for name, content in contents.items()}
        masked, statuses = scanned(contents, encoded, self._scan_mode)
        encoded.update((name, canonical_plain(content)) for name, content in masked.items())
        scans = _scans(statuses, form.get("scans"))
        if scans:
            view["scans"] = scans
        view["digest"] = self._digest(view, encoded)
        own_meta = masked.get("meta", contents["meta"])
        encoded["meta"] = canonical_plain({**_object(own_meta), **_event_meta(view, form)})
        return encoded

    def _digest(self, view: JsonObject, encoded: Mapping[str, bytes]) -> str:
        try:
            return event_digest(self._digest_key, view, encoded)
        except NotCanonicalError:
            refusal = refuse(DoorReason.FORM_INVALID, *parts_without_form(view))
        raise refusal


_OPEN_PARTS = frozenset({"data", "section_about", "recipients", "cells"})
"""Parts of the form with open objects: checked for depth and range, and for persons and homes."""


def _checked_attributes(attributes: Mapping[str, str]) -> str:
    """Return the code name of the type."""
    if "dataref" in attributes:
        raise refuse(DoorReason.DATAREF_UNSUPPORTED)
    return views.type_name(attributes["type"])


def _today(accepted_at: str) -> date:
    instant = parse_instant(accepted_at)
    if instant is None:
        raise ValueError("accepted_at is not an instant")
    return amsterdam_date(instant)


def _checked_form(data: JsonObject, today: date) -> JsonObject:
    """Return the form as it was sent, once its form is checked.

    A number shown in the clear part is told before any error of form: it is the graver fault, and reason 1.
    """
    try:
        read_form(data, today.isoformat())
    except Refusal:
        if metadata_refused(without_named(_clear_part(data))):
            raise refuse(DoorReason.BSN_IN_METADATA) from None
        raise
    return data


def _clear_part(form: Json) -> Json:
    return (
        {name: value for name, value in form.items() if name != "content"} if isinstance(form, dict) else form
    )


def _refuse_shown_numbers(attributes: Mapping[str, str], form: JsonObject) -> None:
    """Refuse a citizen number anywhere outside the content and the places made for it (gate E1; UAVG 46)."""
    # Trace ids are random and hexadecimal: by chance some would look like a number.
    shown = {name: value for name, value in attributes.items() if name not in TRACE_ATTRIBUTES}
    clear = {name: value for name, value in form.items() if name not in {"content", "subject"}}
    if metadata_refused([shown, clear]):
        raise refuse(DoorReason.BSN_IN_METADATA)


def _named_people(value: Json, pointer: str) -> set[Named]:
    try:
        people = set(named_in(value))
    except OpenObjectError:
        people = None
    if people is None or len(people) > MAX_PERSONS:
        raise refuse(DoorReason.FORM_INVALID, pointer)
    return people


def _sender(publication: Publication) -> JsonObject:
    sender: JsonObject = {"org": publication.authenticated_org, "kind": publication.sender_kind}
    if "professional" in publication.data:
        sender["professional"] = publication.data["professional"]
    return sender


def _object(value: Json) -> JsonObject:
    return value if isinstance(value, dict) else {}


def _contents(form: JsonObject) -> dict[str, Json]:
    """Return the sections as they are sealed, except for masking and the event's own fields of `meta`."""
    contents = dict(_object(form.get("content")))
    contents["meta"] = views.own_meta(contents.get("meta"))
    household = contents.get("household")
    if isinstance(household, dict):
        contents["household"] = views.labelled_household(household)
    return contents


def _event_meta(view: JsonObject, form: JsonObject) -> JsonObject:
    """Return the event's own fields of `meta`; the sender's may repeat them, not contradict them."""
    meta = views.event_meta(view)
    contradicted = views.meta_contradictions(_object(form.get("content")).get("meta"), meta)
    if contradicted:
        raise refuse(DoorReason.CONTENT_INVALID, *contradicted)
    return meta


def _scans(statuses: Mapping[str, ScanStatus], stated: Json) -> JsonObject:
    by_sender = stated if isinstance(stated, dict) else {}
    return {
        section: most_serious(statuses[section], by_sender.get(section))
        for section in TEXT_SECTIONS
        if section in statuses
    }


def _traceparent(attributes: Mapping[str, str]) -> str | None:
    """Return the W3C trace context; one that is ill formed is ignored, as that recommendation asks."""
    traceparent = attributes.get("traceparent")
    return traceparent if traceparent is not None and _TRACEPARENT.match(traceparent) else None
