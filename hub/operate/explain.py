"""`hub explain EVENT_ID`: gate by gate why each receiver got, or did not get, what. For the operator; reads only."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, TextIO
from uuid import UUID

from hub.core.explaining import Step, explain_event, explain_recipient, law_of_verdict
from hub.core.explaining_gates import Known, known_of_event, known_of_recipient
from hub.core.model import JsonObject
from hub.core.questions import question
from hub.core.reasons import Reason
from hub.core.sentences_dutch import DUTCH
from hub.core.sentences_english import ENGLISH
from hub.core.threads import Thread
from hub.ledger.interface import Ledger, Receipt, ReceiptLine
from hub.ledger.open import open_ledger
from hub.ledger.recent_events import CLAIMED
from hub.ledger.trail import AuditLine, Trail
from hub.operate.explain_text import write_text
from hub.operate.settings import Settings

FOUND = 0
UNKNOWN = 1

_BY_CODE = {reason.value: reason for reason in Reason}


async def run(event_id: str, language: str, out: TextIO, *, as_json: bool) -> int:
    """Print the explanation of one event from the ledger of the settings.

    Args:
        event_id: The hub's id of the event: the receipt number.
        language: `nl` or `en`, for the text form; the JSON form has both.
        out: Where to print.
        as_json: Print JSON instead of text.

    Returns:
        0, or 1 when the ledger knows no such event.
    """
    ledger = await open_ledger(Settings().database, owner="explain")
    try:
        document = await explanation(ledger, event_id)
    finally:
        await ledger.close()
    if document is None:
        print("no event with this number was decided", file=out)
        return UNKNOWN
    if as_json:
        print(json.dumps(document, indent=2, ensure_ascii=False), file=out)
    else:
        write_text(document, language, out)
    return FOUND


async def explanation(ledger: Ledger, event_id: str) -> dict[str, Any] | None:
    """Return everything that is known about the verdict on one event; None when it is unknown.

    Codes, pseudonyms and ids only: the content is not opened.
    """
    uid = _number(event_id)
    receipt = await ledger.receipt(uid)
    trail = await ledger.trail(uid)
    if receipt is None or trail is None:
        return None
    known = Known(type=receipt.type) if trail.event is None else known_of_event(trail.event)
    decided = [line for line in trail.lines if line.event_reason is not None]
    return {
        "id": uid,
        "type": receipt.type,
        "sender": receipt.org,
        "accepted_at": receipt.accepted_at,
        "status": receipt.status,
        "content_kept": trail.event is not None,
        "outcome": receipt.outcome,
        **_verdict(receipt.reason, known),
        "duties": list(receipt.duties),
        "hold_until": receipt.hold_until,
        "gates": _gates(explain_event(receipt.reason or "", known)),
        "recipients": _recipients(receipt, trail),
        "sent": [
            {"at": at, "verdict": verdict, "reason": reason} for at, verdict, reason in receipt.verdicts
        ],
        "messages": _distinct([message for line in decided for message in line.emissions]),
        "not_sent": _distinct([message for line in decided for message in line.suppressed]),
        "threads": [_thread(thread) for thread in trail.threads],
        "record": [_link(line) for line in trail.lines],
    }


def _number(text: str) -> str:
    """Return a receipt number in its one spelling; anything else stays as it is and is not found."""
    try:
        return str(UUID(text))
    except ValueError:
        return text


def _verdict(reason: str | None, known: Known) -> JsonObject:
    """Return a reason with its sentences, its law article, and what can cure it."""
    code = _BY_CODE.get(reason or "")
    asked = None if reason is None else question(reason)
    return {
        "reason": reason,
        "nl": None if code is None else DUTCH[code],
        "en": None if code is None else ENGLISH[code],
        "law": None if reason is None else law_of_verdict(reason, known),
        "question": None
        if asked is None
        else {"nl": asked.nl, "en": asked.en, "send": list(asked.cure), "resend": asked.resend},
    }


def _gates(steps: Sequence[Step]) -> list[JsonObject]:
    return [step.as_json() for step in steps]


def _recipients(receipt: Receipt, trail: Trail) -> list[JsonObject]:
    """Return what went to each recipient and why; an event that was stopped as a whole has none."""
    lines = [line for line in receipt.lines if line.recipient]
    return [
        _recipient(line, [other.recipient for other in lines[:place]], receipt.type, trail)
        for place, line in enumerate(lines)
    ]


def _recipient(line: ReceiptLine, earlier: list[str], type_name: str, trail: Trail) -> JsonObject:
    """Return one recipient's part: the verdict that counts now, and the one before the delivery when it differs."""
    link = _latest(line, trail)
    verdict = None if link is None else link.recipient
    reason = line.reason if verdict is None or line.reason in _BY_CODE else verdict.reason
    at_delivery = link is not None and link.verdict == CLAIMED
    known = Known(type=type_name)
    if trail.event is not None and verdict is not None:
        known = known_of_recipient(
            trail.event, verdict.position, line.recipient, earlier, at_claim=at_delivery
        )
    went = verdict.sections if verdict is not None and line.state in _GOING else ()
    return {
        "recipient": line.recipient,
        "state": line.state,
        "state_reason": line.reason,
        "outcome": line.outcome,
        **_verdict(reason, known),
        "sections": list(went),
        "withheld": list(line.withheld),
        "consents": [] if verdict is None else list(verdict.consents),
        "duties": list(line.duties),
        "at": line.at,
        "at_delivery": at_delivery,
        "gates": _gates(explain_recipient(reason, line.recipient, known)),
    }


_GOING = frozenset({"delivered", "pending"})
"""States of a line of which something left, or is on its way."""


def _latest(line: ReceiptLine, trail: Trail) -> AuditLine | None:
    """Return the last link about this recipient, the one with the reason of its line before others."""
    links = [link for link in trail.lines if link.recipient and link.recipient.recipient == line.recipient]
    same = [link for link in links if link.recipient and link.recipient.reason == line.reason]
    found = same or links
    return found[-1] if found else None


def _thread(thread: Thread) -> JsonObject:
    return {
        "kind": thread.kind,
        "open": thread.is_open,
        "next_at": thread.next_at,
        "document": thread.document,
    }


def _link(line: AuditLine) -> JsonObject:
    recipient = line.recipient
    return {
        "partition": line.partition,
        "position": line.position,
        "at": line.at,
        "verdict": line.verdict,
        "recipient": None if recipient is None else recipient.recipient,
        "reason": line.event_reason if recipient is None else recipient.reason,
        "rule_set": line.rule_set,
        "hash": line.hash,
    }


def _distinct(messages: list[JsonObject]) -> list[JsonObject]:
    """Return each message once: every recipient's link names all of them."""
    found: list[JsonObject] = []
    for message in messages:
        if message not in found:
            found.append(message)
    return found
