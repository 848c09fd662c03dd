"""The gates in their one order, each with its rule in one plain sentence and its basis: CONSENT.md sections 4 and 5."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate. `basis` is law (L) or policy (P) as in CODES.md section 4."""

    gate: str
    basis: str
    nl: str
    en: str


LIFE_CYCLE = "L"
"""The gate of the life cycles: EVENTS.md sections 5 and 6."""

EVENT_GATES = (
    Gate(
        "E1",
        "P; UAVG 46",
        "Buiten het afgeschermde deel staat geen burgerservicenummer.",
        "Outside the sealed part stands no citizen service number.",
    ),
    Gate(
        "E2",
        "P",
        "De hub kan de gegevens lezen waarop hij moet beslissen.",
        "The hub can read the facts on which it must decide.",
    ),
    Gate("E3", "P", "De instellingen van de hub kloppen.", "The settings of the hub are valid."),
    Gate(
        "E4",
        "P; NL GOV profile for CloudEvents",
        "Het bericht heeft de afgesproken vorm.",
        "The message has the agreed form.",
    ),
    Gate(
        "E5",
        "L AVG 32",
        "De afzender staat vast, doet mee en is van de soort die hij zegt te zijn.",
        "The sender is established, takes part and is of the kind it says.",
    ),
    Gate(
        "E6",
        "P",
        "Dit soort organisatie mag dit soort bericht sturen.",
        "This kind of organisation may send this kind of message.",
    ),
    Gate(
        "E7",
        "P",
        "Het bericht is niet al eerder verwerkt, ingehaald of ingetrokken.",
        "The message was not handled before, overtaken or retracted.",
    ),
    Gate(
        "E8",
        "P",
        "Het bericht wacht nog niet langer dan mag.",
        "The message has not waited longer than it may.",
    ),
    Gate(
        "E9",
        "P; CORV (article to be confirmed by counsel)",
        "Een verzoek tot onderzoek gaat via CORV, niet via de hub.",
        "A request for investigation goes through CORV, not through the hub.",
    ),
    Gate(
        "E10",
        "P",
        "Een feit wordt vastgelegd en gaat naar niemand.",
        "A fact is recorded and goes to nobody.",
    ),
    Gate(
        "E11",
        "L AVG 7(3), 19",
        "Een intrekking gaat naar wie het bericht eerder kreeg.",
        "A withdrawal goes to those who received the message before.",
    ),
    Gate(
        "E12",
        "P; AVG recital 26",
        "Aantallen zijn groot genoeg om veilig te publiceren.",
        "Counts are large enough to publish safely.",
    ),
    Gate(
        LIFE_CYCLE,
        "P",
        "Deze stap past bij de stand van de verwijzing of melding, en deze partij mag hem zetten.",
        "This step fits the state of the referral or alert, and this party may take it.",
    ),
    Gate(
        "E13",
        "P",
        "Het bericht is aangenomen; bij levensgevaar hoort de plicht om 112 te bellen.",
        "The message is accepted; in danger to life with the duty to call 112.",
    ),
)
"""What is asked of the event as a whole."""

RECIPIENT_GATES = (
    Gate(
        "R1",
        "P",
        "Het staat vast welke organisatie de ontvanger is.",
        "It is certain which organisation the recipient is.",
    ),
    Gate(
        "R2",
        "P",
        "Bij levensgevaar gaat inhoud alleen naar wie direct handelt.",
        "In danger to life content goes only to those who act at once.",
    ),
    Gate(
        "R3",
        "P",
        "Dit soort ontvanger mag dit soort bericht krijgen.",
        "This kind of recipient may get this kind of message.",
    ),
    Gate(
        "R4",
        "L Wmo 4.1.1(3)",
        "Een anonieme vraag is niet te herleiden en gaat alleen naar wie advies geeft.",
        "An anonymous question cannot be traced and goes only to those who advise.",
    ),
    Gate(
        "R5",
        "P",
        "Een bevestiging gaat alleen naar wie het eerdere bericht stuurde.",
        "An acknowledgement goes only to who sent the earlier message.",
    ),
    Gate(
        "R6",
        "P",
        "Een melding van de hub gaat alleen naar partijen in de casus.",
        "An alert of the hub goes only to parties to the case.",
    ),
    Gate(
        "R7",
        "L Wpg 16, 18-20",
        "De politie deelt alleen op een vastgelegd besluit.",
        "The police shares only on a recorded decision.",
    ),
    Gate(
        "R8",
        "L Wpg 18-20",
        "Gegevens van de politie worden niet doorgegeven, tenzij een leven gevaar loopt.",
        "Data from the police are not passed on, unless a life is in danger.",
    ),
    Gate(
        "R9",
        "L",
        "Een wettelijke grond zonder toestemming geldt alleen als alle voorwaarden zijn vervuld.",
        "A legal ground without consent counts only when all its conditions are met.",
    ),
    Gate(
        "R10",
        "L Jeugdwet 7.3.11(2)",
        "Collega's in dezelfde hulp delen wat daarvoor nodig is.",
        "Colleagues in the same help share what it needs.",
    ),
    Gate(
        "R11",
        "L AVG 5(1)(b), 6; AP 2016 guidance",
        "Afzender en ontvanger hebben elk een geregistreerde grondslag voor dit doel.",
        "Sender and recipient each have a registered legal ground for this purpose.",
    ),
    Gate(
        "R12",
        "L Jeugdwet 7.2.1",
        "Het staat vast om wie het gaat.",
        "It is certain who this is about.",
    ),
    Gate(
        "R13",
        "L Jeugdwet 7.3.15; BW 1:245",
        "Het staat vast wie toestemming moet geven.",
        "It is certain who must consent.",
    ),
    Gate(
        "R14",
        "P",
        "Het toestemmingsregister is bij.",
        "The consent register is up to date.",
    ),
    Gate(
        "R15",
        "L Jeugdwet 7.3.11, BW 7:457",
        "Wie moet instemmen, stemde in, en niemand van hen heeft bezwaar.",
        "Who must consent did, and none of them objects.",
    ),
    Gate(
        "R16",
        "L AVG 5(1)(c), 9, 10",
        "Alleen de onderdelen gaan mee die deze ontvanger mag hebben.",
        "Only the sections go that this recipient may have.",
    ),
    Gate(
        "R17",
        "P",
        "Wie een signaal gaf, hoort in elk geval of het is opgepakt.",
        "Who raised a signal hears at least whether it was taken up.",
    ),
)
"""What is asked for each recipient."""

ORDER = {row.gate: place for place, row in enumerate((*EVENT_GATES, *RECIPIENT_GATES))}
"""The place of each gate in the one order."""


def law_of(basis: str) -> str | None:
    """Return the law articles and standards that a basis names, or None when it is policy alone."""
    parts = [part.strip() for part in basis.split(";")]
    named = [
        part.removeprefix("L ")
        for part in parts
        if part not in {"L", "P"} and not part.startswith(("P ", "L/P"))
    ]
    return "; ".join(named) or None
