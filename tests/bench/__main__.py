"""`make bench`: every figure of RESULTS.md in one run. Name parts to run only those: core decide load."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from hub.operate.logs import configure
from tests.bench import core_speed, decide_speed, hub_under_load
from tests.bench.figures import Report


def main(parts: list[str]) -> None:
    """Run the named parts, or all."""
    configure("bench", "warning")
    report = Report()
    chosen = parts or ["core", "decide", "load"]
    with tempfile.TemporaryDirectory(prefix="samenhub-bench-") as folder:
        if "core" in chosen:
            core_speed.run(report)
        if "decide" in chosen:
            decide_speed.run(report, Path(folder) / "decide")
        if "load" in chosen:
            hub_under_load.run(report, Path(folder) / "load")
    report.show()


if __name__ == "__main__":
    main(sys.argv[1:])
