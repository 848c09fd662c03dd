"""Who a message is about, and how its content is closed: numbers, pseudonyms, keys, sealing, the door.

Here live: the citizen number and its check (`bsn`), keyed pseudonyms (`pseudonyms`), data keys and the master
keys that wrap them (`keys`), sealing and opening of sections (`sealing`), the form of the content (`content*`,
`publish_form`), the text scan (`masking`), the digest (`digest`), the partner configuration (`partners*`), and
the door through which every HTTP event enters (`door`).

Not here: decisions, databases, HTTP, Avro. This room imports `hub.core` and the envelope of `hub.wire`, nothing
higher. Called by `hub.gateway` (admit), `agents/deliver` (open) and `hub.operate` (to build both). The deciding
worker is built without an opener: it never holds a data key.
"""
