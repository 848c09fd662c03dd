"""The wire. What lives here: canonical event <-> Avro bytes, CloudEvents over HTTP and Kafka, schema rules.

What may not: I/O other than reading the packaged files of `schemas/`, keys, plain content, a clock.
Who calls it: the gateway (HTTP in), the agents (Kafka), the connectors (HTTP out), `hub schema check`.
Strict: anything not understood is refused with a stable reason code (`WireError`), never repaired.
"""
