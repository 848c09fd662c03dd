"""What consent events change: records by consent id, and withdrawals that outrun their record.

A stored document is a consent record (CONSENT.md section 7), a *pending withdrawal* (a withdrawal of a record
that the hub does not know yet), or a *clash* (the same id and version with other content), which C1 makes
unreadable for the subjects concerned until a higher version comes.
"""

from __future__ import annotations

from typing import Any

from hub.core.facts import Facts
from hub.core.model import FactChange, Json, JsonObject
from hub.core.schema import Event
from hub.core.times import parse_instant

RECORDING_TYPES = frozenset({"consent.given", "consent.refused", "objection.recorded"})
ENDING_TYPES = frozenset({"consent.withdrawn", "objection.revoked"})
CONSENT_TYPES = RECORDING_TYPES | ENDING_TYPES
"""The types whose facts include every stored document with the consent id that they name."""

_TABLE = "consent"


def is_pending_withdrawal(document: Json) -> bool:
    """Return whether this waits for its record; it is no consent record and never goes to `decide`."""
    return isinstance(document, dict) and "pending_withdrawal_at" in document


def consent_changes(event: Event, facts: Facts) -> tuple[FactChange, ...]:
    """Return what a consent event changes. `facts.consents` holds the stored documents with its consent id."""
    if event.type in RECORDING_TYPES:
        return _recorded(event.data["record"], facts)
    if event.type == "consent.withdrawn":
        return _withdrawn(event, facts)
    return _revoked(event, facts)


def _stored(consent_id: str, facts: Facts) -> list[dict[str, Any]]:
    """Return the stored documents with this consent id."""
    documents = facts.consents if isinstance(facts.consents, list) else []
    return [
        document
        for document in documents
        if isinstance(document, dict) and document.get("consent_id") == consent_id
    ]


def _known_record(stored: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Return the stored record of the highest version; clashes and pending withdrawals are none."""
    records = [document for document in stored if document.get("decision") is not None]
    return max(records, key=lambda record: record["version"], default=None)


def _recorded(record: dict[str, Any], facts: Facts) -> tuple[FactChange, ...]:
    """Store a record of a higher version than known; never replace by a lower or equal one."""
    stored = _stored(record["consent_id"], facts)
    known = _known_record(stored)
    if known is None or record["version"] > known["version"]:
        return (_stored_as(_still_withdrawn(record, known, stored)),)
    if record["version"] == known["version"] and _content(record) != _content(known):
        return _clash(record, known)
    return ()


def _still_withdrawn(
    record: dict[str, Any], known: dict[str, Any] | None, stored: list[dict[str, Any]]
) -> JsonObject:
    """Return the record as it is stored: a withdrawal that came before it, or outranks it, stays in force.

    A record opens again only when it was recorded after the withdrawal (CONSENT.md C8).
    """
    if record["decision"] != "consent":
        return dict(record)
    pending = [document["pending_withdrawal_at"] for document in stored if is_pending_withdrawal(document)]
    if known is not None and known.get("decision") == "consent" and not _recorded_after(record, known):
        pending.append(known.get("withdrawn_at"))
    return {**record, "withdrawn_at": _earliest(record.get("withdrawn_at"), *pending)}


def _recorded_after(record: dict[str, Any], known: dict[str, Any]) -> bool:
    """Return whether the record was made after the known one was withdrawn."""
    withdrawn_at = parse_instant(known.get("withdrawn_at"))
    recorded_at = parse_instant(record["given_by"]["recorded_at"])
    return withdrawn_at is None or (recorded_at is not None and recorded_at > withdrawn_at)


def _withdrawn(event: Event, facts: Facts) -> tuple[FactChange, ...]:
    """Withdraw the consent, or keep the withdrawal until its record comes (fail closed; AVG 7(3))."""
    consent_id, effective_at = event.data["consent_id"], event.data["effective_at"]
    stored = _stored(consent_id, facts)
    known = _known_record(stored)
    if known is None:
        earlier = [
            document["pending_withdrawal_at"] for document in stored if is_pending_withdrawal(document)
        ]
        pending: JsonObject = {
            "consent_id": consent_id,
            "pending_withdrawal_at": _earliest(effective_at, *earlier),
        }
        return (FactChange(_TABLE, consent_id, pending, event.subject_ref),)
    if known["decision"] != "consent":
        return ()  # a withdrawal can only restrict: it never revokes an objection
    return (_stored_as({**known, "withdrawn_at": _earliest(known.get("withdrawn_at"), effective_at)}),)


def _revoked(event: Event, facts: Facts) -> tuple[FactChange, ...]:
    """Revoke an objection that is known and not yet revoked; an unknown one stays in force when it comes."""
    known = _known_record(_stored(event.data["consent_id"], facts))
    if known is None or known["decision"] != "objection" or known.get("withdrawn_at") is not None:
        return ()
    return (_stored_as({**known, "withdrawn_at": event.data["effective_at"]}),)


def _earliest(*instants: Json) -> Json:
    """Return the earliest of the given instants, or None; the text is kept as it was written."""
    readable = [(moment, text) for text in instants if (moment := parse_instant(text)) is not None]
    return min(readable, key=lambda pair: pair[0])[1] if readable else None


def _content(record: dict[str, Any]) -> dict[str, Any]:
    """Return what makes two records with one number the same record: all but the withdrawal."""
    return {name: value for name, value in record.items() if name != "withdrawn_at"}


def _stored_as(record: JsonObject) -> FactChange:
    return FactChange(_TABLE, str(record["consent_id"]), record, str(record["subject_ref"]))


def _clash(record: dict[str, Any], known: dict[str, Any]) -> tuple[FactChange, ...]:
    """Make both records unreadable for their subjects (C1: the highest version twice)."""
    consent_id, version = record["consent_id"], record["version"]
    return tuple(
        FactChange(
            _TABLE,
            f"{consent_id}\n{subject_ref}",
            {"consent_id": consent_id, "version": version, "subject_ref": subject_ref, "decision": None},
            subject_ref,
        )
        for subject_ref in sorted({record["subject_ref"], known["subject_ref"]})
    )
