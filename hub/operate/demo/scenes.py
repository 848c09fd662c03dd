"""The story, scene by scene. Every scene checks what it shows; one that does not come true ends the demonstration."""

from __future__ import annotations

from hub.core.model import JsonObject
from hub.operate.demo import letters
from hub.operate.demo.letters import PARENT, TEENAGER, YOUNGEST, Person
from hub.operate.demo.play import (
    CARE,
    CRISIS,
    GP,
    HEALTH,
    SCHOOL,
    TEAM,
    VEILIG_THUIS,
    Play,
    Scene,
    Told,
    expect,
    reasons,
)
from hub.operate.demo.scenes_over_time import family_asks, referral
from hub.operate.demo.stage import in_state, is_decided

MATCH_FIELDS = {"event_type", "basis", "date", "contacts"}


def introduce(play: Play) -> Told:
    """The facts: two children, their home, their parent, and the consents on record."""
    for child, birth in ((YOUNGEST, letters.born(10)), (TEENAGER, letters.born(14))):
        registered = play.publish(
            f"registered {child.name}", HEALTH, "subject.registered", letters.registration(child, birth)
        )
        play.stage.settled(registered)
    team: JsonObject = {"kind": "local_team"}
    school: JsonObject = {"org": SCHOOL}
    gp: JsonObject = {"org": GP}
    consents: list[tuple[str, Person, Person, JsonObject, JsonObject, str, list[str]]] = [
        ("c_school_team", YOUNGEST, PARENT, {"kind": "school"}, team, "help_request", ["narrative"]),
        ("c_gp_team", YOUNGEST, PARENT, {"kind": "gp"}, team, "help_request", ["narrative"]),
        ("c_school_gp", YOUNGEST, PARENT, {"kind": "school"}, gp, "coordination", ["contact"]),
        ("c_gp_school", YOUNGEST, PARENT, {"kind": "gp"}, school, "coordination", ["contact", "narrative"]),
        ("c_school_care", YOUNGEST, PARENT, {"kind": "school"}, {"org": CARE}, "coordination", ["narrative"]),
        ("c_gp_care", YOUNGEST, PARENT, {"org": GP}, {"org": CARE}, "referral", ["narrative"]),
        ("c_care_gp", YOUNGEST, PARENT, {"org": CARE}, {"org": GP}, "waiting_list_support", ["narrative"]),
        ("c_parent_teenager", TEENAGER, PARENT, {"kind": "school"}, team, "help_request", ["narrative"]),
    ]
    last = None
    for consent_id, child, giver, sender, recipient, purpose, sections in consents:
        data = letters.consent(consent_id, child, giver, sender, recipient, purpose, sections)
        last = play.publish(consent_id, HEALTH, "consent.given", data)
    if last is not None:
        play.stage.settled(last)
    return Told(
        note="Two children, one parent with custody, eight consents: each for one purpose, with named sections."
    )


def consented_signal(play: Play) -> Told:
    """A signal with consent reaches the local team of the child's own district."""
    data = letters.signal(
        YOUNGEST,
        "s-1",
        [{"to": {"kind": "local_team"}}],
        "Komt sinds drie weken zonder ontbijt op school en valt stil.",
    )
    sent = play.publish("signal", SCHOOL, "signal.raised", data)
    arrival = play.stage.arrived(TEAM, "signal.raised")
    receipt = play.stage.settled(sent)
    expect("ok_consent" in reasons(receipt), "the consented signal was not allowed by consent")
    expect("narrative" in arrival.sections, "the consented narrative did not arrive")
    return Told(
        ((sent, receipt),),
        (arrival,),
        "The team was found by the child's district; the signature was checked by the team.",
    )


def same_again(play: Play) -> Told:
    """The same event again: answered as the first time, delivered to nobody."""
    first = play.published["signal"]
    before = len(play.stage.inbox.arrivals)
    again = play.stage.send(SCHOOL, "signal.raised", first.body)
    expect(again.uid == first.uid, "the repeat was not answered as the first time")

    def twice(receipt: JsonObject) -> bool:
        times = receipt.get("verdicts", [])
        return isinstance(times, list) and len(times) > 1

    receipt = play.stage.settled(again, twice)
    expect(len(play.stage.inbox.arrivals) == before, "a repeat woke a receiver")
    return Told(((again, receipt),), note="Verdict: duplicate. The team's inbox is unchanged.")


