"""The wire. What lives here: canonical event <-> Avro bytes, CloudEvents over HTTP and Kafka, schema rules.

What may not: I/O other than reading the packaged files of `schemas/`, keys, plain content, a clock.
Who calls it: the gateway (HTTP in), the agents (Kafka), the connectors (HTTP out), `hub schema check`.
Strict: anything not understood is refused with a stable reason code (`WireError`), never repaired.

Events inside: `envelope` (the value), `codec` (bytes), `translation` (JSON <-> Avro values), `registry` (ids).
Events outside: `cloudevents` (the names to use), `attributes`, `json_format`, `http_binding`, `kafka_binding`,
`profile`. Schemas: `schema_source` and `record_source` (the descriptions), `generate`, `resolution`,
`compatibility`. Beside them: `topics`, `filters`, `strict_json`, `reasons`.
"""
