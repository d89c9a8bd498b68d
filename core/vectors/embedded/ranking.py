"""Ranking one query over an index: by distance, by BM25, or by both through reciprocal rank fusion."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt

from core.errors import ValidationError
from core.vectors.client import QueryText
from core.vectors.columns import Mask, evaluate
from core.vectors.embedded import text
from core.vectors.embedded.reading import Reading
from core.vectors.embedded.segment import View
from core.vectors.filters import Node

__all__ = ["Ranked", "rank"]

_RRF_K = 60  # Cormack, Clarke and Büttcher 2009; the service does not state its constant
_CHUNK = 512  # matches of a text looked up in the filter at once
_FUSION_DEPTH = 100  # ranks of each list that take part in the fusion, or topK if more


@dataclass
class Ranked:
    """A row of the result: its distance and scores as far as the query has them."""

    seq: int
    distance: float | None = None
    bm25: dict[str, float] = field(default_factory=dict)
    fused: float | None = None

    def scores(self) -> dict[str, Any]:
        """Return the `scores` of a result, as `returnScores` gives them."""
        parts: dict[str, Any] = {}
        if self.fused is not None:
            parts["fused"] = self.fused
        if self.bm25:
            parts["bm25Scores"] = [{"metadataKey": key, "score": score} for key, score in self.bm25.items()]
        if self.distance is not None:
            parts["vectorDistance"] = self.distance
        return parts


def rank(
    reading: Reading, *, vector: npt.NDArray[np.float32] | None, texts: list[QueryText], where: Node | None, k: int
) -> list[Ranked]:
    """Return the k best rows: nearest first, or highest BM25 first, or highest fused score first when both are asked."""
    masks = [evaluate(where, view.segment.columns, view.rows) if where else None for view in reading.views]
    depth = k if vector is None or not texts else max(k, _FUSION_DEPTH)
    near = _nearest(reading.views, vector, masks, depth) if vector is not None else []
    if not texts:
        return near
    lists = [near] if vector is not None else []
    whole = vector is None and len(texts) > 1  # sums need each match, however low it is in one of the lists
    lists += [_matching(reading, query, masks, None if whole else depth) for query in texts]
    if len(lists) == 1:
        return lists[0][:k]
    return (_summed(lists) if whole else _fused(lists))[:k]


def _nearest(views: list[View], vector: npt.NDArray[np.float32], masks: list[Mask | None], k: int) -> list[Ranked]:
    tops = [view.search(vector, k, mask) for view, mask in zip(views, masks, strict=True)]
    if not tops:
        return []
    distances = np.concatenate([top.distances for top in tops])
    seqs = np.concatenate([top.seqs for top in tops])
    order = np.lexsort((seqs, distances))[:k]
    pairs = zip(seqs[order].tolist(), distances[order].tolist(), strict=True)
    return [Ranked(seq, distance=distance) for seq, distance in pairs]


def _matching(reading: Reading, query: QueryText, masks: list[Mask | None], k: int | None) -> list[Ranked]:
    key = query["metadataKey"]
    table = next((table for table in text.tables(reading.connection) if table.key == key), None)
    if table is None:
        raise ValidationError(
            f"Metadata key '{key}' is not configured for text search on this index: "
            "add it to textSearchConfigurations when the index is created, or with UpdateMetadataConfiguration"
        )
    filtered = any(mask is not None for mask in masks)
    found = text.search(reading.connection, table, query["text"], limit=None if filtered else k)
    if filtered:
        chosen = [view.seqs[mask] for view, mask in zip(reading.views, masks, strict=True) if mask is not None]
        found = islice(_chosen(found, np.concatenate(chosen)), k)
    return [Ranked(hit.seq, bm25={key: hit.score}) for hit in found]


def _chosen(found: Iterator[text.Found], seqs: npt.NDArray[np.int64]) -> Iterator[text.Found]:
    """Yield what is found among these rows (sorted), no further than it is read: most filters let the best ones pass."""
    while part := list(islice(found, _CHUNK)):
        asked = np.array([hit.seq for hit in part], np.int64)
        places = np.searchsorted(seqs, asked)
        inside = places < len(seqs)
        inside[inside] = seqs[places[inside]] == asked[inside]
        yield from (part[place] for place in np.flatnonzero(inside))


def _summed(lists: list[list[Ranked]]) -> list[Ranked]:
    """Merge the matches of several texts: highest sum of BM25 scores first."""
    merged: dict[int, Ranked] = {}
    for hit in (hit for ranked in lists for hit in ranked):
        merged.setdefault(hit.seq, Ranked(hit.seq)).bm25.update(hit.bm25)
    return sorted(merged.values(), key=lambda hit: (-sum(hit.bm25.values()), hit.seq))


def _fused(lists: list[list[Ranked]]) -> list[Ranked]:
    """Merge ranked lists: the score of a row is Σ 1 / (60 + its rank) over the lists that have it."""
    merged: dict[int, Ranked] = {}
    for ranked in lists:
        for place, hit in enumerate(ranked, 1):
            into = merged.setdefault(hit.seq, Ranked(hit.seq, fused=0.0))
            into.fused = (into.fused or 0.0) + 1 / (_RRF_K + place)
            into.distance = hit.distance if into.distance is None else into.distance
            into.bm25.update(hit.bm25)
    return sorted(merged.values(), key=lambda hit: (-(hit.fused or 0.0), hit.seq))
