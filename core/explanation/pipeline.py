"""The way from an index to a prompt: what each stage kept, what it left out, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
import pandas as pd

from core.candidates import Candidate, Mode
from core.explanation.inquiry import Explained
from core.scope import FILTERS, Scope

__all__ = ["Dropped", "Scoped", "Stage", "pipeline", "scoped"]

_SHOWN: Final = 50


@dataclass(frozen=True)
class Dropped:
    """So many memories that a stage left out for one reason; `keys` are the first of them, where they are known."""

    reason: str
    count: int
    keys: tuple[str, ...] = ()


@dataclass(frozen=True)
class Stage:
    """One stage: what is left after it (None: nobody counted), what it left out, and how it works in one sentence."""

    name: str
    label: str
    count: int | None
    said: str
    dropped: tuple[Dropped, ...] = ()


@dataclass(frozen=True)
class Scoped:
    """How many memories an index has, how many of them the filters pass, and what the first filter that fails takes away."""

    total: int
    within: int
    dropped: tuple[Dropped, ...]


def scoped(frame: pd.DataFrame, scope: Scope, *, now: datetime) -> Scoped:
    """Return what a scope leaves of a snapshot frame; each row counts for the first filter that leaves it out."""
    left = np.ones(len(frame), np.bool_)
    dropped = []
    for row in FILTERS:
        mask = row.mask(getattr(scope, row.key), frame, now)
        if mask is None:
            continue
        passed = mask.to_numpy(dtype=np.bool_)
        if out := int(np.count_nonzero(left & ~passed)):
            named = frame["key"].to_numpy()[np.flatnonzero(left & ~passed)[:_SHOWN]]
            dropped.append(Dropped(_why_out(row.key, row.sentence(getattr(scope, row.key))), out, tuple(map(str, named))))
        left &= passed
    return Scoped(len(frame), int(np.count_nonzero(left)), tuple(dropped))


def pipeline(found: Explained, known: Scoped | None = None) -> tuple[Stage, ...]:
    """Return the stages of a recall in their order; `known` is what was counted of the whole index."""
    return (*_before(found, known), *_halves(found), *_after(found))


def _before(found: Explained, known: Scoped | None) -> tuple[Stage, ...]:
    sentence = found.settings.scope.sentence()
    if known is None:
        return (Stage("filtered", "In scope", None, f"{sentence} The index filters while it searches; nobody counted."),)
    return (
        Stage("index", "In the index", known.total, "Every memory of the index."),
        Stage("filtered", "In scope", known.within, f"{sentence} The index filters while it searches.", known.dropped),
    )


def _halves(found: Explained) -> tuple[Stage, ...]:
    pool, late, mode = found.gathered.pool, found.gathered.late, found.settings.mode
    every = (*pool, *late)
    by_vector = [one for one in every if one.vector_rank is not None]
    by_text = [one for one in every if one.text_rank is not None]
    both = [one for one in by_vector if one.text_rank is not None]
    lent = [one for one in every if one.vector_rank is None and one.text_rank is None]
    stages = []
    if mode is not Mode.TEXT:
        stages.append(Stage("meaning", "Found by meaning", len(by_vector), f"The nearest vectors{_least(by_vector)}."))
    if mode is not Mode.VECTOR:
        stages.append(Stage("words", "Found by words", len(by_text), "The best BM25 scores for the words of the question."))
    alone = len(by_vector) - len(both), len(by_text) - len(both)
    said = f"{len(both):,} by both, {alone[0]:,} by meaning alone, {alone[1]:,} by words alone"
    if lent:
        said += f", {len(lent):,} as sources of what was found"
    out = (Dropped("expired or hidden, though the service's filter passed them", len(late), _keys(late)),) if late else ()
    stages.append(Stage("fused", "Candidates", len(pool), f"{said}.", out))
    return tuple(stages)


def _after(found: Explained) -> tuple[Stage, ...]:
    hits, k = found.result.hits, found.settings.k
    below = [one.candidate for one in found.ranked[len(hits) :]]
    out = (Dropped(f"ranked below the first {k:,}", len(below), _keys(below)),) if below else ()
    last = f" The last one scores {hits[-1].score:.3f}." if hits else ""
    used = frozenset(found.block.used)
    over = [hit.memory.key for hit in hits if hit.memory.key not in used]
    said = f"About {found.block.tokens:,} of {found.settings.budget:,} tokens."
    left = (Dropped("not in the block at this budget", len(over), tuple(over[:_SHOWN])),) if over else ()
    return (
        Stage("ranked", "Results", len(hits), f"The best {k:,} by score.{last}", out),
        Stage("budget", "In the context block", len(hits) - len(over), said, left),
    )


def _least(found: Sequence[Candidate]) -> str:
    cosines = [one.cosine for one in found if one.cosine is not None]
    return f", down to a cosine of {min(cosines):.2f}" if cosines else ""


def _keys(found: Sequence[Candidate]) -> tuple[str, ...]:
    return tuple(one.memory.key for one in found[:_SHOWN])


def _why_out(name: str, sentence: str) -> str:
    """Return why a filter leaves memories out, as in "not of agent a"."""
    if name == "include_expired":
        return "expired"
    return "hidden or in quarantine" if name == "include_hidden" else f"not {sentence}"
