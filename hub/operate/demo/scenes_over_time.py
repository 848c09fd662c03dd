"""Scenes about what goes on over time: a referral with its steps, and the family's view of all that was shared."""

from __future__ import annotations

from hub.core.model import JsonObject
from hub.operate.demo import letters
from hub.operate.demo.letters import PARENT, TEENAGER, YOUNGEST
from hub.operate.demo.play import CARE, GP, TEAM, Play, Told, expect, reasons

DOSSIER = "r-1"
"""The GP's own record of the referral, by which its answers name it."""


def referral(play: Play) -> Told:
    """An offer, a step too early, the right steps in order, and a place on the waiting list with its terms."""
    offered = play.publish("offer", GP, "referral.offered", letters.offer(YOUNGEST, DOSSIER, CARE))
    letter = play.stage.arrived(CARE, "referral.offered")
    receipt = play.stage.settled(offered)
    early = play.publish("early", CARE, "referral.accepted", letters.step(YOUNGEST, DOSSIER, GP, "accepted"))
    refused = play.stage.settled(early)
    expect(refused["reason"] == "deny_lifecycle_order", "a step out of order was taken")
    for status in ("received", "accepted"):
        taken = play.publish(status, CARE, f"referral.{status}", letters.step(YOUNGEST, DOSSIER, GP, status))
        expect("ok_acknowledgement" in reasons(play.stage.settled(taken)), f"{status} was not told")
    accepted = play.stage.arrived(GP, "referral.accepted")
    placed = play.publish("placed", CARE, "waiting_list.placed", letters.waiting(YOUNGEST, DOSSIER, GP))
    waits = play.stage.arrived(GP, "waiting_list.placed")
    return Told(
        ((offered, receipt), (early, refused), (placed, play.stage.settled(placed))),
        (letter, accepted, waits),
        "Accepting before receiving is refused. From now on five weeks without a sign of life raise an alert.",
    )


def family_asks(play: Play) -> Told:
    """The parent sees who shared what with whom, on which ground; what Veilig Thuis got is not the hub's to show."""
    answer = play.stage.inspection(TEAM, TEENAGER.reference, PARENT.reference)
    lines = _lines(answer)
    expect(answer["reason"] == "ok_inspection_limited", "the overview does not say that lines were left out")
    expect(bool(lines), "the family sees nothing of what was shared")
    expect("Veilig Thuis" not in str(lines), "the overview shows what Veilig Thuis holds")
    sentences = [
        f"{_name(line, 'sender')} to {_name(line, 'recipient')}: {line['type']}" for line in lines[:2]
    ]
    return Told(
        note=f"{len(lines)} lines, such as " + "; ".join(sentences) + f". {answer['message']} "
        "`hub inspect` writes it as a letter in plain Dutch."
    )


def _lines(answer: JsonObject) -> list[JsonObject]:
    lines = answer.get("lines")
    return [line for line in lines if isinstance(line, dict)] if isinstance(lines, list) else []


def _name(line: JsonObject, role: str) -> str:
    party = line.get(role)
    return str(party["organisation"]) if isinstance(party, dict) else "(not shown)"
