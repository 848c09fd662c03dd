"""Why the door refuses a message: stable codes, each with a plain sentence in English and Dutch."""

from __future__ import annotations

from enum import Enum, unique


@unique
class DoorReason(Enum):
    """A refusal at the door. The unchanged message never succeeds later: every reason is the sender's to cure."""

    BSN_IN_METADATA = (
        "deny_bsn_in_metadata",
        "The message showed a citizen service number outside the sealed part. It was refused and removed.",
        "Het bericht toonde een BSN buiten het afgeschermde deel. Het is geweigerd en verwijderd.",
    )
    BSN_INVALID = (
        "bsn_invalid",
        "A citizen service number does not have the right form or does not pass its test.",
        "Een BSN heeft niet de juiste vorm of klopt niet volgens de elfproef.",
    )
    BSN_OUTSIDE_ENVIRONMENT = (
        "bsn_outside_environment",
        "A real citizen service number came to a test environment, or a test number to production.",
        "Een echt BSN kwam in een testomgeving, of een testnummer in productie.",
    )
    EVENT_TYPE_UNKNOWN = (
        "event_type_unknown",
        "The type is not one that this version of the hub knows.",
        "Deze versie van de hub kent dit soort bericht niet.",
    )
    FORM_INVALID = (
        "publish_form_invalid",
        "The message does not follow the publish form at the places named.",
        "Het bericht volgt op de genoemde plaatsen niet de afgesproken vorm.",
    )
    PSEUDONYM_UNKNOWN = (
        "pseudonym_unknown",
        "The hub never gave this pseudonym to this organisation.",
        "De hub heeft dit pseudoniem niet aan deze organisatie gegeven.",
    )
    DATAREF_UNSUPPORTED = (
        "dataref_unsupported",
        "This hub does not fetch content by reference yet; send the content itself.",
        "Deze hub haalt nog geen inhoud op via een verwijzing; stuur de inhoud zelf.",
    )
    CONTENT_INVALID = (
        "section_content_invalid",
        "The content is missing or does not have the agreed form at the places named.",
        "De inhoud ontbreekt of heeft op de genoemde plaatsen niet de afgesproken vorm.",
    )

    def __init__(self, code: str, english: str, dutch: str) -> None:
        self.code = code
        self.english = english
        self.dutch = dutch


class Refusal(Exception):  # noqa: N818  (a refusal is an answer to the partner, not a fault of the hub)
    """The door does not admit this message.

    `reason` is the code of a `DoorReason`; `pointers` are JSON pointers (RFC 6901) into the publish form, made
    of field names of the form and list positions only. INVARIANT: no value and no name chosen by the sender is
    ever in a refusal; an unknown field shows as `*`.
    """

    def __init__(self, reason: str, pointers: tuple[str, ...] = ()) -> None:
        super().__init__(f"{reason}: {', '.join(pointers)}" if pointers else reason)
        self.reason = reason
        self.pointers = pointers


def refuse(reason: DoorReason, *pointers: str) -> Refusal:
    """Return the refusal for a reason; the caller raises it."""
    return Refusal(reason.code, pointers)
