"""The first event with curl: what a newcomer types, against the running hub."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from hub.core.model import JsonObject
from hub.operate.demo.letters import instant
from hub.operate.demo.stage import SOURCES
from tests.system.hub_world import PATIENCE_SECONDS, SCHOOL, TEAM, HubWorld, frames_of, states, until

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(shutil.which("curl") is None, reason="the program curl is not on this machine"),
]

PUBLISH = (
    'curl -sS --fail-with-body "$HUB/events" -H "Authorization: Bearer $KEY" '
    '-H "Content-Type: application/cloudevents+json" --data-binary @signal.json'
)
"""Publish one event; README shows the same command."""

RECEIPT = 'curl -sS --fail-with-body "$HUB/receipts/$RECEIPT" -H "Authorization: Bearer $KEY"'
"""Ask what became of it."""

SUBSCRIBE = (
    'curl -sS --fail-with-body "$HUB/subscriptions" -H "Authorization: Bearer $KEY" '
    """-H "Content-Type: application/json" -d '{"protocol": "FEED"}'"""
)
"""Make a feed of one's own."""

FOLLOW = 'curl -sS -N "$HUB/subscriptions/$SUBSCRIPTION/feed" -H "Authorization: Bearer $KEY"'
"""Follow it live."""

UNSUBSCRIBE = (
    'curl -sS --fail-with-body -X DELETE "$HUB/subscriptions/$SUBSCRIPTION" -H "Authorization: Bearer $KEY"'
)


def typed(world: HubWorld, org: str, command: str, folder: Path, **variables: str) -> str:
    """Run a command in a shell, as somebody of this organisation would."""
    done = subprocess.run(  # noqa: S602 - our own constants, in a shell as the README shows them
        command,
        shell=True,
        cwd=folder,
        env=environment(world, org, variables),
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def environment(world: HubWorld, org: str, variables: dict[str, str]) -> dict[str, str]:
    return {**os.environ, "HUB": world.address, "KEY": world.credentials.api_keys[org], **variables}


def event(world: HubWorld, story: str) -> JsonObject:
    """Return a signal as the school writes it into a file."""
    child = world.family("school")
    return {
        "specversion": "1.0",
        "id": f"curl-{child.number[-6:]}",
        "source": SOURCES[SCHOOL],
        "type": "nl.jeugdigen.signal.raised.v1",
        "time": instant(),
        "datacontenttype": "application/json",
        "data": world.signal(child, facts=story),
    }


@contextmanager
def following(world: HubWorld, subscription: str) -> Iterator[subprocess.Popen[str]]:
    """Follow a feed with curl; it is ended afterwards."""
    process = subprocess.Popen(  # noqa: S602 - our own constant
        f"exec {FOLLOW}",
        shell=True,
        env=environment(world, TEAM, {"SUBSCRIPTION": subscription}),
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def test_a_signal_published_with_curl_arrives_signed_and_live(world: HubWorld, tmp_path: Path) -> None:
    """One signal, typed with curl, reaches a plain webhook receiver (signature verified) and `curl -N` on a feed."""
    story = "Komt vaak zonder ontbijt."
    (tmp_path / "signal.json").write_text(json.dumps(event(world, story)))
    subscription = json.loads(typed(world, TEAM, SUBSCRIBE, tmp_path))["id"]
    with following(world, subscription) as process:
        assert process.stdout is not None
        frames = frames_of(line.rstrip("\n") for line in process.stdout)
        assert next(frames).event == "heartbeat"
        echo = json.loads(typed(world, SCHOOL, PUBLISH, tmp_path))
        frame = next(frame for frame in frames if frame.event == "message")
        uid = str(frame.data["id"])

        def told() -> bool:
            receipt: JsonObject = json.loads(typed(world, SCHOOL, RECEIPT, tmp_path, RECEIPT=uid))
            return states(receipt) == ["delivered"]

        until(told, "the receipt says that webhook and feed have it")
    typed(world, TEAM, UNSUBSCRIBE, tmp_path, SUBSCRIPTION=subscription)
    assert echo["type"] == "nl.jeugdigen.signal.raised.v1"
    assert "data" not in echo
    (pushed,) = [letter for letter in world.mailbox.of(TEAM) if letter.uid == uid]
    assert told_facts(pushed.event) == told_facts(frame.data) == story
    assert world.mailbox.unverified == 0


def told_facts(received: Any) -> str:
    """Return the facts of the narrative as a receiver reads them."""
    return str(received["data"]["sections"]["narrative"]["facts"])
