"""The reasons of the rules with which an inspection is not given, and their HTTP status: CONSENT.md section 13."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hub.core.reasons import Reason

INSPECTION_STATUS: Final[Mapping[Reason, int]] = {
    Reason.HOLD_EVALUATION_ERROR: 503,
    Reason.HOLD_POLICY_INVALID: 503,
    Reason.HOLD_AGE_UNKNOWN: 409,
    Reason.HOLD_CAPACITY_UNCLEAR: 409,
    Reason.HOLD_CUSTODY_UNKNOWN: 409,
    Reason.HOLD_INSPECTION_REVIEW: 409,
    Reason.DENY_INSPECTION_VIA_REPRESENTATIVE: 403,
    Reason.DENY_INSPECTION_CHILD_INTEREST: 403,
    Reason.DENY_INSPECTION_NOT_ENTITLED: 403,
}
"""403 for a no. 409 where a fact that the hub holds, or a judgement, must come first: the same request can succeed
after it. 503 where an operator must repair something."""
