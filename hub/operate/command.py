"""The `hub` command. Each subcommand is a few lines: it reads settings, calls one room, and returns an exit code.

Rooms are imported where they are used: `hub vectors` must not wait for Kafka's libraries.
"""

# ruff: noqa: PLC0415 - see above

from __future__ import annotations

import asyncio
import os
import signal
import sys
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from hub.operate.parked_command import parked_app

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="Samenhub")
ledger_app = typer.Typer(no_args_is_help=True, help="The ledger in PostgreSQL.")
schema_app = typer.Typer(no_args_is_help=True, help="Avro schemas.")
audit_app = typer.Typer(no_args_is_help=True, help="The audit chain.")
partner_app = typer.Typer(no_args_is_help=True, help="The partner configuration.")
app.add_typer(ledger_app, name="ledger")
app.add_typer(schema_app, name="schema")
app.add_typer(audit_app, name="audit")
app.add_typer(partner_app, name="partner")
app.add_typer(parked_app, name="parked")

EXIT_FAILED = 1
EXIT_UNUSABLE = 2


def _fail(message: str, code: int = EXIT_UNUSABLE) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(code)


@app.command()
def demo(
    *,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the hub running after the story.")] = False,
    state: Annotated[Path, typer.Option(help="Folder for all state.")] = Path(".hub"),
) -> None:
    """Play the main job: six partners, one family, one story; ends with the reconciliation."""
    from hub.operate.demo.runner import run

    _stop_on_terminate()
    raise typer.Exit(run(state, keep=keep))


@app.command()
def up(
    *,
    state: Annotated[Path, typer.Option(help="Folder for all state.")] = Path(".hub"),
    partners: Annotated[
        Path | None, typer.Option(help="Partner configuration; else a demonstration one.")
    ] = None,
    port: Annotated[int, typer.Option(help="Port of the gateway; 0 finds a free one.")] = 0,
    kafka: Annotated[
        str, typer.Option(help="embedded; apache or apache-cluster: Apache Kafka itself.")
    ] = "embedded",
) -> None:
    """Run the whole hub in the foreground with embedded servers; Ctrl-C stops every process."""
    from hub.operate.brokers import BrokerKind
    from hub.operate.up import run

    if kafka not in set(BrokerKind):
        _fail(f"unknown broker; known are: {', '.join(BrokerKind)}")
    _stop_on_terminate()
    raise typer.Exit(run(state, partners, port, BrokerKind(kafka)))


@app.command()
def prepare() -> None:
    """Create the ledger's tables and the topics; safe to repeat."""
    from hub.operate import prepare as preparing
    from hub.operate.logs import configure
    from hub.operate.settings import Settings

    settings = Settings()
    configure("prepare", settings.log_level)
    asyncio.run(preparing.prepare(settings))


@app.command()
def gateway() -> None:
    """Run the HTTP door for partners."""
    from hub.operate.compose_gateway import serve
    from hub.operate.settings import Settings
    from hub.operate.supervisor import end_with_parent

    end_with_parent()
    raise typer.Exit(serve(Settings()))


@app.command()
def worker(name: Annotated[str, typer.Argument(help="decide, deliver, watch or relay")]) -> None:
    """Run one worker."""
    from hub.operate.compose_workers import WORKERS, work
    from hub.operate.settings import Settings
    from hub.operate.supervisor import end_with_parent

    if name not in WORKERS:
        _fail(f"unknown worker; known are: {', '.join(WORKERS)}")
    end_with_parent()
    raise typer.Exit(work(name, Settings()))


@app.command()
def vectors(
    paths: Annotated[list[Path], typer.Argument(help="Vector files or folders.")],
    *,
    emit: Annotated[
        bool, typer.Option("--emit", help="Print results as JSON lines, without comparing.")
    ] = False,
) -> None:
    """Run vector files through the pure core and compare (CONSENT.md appendix A)."""
    from hub.operate.vectors import run

    raise typer.Exit(run(paths, emit=emit, out=sys.stdout))


@app.command()
def explain(
    event_id: Annotated[str, typer.Argument(help="The hub's id of an event: the receipt number.")],
    *,
    language: Annotated[str, typer.Option(help="nl or en.")] = "en",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, in both languages.")] = False,
) -> None:
    """Tell gate by gate why each receiver got, or did not get, what; exit code 1 when the event is unknown."""
    from hub.operate.explain import run
    from hub.operate.explain_text import LANGUAGES

    if language not in LANGUAGES:
        _fail(f"unknown language; known are: {', '.join(LANGUAGES)}")
    raise typer.Exit(asyncio.run(run(event_id, language, sys.stdout, as_json=as_json)))


