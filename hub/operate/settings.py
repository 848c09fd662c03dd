"""Settings of every process: environment variables `HUB_…`, over a TOML file named by `HUB_SETTINGS`.

Each has a default that is safe on a laptop: loopback only, test numbers only, one folder for all state.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

ENVIRONMENT_PREFIX = "HUB_"


class Settings(BaseSettings):
    """What a process must know. An unknown name in the file is refused: a typing error must not go unseen."""

    model_config: ClassVar[SettingsConfigDict] = SettingsConfigDict(
        env_prefix=ENVIRONMENT_PREFIX,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,  # the address of a database can hold its password
    )

    environment: Literal["test", "production"] = "test"
    """`test` accepts citizen numbers of the official test range only, `production` refuses exactly those."""

    state: Path = Path(".hub")
    """The one folder for keys, embedded servers and logs of a development machine."""

    kafka: str = "127.0.0.1:9092"
    """Bootstrap servers, comma separated."""

    kafka_idempotent: bool = True
    """Idempotent producer; off for the embedded broker, which does not know it."""

    kafka_replication: int = Field(default=1, ge=1, le=9)
    """Copies of each topic that `hub prepare` makes; 3 on a cluster, of which 2 must have what is acknowledged."""

    database: str = "postgresql://hub@127.0.0.1:5432/hub"
    """PostgreSQL address; `memory:` gives the in-memory twin, for tests only."""

    database_pool: int = Field(default=4, ge=1, le=64)
    """Connections per process: one transaction at a time needs one; look-ups and waiting need the others."""

    partners: Path = Path("partners.toml")
    """The partner configuration."""

    master_keys: str = "file:.hub/master.keys"
    """Where the master keys are: `file:PATH` or `env:NAME`; lines `<version> <base64 of 32 bytes>`, newest last."""

    pseudonym_keys: str = "file:.hub/pseudonym.keys"
    """Where the pseudonym keys are; same form."""

    gateway_host: str = "127.0.0.1"
    gateway_port: int = Field(default=8080, ge=0, le=65535)
    gateway_url: str = ""
    """The address that partners use, for links in answers; empty = derived from host and port."""

    metrics_host: str = "127.0.0.1"
    metrics_port: int = Field(default=0, ge=0, le=65535)
    """Where a worker serves /metrics, /healthz and /readyz; 0 = none."""

    source: str = "urn:nld:oin:00000000000000000000:systeem:samenhub"
    """The hub's own CloudEvents source."""

    heartbeat_seconds: float = Field(default=15.0, gt=0)
    """How often a quiet live feed says that it lives, with its last number; proxies cut at 30 to 60 seconds."""

    log_level: Literal["debug", "info", "warning", "error"] = "info"

    clock: Path | None = None
    """For tests alone: a file with the instant that counts as now (`hub/operate/clock.py`)."""

    @model_validator(mode="after")
    def _only_tests_set_the_clock(self) -> Self:
        if self.clock is not None and self.environment != "test":
            raise ValueError(
                "HUB_CLOCK is for environment `test` alone: production follows the machine's clock"
            )
        return self

    @property
    def public_url(self) -> str:
        """Return the base address for links, without a slash at the end."""
        return (self.gateway_url or f"http://{self.gateway_host}:{self.gateway_port}").rstrip("/")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the library's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - same
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments before environment before the file."""
        sources = (init_settings, env_settings)
        named = os.environ.get("HUB_SETTINGS")
        return (*sources, TomlConfigSettingsSource(settings_cls, Path(named))) if named else sources

    def as_environment(self) -> dict[str, str]:
        """Return the settings as variables, to hand them to a child process."""
        return {
            f"{ENVIRONMENT_PREFIX}{name.upper()}": str(value).lower()
            if isinstance(value, bool)
            else str(value)
            for name, value in self.model_dump().items()
            if value is not None
        }
