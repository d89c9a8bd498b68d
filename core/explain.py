"""The value of each part of a score, 0 to 1, with the sentence that says why."""

from __future__ import annotations

import re
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from core.candidates import Candidate
from core.curation.decay import DEFAULT_DECAY, DecayRules, effective_confidence
from core.lineage import Loan
from core.memory import Memory

__all__ = ["Reading", "author", "confidence", "lineage", "recency", "reinforcement", "similarity", "words", "words_of"]

_HALF_REINFORCED: Final = 3
_UNSTATED_CONFIDENCE: Final = 0.5
_DAY_S: Final = 86_400.0
_NAME_CHARS: Final = 60
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class Reading:
    """A part's value and why: a sentence, or what writes it, since of most candidates nobody reads it."""

    value: float
    said: str | Callable[[], str]

    @property
    def why(self) -> str:
        """The sentence."""
        return self.said if isinstance(self.said, str) else self.said()


def words_of(text: str | None) -> AbstractSet[str]:
    """Return the words of a text or identifier in lower case."""
    return set(_WORD.findall(text.lower())) if text else set()


def similarity(cosine: float | None, best: float) -> Reading:
    """Read (1 + cosine) / (1 + best cosine): the lowest cosine that there can be counts as 0."""
    if cosine is None:
        return Reading(0.0, "Its vector could not be read any more, so its meaning counts as 0.")
    if cosine >= best:
        return Reading(1.0, f"Cosine similarity {cosine:.2f} to the query: the closest in meaning of all candidates.")
    value = max(0.0, (1 + cosine) / (1 + best))
    return Reading(
        value,
        lambda: (
            f"Cosine similarity {cosine:.2f} to the query, the closest candidate has {best:.2f}: "
            f"(1 + {cosine:.2f}) / (1 + {best:.2f}) = {value:.2f}."
        ),
    )


def words(bm25: float | None, best: float) -> Reading:
    """Read BM25 / best BM25; outside the list of matches by words it counts as 0."""
    if bm25 is None:
        return Reading(0.0, "Not among the best matches by words, so words count as 0.")
    if bm25 <= 0 or best <= 0:
        return Reading(0.0, f"The words that match are too common to tell: BM25 score {bm25:.2f}.")
    if bm25 >= best:
        return Reading(1.0, f"BM25 score {bm25:.1f} for the query's words: the best match by words.")
    value = bm25 / best
    return Reading(
        value, lambda: f"BM25 score {bm25:.1f} for the query's words, the best match has {best:.1f}: {value:.2f}."
    )


def author(memory: Memory, asked: AbstractSet[str]) -> Reading:
    """Read which part of the agent's name the query has and the text has not: "I sent it" by planner is about it."""
    name = words_of(memory.agent_id)
    named = name & asked
    if not named:
        return Reading(0.0, "The query does not name its agent.")
    unsaid = named - words_of(memory.content)
    if not unsaid:
        return Reading(0.0, f"Its text names the agent {_short(memory.agent_id)} itself, which counts as meaning and words.")
    value = len(unsaid) / len(name)
    return Reading(value, f"The query names its agent {_short(memory.agent_id)}, which its text does not: {value:.2f}.")


def lineage(loan: Loan | None) -> Reading:
    """Read the relevance that the best memory derived from this one lends it."""
    if loan is None or loan.value <= 0:
        return Reading(0.0, "No candidate was derived from it.")
    shared = "its only source" if loan.sources == 1 else f"one of its {loan.sources} sources"
    return Reading(
        loan.value,
        f"It is {shared}: {_short(loan.derived)} has a relevance of {loan.relevance:.2f}: it lends {loan.value:.2f}.",
    )


def recency(candidate: Candidate, half_life: float, now: datetime) -> Reading:
    """Read 2^(-age / half-life), the age since it was made or last recalled."""
    made, recalled = candidate.memory.created_at, candidate.memory.last_recalled_at
    touched = max((moment for moment in (made, recalled) if moment is not None), default=None)
    if touched is None:
        return Reading(0.0, "It does not say when it was made, so recency counts as 0.")

    def verb() -> str:
        return "Last recalled" if touched == recalled and touched != made else "Created"

    days = (now - touched).total_seconds() / _DAY_S
    if days <= 0:
        return Reading(1.0, lambda: f"{verb()} just now or later: recency counts as 1.")
    value = 2.0 ** (-days / half_life)
    return Reading(
        value, lambda: f"{verb()} {_age(days)} ago; with a half-life of {half_life:g} days this counts as {value:.2f}."
    )


def reinforcement(count: int) -> Reading:
    """Read n / (n + 3) for n earlier recalls."""
    if not count:
        return Reading(0.0, "Never recalled before.")
    value = count / (count + _HALF_REINFORCED)
    times = "once" if count == 1 else f"{count:,} times"
    return Reading(value, f"Recalled {times} before: {count:,} / ({count:,} + {_HALF_REINFORCED}) = {value:.2f}.")


def confidence(
    memory: Memory, now: datetime, *, decay: DecayRules = DEFAULT_DECAY, last_recall: datetime | None = None
) -> Reading:
    """Read what is left of the stated confidence; where nobody stated one it counts as a half."""
    found = effective_confidence(memory, now=now, rules=decay, last_recall=last_recall)
    if found is None:
        return Reading(_UNSTATED_CONFIDENCE, f"No confidence stated: it counts as {_UNSTATED_CONFIDENCE:g}.")
    return Reading(float(found.value), lambda: found.sentence)


def _age(days: float) -> str:
    if days >= 1:
        return f"{days:,.0f} day{'s' if round(days) != 1 else ''}"
    hours = days * 24
    return f"{hours:.0f} hour{'s' if round(hours) != 1 else ''}" if hours >= 1 else f"{hours * 60:.0f} min"


def _short(name: str | None) -> str:
    text = name or ""
    return f"“{text if len(text) <= _NAME_CHARS else text[: _NAME_CHARS - 1] + '…'}”"
