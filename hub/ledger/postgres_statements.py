"""The statements that need more than rows in and rows out: offsets, claims with locks, and counts."""

from __future__ import annotations

from typing import Any, Final

from hub.ledger.rows import (
    CONSENT,
    DECISION,
    DELIVERY,
    ENTRY,
    HOLD,
    LINE,
    OUTBOX,
    PARKED,
    PAYLOAD,
    SUBSCRIPTION,
    THREAD,
    Table,
)

_DELIVERY: Final = ", ".join(f"d.{column}" for column in DELIVERY.columns)
_HOLD: Final = ", ".join(f"h.{column}" for column in HOLD.columns)
_THREAD: Final = ", ".join(f"t.{column}" for column in THREAD.columns)


def row_array(table: Table[Any], condition: str, order: str) -> str:
    """Return SQL for the rows of a table as one array, with every column in the order of the row type."""
    columns = ", ".join(f"t.{column}" for column in table.columns)
    return f"array(select row({columns}) from {table.name} t where {condition} order by {order})"  # noqa: S608


LOG_INSERT: Final = "insert into log (cluster_id, topic) values ($1, $2) on conflict do nothing"
LOG_NUMBER: Final = "select log_id from log where cluster_id = $1 and topic = $2"

OFFSETS_CREATE: Final = """
    insert into log_offset (log_id, partition, next_offset, epoch, owner)
    select $1::bigint, partition, 0, 0, '' from unnest($2::bigint[]) partition order by partition
    on conflict do nothing
"""
OFFSETS_LOCK: Final = """
    select partition from log_offset where log_id = $1 and partition = any($2::bigint[])
    order by partition for update
"""
OFFSETS_TAKE: Final = """
    update log_offset set epoch = epoch + 1, owner = $3
    where log_id = $1 and partition = any($2::bigint[])
    returning partition, next_offset, epoch
"""
# The first statement of every batch. Fewer rows than partitions: somebody else owns one of them now.
OFFSETS_ADVANCE: Final = """
    with step as materialized (
        select o.log_id, o.partition, s.following
        from unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[]) s (partition, expected, epoch, following)
        join log_offset o on o.log_id = $1 and o.partition = s.partition
            and o.next_offset = s.expected and o.epoch = s.epoch
        order by o.partition
        for update of o
    )
    update log_offset o set next_offset = step.following
    from step where o.log_id = step.log_id and o.partition = step.partition
    returning o.partition
"""
OFFSETS: Final = "select partition, next_offset from log_offset where log_id = $1"
PARTITIONS_LOCK: Final = """
    select partition from log_offset where partition = any($1::bigint[]) order by partition, log_id for update
"""
SHARED_SUBSCRIPTIONS: Final = f"""
    select {", ".join(SUBSCRIPTION.columns)} from subscription where org = any($1::text[])
    order by subscription_id for key share
"""  # noqa: S608
ALL_SUBSCRIPTIONS: Final = f"""
    select {", ".join(SUBSCRIPTION.columns)} from subscription order by subscription_id
"""  # noqa: S608

