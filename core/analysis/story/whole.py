"""A task as a story: its steps with all that can be read from them, put together once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.analysis.story.artefacts import Artefact, artefacts
from core.analysis.story.claims import Overlap, Part, overlaps, parts_of
from core.analysis.story.doubled import WORDS, Doubled, doubled
from core.analysis.story.likeness import MOST, like_pairs, words_of
from core.analysis.story.outcome import Outcome, outcome_in
from core.analysis.story.runs import Run, are_attempts, runs_of
from core.analysis.story.signs import Sign, errors_in, signs_of, suspects
from core.analysis.story.steps import Step, steps
from core.curation.tasks import TaskKey

__all__ = ["Story", "VectorsOf", "story"]

VectorsOf = Callable[[Sequence[str]], Mapping[str, npt.NDArray[np.float32]]]


@dataclass(frozen=True)
class Story:
    """One task: steps in order, parts and claims, signs, artefacts, what was done twice, runs, outcome.

    `compared` is how many steps were compared with each other, `attempts` whether the runs are tries at the same.
    """

    task: TaskKey
    steps: tuple[Step, ...]
    parts: tuple[Part, ...]
    overlaps: tuple[Overlap, ...]
    signs: tuple[Sign, ...]
    suspects: tuple[int, ...]
    artefacts: tuple[Artefact, ...]
    doubled: tuple[Doubled, ...]
    runs: tuple[Run, ...]
    attempts: bool
    outcome: Outcome | None
    compared: int

    @property
    def agents(self) -> tuple[str, ...]:
        """Who took part, in the order of their first step."""
        return tuple(dict.fromkeys(step.agent for step in self.steps if step.agent))

    @property
    def span(self) -> tuple[datetime, datetime] | None:
        """The first and the last time that is known."""
        times = [step.at for step in self.steps if step.at]
        return (min(times), max(times)) if times else None

    def shown(self, number: int) -> int:
        """Return the number to show for the step at a place, counted from 1."""
        return self.steps[number - 1].shown

    def signs_at(self) -> Mapping[int, tuple[Sign, ...]]:
        """Return the signs of each step that has some."""
        found: dict[int, list[Sign]] = {}
        for sign in self.signs:
            found.setdefault(sign.step, []).append(sign)
        return {number: tuple(signs) for number, signs in found.items()}


def story(
    frame: pd.DataFrame,
    task: TaskKey,
    *,
    extras: Mapping[str, pd.Series[Any]] | None = None,
    rows: npt.NDArray[np.int64] | None = None,
    vectors: VectorsOf | None = None,
) -> Story:
    """Return the story that the memories of one task tell.

    `frame` has that task's memories alone, `extras` columns of vocabulary.FIELDS, row for row, `rows` what `Step.row`
    shall tell. `vectors` is asked once for the vectors of the few memories that may say the same, by key.
    """
    told = steps(frame, extras=extras, rows=rows)
    parts = parts_of(told)
    meet = overlaps(parts)
    texts = [words_of(step.text) for step in told[:MOST]]
    pairs = like_pairs(texts, at_least=WORDS)
    attempts = are_attempts(told)
    alike = sorted({place for pair in pairs for place in (pair.first, pair.second)})
    known = vectors([told[place].key for place in alike]) if vectors and alike else None
    errors = errors_in(told)
    signs = signs_of(told, errors=errors, repeats=pairs, overlaps=meet)
    return Story(
        task,
        told,
        parts,
        meet,
        signs,
        suspects(signs),
        artefacts(told),
        doubled(told, texts, pairs, vectors=known, apart=attempts),
        runs_of(told, errors=frozenset(errors)),
        attempts,
        _outcome(told),
        len(texts),
    )


def _outcome(told: tuple[Step, ...]) -> Outcome | None:
    """Return the outcome that was stated last."""
    stated = (outcome_in(step.tags, step.extra, at=step.at, key=step.key) for step in reversed(told))
    return next((found for found in stated if found is not None), None)