def match(play: Play) -> Told:
    """Another organisation signals about the same child: both get each other's contact card, nothing else."""
    data = letters.signal(
        YOUNGEST,
        "h-1",
        [{"to": {"kind": "local_team"}}],
        "Ouder vraagt zelf om hulp bij de opvoeding.",
        domains=("J1",),
    )
    sent = play.publish("gp signal", GP, "signal.raised", data)
    receipt = play.stage.settled(sent)
    cards = (play.stage.arrived(SCHOOL, "match.reported"), play.stage.arrived(GP, "match.reported"))
    for card in cards:
        expect(set(card.data) == MATCH_FIELDS, "a match told more than contact cards, basis and date")
    return Told(
        ((sent, receipt),), cards, "Consent for coordination holds in both directions, so both are told."
    )


def letter_without_health(play: Play) -> Told:
    """A GP writes to the school; the health section stays behind, because no consent names it."""
    data = letters.signal(
        YOUNGEST, "h-2", [{"to": {"org": SCHOOL}}], "Graag samen kijken naar de ochtenden.", purpose="coordination",
        domains=("J4",), health="Onderzoek loopt.", identity=False,
    )  # fmt: skip
    sent = play.publish("letter", GP, "signal.raised", data)
    arrival = play.stage.arrived(SCHOOL, "signal.raised")
    receipt = play.stage.settled(sent)
    expect("health" not in arrival.sections, "health reached a school without consent")
    expect("narrative" in arrival.sections, "the consented narrative did not arrive at the school")
    return Told(((sent, receipt),), (arrival,), "Redacted: the section health never left the hub.")


def withdrawal(play: Play) -> Told:
    """A receiver is down; before it comes back the parent withdraws: nothing is delivered."""
    data = letters.signal(
        YOUNGEST,
        "s-2",
        [{"to": {"org": CARE}}],
        "Vraag om mee te denken.",
        purpose="coordination",
        domains=("J5",),
        identity=False,
    )
    sent = play.publish("waiting", SCHOOL, "signal.raised", data)
    play.stage.settled(sent, in_state("pending"))
    gone = play.publish(
        "withdrawn", HEALTH, "consent.withdrawn", letters.withdrawal("c_school_care", YOUNGEST)
    )
    # An attempt that was under way just then counts as one that may have told something: the receiver then gets the
    # notice, once it is back. So only the decision is waited for here.
    play.stage.settled(gone, is_decided)
    play.care_system.start()
    receipt = play.stage.settled(sent, in_state("withheld"))
    expect("deny_withdrawn" in reasons(receipt), "the withdrawal is not the reason on record")
    expect(play.stage.inbox.find(CARE, "signal.raised") is None, "a withdrawn message was delivered")
    return Told(
        ((sent, receipt),), note="The moment of delivery decides: the receiver is back, and nothing comes."
    )


def report(play: Play) -> Told:
    """A report to Veilig Thuis without consent, with the answers that the reporting code asks."""
    recipient: JsonObject = {"to": {"kind": "veilig_thuis"}, "exception": letters.REPORTING_CODE}
    data = letters.signal(
        TEENAGER, "s-3", [recipient], "Meerdere signalen van onveiligheid thuis.", purpose="safety_report",
        domains=("J2",), urgency="u2", safety_level="suspected_unsafe",
    )  # fmt: skip
    sent = play.publish("report", SCHOOL, "signal.raised", data)
    arrival = play.stage.arrived(VEILIG_THUIS, "signal.raised")
    receipt = play.stage.settled(sent)
    expect("ok_legal_veilig_thuis" in reasons(receipt), "the report did not go on its legal ground")
    return Told(
        ((sent, receipt),),
        (arrival,),
        "Without consent, not without account: the duties stay with the sender.",
    )


