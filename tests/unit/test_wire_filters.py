"""Subscription filters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.core.model import Json
from hub.wire.envelope import WireError
from hub.wire.filters import MAXIMUM_DEPTH, MAXIMUM_NODES, MAXIMUM_VALUE_CHARACTERS, compile_filters
from hub.wire.reasons import WireReason

EVENT = {"type": "nl.jeugdigen.signal.raised.v1", "source": "urn:nld:oin:1", "domain": "nl.jeugdigen"}
TYPE = EVENT["type"]
YES: dict[str, Json] = {"exact": {"type": TYPE}}
NO: dict[str, Json] = {"exact": {"type": "other"}}

_WORD = st.sampled_from(["nl", "nl.jeugdigen", "v1", "x", TYPE])
_LEAF = st.builds(
    lambda dialect, name, value: {dialect: {name: value}},
    st.sampled_from(["exact", "prefix", "suffix"]),
    st.sampled_from(["type", "source", "domain", "absent"]),
    _WORD,
)
_FILTER = st.recursive(
    _LEAF,
    lambda inner: (
        st.builds(lambda entry: {"not": entry}, inner)
        | st.builds(
            lambda name, entries: {name: entries},
            st.sampled_from(["all", "any"]),
            st.lists(inner, min_size=1, max_size=3),
        )
    ),
    max_leaves=6,
)


def _naive(entry: Any, attributes: dict[str, str]) -> bool:
    """Judge a filter in the plainest way there is."""
    ((dialect, operand),) = entry.items()
    if dialect == "not":
        return not _naive(operand, attributes)
    if dialect in {"all", "any"}:
        results = [_naive(inner, attributes) for inner in operand]
        return all(results) if dialect == "all" else any(results)
    tests: dict[str, Callable[[str, str], bool]] = {
        "exact": str.__eq__,
        "prefix": str.startswith,
        "suffix": str.endswith,
    }
    return all(
        name in attributes and tests[dialect](attributes[name], value) for name, value in operand.items()
    )


@given(st.lists(_FILTER, max_size=3), st.dictionaries(st.sampled_from(["type", "source", "domain"]), _WORD))
def test_compiled_filters_equal_the_plain_reading(document: list[Json], attributes: dict[str, str]) -> None:
    """A compiled filter says what a naive reading of the same document says."""
    assert compile_filters(document).matches(attributes) is all(
        _naive(entry, attributes) for entry in document
    )


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ([], True),
        ([YES], True),
        ([YES, NO], False),
        ([{"not": NO}], True),
        ([{"all": [YES, NO]}], False),
        ([{"any": [YES, NO]}], True),
        ([{"prefix": {"type": "nl.jeugdigen."}}], True),
        ([{"suffix": {"type": ".v1"}}], True),
        ([{"prefix": {"type": "nl.", "domain": "com."}}], False),
        ([{"exact": {"type": TYPE, "domain": "nl.jeugdigen"}}], True),
        ([{"exact": {"subject": "x"}}], False),
        ([{"prefix": {"subject": "x"}}], False),
        ([{"suffix": {"subject": "x"}}], False),
        ([{"not": {"exact": {"subject": "x"}}}], True),
        ([{"exact": {"type": TYPE.upper()}}], False),
    ],
)
def test_dialects(document: Json, expected: bool) -> None:  # noqa: FBT001
    """Each dialect holds as the Subscriptions API describes it; an absent attribute equals nothing."""
    assert compile_filters(document).matches(EVENT) is expected


@pytest.mark.parametrize(
    "document",
    [
        None,
        {},
        YES,
        "all",
        [None],
        [{}],
        [[]],
        [{**YES, "not": NO}],
        [{"sql": "type = 'x'"}],
        [{"all": []}],
        [{"any": YES}],
        [{"not": [YES]}],
        [{"exact": {}}],
        [{"exact": []}],
        [{"exact": {"type": 1}}],
        [{"exact": {"type": ""}}],
        [{"exact": {"": "x"}}],
        [{"prefix": {"type": "x" * (MAXIMUM_VALUE_CHARACTERS + 1)}}],
        [YES] * (MAXIMUM_NODES + 1),
        [{"any": [YES] * MAXIMUM_NODES}],
    ],
)
def test_what_is_no_filter_is_refused(document: Json) -> None:
    """A filter that cannot be read, or is empty, or is too large, is refused when it is made."""
    with pytest.raises(WireError) as caught:
        compile_filters(document)
    assert caught.value.reason == WireReason.INVALID_FILTER


def test_filters_have_a_depth() -> None:
    """Nesting is bounded, so that hostile filters end in a refusal."""
    document: Json = YES
    for _ in range(MAXIMUM_DEPTH - 1):
        document = {"not": document}
    assert compile_filters([document]).matches(EVENT) is (MAXIMUM_DEPTH % 2 == 1)
    with pytest.raises(WireError, match="invalid_filter"):
        compile_filters([{"not": document}])
    for _ in range(10_000):
        document = {"not": document}
    with pytest.raises(WireError, match="invalid_filter"):
        compile_filters([document])


@pytest.mark.parametrize(
    "document", [[{"exact": {"subject": "999990342"}}], [{"exact": {"x999990342": "y"}}]]
)
def test_a_citizen_number_is_not_stored_in_a_filter(document: Json) -> None:
    """A filter with nine digits that pass the 11-test is refused, and the digits are not repeated."""
    with pytest.raises(WireError) as caught:
        compile_filters(document)
    assert caught.value.reason == WireReason.DENY_BSN_IN_METADATA
    assert "999990342" not in str(caught.value)


def test_the_document_is_kept() -> None:
    """The compiled filter keeps the document that was given, to show it to the subscriber."""
    assert compile_filters([YES]).document == [YES]
