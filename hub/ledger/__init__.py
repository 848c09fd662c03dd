"""The ledger. What lives here: decisions, deliveries, state, offsets and the audit chain, in PostgreSQL.

`interface.py` is what callers see; `postgres_*.py` keeps it with plain SQL through asyncpg and numbered
migrations, `memory_*.py` is its honest in-memory twin, and one conformance test runs against both.
What may not: deciding (the core's functions are handed in), reading plain content, talking to Kafka or HTTP.
Who calls it: the agents, the gateway and `hub` commands.
"""
