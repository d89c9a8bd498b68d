"""How much a sentence tells by itself: greetings and questions tell little, "It did" tells it of what nobody knows."""

from __future__ import annotations

import re
from typing import Final

from core.analysis.clusters.stopwords import stop_words
from core.vectors.words import asked_words

__all__ = ["is_question", "telling"]

# Words that point to a sentence before, at the head of one: English, German, French, Spanish, Italian, Portuguese, Dutch,
# Russian; Chinese and Japanese at the head without a space.
_POINTING: Final = re.compile(
    r"\W*(?:(?:and|but|so|then|also|und|aber|et|mais|y|pero|e|ma|en|maar)\W+)?"
    r"(?:(?:he|she|it|they|this|that|these|those|his|her|their|its|him|them|such|it's|he's|she's|they're|that's|er|sie|es|dies\w*"
    r"|das|il|elle|ils|elles|cela|ça|ce|cette|él|ella|ellos|ellas|eso|esto|lui|lei|loro|questo|ele|ela|eles|isso|hij|zij|ze|het|dit"
    r"|dat|он|она|оно|они|это)(?![\w])|他|她|它|这|那|彼|彼女|それ|これ)",
    re.IGNORECASE,
)
_ASKS: Final = re.compile(r"[?？؟][\"'”’»)\]]*\s*$")
# Of English and Russian also the words of small talk.
_SMALL_TALK: Final = stop_words({}, 0) | {"okay", "sorry", "thank", "welcome", "wow", "yeah"}
_PIECE: Final = re.compile(r"[a-z]{1,2}")  # what an apostrophe leaves, as of "you're"
_TITLE: Final = re.compile(r"\s*#{1,6} [^\n]*")  # it says what follows tells of
_FULL: Final = 5.0
_FEW: Final = 2


def is_question(sentence: str) -> bool:
    """Say whether a sentence asks."""
    return _ASKS.search(sentence) is not None


def telling(sentence: str) -> float:
    """Return how much a sentence tells by itself, 0 to 1, by its words that tell something: all from five of them on."""
    words = [word for word in asked_words(sentence, "en") if word not in _SMALL_TALK and not _PIECE.fullmatch(word)]
    value = min(1.0, len(words) / _FULL) * (0.5 if len(words) < _FEW else 1.0)
    if is_question(sentence):
        value *= 0.4
    if _TITLE.fullmatch(sentence):
        value *= 0.3
    return value * (0.6 if _POINTING.match(sentence) else 1.0)
