"""The questions of `questions` in plain English: what is missing, who can settle it, what to send."""

from __future__ import annotations

from hub.core.reasons import Reason

ENGLISH_QUESTIONS: dict[Reason, str] = {
    Reason.HOLD_EVALUATION_ERROR: (
        "You need not send anything. The hub's operator looks at it. Is it urgent? Then telephone the recipient."
    ),
    Reason.HOLD_POLICY_INVALID: (
        "You need not send anything. The hub's operator repairs the settings; then the message is judged again. Is "
        "it urgent? Then telephone the recipient."
    ),
    Reason.HOLD_CLOSING_GATE: (
        "Are all items of the Big 5 in order, or has the next provider taken over? Then ask for the closing again "
        "and state it. Until then you stay responsible."
    ),
    Reason.DENY_RECIPIENT_UNKNOWN: (
        "Is the name of the recipient right? Choose an active partner and send the message again. The municipality "
        "keeps the list of partners."
    ),
    Reason.HOLD_IDENTITY_AMBIGUOUS: (
        "Who is this about? Check the number and the birth date against an identity document and register the person."
    ),
    Reason.HOLD_AREA_UNKNOWN: (
        "In which district does this person live? Check the address and pass it on. Living outside the city? Then "
        "turn to that municipality."
    ),
    Reason.HOLD_NO_OWNER: (
        "You need not send anything: the municipality must appoint a responsible organisation. Do you know who it "
        "is? Then send the message with that name."
    ),
    Reason.HOLD_AMBIGUOUS_OWNER: (
        "You need not send anything: the municipality must say which organisation is responsible. Do you know which "
        "one it is? Then send the message with that name."
    ),
    Reason.HOLD_AREA_MISMATCH: (
        "Did you mean the team of the area where the family lives? Send the message to the local team without a "
        "name: the hub finds the right one. Did the family move? Then pass on the new address."
    ),
    Reason.HOLD_ORIGIN_UNKNOWN: (
        "Where do these data come from: from you, or from the police? State it in a next revision of the message."
    ),
    Reason.HOLD_JUSTIFICATION_MISSING: (
        "Which answers are still missing for this route: the steps, the reasons, who decided, which sections are "
        "needed? Complete them in a next revision of the message."
    ),
    Reason.DENY_PURPOSE_UNREGISTERED: (
        "Do you and the recipient both have a registered legal ground for this purpose? Register it with the "
        "municipality and send the message again, or choose the right purpose. Consent does not repair this."
    ),
    Reason.HOLD_AGE_UNKNOWN: "What is the birth date? Check it and register the person again.",
    Reason.HOLD_CAPACITY_UNCLEAR: (
        "Can this person decide about this? Have a qualified professional judge it and pass on the judgement."
    ),
    Reason.HOLD_CUSTODY_UNKNOWN: "Who has custody? Look it up in the custody register and pass on who it is.",
    Reason.HOLD_REPRESENTATIVE_UNKNOWN: (
        "Who represents this adult: a curator, a mentor, a proxy, the partner or family? Pass on who it is."
    ),
    Reason.HOLD_CUSTODY_STALE: (
        "Is the custody still the same? Look it up again in the custody register and pass it on with today's date."
    ),
    Reason.HOLD_CONSENT_STATE_STALE: (
        "You saw a newer state of the consents than the hub has. Pass on consents, objections and withdrawals that "
        "you recorded and did not send yet. Otherwise you need not do anything: the message goes on by itself."
    ),
    Reason.HOLD_CONSENT_UNREADABLE: (
        "Which consent or objection was meant? Ask whoever recorded it to record it again, under the same number "
        "with a higher version."
    ),
    Reason.DENY_CHILD_REFUSED: (
        "Talk with the young person. Only when the young person changes their mind: pass on that the objection is "
        "withdrawn and that there is consent, and send the message again."
    ),
    Reason.HOLD_OBJECTION_CONFLICT: (
        "Can you talk with everyone who decides? When they agree, pass on that the objection is withdrawn and who "
        "consents."
    ),
    Reason.DENY_OBJECTION: (
        "Talk with whoever objects. Only when the objection is withdrawn and there is consent: pass both on and send "
        "the message again."
    ),
    Reason.DENY_WITHDRAWN: (
        "Is there a new consent? Only then: pass it on and send the message again. Do not press for it."
    ),
    Reason.DENY_EXPIRED: "Does the family consent once more? Pass on the new consent and send the message again.",
    Reason.HOLD_CONSENT_EVIDENCE: (
        "Who consented, when and how, and where is that recorded? Pass on the consent with those details."
    ),
    Reason.HOLD_NOT_YET_VALID: (
        "You need not send anything: the message goes on when the consent starts. Should it be sooner? Ask for it "
        "and pass on the consent with an earlier start."
    ),
    Reason.HOLD_CHILD_CONSENT_MISSING: (
        "Did you ask the young person? Explain what you want to share with whom, and pass on the consent."
    ),
    Reason.HOLD_PARENT_CONSENT_MISSING: (
        "Did you ask a parent or guardian with custody? Explain what you want to share with whom, and pass on the "
        "consent."
    ),
    Reason.HOLD_SECOND_PARENT: (
        "Did you ask the other parent with custody? Explain what you want to share with whom, and pass on the consent."
    ),
    Reason.HOLD_AGE_LAPSED: (
        "Did you ask the young person, who now decides alone? Explain what you want to share with whom, and pass on "
        "the consent."
    ),
    Reason.DENY_NOT_ENTITLED: (
        "Who may decide about this? Ask that person and pass on the consent. Is the custody known to the hub not "
        "right? Then pass on who has it. Send the message again after that."
    ),
    Reason.HOLD_RECIPIENT_SCOPE: "Does the family also consent to this local team? Ask, and pass on the consent.",
    Reason.DENY_RECIPIENT_SCOPE: (
        "Does the family also consent to this recipient? Ask, pass on the consent and send the message again."
    ),
    Reason.DENY_PURPOSE: (
        "Does the family also consent for this purpose? Ask, pass on the consent and send the message again."
    ),
    Reason.DENY_SENDER_SCOPE: (
        "Does the family also consent to your sharing this? Ask, pass on the consent and send the message again."
    ),
    Reason.DENY_NOT_SPECIFIC: (
        "To what exactly does the family consent? Ask who may share what with whom and for what, pass that on and "
        "send the message again."
    ),
    Reason.DENY_NO_CONSENT: (
        "Did you ask for consent? Explain what you want to share with whom. When there is consent: pass it on and "
        "send the message again."
    ),
    Reason.HOLD_PROTECTION_UNKNOWN: "Is the address secret? Ask, and pass on whether it is or not.",
    Reason.HOLD_SCAN_MISSING: (
        "Was the text checked for citizen numbers and names? Have your system check it and send a next revision of "
        "the message with the result."
    ),
    Reason.DENY_NOTHING_LEFT: (
        "Which sections does the recipient really need? Ask consent for those sections by name, pass it on and send "
        "the message again, or leave out what need not go along."
    ),
    Reason.HOLD_INSPECTION_REVIEW: (
        "Does the child's interest oppose this inspection? Have a professional weigh it and state the answer in the "
        "request."
    ),
    Reason.DENY_INSPECTION_CHILD_INTEREST: (
        "Is this still so later? Have a professional weigh it again and make the request again. Explain to the family "
        "why it is not possible now and where they can complain."
    ),
}
