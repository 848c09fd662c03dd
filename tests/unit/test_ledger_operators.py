"""Who acts by hand and why: what may be kept for ever."""

from __future__ import annotations

import pytest

from hub.ledger.operators import Operator, OperatorError


@pytest.mark.parametrize("actor", ["operator_1", "a", "team-beheer.2", "0", "a" * 40])
@pytest.mark.parametrize(
    "reason", ["yes", "receiver is back", "ticket 123456, see (runbook): done; a/b - c_d.", "a" * 120]
)
def test_codes_and_a_few_words_are_kept(actor: str, reason: str) -> None:
    """A code of an employee and a few plain words may stand in the audit chain."""
    stated = Operator(actor, reason)
    assert (stated.actor, stated.reason) == (actor, reason)


@pytest.mark.parametrize("actor", ["", "Jan", "a b", "a" * 41, "-a", "jan@test", "a\n", "a'b"])
def test_an_actor_is_a_code(actor: str) -> None:
    """A name, an address or an empty text is refused."""
    with pytest.raises(OperatorError):
        Operator(actor, "receiver is back")


@pytest.mark.parametrize(
    "reason", ["", "ab", " abc", "=1+1", "a" * 121, "één", "a\nb", "<b>x", "x@test", "a'b"]
)
def test_a_reason_is_a_few_plain_words(reason: str) -> None:
    """Too short, too long, another alphabet, or what a page or spreadsheet would obey is refused."""
    with pytest.raises(OperatorError):
        Operator("operator_1", reason)


@pytest.mark.parametrize(
    "number",
    ["999990019", "999 990 019", "99.99.90.019", "9-9-9-9-9-0-0-1-9", "0701234567", "01-02-2014", "1234567"],
)
def test_no_number_of_a_person(number: str) -> None:
    """A citizen number, telephone number or date is refused however it is written, and not repeated in the error."""
    with pytest.raises(OperatorError) as refused:
        Operator("operator_1", f"about {number}")
    assert number not in str(refused.value)
    digits = "".join(character for character in number if character.isdigit())
    with pytest.raises(OperatorError):
        Operator(f"a{digits}", "receiver is back")
