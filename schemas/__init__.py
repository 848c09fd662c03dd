"""The agreed forms. What lives here: data only, read as package data with `importlib.resources`.

`events/<name>.v<major>.avsc` and `records/*.avsc` are the working Avro schemas (written by
`python -m hub.wire.generate`); `released/` holds every version that was ever on the wire, which is never edited;
`registry.json` gives each released version its id; `topics.toml` is the table of Kafka topics; `examples/` shows
valid and invalid events. Who reads it: `hub/wire` and whoever builds a consumer.
"""
