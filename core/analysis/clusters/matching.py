"""Matching: which cluster of a new run is which of a former one, so that ids, and with them colours, stay."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from core.analysis.clusters.density import Clusters, Codes

__all__ = ["carried", "matched"]

_LEAST: Final = 0.2


def matched(former: Clusters, new: Clusters, common: tuple[Codes, Codes]) -> Codes:
    """Return the id of each new cluster, int32 (count,): that of the former one it is, or one that was never given.

    `common` are rows of the former and rows of the new run of the same memories. Clusters are paired by the Jaccard index of
    their common members (Jaccard 1912), the highest first; below a fifth they are not the same.
    """
    here, there = former.codes[common[0]], new.codes[common[1]]
    sizes, sizes_new = (np.bincount(codes[codes >= 0]) for codes in (here, there))
    both = (here >= 0) & (there >= 0)
    pairs, shared = np.unique(np.stack([here[both], there[both]]), axis=1, return_counts=True)
    likeness = shared / (sizes[pairs[0]] + sizes_new[pairs[1]] - shared)
    ids: dict[int, int] = {}
    taken: set[int] = set()
    for at in np.lexsort((pairs[1], pairs[0], -likeness)):
        one, other = int(pairs[0, at]), int(pairs[1, at])
        if likeness[at] >= _LEAST and one not in taken and other not in ids:
            ids[other] = int(former.ids[one])
            taken.add(one)
    fresh = iter(range(former.given, former.given + new.count))
    return np.array([ids[code] if code in ids else next(fresh) for code in range(new.count)], np.int32)


def carried(former: Clusters, new: Clusters, common: tuple[Codes, Codes]) -> Clusters:
    """Return the new clusters with the ids of the former run where they are the same."""
    ids = matched(former, new, common)
    return replace(new, ids=ids, given=max(former.given, int(ids.max(initial=-1)) + 1))
