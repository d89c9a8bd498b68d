"""Which of the hits go into a budget: greedy by value and greedy by value per token, and the better of the two.

The gain of a hit is its value, less what the chosen ones say of it already. Choosing by gain alone takes one long memory
where three short ones would be worth more; choosing by gain per token fills up with short ones and finds no room for the
best. For a submodular value and a budget, the better of both is never far from the best: half of 1 - 1/e (Leskovec et al.
2007, "Cost-effective Outbreak Detection in Networks"; the knapsack is Khuller, Moss and Naor 1999).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from core.budget.same import Sameness

__all__ = ["Chosen", "choose"]

_Reals = npt.NDArray[np.float64]
_NOTHING = 1e-290
# The tokens of a whole and of its parts differ by so many where the parts meet.
_OFF = 2


@dataclass(eq=False)
class Chosen:
    """The places that were taken, in order; what the taken ones say of each hit (0 to 1) and which says most; the gain."""

    taken: list[int]
    said: _Reals
    by: list[int | None]
    gain: float = 0.0
    members: set[int] = field(default_factory=set)

    def take(self, place: int, values: _Reals, same: Sameness, candidates: Sequence[int]) -> None:
        """Take a hit, and note what it says of those that are left."""
        self.gain += float(values[place] * (1 - self.said[place]))
        self.taken.append(place)
        self.members.add(place)
        left = [other for other in candidates if other not in self.members]
        for other, probability in same.near(place, left):
            self._note(other, probability, place)
        for other in same.derived.get(place, ()):
            self._note(other, same.share_in(other, self.members), place)

    def _note(self, place: int, said: float, by: int) -> None:
        if said > self.said[place]:
            self.said[place], self.by[place] = said, by


def choose(
    values: Sequence[float],
    costs: Sequence[int],
    *,
    budget: int,
    same: Sameness,
    candidates: Collection[int],
    count: Callable[[Sequence[int]], int],
) -> Chosen:
    """Return the better of the two greedy choices among the candidates; ties go to the one that recall ranked first.

    `costs` are the tokens of each hit by itself, of `budget` in all; `count` says what the whole text of some places costs,
    which need not be the sum, and decides.
    """
    worth, sizes = np.asarray(values, dtype=np.float64), np.asarray(costs, dtype=np.float64)
    free = np.zeros(len(worth), dtype=np.bool_)
    free[list(candidates)] = True
    by_value = _greedy(worth, sizes, np.ones_like(sizes), budget, same, free, count)
    if len(by_value.taken) == free.sum():
        return by_value
    by_density = _greedy(worth, sizes, np.maximum(sizes, 1.0), budget, same, free, count)
    return by_density if by_density.gain > by_value.gain else by_value


def _greedy(
    values: _Reals,
    costs: _Reals,
    per: _Reals,
    budget: int,
    same: Sameness,
    free: npt.NDArray[np.bool_],
    count: Callable[[Sequence[int]], int],
) -> Chosen:
    chosen = Chosen([], np.zeros(len(values)), [None] * len(values))
    alive, left = free.copy(), float(budget - count([]))
    places = np.flatnonzero(free).tolist()
    while (open_ := alive & (costs <= left + _OFF)).any():
        # What adds next to nothing still enters where there is room for it.
        gains = np.maximum(values * (1 - chosen.said), _NOTHING) / per
        place = int(np.argmax(np.where(open_, gains, 0.0)))
        alive[place] = False
        if (size := count([*chosen.taken, place])) <= budget:
            left = float(budget - size)
            chosen.take(place, values, same, places)
    return chosen
