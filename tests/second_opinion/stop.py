"""A gate that stops."""

from __future__ import annotations


class Stop(Exception):  # noqa: N818 - a gate that stops is no error of the program
    """The reason with which a gate stops, and the duties that go with it."""

    def __init__(self, reason: str, *duties: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.duties = list(duties)
