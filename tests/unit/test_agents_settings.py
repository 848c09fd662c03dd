"""The limits of the workers: agents/settings.py."""

from __future__ import annotations

import ssl
import time

from agents.loops import Rest
from agents.settings import AgentSettings, BrokerSecurity
from connectors.contract import SEND_TIME_LIMIT_SECONDS


def test_a_lease_outlives_the_longest_way_of_a_delivery() -> None:
    """Waiting for a turn, sending and settling fit in the lease, or a second worker would send it too."""
    settings = AgentSettings()
    longest = settings.wait_before_send_max_seconds + settings.send_limit_seconds
    assert settings.lease_seconds > longest
    assert settings.send_limit_seconds > SEND_TIME_LIMIT_SECONDS


def test_group_timings_fit_each_other() -> None:
    """Two lost heartbeats change nothing, and requests outlive the session (Faust refuses to start otherwise)."""
    settings = AgentSettings()
    assert settings.heartbeat_seconds * 3 <= settings.session_timeout_seconds
    assert settings.request_timeout_seconds > settings.session_timeout_seconds


def test_every_limit_has_its_reason_beside_it() -> None:
    """No limit without a sentence that says why."""
    from pathlib import Path

    source = Path(__file__).resolve().parents[2] / "agents" / "settings.py"
    lines = source.read_text().splitlines()
    limits = [
        number
        for number, line in enumerate(lines)
        if line.startswith("    ") and " = " in line and ": " in line
    ]
    fields = [
        number
        for number in limits
        if lines[number].split(":")[0].strip() in AgentSettings.__dataclass_fields__
    ]
    assert len(fields) == len(AgentSettings.__dataclass_fields__)
    assert all('"""' in lines[number + 1] for number in fields)


def test_broker_security_names_the_protocol() -> None:
    """Plain on loopback, TLS with a certificate, SASL over TLS with a name and password."""
    context = ssl.create_default_context()
    assert BrokerSecurity().client_options()["security_protocol"] == "PLAINTEXT"
    assert BrokerSecurity(ssl_context=context).client_options()["security_protocol"] == "SSL"
    named = BrokerSecurity(ssl_context=context, username="hub", password="test-only")
    assert named.client_options()["security_protocol"] == "SASL_SSL"
    assert "test-only" not in repr(named)
    unencrypted = BrokerSecurity(username="hub", password="test-only")
    assert unencrypted.client_options()["security_protocol"] == "SASL_PLAINTEXT"


async def test_a_rest_lets_the_first_turn_go_and_spaces_the_next() -> None:
    """A delivery that comes alone waits for nothing; under load turns keep their distance."""
    rest = Rest(0.05)
    start = time.monotonic()
    await rest.take()
    assert time.monotonic() - start < 0.05
    await rest.take()
    assert time.monotonic() - start >= 0.05
