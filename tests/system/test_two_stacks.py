"""A second hub beside a first: own ports, own folder, own end."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hub.operate.stack import FolderInUseError, lock_folder, start_stack
from hub.operate.supervisor import hub_command
from tests.system.hub_world import SCHOOL, TEAM, HubWorld

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]

STORY_SECONDS = 90.0
"""What issue and README promise: the demonstration is over within a minute and a half."""

SCENES = 10


def send_one(world: HubWorld) -> None:
    """Let the first hub do its main job once."""
    sent = world.stage.publish(SCHOOL, "signal.raised", world.signal(world.family("school")))
    world.arrived(TEAM, sent)


def test_the_demonstration_plays_beside_a_running_hub(world: HubWorld, state_folder: Path) -> None:
    """`hub demo` finds its own ports and folder, tells its story, balances, ends, and the first hub never notices."""
    with subprocess.Popen(  # noqa: S603 - our own command
        hub_command("demo", "--state", str(state_folder)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, "COLUMNS": "200"},
        text=True,
    ) as demo:
        send_one(world)
        said, _ = demo.communicate(timeout=STORY_SECONDS)
    assert demo.returncode == 0, said
    assert f"\n{SCENES}. " in said
    assert "≠" not in said, "the reconciliation at the end does not balance"
    assert "Traceback" not in said
    assert "Warning" not in said
    before = [child.restarts for child in world.stack.supervisor.children]
    send_one(world)
    assert [child.restarts for child in world.stack.supervisor.children] == before
    assert all(child.exit_code is None for child in world.stack.supervisor.children)


def test_a_folder_serves_one_hub_at_a_time(world: HubWorld) -> None:
    """A second hub on the folder of a running one is refused, in this process and in another, and harms nothing."""
    with pytest.raises(FolderInUseError):
        start_stack(world.folder, world.folder / "partners.toml")
    code = (
        "import sys; from pathlib import Path; from hub.operate.stack import FolderInUseError, lock_folder\n"
        "try: lock_folder(Path(sys.argv[1]))\nexcept FolderInUseError: sys.exit(7)"
    )
    other = subprocess.run([sys.executable, "-c", code, str(world.folder)], check=False)  # noqa: S603 - our own words
    assert other.returncode == 7
    send_one(world)


def test_a_folder_is_free_again_afterwards(tmp_path: Path) -> None:
    """The lock ends with its holder, so that nobody has to clean up by hand."""
    lock_folder(tmp_path).close()
    lock_folder(tmp_path).close()
