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
_NOTHING = 1e-300


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
    room: int,
    same: Sameness,
    candidates: Collection[int],
    fits: Callable[[Collection[int]], bool],
) -> Chosen:
    """Return the better of the two greedy choices among the candidates; ties go to the one that recall ranked first.

    `costs` are the tokens of each hit by itself, of `room` in all. Where tokens do not simply add up, `fits` says of places
    what holds: the last ones taken go until it does, and what the sum left over is used.
    """
    worth, sizes = np.asarray(values, dtype=np.float64), np.asarray(costs, dtype=np.float64)
    free = np.zeros(len(worth), dtype=np.bool_)
    free[list(candidates)] = True
    by_value = _greedy(worth, sizes, np.ones_like(sizes), room, same, free, fits)
    by_density = _greedy(worth, sizes, np.maximum(sizes, 1.0), room, same, free, fits)
    return by_density if by_density.gain > by_value.gain else by_value


def _greedy(
    values: _Reals,
    costs: _Reals,
    per: _Reals,
    room: int,
    same: Sameness,
    free: npt.NDArray[np.bool_],
    fits: Callable[[Collection[int]], bool],
) -> Chosen:
    chosen = Chosen([], np.zeros(len(values)), [None] * len(values))
    alive, left = free.copy(), float(room)
    places = np.flatnonzero(free).tolist()
    while True:
        gains = np.where(alive & (costs <= left), values * (1 - chosen.said), 0.0)
        if not gains.size or gains.max() <= _NOTHING:
            break
        place = int(np.argmax(gains / per))
        alive[place] = False
        left -= costs[place]
        chosen.take(place, values, same, places)
    kept = list(chosen.taken)
    while kept and not fits(kept):
        kept.pop()
    if len(kept) < len(chosen.taken):
        chosen = _again(kept, values, same, places)
    return _filled(chosen, values, costs, per, room, same, places, fits)


def _again(taken: Sequence[int], values: _Reals, same: Sameness, places: Sequence[int]) -> Chosen:
    chosen = Chosen([], np.zeros(len(values)), [None] * len(values))
    for place in taken:
        chosen.take(place, values, same, places)
    return chosen


def _filled(
    chosen: Chosen,
    values: _Reals,
    costs: _Reals,
    per: _Reals,
    room: int,
    same: Sameness,
    places: Sequence[int],
    fits: Callable[[Collection[int]], bool],
) -> Chosen:
    """Take what the whole text has room for though the sum of the parts had not, and what is worth next to nothing."""
    order = sorted(
        set(places) - chosen.members, key=lambda place: (-values[place] * (1 - chosen.said[place]) / per[place], place)
    )
    for place in order:
        # Each sum of a part may be off by a token or two: what is beyond that need not be counted again.
        spare = room - costs[chosen.taken].sum() + 2 * len(chosen.taken) + 2
        if chosen.said[place] < 1 and costs[place] <= spare and fits([*chosen.taken, place]):
            chosen.take(place, values, same, places)
    return chosen
