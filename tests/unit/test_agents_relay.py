"""The outbox on its way to the log: agents/relay.py."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, cast

import pytest

from agents.broker import LogUnavailableError
from agents.produce import LogMessage
from agents.relay import ROW_ID_HEADER, RelayLoop
from agents.runtime import Runtime
from agents.settings import AgentSettings
from hub.core.model import JsonObject
from hub.core.own_events import alert_event, own_event
from hub.identity.door import event_uid
from hub.ledger.interface import Ledger, LedgerUnavailableError, OutboxRow
from hub.wire.codec import decode, decode_record

NOW = "2026-03-02T10:00:00.000000Z"
SOURCE = "urn:nld:oin:00000000000000000000:systeem:samenhub"


def decision_document(uid: str) -> JsonObject:
    return {
        "uid": uid,
        "event_id": "e1",
        "source": "urn:nld:oin:00000001234567890000:systeem:test",
        "type": "signal.raised",
        "org": "school-een",
        "subject_ref": "ps_1_a",
        "decided_at": NOW,
        "rule_set": "1",
        "verdict": "unique",
        "outcome": "allow",
        "reason": "ok_accepted",
        "duties": [],
        "recipients": [],
    }


def row(row_id: int, topic: str = "hub.decisions", document: JsonObject | None = None) -> OutboxRow:
    return OutboxRow(row_id, topic, "ps_1_a", document or decision_document(f"uid-{row_id}"))


class Outbox:
    """The outbox part of a ledger."""

    def __init__(self, *rows: OutboxRow) -> None:
        self.rows = list(rows)
        self.failures: list[Exception] = []
        self.waits = 0
        self.parked: list[int] = []

    async def outbox(self, limit: int) -> list[OutboxRow]:
        if self.failures:
            raise self.failures.pop(0)
        return self.rows[:limit]

    async def park_unfit(self, row_id: int, _now: str) -> None:
        self.parked.append(row_id)

    async def relayed(self, row_ids: Sequence[int]) -> None:
        self.rows = [row for row in self.rows if row.row_id not in row_ids]

    async def wait_for_work(self, _channel: str, _timeout_seconds: float) -> bool:
        self.waits += 1
        await asyncio.sleep(0)
        return False


class Writer:
    """Keeps what is written; fails when the test says so."""

    def __init__(self) -> None:
        self.messages: list[LogMessage] = []
        self.is_away = False

    async def write(self, messages: Sequence[LogMessage]) -> None:
        if self.is_away:
            raise LogUnavailableError("away")
        self.messages.extend(messages)


def a_loop(outbox: Outbox, writer: Writer, **settings: Any) -> RelayLoop:
    limits = AgentSettings(**{"idle_wait_seconds": 0.0, "flush_pauses_seconds": (0.0,), **settings})
    runtime = Runtime(
        ledger=cast("Ledger", outbox),
        standing=cast("Any", None),
        bootstrap_servers="",
        worker_id="relay-1",
        settings=limits,
    )
    return RelayLoop(runtime, writer)


async def test_rows_leave_in_order_with_their_ids_and_are_marked() -> None:
    """A reader gets every row in the outbox's order, keyed by the subject, with the id that tells a repeat."""
    outbox, writer = Outbox(row(1), row(2), row(3)), Writer()
    assert await a_loop(outbox, writer).relay_once() == 3
    assert [message.headers for message in writer.messages] == [((ROW_ID_HEADER, str(n)),) for n in (1, 2, 3)]
    assert {message.key for message in writer.messages} == {"ps_1_a"}
    assert decode_record(writer.messages[0].value)[0] == "decision"
    assert outbox.rows == []


async def test_nothing_is_marked_when_the_log_is_away() -> None:
    """A row counts as relayed only when every replica has it."""
    outbox, writer = Outbox(row(1)), Writer()
    writer.is_away = True
    with pytest.raises(LogUnavailableError):
        await a_loop(outbox, writer).relay_once()
    assert len(outbox.rows) == 1


