"""Between JSON values and Avro values: built once per schema, then only followed.

Avro knows one "nothing"; JSON knows two: absent and null. In the schemas an optional field is a union of null and a
type, and null there means *absent*. A field that may also be null is a union of null and a record with the one field
`value` (property `form`: `stated`). Values of an open form are JSON text: `form` `json` (an object) and
`json_items` (a list of values).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from hub.core.model import Json, JsonObject
from hub.wire.envelope import WireError
from hub.wire.reasons import WireReason
from hub.wire.strict_json import parse_json, render_json

Convert: TypeAlias = Callable[[Any], Any]

LARGEST_LONG: Final = 2**63 - 1
"""Avro's `long`. A larger integer is refused, never rounded."""

_SCALARS: Final[dict[str, type]] = {"string": str, "boolean": bool, "bytes": bytes, "long": int}


@dataclass(frozen=True, slots=True)
class Translation:
    """How values of one Avro type travel.

    `to_avro` checks the whole form and raises `WireError` `form_mismatch` (detail: names of fields, never a
    value); `from_avro` is None where the value is the same on both sides. `branch` is the name by which fastavro
    finds the type in a union: telling it spares it from trying each branch.
    """

    branch: str
    to_avro: Convert
    from_avro: Convert | None = None


def _mismatch(path: str) -> WireError:
    return WireError(WireReason.FORM_MISMATCH, path)


def _back(translation: Translation, value: Any) -> Any:
    return value if translation.from_avro is None else translation.from_avro(value)


def _scalar(name: str, path: str) -> Translation:
    kind = _SCALARS[name]

    def to_avro(value: Json) -> Json:
        if not isinstance(value, kind):
            raise _mismatch(path)
        return value

    def long_to_avro(value: Json) -> Json:
        if type(value) is not int:
            raise _mismatch(path)
        if not -LARGEST_LONG - 1 <= value <= LARGEST_LONG:
            raise WireError(WireReason.NUMBER_OUT_OF_RANGE, path)
        return value

    return Translation(name, long_to_avro if name == "long" else to_avro)


def _fixed(schema: JsonObject, path: str) -> Translation:
    size = schema["size"]

    def to_avro(value: Json) -> Json:
        if type(value) is not bytes or len(value) != size:
            raise _mismatch(path)
        return value

    return Translation(f"{schema['name']}", to_avro)


def _array(items: Translation, path: str) -> Translation:
    def to_avro(value: Json) -> Json:
        if type(value) is not list:
            raise _mismatch(path)
        return [items.to_avro(item) for item in value]

    def from_avro(value: list[Any]) -> Json:
        return [_back(items, item) for item in value]

    return Translation("array", to_avro, from_avro if items.from_avro else None)


def _map(values: Translation, path: str) -> Translation:
    def to_avro(value: Json) -> Json:
        if type(value) is not dict or not all(type(key) is str for key in value):
            raise _mismatch(path)
        return {key: values.to_avro(entry) for key, entry in value.items()}

    def from_avro(value: dict[str, Any]) -> Json:
        return {key: _back(values, entry) for key, entry in value.items()}

    return Translation("map", to_avro, from_avro if values.from_avro else None)


def _json_object(path: str) -> Translation:
    def to_avro(value: Json) -> str:
        if type(value) is not dict:
            raise _mismatch(path)
        return render_json(value)

    def from_avro(text: str) -> Json:
        value = parse_json(text.encode("utf-8"))
        if type(value) is not dict:
            raise WireError(WireReason.MALFORMED_RECORD, path)
        return value

    return Translation("string", to_avro, from_avro)


def _json_value(_path: str) -> Translation:
    def from_avro(text: str) -> Json:
        return parse_json(text.encode("utf-8"))

    return Translation("string", render_json, from_avro)


def _optional(inner: Translation) -> Translation:
    def to_avro(value: Json) -> tuple[str, Any]:
        return inner.branch, inner.to_avro(value)

    return Translation(inner.branch, to_avro, inner.from_avro)


def _stated(record_name: str, inner: Translation) -> Translation:
    def to_avro(value: Json) -> tuple[str, Any]:
        return record_name, {"value": None if value is None else (inner.branch, inner.to_avro(value))}

    def from_avro(stated: dict[str, Any]) -> Json:
        return stated["value"]

    return Translation(record_name, to_avro, from_avro)


class Builder:
    """Builds the translation of one schema. Keeps the named types it has met, as Avro does."""

    def __init__(self) -> None:
        self._named: dict[str, JsonObject] = {}

    def build(self, schema: Any, path: str = "", namespace: str = "") -> Translation:
        """Return the translation of an Avro schema (its JSON form, as `json.loads` gives it)."""
        if isinstance(schema, str):
            if schema in _SCALARS:
                return _scalar(schema, path)
            schema = self._named[schema]
        kind: str = schema["type"]
        if kind == "array":
            return _array(self.build(schema["items"], f"{path}[]", namespace), path)
        if kind == "map":
            return _map(self.build(schema["values"], f"{path}.*", namespace), path)
        self._named[schema["name"]] = schema
        namespace = schema.get("namespace", namespace)
        full_name = f"{namespace}.{schema['name']}" if namespace else schema["name"]
        if kind == "fixed":
            return _fixed({**schema, "name": full_name}, path)
        return self._record(schema, full_name, path, namespace)

    def _record(self, schema: JsonObject, full_name: str, path: str, namespace: str) -> Translation:
        raw_fields: Any = schema["fields"]
        fields = {raw["name"]: self._field(raw, path, namespace) for raw in raw_fields}
        required = frozenset(raw["name"] for raw in raw_fields if not isinstance(raw["type"], list))
        encoders = {name: translation.to_avro for name, translation in fields.items()}
        decoders = [
            (name, translation.from_avro) for name, translation in fields.items() if translation.from_avro
        ]

        def to_avro(value: Json) -> Json:
            if type(value) is not dict:
                raise _mismatch(path)
            if not value.keys() <= encoders.keys():
                raise _mismatch(f"{path}: unknown field")  # the name itself may be personal data
            if not required <= value.keys():
                raise _mismatch(f"{path}: missing {min(required - value.keys())}")
            return {name: encoders[name](entry) for name, entry in value.items()}

        def from_avro(value: dict[str, Any]) -> Json:
            result = {name: entry for name, entry in value.items() if entry is not None}
            for name, decode in decoders:
                if name in result:
                    result[name] = decode(result[name])
            return result

        return Translation(full_name, to_avro, from_avro)

    def _field(self, raw: Any, path: str, namespace: str) -> Translation:
        here = f"{path}.{raw['name']}" if path else raw["name"]
        optional = isinstance(raw["type"], list)
        schema = raw["type"][1] if optional else raw["type"]
        form = raw.get("form")
        if form == "json":
            inner = _json_object(here)
        elif form == "json_items":
            inner = _array(_json_value(here), here)
        elif form == "stated":
            return self._stated_field(schema, here, namespace)
        else:
            inner = self.build(schema, here, namespace)
        return _optional(inner) if optional else inner

    def _stated_field(self, schema: Any, path: str, namespace: str) -> Translation:
        record: Any = self._named[schema] if isinstance(schema, str) else schema
        self._named[record["name"]] = record
        value_type = record["fields"][0]["type"][1]
        return _stated(f"{namespace}.{record['name']}", self.build(value_type, path, namespace))
