"""Which modules of hub/core are not mutated, and why."""

from __future__ import annotations

SENTENCES = "sentences for people and nothing else; tests keep their codes complete and equal to CODES.md"
EXCLUDED = {
    "__init__": "no code",
    "sentences_dutch": SENTENCES,
    "sentences_english": SENTENCES,
    "questions_dutch": SENTENCES,
    "questions_english": SENTENCES,
    "names_dutch": SENTENCES,
    "explaining_words": SENTENCES,
}
