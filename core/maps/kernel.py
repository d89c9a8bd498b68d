"""One epoch of UMAP's layout, written for numba to compile; nothing here imports numba but `compiled`.

It is umap-learn's own loop with three differences. Heads are worked on in blocks: what lies in another block is read as it
was when the epoch began, so that blocks run side by side in threads and a map is the same however many threads there are,
while umap-learn gives up its threads for a seed. The factors of the gradients, which are powers of a squared distance, are
looked up in tables of 128 steps an octave. And nothing is compiled for numba's own threads, what a first fit waits for.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt

__all__ = ["DIMENSIONS", "NEGATIVES", "Floats", "compiled", "tables"]

Floats = npt.NDArray[np.float32]
# Places have three coordinates, the last one 0 on a plane: it costs a tenth more than a loop of its own for each.
DIMENSIONS: Final = 3
NEGATIVES: Final = 5
# A squared distance, as float32, is looked up by its upper 16 bits: exponent and seven bits of the mantissa.
_ENTRIES: Final = 0x7F80


def tables(a: float, b: float) -> tuple[Floats, Floats]:
    """Return the factors of attraction and of repulsion by the upper bits of a squared distance, float32.

    −2ab d^(2(b−1)) ÷ (1 + a d^2b) and 2b ÷ ((0.001 + d²)(1 + a d^2b)); McInnes, Healy & Melville 2018, section 3.2.
    """
    middles = (np.arange(_ENTRIES, dtype=np.uint32) << np.uint32(16)) | np.uint32(0x8000)
    squared = middles.view(np.float32).astype(np.float64)
    with np.errstate(all="ignore"):
        fall = 1 + a * squared**b
        pull = -2 * a * b * squared ** (b - 1) / fall
        push = 2 * b / ((0.001 + squared) * fall)
    return np.nan_to_num(pull).astype(np.float32), np.nan_to_num(push).astype(np.float32)


@cache
def compiled() -> Callable[..., Any]:
    """Return `_epoch` as machine code: from numba's cache on disk, else compiled in a second or two."""
    import numba

    found: Callable[..., Any] = numba.njit(_epoch, cache=True, fastmath=True, nogil=True)
    return found


def _epoch(places: Any, before: Any, block: Any, edges: Any, clock: Any, factors: Any, random: Any) -> Any:
    """Move the heads of one block, and the tails that lie in it; return the state of the random numbers."""
    (start, stop), (firsts, tails, period, due) = block, edges
    (now, alpha), (pull, push), most = clock, factors, np.float32(4)
    for head in range(start, stop):
        for edge in range(firsts[head], firsts[head + 1]):
            if due[edge] > now:
                continue
            due[edge] += period[edge]
            x, y, z, tail = places[head, 0], places[head, 1], places[head, 2], tails[edge]
            mine = start <= tail < stop
            other = places[tail] if mine else before[tail]
            dx, dy, dz = x - other[0], y - other[1], z - other[2]
            squared = dx * dx + dy * dy + dz * dz
            if squared > 0:
                force = pull[np.float32(squared).view(np.int32) >> 16]
                dx = min(most, max(-most, force * dx)) * alpha
                dy = min(most, max(-most, force * dy)) * alpha
                dz = min(most, max(-most, force * dz)) * alpha
                if mine:
                    other[0] -= dx
                    other[1] -= dy
                    other[2] -= dz
                else:  # the other block moves it, by this edge's twin; both ends move once for each of the two
                    dx, dy, dz = dx + dx, dy + dy, dz + dz
                x, y, z = x + dx, y + dy, z + dz
            for _ in range(NEGATIVES):
                random = random * np.uint64(6364136223846793005) + np.uint64(1442695040888963407)
                tail = np.int64(((random >> np.uint64(32)) * np.uint64(len(places))) >> np.uint64(32))
                other = places[tail] if start <= tail < stop else before[tail]
                dx, dy, dz = x - other[0], y - other[1], z - other[2]
                squared = dx * dx + dy * dy + dz * dz
                if squared > 0:
                    force = push[np.float32(squared).view(np.int32) >> 16]
                    x += min(most, max(-most, force * dx)) * alpha
                    y += min(most, max(-most, force * dy)) * alpha
                    z += min(most, max(-most, force * dz)) * alpha
            places[head, 0], places[head, 1], places[head, 2] = x, y, z
    return random