# The oldest unsettled delivery per subscription and subject is the only one that may go: order per child. Scalar
# sub-selects, so that the look stops at its limit: as joins they would be planned over all that waits.
_IS_DUE: Final = """
    d.state in ('pending', 'claimed') and d.due_at <= $1
        and (select s.active and s.connector <> 'feed' from subscription s where s.subscription_id = d.subscription_id)
        and d.ordinal = (
            select earlier.ordinal from delivery earlier
            where earlier.subscription_id = d.subscription_id and earlier.subject_key = d.subject_key
                and earlier.state in ('pending', 'claimed')
            order by earlier.ordinal limit 1
        )
"""
ANYTHING_DUE: Final = f"""
    select exists (select from delivery d where not d.crisis and {_IS_DUE})
        or exists (select from delivery d where d.crisis and {_IS_DUE})
"""  # noqa: S608
# With what the last look needs of each: one round trip.
DUE: Final = f"""
    with urgent as materialized (
        select {_DELIVERY} from delivery d where d.crisis and {_IS_DUE}
        order by d.due_at, d.ordinal limit $2 for update of d skip locked
    ), other as materialized (
        select {_DELIVERY} from delivery d where not d.crisis and {_IS_DUE}
        order by d.due_at, d.ordinal limit $2 - (select count(*) from urgent) for update of d skip locked
    ), due as materialized (
        select * from urgent union all select * from other
    )
    select array(select row(due.*) from due order by not crisis, due_at, ordinal),
        {row_array(PAYLOAD, "t.uid = any(array(select uid from due))", "t.uid")},
        {row_array(HOLD, "t.uid = any(array(select uid from due))", "t.uid")},
        {row_array(SUBSCRIPTION, "t.subscription_id = any(array(select subscription_id from due))", "t.org")}
"""  # noqa: S608
# The deliveries first: whoever claims or settles them again waits here, and sees the lines as they are then.
SETTLE_LOCK: Final = f"""
    with settled as materialized (
        select {_DELIVERY} from delivery d where d.delivery_id = any($1::text[]) order by d.ordinal for update
    ), lines as materialized (
        select {", ".join(LINE.columns)} from line where place = any(array(select place from settled))
        order by place, line for update
    )
    select array(select row(settled.*) from settled), array(select row(lines.*) from lines)
"""  # noqa: S608
# Behind a delivery that waits for its next attempt nothing is due: a receiver that is down for days would
# otherwise have its whole backlog looked at by every claim.
# A look-up per move ("offset 0"): as a join it could be planned, and kept, as one over all that waits. The state is
# asked once more of the locked row, in a form that no index offers itself for.
RESCHEDULE: Final = """
    update delivery d set due_at = (
        select max(m.due_at)
        from unnest($1::text[], $2::text[], $4::timestamptz[]) m (subscription_id, subject_key, due_at)
        where m.subscription_id = d.subscription_id and m.subject_key = d.subject_key
    )
    where d.state || '' = 'pending' and d.delivery_id = any(array(
        select behind.delivery_id
        from unnest($1::text[], $2::text[], $3::bigint[], $4::timestamptz[])
            m (subscription_id, subject_key, ordinal, due_at), lateral (
                select e.delivery_id from delivery e
                where e.subscription_id = m.subscription_id and e.subject_key = m.subject_key and e.ordinal > m.ordinal
                    and e.state = 'pending' and e.due_at <> m.due_at and e.delivery_id <> all($5::text[])
                offset 0) behind
    ))
"""
FEED_NEW: Final = f"""
    select {_DELIVERY} from delivery d
    where d.subscription_id = $1 and d.state = 'pending' and d.sequence = 0
    order by d.ordinal limit $2 for update
"""  # noqa: S608
FEED_NUMBERED: Final = f"""
    select {_DELIVERY} from delivery d
    where d.subscription_id = $1 and d.sequence > $2
    order by d.sequence limit $3 for update
"""  # noqa: S608
FEED_READ: Final = f"""
    select {_DELIVERY} from delivery d
    where d.subscription_id = $1 and d.state = 'claimed' and d.sequence between 1 and $2
    order by d.sequence for update
"""  # noqa: S608

PEEK_HOLDS: Final = f"""
    select {_HOLD} from hold h
    where h.wake_at <= $2 or exists (select from hold_wake w where w.uid = h.uid)
    order by h.hold_until_at limit $1
"""  # noqa: S608
LOCK_HOLDS: Final = f"""
    select {_HOLD} from hold h where h.uid = any($1::text[]) order by h.uid for update skip locked
"""  # noqa: S608

WAKE_ALL_HOLDS: Final = "insert into hold_wake (uid) select uid from hold order by uid"

PEEK_THREADS: Final = f"""
    select {_THREAD} from thread t where t.is_open and t.next_at <= $2 order by t.next_at, t.ordinal limit $1
"""  # noqa: S608
# What another machine rang meanwhile is not due any more: the condition is asked again of the locked row.
LOCK_THREADS: Final = f"""
    select {_THREAD} from thread t where t.thread_id = any($1::text[]) and t.is_open and t.next_at <= $2
    order by t.next_at, t.ordinal for update skip locked
"""  # noqa: S608

