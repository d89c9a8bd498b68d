"""What is kept of a memory that was looked at: what it was, to which promise its pairs were judged, by which threshold."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from core.curation.conflicts.sides import Sides
from core.curation.duplicates.distinct import Texts

__all__ = ["reached", "written"]


def written(mark: str, reach: float, threshold: float) -> str:
    """Return what is kept of a memory by its mark (see Sides.mark)."""
    return f"{mark}:{reach:.9g}/{threshold:.9g}"


def reached(
    texts: Texts, sides: Sides, checked: Mapping[str, str], threshold: float
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Return down to which promise each text was judged, (n,), and by which threshold at most, (n,).

    inf is not at all: a memory of it is new, has changed or is gone, or it was judged by a higher threshold than now.
    """
    classes = list(zip(texts.hashes, texts.members, strict=True))
    here = {sides.key(row): digest for digest, members in classes for row in members}
    left = {mark.partition(":")[0] for key, mark in checked.items() if mark and here.get(key) != mark.partition(":")[0]}
    found, by = np.full(len(classes), np.inf, np.float32), np.full(len(classes), threshold, np.float32)
    for at, (digest, members) in enumerate(classes):
        known = [checked.get(sides.key(row), "").rpartition(":") for row in members]
        same = (mark == sides.mark(row, digest) for (mark, _, _), row in zip(known, members, strict=True))
        if digest not in left and all(same):
            marks = [reach.split("/") for _, _, reach in known]
            least = np.float32(max(float(said) for _, said in marks))
            if least <= np.float32(threshold):
                found[at], by[at] = max(float(reach) for reach, _ in marks), least
    return found, by
