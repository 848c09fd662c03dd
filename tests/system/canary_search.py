"""Looks for marks in everything that a running hub keeps or says, in every spelling that software gives a text."""

from __future__ import annotations

import asyncio
import base64
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import asyncpg
import httpx
from aiokafka import AIOKafkaConsumer, TopicPartition

from tests.system.hub_world import HubWorld

CONSUME_SECONDS = 20.0
"""Reading some hundred records takes a moment."""

DATABASE_OWN_FILES = "postgres"
"""The folder of the database's own pages; what they hold is read through SQL, row by row."""

Place = tuple[str, bytes]
"""Where something stands, and what stands there."""

Skipped = frozenset[tuple[str, int, int]]
"""Records (topic, partition, offset) that the test itself wrote straight into the log."""


def spellings(mark: str) -> dict[str, bytes]:
    """Return the mark as plain text, base64 at each alignment, hex, in a URL, in JSON, and in other encodings."""
    plain = mark.encode()
    found = {
        "plain": plain,
        "latin-1": mark.encode("latin-1"),
        "utf-16": mark.encode("utf-16-le"),
        "hex": plain.hex().encode(),
        "upper hex": plain.hex().upper().encode(),
        "url": quote(mark, safe="").encode(),
        "url, every byte": "".join(f"%{byte:02X}" for byte in plain).encode(),
        "json": json.dumps(mark)[1:-1].encode(),
        "json, every character": "".join(f"\\u{ord(character):04x}" for character in mark).encode(),
        "python": repr(plain)[2:-1].encode(),
    }
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + plain)
        # The first and the last characters mix with neighbours: what is between them is the mark's own.
        core = encoded[(shift * 8 + 5) // 6 : (shift + len(plain)) * 8 // 6]
        found[f"base64, shifted {shift}"] = core
        found[f"base64url, shifted {shift}"] = core.translate(bytes.maketrans(b"+/", b"-_"))
    return found


def sightings(marks: Iterable[str], places: Iterable[Place]) -> list[str]:
    """Return where a mark was seen, and in which spelling; never the mark itself."""
    forms = {
        form.lower(): f"mark {number} ({name})"
        for number, mark in enumerate(marks)
        for name, form in spellings(mark).items()
    }
    # One pass for all spellings; where it stops, each is looked for by itself.
    any_form = re.compile(b"|".join(map(re.escape, forms)))
    return [
        f"{mark} in {where}"
        for where, content in places
        if any_form.search(lowered := content.lower())
        for form, mark in forms.items()
        if form in lowered
    ]


def files(world: HubWorld) -> Iterator[Place]:
    """Yield every file of the hub's state folder: logs of all processes and servers, keys, configuration."""
    database = world.folder / DATABASE_OWN_FILES
    for path in sorted(world.folder.rglob("*")):
        own_page = path.is_relative_to(database) and path.name not in {"log", "server.log", "postgresql.log"}
        if path.is_file() and not own_page:
            yield f"file {path.relative_to(world.folder)}", path.read_bytes()


def database_files(folder: Path) -> Iterator[Place]:
    """Yield every page that the database wrote to disk, its write-ahead log too."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield f"database file {path.relative_to(folder)}", path.read_bytes()


def metrics(world: HubWorld) -> Iterator[Place]:
    """Yield the metrics page of every process."""
    for name, address in world.stack.health.items():
        page = httpx.get(f"{address}/metrics", follow_redirects=True)
        assert page.status_code == 200, name
        yield f"metrics of {name}", page.content


def commands(world: HubWorld) -> Iterator[Place]:
    """Yield what the operator's commands say."""
    for arguments in (("reconcile",), ("audit", "verify")):
        done = world.command(*arguments)
        yield f"hub {' '.join(arguments)}", (done.stdout + done.stderr).encode()


@dataclass(frozen=True, slots=True)
class LogReader:
    """Reads the whole log of a broker."""

    bootstrap: str

    def records(self, skipped: Skipped) -> list[Place]:
        """Return key, headers and value of each record of every topic, but those the test wrote itself."""
        return asyncio.run(self._records(skipped))

    async def _records(self, skipped: Skipped) -> list[Place]:
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self.bootstrap,
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
        )
        await consumer.start()
        try:
            return await self._all_of(consumer, skipped)
        finally:
            await consumer.stop()

    async def _all_of(self, consumer: AIOKafkaConsumer, skipped: Skipped) -> list[Place]:
        topics = await consumer.topics()
        assert {"hub.events", "hub.decisions", "hub.alerts"} <= topics
        places = [
            TopicPartition(topic, partition)
            for topic in topics
            for partition in consumer.partitions_for_topic(topic) or ()
        ]
        ends = await consumer.end_offsets(places)
        consumer.assign(places)
        await consumer.seek_to_beginning(*places)
        found: list[Place] = []
        async with asyncio.timeout(CONSUME_SECONDS):
            while any([await consumer.position(place) < ends[place] for place in places]):
                for records in (await consumer.getmany(timeout_ms=200)).values():
                    found += [
                        (
                            f"{record.topic}/{record.partition}/{record.offset}",
                            whole(record.key, record.headers, record.value),
                        )
                        for record in records
                        if (record.topic, record.partition, record.offset) not in skipped
                    ]
        return found


def whole(key: bytes | None, headers: Iterable[tuple[str, bytes]], value: bytes | None) -> bytes:
    """Return all bytes of a record."""
    said = b"\n".join(name.encode() + b"=" + content for name, content in headers)
    return b"\n".join((key or b"", said, value or b""))


def rows(dsn: str) -> list[Place]:
    """Return every row of every table of the ledger, sealed bytes as they are."""
    return asyncio.run(_rows(dsn))


async def _rows(dsn: str) -> list[Place]:
    connection = await asyncpg.connect(dsn)
    try:
        tables = await connection.fetch(
            "select quote_ident(table_schema) || '.' || quote_ident(table_name) as name from information_schema.tables "
            "where table_schema not in ('pg_catalog', 'information_schema')"
        )
        found: list[Place] = []
        for table in tables:
            # Names come from the catalogue itself, quoted by the server.
            held = await connection.fetch(f"select * from {table['name']}")  # noqa: S608
            found += [(f"table {table['name']}", b"\n".join(map(_bytes_of, row.values()))) for row in held]
    finally:
        await connection.close()
    assert len(tables) > 20
    return found


def _bytes_of(value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()
