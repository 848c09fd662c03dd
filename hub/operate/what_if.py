"""`hub decide --what-if`: judge an event, or the last days under another configuration, without sending or writing.

It reads the ledger over a connection on which PostgreSQL refuses every write.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, TextIO

from hub.core.batch import Batch
from hub.core.explaining import law_of_verdict
from hub.core.explaining_gates import known_of_event, known_of_recipient
from hub.core.judgement import Judgement
from hub.core.keys import keys_of
from hub.core.model import Emission, Json, JsonObject
from hub.core.questions import question
from hub.core.reasons import Reason
from hub.core.sentences_dutch import DUTCH
from hub.core.sentences_english import ENGLISH
from hub.core.standing import Standing
from hub.identity.door import event_uid
from hub.identity.partners import ConfigurationError, load_partners
from hub.ledger.ledger import StoredLedger
from hub.ledger.open import MEMORY_DSN, open_ledger
from hub.operate.clock import clock_of
from hub.operate.compose import standing_of
from hub.operate.settings import Settings
from hub.operate.what_if_days import Changes, compare

DONE: Final = 0
UNUSABLE: Final = 2

_BY_CODE = {reason.value: reason for reason in Reason}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the command asks: an event in a file, or the last days under the partner configuration of a file."""

    event: Path | None = None
    partners: Path | None = None
    days: int = 7
    as_json: bool = False


async def run(asked: Asked, settings: Settings, out: TextIO) -> int:
    """Answer one question and print the answer.

    Returns:
        0, or 2 when a file cannot be read or the question makes no sense; then it is printed what is wrong.
    """
    try:
        standings = _standing(settings, None), _standing(settings, asked.partners)
        event = None if asked.event is None else read_event_file(asked.event)
    except (ConfigurationError, OSError, ValueError) as error:
        print(f"cannot be used: {error}", file=out)
        return UNUSABLE
    if asked.event is None and asked.partners is None:
        print("name an event file, or with --partners another configuration", file=out)
        return UNUSABLE
    now = clock_of(settings)()
    ledger = await open_ledger(reading_only(settings.database), owner="what-if")
    try:
        if asked.event is not None:
            _show_event(await judge_event(ledger, event, standings[1], now), asked, out)
        else:
            since = (datetime.fromisoformat(now) - timedelta(days=asked.days)).isoformat()
            _show_changes(await compare(ledger, *standings, since=since, now=now), asked, out)
    finally:
        await ledger.close()
    return DONE


def _standing(settings: Settings, other: Path | None) -> Standing:
    """Return the configuration of the hub, or that of another file; `hub partner check` shows its warnings."""
    return standing_of(load_partners(other or settings.partners, with_secrets=False))


def reading_only(dsn: str) -> str:
    """Return a connection string on which the database refuses to write."""
    if dsn == MEMORY_DSN:
        return dsn
    return f"{dsn}{'&' if '?' in dsn else '?'}default_transaction_read_only=on"


def read_event_file(path: Path) -> Json:
    """Return the decision view (EVENTS.md section 2) in a JSON file.

    Raises:
        OSError: The file cannot be read.
        ValueError: It is no JSON; the text names the place, not what stands there.
    """
    try:
        view: Json = json.loads(path.read_text("utf-8"))
    except json.JSONDecodeError as error:
        raise ValueError(f"{path}: no JSON at line {error.lineno}, column {error.colno}") from None
    except (UnicodeDecodeError, RecursionError):
        raise ValueError(f"{path}: no JSON in UTF-8") from None
    return view


async def judge_event(ledger: StoredLedger, view: Json, standing: Standing, now: str) -> JsonObject:
    """Return what would follow if this event came in now from the organisation that it names as its sender.

    Args:
        ledger: Where facts and memory are read; nothing is written.
        view: The decision view, of any form.
        standing: The configuration to judge by.
        now: RFC 3339 instant.
    """
    event: JsonObject = view if isinstance(view, dict) else {}
    sender = event.get("sender")
    org = sender.get("org") if isinstance(sender, dict) else None
    snapshot = await ledger.look_up(keys_of(view))
    uid = event_uid(str(event.get("source")), str(event.get("id")))
    judgement = Batch(snapshot, standing, now).judge(uid, org if isinstance(org, str) else "", view)
    return _document(event, judgement)


