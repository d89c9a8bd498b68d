"""What is said of a cluster: its label, its most central memory, who wrote it and when, and how alike it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.analysis.clusters.density import Clusters, Floats
from core.analysis.clusters.labels import labels, terms
from core.hostile import one_line

__all__ = ["TOP", "ClusterInfo", "describe"]

TOP: Final = 5
_COUNTED: Final = {"agents": "agent_id", "types": "memory_type", "teams": "team_id", "tasks": "task_id"}
_EXCERPT: Final = 60
_Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class ClusterInfo:
    """One cluster. All texts in it come from memories: hostile, except `label` and `terms`, which are cleaned.

    `id` stays between runs, `code` is that of this run. `central` is the row whose vector is nearest to the centroid.
    `agents`, `types`, `teams` and `tasks` are (name, memories), the most first, at most TOP of each; memories without one
    are not counted. `first` and `last` are the earliest and latest time of writing, None where no memory has one. `cohesion`
    is the mean cosine of the members' vectors to their centroid, −1 to 1.
    """

    id: int
    code: int
    label: str
    terms: tuple[str, ...]
    central: int
    size: int
    agents: tuple[tuple[str, int], ...]
    types: tuple[tuple[str, int], ...]
    teams: tuple[tuple[str, int], ...]
    tasks: tuple[tuple[str, int], ...]
    first: datetime | None
    last: datetime | None
    cohesion: float

    def as_dict(self) -> dict[str, Any]:
        """Return the plain values, for JSON; `from_dict` reads them."""
        times = {name: moment and moment.isoformat() for name, moment in (("first", self.first), ("last", self.last))}
        return asdict(self) | times

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> ClusterInfo:
        """Return what `as_dict` gave; raise KeyError, TypeError or ValueError where it did not."""
        counted = {name: tuple((str(one), int(times)) for one, times in values[name]) for name in _COUNTED}
        first, last = (datetime.fromisoformat(values[name]) if values[name] else None for name in ("first", "last"))
        return cls(
            id=int(values["id"]),
            code=int(values["code"]),
            label=str(values["label"]),
            terms=tuple(map(str, values["terms"])),
            central=int(values["central"]),
            size=int(values["size"]),
            first=first,
            last=last,
            cohesion=float(values["cohesion"]),
            **counted,
        )


def describe(found: Clusters, texts: Sequence[str], frame: pd.DataFrame, matrix: Floats) -> tuple[ClusterInfo, ...]:
    """Return what there is to say of each cluster, by code.

    `texts`, the rows of `frame` (core.analysis.frame.COLUMNS) and of `matrix` (n, dim) are those that were clustered. A
    label is made of its terms; without any, of the beginning of the central memory, called a number where that is all it is.
    """
    told = terms(texts, found.codes)
    lines = labels(told)
    central, cohesion = _centres(found, matrix)
    counts = {name: _most_frequent(found, frame[column]) for name, column in _COUNTED.items()}
    spans = _spans(found, frame["created_at"])
    return tuple(
        ClusterInfo(
            id=int(found.ids[code]),
            code=code,
            label=lines[code] or _example(texts[central[code]]) or f"Cluster {int(found.ids[code]) + 1}",
            terms=told[code],
            central=central[code],
            size=int(size),
            **{name: counted[code] for name, counted in counts.items()},
            first=spans[code][0],
            last=spans[code][1],
            cohesion=cohesion[code],
        )
        for code, size in enumerate(found.sizes)
    )


def _example(text: str) -> str:
    """Return the beginning of a text as a label, saying that it is an example where it has no words; "" for an empty one."""
    line = one_line(text, _EXCERPT)
    if not line or any(map(str.isalpha, line)):
        return line
    return f"{'numbers' if any(map(str.isdigit, line)) else 'signs'} such as {line}"


def _centres(found: Clusters, matrix: Floats) -> tuple[list[int], list[float]]:
    """Return the row that is most like each cluster's centroid, the first of equals, and the mean cosine to it."""
    central, cohesion = [], []
    order = np.argsort(found.codes, kind="stable")
    bounds = np.searchsorted(found.codes[order], np.arange(found.count + 1))
    for first, last in pairwise(bounds.tolist()):
        rows = order[first:last]
        members = matrix[rows].astype(np.float32)
        members /= np.maximum(np.linalg.norm(members, axis=1, keepdims=True), np.finfo(np.float32).tiny)
        centroid = members.mean(axis=0)
        cosines = members @ (centroid / max(float(np.linalg.norm(centroid)), float(np.finfo(np.float32).tiny)))
        central.append(int(rows[np.argmax(cosines)]))
        cohesion.append(float(np.clip(cosines.mean(), -1, 1)))
    return central, cohesion


def _most_frequent(found: Clusters, values: pd.Series[Any]) -> list[tuple[tuple[str, int], ...]]:
    """Return the TOP values of each cluster with how many of its memories have them, ties by name."""
    coded = values.astype("category")
    names = [str(name) for name in coded.cat.categories]
    places = np.asarray(coded.cat.codes, np.int64)
    held = (found.codes >= 0) & (places >= 0)
    pairs, times = np.unique(found.codes[held].astype(np.int64) * max(1, len(names)) + places[held], return_counts=True)
    most: list[list[tuple[str, int]]] = [[] for _ in range(found.count)]
    for pair, count in zip(pairs.tolist(), times.tolist(), strict=True):
        most[pair // len(names)].append((names[pair % len(names)], count))
    return [tuple(sorted(one, key=lambda named: (-named[1], named[0]))[:TOP]) for one in most]


def _spans(found: Clusters, created_at: pd.Series[Any]) -> list[tuple[datetime | None, datetime | None]]:
    """Return the earliest and latest time of each cluster."""
    times = created_at.reset_index(drop=True)
    known = times.notna().to_numpy() & (found.codes >= 0)
    grouped = times[known].groupby(found.codes[known])
    first, last = grouped.min(), grouped.max()
    return [
        (first[code].to_pydatetime(), last[code].to_pydatetime()) if code in first.index else (None, None)
        for code in range(found.count)
    ]
