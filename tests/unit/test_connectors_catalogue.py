"""The catalogue finds every connector by itself, and the reference connector answers as a test wants."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import connectors
from connectors.catalogue import CatalogueError, as_table, describe, find_connectors, target_forms
from connectors.contract import Delivered, OpenedDelivery, OutboundConnector, Refused, RetryAfter
from connectors.memory import CONNECTOR
from connectors.memory.inbox import MemoryConnector

README = Path(__file__).resolve().parents[2] / "connectors" / "README.md"


def delivery(number: int) -> OpenedDelivery:
    return OpenedDelivery(f"delivery-{number}", "subscription-1", "school_1", number, 1, {}, {})


def test_every_folder_is_found() -> None:
    """Each folder beside the catalogue is a connector; none has to be registered."""
    here = Path(connectors.__path__[0])
    folders = sorted(path.parent.name for path in here.glob("*/__init__.py"))
    assert list(find_connectors()) == folders
    assert {"memory", "webhook"} <= set(folders)
    assert describe("memory") is CONNECTOR
    assert dict(target_forms())["memory"] is CONNECTOR.target


def test_the_readme_shows_the_catalogue() -> None:
    """The table that people read is the table that the code gives."""
    shown = README.read_text("utf-8").split("<!-- catalogue -->\n")[1].split("<!-- /catalogue -->")[0]
    assert shown == as_table()


def test_an_unknown_connector_is_an_error() -> None:
    """Asking for a connector that is not there fails by name."""
    with pytest.raises(CatalogueError, match="fax"):
        describe("fax")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "exposes no CONNECTOR"),
        ("CONNECTOR = 3", "exposes no CONNECTOR"),
        ("from connectors.memory import CONNECTOR", "calls itself 'memory'"),
    ],
)
def test_a_folder_that_keeps_no_contract_is_an_error(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    content: str,
    message: str,
) -> None:
    """A folder without a right CONNECTOR stops the start instead of being passed over."""
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "__init__.py").write_text(content)
    monkeypatch.setattr(connectors, "__path__", [*connectors.__path__, str(tmp_path)])
    monkeypatch.delitem(sys.modules, "connectors.broken", raising=False)
    try:
        with pytest.raises(CatalogueError, match=message):
            find_connectors()
    finally:
        sys.modules.pop("connectors.broken", None)


async def test_the_reference_connector_keeps_what_it_delivers() -> None:
    """Deliveries stand in their inbox, in order, each inbox by itself."""
    connector = MemoryConnector()
    assert isinstance(connector, OutboundConnector)
    for number in (1, 2):
        assert await connector.send(delivery(number), {"inbox": "a"}) == Delivered()
    await connector.send(delivery(3), {"inbox": "b"})
    assert [kept.sequence for kept in connector.inboxes["a"]] == [1, 2]
    assert [kept.sequence for kept in connector.inboxes["b"]] == [3]


async def test_answers_can_be_set() -> None:
    """Set answers come first, in order; then the target's own answer; only what was delivered is kept."""
    connector = MemoryConnector()
    connector.answer_next("a", RetryAfter("busy", 5), Refused("no"), Delivered())
    results = [await connector.send(delivery(number), {"inbox": "a"}) for number in (1, 2, 3, 4)]
    assert results == [RetryAfter("busy", 5), Refused("no"), Delivered(), Delivered()]
    assert [kept.sequence for kept in connector.inboxes["a"]] == [3, 4]
    assert connector.attempts["a"] == 4


async def test_a_target_can_answer_by_itself() -> None:
    """A configuration can name an inbox that is always busy, or that always refuses."""
    connector = MemoryConnector()
    busy = {"inbox": "a", "answer": "retry", "retry_after_seconds": 2.0}
    assert await connector.send(delivery(1), busy) == RetryAfter("receiver_asked_to_wait", 2.0)
    assert await connector.send(delivery(1), {"inbox": "a", "answer": "refuse"}) == Refused(
        "receiver_refused"
    )
    assert connector.inboxes["a"] == []