def _document(event: JsonObject, judgement: Judgement) -> JsonObject:
    """Return the judgement as codes, sentences and names."""
    decision = judgement.decision
    names = [recipient.recipient for recipient in decision.recipients]
    going = {(recipient.position, recipient.recipient) for recipient in judgement.deliver}
    return {
        "verdict": judgement.verdict,
        "verdict_reason": judgement.reason,
        "event": {
            **decision.event.as_json(),
            **_words(decision.event.reason, law_of_verdict(decision.event.reason, known_of_event(event))),
        },
        "recipients": [
            {
                **recipient.as_json(),
                "sections": list(recipient.sections),
                "would_go": (recipient.position, recipient.recipient) in going,
                **_words(
                    recipient.reason,
                    law_of_verdict(
                        recipient.reason,
                        known_of_recipient(event, recipient.position, recipient.recipient, names[:place]),
                    ),
                ),
            }
            for place, recipient in enumerate(decision.recipients)
        ],
        "hold_until": judgement.hold_until,
        "messages": _messages((*judgement.emissions, *judgement.messages)),
        "own_events": [own["type"] for own in judgement.own_events],
        "facts": sorted({change.table for change in judgement.facts}),
        "threads": sorted({thread.kind for thread in judgement.threads}),
    }


def _words(reason: str, law: str | None) -> JsonObject:
    """Return the sentences of a reason, its law article and what could cure it."""
    code, asked = _BY_CODE.get(reason), question(reason)
    return {
        "nl": None if code is None else DUTCH[code],
        "en": None if code is None else ENGLISH[code],
        "law": law,
        "question": None if asked is None else {"nl": asked.nl, "en": asked.en, "send": list(asked.cure)},
    }


def _messages(emissions: Sequence[Emission]) -> list[JsonObject]:
    return [emission.as_json() for emission in emissions]


def _show_event(document: dict[str, Any], asked: Asked, out: TextIO) -> None:
    """Print what would become of an event."""
    if asked.as_json:
        print(json.dumps(document, indent=2, ensure_ascii=False), file=out)
        return
    event = document["event"]
    print(f"{document['verdict']}: {event['outcome']} {event['reason']}: {event['en']}", file=out)
    for recipient in document["recipients"]:
        print(f"  {recipient['recipient']}: {recipient['outcome']} {recipient['reason']}", file=out)
        print(f"    {recipient['en']} [{recipient['law'] or 'policy'}]", file=out)
        going = recipient["sections"] if recipient["would_go"] else []
        print(f"    would go: {', '.join(going) or 'nothing'}", file=out)
        if recipient["question"] is not None:
            print(f"    question: {recipient['question']['en']}", file=out)
    if document["hold_until"]:
        print(f"  would wait until {document['hold_until']}", file=out)
    for message in document["messages"]:
        print(f"  would tell {', '.join(message['to'])}: {message['type']} ({message['reason']})", file=out)
    for type_name in document["own_events"]:
        print(f"  would raise {type_name}", file=out)
    if document["facts"]:
        print(f"  would change: {', '.join(document['facts'])}", file=out)
    print(NOTHING_DONE, file=out)


NOTHING_DONE: Final = "nothing was sent, nothing was written"


def _show_changes(changes: Changes, asked: Asked, out: TextIO) -> None:
    """Print what another configuration would change."""
    if asked.as_json:
        print(json.dumps(changes.as_json(), indent=2, ensure_ascii=False), file=out)
        return
    print(
        f"{changes.judged} events of the last {asked.days} days judged again, with the facts of now", file=out
    )
    told = f"{len(changes.changed)} verdicts of {len({item.uid for item in changes.changed})} events"
    print(f"would change: {told}", file=out)
    for item in changes.changed:
        print(f"  {item.uid} {item.type} {item.recipient}: {item.before} -> {item.after}", file=out)
    for (before, after), count in sorted(changes.by_reason.items()):
        print(f"  {count} times {before} -> {after}", file=out)
    if changes.drifted:
        print(
            f"{changes.drifted} events differ from the record already, because facts changed since", file=out
        )
    if changes.overtaken:
        print(f"{changes.overtaken} events were overtaken or retracted since, and left out", file=out)
    print(f"{changes.gone} events could not be judged again: content no longer kept", file=out)
    print(NOTHING_DONE, file=out)
