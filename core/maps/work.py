"""The computation of one map, stage by stage, as the worker does it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from core.analysis.clusters import (
    GRANULARITIES,
    Clusters,
    Granularity,
    carried,
    clusters,
    clusters_at,
    describe,
    least_members,
)
from core.analysis.neighbours import Neighbours, Probed, nearest
from core.analysis.projection import aligned, landmarks, placed, quality, turned, unit_box
from core.maps.layout import laid_out
from core.maps.order import Arrays, Order, arrays_of, json_of, read_arrays, read_frame, views_of, write_arrays
from core.maps.parameters import LANDMARKS, LANDMARKS_ABOVE, MapParameters
from core.maps.state import ClusterView, Stage

__all__ = ["Say", "carry_out", "warm_up"]

Floats = npt.NDArray[np.float32]
Say = Callable[[Stage, float], None]

# So many neighbours are kept for duplicates, hubs and outliers, whatever the layout takes.
_NEIGHBOURS: Final = 15
_PLACED_BY: Final = 5
_PLACED_AT_ONCE: Final = 20_000
_ASKED: Final = 500
_SAMPLE: Final = 2_000
_WARM_ROWS: Final = 64


@dataclass(frozen=True, eq=False)
class _Rows:
    """The rows that are laid out: all of them, or landmarks."""

    matrix: Floats
    chosen: npt.NDArray[np.int32] | None = None

    def of(self, values: npt.NDArray[np.float32]) -> Floats:
        return values if self.chosen is None else values[self.chosen]


@dataclass(frozen=True, eq=False)
class _Places:
    """The places of all rows, the side of the unit box in UMAP's own scale, and the landmark nearest to each row.

    A first map fills the unit box; one that was laid out anew lies where the former one did, and may leave it a little.
    """

    coords: Floats
    side: float
    owner: npt.NDArray[np.int32] | None = None


def carry_out(order: Order, say: Say) -> None:
    """Compute the map of an order into its folder; `say` hears of each stage and how far it is, 0 to 1."""
    folder = Path(order.folder)
    say("reading", 0.0)
    matrix, given = order.vectors.open(), read_arrays(folder / "inputs.npz")
    frame = read_frame(folder / "frame.arrow")
    say("reading", 1.0)  # the inputs may go now
    whole = len(matrix) <= LANDMARKS_ABOVE
    say("neighbours", 0.0)
    rows = _Rows(matrix) if whole else _chosen(matrix, order.parameters, order.metric)
    neighbours = nearest(
        np.ascontiguousarray(rows.matrix),
        k=max(_NEIGHBOURS, order.parameters.neighbours),
        metric=order.metric,
        seed=order.parameters.seed,
        progress=lambda part: say("neighbours", part),
    )
    places = _layout(order, rows, matrix, neighbours, given, say)
    found: Arrays = {"coords": places.coords, "side": np.array(places.side), "recall": np.array(neighbours.recall)}
    if whole:
        found |= {"neighbours": neighbours.rows, "distances": neighbours.distances}
    write_arrays(folder / "layout.npz", found)
    say("clusters", 0.0)  # the places may be shown now
    views = _clusters(order, places, rows, neighbours, given, say)
    sample = _SAMPLE if whole else _SAMPLE // 2  # it takes as long as there are rows
    measured = quality(matrix, places.coords, sample=sample, seed=order.parameters.seed, metric=order.metric)
    write_arrays(folder / "clusters.npz", arrays_of(views) | {"quality": np.array(astuple(measured), np.float64)})
    texts = frame["content"].tolist()
    for done, (name, view) in enumerate(views.items()):
        views[name] = ClusterView(view.clusters, describe(view.clusters, texts, frame, matrix))
        say("clusters", 0.4 + 0.6 * (done + 1) / len(views))
    (folder / "infos.json").write_bytes(json_of(views))


def warm_up() -> None:
    """Lay out a few points, so that what is compiled or loaded once is there when the first order comes."""
    matrix = np.random.default_rng(0).normal(size=(_WARM_ROWS, 8)).astype(np.float32)
    coords = laid_out(nearest(matrix, k=_NEIGHBOURS), matrix[:, :2], MapParameters())
    clusters(coords, least=5, matrix=matrix)


def _chosen(matrix: Floats, parameters: MapParameters, metric: str) -> _Rows:
    chosen = landmarks(matrix, LANDMARKS, parameters.seed, metric=metric)
    return _Rows(np.ascontiguousarray(matrix[chosen]), chosen)


def _layout(order: Order, rows: _Rows, matrix: Floats, neighbours: Neighbours, given: Arrays, say: Say) -> _Places:
    """Return the places of all rows."""
    former = given.get("former")
    side = float(given["side"]) if "side" in given else 0.0
    if order.kept and former is not None:
        return _Places(former, side)
    say("layout", 0.0)
    share = 1.0 if rows.chosen is None else 0.5
    drawn = laid_out(
        neighbours,
        rows.of(given["start"]),
        order.parameters,
        side=side or None,
        progress=lambda part: say("layout", part * share),
    )
    coords, owner = unit_box(drawn if former is not None else turned(drawn)), None
    if rows.chosen is not None:
        coords, owner = _placed(coords, rows, matrix, order.metric, say)
    if former is not None:
        common = np.flatnonzero(np.isfinite(former).all(axis=1)).astype(np.int32)
        coords = aligned(coords, former, (common, common))  # not into the box again: that would move all of it
    return _Places(coords, _spread_of(drawn) / max(_spread_of(rows.of(coords)), 1e-9), owner)


def _spread_of(coords: Floats) -> float:
    """Return how far places are from their middle, all together."""
    return float(np.linalg.norm(coords - coords.mean(axis=0))) if len(coords) else 0.0


def _placed(coords: Floats, rows: _Rows, matrix: Floats, metric: str, say: Say) -> tuple[Floats, npt.NDArray[np.int32]]:
    """Return the places of all rows from those of the landmarks."""
    found = np.empty((len(matrix), coords.shape[1]), np.float32)
    owner = np.empty(len(matrix), np.int32)
    search = Probed.of(rows.matrix, matrix[:: max(1, len(matrix) // _ASKED)], k=_PLACED_BY, metric=metric)
    for start in range(0, len(matrix), _PLACED_AT_ONCE):
        part = slice(start, start + _PLACED_AT_ONCE)
        near, away = search.nearest(np.ascontiguousarray(matrix[part]), _PLACED_BY)
        found[part], owner[part] = placed(coords, near, away), near[:, 0]
        say("layout", 0.5 + 0.5 * start / len(matrix))
    return found, owner


def _clusters(
    order: Order, places: _Places, rows: _Rows, neighbours: Neighbours, given: Arrays, say: Say
) -> dict[Granularity, ClusterView]:
    """Return the clusters at every granularity, with the ids of the former map's where they are the same."""
    former = views_of(given, {})
    if order.kept and former:
        return former
    if order.parameters.dims != 2:  # those of the plane are shown in space too
        return {}
    known = np.flatnonzero(np.isfinite(given["former"]).all(axis=1)).astype(np.int32) if former else None
    views: dict[Granularity, ClusterView] = {}
    leasts = {name: least_members(len(rows.matrix), name) for name in GRANULARITIES}
    for name, one in clusters_at(rows.of(places.coords), leasts, rows.matrix, neighbours).items():
        whole = one if places.owner is None else _spread(one, places.owner)
        views[name] = ClusterView(carried(former[name].clusters, whole, (known, known)) if known is not None else whole)
    say("clusters", 0.4)
    return views


def _spread(found: Clusters, owner: npt.NDArray[np.int32]) -> Clusters:
    """Return the clusters of landmarks as those of all rows: each is where its landmark is."""
    arrays = found.to_arrays()
    return Clusters.of_arrays(arrays | {name: arrays[name][owner] for name in ("codes", "strength", "nearest")})
