"""How the writes of a transaction travel together."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

from hub.ledger import rows
from hub.ledger.postgres_writes import COPY_FROM_ROWS, Connection, Writes

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


class Wire:
    """Remembers what was sent."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, tuple[Any, ...]]] = []
        self.copied: list[tuple[str, int]] = []

    async def fetch(self, statement: str, *values: Any) -> list[Any]:
        self.sent.append((statement, values))
        return []

    async def copy_records_to_table(self, table: str, *, records: Any, columns: list[str]) -> None:
        assert all(len(record) == len(columns) for record in records)
        self.copied.append((table, len(records)))


async def sent(writes: Writes, *, last: bool = True) -> Wire:
    """Send everything over a wire that remembers it."""
    wire = Wire()
    await writes.flush(cast("Connection", wire), last=last)
    return wire


def subject(name: str) -> rows.SubjectRow:
    return rows.SubjectRow(name, None, 1)


def disclosure(name: str) -> rows.DisclosureRow:
    return rows.DisclosureRow(name, 0, None, "{}", NOW)


async def test_tables_share_a_statement() -> None:
    """Writes on different tables are one statement, its parameters numbered through, the notice in it."""
    writes = Writes()
    writes.rows("replace", rows.SUBJECT, [subject("a")])
    writes.rows("insert", rows.SUBJECT_LINK, [rows.SubjectLinkRow("l", "a")])
    writes.delete(rows.OUTBOX, "row_id", [7])
    writes.notify(["holds"])
    ((statement, values),) = (await sent(writes)).sent
    assert values == (("a",), (None,), (1,), ("l",), ("a",), [7], ["holds"])
    assert "unnest($4::text[], $5::text[])" in statement
    assert statement.endswith("select pg_notify(channel, '') from unnest($7::text[]) channel")
    assert not writes


async def test_one_table_twice_is_two_statements() -> None:
    """A second write on one table sees the first: it goes into a later statement, in order."""
    writes = Writes()
    writes.delete(rows.SUBJECT_LINK, "subject_key", ["a"])
    writes.rows("insert", rows.SUBJECT_LINK, [rows.SubjectLinkRow("l", "a")])
    writes.rows("insert", rows.SUBJECT, [subject("a")])
    first, second = (await sent(writes)).sent
    assert "delete from subject_link" in first[0]
    assert "insert into subject (" in first[0]
    assert second[0].startswith("insert into subject_link")


async def test_a_row_never_goes_before_the_one_it_names() -> None:
    """What names a row by foreign key is never sent in an earlier statement than that row."""
    writes = Writes()
    for name in "ab":
        writes.rows("replace", rows.DISCLOSURE, [disclosure(name)])
        writes.rows("ignore", rows.DISCLOSURE_CONSENT, [rows.DisclosureConsentRow(name, "c")])
    statements = [statement for statement, _ in (await sent(writes)).sent]
    assert len(statements) == 2
    assert all("disclosure (" in item and "disclosure_consent (" in item for item in statements)


async def test_bulk_is_copied_before_its_statement() -> None:
    """Many new rows of one table go by COPY; few travel with the others."""
    writes = Writes()
    writes.rows("insert", rows.HOLD_WAKE, [rows.HoldWakeRow(0, str(n)) for n in range(COPY_FROM_ROWS)])
    writes.rows("insert", rows.SUBJECT, [subject("a")])
    wire = await sent(writes)
    assert wire.copied == [("hold_wake", COPY_FROM_ROWS)]
    assert len(wire.sent) == 1


async def test_notices_wait_for_the_last_statement() -> None:
    """Before the end of the transaction nobody is woken; at the end even when nothing else is left."""
    writes = Writes()
    writes.rows("insert", rows.SUBJECT, [subject("a")])
    writes.notify(["outbox"])
    early = await sent(writes, last=False)
    assert "pg_notify" not in early.sent[0][0]
    (notice,) = (await sent(writes)).sent
    assert notice[1] == (["outbox"],)
    assert (await sent(writes)).sent == []


async def test_moves_leave_rewritten_deliveries_alone() -> None:
    """Deliveries that are rewritten and those that move in time share a statement and never a row."""
    columns = rows.DELIVERY.columns
    row = rows.DELIVERY.make(("d-1", *(None for _ in columns[1:])))
    writes = Writes()
    writes.rows("replace", rows.DELIVERY, [row])
    writes.reschedule((["s"], ["child"], [1], [NOW]))
    writes.reschedule((["s"], ["other"], [2], [NOW]))
    first, second = (await sent(writes)).sent
    assert first[1][-1] == ["d-1"]
    assert "delivery_id <> all" in first[0]
    assert second[1] == (["s"], ["other"], [2], [NOW], [])