ENDED_CONSENTS: Final = f"""
    select {", ".join(f"c.{column}" for column in CONSENT.columns)} from consent c
    where c.ends_at <= $2 and c.subject_key is not null
        and exists (select from disclosure_consent used where used.consent_key = c.consent_id)
        and not exists (select from announcement told where told.consent_key = c.consent_id)
    order by c.ends_at limit $1
"""  # noqa: S608
OLDEST_OUTBOX: Final = f"select {', '.join(OUTBOX.columns)} from outbox order by row_id limit $1"  # noqa: S608
DELIVERED_BETWEEN: Final = """
    select delivery_id from delivery
    where receiver = $1 and state = 'delivered' and settled_at >= $2 and settled_at < $3
    order by ordinal limit $4
"""
PARKED_AFTER: Final = f"""
    select {", ".join(PARKED.columns)} from parked where parked_id > $1 order by parked_id limit $2
"""  # noqa: S608
KEPT_PAYLOADS: Final = "select uid from payload where uid = any($1::text[])"
STALE_PAYLOADS: Final = """
    select p.uid from payload p
    where p.stored_at < $2
        and not exists (select from hold h where h.payload_uid = p.uid)
        and not exists (
            select from delivery d
            where d.uid = p.uid and (d.settled_at is null or d.settled_at >= $2 or d.state = 'parked')
        )
        and not exists (select from parked k where p.uid like 'parked:%' and k.place = substr(p.uid, 8))
    order by p.stored_at limit $1 for update skip locked
"""

ENTRIES_BETWEEN: Final = f"""
    select {", ".join(ENTRY.columns)} from entry where at >= $1 and at < $2 order by ordinal
"""  # noqa: S608
CHAIN_PART: Final = f"""
    select {", ".join(DECISION.columns)} from decision
    where partition = $1 and position > $2 order by position limit $3
"""  # noqa: S608
CHAIN_PARTITIONS: Final = """
    select partition from chain union select partition from decision order by partition
"""

# A state counts only with the row that must stand behind it: a lost delivery, hold or parked row shows as a
# difference instead of hiding behind the line's own word.
_COUNTED: Final = """
    with counted as (
        select i.place, i.partition, i.record_offset, i.line_count from intake i
        where ($1::date is null or i.day = $1) and ($2::text is null or i.sender = $2)
    ), state as (
        select c.*, l.line, l.state, l.state in ('withheld', 'recorded')
            or (l.state = 'held' and exists (select from hold h where h.uid = l.uid))
            or (l.state = 'parked' and exists (
                select from parked p where p.place = l.place and p.line in (l.line, -1)))
            or (l.state in ('pending', 'delivered') and exists (
                select from delivery d where d.place = l.place and d.line = l.line
                    and case l.state when 'pending' then d.state in ('pending', 'claimed')
                        else d.state = 'delivered' or d.delivered_at is not null end)) as stands
        from counted c join line l on l.place = c.place
    )
"""
BALANCE: Final = f"""
    {_COUNTED}
    select
        (select count(*) from counted) as records,
        (select coalesce(sum(line_count), 0)::bigint from counted) as accepted,
        count(*) filter (where state = 'delivered' and stands) as delivered,
        count(*) filter (where state = 'withheld' and stands) as withheld,
        count(*) filter (where state = 'held' and stands) as held,
        count(*) filter (where state = 'parked' and stands) as parked,
        count(*) filter (where state = 'pending' and stands) as pending,
        count(*) filter (where state = 'recorded' and stands) as recorded
    from state
"""  # noqa: S608
DIFFERENCES: Final = f"""
    {_COUNTED}
    select partition, record_offset, place, line, state from state where not stands
    union all
    select partition, record_offset, place, -1, '' from counted c
    where line_count <> (select count(*) from line l where l.place = c.place)
    order by partition, record_offset, place, line limit $3
"""  # noqa: S608
STATISTICS: Final = """
    select
        (select count(*) from delivery where state in ('pending', 'claimed')) as pending,
        (select count(*) from hold) as held,
        (select count(*) from parked) as parked,
        (select coalesce(greatest(0, extract(epoch from $1::timestamptz - min(accepted_at::timestamptz))), 0)::float8
            from delivery where state in ('pending', 'claimed') and delivered_at is null) as oldest_pending_seconds,
        (select count(*) from outbox) as outbox
"""
NOTIFY: Final = "select pg_notify(channel, '') from unnest($1::text[]) channel"
