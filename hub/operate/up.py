"""`hub up`: the whole hub in the foreground of a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from rich.console import Console

from hub.operate.brokers import BrokerKind
from hub.operate.demo.cast import PLAYERS, write_configuration
from hub.operate.embedded import EmbeddedServerError
from hub.operate.logs import configure
from hub.operate.stack import FolderInUseError, StackNotReadyError, start_stack

KEYS_FILE = "keys.env"
"""`KEY_SCHOOL_1=…` and so on, so that nobody has to copy keys by hand."""


def write_keys(path: Path, keys: Mapping[str, str]) -> Path:
    """Write the API keys of the test organisations as shell variables, for the owner alone."""
    path.touch(mode=0o600)
    path.write_text("".join(f"KEY_{org.upper()}={token}\n" for org, token in keys.items()), encoding="ascii")
    return path


def run(state: Path, partners: Path | None, port: int, kafka: BrokerKind = BrokerKind.EMBEDDED) -> int:
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
    try:
        stack = start_stack(folder, partners, gateway_port=port, kafka=kafka)
    except (FolderInUseError, EmbeddedServerError) as error:
        console.print(f"[red]{error}[/]", soft_wrap=True)
        return 1
    try:
        stack.wait_until_ready(lambda name: console.print(f"  [green]ready[/] {name}"))
        console.print(
            f"\nThe hub answers at [b]{stack.settings.public_url}[/b]  (API description: /openapi.json)"
        )
        console.print(f"State and logs: {folder}")
        if keys:
            file = write_keys(folder / KEYS_FILE, keys)
            console.print(f"API keys of the test organisations, for the shell: . {file}", soft_wrap=True)
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
