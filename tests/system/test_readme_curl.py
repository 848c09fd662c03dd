"""What README tells a newcomer to type is typed here, word for word, against the running hub."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.system.hub_world import CRISIS, PATIENCE_SECONDS, HubWorld, until

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(shutil.which("curl") is None, reason="the program curl is not on this machine"),
]

README = Path(__file__).parents[2] / "README.md"
ADDRESS = "http://127.0.0.1:8080"
"""The address in README."""

BLOCK = re.compile(r"^```\w*\n(.*?)^```", re.DOTALL | re.MULTILINE)
KEYS_LINE = re.compile(r"^\. \S*keys\.env\n", re.MULTILINE)


def blocks() -> list[str]:
    """Return README's blocks of commands for curl."""
    return [block for block in BLOCK.findall(README.read_text(encoding="utf-8")) if "curl " in block]


def typed(world: HubWorld, command: str) -> str:
    """Run commands of README in a shell, with the keys of this hub as `make up` would have written them."""
    keys = {f"KEY_{org.upper()}": key for org, key in world.credentials.api_keys.items()}
    done = subprocess.run(  # noqa: S602 - README's own commands
        KEYS_LINE.sub("", command).replace(ADDRESS, world.address),
        shell=True,
        env={**os.environ, **keys},
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_first_events_of_the_readme_arrive(world: HubWorld) -> None:
    """Both events of README are accepted; the receipt is there; the crisis is on the crisis team's feed."""
    first, second, receipt, receiving = blocks()[:4]
    feed = world.subscription_of(CRISIS)
    before = world.last_number(feed, CRISIS)
    assert json.loads(typed(world, first))["id"] == "first-1"
    answered = typed(world, second)
    assert answered.startswith("HTTP/1.1 200")
    uid = re.findall(r"(?im)^location: \S*/receipts/(\S+)", answered)[0]

    def decided() -> bool:
        told = json.loads(typed(world, re.sub(r"<uid[^>]*>", uid, receipt)))
        assert all(line["outcome"] in {"allow", "redact"} for line in told["recipients"]), told
        return bool(told["recipients"])

    until(decided, "the receipt names the crisis team")
    listing, live, cursor = receiving.splitlines()
    assert "curl -N" in live
    assert feed in typed(world, listing)
    frames = world.read_feed(f"{world.address}/subscriptions/{feed}/feed", CRISIS, str(before), 1)
    assert frames[0].data["id"] == uid
    page = json.loads(typed(world, cursor.replace("<id>", feed).replace("after=0", f"after={before}")))
    assert [item["id"] for item in page["items"]] == [uid]
