"""The ledger. What lives here: decisions, deliveries, state, offsets and the audit chain, in PostgreSQL.

`interface.py` is what callers see, `open.py` makes a ledger. The logic (`recording`, `claiming`, `feeding`,
`holding` …) is written once over `tables.py`; `postgres_*.py` keeps those tables with plain SQL through asyncpg
and numbered migrations, `memory_*.py` is the honest in-memory twin. One conformance test runs against both.
What may not: deciding (the core's functions are handed in), reading plain content, talking to Kafka or HTTP.
Who calls it: the agents, the gateway and `hub` commands.
"""