@app.command()
def decide(
    event: Annotated[
        Path | None,
        typer.Argument(help="A JSON file with the decision view of an event (EVENTS.md section 2)."),
    ] = None,
    *,
    what_if: Annotated[
        bool, typer.Option("--what-if", help="Judge with the facts of now; send and write nothing.")
    ] = False,
    partners: Annotated[Path | None, typer.Option(help="Another partner configuration.")] = None,
    days: Annotated[
        int, typer.Option(min=1, help="Without an event: how many days back to judge again.")
    ] = 7,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Tell what would be decided about an event, or what another configuration would change."""
    from hub.operate.settings import Settings
    from hub.operate.what_if import Asked, run

    if not what_if:
        _fail("the worker decides what really comes in; by hand only --what-if")
    asked = Asked(event=event, partners=partners, days=days, as_json=as_json)
    raise typer.Exit(asyncio.run(run(asked, Settings(), sys.stdout)))


@app.command()
def inspect(
    *,
    subject: Annotated[
        str, typer.Option(help="Whose log: a ref or citizen number; - reads it from standard input.")
    ],
    requester: Annotated[str, typer.Option(help="Who asks: a ref or citizen number; - reads it likewise.")],
    opposes: Annotated[
        str, typer.Option("--child-interest-opposes", help="What a professional judged: yes, no or unknown.")
    ] = "unknown",
    style: Annotated[str, typer.Option("--format", help="json, csv, or html: a letter to print.")] = "json",
    out: Annotated[Path | None, typer.Option(help="A file instead of the terminal.")] = None,
) -> None:
    """Show a family who shared what about whom (CONSENT.md section 13); exit code 1 when the rules say not now."""
    from hub.operate.inspection.command import Asked, Format, Opposes, person_of
    from hub.operate.inspection.command import inspect as answer

    if opposes not in set(Opposes) or style not in set(Format):
        _fail("--child-interest-opposes is yes, no or unknown; --format is json, csv or html")
    persons = person_of(subject, sys.stdin), person_of(requester, sys.stdin)
    asked = Asked(*persons, Opposes(opposes), Format(style), out)
    raise typer.Exit(asyncio.run(answer(asked, sys.stdout, sys.stderr)))


@app.command()
def reconcile(
    day: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Only this day.")] = None,
    sender: Annotated[str | None, typer.Option(help="Only this organisation.")] = None,
) -> None:
    """Balance what was accepted against what became of it; exit code 1 when it does not balance."""
    from hub.operate.bookkeeping import reconcile as balance

    chosen: date | None = day.date() if day else None
    raise typer.Exit(asyncio.run(balance(chosen, sender, sys.stdout)))


@app.command()
def replay(
    *,
    receiver: Annotated[str, typer.Option(help="The organisation that gets its messages once more.")],
    start: Annotated[str, typer.Option("--from", help="What it got from this instant, RFC 3339.")],
    end: Annotated[str, typer.Option("--to", help="Up to this instant.")],
    types: Annotated[
        list[str] | None, typer.Option("--type", help="Only this type; repeat for more.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count only; send and write nothing.")] = False,
    actor: Annotated[str | None, typer.Option(help="Your code at the city; kept in the audit chain.")] = None,
    reason: Annotated[
        str | None, typer.Option(help="A few words without personal data; kept likewise.")
    ] = None,
) -> None:
    """Send once more what a receiver got: the same delivery ids, and consent is looked at again."""
    from hub.operate.replay import Asked, run

    stated = None if actor is None or reason is None else (actor, reason)
    if not dry_run and stated is None:
        _fail("without --dry-run an --actor and a --reason are needed: the audit keeps them")
    asked = Asked(receiver, start, end, tuple(types or ()), None if dry_run else stated)
    raise typer.Exit(asyncio.run(run(asked, sys.stdout)))


@audit_app.command("verify")
def audit_verify(
    expect_head: Annotated[
        list[str] | None,
        typer.Option(help="PARTITION:POSITION:HASH as an earlier run printed it; repeat for more."),
    ] = None,
) -> None:
    """Recompute the audit chain; exit code 1 names each place where it does not hold, or an end that was cut off."""
    from hub.operate.bookkeeping import verify

    raise typer.Exit(asyncio.run(verify(expect_head or [], sys.stdout)))


@ledger_app.command("migrate")
def ledger_migrate() -> None:
    """Apply the numbered migrations that are missing."""
    from hub.ledger.migrate import migrate
    from hub.operate.settings import Settings

    applied = asyncio.run(migrate(Settings().database))
    typer.echo(f"applied: {', '.join(map(str, applied)) if applied else 'none, the ledger is up to date'}")


@schema_app.command("check")
def schema_check() -> None:
    """Judge the schemas against their released versions; names each incompatibility, exit code 1 if any."""
    from hub.wire.compatibility import run_check

    raise typer.Exit(run_check(sys.stdout))


@partner_app.command("check")
def partner_check(path: Annotated[Path, typer.Argument(help="Partner configuration.")]) -> None:
    """Check a partner configuration; names file and line of each problem."""
    from hub.operate.partner_tools import check

    raise typer.Exit(check(path, sys.stdout))


@partner_app.command("key")
def partner_key() -> None:
    """Make an API key: the first line goes to the partner, the rest into its configuration."""
    from hub.operate.partner_tools import new_key

    raise typer.Exit(new_key(sys.stdout))


def _stop_on_terminate() -> None:
    def interrupt(_signal: int, _frame: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    if os.name == "posix":
        signal.signal(signal.SIGHUP, interrupt)


def main() -> None:
    """Run the command line; Ctrl-C is an ordinary end."""
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
