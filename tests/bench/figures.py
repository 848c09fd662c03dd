"""Figures: percentiles and the table that a benchmark prints."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Figure:
    """One row: what was measured, the figure with its unit, and what it is compared with in the same run."""

    name: str
    value: str
    beside: str = ""


@dataclass(slots=True)
class Report:
    """All rows of a run."""

    figures: list[Figure] = field(default_factory=list)

    def add(self, name: str, value: str, beside: str = "") -> None:
        """Add a row, and print it at once: a benchmark that is cut off has shown what it had."""
        self.figures.append(Figure(name, value, beside))
        Console(highlight=False).print(f"  {name}: [b]{value}[/b]  {beside}")

    def show(self) -> None:
        """Print the table."""
        table = Table(
            title=f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.machine()}"
        )
        table.add_column("measured")
        table.add_column("figure", justify="right")
        table.add_column("beside, in the same run")
        for figure in self.figures:
            table.add_row(figure.name, figure.value, figure.beside)
        Console(highlight=False, width=120).print(table)


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which this share of the values lies (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def spread(milliseconds: Sequence[float]) -> str:
    """Return p50 and p99 in milliseconds."""
    return f"p50 {percentile(milliseconds, 0.5):.1f} ms  p99 {percentile(milliseconds, 0.99):.1f} ms"
