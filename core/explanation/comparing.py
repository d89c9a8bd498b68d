"""Two ways to ask the same question, side by side: which memories move, and what moves them."""

from __future__ import annotations

from dataclasses import dataclass

from core.explanation.inquiry import Explained
from core.recalled import Recalled
from core.scoring import Scored

__all__ = ["Comparison", "Move", "compare"]


@dataclass(frozen=True)
class Move:
    """A memory that either way returns: its rank in each (None: no candidate), whether it is returned and given.

    `part` is the label of the part whose contribution differs most, by `by` (from the first to the second).
    """

    key: str
    content: str
    before: int | None
    after: int | None
    returned: tuple[bool, bool]
    given: tuple[bool, bool]
    part: str
    by: float

    @property
    def moved(self) -> int:
        """How many places it rose (fell, below 0); 0 where one way does not rank it."""
        return self.before - self.after if self.before is not None and self.after is not None else 0


@dataclass(frozen=True)
class Comparison:
    """What both ways return, the second one's results first, in its order; `shared` are returned by both."""

    moves: tuple[Move, ...]
    shared: int
    came: tuple[str, ...]
    went: tuple[str, ...]


def compare(first: Explained, second: Explained) -> Comparison:
    """Return how the results of a second way differ from those of a first."""
    before = [hit.memory.key for hit in first.result.hits]
    after = [hit.memory.key for hit in second.result.hits]
    returned = frozenset(before), frozenset(after)
    keys = [*after, *(key for key in before if key not in returned[1])]
    moves = tuple(_move(key, first, second) for key in keys)
    came, went = (
        tuple(key for key in after if key not in returned[0]),
        tuple(key for key in before if key not in returned[1]),
    )
    return Comparison(moves, len(returned[0] & returned[1]), came, went)


def _move(key: str, first: Explained, second: Explained) -> Move:
    hits: tuple[Recalled | None, Recalled | None] = first.hit(key), second.hit(key)
    memory = next(hit.memory for hit in hits if hit is not None)
    part, by = _cause(_scored(first, key), _scored(second, key))
    return Move(
        key,
        memory.content,
        first.ranks.get(key),
        second.ranks.get(key),
        (hits[0] is not None, hits[1] is not None),
        (first.given(key), second.given(key)),
        part,
        by,
    )


def _scored(found: Explained, key: str) -> Scored | None:
    rank = found.ranks.get(key)
    return None if rank is None else found.ranked[rank - 1]


def _cause(first: Scored | None, second: Scored | None) -> tuple[str, float]:
    """Return the label of the part that differs most and by how much; nothing where one way has no score for it."""
    if first is None or second is None:
        return "", 0.0
    labels = {part.name: part.label for part in (*first.parts, *second.parts)}
    one, other = ({part.name: part.contribution for part in each.parts} for each in (first, second))
    apart = {name: other.get(name, 0.0) - one.get(name, 0.0) for name in labels}
    name = max(apart, key=lambda each: abs(apart[each]))
    return (labels[name], apart[name]) if abs(apart[name]) > 0 else ("", 0.0)
