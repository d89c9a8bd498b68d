"""Density clusters of a map: groups that lie closer together than what is around them, and honest noise between them.

HDBSCAN* (Campello, Moulavi & Sander 2013; McInnes, Healy & Astels 2017), by the package of the optional part `map`, which is
imported where it is used: only the worker process calls `clusters`.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

import numpy as np
import numpy.typing as npt

from core.analysis.clusters.modularity import modularity
from core.analysis.neighbours import Neighbours
from core.errors import ConfigError, MissingExtraError

__all__ = [
    "GRANULARITIES",
    "NOISE",
    "Clusters",
    "Codes",
    "Floats",
    "Granularity",
    "clusters",
    "clusters_at",
    "least_members",
]

Codes = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float32]
Granularity = Literal["broad", "medium", "fine"]
GRANULARITIES: Final[tuple[Granularity, ...]] = get_args(Granularity)
NOISE: Final = -1

_NAMES: Final = ("codes", "strength", "nearest", "ids")
_LEAST: Final = 2
_SAMPLES: Final = 5  # HDBSCAN's min_samples: how many neighbours make a place dense
# Square roots of the number of memories, and the fewest that make a cluster.
_SHARES: Final[Mapping[Granularity, tuple[float, int]]] = {"broad": (1.5, 10), "medium": (0.4, 5), "fine": (0.17, 3)}
# What is larger than a tenth of the map, and than ten of the smallest clusters, is told as its parts where it has any.
_MOST_SHARE: Final = 0.1
_MOST_TIMES: Final = 10
_LEVELS: Final = 8  # least sizes that are tried for the medium granularity
_HELD: Final = 0.5  # of a large cluster lies in its parts, or it stays whole


@dataclass(frozen=True, eq=False)
class Clusters:
    """Which cluster each row is in.

    `codes` int32 (n,): 0 to count − 1 by size, the largest first, −1 for noise. `strength` float32 (n,): how deep inside its
    cluster a row lies, 0 to 1, 0 for noise. `nearest` int32 (n,): the code, and for noise the cluster that it is nearest to,
    for colouring; −1 only where there are no clusters. `ids` int32 (count,): the id of each code, kept from one run to the
    next by `carried`; `given` how many ids there have ever been. `least` is the size below which nothing is a cluster.
    """

    codes: Codes
    strength: Floats
    nearest: Codes
    ids: Codes
    given: int
    least: int

    @property
    def count(self) -> int:
        """How many clusters there are."""
        return len(self.ids)

    @property
    def sizes(self) -> Codes:
        """Return the number of rows of each cluster, int32 (count,), by code."""
        return np.bincount(self.codes[self.codes >= 0], minlength=self.count).astype(np.int32)

    @property
    def noise(self) -> float:
        """Return the share of rows that is in no cluster; 0 of no rows."""
        return float(np.mean(self.codes == NOISE)) if len(self.codes) else 0.0

    def rows(self, code: int) -> npt.NDArray[np.int64]:
        """Return the rows of a cluster in order; those of noise for −1."""
        return np.flatnonzero(self.codes == code)

    def to_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return all of it as arrays, for a file."""
        return {name: getattr(self, name) for name in _NAMES} | {"sizing": np.array([self.given, self.least], np.int32)}

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> Clusters:
        """Return what `to_arrays` gave; raise KeyError or ValueError where it did not."""
        codes, strength, nearest, ids = (np.asarray(arrays[name]) for name in _NAMES)
        given, least = (int(one) for one in arrays["sizing"])
        if not len(codes) == len(strength) == len(nearest):
            raise ValueError(f"{len(codes)} codes do not fit {len(strength)} strengths and {len(nearest)} nearest clusters.")
        if max(codes.max(initial=NOISE), nearest.max(initial=NOISE)) >= len(ids):
            raise ValueError(f"There are codes beyond the {len(ids)} ids.")
        return cls(
            codes.astype(np.int32), strength.astype(np.float32), nearest.astype(np.int32), ids.astype(np.int32), given, least
        )


def least_members(count: int, granularity: Granularity = "medium") -> int:
    """Return the size below which a group is no cluster among `count` memories: it grows with the square root of them."""
    share, fewest = _SHARES[granularity]
    return max(fewest, round(share * math.sqrt(count)))


def clusters(coords: Floats, *, least: int, matrix: Floats | None = None) -> Clusters:
    """Return the density clusters of a map (n, dims).

    With the vectors (n, dim), noise is assigned (`nearest`) to the cluster whose centroid is the most like it, else to the
    one on the map. Raises MissingExtraError without the optional part `map`, ConfigError for a `least` below 2.
    """
    return _clusters(coords, least, matrix, _Tree())


def clusters_at(
    coords: Floats,
    leasts: Mapping[Granularity, int],
    matrix: Floats | None = None,
    neighbours: Neighbours | None = None,
) -> dict[Granularity, Clusters]:
    """Return the density clusters of a map for each least size, as `clusters` would; the costly part is done once.

    With the neighbours of the rows, the medium ones are those of the least size, between the fine and the broad, that gives
    the highest modularity: how finely is told apart follows the memories, not their number alone.
    """
    tree = _Tree()
    chosen = neighbours if set(leasts) == set(GRANULARITIES) else None
    plain = {name: least for name, least in leasts.items() if chosen is None or name != "medium"}
    found = {name: _clusters(coords, least, matrix, tree) for name, least in plain.items()}
    if chosen is not None:
        most = _most_modular(coords, found, matrix, chosen, tree)
        found["medium"] = _clusters(coords, leasts["medium"], matrix, tree) if most is None else most
    return {name: found[name] for name in leasts}


