"""What every scene of the demonstration is made of: the play, what is shown, and what must come true."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from hub.core.model import JsonObject
from hub.operate.demo.receivers import Arrival, WebhookServer
from hub.operate.demo.stage import Published, Stage, StoryBrokenError, lines_of

SCHOOL, GP, HEALTH, TEAM = "school_1", "gp_1", "youth_health_1", "lt_kracht_escamp"
CARE, VEILIG_THUIS, CRISIS = "youth_care_1", "vt_1", "crisis_1"


@dataclass(frozen=True, slots=True)
class Told:
    """What one scene shows: its receipts and what arrived where. `note` is one closing sentence."""

    receipts: tuple[tuple[Published, JsonObject], ...] = ()
    arrivals: tuple[Arrival, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Scene:
    """One scene: a title, what happens in plain words, and the play itself."""

    title: str
    text: str
    play: Callable[[Play], Told]


@dataclass(slots=True)
class Play:
    """What the scenes share: the stage, the receiver that is down at first, and what was published before."""

    stage: Stage
    care_system: WebhookServer
    published: dict[str, Published] = field(default_factory=dict)

    def publish(self, name: str, org: str, type_name: str, data: JsonObject) -> Published:
        """Publish and remember under a name."""
        published = self.stage.publish(org, type_name, data)
        self.published[name] = published
        return published


def expect(condition: bool, sentence: str) -> None:  # noqa: FBT001 - reads like a sentence
    """End the demonstration when a promise of the story does not hold."""
    if not condition:
        raise StoryBrokenError(sentence)


def reasons(receipt: JsonObject) -> list[object]:
    """Return the reason codes of a receipt's lines."""
    return [line.get("reason") for line in lines_of(receipt)]
