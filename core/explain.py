"""The value of each part of a score, 0 to 1, and beside it what says why: of most candidates nobody reads that."""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from datetime import datetime
from functools import lru_cache
from typing import Final

from core.curation.decay import Effective
from core.lineage import Loan
from core.memory import Memory

__all__ = [
    "author",
    "confidence",
    "days_since",
    "lineage",
    "recency",
    "reinforcement",
    "similarity",
    "why_author",
    "why_confidence",
    "why_lineage",
    "why_recency",
    "why_reinforcement",
    "why_similarity",
    "why_words",
    "words",
    "words_of",
]

_HALF_REINFORCED: Final = 3
_UNSTATED_CONFIDENCE: Final = 0.5
_DAY_S: Final = 86_400.0
_NAME_CHARS: Final = 60
_WORD = re.compile(r"[^\W_]+")


def words_of(text: str | None) -> AbstractSet[str]:
    """Return the words of a text or identifier in lower case."""
    return set(_WORD.findall(text.lower())) if text else set()


@lru_cache(maxsize=4_096)
def _words_of_name(name: str | None) -> AbstractSet[str]:
    return frozenset(words_of(name))


def similarity(cosine: float | None, best: float) -> float:
    """Return (1 + cosine) / (1 + best cosine): the lowest cosine that there can be counts as 0."""
    if cosine is None:
        return 0.0
    return 1.0 if cosine >= best else max(0.0, (1 + cosine) / (1 + best))


def why_similarity(cosine: float | None, best: float) -> str:
    """Say why a similarity is what it is."""
    if cosine is None:
        return "Its vector could not be read any more, so its meaning counts as 0."
    if cosine >= best:
        return f"Cosine similarity {cosine:.2f} to the query: the closest in meaning of all candidates."
    return (
        f"Cosine similarity {cosine:.2f} to the query, the closest candidate has {best:.2f}: "
        f"(1 + {cosine:.2f}) / (1 + {best:.2f}) = {similarity(cosine, best):.2f}."
    )


def words(bm25: float | None, best: float) -> float:
    """Return BM25 / best BM25; outside the list of matches by words it counts as 0."""
    if bm25 is None or bm25 <= 0 or best <= 0:
        return 0.0
    return 1.0 if bm25 >= best else bm25 / best


def why_words(bm25: float | None, best: float) -> str:
    """Say why the words count as they do."""
    if bm25 is None:
        return "Not among the best matches by words, so words count as 0."
    if bm25 <= 0 or best <= 0:
        return f"The words that match are too common to tell: BM25 score {bm25:.2f}."
    if bm25 >= best:
        return f"BM25 score {bm25:.1f} for the query's words: the best match by words."
    return f"BM25 score {bm25:.1f} for the query's words, the best match has {best:.1f}: {words(bm25, best):.2f}."


def author(memory: Memory, asked: AbstractSet[str]) -> float:
    """Return which part of the agent's name the query has and the text has not: "I sent it" by planner is about it."""
    name = _words_of_name(memory.agent_id)
    if name.isdisjoint(asked):
        return 0.0
    return len((name & asked) - words_of(memory.content)) / len(name)


def why_author(memory: Memory, asked: AbstractSet[str]) -> str:
    """Say why the agent's name counts as it does."""
    if _words_of_name(memory.agent_id).isdisjoint(asked):
        return "The query does not name its agent."
    value = author(memory, asked)
    if not value:
        return f"Its text names the agent {_short(memory.agent_id)} itself, which counts as meaning and words."
    return f"The query names its agent {_short(memory.agent_id)}, which its text does not: {value:.2f}."


def lineage(loan: Loan | None) -> float:
    """Return the relevance that the best memory derived from this one lends it."""
    return 0.0 if loan is None or loan.value <= 0 else loan.value


def why_lineage(loan: Loan | None) -> str:
    """Say who lends it how much."""
    if loan is None or loan.value <= 0:
        return "No candidate was derived from it."
    if loan.merged:
        shared = f"stands for {loan.merged:,} of the {loan.sources:,} sources of another memory"
    else:
        shared = "is its only source" if loan.sources == 1 else f"is one of its {loan.sources} sources"
    return f"It {shared}: {_short(loan.derived)} has a relevance of {loan.relevance:.2f}: it lends {loan.value:.2f}."


def recency(memory: Memory, half_life: float, now: datetime) -> float:
    """Return 2^(-age / half-life), the age since it was made or last recalled."""
    days = days_since(memory, now)
    if days is None:
        return 0.0
    return 1.0 if days <= 0 else 2.0 ** (-days / half_life)


def why_recency(memory: Memory, half_life: float, now: datetime) -> str:
    """Say how old it is and what that counts."""
    touched = _touched(memory)
    if touched is None:
        return "It does not say when it was made, so recency counts as 0."
    made, recalled, days = memory.created_at, memory.last_recalled_at, _days(touched, now)
    verb = "Last recalled" if touched == recalled and touched != made else "Created"
    if days <= 0:
        return f"{verb} just now or later: recency counts as 1."
    value = recency(memory, half_life, now)
    return f"{verb} {_age(days)} ago; with a half-life of {half_life:g} days this counts as {value:.2f}."


def reinforcement(count: int) -> float:
    """Return n / (n + 3) for n earlier recalls."""
    return count / (count + _HALF_REINFORCED) if count else 0.0


def why_reinforcement(count: int) -> str:
    """Say how often it was recalled."""
    if not count:
        return "Never recalled before."
    times = "once" if count == 1 else f"{count:,} times"
    share = f"{count:,} / ({count:,} + {_HALF_REINFORCED})"
    return f"Recalled {times} before: {share} = {reinforcement(count):.2f}."


def confidence(found: Effective | None) -> float:
    """Return what is left of the stated confidence; where nobody stated one it counts as a half."""
    return _UNSTATED_CONFIDENCE if found is None else float(found.value)


def why_confidence(found: Effective | None) -> str:
    """Say what was stated and what is left of it."""
    return f"No confidence stated: it counts as {_UNSTATED_CONFIDENCE:g}." if found is None else found.sentence


def _touched(memory: Memory) -> datetime | None:
    made, recalled = memory.created_at, memory.last_recalled_at
    return made if recalled is None else recalled if made is None else max(made, recalled)


def days_since(memory: Memory, now: datetime) -> float | None:
    """Return the days since a memory was made or last recalled, from which recency counts; None where it does not say."""
    touched = _touched(memory)
    return None if touched is None else _days(touched, now)


def _days(since: datetime, now: datetime) -> float:
    return (now - since).total_seconds() / _DAY_S


def _age(days: float) -> str:
    if days >= 1:
        return f"{days:,.0f} day{'s' if round(days) != 1 else ''}"
    hours = days * 24
    return f"{hours:.0f} hour{'s' if round(hours) != 1 else ''}" if hours >= 1 else f"{hours * 60:.0f} min"


def _short(name: str | None) -> str:
    text = name or ""
    return f"“{text if len(text) <= _NAME_CHARS else text[: _NAME_CHARS - 1] + '…'}”"
