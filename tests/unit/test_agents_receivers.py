"""Room per receiver: agents/receivers.py."""

from __future__ import annotations

import asyncio

from agents.receivers import ReceiverRooms
from agents.settings import AgentSettings

SETTINGS = AgentSettings(
    receiver_parallel_max=2, receiver_queue_max=3, failures_before_caution=2, cautious_queue_max=1
)


def test_a_receiver_has_bounded_room() -> None:
    """What does not fit goes back; a place that is given back can be taken again."""
    rooms = ReceiverRooms(SETTINGS)
    assert [rooms.enter("school") for _ in range(4)] == [True, True, True, False]
    rooms.leave("school")
    assert rooms.enter("school")


def test_a_full_receiver_leaves_others_their_room() -> None:
    """One receiver's queue never takes another's place."""
    rooms = ReceiverRooms(SETTINGS)
    while rooms.enter("school"):
        pass
    assert rooms.enter("gp")


def test_a_failing_receiver_gets_little_room_until_it_answers() -> None:
    """After failures in a row only a probe is let in; an answer of any kind opens the room again."""
    rooms = ReceiverRooms(SETTINGS)
    rooms.failed("school")
    rooms.failed("school")
    assert [rooms.enter("school"), rooms.enter("school")] == [True, False]
    rooms.answered("school")
    assert rooms.enter("school")


async def test_turns_are_parallel_and_one_at_a_time_when_failing() -> None:
    """A healthy receiver is sent to concurrently up to its limit, a failing one serially."""
    rooms = ReceiverRooms(SETTINGS)
    healthy = rooms.turn("school")
    await healthy.acquire()
    assert not healthy.locked()
    await healthy.acquire()
    assert healthy.locked()
    rooms.failed("gp")
    rooms.failed("gp")
    assert isinstance(rooms.turn("gp"), asyncio.Lock)