async def test_a_row_that_fits_no_schema_stays_and_stops_no_other() -> None:
    """It stays in the outbox, parked once for a person; what comes after it is published."""
    unfit = row(1, document={"uid": "only"})
    outbox, writer = Outbox(unfit, row(2, topic="hub.unknown"), row(3), row(4)), Writer()
    loop = a_loop(outbox, writer, outbox_batch_max=2)
    assert await loop.relay_once() == 0
    assert await loop.relay_once() == 2
    assert [one.row_id for one in outbox.rows] == outbox.parked == [1, 2]
    assert len(writer.messages) == 2


async def test_the_loop_waits_when_there_is_nothing_and_stops_when_asked() -> None:
    """An empty outbox makes no traffic but the wait for work."""
    outbox = Outbox(row(1))
    loop = a_loop(outbox, Writer())
    task = asyncio.create_task(loop.run())
    while outbox.waits < 3:  # noqa: ASYNC110 - looks at plain state of the double
        await asyncio.sleep(0)
    await loop.stop()
    await asyncio.wait_for(task, 5)
    assert outbox.rows == []


async def test_a_short_absence_of_the_database_is_waited_out() -> None:
    """One failure costs a pause; more than the pauses allow ends the loop."""
    outbox, writer = Outbox(row(1)), Writer()
    outbox.failures = [LedgerUnavailableError()]
    assert await a_loop(outbox, writer).relay_once() == 1
    outbox.failures = [LedgerUnavailableError(), LedgerUnavailableError()]
    with pytest.raises(LedgerUnavailableError):
        await a_loop(outbox, writer).relay_once()


async def test_an_event_of_the_hub_goes_into_the_log_as_an_event_with_the_hubs_source() -> None:
    """An alert leaves as a canonical event under its subject's key, without sealed content, and keeps its row id."""
    alert = an_alert()
    outbox, writer = Outbox(row(1), row(2, "hub.events", alert), row(3)), Writer()
    assert await a_loop(outbox, writer, source=SOURCE).relay_once() == 3
    message = writer.messages[1]
    assert (message.topic, message.key, message.headers) == ("hub.events", "ps_1_a", ((ROW_ID_HEADER, "2"),))
    sealed = decode(message.value)
    assert sealed.event == {**alert, "source": SOURCE}
    assert sealed.uid == event_uid(SOURCE, str(alert["id"]))
    assert (sealed.authenticated_org, sealed.accepted_at, sealed.key) == ("hub", NOW, "ps_1_a")
    assert dict(sealed.sealed) == {}
    assert "source" not in alert


@pytest.mark.parametrize(
    ("type_name", "data"),
    [
        ("alert.closed", {"uid": "uid-1"}),
        ("alert.escalated", {"level": 3, "audience": "network_coordinator", "telephone": True}),
        ("consent.age_boundary_reached", {"age": 16, "boundary_at": NOW}),
        ("consent.reconfirmation_requested", {"age": 16, "boundary_at": NOW}),
        ("pilot_light.ended", {"until": "2026-03-01"}),
    ],
)
async def test_every_kind_of_own_event_fits_its_schema(type_name: str, data: JsonObject) -> None:
    """What the core may send in the hub's name can be written to the log."""
    event = own_event(type_name, "cause", "ps_1_a", NOW, data, in_reply_to="event-1")
    outbox, writer = Outbox(row(1, "hub.events", event)), Writer()
    assert await a_loop(outbox, writer).relay_once() == 1
    assert decode(writer.messages[0].value).event["data"] == data


@pytest.mark.parametrize("lacking", ["id", "time", "type"])
async def test_an_own_event_that_lacks_a_field_stays_in_the_outbox(lacking: str) -> None:
    """It is no event; those after it go on."""
    broken = {name: value for name, value in an_alert().items() if name != lacking}
    outbox, writer = Outbox(row(1, "hub.events", broken), row(2, "hub.events", an_alert())), Writer()
    assert await a_loop(outbox, writer).relay_once() == 1
    assert [one.row_id for one in outbox.rows] == [1]


def an_alert() -> JsonObject:
    return alert_event(
        "alert.deadline_missed",
        "uid-1",
        subject_ref="ps_1_a",
        owner="team-een",
        now=NOW,
        urgency="u3",
        uid="uid-1",
        case_ref="case-1",
        level=2,
        audience="team_coordinator",
        rule="u3_human_ack",
        due_at="2026-03-04T23:59:59+01:00",
    )
