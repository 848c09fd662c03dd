"""Numbers without gaps."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hub.ledger.numbering import Numbers


@given(st.lists(st.booleans() | st.integers(min_value=0, max_value=50), max_size=80))
def test_taken_and_free_numbers_have_no_gap(steps: list[bool | int]) -> None:
    """Taken and free numbers together are always 1 to the last, and the lowest free one is taken first."""
    numbers = Numbers(0, [])
    taken: list[int] = []
    for step in steps:
        if isinstance(step, bool) or not taken:
            expected = min(set(range(1, len(taken) + 2)) - set(taken))
            taken.append(numbers.take())
            assert taken[-1] == expected
        else:
            numbers.give_back(taken.pop(step % len(taken)))
        assert sorted([*taken, *numbers.free]) == list(range(1, numbers.last + 1))
        assert numbers.last == max(taken, default=0)
