"""What can go wrong with a ledger, said so that the caller knows what to do."""

from __future__ import annotations


class FencedError(Exception):
    """Another worker owns one of these partitions now: nothing of the batch was written. Drop it."""


class LogReplacedError(Exception):
    """The ledger's offset lies beyond the end of the log: this is not the log it was. Refuse to run."""


class LedgerUnavailableError(Exception):
    """The database does not answer. Nothing was written."""


class RetryBatchError(Exception):
    """Another transaction wrote something that this one had to know first.

    Nothing was written: gather and judge the same records again.
    """
