"""Nearly the same: pairs of memories whose vectors are near and whose words say the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.analysis.neighbours import within as near_rows
from core.curation.duplicates.distinct import Texts, Told, check_fit, distinct_texts, part_of, teller
from core.curation.duplicates.exact import comparable, scopes_of, within_of
from core.curation.duplicates.found import Pair, Pairs, Suspect, Within
from core.curation.duplicates.likeness import DEFAULT_THRESHOLD, least_cosine, likeness
from core.curation.duplicates.series import Shapes, thinned
from core.errors import ConfigError

__all__ = ["near_pairs"]

# So many of a text's neighbours are compared with it, the nearest first, and so many of them may say something else: where
# the nearest do, those that are farther do too.
_MOST: Final = 256
_FAILED: Final = 48
# Of a series each text is compared with so many others: they become suspects.
_OF_SERIES: Final = 2
# Texts that clash in more than so many things are of different things, and contradict each other in none.
_MOST_CLASHES: Final = 3
# So many pairs are compared between two looks at whether to stop: of long texts each takes some milliseconds.
_AT_ONCE: Final = 200

_Floats = npt.NDArray[np.float32]
_Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class _Near:
    """Pairs of places among the texts, (p,) each, with their cosines; what was found, cut and left out of them."""

    first: _Ints
    second: _Ints
    cosines: _Floats
    recall: float
    cut: int
    series: int


@dataclass(frozen=True, eq=False)
class _Found:
    """What pairs are, and the places of which not all were compared."""

    pairs: list[Pair] = field(default_factory=list)
    suspects: list[Suspect] = field(default_factory=list)
    cut: set[int] = field(default_factory=set)
    series: set[int] = field(default_factory=set)


def near_pairs(
    frame: pd.DataFrame,
    matrix: _Floats,
    *,
    threshold: float = DEFAULT_THRESHOLD,
    within: Within | str = Within.AGENT,
    now: datetime | None = None,
    seed: int = 0,
    stop: Callable[[], bool] | None = None,
    progress: Callable[[float], None] | None = None,
) -> Pairs:
    """Return the pairs of memories that say the same with at least that probability, and those that only look so.

    `matrix` (n, dim) has the vector of each row of the frame. Spared memories (see curation.sparing) are in no pair; at
    `now` those whose time is over are spared too. Raises CancelledError soon after `stop` returns true, ConfigError where
    frame and matrix do not fit; `progress` is told 0 to 1.
    """
    check_fit(frame, matrix)
    if not 0 < threshold <= 1:
        raise ConfigError(f"The threshold is {threshold}: give a probability above 0, up to 1.")
    whose, told = within_of(within), teller("duplicates", stop, progress)
    told(0.0)
    distinct = distinct_texts(frame, comparable(frame, now=now), scopes_of(frame, whose), told=part_of(told, 0.0, 0.04))
    told(0.04)
    near = _candidates(matrix, distinct, least_cosine(threshold), seed=seed, stop=stop, told=told)
    found = _judged(near, distinct, threshold, told=told)
    told(1.0)
    paired = {key for pair in found.pairs for key in _keys(pair)} | {key for pair in found.suspects for key in _keys(pair)}
    return Pairs(
        pairs=tuple(sorted(found.pairs, key=_keys)),
        suspects=tuple(sorted(found.suspects, key=_keys)),
        same=tuple(sorted(keys for keys in distinct.keys if len(keys) > 1)),
        threshold=threshold,
        within=whose,
        recall=near.recall,
        compared=sum(len(keys) for keys in distinct.keys),
        cut=near.cut + len(found.cut),
        series=near.series + len(found.series),
        hashes=_named(distinct, paired),
    )


def _named(distinct: Texts, paired: set[str]) -> dict[str, str]:
    """Return the content hashes of the keys that stand in pairs, or for several of the same text."""
    each = zip(distinct.keys, distinct.hashes, strict=True)
    return dict(sorted((keys[0], digest) for keys, digest in each if len(keys) > 1 or keys[0] in paired))


def _candidates(
    matrix: _Floats,
    distinct: Texts,
    cosine: float,
    *,
    seed: int,
    stop: Callable[[], bool] | None,
    told: Told,
) -> _Near:
    """Return the pairs of texts of one scope whose vectors are near, the nearest first."""
    kept = thinned(distinct.texts, distinct.scopes)
    told(0.05)
    order = kept[np.argsort(distinct.scopes[kept], kind="stable")]
    bounds = np.flatnonzero(np.diff(distinct.scopes[order])) + 1
    parts = [(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.float32))]
    hit, cut, done = 0.0, 0, 0  # of the texts found; counted, as a sum of shares is not 1
    for own in np.split(order, bounds):
        share = len(own) / max(1, len(order))
        near = near_rows(
            matrix[distinct.rows[own]],
            1 - cosine,
            most=_MOST,
            seed=seed,
            stop=stop,
            progress=part_of(told, 0.05 + 0.6 * done / max(1, len(order)), 0.6 * share),
        )
        parts.append((own[near.first], own[near.second], near.distances))
        hit, cut, done = hit + len(own) * near.recall, cut + near.cut, done + len(own)
    first, second, distances = (np.concatenate(column) for column in zip(*parts, strict=True))
    by_distance = np.lexsort((second, first, distances))
    series = len(distinct.texts) - len(kept)
    return _Near(
        first[by_distance], second[by_distance], 1 - distances[by_distance], hit / done if done else 1.0, cut, series
    )


def _judged(near: _Near, distinct: Texts, threshold: float, *, told: Told) -> _Found:
    """Return what the candidates are; a text whose nearest all say something else is not compared with the others."""
    found, shapes = _Found(), Shapes(distinct.texts)
    failed: Counter[int] = Counter()
    of_series: Counter[int] = Counter()
    for start in range(0, len(near.first), _AT_ONCE):
        told(0.65 + 0.35 * start / len(near.first))
        part = slice(start, start + _AT_ONCE)
        columns = (near.first[part], near.second[part], near.cosines[part])
        for first, second, cosine in zip(*(column.tolist() for column in columns), strict=True):
            if max(failed[first], failed[second]) >= _FAILED:
                found.cut.update(place for place in (first, second) if failed[place] >= _FAILED)
                continue
            if shapes.are_series(first, second):
                if min(of_series[first], of_series[second]) >= _OF_SERIES:
                    found.series.update((first, second))
                    continue
                of_series.update((first, second))
            low, high = sorted((first, second), key=lambda place: distinct.keys[place][0])
            score = likeness(distinct.texts[low], distinct.texts[high], cosine=cosine)
            if score.probability >= threshold:
                found.pairs.append(Pair(distinct.keys[low][0], distinct.keys[high][0], score))
                continue
            failed.update((first, second))
            if 0 < len(score.clashes) <= _MOST_CLASHES and score.alike >= threshold:
                found.suspects.append(Suspect(distinct.keys[low][0], distinct.keys[high][0], score))
    return found


def _keys(pair: Pair | Suspect) -> tuple[str, str]:
    return pair.first, pair.second
