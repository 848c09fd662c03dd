"""One plain Dutch sentence per reason code: what partners and families read. CODES.md section 4."""

from __future__ import annotations

from hub.core.reasons import Reason

DUTCH: dict[Reason, str] = {
    Reason.DENY_BSN_IN_METADATA: (
        "Het bericht toonde een BSN buiten het afgeschermde deel. Het is geweigerd en verwijderd."
    ),
    Reason.HOLD_EVALUATION_ERROR: (
        "De hub kon dit bericht niet beoordelen. Beheer is gewaarschuwd; er is niets verzonden."
    ),
    Reason.HOLD_POLICY_INVALID: (
        "De instellingen van de hub kloppen niet. Beheer is gewaarschuwd; er is niets verzonden."
    ),
    Reason.DENY_SCHEMA: "Het bericht voldoet niet aan de afgesproken vorm.",
    Reason.DENY_SENDER: "De afzender is niet vastgesteld of niet actief.",
    Reason.DENY_TYPE_NOT_ALLOWED: "Dit soort organisatie mag dit soort bericht niet sturen.",
    Reason.DENY_CONFLICT: (
        "Eerder kwam een ander bericht met hetzelfde nummer binnen. Er is niets verzonden; de "
        "afzender krijgt een vraag."
    ),
    Reason.DENY_DUPLICATE: "Dit bericht is al verwerkt.",
    Reason.DENY_STALE: "Een nieuwere versie is al verwerkt, of het bericht is ingetrokken.",
    Reason.DENY_HOLD_EXPIRED: "De vraag is niet binnen tien werkdagen beantwoord; het bericht is verwijderd.",
    Reason.DENY_USE_CORV: "Een verzoek tot onderzoek gaat via CORV naar de Raad.",
    Reason.DENY_K_ANONYMITY: "Een aantal is te klein om veilig te publiceren.",
    Reason.DENY_LIFECYCLE_ACTOR: "Deze partij mag deze stap niet zetten.",
    Reason.DENY_LIFECYCLE_ORDER: "Deze stap past niet bij de huidige stand.",
    Reason.HOLD_CLOSING_GATE: "Afsluiten kan nog niet: de Big 5 is niet op orde en er is geen overname.",
    Reason.DENY_RECIPIENT_UNKNOWN: "De ontvanger is geen actieve ketenpartner.",
    Reason.HOLD_IDENTITY_AMBIGUOUS: "Het staat niet vast om wie het gaat.",
    Reason.HOLD_AREA_UNKNOWN: "Het stadsdeel is onbekend of buiten de stad.",
    Reason.HOLD_NO_OWNER: "Er is geen organisatie verantwoordelijk. Het bericht wacht.",
    Reason.HOLD_AMBIGUOUS_OWNER: "Meer dan een organisatie past. Het bericht wacht.",
    Reason.HOLD_AREA_MISMATCH: "Het gezin woont in het gebied van een ander team.",
    Reason.DENY_EMERGENCY_LINE: (
        "Levensgevaar: bel 112. De hub stuurt dit alleen naar Veilig Thuis en het crisisteam."
    ),
    Reason.DENY_ROUTE: "Deze route staat niet open voor deze afzender en ontvanger.",
    Reason.DENY_ANONYMITY_LEAK: "De vraag is te herleiden tot een persoon.",
    Reason.DENY_FEATURE_OFF: "Deze wettelijke route staat uit.",
    Reason.DENY_POLICE_BASIS_MISSING: "Politiegegevens vragen een vastgelegd besluit op grond van de Wpg.",
    Reason.DENY_ONWARD: "Gegevens van de politie mogen niet worden doorgegeven.",
    Reason.HOLD_ORIGIN_UNKNOWN: "De afzender moet aangeven waar deze gegevens vandaan komen.",
    Reason.HOLD_JUSTIFICATION_MISSING: "Voor deze route ontbreken verplichte antwoorden.",
    Reason.DENY_PURPOSE_UNREGISTERED: (
        "Afzender of ontvanger heeft geen geregistreerde grondslag voor dit doel."
    ),
    Reason.HOLD_AGE_UNKNOWN: "De geboortedatum ontbreekt of klopt niet.",
    Reason.HOLD_CAPACITY_UNCLEAR: (
        "Onduidelijk of deze persoon dit zelf kan beslissen. Een professional moet dat beoordelen."
    ),
    Reason.HOLD_CUSTODY_UNKNOWN: "Niet bekend is wie het gezag heeft.",
    Reason.HOLD_REPRESENTATIVE_UNKNOWN: "Niet bekend is wie deze volwassene vertegenwoordigt.",
    Reason.HOLD_CUSTODY_STALE: "Het gezag is te lang geleden nagekeken.",
    Reason.HOLD_CONSENT_STATE_STALE: "Het toestemmingsregister loopt nog achter.",
    Reason.HOLD_CONSENT_UNREADABLE: "Een vastgelegde toestemming of een bezwaar is niet leesbaar.",
    Reason.DENY_CHILD_REFUSED: "De jongere zegt nee.",
    Reason.HOLD_OBJECTION_CONFLICT: "De een stemt in, de ander heeft bezwaar. Eerst in gesprek.",
    Reason.DENY_OBJECTION: "Er is bezwaar tegen dit delen.",
    Reason.DENY_WITHDRAWN: "De toestemming is ingetrokken.",
    Reason.DENY_EXPIRED: "De toestemming is verlopen.",
    Reason.HOLD_CONSENT_EVIDENCE: "Niet vastgelegd is wie, wanneer of hoe toestemming gaf.",
    Reason.HOLD_NOT_YET_VALID: "De toestemming gaat later in.",
    Reason.HOLD_CHILD_CONSENT_MISSING: "De jongere (12 jaar of ouder) is nog niet gevraagd.",
    Reason.HOLD_PARENT_CONSENT_MISSING: "Nog geen ouder of voogd met gezag heeft ingestemd.",
    Reason.HOLD_SECOND_PARENT: "Ook de andere ouder met gezag moet instemmen.",
    Reason.HOLD_AGE_LAPSED: "De jongere beslist nu zelf; de toestemming van ouders telt niet meer.",
    Reason.DENY_NOT_ENTITLED: "Wie instemde, is daartoe niet bevoegd.",
    Reason.HOLD_RECIPIENT_SCOPE: "De toestemming noemt een ander lokaal team; vraag opnieuw.",
    Reason.DENY_RECIPIENT_SCOPE: "De toestemming noemt deze ontvanger niet.",
    Reason.DENY_PURPOSE: "De toestemming is voor een ander doel.",
    Reason.DENY_SENDER_SCOPE: "De toestemming noemt deze afzender niet.",
    Reason.DENY_NOT_SPECIFIC: 'De toestemming is te algemeen ("iedereen", "alles").',
    Reason.DENY_NO_CONSENT: "Er is geen toestemming voor dit delen.",
    Reason.HOLD_PROTECTION_UNKNOWN: "Niet bekend is of het adres geheim is.",
    Reason.HOLD_SCAN_MISSING: "De tekst is niet nagekeken op nummers en namen.",
    Reason.DENY_NOTHING_LEFT: "Na weglaten blijft er niets bruikbaars over.",
    Reason.DENY_MATCH_ONESIDED: "Niet iedereen stemde in met afstemming; er wordt geen match getoond.",
    Reason.DENY_RETENTION: "Het bericht wordt niet meer bewaard.",
    Reason.DENY_INSPECTION_VIA_REPRESENTATIVE: (
        "Een wettelijk vertegenwoordiger vraagt dit op; het kind krijgt uitleg."
    ),
    Reason.HOLD_INSPECTION_REVIEW: "Een professional weegt eerst het belang van het kind.",
    Reason.DENY_INSPECTION_CHILD_INTEREST: "Het belang van het kind verzet zich tegen deze inzage.",
    Reason.DENY_INSPECTION_NOT_ENTITLED: "Deze persoon heeft geen recht op deze inzage.",
    Reason.OK_RECORDED: "Het feit is vastgelegd.",
    Reason.OK_ACCEPTED: "Het bericht is aangenomen; zie elke ontvanger.",
    Reason.OK_AGGREGATE: "Aantallen zonder personen.",
    Reason.OK_ANONYMOUS_CONSULTATION: "Advies zonder herleidbare gegevens.",
    Reason.OK_ACKNOWLEDGEMENT: "Procesinformatie voor de oorspronkelijke afzender.",
    Reason.OK_ALERT: "Melding aan een partij in deze casus.",
    Reason.OK_LEGAL_VEILIG_THUIS: "Melding aan Veilig Thuis zonder toestemming.",
    Reason.OK_VITAL_INTEREST: "Nodig om het leven te beschermen.",
    Reason.OK_LEGAL_DEBT_SIGNAL: "Vroegsignaal schulden op grond van de wet.",
    Reason.OK_LEGAL_SUPERVISION_ORDER: "Aan de instelling die de maatregel uitvoert.",
    Reason.OK_LEGAL_CHILD_PROTECTION_BOARD: "Aan de Raad voor diens taak.",
    Reason.OK_FEEDBACK_REPORTER: "Veilig Thuis laat de melder weten wat is gedaan.",
    Reason.OK_POLICE_DATA_ACT: "Binnen een vastgelegd besluit van de politie.",
    Reason.OK_CARE_SAFETY_HOUSE: "Binnen de Wet gegevensverwerking door samenwerkingsverbanden.",
    Reason.OK_VEILIG_THUIS_TASK: "Wettelijke taak van Veilig Thuis.",
    Reason.OK_GOOD_HELPER: "De jongere stemt in; ouders betrekken zou schaden.",
    Reason.OK_SAME_TEAM: "Collega in dezelfde hulp.",
    Reason.OK_CONSENT: "Iedereen die moet instemmen, deed dat.",
    Reason.OK_CONSENT_ONE_PARENT: "Een ouder stemde in, geen bezwaar bekend; informeer de ander.",
    Reason.OK_CONSENT_REPRESENTATIVE: "De vertegenwoordiger stemde in.",
    Reason.OK_CHILD_ONLY_LAW: "Op deze route volstaat toestemming van de jongere.",
    Reason.OK_MINIMAL_FEEDBACK: 'Geen toestemming voor terugkoppeling: alleen "opgepakt of niet".',
    Reason.OK_WITHDRAWAL_NOTICE: "Bericht dat een toestemming is beëindigd.",
    Reason.OK_RETRACTION_NOTICE: "Bericht dat een signaal is ingetrokken.",
    Reason.OK_MATCH: "Twee organisaties worden met elkaar in contact gebracht.",
    Reason.OK_MATCH_LAPSED: "Een match is vervallen.",
    Reason.OK_SOURCE_ADDED: "Een tweede bron van dezelfde waarneming.",
    Reason.OK_LINKED_INTERNALLY: "Alleen voor de eigen coördinator.",
    Reason.OK_INSPECTION: "Volledige inzage.",
    Reason.OK_INSPECTION_LIMITED: "Inzage met weggelaten regels.",
    Reason.OK_REPLAY: "Het bericht is er nog; levering wordt opnieuw beoordeeld.",
}
