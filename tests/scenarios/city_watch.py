"""Looks into the running hub from outside: what its ledger has still to do, and what it wrote to its topics."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Coroutine, Iterable
from concurrent.futures import TimeoutError as WaitTimeoutError
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition

from hub.core.codes import HUB_KIND
from hub.core.model import JsonObject
from hub.wire.codec import decode, decode_record

ANSWER_SECONDS = 20.0
"""A query or a look into the log takes milliseconds; a loaded machine gets this long."""

EVENTS, ALERTS = "hub.events", "hub.alerts"

HUB: JsonObject = {"org": HUB_KIND, "kind": HUB_KIND}
"""The sender of the hub's own events."""

WAKE = "select pg_notify(channel, '') from unnest(array['deliveries', 'holds', 'outbox']) channel"
"""Who sleeps until its next look must see that the clock moved."""

TO_DO = """
select
  (select count(*) from outbox) as outbox,
  (select count(*) from thread where is_open and next_at <= $1) as threads,
  (select count(*) from hold where wake_at <= $1) + (select count(*) from hold_wake) as holds,
  (select count(*) from delivery where state in ('pending', 'claimed') and receiver <> all($2::text[])) as deliveries,
  (select count(*) from consent c where c.ends_at <= $1 and c.subject_key is not null
     and exists (select 1 from disclosure_consent used where used.consent_key = c.consent_id)
     and not exists (select 1 from announcement told where told.consent_key = c.consent_id)) as notices,
  (select json_object_agg(partition, next_offset) from log_offset
     where log_id = (select max(log_id) from log)) as offsets
"""
"""What is left to do at an instant, but for receivers whose own system is down."""

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class ToDo:
    """What the hub has still to do at an instant, by kind of work; `undecided` are records of the log."""

    outbox: int
    threads: int
    holds: int
    deliveries: int
    notices: int
    undecided: int

    @property
    def is_nothing(self) -> bool:
        """Whether the hub rests."""
        return not (
            self.outbox or self.threads or self.holds or self.deliveries or self.notices or self.undecided
        )


class Watcher:
    """One connection to the database and one to the broker, used from a test's own thread."""

    def __init__(self, dsn: str, bootstrap: str) -> None:
        self._dsn = dsn
        self._bootstrap = bootstrap
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="watcher", daemon=True)
        self._alerts: list[JsonObject] = []
        self._own: list[JsonObject] = []

    def start(self) -> None:
        """Connect."""
        self._thread.start()
        self._run(self._open())

    def stop(self) -> None:
        """Disconnect."""
        self._run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(ANSWER_SECONDS)
        self._loop.close()

    def rows(self, query: str, *arguments: object) -> list[dict[str, Any]]:
        """Return the rows of a query."""
        return [dict(row) for row in self._run(self._connection.fetch(query, *arguments))]

    def to_do(self, now: datetime, shut: Iterable[str]) -> ToDo:
        """Return what is left to do at this instant, but for receivers whose own system is down.

        First the ledger is asked, then the ends of the log: what the ledger handed to the log before is in there.
        """
        return self._run(self._to_do(now, list(shut)))

    def wake(self) -> None:
        """Wake whoever sleeps: the clock moved."""
        self._run(self._connection.execute(WAKE))

    def alerts(self) -> list[JsonObject]:
        """Return every record of `hub.alerts` so far, as it was written."""
        self._run(self._read())
        return self._alerts

    def own_events(self, type_name: str) -> list[JsonObject]:
        """Return the events of this type that the hub itself wrote into the log."""
        self._run(self._read())
        return [event for event in self._own if event["type"] == type_name]

    async def _open(self) -> None:
        self._connection = await asyncpg.connect(self._dsn)
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap, group_id=None, enable_auto_commit=False, fetch_max_wait_ms=20
        )
        await self._consumer.start()
        topics = await self._consumer.topics()
        assert {EVENTS, ALERTS} <= topics
        self._event_places = self._places(EVENTS)
        places = [*self._event_places, *self._places(ALERTS)]
        self._consumer.assign(places)
        await self._consumer.seek_to_beginning(*places)

    def _places(self, topic: str) -> list[TopicPartition]:
        return [
            TopicPartition(topic, partition) for partition in self._consumer.partitions_for_topic(topic) or ()
        ]

    async def _close(self) -> None:
        await self._consumer.stop()
        await self._connection.close()

    async def _to_do(self, now: datetime, shut: list[str]) -> ToDo:
        row = await self._connection.fetchrow(TO_DO, now, shut)
        assert row is not None
        await self._read()
        decided = {int(name): int(offset) for name, offset in json.loads(row["offsets"] or "{}").items()}
        # What was read counts, not the end that the broker names: the embedded one names it too low after a batch.
        read = {place.partition: await self._consumer.position(place) for place in self._event_places}
        undecided = sum(max(0, position - decided.get(partition, 0)) for partition, position in read.items())
        names = ("outbox", "threads", "holds", "deliveries", "notices")
        return ToDo(**{name: int(row[name]) for name in names}, undecided=int(undecided))

    async def _read(self) -> None:
        places = list(self._consumer.assignment())
        ends = await self._consumer.end_offsets(places)
        async with asyncio.timeout(ANSWER_SECONDS):
            while any([await self._consumer.position(place) < ends[place] for place in places]):
                for place, records in (await self._consumer.getmany(timeout_ms=50)).items():
                    for record in records:
                        self._keep(place.topic, record.value)

    def _keep(self, topic: str, value: bytes) -> None:
        if topic == ALERTS:
            self._alerts.append(decode_record(value)[1])
            return
        event = decode(value).event
        if event["sender"] == HUB:
            self._own.append(event)

    def _run(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        answer = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return answer.result(ANSWER_SECONDS)
        except WaitTimeoutError:
            answer.cancel()
            raise
