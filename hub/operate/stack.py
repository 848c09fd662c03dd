"""The whole hub on one machine: embedded servers, tables, topics, and every process under a supervisor."""

from __future__ import annotations

import asyncio
import fcntl
import time
from collections.abc import Callable
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path

import httpx

from hub.identity.key_material import VersionedKeys
from hub.operate import brokers
from hub.operate.brokers import BrokerKind, RunningBroker
from hub.operate.embedded import Database, free_port, start_database
from hub.operate.keeper import Keeper, start_keeper
from hub.operate.prepare import prepare
from hub.operate.settings import Settings
from hub.operate.supervisor import Child, Supervisor, hub_command

READY_SECONDS = 60.0
"""Every process imports its libraries and joins the broker's group: seconds; a loaded machine gets a minute."""

READY_POLL_SECONDS = 0.1

WORKERS = ("decide", "deliver", "watch", "relay")


class StackNotReadyError(RuntimeError):
    """A process did not become ready in time; its log says why."""


class FolderInUseError(RuntimeError):
    """The folder belongs to a running hub; the message says what to do."""


@dataclass(slots=True)
class Stack:
    """A running hub. `settings` are those of the gateway; `stop` ends everything, the servers last."""

    settings: Settings
    broker: RunningBroker
    database: Database
    supervisor: Supervisor
    health: dict[str, str]
    """Address of the health pages per process."""

    keeper: Keeper
    lock: TextIOWrapper

    def stop(self) -> None:
        """End the processes, then the servers. Safe to call twice."""
        self.supervisor.stop()
        self.keeper.stop()
        self.broker.stop()
        self.database.stop()
        self.lock.close()

    def wait_until_ready(self, tell: Callable[[str], None]) -> None:
        """Wait until every process says that it is ready. Raises StackNotReadyError."""
        deadline = time.monotonic() + READY_SECONDS
        for name, address in self.health.items():
            while not _is_ready(address):
                self.supervisor.watch_once()
                if time.monotonic() > deadline:
                    raise StackNotReadyError(f"{name} did not become ready; see {self._log_of(name)}")
                time.sleep(READY_POLL_SECONDS)
            tell(name)

    def _log_of(self, name: str) -> str:
        logs = [child.log for child in self.supervisor.children if child.name == name]
        return str(logs[0]) if logs and logs[0] else "the output above"


def _is_ready(address: str) -> bool:
    try:
        return httpx.get(f"{address}/readyz", timeout=2.0).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


def lock_folder(folder: Path) -> TextIOWrapper:
    """Keep a folder for one running hub; the lock goes with the process, however it ends.

    Raises FolderInUseError: two hubs on one database folder would end each other's server.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = (folder / "lock").open("w", encoding="ascii")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise FolderInUseError(
            f"another hub runs in {folder}; stop it first, or choose another --state"
        ) from None
    return lock


def make_keys(path: Path) -> None:
    """Write a first key of 256 random bits, readable by the owner alone; an existing file is left as it is."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(VersionedKeys.generate("v1").to_text(), encoding="ascii")


def start_stack(
    folder: Path,
    partners: Path,
    *,
    gateway_port: int = 0,
    logs_to_files: bool = True,
    clock: Path | None = None,
    kafka: BrokerKind = BrokerKind.EMBEDDED,
) -> Stack:
    """Start everything with its state in `folder`. What was started is ended again when a step fails.

    `clock` is the file of a test clock; without it HUB_CLOCK holds, as every other setting of the environment.
    """
    lock = lock_folder(folder)
    make_keys(folder / "master.keys")
    make_keys(folder / "pseudonym.keys")
    broker = brokers.start(kafka, folder)
    database, keeper = None, None
    supervisor = Supervisor()
    try:
        database = start_database(folder / "postgres")
        keeper = start_keeper((*broker.pids, database.pid), lock.fileno())
        settings = Settings(
            state=folder,
            kafka=broker.bootstrap,
            kafka_idempotent=kafka.knows_idempotence,
            kafka_replication=kafka.nodes,
            database=database.dsn,
            partners=partners,
            master_keys=f"file:{folder / 'master.keys'}",
            pseudonym_keys=f"file:{folder / 'pseudonym.keys'}",
            gateway_port=gateway_port or free_port(),
        )
        if clock is not None:
            settings = settings.model_copy(update={"clock": clock})
        asyncio.run(prepare(settings))
        health = _start_processes(settings, supervisor, folder / "logs" if logs_to_files else None)
        return Stack(settings, broker, database, supervisor, health, keeper, lock)
    except BaseException:
        supervisor.stop()
        if keeper is not None:
            keeper.stop()
        broker.stop()
        if database is not None:
            database.stop()
        lock.close()
        raise


def _start_processes(settings: Settings, supervisor: Supervisor, logs: Path | None) -> dict[str, str]:
    health = {"gateway": f"http://{settings.gateway_host}:{settings.gateway_port}"}
    _start(supervisor, "gateway", hub_command("gateway"), settings, logs)
    for worker in WORKERS:
        own = settings.model_copy(update={"metrics_port": free_port()})
        _start(supervisor, worker, hub_command("worker", worker), own, logs)
        health[worker] = f"http://{own.metrics_host}:{own.metrics_port}"
    return health


def _start(
    supervisor: Supervisor, name: str, command: list[str], settings: Settings, logs: Path | None
) -> None:
    log = logs / f"{name}.log" if logs else None
    supervisor.add(Child(name, command, settings.as_environment(), log))
