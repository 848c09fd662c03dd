"""`hub up`: the whole hub in the foreground of a terminal."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from hub.operate.demo.cast import PLAYERS, write_configuration
from hub.operate.logs import configure
from hub.operate.stack import StackNotReadyError, start_stack


def run(state: Path, partners: Path | None, port: int) -> int:
    """Start everything, say where it is, and stay until Ctrl-C. Returns the exit code."""
    configure("up", "warning")
    console = Console(highlight=False)
    folder = (state / "up").resolve()
    folder.mkdir(parents=True, exist_ok=True)
    keys: dict[str, str] = {}
    if partners is None:
        partners = folder / "partners.toml"
        # Nobody listens at these addresses: deliveries to them wait, feeds can be read at once.
        addresses = {player.org: f"http://127.0.0.1:9/{player.org}" for player in PLAYERS if player.pushed}
        keys = write_configuration(partners, addresses).api_keys
    stack = start_stack(folder, partners, gateway_port=port)
    try:
        stack.wait_until_ready(lambda name: console.print(f"  [green]ready[/] {name}"))
        console.print(
            f"\nThe hub answers at [b]{stack.settings.public_url}[/b]  (API description: /openapi.json)"
        )
        console.print(f"State and logs: {folder}")
        for org, token in keys.items():
            console.print(f"  API key of {org:18} {token}")
        for name, address in stack.health.items():
            console.print(f"  {name:8} {address}/metrics", style="dim")
        console.print("Ctrl-C stops everything.")
        stack.supervisor.watch()
    except KeyboardInterrupt:
        console.print("\nStopping.")
    except StackNotReadyError as error:
        console.print(f"[red]{error}[/]")
        return 1
    finally:
        stack.stop()
    return 0
