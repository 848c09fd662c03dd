"""The subcommands of `hub parked`, as they stand on the command line; `parked.py` does the work."""

# ruff: noqa: PLC0415 - rooms are imported where they are used, as in command.py

from __future__ import annotations

import asyncio
import sys
from typing import Annotated

import typer

parked_app = typer.Typer(
    no_args_is_help=True,
    help="What waits for a person: unreadable records, unjudged events, deliveries that failed.",
)

Kind = Annotated[str | None, typer.Option(help="Only unreadable, event or delivery.")]
Why = Annotated[str | None, typer.Option("--why", help="Only what was parked for this reason code.")]
Receiver = Annotated[str | None, typer.Option(help="Only what is meant for this organisation.")]
Numbers = Annotated[list[int] | None, typer.Argument(help="Numbers from `hub parked list`.")]
Everything = Annotated[bool, typer.Option("--all", help="Everything that the other options choose.")]
Actor = Annotated[str, typer.Option(help="Your code at the city, not your name; kept in the audit chain.")]
Reason = Annotated[str, typer.Option(help="A few words without personal data; kept in the audit chain.")]


@parked_app.command("list")
def parked_list(kind: Kind = None, why: Why = None, receiver: Receiver = None) -> None:
    """List what waits, the oldest first."""
    from hub.operate.parked import Chosen, listed

    raise typer.Exit(asyncio.run(listed(Chosen(kind, why, receiver), sys.stdout)))


@parked_app.command("show")
def parked_show(number: Annotated[int, typer.Argument(help="A number from `hub parked list`.")]) -> None:
    """Show everything that is known of one; exit code 1 when nothing waits under the number."""
    from hub.operate.parked import shown

    raise typer.Exit(asyncio.run(shown(number, sys.stdout)))


@parked_app.command("export")
def parked_export(kind: Kind = None, why: Why = None, receiver: Receiver = None) -> None:
    """Print what waits as JSON lines: codes, places, sizes and digests, never content."""
    from hub.operate.parked import Chosen, exported

    raise typer.Exit(asyncio.run(exported(Chosen(kind, why, receiver), sys.stdout)))


@parked_app.command("release")
def parked_release(
    *,
    numbers: Numbers = None,
    actor: Actor,
    reason: Reason,
    everything: Everything = False,
    kind: Kind = None,
    why: Why = None,
    receiver: Receiver = None,
) -> None:
    """Let it go on: delivered or judged again, with consent looked at then. Exit code 1: something was not done."""
    _act("release", numbers, (actor, reason), (kind, why, receiver), everything=everything)


@parked_app.command("reject")
def parked_reject(
    *,
    numbers: Numbers = None,
    actor: Actor,
    reason: Reason,
    everything: Everything = False,
    kind: Kind = None,
    why: Why = None,
    receiver: Receiver = None,
) -> None:
    """End it: nothing of it ever leaves, and its line is withheld. Exit code 1: something was not done."""
    _act("reject", numbers, (actor, reason), (kind, why, receiver), everything=everything)


def _act(
    deed: str,
    numbers: list[int] | None,
    stated: tuple[str, str],
    choice: tuple[str | None, str | None, str | None],
    *,
    everything: bool,
) -> None:
    """Do it with the numbers or with the choice, never with both: a slip must not reach more than was meant."""
    from hub.operate.parked import Chosen, Deed, act

    if bool(numbers) is everything or (numbers and any(choice)):
        typer.echo("give numbers, or --all with what to choose by", err=True)
        raise typer.Exit(2)
    wanted = Chosen(*choice) if everything else numbers or []
    raise typer.Exit(asyncio.run(act(Deed(deed), wanted, stated, sys.stdout)))
