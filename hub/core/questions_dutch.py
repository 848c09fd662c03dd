"""De vragen van `questions` in gewoon Nederlands: the questions in plain Dutch, as partners read them."""

from __future__ import annotations

from hub.core.reasons import Reason

DUTCH_QUESTIONS: dict[Reason, str] = {
    Reason.HOLD_EVALUATION_ERROR: (
        "U hoeft niets te sturen. Beheer kijkt ernaar. Is er haast bij? Bel dan de ontvanger."
    ),
    Reason.HOLD_POLICY_INVALID: (
        "U hoeft niets te sturen. Beheer herstelt de instellingen; daarna wordt het bericht opnieuw beoordeeld. Is er "
        "haast bij? Bel dan de ontvanger."
    ),
    Reason.HOLD_CLOSING_GATE: (
        "Zijn alle onderdelen van de Big 5 op orde, of heeft de volgende aanbieder het overgenomen? Vraag de "
        "afsluiting dan opnieuw aan en vermeld dit. Tot die tijd blijft u verantwoordelijk."
    ),
    Reason.DENY_RECIPIENT_UNKNOWN: (
        "Klopt de naam van de ontvanger? Kies een actieve ketenpartner en stuur het bericht opnieuw. De gemeente "
        "houdt de lijst van partners bij."
    ),
    Reason.HOLD_IDENTITY_AMBIGUOUS: (
        "Om wie gaat het? Controleer nummer en geboortedatum aan de hand van een identiteitsbewijs en maak de persoon "
        "bekend."
    ),
    Reason.HOLD_AREA_UNKNOWN: (
        "In welk stadsdeel woont deze persoon? Controleer het adres en geef het door. Woont het gezin buiten de stad? "
        "Neem dan contact op met die gemeente."
    ),
    Reason.HOLD_NO_OWNER: (
        "U hoeft niets te sturen: de gemeente moet een verantwoordelijke organisatie aanwijzen. Weet u wie het is? "
        "Stuur het bericht dan met die naam."
    ),
    Reason.HOLD_AMBIGUOUS_OWNER: (
        "U hoeft niets te sturen: de gemeente moet zeggen welke organisatie verantwoordelijk is. Weet u welke het is? "
        "Stuur het bericht dan met die naam."
    ),
    Reason.HOLD_AREA_MISMATCH: (
        "Bedoelde u het team van het gebied waar het gezin woont? Stuur het bericht aan het lokale team zonder naam: "
        "de hub vindt het juiste. Is het gezin verhuisd? Geef dan het nieuwe adres door."
    ),
    Reason.HOLD_ORIGIN_UNKNOWN: (
        "Waar komen deze gegevens vandaan: van uzelf of van de politie? Vermeld dat in een volgende versie van het "
        "bericht."
    ),
    Reason.HOLD_JUSTIFICATION_MISSING: (
        "Welke antwoorden ontbreken nog voor deze route: de stappen, de redenen, wie besliste, welke onderdelen nodig "
        "zijn? Vul ze aan in een volgende versie van het bericht."
    ),
    Reason.DENY_PURPOSE_UNREGISTERED: (
        "Hebben u en de ontvanger allebei een geregistreerde grondslag voor dit doel? Laat die bij de gemeente "
        "registreren en stuur het bericht opnieuw, of kies het juiste doel. Toestemming lost dit niet op."
    ),
    Reason.HOLD_AGE_UNKNOWN: "Wat is de geboortedatum? Controleer die en maak de persoon opnieuw bekend.",
    Reason.HOLD_CAPACITY_UNCLEAR: (
        "Kan deze persoon hierover beslissen? Laat een bevoegde professional dat beoordelen en geef het oordeel door."
    ),
    Reason.HOLD_CUSTODY_UNKNOWN: "Wie heeft het gezag? Kijk het na in het gezagsregister en geef door wie het is.",
    Reason.HOLD_REPRESENTATIVE_UNKNOWN: (
        "Wie vertegenwoordigt deze volwassene: een curator, mentor, gemachtigde, de partner of familie? Geef door wie "
        "het is."
    ),
    Reason.HOLD_CUSTODY_STALE: (
        "Is het gezag nog hetzelfde? Kijk het opnieuw na in het gezagsregister en geef het door met de datum van "
        "vandaag."
    ),
    Reason.HOLD_CONSENT_STATE_STALE: (
        "U zag een nieuwere stand van de toestemmingen dan de hub heeft. Geef toestemmingen, bezwaren en intrekkingen "
        "door die u wel vastlegde, maar nog niet stuurde. Anders hoeft u niets te doen: het bericht gaat vanzelf door."
    ),
    Reason.HOLD_CONSENT_UNREADABLE: (
        "Welke toestemming of welk bezwaar was bedoeld? Vraag wie het vastlegde om dat opnieuw te doen, onder "
        "hetzelfde nummer met een hogere versie."
    ),
    Reason.DENY_CHILD_REFUSED: (
        "Ga in gesprek met de jongere. Alleen als de jongere van gedachten verandert: geef door dat het bezwaar is "
        "ingetrokken en dat er toestemming is, en stuur het bericht opnieuw."
    ),
    Reason.HOLD_OBJECTION_CONFLICT: (
        "Kunt u in gesprek gaan met iedereen die hierover beslist? Als zij het eens worden, geef dan door dat het "
        "bezwaar is ingetrokken en wie instemt."
    ),
    Reason.DENY_OBJECTION: (
        "Ga in gesprek met wie bezwaar heeft. Alleen als het bezwaar is ingetrokken en er toestemming is: geef beide "
        "door en stuur het bericht opnieuw."
    ),
    Reason.DENY_WITHDRAWN: (
        "Is er een nieuwe toestemming? Alleen dan: geef die door en stuur het bericht opnieuw. Dring er niet op aan."
    ),
    Reason.DENY_EXPIRED: (
        "Stemt het gezin opnieuw in? Geef de nieuwe toestemming door en stuur het bericht opnieuw."
    ),
    Reason.HOLD_CONSENT_EVIDENCE: (
        "Wie stemde in, wanneer en hoe, en waar is dat vastgelegd? Geef de toestemming door met die gegevens."
    ),
    Reason.HOLD_NOT_YET_VALID: (
        "U hoeft niets te sturen: het bericht gaat door zodra de toestemming ingaat. Moet het eerder? Vraag dat en "
        "geef de toestemming door met een eerdere begindatum."
    ),
    Reason.HOLD_CHILD_CONSENT_MISSING: (
        "Heeft u het de jongere gevraagd? Leg uit wat u met wie wilt delen en geef de toestemming door."
    ),
    Reason.HOLD_PARENT_CONSENT_MISSING: (
        "Heeft u het een ouder of voogd met gezag gevraagd? Leg uit wat u met wie wilt delen en geef de toestemming "
        "door."
    ),
    Reason.HOLD_SECOND_PARENT: (
        "Heeft u het de andere ouder met gezag gevraagd? Leg uit wat u met wie wilt delen en geef de toestemming door."
    ),
    Reason.HOLD_AGE_LAPSED: (
        "Heeft u het de jongere gevraagd, die nu zelf beslist? Leg uit wat u met wie wilt delen en geef de "
        "toestemming door."
    ),
    Reason.DENY_NOT_ENTITLED: (
        "Wie mag hierover beslissen? Vraag het die persoon en geef de toestemming door. Klopt het gezag dat de hub "
        "kent niet? Geef dan door wie het heeft. Stuur het bericht daarna opnieuw."
    ),
    Reason.HOLD_RECIPIENT_SCOPE: (
        "Stemt het gezin ook in met dit lokale team? Vraag het en geef de toestemming door."
    ),
    Reason.DENY_RECIPIENT_SCOPE: (
        "Stemt het gezin ook in met deze ontvanger? Vraag het, geef de toestemming door en stuur het bericht opnieuw."
    ),
    Reason.DENY_PURPOSE: (
        "Stemt het gezin ook in met dit doel? Vraag het, geef de toestemming door en stuur het bericht opnieuw."
    ),
    Reason.DENY_SENDER_SCOPE: (
        "Stemt het gezin ermee in dat u dit deelt? Vraag het, geef de toestemming door en stuur het bericht opnieuw."
    ),
    Reason.DENY_NOT_SPECIFIC: (
        "Waarmee stemt het gezin precies in? Vraag wie wat met wie mag delen en waarvoor, geef dat door en stuur het "
        "bericht opnieuw."
    ),
    Reason.DENY_NO_CONSENT: (
        "Heeft u toestemming gevraagd? Leg uit wat u met wie wilt delen. Is er toestemming, geef die dan door en stuur "
        "het bericht opnieuw."
    ),
    Reason.HOLD_PROTECTION_UNKNOWN: "Is het adres geheim? Vraag het na en geef door of het geheim is of niet.",
    Reason.HOLD_SCAN_MISSING: (
        "Is de tekst nagekeken op burgerservicenummers en namen? Laat uw systeem dat doen en stuur een volgende versie "
        "van het bericht met de uitkomst."
    ),
    Reason.DENY_NOTHING_LEFT: (
        "Welke onderdelen heeft de ontvanger echt nodig? Vraag toestemming voor juist die onderdelen, geef die door en "
        "stuur het bericht opnieuw, of laat weg wat niet mee hoeft."
    ),
    Reason.HOLD_INSPECTION_REVIEW: (
        "Verzet het belang van het kind zich tegen deze inzage? Laat een professional dat wegen en vermeld het "
        "antwoord in het verzoek."
    ),
    Reason.DENY_INSPECTION_CHILD_INTEREST: (
        "Is dit later nog zo? Laat een professional het opnieuw wegen en doe het verzoek opnieuw. Leg het gezin uit "
        "waarom het nu niet kan en waar het een klacht kan indienen."
    ),
}
