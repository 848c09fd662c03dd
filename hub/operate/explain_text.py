"""An explanation as text for people, in Dutch or English."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, TextIO

LANGUAGES: Final = ("nl", "en")

_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "nl": {
        "from": "van",
        "accepted": "aangenomen op",
        "content_gone": "de inhoud wordt niet meer bewaard; waar meer poorten passen staat dat erbij",
        "policy": "afspraak",
        "law": "grond",
        "went": "mee",
        "stayed": "niet mee",
        "consents": "toestemmingen",
        "duties": "plichten",
        "before": "voor",
        "until": "wacht tot",
        "next": "vraag",
        "at_delivery": "bij de aflevering opnieuw beoordeeld",
        "one_of": "een van deze",
        "unsure": "misschien niet bereikt",
        "not_asked": "gaat over andere berichten",
        "not_reached": "niet bereikt",
        "sent": "ontvangen",
        "messages": "berichten van de hub",
        "not_sent": "niet verstuurd",
        "threads": "loopt",
        "closed": "klaar",
        "record": "vastgelegd",
        "nothing": "niets",
        "nobody": "Het bericht ging naar niemand.",
    },
    "en": {
        "from": "from",
        "accepted": "accepted at",
        "content_gone": "the content is no longer kept; where several gates fit it says so",
        "policy": "policy",
        "law": "basis",
        "went": "went",
        "stayed": "stayed",
        "consents": "consents",
        "duties": "duties",
        "before": "before",
        "until": "waits until",
        "next": "question",
        "at_delivery": "judged again at the delivery",
        "one_of": "one of these",
        "unsure": "perhaps not reached",
        "not_asked": "about other messages",
        "not_reached": "not reached",
        "sent": "received",
        "messages": "messages of the hub",
        "not_sent": "not sent",
        "threads": "goes on",
        "closed": "done",
        "record": "on record",
        "nothing": "nothing",
        "nobody": "The message went to nobody.",
    },
}

_MARKS: Final = {"passed": "+", "decided": ">", "one_of": "?", "unsure": "~"}
"""Before a gate: it let the message pass, it decided, it or another decided, it was perhaps not reached."""


def write_text(document: Mapping[str, Any], language: str, out: TextIO) -> None:
    """Write an explanation (`explain.explanation`) as text. `language` is one of `LANGUAGES`."""
    out.writelines(f"{line}\n" for line in _lines(document, language))


def _lines(document: Mapping[str, Any], language: str) -> Iterator[str]:
    words = _WORDS[language]
    yield f"{document['type']}  {document['id']}  {document['status']}"
    yield f"  {words['from']} {document['sender']}, {words['accepted']} {document['accepted_at']}"
    if not document["content_kept"]:
        yield f"  ({words['content_gone']})"
    yield from _verdict(document, language)
    yield from _gates(document["gates"], language)
    for recipient in document["recipients"]:
        yield ""
        yield from _recipient(recipient, language)
    if not document["recipients"]:
        yield f"  {words['nobody']}"
    yield ""
    yield from _afterwards(document, language)


def _verdict(verdict: Mapping[str, Any], language: str) -> Iterator[str]:
    """Yield outcome, sentence, law, duties and question."""
    words = _WORDS[language]
    yield f"  {verdict['outcome']} {verdict['reason']}: {verdict[language] or ''}".rstrip(": ")
    yield f"  {words['law']}: {verdict['law'] or words['policy']}"
    if verdict["duties"]:
        yield f"  {words['duties']}: {', '.join(_duty(duty, words) for duty in verdict['duties'])}"
    if verdict.get("hold_until"):
        yield f"  {words['until']} {verdict['hold_until']}"
    if verdict["question"] is not None:
        sends = ", ".join(verdict["question"]["send"])
        yield f"  {words['next']}: {verdict['question'][language]}{f' [{sends}]' if sends else ''}"


def _duty(duty: Mapping[str, Any], words: Mapping[str, str]) -> str:
    due = duty.get("due_at")
    return f"{duty['duty']} {words['before']} {due}" if due else str(duty["duty"])


def _recipient(recipient: Mapping[str, Any], language: str) -> Iterator[str]:
    words = _WORDS[language]
    told = recipient["state_reason"]
    beside = f" ({told})" if told and told != recipient["reason"] else ""
    yield f"{recipient['recipient']}: {recipient['state']}{beside}  {recipient['at']}"
    if recipient["at_delivery"]:
        yield f"  {words['at_delivery']}"
    yield from _verdict(recipient, language)
    went, stayed = recipient["sections"], recipient["withheld"]
    yield f"  {words['went']}: {', '.join(went) or words['nothing']}"
    yield f"  {words['stayed']}: {', '.join(stayed) or words['nothing']}"
    if recipient["consents"]:
        yield f"  {words['consents']}: {', '.join(recipient['consents'])}"
    yield from _gates(recipient["gates"], language)


def _gates(gates: list[Mapping[str, Any]], language: str) -> Iterator[str]:
    """Yield a line per gate that had something to say, and one for those that had not or were not reached."""
    words = _WORDS[language]
    for gate in gates:
        mark = _MARKS.get(gate["state"])
        if mark is not None:
            doubt = f" ({words[gate['state']]})" if gate["state"] in {"one_of", "unsure"} else ""
            yield f"    {mark} {gate['gate']:<4}{gate[language]} [{gate['law'] or words['policy']}]{doubt}"
    for state in ("not_asked", "not_reached"):
        named = [gate["gate"] for gate in gates if gate["state"] == state]
        if named:
            yield f"      {words[state]}: {', '.join(named)}"


def _afterwards(document: Mapping[str, Any], language: str) -> Iterator[str]:
    """Yield what came of it: each time it was sent, the hub's own messages, what goes on, and the record."""
    words = _WORDS[language]
    for time in document["sent"]:
        yield f"{words['sent']}: {time['at']} {time['verdict']} {time['reason'] or ''}".rstrip()
    for name in ("messages", "not_sent"):
        for message in document[name]:
            yield f"{words[name]}: {message['type']} > {', '.join(message['to'])} ({message['reason']})"
    for thread in document["threads"]:
        ongoing = thread["next_at"] or "" if thread["open"] else words["closed"]
        yield f"{words['threads']}: {thread['kind']} {ongoing}".rstrip()
    for link in document["record"]:
        place = f"{link['partition']}/{link['position']}"
        yield f"{words['record']}: {link['at']} {place} {link['recipient'] or '-'} {link['reason'] or link['verdict']}"
        yield f"  {link['rule_set']} {link['hash']}"
