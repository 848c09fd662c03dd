"""`GET /receipts/{id}`: what became of my event, per receiver, as far as its sender may know."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from uuid import UUID

from hub.core.catalogue import CATALOGUE
from hub.core.explaining import law_of_verdict
from hub.core.explaining_gates import Known, deciding_gates
from hub.core.model import JsonObject
from hub.core.questions import question
from hub.core.reasons import Reason
from hub.core.sentences_dutch import DUTCH
from hub.core.sentences_english import ENGLISH
from hub.gateway.authentication import Caller
from hub.gateway.problems import ProblemError
from hub.gateway.publishing import wire_name
from hub.gateway.reasons import GatewayReason
from hub.gateway.recent import Acceptance, RecentAcceptances
from hub.ledger.interface import Ledger, Receipt, ReceiptLine

ACCEPTED: Final = "accepted"
"""Safely in the log, not yet decided."""

DELIVERED: Final = "delivered"
"""The receiver has it: whatever is decided later, there is nothing to ask."""

_BY_CODE: Final = {reason.value: reason for reason in Reason}


def explained(reason: str | None) -> JsonObject:
    """Return a reason code with its two sentences (CODES.md section 4); a code without sentences stands alone."""
    if reason is None:
        return {"reason": None}
    known = _BY_CODE.get(reason)
    if known is None:
        return {"reason": reason}
    return {"reason": reason, "message": ENGLISH[known], "message_nl": DUTCH[known]}


POLICY_NL: Final = "afspraak tussen de partners"
POLICY_EN: Final = "policy of the partners"
"""What a verdict rests on that names no law article."""


def explanation_of(reason: str | None, known: Known, recipient: str = "") -> JsonObject | None:
    """Return why, as far as a sender may know: the gate, its sentence and the law article; None without a gate.

    The gates that were passed are left out: they would tell about persons and organisations what the verdict does
    not. Where several gates give this reason, all of them are named.
    """
    code, gates = _BY_CODE.get(reason or ""), deciding_gates(reason or "", known, recipient)
    if code is None or not gates:
        return None
    law = law_of_verdict(code.value, known)
    return {
        "gates": list(gates) if len(gates) < MANY_GATES else [],
        "law": law,
        "nl": f"{DUTCH[code]} Grond: {law or POLICY_NL}.",
        "en": f"{ENGLISH[code]} Basis: {law or POLICY_EN}.",
    }


MANY_GATES: Final = 10
"""An error that no rule foresees can happen at every gate: naming them all would tell nothing."""


def question_of(reason: str | None) -> JsonObject | None:
    """Return what the sender can do about a hold or a refusal, in words and as the types of events to send."""
    asked = question(reason or "")
    if asked is None:
        return None
    return {
        "nl": asked.nl,
        "en": asked.en,
        "send": [wire_name(name) for name in asked.cure],
        "send_again": asked.resend,
    }


def parse_uid(text: str) -> str:
    """Return a receipt number in its one spelling; 404 for anything that is no UUID."""
    try:
        uid = str(UUID(text))
    except ValueError:
        uid = ""
    if uid != text.lower():
        raise ProblemError(GatewayReason.RECEIPT_UNKNOWN)
    return uid


class Receipts:
    """Answers for one gateway."""

    def __init__(self, ledger: Ledger, recent: RecentAcceptances) -> None:
        self._ledger = ledger
        self._recent = recent

    async def find(self, uid_text: str, caller: Caller) -> JsonObject:
        """Return the receipt of the caller's own event. Another partner's receipt looks like an unknown one."""
        uid = parse_uid(uid_text)
        receipt = await self._ledger.receipt(uid)
        if receipt is not None and receipt.org == caller.org:
            return receipt_document(receipt)
        acceptance = self._recent.find(uid)
        if receipt is None and acceptance is not None and acceptance.org == caller.org:
            return acceptance_document(acceptance)
        raise ProblemError(GatewayReason.RECEIPT_UNKNOWN)


def acceptance_document(acceptance: Acceptance) -> JsonObject:
    """Return the receipt of an event that is in the log and not yet decided."""
    return {
        "id": acceptance.uid,
        "type": wire_name(acceptance.type_name),
        "accepted_at": acceptance.accepted_at,
        "status": ACCEPTED,
        "recipients": [],
        "verdicts": [],
    }


def receipt_document(receipt: Receipt) -> JsonObject:
    """Return the receipt of a decided event."""
    known = Known(type=receipt.type)
    return {
        "id": receipt.uid,
        "type": wire_name(receipt.type) if receipt.type in CATALOGUE else receipt.type,
        "accepted_at": receipt.accepted_at,
        "status": receipt.status,
        "outcome": receipt.outcome,
        **explained(receipt.reason),
        "explanation": explanation_of(receipt.reason, known),
        "question": question_of(receipt.reason),
        "duties": list(receipt.duties),
        "hold_until": receipt.hold_until,
        "recipients": [_line(line, known) for line in receipt.lines],
        "verdicts": _verdicts(receipt.verdicts),
    }


def _line(line: ReceiptLine, known: Known) -> JsonObject:
    return {
        "recipient": line.recipient,
        "state": line.state,
        "outcome": line.outcome,
        **explained(line.reason),
        "explanation": explanation_of(line.reason, known, line.recipient),
        "question": None if line.state == DELIVERED else question_of(line.reason),
        "withheld": list(line.withheld),
        "duties": list(line.duties),
        "at": line.at,
    }


def _verdicts(verdicts: Iterable[tuple[str, str, str | None]]) -> list[JsonObject]:
    return [{"at": at, "verdict": verdict, **explained(reason)} for at, verdict, reason in verdicts]