def crisis(play: Play) -> Told:
    """A crisis at night: on the live feed of the crisis team within a moment."""
    recipient: JsonObject = {"to": {"kind": "crisis_team"}, "exception": letters.LIFE_IN_DANGER}
    data = letters.signal(
        TEENAGER, "z-1", [recipient], "Dreigt zichzelf iets aan te doen; wij zijn bij de jongere.", purpose="crisis",
        domains=("J2",), urgency="u1", safety_level="acute",
    )  # fmt: skip
    sent = play.publish("crisis", CARE, "crisis.reported", data)
    arrival = play.stage.arrived(CRISIS, "crisis.reported")
    receipt = play.stage.settled(sent)
    expect("ok_vital_interest" in reasons(receipt), "the crisis did not go on vital interest")
    answer = play.publish(
        "confirmed", CRISIS, "crisis.confirmed", letters.confirmation(TEENAGER, sent.event_id, CARE)
    )
    confirmed = play.stage.arrived(CARE, "crisis.confirmed")
    return Told(
        ((sent, receipt), (answer, play.stage.settled(answer))),
        (arrival, confirmed),
        "Read on the open feed, as `curl -N` would; the team confirms that it is on its way.",
    )


def held_and_cured(play: Play) -> Told:
    """A signal about a 14-year-old who was not asked is held; the missing consent releases it by itself."""
    start = len(play.stage.inbox.arrivals)
    data = letters.signal(
        TEENAGER,
        "s-4",
        [{"to": {"kind": "local_team"}}],
        "Zoekt een rustige plek voor huiswerk.",
        domains=("J4",),
    )
    sent = play.publish("held", SCHOOL, "signal.raised", data)
    held = play.stage.settled(sent, in_state("held"))
    expect("hold_child_consent_missing" in reasons(held), "the hold has another reason")
    question = play.stage.arrived(SCHOOL, "completion.requested")
    own = letters.consent(
        "c_teenager",
        TEENAGER,
        TEENAGER,
        {"kind": "school"},
        {"kind": "local_team"},
        "help_request",
        ["narrative"],
    )
    play.publish("own consent", HEALTH, "consent.given", own)
    arrival = play.stage.arrived(TEAM, "signal.raised", start)
    released = play.stage.settled(sent)
    return Told(
        ((sent, held), (sent, released)),
        (question, arrival),
        "Held, asked, answered, released: nobody had to send it again.",
    )


def feedback(play: Play) -> Told:
    """The team answers the school; without consent for feedback only "taken up" goes back."""
    first = play.published["signal"]
    sent = play.publish(
        "feedback", TEAM, "feedback.given", letters.feedback(YOUNGEST, first.event_id, SCHOOL)
    )
    arrival = play.stage.arrived(SCHOOL, "feedback.given")
    receipt = play.stage.settled(sent)
    expect("ok_minimal_feedback" in reasons(receipt), "the feedback was not cut to the minimum")
    return Told(
        ((sent, receipt),), (arrival,), "The loop is closed, and the family's story stays with the team."
    )


SCENES = (
    Scene(
        "The family and what it agreed to", "The youth health service records facts and consents.", introduce
    ),
    Scene(
        "A consented signal", "The school tells the local team, with the parent's consent.", consented_signal
    ),
    Scene("The same again", "The school's system reconnects and sends the same event once more.", same_again),
    Scene("A match", "The GP signals about the same child.", match),
    Scene(
        "A letter without health",
        "The GP writes to the school; health is in the letter.",
        letter_without_health,
    ),
    Scene(
        "A withdrawal in time", "The youth-care system is down; meanwhile the parent withdraws.", withdrawal
    ),
    Scene("A report to Veilig Thuis", "The school reports without consent, with its justification.", report),
    Scene("A crisis", "Youth care reports danger to life; the crisis team watches its feed.", crisis),
    Scene("Held, and cured", "A 14-year-old was not asked yet; then agrees.", held_and_cured),
    Scene("Feedback", "The local team lets the school know.", feedback),
    Scene(
        "A referral, step by step",
        "The GP refers; youth care accepts and places the child on its waiting list.",
        referral,
    ),
    Scene(
        "The family asks",
        "At the local team's table the parent asks who shared what about the eldest.",
        family_asks,
    ),
)
