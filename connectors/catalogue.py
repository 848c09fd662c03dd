"""Finds every connector by itself: each folder of this package that exposes a `CONNECTOR`.

A new connector is a new folder; nothing else has to be told. The catalogue is read when a process asks for it,
never at import time.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from types import MappingProxyType

from pydantic import BaseModel

import connectors
from connectors.contract import Description


class CatalogueError(LookupError):
    """A connector's folder does not keep the contract, or nobody knows the connector asked for."""


def find_connectors() -> Mapping[str, Description]:
    """Return every connector by name, in alphabetical order.

    Raises:
        CatalogueError: a folder without `CONNECTOR`, or one whose name is not the folder's.
    """
    names = sorted(module.name for module in pkgutil.iter_modules(connectors.__path__) if module.ispkg)
    return MappingProxyType({name: _described(name) for name in names})


def describe(name: str) -> Description:
    """Return one connector's description.

    Raises:
        CatalogueError: there is no such connector.
    """
    found = find_connectors().get(name)
    if found is None:
        raise CatalogueError(f"there is no connector '{name}'")
    return found


def target_forms() -> Mapping[str, type[BaseModel]]:
    """Return the target form of every outbound connector, for `hub.identity.partners.load_partners`."""
    described = find_connectors().items()
    return MappingProxyType({name: found.target for name, found in described if found.outbound is not None})


def as_table() -> str:
    """Return the catalogue as the Markdown table of connectors/README.md; a test keeps the two equal."""
    rows = [_row(found) for found in find_connectors().values()]
    return (
        "\n".join(["| name | standard | version | directions | waivers |", "|---|---|---|---|---|", *rows])
        + "\n"
    )


def _row(found: Description) -> str:
    directions = ", ".join(sorted(found.directions))
    waivers = "; ".join(f"{check}: {reason}" for check, reason in sorted(found.waivers.items())) or "none"
    return f"| {found.name} | {found.standard} | {found.version} | {directions} | {waivers} |"


def _described(name: str) -> Description:
    module = importlib.import_module(f"{connectors.__name__}.{name}")
    found = getattr(module, "CONNECTOR", None)
    if not isinstance(found, Description):
        raise CatalogueError(f"connectors/{name} exposes no CONNECTOR")
    if found.name != name:
        raise CatalogueError(f"connectors/{name} calls itself '{found.name}'")
    return found
