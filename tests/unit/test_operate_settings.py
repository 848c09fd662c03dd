"""Settings: environment over file, closed names, and the same settings in a child process."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from hub.operate.settings import Settings


def test_defaults_stay_on_loopback() -> None:
    """Nothing listens or connects outside loopback unless somebody says so."""
    settings = Settings()
    assert settings.gateway_host == settings.metrics_host == "127.0.0.1"
    assert settings.kafka.startswith("127.0.0.1:")
    assert settings.environment == "test"


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A container overrides one value of a shared file."""
    file = tmp_path / "hub.toml"
    file.write_text('kafka = "kafka:9092"\ngateway_port = 1000\n')
    monkeypatch.setenv("HUB_SETTINGS", str(file))
    monkeypatch.setenv("HUB_GATEWAY_PORT", "2000")
    settings = Settings()
    assert (settings.kafka, settings.gateway_port) == ("kafka:9092", 2000)


def test_an_unknown_name_in_the_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A typing error in the file must not silently leave a default in force."""
    file = tmp_path / "hub.toml"
    file.write_text('kafkka = "kafka:9092"\n')
    monkeypatch.setenv("HUB_SETTINGS", str(file))
    with pytest.raises(ValidationError):
        Settings()


def test_a_refusal_shows_no_value(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is wrong is named; values are not, for the address of a database can hold its password."""
    monkeypatch.setenv("HUB_DATABASE", "postgresql://hub:test-only@127.0.0.1/hub")
    monkeypatch.setenv("HUB_GATEWAY_PORT", "-1")
    with pytest.raises(ValidationError, match="gateway_port") as refused:
        Settings()
    assert "test-only" not in str(refused.value)


def test_a_child_process_gets_the_same_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is handed on as environment reads back as the same settings."""
    settings = Settings(kafka_idempotent=False, metrics_port=9, partners=Path("somewhere.toml"))
    for name, value in settings.as_environment().items():
        monkeypatch.setenv(name, value)
    assert Settings() == settings


def test_links_follow_the_public_address() -> None:
    """Behind a proxy partners see the proxy's address."""
    assert Settings(gateway_port=8080).public_url == "http://127.0.0.1:8080"
    assert Settings(gateway_url="https://hub.example.org/").public_url == "https://hub.example.org"
