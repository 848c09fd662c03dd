"""`hub explain`: why each receiver got, or did not get, what, as the operator reads it."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from typer.testing import CliRunner

from hub.ledger.open import MEMORY_DSN, open_ledger
from hub.operate import explain
from hub.operate.command import app
from hub.operate.explain_text import LANGUAGES, write_text
from tests.unit.dedup_world import TEAM, consent, fact, signal, to_team
from tests.unit.explain_world import NOON, Hub

TO_BOTH: list[dict[str, Any]] = [{"to": {"org": TEAM}}, {"to": {"org": "gp_1"}}]
NOBODYS: list[dict[str, Any]] = [{"to": {"kind": "debt_help"}}]


@pytest.fixture
async def hub() -> AsyncIterator[Hub]:
    ledger = await open_ledger(MEMORY_DSN, owner="test")
    yield await Hub(ledger).open(to_team("school"))
    await ledger.close()


async def explained(hub: Hub, uid: str) -> dict[str, Any]:
    found = await explain.explanation(hub.ledger, uid)
    assert found is not None
    return found


def decided(gates: list[dict[str, Any]], state: str = "decided") -> list[str]:
    return [gate["gate"] for gate in gates if gate["state"] == state]


async def test_each_receiver_is_explained_with_what_went_and_why(hub: Hub) -> None:
    """One receiver has what went on which consent, the other why not with the law article and what could cure it."""
    uid = await hub.publish(signal(recipients=TO_BOTH))
    await hub.deliver()
    told = await explained(hub, uid)
    team, gp = told["recipients"]
    assert (team["recipient"], team["state"], team["reason"]) == (TEAM, "delivered", "ok_consent")
    assert team["sections"] == ["meta", "contact", "codes"]
    assert team["consents"] == ["school-team-child_1"]
    assert decided(team["gates"]) == ["R16"]
    assert (gp["state"], gp["reason"], gp["sections"]) == ("withheld", "deny_recipient_scope", [])
    assert gp["law"] == "AVG 4(11)"
    assert gp["question"]["send"] == ["consent.given"]
    assert decided(gp["gates"]) == ["R15"]
    assert decided(gp["gates"], "not_reached") == ["R16", "R17"]
    assert decided(told["gates"]) == ["E13"]


async def test_rule_set_and_hash_of_each_link_are_told(hub: Hub) -> None:
    """The record names, per decision, its place in the chain, the rule set and the hash."""
    uid = await hub.publish(signal(recipients=TO_BOTH))
    told = await explained(hub, uid)
    assert [(link["position"], link["recipient"]) for link in told["record"]] == [(2, TEAM), (3, "gp_1")]
    assert {link["rule_set"] for link in told["record"]} == {"samenhub/1"}
    assert all(len(link["hash"]) == 64 for link in told["record"])


async def test_a_hold_is_told_with_its_end_and_its_question(hub: Hub) -> None:
    """A message that waits shows until when, the question to the sender, and nothing as gone."""
    uid = await hub.publish(signal(recipients=NOBODYS))
    told = await explained(hub, uid)
    (waiting,) = told["recipients"]
    assert (waiting["state"], waiting["reason"]) == ("held", "hold_no_owner")
    assert told["hold_until"] is not None
    assert waiting["question"]["nl"].startswith("U hoeft niets te sturen")
    assert decided(waiting["gates"]) == ["R1"]


async def test_a_refusal_of_the_whole_event_has_no_receivers(hub: Hub) -> None:
    """An event that an event gate stops is explained by that gate alone."""
    uid = await hub.publish(signal("supplier_1"))
    told = await explained(hub, uid)
    assert (told["reason"], told["recipients"]) == ("deny_type_not_allowed", [])
    assert decided(told["gates"]) == ["E6"]
    assert decided(told["gates"], "not_reached")[0] == "E7"


async def test_a_repeat_is_told_beside_the_first_decision(hub: Hub) -> None:
    """An event that was sent twice shows both times, and the decision of the first."""
    uid = await hub.publish(signal())
    assert await hub.publish(signal()) == uid
    told = await explained(hub, uid)
    assert [(time["verdict"], time["reason"]) for time in told["sent"]] == [
        ("unique", None),
        ("duplicate", "deny_duplicate"),
    ]
    assert told["recipients"][0]["reason"] == "ok_consent"


async def test_the_last_look_at_the_delivery_counts(hub: Hub) -> None:
    """A consent that was withdrawn before the delivery explains that nothing went."""
    uid = await hub.publish(signal())
    data = {"consent_id": "school-team-child_1", "by": "parent_1", "effective_at": NOON}
    await hub.publish(fact("consent.withdrawn", data))
    assert await hub.deliver() == 0
    (team,) = (await explained(hub, uid))["recipients"]
    assert (team["reason"], team["at_delivery"], team["sections"]) == ("deny_withdrawn", True, [])
    assert team["law"] == "AVG 7(3)"
    assert decided(team["gates"]) == ["R15"]


async def test_without_content_the_gates_are_as_certain_as_the_type_allows(hub: Hub) -> None:
    """Once the content is gone, a reason of several gates names each of them."""
    uid = await hub.publish(signal(recipients=[{"to": {"org": "supplier_1"}}]))
    told = await explained(hub, uid)
    assert told["content_kept"] is False
    assert decided(told["recipients"][0]["gates"], "one_of") == ["R1", "R3", "R9"]


async def test_threads_and_messages_of_the_event_are_told(hub: Hub) -> None:
    """What goes on because of the event is listed."""
    uid = await hub.publish(signal())
    told = await explained(hub, uid)
    assert {thread["kind"] for thread in told["threads"]} == {"response"}


async def test_a_refused_step_of_a_life_cycle_names_that_gate(hub: Hub) -> None:
    """A step that does not fit the state of its referral was stopped between the event gates and any receiver."""
    await hub.publish(
        {
            **fact("consent.given", {"record": consent("c3", "gp", "local_team", purpose="referral")}),
            "id": "g3",
        }
    )
    offer = signal("gp_1", "o1", "r7", type="referral.offered", purpose="referral")
    offered = await hub.publish(offer)
    reply = {"in_reply_to": offered, "sections": ["meta"], "recipients": [{"to": {"org": "gp_1"}}]}
    step = signal(TEAM, "s1", None, type="referral.accepted", purpose=..., urgency=..., domains=..., **reply)
    told = await explained(hub, await hub.publish(step))
    assert (told["outcome"], told["reason"]) == ("deny", "deny_lifecycle_order")
    assert decided(told["gates"]) == ["L"]
    assert decided(told["gates"], "not_reached") == ["E13"]
    assert told["recipients"] == []


async def test_unknown_numbers_have_no_explanation(hub: Hub) -> None:
    """A number that the ledger does not know, or that is no number at all, is unknown."""
    assert await explain.explanation(hub.ledger, "0b7f6a2e-6a55-5d0c-8e0f-2d0d3f0f4a11") is None
    assert await explain.explanation(hub.ledger, "no number") is None


@pytest.mark.parametrize("language", LANGUAGES)
async def test_text_tells_every_gate_that_was_reached_in_plain_words(hub: Hub, language: str) -> None:
    """The text form has the sentence of the reason, its article, what went, and a line per gate."""
    uid = await hub.publish(signal(recipients=[*TO_BOTH, *NOBODYS]))
    await hub.publish(signal(recipients=[*TO_BOTH, *NOBODYS]))
    await hub.deliver()
    out = io.StringIO()
    write_text(await explained(hub, uid), language, out)
    text = out.getvalue()
    sentence = {
        "nl": "De toestemming noemt deze ontvanger niet.",
        "en": "The consent does not name this recipient.",
    }
    assert sentence[language] in text
    assert "[AVG 4(11)]" in text
    assert "> R15" in text
    assert "+ R14" in text
    assert "school-team-child_1" in text
    assert text.count("samenhub/1 ") >= 3


@pytest.mark.parametrize("language", LANGUAGES)
async def test_text_of_a_stopped_event_and_of_doubt(hub: Hub, language: str) -> None:
    """Where nobody got anything, and where several gates fit, the text says so."""
    stopped = await hub.publish(signal("supplier_1"))
    doubtful = await hub.publish(
        signal(event_id="e2", record="r2", recipients=[{"to": {"org": "supplier_1"}}])
    )
    out = io.StringIO()
    write_text(await explained(hub, stopped), language, out)
    write_text(await explained(hub, doubtful), language, out)
    text = out.getvalue()
    assert ("Het bericht ging naar niemand." if language == "nl" else "The message went to nobody.") in text
    assert "? R3" in text
    assert "~ R2" in text


@pytest.mark.parametrize("language", LANGUAGES)
async def test_text_tells_duties_and_the_last_look(hub: Hub, language: str) -> None:
    """Duties are told with their due time where they have one, and a verdict of the delivery as such."""
    parents = [
        {"person": person, "role": "parent_with_custody", "checked_on": "2026-11-01"}
        for person in ("parent_1", "parent_2")
    ]
    await hub.publish(fact("custody.changed", {"persons": parents}))
    low = await hub.publish(signal(sections=["meta", "contact"], domains=[]))
    danger = await hub.publish(signal(event_id="e2", record="r2", urgency="u0"))
    withdrawal = {"consent_id": "school-team-child_1", "by": "parent_1", "effective_at": NOON}
    out = io.StringIO()
    write_text(await explained(hub, low), language, out)
    await hub.publish(fact("consent.withdrawn", withdrawal))
    await hub.deliver()
    for uid in (low, danger):
        write_text(await explained(hub, uid), language, out)
    text = out.getvalue()
    before, again = {"nl": ("voor", "bij de aflevering"), "en": ("before", "judged again")}[language]
    assert f"inform_other_parent {before} 2026-11-30T23:59:59+01:00" in text
    assert "call_112" in text
    assert again in text
    assert "deny_withdrawn" in text


async def test_what_could_not_be_addressed_is_told_beside_the_verdict(hub: Hub) -> None:
    """A receiver that has no subscription shows why nothing left, beside the verdict that let it."""
    assert await hub.ledger.remove_subscription(f"sub-{TEAM}")
    uid = await hub.publish(signal())
    (team,) = (await explained(hub, uid))["recipients"]
    assert (team["state"], team["state_reason"], team["reason"]) == (
        "parked",
        "no_subscription",
        "ok_consent",
    )
    assert team["sections"] == []
    out = io.StringIO()
    write_text(await explained(hub, uid), "en", out)
    assert "parked (no_subscription)" in out.getvalue()


async def test_a_match_that_was_not_sent_is_shown_to_the_operator_only_as_such(hub: Hub) -> None:
    """A match to which not everybody agreed stands among what was not sent."""
    await hub.ledger.close()
    ledger = await open_ledger(MEMORY_DSN, owner="test")
    world = await Hub(ledger).open(
        to_team("school"), to_team("gp"), consent("c9", "school", "gp", purpose="coordination")
    )
    await world.publish(signal())
    uid = await world.publish(signal("gp_1", "e2", "r2"))
    told = await explained(world, uid)
    assert [message["type"] for message in told["not_sent"]] == ["match.reported"]
    out = io.StringIO()
    write_text(told, "en", out)
    assert "not sent: match.reported" in out.getvalue()
    await ledger.close()


@pytest.mark.database
async def test_command_reads_the_ledger_of_the_settings(
    database_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command prints text or JSON from the database, and answers 1 for an unknown event."""
    ledger = await open_ledger(database_dsn, owner="test")
    uid = await (await Hub(ledger).open(to_team("school"))).publish(signal())
    await ledger.close()
    monkeypatch.setenv("HUB_DATABASE", database_dsn)
    text, document, unknown = io.StringIO(), io.StringIO(), io.StringIO()
    assert await explain.run(uid.upper(), "nl", text, as_json=False) == 0
    assert "Iedereen die moet instemmen, deed dat." in text.getvalue()
    assert await explain.run(uid, "en", document, as_json=True) == 0
    assert json.loads(document.getvalue())["recipients"][0]["reason"] == "ok_consent"
    assert await explain.run("0b7f6a2e-6a55-5d0c-8e0f-2d0d3f0f4a11", "en", unknown, as_json=False) == 1
    assert "no event" in unknown.getvalue()


@pytest.mark.database
def test_command_line_reads_the_settings(database_dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As typed: `hub explain NUMBER --language nl` and `hub explain NUMBER --json`."""

    async def prepared() -> str:
        ledger = await open_ledger(database_dsn, owner="test")
        uid = await (await Hub(ledger).open(to_team("school"))).publish(signal())
        await ledger.close()
        return uid

    monkeypatch.setenv("HUB_DATABASE", database_dsn)
    uid = asyncio.run(prepared())
    text = CliRunner().invoke(app, ["explain", uid, "--language", "nl"])
    document = CliRunner().invoke(app, ["explain", uid, "--json"])
    unknown = CliRunner().invoke(app, ["explain", "x"])
    assert (text.exit_code, document.exit_code, unknown.exit_code) == (0, 0, 1)
    assert "> R16" in text.output
    assert json.loads(document.output)["id"] == uid


def test_command_refuses_another_language() -> None:
    """A language without words is refused before anything is read."""
    answer = CliRunner().invoke(app, ["explain", "x", "--language", "fr"])
    assert answer.exit_code == 2
