"""Shows the demonstration in the terminal: starts the hub, plays the scenes, balances the books, ends everything."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from hub.core.model import JsonObject
from hub.ledger.interface import Balance
from hub.ledger.open import open_ledger
from hub.operate.demo.cast import PLAYERS, Credentials, write_configuration
from hub.operate.demo.play import CARE, Play, Scene, Told
from hub.operate.demo.receivers import Arrival, FeedReader, Inbox, WebhookServer, webhook_app
from hub.operate.demo.scenes import SCENES
from hub.operate.demo.stage import Published, Stage, StoryBrokenError, lines_of
from hub.operate.embedded import free_port
from hub.operate.logs import configure
from hub.operate.stack import Stack, start_stack
from hub.operate.up import KEYS_FILE, write_keys

STATES = {
    "delivered": "green",
    "pending": "yellow",
    "held": "yellow",
    "withheld": "red",
    "parked": "magenta",
    "recorded": "cyan",
}


def run(state: Path, *, keep: bool, console: Console | None = None) -> int:
    """Play the demonstration with its state in a fresh folder below `state`. Returns the exit code."""
    configure("demo", "warning")
    console = console or Console(highlight=False)
    state.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="demo-", dir=state.resolve()))
    started = time.monotonic()
    console.print(Panel("[b]Samenhub[/b] — six partners, one family, one story", expand=False))
    try:
        code = _play_all(folder, console, started, keep=keep)
    except StoryBrokenError as error:
        console.print(f"\n[red b]The story broke:[/] {error}\nLogs: {folder / 'logs'}")
        return 1
    if code == 0:
        shutil.rmtree(folder, ignore_errors=True)
    return code


def _play_all(folder: Path, console: Console, started: float, *, keep: bool) -> int:
    inbox, ports = Inbox(), {player.org: free_port() for player in PLAYERS if player.pushed}
    addresses = {org: f"http://127.0.0.1:{port}/{org}" for org, port in ports.items()}
    credentials = write_configuration(folder / "partners.toml", addresses)
    app = webhook_app(inbox, credentials.webhook_secrets)
    servers = {org: WebhookServer(port, app) for org, port in ports.items()}
    stack = start_stack(folder, folder / "partners.toml")
    try:
        stack.wait_until_ready(lambda name: console.print(f"  [green]ready[/] {name}"))
        for org, server in servers.items():
            if org != CARE:  # this system is down until its scene
                server.start()
        stage = _stage(stack, credentials, inbox)
        play = Play(stage, servers[CARE])
        for number, scene in enumerate(SCENES, 1):
            _show(console, number, scene, scene.play(play))
        balance = asyncio.run(_balance(stack))
        _close(console, stack, balance, time.monotonic() - started)
        if balance.difference:
            return 1
        if keep:
            _keep_running(console, stack, credentials)
        return 0
    finally:
        stack.stop()
        for server in servers.values():
            server.stop()


def _stage(stack: Stack, credentials: Credentials, inbox: Inbox) -> Stage:
    stage = Stage(stack.settings.public_url, credentials.api_keys, inbox)
    for player in PLAYERS:
        if not player.pushed:
            token = credentials.api_keys[player.org]
            FeedReader(player.org, stage.feed_of(player.org), token, inbox).start()
    return stage


def _show(console: Console, number: int, scene: Scene, told: Told) -> None:
    console.print()
    console.rule(f"[b]{number}. {scene.title}[/b]", align="left", style="dim")
    console.print(scene.text)
    for published, receipt in told.receipts:
        console.print(_receipt(published, receipt))
    for arrival in told.arrivals:
        console.print(_arrival(arrival))
    if told.note:
        console.print(Text(told.note, style="italic"))


def _receipt(published: Published, receipt: JsonObject) -> Text:
    verdicts = receipt.get("verdicts")
    last = verdicts[-1].get("verdict") if isinstance(verdicts, list) and verdicts else "?"
    text = Text.assemble(
        "  ",
        (published.org, "cyan"),
        f" sent {published.type}",
        (f"  receipt {published.uid[:8]}  {last}", "dim"),
    )
    for line in lines_of(receipt):
        state = str(line.get("state"))
        text.append(f"\n    → {line.get('recipient') or '(nobody)':<18} ")
        text.append(f"{state:<10}", STATES.get(state, "white"))
        text.append(f" {line.get('reason')}")
        withheld = line.get("withheld")
        if line.get("outcome") == "redact" and isinstance(withheld, list):
            text.append(f"  without {', '.join(map(str, withheld))}", "red")
        for duty in _duties(line):
            text.append(f"\n        duty: {duty}", "yellow")
    return text


def _duties(line: JsonObject) -> list[str]:
    duties = line.get("duties")
    found = [duty for duty in duties if isinstance(duty, dict)] if isinstance(duties, list) else []
    return [f"{duty.get('duty')}, by {str(duty['due_at'])[:10]}" for duty in found if duty.get("due_at")]


def _arrival(arrival: Arrival) -> Text:
    door = "webhook, signature verified" if arrival.door == "webhook" else "live feed"
    return Text.assemble(
        ("    ✓ ", "green"),
        f"{arrival.receiver} got {arrival.type} ({door})\n      ",
        (arrival.contents, "bold"),
    )


async def _balance(stack: Stack) -> Balance:
    ledger = await open_ledger(stack.settings.database, owner="demo")
    try:
        return await ledger.balance()
    finally:
        await ledger.close()


def _close(console: Console, stack: Stack, balance: Balance, seconds: float) -> None:
    console.print()
    console.rule("[b]Reconciliation[/b]", align="left", style="dim")
    sign = "[green b]=[/]" if balance.difference == 0 else "[red b]≠[/]"
    console.print(
        f"accepted {balance.accepted - balance.recorded} {sign} delivered {balance.delivered} + withheld "
        f"{balance.withheld} + held {balance.held} + parked {balance.parked} + pending {balance.pending}"
    )
    console.print(
        f"{balance.records} records in all; {balance.recorded} of them facts and notices without a receiver."
    )
    console.print(f"[dim]Played in {seconds:.1f} seconds.[/]")
    console.print(
        "\nLook further: [b]make up[/b] runs the hub in the foreground; README.md has the first event with curl;"
    )
    console.print(
        f"[b]make demo ARGS=--keep[/b] leaves it running, with its API at {stack.settings.public_url}/openapi.json."
    )


def _keep_running(console: Console, stack: Stack, credentials: Credentials) -> None:
    console.print(f"\n[b]Still running[/b] at {stack.settings.public_url} — Ctrl-C stops everything.")
    file = write_keys(stack.settings.state / KEYS_FILE, credentials.api_keys)
    console.print(f"API keys of its organisations, for the shell: . {file}", soft_wrap=True)
    for name, address in stack.health.items():
        console.print(f"  {name:18} {address}/metrics")
    try:
        stack.supervisor.watch()
    except KeyboardInterrupt:
        console.print("\nStopping.")
