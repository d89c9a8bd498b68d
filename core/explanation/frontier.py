"""What a budget gives to an agent: what is in the block, and from how many tokens on the rest would be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from core.budget import ContextBlock, Packing
from core.explanation.inquiry import Explained

__all__ = ["Blocks", "Entry", "Rung", "enters_at", "frontier", "rungs"]

_MOST: Final = 1 << 20
_NAMED: Final = 20
LADDER: Final = (250, 500, 1_000, 2_000, 4_000, 8_000)


@dataclass(frozen=True)
class Entry:
    """A result and the budget: whether it is in the block, why, and from which one on (None: never, or not sought)."""

    key: str
    rank: int
    inside: bool
    enters_at: int | None
    why: str


@dataclass(frozen=True)
class Rung:
    """The block at one budget: how many memories and tokens, and what it lacks of the next larger one."""

    budget: int
    used: tuple[str, ...]
    tokens: int
    falls_out: tuple[str, ...]


def frontier(found: Explained) -> tuple[Entry, ...]:
    """Return each result with the budget from which it is in the block; looked for up to 20 of those that are not."""
    blocks = Blocks(found.packing)
    used = frozenset(found.block.used)
    why = {one.key: one.sentence for one in found.block.entered} | {one.key: one.sentence for one in found.block.left_out}
    entries, named, budget = [], 0, found.settings.budget
    for hit in found.result.hits:
        key, inside = hit.memory.key, hit.memory.key in used
        named += not inside
        if inside:
            at = enters_at(blocks, key, above=0, within=budget)
        else:
            at = enters_at(blocks, key, above=budget) if named <= _NAMED else None
        entries.append(Entry(key, hit.rank, inside, at, why[key]))
    return tuple(entries)


def rungs(found: Explained) -> tuple[Rung, ...]:
    """Return the blocks of a ladder of budgets and of the one that was asked for, the largest first."""
    budgets = sorted({*LADDER, found.settings.budget}, reverse=True)
    blocks, steps, above = Blocks(found.packing), [], tuple[str, ...]()
    for budget in budgets:
        block = blocks(budget)
        steps.append(Rung(budget, block.used, block.tokens, tuple(key for key in above if key not in block.used)))
        above = block.used
    return tuple(steps)


def enters_at(blocks: Callable[[int], ContextBlock], key: str, *, above: int, within: int | None = None) -> int | None:
    """Return a budget beyond `above` with the memory in the block, and without it at one token less; None where none has it.

    It is the smallest one where more budget takes nothing out of a block again; not more than `within`, which has it.
    """
    low, high = above, within or max(64, 2 * above)
    while key not in blocks(high).used:
        low, high = high, 2 * high
        if high > _MOST:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if key in blocks(middle).used else (middle, high)
    return high


class Blocks:
    """The blocks of one result by budget, each made once."""

    def __init__(self, packing: Packing) -> None:
        self._packing = packing
        self._known: dict[int, ContextBlock] = {}

    def __call__(self, budget: int) -> ContextBlock:
        if budget not in self._known:
            self._known[budget] = self._packing.at(budget)
        return self._known[budget]