def _most_modular(
    coords: Floats,
    found: Mapping[Granularity, Clusters],
    matrix: Floats | None,
    neighbours: Neighbours,
    tree: _Tree,
) -> Clusters | None:
    """Return the clusters of the level that is the most modular; None where no level has two."""
    known = {one.least: one for one in found.values()}
    sizes = np.geomspace(found["fine"].least, found["broad"].least, _LEVELS).round().astype(int).tolist()
    levels = [known[least] if least in known else _clusters(coords, least, matrix, tree) for least in dict.fromkeys(sizes)]
    told = [one for one in levels if one.count > 1]
    return max(told, key=lambda one: (modularity(one.nearest, neighbours), one.least)) if told else None


class _Tree:
    """The tree of a map's densities, kept for HDBSCAN, which asks for it as it would ask joblib's cache of results."""

    def __init__(self) -> None:
        self._grown: Any = None

    def cache(self, grow: Callable[..., Any]) -> Callable[..., Any]:
        """Return what grows the tree, the first time."""

        def once(*args: Any, **options: Any) -> Any:
            if self._grown is None:
                self._grown = grow(*args, **options)
            return self._grown

        return once


def _clusters(coords: Floats, least: int, matrix: Floats | None, tree: _Tree) -> Clusters:
    if least < _LEAST:
        raise ConfigError(f"A cluster has at least {_LEAST} members, not {least}: choose a larger number.")
    found, strength = _dense(coords, least, tree)
    sizes = np.bincount(found[found >= 0])
    order = np.argsort(-sizes, kind="stable")
    ranks = np.full(len(order) + 1, NOISE, np.int32)
    ranks[order] = np.arange(len(order), dtype=np.int32)
    codes = ranks[found]  # noise, -1, is the last
    near = _nearest(codes, len(order), coords if matrix is None else matrix, cosine=matrix is not None)
    return Clusters(codes, strength, near, np.arange(len(order), dtype=np.int32), len(order), least)


def _dense(coords: Floats, least: int, tree: _Tree) -> tuple[Codes, Floats]:
    """Return HDBSCAN's labels and probabilities, with what is too large divided where it has parts."""
    count = len(coords)
    if count < 2 * least:
        return np.full(count, NOISE, np.int32), np.zeros(count, np.float32)
    try:
        from hdbscan import HDBSCAN
    except ImportError as error:
        raise MissingExtraError(
            "Clusters need the optional part `map`: install it with `pip install 'mnemoscope[map]'`."
        ) from error
    points = np.asarray(coords, np.float64)

    def labelled(most: int) -> tuple[Codes, Floats]:
        # One job: joblib would start processes of its own.
        options = {"min_samples": _SAMPLES, "algorithm": "boruvka_kdtree", "core_dist_n_jobs": 1, "memory": tree}
        made = HDBSCAN(min_cluster_size=least, max_cluster_size=most, **options).fit(points)
        return made.labels_.astype(np.int32), made.probabilities_.astype(np.float32)

    whole = labelled(0)
    most = max(round(_MOST_SHARE * count), _MOST_TIMES * least)
    large = np.flatnonzero(np.bincount(whole[0][whole[0] >= 0]) > most)
    return _divided(whole, labelled(most), large) if len(large) else whole


def _divided(
    whole: tuple[Codes, Floats], parted: tuple[Codes, Floats], large: npt.NDArray[np.int64]
) -> tuple[Codes, Floats]:
    """Return the clusters with the large ones as their parts, where two or more of these hold most of one."""
    (codes, strength), (parts, depths) = whole, parted
    for code in large:
        rows = np.flatnonzero(codes == code)
        held = parts[rows] >= 0
        names, numbers = np.unique(parts[rows[held]], return_inverse=True)
        if len(names) > 1 and np.mean(held) >= _HELD:
            named = np.where(numbers, codes.max() + numbers, code)
            codes[rows] = NOISE
            codes[rows[held]] = named
            strength[rows] = depths[rows]
    return codes, strength


def _nearest(codes: Codes, count: int, points: Floats, *, cosine: bool) -> Codes:
    """Return the codes with noise at the cluster of the nearest centroid."""
    near = codes.copy()
    noise = np.flatnonzero(codes == NOISE)
    if not count or not len(noise):
        return near
    order = np.argsort(codes, kind="stable")
    bounds = np.searchsorted(codes[order], np.arange(count + 1))
    members = (order[first:last] for first, last in itertools.pairwise(bounds.tolist()))
    centroids = np.stack([points[rows].mean(axis=0, dtype=np.float64) for rows in members])
    if cosine:
        centroids /= np.maximum(np.linalg.norm(centroids, axis=1, keepdims=True), np.finfo(np.float64).tiny)
        near[noise] = np.argmax(points[noise] @ centroids.T.astype(np.float32), axis=1)
    else:
        offsets = (centroids**2).sum(axis=1) - 2 * points[noise] @ centroids.T
        near[noise] = np.argmin(offsets, axis=1)
    return near
