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
from core.curation.duplicates.exact import comparable, content_hash, scopes_of, within_of
from core.curation.duplicates.found import Pair, Pairs, Suspect, Within
from core.curation.duplicates.likeness import DEFAULT_THRESHOLD, least_cosine, likeness
from core.curation.duplicates.series import Shapes, thinned
from core.errors import CancelledError, ConfigError

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
_HASHED: Final = 10_000

_Floats = npt.NDArray[np.float32]
_Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class _Texts:
    """The distinct texts of each scope: the row that stands for each, its scope, and the keys that share it."""

    rows: _Ints
    scopes: _Ints
    texts: list[str]
    hashes: list[str]
    keys: list[tuple[str, ...]]


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
    _check(frame, matrix, threshold)
    whose, told = within_of(within), _teller(stop, progress)
    told(0.0)
    distinct = _distinct(frame, whose, now=now, told=told)
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


def _check(frame: pd.DataFrame, matrix: _Floats, threshold: float) -> None:
    if len(frame) != len(matrix):
        raise ConfigError(f"{len(frame):,} memories do not fit {len(matrix):,} vectors: read both from one snapshot.")
    if not 0 < threshold <= 1:
        raise ConfigError(f"The threshold is {threshold}: give a probability above 0, up to 1.")


def _named(distinct: _Texts, paired: set[str]) -> dict[str, str]:
    """Return the content hashes of the keys that stand in pairs, or for several of the same text."""
    each = zip(distinct.keys, distinct.hashes, strict=True)
    return dict(sorted((keys[0], digest) for keys, digest in each if len(keys) > 1 or keys[0] in paired))


def _distinct(frame: pd.DataFrame, within: Within, *, now: datetime | None, told: Callable[[float], None]) -> _Texts:
    rows = comparable(frame, now=now)
    keys, contents, scopes = frame["key"].to_numpy(), frame["content"].to_numpy(), scopes_of(frame, within)
    classes: dict[tuple[int, str], list[int]] = {}
    for at, row in enumerate(rows.tolist()):
        if at % _HASHED == 0:
            told(0.04 * at / len(rows))
        classes.setdefault((int(scopes[row]), content_hash(contents[row])), []).append(row)
    sharing = [sorted((str(keys[row]), row) for row in members) for members in classes.values()]
    firsts = [members[0][1] for members in sharing]
    return _Texts(
        np.array(firsts, np.int64),
        np.array([scope for scope, _ in classes], np.int64),
        [str(contents[row]) for row in firsts],
        [digest for _, digest in classes],
        [tuple(key for key, _ in members) for members in sharing],
    )


def _candidates(
    matrix: _Floats,
    distinct: _Texts,
    cosine: float,
    *,
    seed: int,
    stop: Callable[[], bool] | None,
    told: Callable[[float], None],
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
            progress=_part(told, 0.05 + 0.6 * done / max(1, len(order)), 0.6 * share),
        )
        parts.append((own[near.first], own[near.second], near.distances))
        hit, cut, done = hit + len(own) * near.recall, cut + near.cut, done + len(own)
    first, second, distances = (np.concatenate(column) for column in zip(*parts, strict=True))
    by_distance = np.lexsort((second, first, distances))
    series = len(distinct.texts) - len(kept)
    return _Near(
        first[by_distance], second[by_distance], 1 - distances[by_distance], hit / done if done else 1.0, cut, series
    )


def _judged(near: _Near, distinct: _Texts, threshold: float, *, told: Callable[[float], None]) -> _Found:
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


def _part(told: Callable[[float], None], start: float, share: float) -> Callable[[float], None]:
    return lambda done: told(start + share * done)


def _teller(stop: Callable[[], bool] | None, progress: Callable[[float], None] | None) -> Callable[[float], None]:
    def told(done: float) -> None:
        if stop is not None and stop():
            raise CancelledError("The search for duplicates was stopped.")
        if progress is not None:
            progress(done)

    return told
