"""Publishing to a running hub, and what its receivers see: publishes per second, and publish→webhook latency."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from aiohttp import web

from hub.identity.door import event_uid
from hub.operate.demo.cast import PLAYERS, Credentials, write_configuration
from hub.operate.embedded import free_port
from hub.operate.stack import Stack, start_stack
from tests.bench.figures import Report, spread
from tests.bench.material import Message, attributes, children, family, signal

FAMILIES = 300
GATEWAY_SECONDS = 8.0
LATENCY_SECONDS = 10.0
RATES = (50, 200, 500)
QUIET_SECONDS = 30.0
"""How long the hub may take to bring the last deliveries of a run."""

CONCURRENCIES = (1, 32)

Fresh = Callable[[], Message]
"""Gives a signal that was not sent before."""


@dataclass(slots=True)
class Arrivals:
    """When each event arrived at its receiver, by event id."""

    at: dict[str, float] = field(default_factory=dict)

    async def take(self, request: web.Request) -> web.Response:
        """Take a webhook message."""
        arrived = time.perf_counter()
        body = await request.json()
        self.at.setdefault(body["id"], arrived)
        return web.Response(status=204)


@dataclass(frozen=True, slots=True)
class Load:
    """The partners' side of a run."""

    stack: Stack
    credentials: Credentials
    session: aiohttp.ClientSession
    arrivals: Arrivals

    async def publish(self, message: Message) -> tuple[str, float, float]:
        """Publish one event; return its uid, when it began and how many seconds the answer took."""
        event = attributes(message)
        headers = {
            "Authorization": f"Bearer {self.credentials.api_keys[message.org]}",
            "Content-Type": "application/cloudevents+json",
        }
        address = f"{self.stack.settings.public_url}/events"
        started = time.perf_counter()
        async with self.session.post(
            address, json={**event, "data": message.data}, headers=headers
        ) as answer:
            await answer.read()
            if answer.status != 200:
                raise RuntimeError(f"refused: {answer.status} {await answer.text()}")
        return event_uid(event["source"], event["id"]), started, time.perf_counter() - started


def run(report: Report, folder: Path) -> None:
    """Start a hub, measure, stop it."""
    folder.mkdir(parents=True)
    ports = {player.org: free_port() for player in PLAYERS if player.pushed}
    addresses = {org: f"http://127.0.0.1:{port}/{org}" for org, port in ports.items()}
    credentials = write_configuration(folder / "partners.toml", addresses)
    stack = start_stack(folder, folder / "partners.toml")
    try:
        stack.wait_until_ready(lambda _: None)
        asyncio.run(_measure(report, stack, credentials, ports.values()))
    finally:
        stack.stop()


async def _measure(report: Report, stack: Stack, credentials: Credentials, ports: Iterable[int]) -> None:
    arrivals = Arrivals()
    async with _receivers(arrivals, ports), aiohttp.ClientSession() as session:
        load = Load(stack, credentials, session, arrivals)
        cast = children(FAMILIES)
        await _at_once(load, [message for child, parent in cast for message in family(child, parent)], 16)
        numbers = iter(range(1, 1_000_000))

        def fresh() -> Message:
            number = next(numbers)
            return signal(cast[number % FAMILIES][0], number // FAMILIES)

        for rate in RATES:
            await _latency(report, load, fresh, rate)
        for concurrency in CONCURRENCIES:
            await _publishing(report, load, fresh, concurrency)


@asynccontextmanager
async def _receivers(arrivals: Arrivals, ports: Iterable[int]) -> AsyncIterator[None]:
    app = web.Application()
    app.router.add_post("/{org}", arrivals.take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        for port in ports:
            await web.TCPSite(runner, "127.0.0.1", port).start()
        yield
    finally:
        await runner.cleanup()


async def _at_once(load: Load, messages: list[Message], concurrency: int) -> None:
    queue = list(reversed(messages))

    async def work() -> None:
        while queue:
            await load.publish(queue.pop())

    await asyncio.gather(*(work() for _ in range(concurrency)))


async def _latency(report: Report, load: Load, fresh: Fresh, rate: int) -> None:
    """Publish at a steady rate, whatever the answers take (open loop), and wait for every arrival."""
    tasks, begun = [], time.perf_counter()
    for number in range(int(rate * LATENCY_SECONDS)):
        pause = begun + number / rate - time.perf_counter()
        if pause > 0:
            await asyncio.sleep(pause)
        tasks.append(asyncio.create_task(load.publish(fresh())))
    sent = await asyncio.gather(*tasks)
    deadline = time.perf_counter() + QUIET_SECONDS
    while any(uid not in load.arrivals.at for uid, _, _ in sent):
        if time.perf_counter() > deadline:
            missing = sum(uid not in load.arrivals.at for uid, _, _ in sent)
            raise RuntimeError(f"{missing} of {len(sent)} did not arrive")
        await asyncio.sleep(0.05)
    through = [(load.arrivals.at[uid] - started) * 1000 for uid, started, _ in sent]
    answers = [seconds * 1000 for _, _, seconds in sent]
    report.add(f"publish→webhook at {rate}/s", spread(through), f"the publish answers: {spread(answers)}")


async def _publishing(report: Report, load: Load, fresh: Fresh, concurrency: int) -> None:
    """Publish as fast as answers come, on so many connections."""
    answers: list[float] = []
    begun = time.perf_counter()

    async def work() -> None:
        while time.perf_counter() - begun < GATEWAY_SECONDS:
            _, _, seconds = await load.publish(fresh())
            answers.append(seconds * 1000)

    await asyncio.gather(*(work() for _ in range(concurrency)))
    rate = len(answers) / (time.perf_counter() - begun)
    report.add(f"gateway, {concurrency} connections, acks=all", f"{rate:,.0f} publishes/s", spread(answers))
