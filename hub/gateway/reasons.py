"""Why the door refuses: every reason of the gateway itself, with status, title and sentences for people.

Reasons of other rooms (`WireReason`, the identity door, CODES.md) are mapped in `problems.py`.
"""

from __future__ import annotations

from enum import StrEnum, unique
from typing import Self


@unique
class GatewayReason(StrEnum):
    """A stable code with its HTTP status and one sentence in English and Dutch that a partner may read."""

    status: int
    english: str
    dutch: str

    def __new__(cls, code: str, status: int, english: str, dutch: str) -> Self:
        """Build a member from its code, status and sentences."""
        member = str.__new__(cls, code)
        member._value_ = code
        member.status = status
        member.english = english
        member.dutch = dutch
        return member

    # Who are you.
    CREDENTIALS_MISSING = (
        "credentials_missing",
        401,
        "Send an access token or an API key.",
        "Stuur een toegangstoken of een API-sleutel mee.",
    )
    CREDENTIALS_AMBIGUOUS = (
        "credentials_ambiguous",
        401,
        "Send exactly one credential.",
        "Stuur precies één toegangsbewijs mee.",
    )
    CREDENTIALS_INVALID = (
        "credentials_invalid",
        401,
        "The credential is not valid, not yet valid or no longer valid.",
        "Het toegangsbewijs is niet, nog niet of niet meer geldig.",
    )
    SCOPE_MISSING = (
        "scope_missing",
        403,
        "This credential may not do this.",
        "Met dit toegangsbewijs mag dit niet.",
    )
    TYPE_NOT_ALLOWED = (
        "type_not_allowed",
        403,
        "This partner may not publish this type of event.",
        "Deze partner mag dit soort gebeurtenis niet publiceren.",
    )
    SOURCE_NOT_YOURS = (
        "source_not_yours",
        403,
        "The source is not registered for this partner.",
        "De bron (source) is niet geregistreerd voor deze partner.",
    )
    SINK_NOT_ALLOWED = (
        "sink_not_allowed",
        403,
        "The address of the sink is not registered for this partner.",
        "Het afleveradres (sink) is niet geregistreerd voor deze partner.",
    )
    INSPECTION_NOT_ALLOWED = (
        "inspection_not_allowed",
        403,
        "This kind of organisation does not ask for an inspection; the family's local team or client support does.",
        "Dit soort organisatie vraagt geen inzage op; het lokale team van het gezin of de cliëntondersteuner doet dat.",
    )
    SUBSCRIPTION_READ_ONLY = (
        "subscription_read_only",
        403,
        "This subscription comes from the hub's configuration; ask the hub's operator to change it.",
        "Dit abonnement staat in de configuratie van de hub; vraag de beheerder om het te wijzigen.",
    )

    # What did you send.
    TYPE_UNKNOWN = (
        "type_unknown",
        400,
        "The type is not in the catalogue of events.",
        "Dit type staat niet in de catalogus van gebeurtenissen.",
    )
    DOMAIN_UNKNOWN = (
        "domain_unknown",
        400,
        "The domain of this door is nl.jeugdigen.",
        "Het domein van deze voordeur is nl.jeugdigen.",
    )
    DATA_MISSING = (
        "data_missing",
        400,
        "The event has no JSON object as data.",
        "De gebeurtenis heeft geen JSON-object als data.",
    )
    FORM_INVALID = (
        "form_invalid",
        400,
        "The request does not follow the API description; see the pointers.",
        "Het verzoek volgt de API-beschrijving niet; zie de verwijzingen.",
    )
    SINK_INVALID = (
        "sink_invalid",
        400,
        "The sink is not an https address of a public host.",
        "Het afleveradres (sink) is geen https-adres van een publieke host.",
    )
    TOO_MANY_SUBSCRIPTIONS = (
        "too_many_subscriptions",
        400,
        "This partner has as many subscriptions as the hub keeps.",
        "Deze partner heeft zoveel abonnementen als de hub bewaart.",
    )
    HEADERS_TOO_LARGE = (
        "headers_too_large",
        431,
        "The request has too many or too large headers.",
        "Het verzoek heeft te veel of te grote headers.",
    )
    BODY_TOO_SLOW = (
        "body_too_slow",
        408,
        "The body did not arrive in time.",
        "De inhoud van het verzoek kwam niet op tijd binnen.",
    )
    UNSUPPORTED_ENCODING = (
        "unsupported_encoding",
        415,
        "Compressed bodies are not accepted.",
        "Gecomprimeerde inhoud wordt niet aangenomen.",
    )
    NOT_ACCEPTABLE = (
        "not_acceptable",
        406,
        "The hub cannot answer in a media type that you accept.",
        "De hub kan niet antwoorden in een mediatype dat u aanneemt.",
    )

    # What you asked for.
    RECEIPT_UNKNOWN = (
        "receipt_unknown",
        404,
        "There is no receipt with this number for you, or the event is not decided yet.",
        "Er is voor u geen ontvangstbewijs met dit nummer, of het bericht is nog niet beoordeeld.",
    )
    SUBSCRIPTION_UNKNOWN = (
        "subscription_unknown",
        404,
        "You have no subscription with this number.",
        "U heeft geen abonnement met dit nummer.",
    )
    DOMAIN_NOT_FOUND = (
        "domain_not_found",
        404,
        "There is no domain with this number.",
        "Er is geen domein met dit nummer.",
    )
    REASON_UNKNOWN = (
        "reason_unknown",
        404,
        "The hub has no such reason code.",
        "De hub kent deze redencode niet.",
    )
    ROUTE_UNKNOWN = (
        "route_unknown",
        404,
        "There is nothing at this address.",
        "Op dit adres is niets.",
    )
    METHOD_NOT_ALLOWED = (
        "method_not_allowed",
        405,
        "This method is not offered here.",
        "Deze methode wordt hier niet aangeboden.",
    )
    NOT_A_FEED = (
        "not_a_feed",
        409,
        "This subscription is delivered to its sink; it cannot be fetched.",
        "Dit abonnement wordt op het afleveradres bezorgd; het is niet op te halen.",
    )
    CURSOR_AHEAD = (
        "cursor_ahead",
        409,
        "The hub never gave out this number. Ask the operator whether the hub was restored, and read from 0.",
        "De hub heeft dit nummer nooit uitgegeven. Vraag de beheerder of de hub is hersteld, en lees vanaf 0.",
    )
    NOT_OFFERED = (
        "not_offered",
        501,
        "The hub does not offer this part of the Notification API.",
        "De hub biedt dit deel van de Notificatie-API niet aan.",
    )
    TOO_MANY_STREAMS = (
        "too_many_streams",
        429,
        "This partner has as many live feeds open as the hub allows.",
        "Deze partner heeft zoveel live-verbindingen open als de hub toestaat.",
    )

    # The hub's own trouble.
    LOG_UNAVAILABLE = (
        "log_unavailable",
        503,
        "The hub cannot store messages at this moment. Nothing was accepted; send it again.",
        "De hub kan nu geen berichten opslaan. Er is niets aangenomen; stuur het opnieuw.",
    )
    LEDGER_UNAVAILABLE = (
        "ledger_unavailable",
        503,
        "The hub's ledger does not answer at this moment. Nothing was accepted; try again.",
        "De administratie van de hub antwoordt nu niet. Er is niets aangenomen; probeer het opnieuw.",
    )
    KEYS_UNAVAILABLE = (
        "keys_unavailable",
        503,
        "The hub cannot check access tokens at this moment; try again.",
        "De hub kan toegangstokens nu niet controleren; probeer het opnieuw.",
    )
    CONTENT_UNAVAILABLE = (
        "content_unavailable",
        503,
        "The hub cannot open this message at this moment; try again.",
        "De hub kan dit bericht nu niet openen; probeer het opnieuw.",
    )
    BUSY = (
        "busy",
        503,
        "The hub has too much to do at this moment. Nothing was accepted; send it again.",
        "De hub heeft het nu te druk. Er is niets aangenomen; stuur het opnieuw.",
    )
    INTERNAL_ERROR = (
        "internal_error",
        500,
        "Something went wrong in the hub. Nothing was accepted; name the instance when you ask about it.",
        "Er ging iets mis in de hub. Er is niets aangenomen; noem het instance-nummer als u ernaar vraagt.",
    )
