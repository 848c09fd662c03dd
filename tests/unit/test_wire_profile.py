"""What the hub asks of a published event beyond the standard."""

from __future__ import annotations

import pytest

from hub.wire.cloudevents import INGRESS_EXTENSIONS, CloudEvent, check_profile
from hub.wire.envelope import WireError
from hub.wire.reasons import WireReason

BSN = "999990342"
GOOD = {
    "specversion": "1.0",
    "id": "1",
    "source": "urn:nld:oin:00000001000000000001:systeem:Testschool-Een",
    "type": "nl.jeugdigen.adult_signal.raised.v1",
    "time": "2026-03-02T09:00:00+01:00",
}
EXTENSIONS = {
    "dataref": "https://example.nl/documents/1",
    "domain": "nl.jeugdigen",
    "sequence": "42",
    "sequencetype": "Integer",
    "subscription": "a2de4777-1160-4562-a996-b79d27b30c99",
    "subscriberReference": "1285c6bc-1b54-48d8-96e2-c55a3f970c39",
    "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b9c7c989f97918e1-01",
    "tracestate": "a=1",
}


def _check(event: CloudEvent) -> None:
    check_profile(event, known_extensions=INGRESS_EXTENSIONS)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        EXTENSIONS,
        {"id": "a" * 100},
        {"source": "urn:nld:" + "a" * 192},
        {"source": "urn:nld:kvknr:09220932.burgerzakensysteem"},
        {"type": "com.example.object.deleted.v2"},
        {"time": "2026-03-02T09:00:00.123456Z"},
        {"datacontenttype": "application/json; charset=utf-8"},
        {"dataschema": "https://example.nl/schema"},
        {"id": "12345678"},
        {"id": "123456789"},
        {"id": f"{BSN}0"},
    ],
)
def test_events_of_the_agreed_form_pass(changes: dict[str, str]) -> None:
    """An event in the agreed form passes, with every extension that partners may use."""
    _check(CloudEvent({**GOOD, **changes}, {"a": 1}, has_data=True))


@pytest.mark.parametrize("name", ["id", "source", "subject", "dataref", "domain", "anything", "tracestate"])
@pytest.mark.parametrize("form", ["{}", "x{}y", "urn:nld:oin:{}:z", "https://example.nl/persons/{}?x=1"])
def test_a_citizen_number_in_any_attribute_is_refused(name: str, form: str) -> None:
    """A number that passes the 11-test is refused wherever it stands, before anything else, and is not repeated."""
    with pytest.raises(WireError) as caught:
        _check(CloudEvent({**GOOD, name: form.format(BSN)}))
    assert caught.value.reason == WireReason.DENY_BSN_IN_METADATA
    assert BSN not in str(caught.value)


def test_a_citizen_number_cannot_hide_behind_percent_signs() -> None:
    """A number that is percent-encoded in a reference is found as well."""
    with pytest.raises(WireError, match="deny_bsn_in_metadata"):
        _check(CloudEvent({**GOOD, "dataref": "https://example.nl/99999%30342"}))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"colour": "red"}, WireReason.UNKNOWN_ATTRIBUTE),
        ({"subject": "ps_1"}, WireReason.SUBJECT_NOT_ALLOWED),
        ({"id": "a" * 101}, WireReason.INVALID_ID),
        ({"source": "https://example.nl"}, WireReason.INVALID_SOURCE),
        ({"source": "urn:nld:"}, WireReason.INVALID_SOURCE),
        ({"source": "urn:nld::x"}, WireReason.INVALID_SOURCE),
        ({"source": "urn:nld:" + "a" * 193}, WireReason.INVALID_SOURCE),
        ({"type": "nl.jeugdigen.signal.raised"}, WireReason.INVALID_TYPE),
        ({"type": "signal.v0"}, WireReason.INVALID_TYPE),
        ({"type": "v1"}, WireReason.INVALID_TYPE),
        ({"type": "nl..v1"}, WireReason.INVALID_TYPE),
        ({"type": "Nl.jeugdigen.signal.raised.v1"}, WireReason.INVALID_TYPE),
        ({"time": "2026-12-31T23:59:60Z"}, WireReason.INVALID_TIME),
        ({"tracestate": "x" * 513}, WireReason.INVALID_ATTRIBUTE_VALUE),
        ({"dataref": "not a reference"}, WireReason.INVALID_ATTRIBUTE_VALUE),
        ({"datacontenttype": "text/plain"}, WireReason.UNSUPPORTED_MEDIA_TYPE),
    ],
)
def test_departures_from_the_profile(changes: dict[str, str], reason: WireReason) -> None:
    """Each departure has its reason."""
    with pytest.raises(WireError) as caught:
        _check(CloudEvent({**GOOD, **changes}))
    assert caught.value.reason == reason


def test_time_is_required_and_data_is_json() -> None:
    """An event without time, or with bytes instead of JSON, is refused."""
    without = {name: value for name, value in GOOD.items() if name != "time"}
    with pytest.raises(WireError, match="missing_attribute"):
        _check(CloudEvent(without))
    with pytest.raises(WireError, match="unsupported_media_type"):
        _check(CloudEvent(GOOD, b"{}", has_data=True))


def test_extensions_are_what_the_caller_knows() -> None:
    """Without known extensions only the attributes of the specification pass."""
    check_profile(CloudEvent(GOOD), known_extensions=frozenset())
    with pytest.raises(WireError, match="unknown_attribute"):
        check_profile(CloudEvent({**GOOD, **EXTENSIONS}), known_extensions=frozenset())


def test_reasons_are_codes_with_sentences() -> None:
    """Every reason is a stable lower-case code with a sentence for people."""
    for reason in WireReason:
        assert reason.value.replace("_", "").isalnum()
        assert reason.value == reason.value.lower()
        assert reason.sentence.endswith(".")
    assert len({reason.sentence for reason in WireReason}) == len(WireReason)
